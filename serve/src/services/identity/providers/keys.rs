//! [`KeySet`]: the public keys of an issuer by their ids, as long as it says that they count.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use reqwest::header::{CACHE_CONTROL, HeaderMap};
use serde::Deserialize;

use super::id_token::{Claims, TokenHeader, verify};
use crate::domain::WallTime;
use crate::outgoing::Reply;

/// How seldom keys are asked for, whatever ids tokens name.
const EVERY: Duration = Duration::from_secs(60);
/// When they are asked for again if there are none yet.
const AGAIN: Duration = Duration::from_secs(10);
/// For how long they count where the issuer says nothing.
const FRESH: Duration = Duration::from_hours(1);
/// For how long they count at most, whatever the issuer says.
const FRESH_MAX: Duration = Duration::from_hours(24);
/// For how long they count beyond that while the issuer is away.
const KEPT: Duration = Duration::from_hours(1);
/// How many keys an issuer may have.
const KEYS_MAX: usize = 64;
/// How many tokens are remembered that were verified with a set of keys.
const TOKENS_MAX: usize = 1 << 13;
/// The lengths that the modulus of an RSA key may have, in bits: a longer one takes long.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;

/// The keys of an issuer, which are asked for when they are needed.
#[derive(Default)]
pub(in crate::services::identity) struct KeySet {
    known: ArcSwapOption<Keys>,
    /// Held by the one who asks.
    turn: tokio::sync::Mutex<Turn>,
}

/// When keys were asked for last, and whether there was an answer.
#[derive(Debug, Default)]
struct Turn {
    asked_at: Option<WallTime>,
    fault: Option<String>,
}

/// Keys as an issuer has published them.
pub(in crate::services::identity) struct Keys {
    by_id: HashMap<String, PublicKey>,
    fresh_until: WallTime,
    /// What tokens of these digests say: a signature is verified once.
    verified: Mutex<HashMap<[u8; 32], Arc<Claims>>>,
}

/// A key, and for which algorithms it may be used.
struct PublicKey {
    decoding: DecodingKey,
    fits: Vec<Algorithm>,
}

impl KeySet {
    /// Returns keys among which is that of an id; `None` if the issuer has none of it. They are asked for
    /// if they are not known or too old, by one at a time and at most once a minute.
    ///
    /// # Errors
    /// Why there are none that count.
    pub(in crate::services::identity) async fn with(
        &self,
        id: &str,
        now: WallTime,
        fetch: impl AsyncFnOnce() -> Result<Keys, String>,
    ) -> Result<Option<Arc<Keys>>, String> {
        if let Some(keys) = self.known(id, now, Duration::ZERO) {
            return Ok(Some(keys));
        }
        let mut turn = match self.turn.try_lock() {
            Ok(turn) => turn,
            // Somebody asks: what was good a moment ago need not wait for the answer.
            Err(_) => match self.known(id, now, KEPT) {
                Some(keys) => return Ok(Some(keys)),
                None => self.turn.lock().await,
            },
        };
        if let Some(keys) = self.known(id, now, Duration::ZERO) {
            return Ok(Some(keys));
        }
        let wait = if self.known.load().is_some() { EVERY } else { AGAIN };
        // A clock that was set back does not keep anybody from asking.
        if turn.asked_at.is_none_or(|at| at.until(now) >= wait || now.until(at) >= wait) {
            turn.asked_at = Some(now);
            match fetch().await {
                Ok(keys) => {
                    self.known.store(Some(Arc::new(keys)));
                    turn.fault = None;
                }
                Err(fault) => turn.fault = Some(fault),
            }
        }
        match (self.known(id, now, KEPT), &turn.fault) {
            (Some(keys), _) => Ok(Some(keys)),
            (None, Some(fault)) => Err(fault.clone()),
            (None, None) => Ok(None),
        }
    }

    /// Returns the keys that count a while beyond their time, if one has the id.
    fn known(&self, id: &str, now: WallTime, beyond: Duration) -> Option<Arc<Keys>> {
        let keys = self.known.load_full()?;
        (keys.by_id.contains_key(id) && now < keys.fresh_until.after(beyond)).then_some(keys)
    }
}

