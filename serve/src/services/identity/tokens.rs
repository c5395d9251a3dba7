//! [`AccessTokens`]: what a session shows for a quarter of an hour, signed.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use super::signing_key::SigningKey;
use crate::domain::{Secret, SessionId, UserId, WallTime};

/// Who issues tokens, and for whom: this market.
const ISSUER: &str = "bearpit";
/// How far the clock of whoever issued a token may be ahead, in seconds.
const LEEWAY: i64 = 60;
/// No token of ours has as many bytes.
const BYTES_MAX: usize = 2_048;

/// Issues access tokens (JWT), and verifies them. The algorithm is that of the key, whatever a token says.
pub(super) struct AccessTokens {
    algorithm: Algorithm,
    signing: EncodingKey,
    verifying: DecodingKey,
    validation: Validation,
    lifetime: Duration,
    /// What tokens of these digests say: a signature is verified once, which takes longer than all else that
    /// a request needs.
    known: Mutex<HashMap<[u8; 32], Verified>>,
}

/// How many are remembered.
const KNOWN_MAX: usize = 1 << 14;

impl fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokens").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    iat: i64,
    exp: i64,
}

/// What a token that was verified says. Whether its session goes on is not known by that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verified {
    pub(super) user: UserId,
    pub(super) session: SessionId,
    /// From when on it is good, in seconds since 1970.
    from: i64,
    /// Until when.
    until: i64,
}

impl AccessTokens {
    pub(super) fn new(key: &SigningKey, lifetime: Duration) -> Result<Self, jsonwebtoken::errors::Error> {
        let (algorithm, signing, verifying) = match key {
            SigningKey::Hs256(secret) => {
                let (signing, verifying) =
                    (EncodingKey::from_secret(secret.bytes()), DecodingKey::from_secret(secret.bytes()));
                (Algorithm::HS256, signing?, verifying?)
            }
            SigningKey::EdDsa(pair) => {
                (Algorithm::EdDSA, EncodingKey::from_ed_der(pair.private_der()), pair.public()?)
            }
        };
        let mut validation = Validation::new(algorithm);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The time is given, and compared below.
        validation.validate_exp = false;
        let known = Mutex::default();
        let tokens = Self { algorithm, signing, verifying, validation, lifetime, known };
        // A key that cannot sign is known at the start, not at the first login.
        tokens.issue(
            UserId::new(uuid::Uuid::nil()),
            SessionId::new(uuid::Uuid::nil()),
            WallTime::from_nanos(0),
        )?;
        Ok(tokens)
    }

    /// Returns how long a token is good for.
    pub(super) const fn lifetime(&self) -> Duration {
        self.lifetime
    }

