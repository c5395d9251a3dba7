//! Messages to browsers that nobody on their way can read: RFC 8291, with the content coding `aes128gcm` of
//! RFC 8188.

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use ring::rand::{SecureRandom, SystemRandom};
use thiserror::Error;

/// How many bytes the public key of a browser has: a point of P-256, uncompressed.
pub(super) const PUBLIC: usize = 65;
/// How many bytes what only a browser and whoever sends to it know has.
pub(super) const AUTH: usize = 16;
/// The longest message, in bytes: push services take 4,096 with what is added.
pub(super) const MESSAGE_MAX: usize = 3_000;
/// How long a record of the coding may be: all is in one.
const RECORD: u32 = 4_096;
/// What ends the last record.
const LAST: u8 = 2;

/// A message cannot be made secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unsealable {
    /// The key of the browser is none.
    #[error("the key of the browser is no point of P-256")]
    BadKey,
    /// The message is too long.
    #[error("a message to a browser has at most {MESSAGE_MAX} bytes")]
    TooLong,
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
}

/// What a message is made secret with, besides what both sides have in common.
struct Parties<'a> {
    /// The public key of the browser.
    browser: &'a [u8],
    /// What only it and whoever sends to it know.
    auth: &'a [u8],
    /// The public key of whoever sends, drawn for this message.
    sender: &'a [u8],
    salt: [u8; 16],
}

/// A number of bytes that is asked of a key derivation.
struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

/// Makes a message secret for a browser: what is posted to its push service.
///
/// # Errors
/// [`Unsealable`].
pub(super) fn seal(browser: &[u8], auth: &[u8], message: &[u8]) -> Result<Vec<u8>, Unsealable> {
    let random = SystemRandom::new();
    let none = |_| Unsealable::NoRandomness;
    let private = EphemeralPrivateKey::generate(&ECDH_P256, &random).map_err(none)?;
    let public = private.compute_public_key().map_err(none)?;
    let mut salt = [0; 16];
    random.fill(&mut salt).map_err(none)?;
    let parties = Parties { browser, auth, sender: public.as_ref(), salt };
    let peer = UnparsedPublicKey::new(&ECDH_P256, browser);
    let sealed = agree_ephemeral(private, &peer, |shared| seal_with(shared, &parties, message));
    sealed.map_err(|_| Unsealable::BadKey)?
}

/// Returns whether a key of a browser is one: a point on the curve.
pub(super) fn is_key(browser: &[u8]) -> bool {
    let private = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new());
    let agreed = private.map(|it| agree_ephemeral(it, &UnparsedPublicKey::new(&ECDH_P256, browser), |_| ()));
    browser.len() == PUBLIC && matches!(agreed, Ok(Ok(())))
}

/// Makes a message secret with what both sides have in common (RFC 8291, section 3.4).
fn seal_with(shared: &[u8], parties: &Parties<'_>, message: &[u8]) -> Result<Vec<u8>, Unsealable> {
    if message.len() > MESSAGE_MAX {
        return Err(Unsealable::TooLong);
    }
    let Parties { browser, auth, sender, salt } = parties;
    let of_both = Salt::new(HKDF_SHA256, auth).extract(shared);
    let mut input = [0; 32];
    expand(&of_both, &[b"WebPush: info\0", browser, sender], &mut input)?;
    let of_message = Salt::new(HKDF_SHA256, salt).extract(&input);
    let (mut key, mut nonce) = ([0; 16], [0; 12]);
    expand(&of_message, &[b"Content-Encoding: aes128gcm\0"], &mut key)?;
    expand(&of_message, &[b"Content-Encoding: nonce\0"], &mut nonce)?;
    let key = UnboundKey::new(&AES_128_GCM, &key).map_err(|_| Unsealable::BadKey)?;
    let mut record = [message, &[LAST]].concat();
    // Drawn keys are used once, and so is the nonce that follows from them.
    let nonce = Nonce::assume_unique_for_key(nonce);
    LessSafeKey::new(key)
        .seal_in_place_append_tag(nonce, Aad::empty(), &mut record)
        .map_err(|_| Unsealable::TooLong)?;
    let length = u8::try_from(sender.len()).map_err(|_| Unsealable::BadKey)?;
    Ok([salt.as_slice(), &RECORD.to_be_bytes(), &[length], sender, &record].concat())
}