impl Keys {
    /// Reads what an issuer has answered: a set of JSON Web Keys. Keys that are of no use here are passed
    /// over.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(in crate::services::identity) fn of_reply(reply: &Reply, now: WallTime) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<serde_json::Value>,
        }
        if !reply.is_success() {
            return Err(format!("it answers with {}", reply.status));
        }
        let Set { keys } = reply.json().map_err(|fault| format!("these are no keys: {fault}"))?;
        if keys.len() > KEYS_MAX {
            return Err(format!("it has {} keys", keys.len()));
        }
        let mut by_id = HashMap::new();
        for key in keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok()) {
            let Some((id, key)) = key.common.key_id.clone().zip(PublicKey::of(&key)) else { continue };
            if by_id.insert(id, key).is_some() {
                return Err("two keys have one id".to_owned());
            }
        }
        if by_id.is_empty() {
            return Err("none of its keys is one that signs".to_owned());
        }
        let fresh_until = now.after(fresh_for(&reply.headers));
        Ok(Self { by_id, fresh_until, verified: Mutex::default() })
    }

    /// Verifies the signature of a token, and returns what it says.
    ///
    /// # Errors
    /// Why it is none.
    pub(in crate::services::identity) fn read(
        &self,
        token: &str,
        header: &TokenHeader,
    ) -> Result<Arc<Claims>, &'static str> {
        let digest = *blake3::hash(token.as_bytes()).as_bytes();
        let verified = || self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(claims) = verified().get(&digest) {
            return Ok(Arc::clone(claims));
        }
        let key = self.by_id.get(&header.kid).ok_or("no key has its id")?;
        if !key.fits.contains(&header.algorithm) {
            return Err("its key is for another algorithm");
        }
        let claims = Arc::new(verify(token, &key.decoding, header.algorithm)?);
        let mut verified = verified();
        if verified.len() >= TOKENS_MAX {
            verified.clear();
        }
        verified.insert(digest, Arc::clone(&claims));
        Ok(claims)
    }
}

impl PublicKey {
    /// Takes a key that verifies signatures. What it is for must not be more than it says.
    fn of(key: &Jwk) -> Option<Self> {
        let is_for_signatures =
            key.common.public_key_use.as_ref().is_none_or(|it| *it == PublicKeyUse::Signature);
        let verifies =
            key.common.key_operations.as_ref().is_none_or(|it| it.contains(&KeyOperations::Verify));
        let fits = fits(&key.algorithm)?;
        let named = key.common.key_algorithm.map(Algorithm::try_from).transpose().ok()?;
        let fits: Vec<Algorithm> =
            fits.iter().copied().filter(|it| named.is_none_or(|named| named == *it)).collect();
        if !is_for_signatures || !verifies || fits.is_empty() {
            return None;
        }
        Some(Self { decoding: DecodingKey::from_jwk(key).ok()?, fits })
    }
}

/// Returns the algorithms for which a key can be used; none if it is secret, too short or unknown.
fn fits(parameters: &AlgorithmParameters) -> Option<&'static [Algorithm]> {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    match parameters {
        AlgorithmParameters::RSA(key) => {
            use base64::Engine;
            let modulus = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(&key.n).ok()?;
            let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
            let first = modulus.get(zeros)?;
            let bits = (modulus.len() - zeros) * 8 - first.leading_zeros() as usize;
            RSA_BITS.contains(&bits).then_some(&[RS256, RS384, RS512, PS256, PS384, PS512])
        }
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => Some(&[ES256]),
            EllipticCurve::P384 => Some(&[ES384]),
            _ => None,
        },
        AlgorithmParameters::OctetKeyPair(key) => (key.curve == EllipticCurve::Ed25519).then_some(&[EdDSA]),
        _ => None,
    }
}

/// Returns for how long an answer counts.
fn fresh_for(headers: &HeaderMap) -> Duration {
    let values = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let mut fresh = FRESH;
    for directive in values.flat_map(|value| value.split(',')).map(|it| it.trim().to_ascii_lowercase()) {
        if directive == "no-store" || directive == "no-cache" {
            return EVERY;
        }
        if let Some(seconds) = directive.strip_prefix("max-age=") {
            fresh = seconds.trim_matches('"').parse().map_or(FRESH, Duration::from_secs);
        }
    }
    fresh.clamp(EVERY, FRESH_MAX)
}
