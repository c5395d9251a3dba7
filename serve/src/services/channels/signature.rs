//! Signatures of requests: HMAC-SHA256 (RFC 2104) of the payload's bytes, in hexadecimal digits.

use ring::hmac;

/// Returns whether a signature is that of some bytes by a secret. How long that takes says nothing about it.
pub(super) fn is_signed(secret: &[u8], payload: &[u8], signature: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    // Something that is no signature takes as long as a wrong one.
    let given = bytes_of(signature).unwrap_or([0; 32]);
    hmac::verify(&key, payload, &given).is_ok()
}

/// Reads 64 hexadecimal digits.
fn bytes_of(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_rfc_4231_and_of_nothing_else() {
        // Test case 2 of RFC 4231.
        let signature = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let payload = b"what do ya want for nothing?";
        assert!(is_signed(b"Jefe", payload, signature));
        assert!(is_signed(b"Jefe", payload, &signature.to_uppercase()));
        assert!(!is_signed(b"Jefe", b"what do ya want for something?", signature));
        assert!(!is_signed(b"Jeff", payload, signature));
        let flipped = format!("6{}", &signature[1..]);
        for wrong in ["", &signature[1..], &flipped, &"z".repeat(64), &"\u{e9}".repeat(32), &"0".repeat(64)] {
            assert!(!is_signed(b"Jefe", payload, wrong), "{wrong}");
        }
    }
}
