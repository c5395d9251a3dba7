//! The test cases of the session layer.

use std::ops::Range;

use super::*;
use crate::fix::codec::{Framed, Framer};

const NOW: Millis = 1_741_000_000_000;

/// Has what a test put there.
#[derive(Default)]
struct Kept(Vec<KeptMessage>);

impl Archive for Kept {
    fn kept(&self, numbers: Range<u64>) -> Vec<KeptMessage> {
        self.0.iter().filter(|it| numbers.contains(&it.number)).cloned().collect()
    }
}

/// Writes a message of the other side.
fn written(kind: &str, number: u64, more: &[(u32, &str)]) -> Message {
    said(kind, number, NOW, ("DESK", "BEARPIT"), more)
}

fn said(kind: &str, number: u64, at: Millis, (from, to): (&str, &str), more: &[(u32, &str)]) -> Message {
    let mut body = Body::default();
    for (tag, value) in more {
        body.put(*tag, value);
    }
    let head = Head { kind, from, to, number, at, more: Body::default() };
    let mut framer = Framer::default();
    framer.push(&encode(&head, &body));
    match framer.next() {
        Some(Framed::Message(message)) => message,
        other => panic!("{other:?}"),
    }
}

fn logon(number: u64, more: &[(u32, &str)]) -> (Message, LogonRequest) {
    let fields = [(98, "0"), (108, "30"), (553, "id"), (554, "secret")];
    let message = written("A", number, &[&fields, more].concat());
    let request = LogonRequest::read(&message, "BEARPIT").unwrap();
    (message, request)
}

fn opened(numbers: Numbers) -> Session {
    let mut session = Session::new("BEARPIT", "DESK", numbers);
    let (message, request) = logon(numbers.incoming, &[]);
    let steps = session.log_on(NOW, &message, &request);
    assert_eq!(shown(&steps), ["A", "logged on"]);
    session
}

fn open() -> Session {
    opened(Numbers::FIRST)
}

/// Returns the steps in words: the types of messages that are sent, with the text if there is one.
fn shown(steps: &[Step]) -> Vec<String> {
    let word = |step: &Step| match step {
        Step::Send(message) => message.kind.clone(),
        Step::Deliver(message) => format!("deliver {}", message.kind()),
        Step::Reset => "reset".to_owned(),
        Step::LoggedOn => "logged on".to_owned(),
        Step::Disconnect(_) => "disconnect".to_owned(),
    };
    steps.iter().map(word).collect()
}

fn field(step: &Step, tag: u32) -> Option<String> {
    let Step::Send(message) = step else { return None };
    let text = format!("\u{1}{}", message.body.text());
    let rest = text.split_once(&format!("\u{1}{tag}="))?.1.to_owned();
    Some(rest.split('\u{1}').next()?.to_owned())
}

fn receive(session: &mut Session, message: Message) -> Vec<Step> {
    session.receive(NOW, message, &Kept::default())
}

#[test]
fn a_logon_comes_first_and_says_what_the_server_needs() {
    let fields = [(98, "0"), (108, "30"), (553, "id"), (554, "s")];
    let without = |tag: u32| fields.iter().copied().filter(|it| it.0 != tag).collect::<Vec<_>>();
    let fault = |message: &Message| LogonRequest::read(message, "BEARPIT").unwrap_err();
    assert_eq!(fault(&written("0", 1, &[])).tag, tags::MSG_TYPE);
    for tag in [98, 108, 553, 554] {
        assert!([tag, 553].contains(&fault(&written("A", 1, &without(tag))).tag), "{tag}");
    }
    for (tag, value) in [(98, "1"), (108, "4"), (108, "301"), (108, "x"), (141, "J"), (8013, "1")] {
        let mut wrong = without(tag);
        wrong.push((tag, value));
        assert_eq!(fault(&written("A", 1, &wrong)).tag, tag, "{tag}={value}");
    }
    let other = said("A", 1, NOW, ("DESK", "NASDAQ"), &fields);
    assert!(fault(&other).text.contains("BEARPIT"), "{:?}", fault(&other));
    let odd = said("A", 1, NOW, ("../DESK", "BEARPIT"), &fields);
    assert_eq!(fault(&odd).tag, tags::SENDER_COMP_ID);
}

