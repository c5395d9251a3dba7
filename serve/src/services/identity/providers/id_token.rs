//! ID tokens: what they must say, and who has signed them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

/// How far the clock of an issuer may be ahead, in seconds. A token ends when it says.
pub(in crate::services::identity) const LEEWAY: i64 = 60;
/// For how long a token may be good, in seconds.
const LIFETIME_MAX: i64 = 24 * 60 * 60;
/// No token has more bytes.
const BYTES_MAX: usize = 8_192;
/// No id of a key or subject has more bytes.
const NAME_BYTES_MAX: usize = 255;

/// What a token says of how it was signed. Where keys are, it may say as well: that is not looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::services::identity) struct TokenHeader {
    pub(in crate::services::identity) kid: String,
    pub(in crate::services::identity) algorithm: Algorithm,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(in crate::services::identity) struct Claims {
    iss: String,
    pub(in crate::services::identity) sub: String,
    aud: Audience,
    azp: Option<String>,
    pub(in crate::services::identity) exp: i64,
    pub(in crate::services::identity) iat: i64,
    nbf: Option<i64>,
    pub(in crate::services::identity) auth_time: Option<i64>,
    pub(in crate::services::identity) nonce: Option<String>,
    pub(in crate::services::identity) email: Option<String>,
    /// Of which only `true` counts: some issuers send texts.
    email_verified: Option<serde_json::Value>,
    pub(in crate::services::identity) preferred_username: Option<String>,
    pub(in crate::services::identity) name: Option<String>,
}

/// For whom a token is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn all(&self) -> &[String] {
        match self {
            Self::One(audience) => std::slice::from_ref(audience),
            Self::Several(audiences) => audiences,
        }
    }
}

/// What a token must say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::services::identity) struct Expected<'a> {
    pub(in crate::services::identity) issuer: &'a str,
    pub(in crate::services::identity) audiences: &'a [&'a str],
    pub(in crate::services::identity) needs_auth_time: bool,
    /// The time, in seconds since 1970.
    pub(in crate::services::identity) now: i64,
}

/// Returns who has signed a token, as it says itself: whom to ask for the key.
pub(in crate::services::identity) fn issuer_of(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Issuer {
        iss: String,
    }
    let mut parts = token.split('.').filter(|_| token.len() <= BYTES_MAX);
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&payload).ok().map(|Issuer { iss }| iss)
}

/// Returns what a token says, whoever has written it.
///
/// # Errors
/// What is wrong with it.
#[cfg(feature = "firebase-emulator")]
pub(in crate::services::identity) fn unsigned(token: &str) -> Result<Claims, &'static str> {
    let payload = token.split('.').nth(1).and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok());
    let claims = payload.and_then(|payload| serde_json::from_slice(&payload).ok());
    claims.ok_or("its claims are wrong")
}

/// Reads how a token was signed, which must be in one of these ways.
///
/// # Errors
/// What is wrong with it.
pub(in crate::services::identity) fn header(
    token: &str,
    algorithms: &[Algorithm],
) -> Result<TokenHeader, &'static str> {
    if token.len() > BYTES_MAX {
        return Err("it is too long");
    }
    let header = decode_header(token).map_err(|_| "its header is none")?;
    if !algorithms.contains(&header.alg) {
        return Err("its algorithm is not one of the issuer's");
    }
    // Tokens of other kinds say so: of access, of logouts.
    if header.typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
        return Err("it is of another type");
    }
    let kid = header.kid.filter(|kid| (1..=NAME_BYTES_MAX).contains(&kid.len()));
    Ok(TokenHeader { kid: kid.ok_or("it names no key")?, algorithm: header.alg })
}

/// Verifies a signature, and returns what was signed.
///
/// # Errors
/// What is wrong with it.
pub(in crate::services::identity) fn verify(
    token: &str,
    key: &DecodingKey,
    algorithm: Algorithm,
) -> Result<Claims, &'static str> {
    let mut validation = Validation::new(algorithm);
    // What it says is checked afterwards, and more strictly.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let claims = decode::<Claims>(token, key, &validation).map(|token| token.claims);
    claims.map_err(|_| "its signature or its claims are wrong")
}

impl Claims {
    /// Returns the mail address, if the issuer knows that it is theirs.
    pub(in crate::services::identity) fn verified_mail(&self) -> Option<&str> {
        let is_verified = self.email_verified == Some(serde_json::Value::Bool(true));
        self.email.as_deref().filter(|_| is_verified)
    }

    /// Checks that a token is for us, and good now.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(in crate::services::identity) fn check(&self, expected: &Expected<'_>) -> Result<(), &'static str> {
        let Expected { issuer, audiences, needs_auth_time, now } = *expected;
        let latest = now + LEEWAY;
        let is_ours = |audience: &String| audiences.contains(&audience.as_str());
        let all = self.aud.all();
        let is_subject =
            (1..=NAME_BYTES_MAX).contains(&self.sub.len()) && !self.sub.contains(char::is_control);
        let faults = [
            (self.iss != issuer, "it is of another issuer"),
            (all.is_empty() || !all.iter().all(is_ours), "it is for another audience"),
            (all.len() > 1 && self.azp.is_none(), "it is for several, and does not say for whom"),
            (self.azp.as_ref().is_some_and(|it| !is_ours(it)), "it was made for another client"),
            (!is_subject, "it names nobody"),
            (self.exp <= now, "it has expired"),
            (self.iat > latest, "it is of the future"),
            (
                self.exp <= self.iat || self.exp.saturating_sub(self.iat) > LIFETIME_MAX,
                "it is good for too long",
            ),
            (self.nbf.is_some_and(|it| it > latest), "it is not good yet"),
            (self.auth_time.is_none() && needs_auth_time, "it does not say when the person has logged in"),
            (self.auth_time.is_some_and(|it| it > latest), "its person logs in in the future"),
        ];
        match faults.into_iter().find(|(is_fault, _)| *is_fault) {
            Some((_, fault)) => Err(fault),
            None => Ok(()),
        }
    }
}
