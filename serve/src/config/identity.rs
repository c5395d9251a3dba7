//! [`IdentityConfig`]: who is let in, how they show who they are, and how often they may try.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

use super::outside::OutsideProvider;

/// Who is let in, how they show who they are, and how often they may try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityConfig {
    /// What signs access tokens, where an operator chose it: of HS256.
    pub jwt_secret: Option<JwtSecret>,
    /// How access tokens are signed, where an operator chose it.
    pub jwt_algo: Option<JwtAlgorithm>,
    /// How long an access token is good for.
    pub access_token: Duration,
    /// How long a refresh token is good for.
    pub refresh_token: Duration,
    /// For how long after its first use a refresh token may be used again.
    pub refresh_grace: Duration,
    /// Of which other origins browsers may read answers.
    pub cors_origins: Vec<Origin>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Whether people register themselves.
    pub registration: Registration,
    /// Whether only those trade whose mail address was verified.
    pub require_verified_mail: bool,
    /// What a hash of a password costs.
    pub passwords: PasswordConfig,
    /// How often somebody may try.
    pub limits: AttemptLimits,
    /// Where people reach this server, where an operator said it.
    pub public_url: Option<Origin>,
    /// The project of Firebase whose tokens are taken.
    pub firebase_project: Option<String>,
    /// Firebase's emulator, whose word is taken for Firebase's: in a program that was built for tests.
    pub firebase_emulator: Option<SocketAddr>,
    /// By whose word people come in besides.
    pub outside: Vec<OutsideProvider>,
}

/// Whether people register themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// They do.
    Open,
    /// An operator makes every account.
    Closed,
}

/// How access tokens are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JwtAlgorithm {
    /// By a key pair that is drawn at the first start and kept in the data directory.
    EdDsa,
    /// By a secret that whoever verifies them needs too.
    Hs256,
}

/// What a hash of a password costs (argon2id), and how many are computed at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordConfig {
    /// Memory of one, in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// How many at a time.
    pub threads: usize,
}

/// How often somebody may try, in a minute; as many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptLimits {
    /// Wrong passwords for one account.
    pub account_attempts: u32,
    /// Registrations, logins, refreshes and resets from one address.
    pub address_attempts: u32,
}

/// What signs access tokens of HS256. No output has its text.
#[derive(Clone, PartialEq, Eq)]
pub struct JwtSecret(String);

/// How few bytes a secret must not have.
const SECRET_BYTES_MIN: usize = 32;

/// Parts of secrets that stand in tutorials and templates, in lower case: whoever reads those can sign.
const WELL_KNOWN: [&str; 12] = [
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    "your-256-bit-secret",
    "a-string-secret-at-least-256-bits-long",
    "changeme",
    "changethis",
    "change_me",
    "change-me",
    "change_this",
    "change-this",
    "your-secret",
    "your_secret",
    "supersecret",
];

impl JwtSecret {
    /// Makes one of its text.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// Returns its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Returns why it can be guessed, as the end of a sentence, if it can.
    #[must_use]
    pub fn weakness(&self) -> Option<&'static str> {
        let lower = self.0.to_ascii_lowercase();
        let kinds = lower.bytes().fold([false; 256], |mut seen, byte| {
            seen[usize::from(byte)] = true;
            seen
        });
        let is_word = ["secret", "development", "dev-secret", "dev_secret", "password", "test"]
            .iter()
            .any(|word| lower.starts_with(word));
        if self.0.len() < SECRET_BYTES_MIN {
            return Some("has less than 32 bytes");
        }
        if is_word || WELL_KNOWN.iter().any(|known| lower.contains(known)) {
            return Some("is known from tutorials and templates");
        }
        (kinds.into_iter().filter(|is_there| *is_there).count() < 8).then_some("repeats a few characters")
    }
}

impl fmt::Debug for JwtSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JwtSecret")
    }
}

/// An origin of web pages, such as `https://trade.example.org`, or `*` for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

/// A text is no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an origin is a scheme, a host and perhaps a port, as https://trade.example.org:8443, or * for all")]
pub struct BadOrigin;

impl Origin {
    /// Returns its text, as browsers send it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Returns whether it stands for all.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.0 == "*"
    }
}

impl FromStr for Origin {
    type Err = BadOrigin;

    /// Reads one; a slash at its end is left out, since some programs write it.
    fn from_str(text: &str) -> Result<Self, BadOrigin> {
        if text == "*" {
            return Ok(Self(text.to_owned()));
        }
        let (scheme, host) = text.trim_end_matches('/').split_once("://").ok_or(BadOrigin)?;
        let is_scheme = matches!(scheme, "http" | "https");
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte);
        if is_scheme && !host.is_empty() && host.bytes().all(allowed) {
            return Ok(Self(format!("{scheme}://{}", host.to_ascii_lowercase())));
        }
        Err(BadOrigin)
    }
}

/// A range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// A text is no range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a range of addresses is written like 10.0.0.0/8 or fd00::/8, one address like 127.0.0.1")]
pub struct BadNetwork;

impl Network {
    /// Returns whether an address is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let (bits, total, own, other) = match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (self.bits, 32, own.to_bits().into(), other.to_bits().into())
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => (self.bits, 128, own.to_bits(), other.to_bits()),
            _ => return false,
        };
        let rest = total - u32::from(bits);
        rest == 128 || (own >> rest) == (other >> rest)
    }
}

impl FromStr for Network {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let (address, bits) =
            text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| BadNetwork)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| BadNetwork)?;
        if bits <= most { Ok(Self { address, bits }) } else { Err(BadNetwork) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_can_be_guessed_is_known() {
        for text in [
            "short",
            "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
            "Your-256-bit-secret-your-256-bit-secret",
            "secret-secret-secret-secret-secret-secret",
            "abababababababababababababababababababab",
        ] {
            assert!(JwtSecret::new(text.to_owned()).weakness().is_some(), "{text}");
        }
        let good = JwtSecret::new("q7Fz0Yk2mXv9Lr4Tn8Wb3Jd6Hs1Pc5Ga".to_owned());
        assert_eq!(good.weakness(), None);
        assert_eq!(format!("{good:?}"), "JwtSecret");
    }

    #[test]
    fn origins_are_read_as_browsers_send_them() {
        for (text, expected) in [
            ("https://Trade.example.org/", "https://trade.example.org"),
            ("http://localhost:5173", "http://localhost:5173"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("*", "*"),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().text(), expected);
        }
        for text in ["", "example.org", "https://", "https://a/b", "ftp://a", "https://a b", "null"] {
            assert_eq!(text.parse::<Origin>(), Err(BadOrigin), "{text}");
        }
    }

    #[test]
    fn a_network_has_its_addresses_and_no_others() {
        let has = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().contains(address.parse().unwrap())
        };
        assert!(has("10.0.0.0/8", "10.255.0.1") && !has("10.0.0.0/8", "11.0.0.1"));
        assert!(has("127.0.0.1", "127.0.0.1") && !has("127.0.0.1", "127.0.0.2"));
        assert!(has("127.0.0.1", "::ffff:127.0.0.1") && has("0.0.0.0/0", "9.9.9.9"));
        assert!(has("fd00::/8", "fdff::1") && has("::/0", "2001::1") && !has("::/0", "1.2.3.4"));
        for text in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "a", "1.2.3.4/-1"] {
            assert_eq!(text.parse::<Network>(), Err(BadNetwork), "{text}");
        }
    }
}