#[test]
fn a_number_too_low_ends_the_session_unless_it_comes_again() {
    let mut session = opened(Numbers { incoming: 5, outgoing: 9 });
    let again = [(43, "Y"), (122, "20250303-11:06:39")];
    assert_eq!(receive(&mut session, written("D", 5, &again)), []);
    assert_eq!(
        shown(&receive(&mut session, written("D", 5, &[(43, "Y")]))),
        ["3"],
        "without OrigSendingTime"
    );
    let later = [(43, "Y"), (122, "20250303-11:06:41")];
    assert_eq!(shown(&receive(&mut session, written("D", 5, &later))), ["3"]);
    let steps = receive(&mut session, written("D", 5, &[]));
    assert_eq!(shown(&steps), ["5", "disconnect"]);
    assert!(field(&steps[0], 58).unwrap().contains("expected 6, received 5"), "{steps:?}");
    let mut session = Session::new("BEARPIT", "DESK", Numbers { incoming: 5, outgoing: 9 });
    let (message, request) = logon(4, &[]);
    assert_eq!(shown(&session.log_on(NOW, &message, &request)), ["5", "disconnect"]);
}

#[test]
fn what_is_missing_is_asked_for_once_and_what_came_early_comes_again() {
    let mut session = open();
    let steps = receive(&mut session, written("D", 5, &[]));
    assert_eq!(shown(&steps), ["2"]);
    assert_eq!((field(&steps[0], 7), field(&steps[0], 16)), (Some("2".into()), Some("0".into())));
    assert_eq!(receive(&mut session, written("D", 6, &[])), [], "it was asked for a moment ago");
    let again = [(43, "Y"), (122, "20250303-11:06:39")];
    for number in 2..=6 {
        assert_eq!(shown(&receive(&mut session, written("D", number, &again))), ["deliver D"]);
    }
    assert_eq!(session.numbers().incoming, 7);
    // The next gap is another one.
    assert_eq!(shown(&receive(&mut session, written("D", 9, &[]))), ["2"]);
    let fill = [(123, "Y"), (36, "10"), (43, "Y"), (122, "20250303-11:06:39")];
    assert_eq!(receive(&mut session, written("4", 7, &fill)), []);
    assert_eq!(session.numbers().incoming, 10);
}

#[test]
fn a_logon_that_comes_early_is_answered_and_what_is_missing_asked_for() {
    let mut session = Session::new("BEARPIT", "DESK", Numbers { incoming: 3, outgoing: 1 });
    let (message, request) = logon(7, &[]);
    let steps = session.log_on(NOW, &message, &request);
    assert_eq!(shown(&steps), ["A", "logged on", "2"]);
    assert_eq!(session.numbers().incoming, 3);
}

#[test]
fn a_reset_sets_the_numbers_of_both_sides_back() {
    let mut session = Session::new("BEARPIT", "DESK", Numbers { incoming: 30, outgoing: 40 });
    let (message, request) = logon(1, &[(141, "Y")]);
    let steps = session.log_on(NOW, &message, &request);
    assert_eq!(shown(&steps), ["reset", "A", "logged on"]);
    assert_eq!(session.numbers(), Numbers { incoming: 2, outgoing: 2 });
    // And in the midst of a session.
    let message = written("A", 1, &[(98, "0"), (108, "30"), (141, "Y")]);
    receive(&mut session, written("0", 2, &[]));
    assert_eq!(shown(&receive(&mut session, message)), ["reset", "A"]);
    assert_eq!(session.numbers(), Numbers { incoming: 2, outgoing: 2 });
    assert_eq!(
        shown(&receive(&mut session, written("A", 2, &[(98, "0"), (108, "30")]))),
        ["5", "disconnect"]
    );
}

#[test]
fn a_sequence_reset_fills_gaps_or_sets_the_number_and_never_goes_back() {
    let mut session = open();
    assert_eq!(receive(&mut session, written("4", 2, &[(123, "Y"), (36, "8")])), []);
    assert_eq!(session.numbers().incoming, 8);
    assert_eq!(receive(&mut session, written("4", 1, &[(36, "20")])), [], "its own number does not count");
    assert_eq!(session.numbers().incoming, 20);
    let steps = receive(&mut session, written("4", 20, &[(36, "19")]));
    assert_eq!((shown(&steps), field(&steps[0], 373)), (vec!["3".to_owned()], Some("5".into())));
    let steps = receive(&mut session, written("4", 20, &[(123, "Y"), (36, "20")]));
    assert_eq!((shown(&steps), field(&steps[0], 371)), (vec!["3".to_owned()], Some("36".into())));
    assert_eq!(session.numbers().incoming, 21);
}

