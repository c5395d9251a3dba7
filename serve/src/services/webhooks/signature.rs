//! Signatures of what is sent to endpoints, and the secrets that they are made with, as Standard Webhooks 1.0
//! has them: an endpoint checks them with any of its libraries.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

use crate::domain::{Problem, ProblemKind, Secret};

/// What the text of a secret begins with, so that people and scanners recognize one.
const PREFIX: &str = "whsec_";
/// How many bytes a secret has; the standard asks for 24 to 64.
const BYTES: usize = 32;

/// Draws the bytes of a secret.
///
/// # Errors
/// That the system gives none.
pub(super) fn draw_secret() -> Result<Vec<u8>, Problem> {
    let mut bytes = vec![0; BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|error| Problem::new(ProblemKind::Internal, "no_randomness", error))?;
    Ok(bytes)
}

/// Returns the text of a secret, as whoever checks signatures is given it.
pub(super) fn text_of(secret: &[u8]) -> Secret {
    Secret::new(format!("{PREFIX}{}", STANDARD.encode(secret)))
}

/// Returns the signatures of a message by some secrets, separated by spaces: its id, the second at which it
/// is sent, and its body.
#[must_use]
pub fn signatures<'a>(
    secrets: impl IntoIterator<Item = &'a [u8]>,
    (id, second): (&str, i64),
    body: &str,
) -> String {
    let signed = format!("{id}.{second}.{body}");
    let one = |secret: &[u8]| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        format!("v1,{}", STANDARD.encode(hmac::sign(&key, signed.as_bytes())))
    };
    secrets.into_iter().map(one).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_signed_as_the_libraries_of_the_standard_have_it() {
        // The example of the documentation of its reference libraries.
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let message = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330);
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signatures([secret.as_slice()], message, "{\"test\": 2432232314}"), expected);
        let both = signatures([secret.as_slice(), b"other"], message, "{\"test\": 2432232314}");
        assert!(both.starts_with(&format!("{expected} v1,")) && both.len() == 2 * expected.len() + 1);
        let changed = signatures([secret.as_slice()], message, "{\"test\": 2432232315}");
        assert_ne!(changed, expected);
    }

    #[test]
    fn a_secret_has_as_many_bytes_as_the_standard_asks_for_and_none_is_drawn_twice() {
        let (one, other) = (draw_secret().unwrap(), draw_secret().unwrap());
        assert_ne!(one, other);
        let text = text_of(&one);
        let bytes = STANDARD.decode(text.expose().strip_prefix("whsec_").unwrap()).unwrap();
        assert_eq!((bytes.len(), bytes), (32, one));
    }
}