    pub(super) fn issue(
        &self,
        user: UserId,
        session: SessionId,
        now: WallTime,
    ) -> Result<Secret, jsonwebtoken::errors::Error> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: ISSUER.to_owned(),
            sub: user.to_string(),
            sid: session.to_string(),
            iat: now.seconds(),
            exp: now.after(self.lifetime).seconds(),
        };
        encode(&Header::new(self.algorithm), &claims, &self.signing).map(Secret::new)
    }

    /// Returns what a token says, if it is one of ours and good at that time.
    pub(super) fn verify(&self, token: &str, now: WallTime) -> Option<Verified> {
        if token.len() > BYTES_MAX {
            return None;
        }
        let (digest, now) = (*blake3::hash(token.as_bytes()).as_bytes(), now.seconds());
        let known = self.known().get(&digest).copied();
        let verified = known.or_else(|| self.read(token))?;
        let is_good = (verified.from..verified.until).contains(&now);
        if is_good && known.is_none() {
            let mut known = self.known();
            if known.len() >= KNOWN_MAX {
                known.retain(|_, verified| now < verified.until);
            }
            if known.len() < KNOWN_MAX {
                known.insert(digest, verified);
            }
        }
        is_good.then_some(verified)
    }

    /// Returns what a token says, if it is one of ours.
    fn read(&self, token: &str) -> Option<Verified> {
        let claims = decode::<Claims>(token, &self.verifying, &self.validation).ok()?.claims;
        let Claims { sub, sid, iat, exp, .. } = claims;
        let (user, session) = (sub.parse().ok()?, sid.parse().ok()?);
        (iat <= exp).then_some(Verified { user, session, from: iat.saturating_sub(LEEWAY), until: exp })
    }

    fn known(&self) -> MutexGuard<'_, HashMap<[u8; 32], Verified>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::*;
    use crate::config::JwtSecret;
    use crate::services::identity::signing_key::KeyPair;

    fn secret(text: &str) -> SigningKey {
        SigningKey::Hs256(JwtSecret::new(text.to_owned()))
    }

    fn at(seconds: i64) -> WallTime {
        WallTime::from_nanos((1_700_000_000 + seconds) * 1_000_000_000)
    }

    const LIFETIME: Duration = Duration::from_mins(15);

    #[test]
    fn a_token_is_good_for_its_time_with_either_algorithm() {
        for key in [secret("k"), SigningKey::EdDsa(KeyPair::draw().unwrap())] {
            let tokens = AccessTokens::new(&key, LIFETIME).unwrap();
            let (user, session) = (UserId::draw(), SessionId::draw());
            let token = tokens.issue(user, session, at(0)).unwrap();
            let expected = Verified { user, session, from: at(-60).seconds(), until: at(900).seconds() };
            for seconds in [-60, 0, 899] {
                assert_eq!(tokens.verify(token.expose(), at(seconds)), Some(expected), "{seconds}");
            }
            for seconds in [-61, 900, 901, 100_000_000] {
                assert_eq!(tokens.verify(token.expose(), at(seconds)), None, "{seconds}");
            }
        }
    }

    #[test]
    fn a_key_pair_of_another_start_verifies_nothing() {
        let pair = || SigningKey::EdDsa(KeyPair::draw().unwrap());
        let tokens = AccessTokens::new(&pair(), LIFETIME).unwrap();
        let token = tokens.issue(UserId::draw(), SessionId::draw(), at(0)).unwrap();
        assert!(tokens.verify(token.expose(), at(0)).is_some());
        let other = AccessTokens::new(&pair(), LIFETIME).unwrap();
        assert_eq!(other.verify(token.expose(), at(0)), None);
    }

    /// Signs any header and claims with the secret of HS256.
    fn signed(key: &str, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let key = EncodingKey::from_secret(key.as_bytes()).unwrap();
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
        format!("{message}.{signature}")
    }

    #[test]
    fn claims_that_are_not_ours_are_refused_though_the_signature_is_right() {
        let tokens = AccessTokens::new(&secret("k"), LIFETIME).unwrap();
        let (now, id) = (at(0).seconds(), UserId::draw().to_string());
        let good =
            json!({ "iss": "bearpit", "aud": "bearpit", "sub": id, "sid": id, "iat": now, "exp": now + 9 });
        let header = json!({ "alg": "HS256", "typ": "JWT" });
        assert!(tokens.verify(&signed("k", &header, &good), at(0)).is_some());
        for (name, value) in [
            ("iss", json!("other")),
            ("iss", json!(["bearpit"])),
            ("aud", json!("other")),
            ("aud", json!(["bearpit", "other"])),
            ("sub", json!("anne")),
            ("sub", json!(7)),
            ("sid", json!("")),
            ("iat", json!(now + 61)),
            ("iat", json!("now")),
            ("exp", json!(now)),
            ("exp", json!("tomorrow")),
            ("exp", json!(1e300)),
            ("exp", Value::Null),
        ] {
            let mut claims = good.clone();
            claims[name] = value.clone();
            assert_eq!(tokens.verify(&signed("k", &header, &claims), at(0)), None, "{name}: {value}");
            claims.as_object_mut().unwrap().remove(name);
            assert_eq!(tokens.verify(&signed("k", &header, &claims), at(0)), None, "no {name}");
        }
        for header in [
            json!({ "alg": "none" }),
            json!({ "alg": "HS512" }),
            json!({ "alg": "EdDSA" }),
            json!({ "typ": "JWT" }),
            json!({ "alg": "HS256", "crit": ["exp"] }),
            json!({ "alg": "HS256", "b64": false, "crit": ["b64"] }),
        ] {
            assert_eq!(tokens.verify(&signed("k", &header, &good), at(0)), None, "{header}");
        }
        let long = json!({ "alg": "HS256", "kid": "x".repeat(4_096) });
        assert_eq!(tokens.verify(&signed("k", &long, &good), at(0)), None);
    }
}
