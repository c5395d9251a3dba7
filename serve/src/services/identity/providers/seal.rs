//! [`Seal`]: what a browser keeps for this market, and cannot change.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::{Secret, SessionId, UserId, WallTime};

/// Seals what a browser keeps, and makes the secrets of a login of it.
pub(in crate::services::identity) struct Seal {
    key: [u8; 32],
}

/// A login that is under way elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::services::identity) struct Flow {
    /// Drawn at random: what state, nonce and verifier are made of.
    pub(in crate::services::identity) id: String,
    /// The name of the provider.
    pub(in crate::services::identity) provider: String,
    /// Where the provider sends the browser back to.
    pub(in crate::services::identity) redirect_uri: String,
    /// Where the browser goes afterwards.
    pub(in crate::services::identity) return_to: Option<String>,
    /// Whether the tokens come as cookies.
    pub(in crate::services::identity) in_cookies: bool,
    /// The session whose person links the identity; absent if somebody logs in.
    pub(in crate::services::identity) link: Option<SessionId>,
    /// Until when it may take.
    pub(in crate::services::identity) until: WallTime,
}

/// A login that lacks a code of the second factor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::services::identity) struct Pending {
    /// Who logs in.
    pub(in crate::services::identity) user: UserId,
    /// When their password was changed last: another one ends this.
    pub(in crate::services::identity) password_changed_at: WallTime,
    /// Until when it may take.
    pub(in crate::services::identity) until: WallTime,
}

/// What can be sealed, with a word that keeps one kind from passing for another.
pub(in crate::services::identity) trait Sealed:
    Serialize + DeserializeOwned
{
    /// The word.
    const KIND: &str;
    /// Returns until when it is good.
    fn until(&self) -> WallTime;
}

impl Sealed for Flow {
    const KIND: &str = "flow";

    fn until(&self) -> WallTime {
        self.until
    }
}

impl Sealed for Pending {
    const KIND: &str = "pending";

    fn until(&self) -> WallTime {
        self.until
    }
}

/// No browser keeps more for us, in bytes.
const BYTES_MAX: usize = 3_072;

impl Seal {
    pub(in crate::services::identity) const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// Returns it as what a cookie has.
    pub(in crate::services::identity) fn close<T: Sealed>(&self, it: &T) -> Secret {
        // Fails for maps with keys that are no texts only.
        let text = URL_SAFE_NO_PAD.encode(serde_json::to_vec(it).unwrap_or_default());
        let seal = URL_SAFE_NO_PAD.encode(self.digest(T::KIND, &text));
        Secret::new(format!("{text}.{seal}"))
    }

    /// Returns what a cookie has, if it was sealed here, and is still good.
    pub(in crate::services::identity) fn open<T: Sealed>(&self, sealed: &Secret, now: WallTime) -> Option<T> {
        let (text, seal) = sealed.expose().split_once('.').filter(|_| sealed.expose().len() <= BYTES_MAX)?;
        let seal: [u8; 32] = URL_SAFE_NO_PAD.decode(seal).ok()?.try_into().ok()?;
        // Compared in a time that says nothing.
        if blake3::Hash::from_bytes(seal) != blake3::Hash::from_bytes(self.digest(T::KIND, text)) {
            return None;
        }
        let it: T = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        (now < it.until()).then_some(it)
    }

    /// Returns a secret of a login.
    pub(in crate::services::identity) fn secret_of(&self, flow: &Flow, purpose: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.digest(purpose, &flow.id))
    }

    fn digest(&self, purpose: &str, text: &str) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(purpose.as_bytes()).update(&[0]).update(text.as_bytes());
        *hasher.finalize().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> WallTime {
        WallTime::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn what_was_sealed_is_opened_in_its_time_as_its_kind_and_with_its_key() {
        let seal = Seal::new([7; 32]);
        let pending = Pending { user: UserId::draw(), password_changed_at: at(3), until: at(100) };
        let cookie = seal.close(&pending);
        assert_eq!(seal.open::<Pending>(&cookie, at(99)), Some(pending));
        assert_eq!(seal.open::<Pending>(&cookie, at(100)), None);
        assert_eq!(seal.open::<Flow>(&cookie, at(0)), None);
        assert_eq!(Seal::new([8; 32]).open::<Pending>(&cookie, at(0)), None);
        let text = cookie.expose();
        for place in 0..text.len() {
            let mut other = text.as_bytes().to_vec();
            other[place] ^= 1;
            let other = Secret::new(String::from_utf8(other).unwrap());
            assert_eq!(seal.open::<Pending>(&other, at(0)), None, "{place}");
        }
    }
}
