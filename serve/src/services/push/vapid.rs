//! [`Vapid`]: what shows push services who sends (RFC 8292).

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, fs, io};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;
use thiserror::Error;

use crate::domain::WallTime;
use crate::store::files;

/// The file of the key in the data directory.
const NAME: &str = "push.key";
const PEM_HEAD: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";
/// How long what is shown is good for; push services take a day at most.
const GOOD_FOR: Duration = Duration::from_hours(12);

/// What shows push services who sends: a key pair of P-256, drawn at the first start. Browsers are told its
/// public key, and their services take messages of no other.
pub struct Vapid {
    pair: EcdsaKeyPair,
    contact: String,
}

impl fmt::Debug for Vapid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vapid").field("contact", &self.contact).finish_non_exhaustive()
    }
}

/// There is no key that shows who sends.
#[derive(Debug, Error)]
pub enum VapidError {
    /// The file of the key cannot be read or made.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The file has something else.
    #[error("{} has no private key of P-256 in PEM: if it is deleted, a new one is drawn, and browsers subscribe again", .0.display())]
    Unreadable(PathBuf),
    /// Nothing can be drawn or signed.
    #[error("no key can be made: the system gives no random bytes")]
    NoRandomness,
}

impl Vapid {
    /// Returns the key of the data directory, which is drawn if there is none. The contact is an address of
    /// whoever runs this server, as `mailto:` or `https://`.
    ///
    /// # Errors
    /// [`VapidError`].
    pub fn of(data: &Path, contact: String) -> Result<Self, VapidError> {
        let path = data.join(NAME);
        let io = |error| VapidError::Io { path: path.clone(), error };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let text = drawn()?;
                match files::put_new(&path, text.as_bytes()) {
                    // Another process was faster.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                        fs::read_to_string(&path).map_err(io)?
                    }
                    written => written.map(|()| text).map_err(io)?,
                }
            }
            Err(error) => return Err(io(error)),
        };
        let pair = pair_of(&text).ok_or(VapidError::Unreadable(path))?;
        Ok(Self { pair, contact })
    }

    /// Returns the public key, as browsers are told it: a point of P-256, uncompressed, in base64url.
    #[must_use]
    pub fn public_key(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.public_key())
    }

    /// Returns the header `Authorization` of a message to a push service, by its scheme and host.
    ///
    /// # Errors
    /// [`VapidError::NoRandomness`].
    pub fn authorization(&self, origin: &str, now: WallTime) -> Result<String, VapidError> {
        let header = json!({ "typ": "JWT", "alg": "ES256" });
        let claims = json!({ "aud": origin, "exp": now.after(GOOD_FOR).seconds(), "sub": self.contact });
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = format!("{header}.{claims}");
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes());
        let signature = signature.map_err(|_| VapidError::NoRandomness)?;
        Ok(format!("vapid t={signed}.{}, k={}", URL_SAFE_NO_PAD.encode(signature), self.public_key()))
    }
}

fn drawn() -> Result<String, VapidError> {
    let drawn = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    let der = drawn.map_err(|_| VapidError::NoRandomness)?;
    Ok(format!("{PEM_HEAD}\n{}\n{PEM_END}\n", STANDARD.encode(der)))
}

fn pair_of(text: &str) -> Option<EcdsaKeyPair> {
    let text = text.trim().strip_prefix(PEM_HEAD)?.strip_suffix(PEM_END)?;
    let der = STANDARD.decode(text.split_whitespace().collect::<String>()).ok()?;
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &SystemRandom::new()).ok()
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_key_is_drawn_once_and_kept_for_its_user_alone() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("deep");
        let first = Vapid::of(&data, "mailto:a@example.org".to_owned()).unwrap();
        let again = Vapid::of(&data, "mailto:a@example.org".to_owned()).unwrap();
        assert_eq!(first.public_key(), again.public_key());
        assert_eq!(fs::read_dir(&data).unwrap().count(), 1, "a file is left");
        #[cfg(unix)]
        {
            let mode = fs::metadata(data.join(NAME)).unwrap().permissions();
            assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o600);
        }
        for text in ["", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            fs::write(data.join(NAME), text).unwrap();
            let error = Vapid::of(&data, String::new()).unwrap_err();
            assert!(matches!(error, VapidError::Unreadable(_)), "{text}");
        }
    }

    #[test]
    fn what_is_shown_is_checked_by_another_library() {
        let directory = tempfile::tempdir().unwrap();
        let vapid = Vapid::of(directory.path(), "mailto:a@example.org".to_owned()).unwrap();
        let public = URL_SAFE_NO_PAD.decode(vapid.public_key()).unwrap();
        assert_eq!((public.len(), public[0]), (65, 4));
        let now = WallTime::from_nanos(4_000_000_000_000_000_000);
        let shown = vapid.authorization("https://push.example:8443", now).unwrap();
        let (token, key) = shown.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        assert_eq!(key, vapid.public_key());
        let [x, y] = [&public[1..33], &public[33..]].map(|it| URL_SAFE_NO_PAD.encode(it));
        let mut checks = Validation::new(Algorithm::ES256);
        checks.set_audience(&["https://push.example:8443"]);
        let decoded = decode::<Value>(token, &DecodingKey::from_ec_components(&x, &y).unwrap(), &checks);
        let claims = decoded.unwrap().claims;
        assert_eq!(claims["sub"], "mailto:a@example.org");
        assert_eq!(claims["exp"], 4_000_000_000_i64 + 12 * 3_600);
    }
}