fn expand(key: &Prk, info: &[&[u8]], out: &mut [u8]) -> Result<(), Unsealable> {
    let expanded = key.expand(info, Bytes(out.len()));
    expanded.and_then(|expanded| expanded.fill(out)).map_err(|_| Unsealable::TooLong)
}

#[cfg(test)]
pub(in crate::services) mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::aead::NONCE_LEN;

    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    /// A browser: its key, and what only it and whoever sends to it know.
    pub(in crate::services) struct Browser {
        private: Option<EphemeralPrivateKey>,
        pub(in crate::services) public: Vec<u8>,
        pub(in crate::services) auth: Vec<u8>,
    }

    impl Browser {
        pub(in crate::services) fn draw() -> Self {
            let private = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).unwrap();
            let public = private.compute_public_key().unwrap().as_ref().to_vec();
            Self { private: Some(private), public, auth: (1..=16).collect() }
        }

        /// Reads the first message that was sent to it.
        pub(in crate::services) fn open(&mut self, sealed: &[u8]) -> Vec<u8> {
            let (salt, rest) = sealed.split_at(16);
            let (record, rest) = rest.split_at(4);
            assert_eq!((record, rest[0]), (RECORD.to_be_bytes().as_slice(), 65));
            let (sender, cipher) = rest[1..].split_at(65);
            let peer = UnparsedPublicKey::new(&ECDH_P256, sender.to_vec());
            let opened = agree_ephemeral(self.private.take().unwrap(), &peer, |shared| {
                let of_both = Salt::new(HKDF_SHA256, &self.auth).extract(shared);
                let mut input = [0; 32];
                expand(&of_both, &[b"WebPush: info\0", &self.public, sender], &mut input).unwrap();
                let of_message = Salt::new(HKDF_SHA256, salt).extract(&input);
                let (mut key, mut nonce) = ([0; 16], [0; NONCE_LEN]);
                expand(&of_message, &[b"Content-Encoding: aes128gcm\0"], &mut key).unwrap();
                expand(&of_message, &[b"Content-Encoding: nonce\0"], &mut nonce).unwrap();
                let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
                let mut text = cipher.to_vec();
                let nonce = Nonce::assume_unique_for_key(nonce);
                key.open_in_place(nonce, Aad::empty(), &mut text).unwrap().to_vec()
            });
            let mut text = opened.unwrap();
            assert_eq!(text.pop(), Some(LAST));
            text
        }
    }

    #[test]
    fn the_example_of_rfc_8291_is_sealed_as_there() {
        // Appendix A.
        let browser =
            bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4");
        let sender =
            bytes("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8");
        let auth = bytes("BTBZMqHH6r4Tts7J_aSIgg");
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let shared = bytes("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");
        let parties = Parties { browser: &browser, auth: &auth, sender: &sender, salt };
        let sealed = seal_with(&shared, &parties, b"When I grow up, I want to be a watermelon").unwrap();
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLoc\
                        InmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLV\
                        WGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(URL_SAFE_NO_PAD.encode(sealed), expected);
    }

    #[test]
    fn a_message_is_read_by_its_browser_and_never_sealed_twice_alike() {
        let mut browser = Browser::draw();
        let seal = |message: &[u8]| super::seal(&browser.public, &browser.auth, message);
        let (one, other) = (seal(b"an order was filled").unwrap(), seal(b"an order was filled").unwrap());
        assert_ne!(one, other);
        assert_eq!(seal(&[b'x'; MESSAGE_MAX + 1]), Err(Unsealable::TooLong));
        assert_eq!(seal(&[b'x'; MESSAGE_MAX]).unwrap().len(), MESSAGE_MAX + 1 + 16 + 86);
        assert_eq!(browser.open(&one), b"an order was filled");
    }

    #[test]
    fn what_is_no_point_of_the_curve_is_no_key() {
        let browser = Browser::draw();
        assert!(is_key(&browser.public));
        let mut off_the_curve = browser.public.clone();
        off_the_curve[64] ^= 1;
        for key in [Vec::new(), vec![4; 65], browser.public[..64].to_vec(), off_the_curve] {
            assert!(!is_key(&key), "{key:?}");
            assert_eq!(super::seal(&key, &browser.auth, b"x"), Err(Unsealable::BadKey));
        }
    }
}
