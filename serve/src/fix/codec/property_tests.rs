//! Whatever bytes come, in whatever pieces.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Body, Framed, Framer, Head, Message, encode};

fn messages(framer: &mut Framer) -> Vec<Message> {
    let mut found = Vec::new();
    while let Some(framed) = framer.next() {
        match framed {
            Framed::Message(message) => found.push(message),
            Framed::Garbled(_) => {}
            Framed::TooLong => break,
        }
    }
    found
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    let text = "[ -~]{0,12}";
    prop_oneof![
        4 => (1_u64..1_000, text).prop_map(|(number, text)| {
            let mut body = Body::default();
            body.put(58, text);
            let head = Head { kind: "D", from: "A", to: "B", number, at: 7, more: Body::default() };
            encode(&head, &body)
        }),
        1 => vec(any::<u8>(), 0..20),
        1 => Just(b"8=FIX.4.4\x019=".to_vec()),
        1 => Just(b"8=FIX.4.4\x019=12\x0135=0\x0110=000\x01".to_vec()),
    ]
}

proptest! {
    #[test]
    fn prop_random_bytes_never_panic(bytes in vec(any::<u8>(), 0..300)) {
        let mut framer = Framer::default();
        framer.push(&bytes);
        messages(&mut framer);
        Message::parse(&bytes);
    }

    #[test]
    fn prop_a_stream_gives_the_same_messages_however_it_is_split(
        pieces in vec(piece(), 0..12),
        cuts in vec(1_usize..40, 1..60),
    ) {
        let stream = pieces.concat();
        let mut whole = Framer::default();
        whole.push(&stream);
        let expected = messages(&mut whole);
        let (mut split, mut found, mut rest) = (Framer::default(), Vec::new(), &stream[..]);
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (now, later) = rest.split_at((*cut).min(rest.len()));
            split.push(now);
            found.extend(messages(&mut split));
            rest = later;
        }
        prop_assert_eq!(found, expected);
    }
}