#[test]
fn other_names_and_other_clocks_end_the_session() {
    let mut session = open();
    let steps = receive(&mut session, said("0", 2, NOW, ("OTHER", "BEARPIT"), &[]));
    assert_eq!(
        (shown(&steps), field(&steps[0], 373)),
        (vec!["3", "5", "disconnect"].into_iter().map(Into::into).collect(), Some("9".into()))
    );
    for at in [NOW - 121_000, NOW + 121_000] {
        let mut session = open();
        let steps = receive(&mut session, said("0", 2, at, ("DESK", "BEARPIT"), &[]));
        assert_eq!(field(&steps[0], 373), Some("10".into()));
        assert_eq!(shown(&steps)[1..], ["5", "disconnect"]);
    }
    let mut session = open();
    assert_eq!(receive(&mut session, said("0", 2, NOW - 119_000, ("DESK", "BEARPIT"), &[])), []);
}

#[test]
fn silence_is_asked_about_and_then_ends_the_session() {
    let mut session = open();
    assert_eq!(session.tick(NOW + 29_000), []);
    assert_eq!(shown(&session.tick(NOW + 30_000)), ["0"]);
    assert_eq!(shown(&session.tick(NOW + 37_000)), ["1"]);
    let answer =
        session.receive(NOW + 40_000, said("0", 2, NOW + 40_000, ("DESK", "BEARPIT"), &[]), &Kept::default());
    assert_eq!(answer, []);
    assert_eq!(shown(&session.tick(NOW + 77_000)), ["1"]);
    assert_eq!(shown(&session.tick(NOW + 114_000)), ["5", "disconnect"]);
}

#[test]
fn a_test_request_is_answered_with_its_id_and_one_without_is_rejected() {
    let mut session = open();
    let steps = receive(&mut session, written("1", 2, &[(112, "hello")]));
    assert_eq!((shown(&steps), field(&steps[0], 112)), (vec!["0".to_owned()], Some("hello".into())));
    let steps = receive(&mut session, written("1", 3, &[]));
    assert_eq!((field(&steps[0], 371), field(&steps[0], 373)), (Some("112".into()), Some("1".into())));
    assert_eq!(session.numbers().incoming, 4, "it counts");
}

#[test]
fn messages_of_no_known_type_are_rejected_and_all_others_handed_on() {
    let mut session = open();
    assert_eq!(shown(&receive(&mut session, written("D", 2, &[]))), ["deliver D"]);
    let steps = receive(&mut session, written("ZZ", 3, &[]));
    assert_eq!((shown(&steps), field(&steps[0], 373)), (vec!["3".to_owned()], Some("11".into())));
}

#[test]
fn a_logout_is_answered_and_ours_waits_for_the_answer() {
    let mut session = open();
    assert_eq!(shown(&receive(&mut session, written("5", 2, &[]))), ["5", "disconnect"]);
    let mut session = open();
    assert_eq!(shown(&session.log_out(NOW, "over")), ["5"]);
    assert_eq!(shown(&receive(&mut session, written("5", 2, &[]))), ["disconnect"]);
    let mut session = open();
    session.log_out(NOW, "over");
    assert_eq!(shown(&session.tick(NOW + 60_000)), ["disconnect"]);
}

#[test]
fn what_was_kept_is_sent_again_and_gaps_are_filled_for_all_else() {
    let mut session = open();
    for _ in 0..3 {
        session.send(NOW, "8", Body::default(), false);
        session.send_once(NOW, "W", Body::default());
    }
    let kept = |number| KeptMessage { number, at: NOW - 5, kind: "8".into(), body: "58=x\u{1}".into() };
    let archive = Kept(vec![kept(2), kept(6)]);
    let steps = session.receive(NOW, written("2", 2, &[(7, "1"), (16, "0")]), &archive);
    let sent: Vec<_> = steps
        .iter()
        .map(|step| match step {
            Step::Send(it) => (it.number, it.kind.clone(), field(step, 36), it.original.is_some()),
            other => panic!("{other:?}"),
        })
        .collect();
    let fill = |number, to: &str| (number, "4".to_owned(), Some(to.to_owned()), true);
    let again = |number| (number, "8".to_owned(), None, true);
    assert_eq!(sent, [fill(1, "2"), again(2), fill(3, "6"), again(6), fill(7, "8")]);
    let steps = session.receive(NOW, written("2", 3, &[(7, "9"), (16, "0")]), &archive);
    assert_eq!(shown(&steps), ["3"]);
}
