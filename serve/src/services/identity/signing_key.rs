//! [`SigningKey`]: what signs access tokens.

use std::path::{Path, PathBuf};
use std::{fmt, fs, io, str};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use thiserror::Error;

use crate::config::{IdentityConfig, JwtAlgorithm, JwtSecret};
use crate::store::files;

/// What signs access tokens.
#[derive(Debug, Clone)]
pub(super) enum SigningKey {
    /// A secret that an operator chose.
    Hs256(JwtSecret),
    /// A key pair of this market.
    EdDsa(KeyPair),
}

/// A key pair of Ed25519. No output of `Debug` has it.
#[derive(Clone)]
pub(super) struct KeyPair {
    /// PKCS #8.
    private_der: Vec<u8>,
}

/// There is no key to sign with.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The file of the key cannot be read or made.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The file has something else.
    #[error("{} has no private key of Ed25519 in PEM: if it is deleted, a new one is drawn, and everybody logs in again", .0.display())]
    Unreadable(PathBuf),
    /// HS256 was chosen without a secret.
    #[error("HS256 needs a secret")]
    NoSecret,
}

/// The file of the key in the data directory.
const NAME: &str = "identity.key";
/// What stands before the 32 bytes of a private key of Ed25519 in PKCS #8 (RFC 8410, section 7).
const PKCS8_HEAD: [u8; 16] = [0x30, 0x2E, 2, 1, 0, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 4, 0x22, 4, 0x20];
const PEM_HEAD: &str = "-----BEGIN PRIVATE KEY-----\n";
const PEM_END: &str = "\n-----END PRIVATE KEY-----\n";

impl SigningKey {
    /// Returns the key that the configuration says: a secret where there is one, unless EdDSA was chosen;
    /// else the key pair of the data directory, which is drawn if there is none.
    ///
    /// # Errors
    /// [`KeyError`].
    pub(super) fn of(config: &IdentityConfig, data: &Path) -> Result<Self, KeyError> {
        match (config.jwt_algo, &config.jwt_secret) {
            (Some(JwtAlgorithm::Hs256), None) => Err(KeyError::NoSecret),
            (Some(JwtAlgorithm::Hs256) | None, Some(secret)) => Ok(Self::Hs256(secret.clone())),
            (Some(JwtAlgorithm::EdDsa), _) | (None, None) => KeyPair::of(&data.join(NAME)).map(Self::EdDsa),
        }
    }

    /// Returns a key for what only this market reads, of those who know this one.
    pub(super) fn derived(&self, purpose: &str) -> [u8; 32] {
        match self {
            Self::Hs256(secret) => blake3::derive_key(purpose, secret.bytes()),
            Self::EdDsa(pair) => blake3::derive_key(purpose, pair.private_der()),
        }
    }
}

impl KeyPair {
    /// Draws one.
    pub(super) fn draw() -> io::Result<Self> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(io::Error::other)?;
        Ok(Self { private_der: [PKCS8_HEAD.as_slice(), &seed].concat() })
    }

    fn of(path: &Path) -> Result<Self, KeyError> {
        let io = |error| KeyError::Io { path: path.to_owned(), error };
        match fs::read_to_string(path) {
            Ok(text) => Self::of_pem(&text).ok_or_else(|| KeyError::Unreadable(path.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let pair = Self::draw().map_err(io)?;
                match pair.write(path) {
                    // Another process was faster.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::of(path),
                    written => written.map(|()| pair).map_err(io),
                }
            }
            Err(error) => Err(io(error)),
        }
    }

    fn of_pem(text: &str) -> Option<Self> {
        let text = text.trim().strip_prefix(PEM_HEAD.trim())?.strip_suffix(PEM_END.trim())?;
        let private_der = STANDARD.decode(text.split_whitespace().collect::<String>()).ok()?;
        let is_ours = private_der.len() == 48 && private_der.starts_with(&PKCS8_HEAD);
        is_ours.then_some(Self { private_der })
    }

    /// Writes it for this user alone to read. It appears as a whole, and only if there was none.
    fn write(&self, path: &Path) -> io::Result<()> {
        let pem = format!("{PEM_HEAD}{}{PEM_END}", STANDARD.encode(&self.private_der));
        files::put_new(path, pem.as_bytes())
    }

    pub(super) fn private_der(&self) -> &[u8] {
        &self.private_der
    }

    /// Returns what verifies its signatures.
    pub(super) fn public(&self) -> Result<DecodingKey, jsonwebtoken::errors::Error> {
        let signing = EncodingKey::from_ed_der(&self.private_der);
        let public = Jwk::from_encoding_key(&signing, Algorithm::EdDSA)?;
        match public.algorithm {
            AlgorithmParameters::OctetKeyPair(pair) => DecodingKey::from_ed_components(&pair.x),
            _ => DecodingKey::from_ed_components(&URL_SAFE_NO_PAD.encode([])),
        }
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPair")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_drawn_once_and_kept_for_its_user_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deep").join(NAME);
        let first = KeyPair::of(&path).unwrap();
        assert_eq!(KeyPair::of(&path).unwrap().private_der, first.private_der);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "a file is left");
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
        for text in ["", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            fs::write(&path, text).unwrap();
            assert!(matches!(KeyPair::of(&path), Err(KeyError::Unreadable(_))), "{text}");
        }
    }

    #[test]
    fn the_key_that_others_write_is_read() {
        // RFC 8410, section 10.3.
        let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
                   -----END PRIVATE KEY-----\n";
        let pair = KeyPair::of_pem(pem).unwrap();
        let public = pair.public().unwrap();
        let public = public.try_get_as_bytes().unwrap();
        assert_eq!(URL_SAFE_NO_PAD.encode(public), "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE");
    }
}
