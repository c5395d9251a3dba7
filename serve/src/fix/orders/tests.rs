//! Orders as they are written in FIX.

use super::*;
use crate::domain::{KindName, PegName, PostOnlyName, TimeInForceName};
use crate::fix::codec::{Body, Framed, Framer, Head, Message, encode, reason};

fn message(kind: &str, fields: &[(u32, &str)]) -> Message {
    let mut body = Body::default();
    for (tag, value) in fields {
        body.put(*tag, value);
    }
    let head = Head { kind, from: "DESK", to: "BEARPIT", number: 2, at: 0, more: Body::default() };
    let mut framer = Framer::default();
    framer.push(&encode(&head, &body));
    match framer.next() {
        Some(Framed::Message(message)) => message,
        other => panic!("{other:?}"),
    }
}

const PLAIN: [(u32, &str); 6] =
    [(11, "a"), (55, "ALFA"), (54, "1"), (38, "10"), (60, "20250303-11:06:40"), (40, "2")];

fn order(more: &[(u32, &str)]) -> Message {
    let kept = PLAIN.iter().filter(|it| more.iter().all(|other| other.0 != it.0));
    let fields: Vec<_> = kept.chain(more).copied().filter(|it| !it.1.is_empty()).collect();
    message("D", &fields)
}

#[test]
fn an_order_has_the_terms_that_its_tags_say() {
    let read = |more: &[(u32, &str)]| order_of(&order(more), "DESK:").unwrap();
    let limit = read(&[(44, "99.5")]);
    assert_eq!(limit.client_order_id.as_ref().unwrap().as_str(), "DESK:a");
    assert_eq!((limit.kind, limit.time_in_force), (Some(KindName::Limit), Some(TimeInForceName::Day)));
    assert_eq!(limit.price.unwrap().to_string(), "99.5");
    for (word, time) in
        [("1", TimeInForceName::Gtc), ("3", TimeInForceName::Ioc), ("4", TimeInForceName::Fok)]
    {
        assert_eq!(read(&[(44, "1"), (59, word)]).time_in_force, Some(time));
    }
    let dated = read(&[(44, "1"), (59, "6"), (126, "20250303-16:00:00")]);
    assert_eq!(dated.expires_at.as_deref(), Some("2025-03-03T16:00:00.0Z"));
    let iceberg = read(&[(44, "1"), (111, "2"), (110, "3"), (18, "6 E"), (207, "PIT")]);
    assert_eq!((iceberg.post_only, iceberg.reduce_only), (Some(PostOnlyName::Reject), true));
    assert_eq!(
        (iceberg.symbol.as_str(), iceberg.display_quantity.unwrap().to_string()),
        ("ALFA@PIT", "2".into())
    );
    assert_eq!(iceberg.minimum_quantity.unwrap().to_string(), "3");
    for (word, kind) in [
        ("1", KindName::Market),
        ("3", KindName::Stop),
        ("4", KindName::StopLimit),
        ("K", KindName::MarketToLimit),
    ] {
        assert_eq!(read(&[(40, word)]).kind, Some(kind));
    }
    let peg = read(&[(40, "P"), (18, "M"), (211, "-0.5")]);
    assert_eq!((peg.kind, peg.peg), (Some(KindName::Pegged), Some(PegName::Mid)));
    let trail = read(&[(40, "P"), (18, "a"), (211, "150"), (836, "1")]);
    assert_eq!(
        (trail.kind, trail.trail_percent.unwrap().to_string()),
        (Some(KindName::TrailingStop), "1.5".into())
    );
}

#[test]
fn an_order_that_is_none_says_why() {
    let why = |more: &[(u32, &str)]| order_of(&order(more), "DESK:").unwrap_err();
    for tag in [11, 55, 54, 38, 40, 60] {
        match why(&[(tag, "")]) {
            Unfit::Session(fault) => assert_eq!((fault.tag, fault.reason), (tag, reason::MISSING_TAG)),
            other => panic!("{tag}: {other:?}"),
        }
    }
    for (tag, value, text) in [
        (54, "5", "Side (54) is 1 (buy) or 2 (sell)"),
        (40, "J", "OrdType (40)"),
        (59, "5", "TimeInForce (59)"),
        (18, "x", "ExecInst (18)"),
        (388, "1", "tag 388 means nothing"),
    ] {
        match why(&[(44, "1"), (tag, value)]) {
            Unfit::Order(_, said) => assert!(said.contains(text), "{said}"),
            other => panic!("{tag}: {other:?}"),
        }
    }
    for (tag, value) in [(38, "1e3"), (38, "1_0"), (44, "x"), (126, "tomorrow")] {
        match why(&[(tag, value)]) {
            Unfit::Session(fault) => assert_eq!((fault.tag, fault.reason), (tag, reason::BAD_FORMAT)),
            other => panic!("{tag}: {other:?}"),
        }
    }
    let long = "x".repeat(65);
    assert!(matches!(why(&[(11, &long)]), Unfit::Session(_)));
}

#[test]
fn a_cancel_names_its_order_by_either_name() {
    let target = |fields: &[(u32, &str)]| {
        let message = message("F", fields);
        target_of(&message).map(|(name, order, original)| (name.to_owned(), order, original.to_owned()))
    };
    assert_eq!(target(&[(11, "b"), (41, "a")]), Ok(("b".into(), None, "a".into())));
    assert_eq!(target(&[(11, "b"), (37, "17")]), Ok(("b".into(), Some(17), "NONE".into())));
    assert!(target(&[(11, "b")]).is_err());
    assert!(target(&[(41, "a")]).is_err());
}

#[test]
fn names_follow_replaces_and_requests_arrive_in_their_order() {
    let mut state = OrderState::new("a");
    for (name, kind) in [("b", PendingKind::Replace), ("c", PendingKind::Cancel), ("d", PendingKind::Replace)]
    {
        state.pending.push_back(Pending { name: name.to_owned(), kind });
    }
    let name = state.arrived(PendingKind::Replace).unwrap();
    assert_eq!((state.rename(name), state.name.as_str()), ("a".to_owned(), "b"));
    let name = state.arrived(PendingKind::Cancel).unwrap();
    assert_eq!((state.rename(name), state.name.as_str()), ("b".to_owned(), "c"));
    assert_eq!(state.names().collect::<Vec<_>>(), ["c", "a", "b", "d"]);
    assert_eq!(state.arrived(PendingKind::Cancel), None);
}
