//! Files of sessions that end in any way.

use std::fs;

use super::file::{KEPT_MAX, RESERVE, SessionFile};
use super::{FeedPlace, Record};
use crate::fix::orders::OrderState;
use crate::fix::session::Archive;

fn message(number: u64) -> Record {
    Record::Message { number, at: 5, kind: "8".to_owned(), body: format!("58={number}\u{1}") }
}

fn place(next: u64) -> Record {
    Record::Feed(FeedPlace { epoch: 7, next })
}

#[test]
fn what_was_written_is_there_again_and_numbers_go_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a/session.log");
    let mut file = SessionFile::read(&path, true, "boot").unwrap();
    file.append(&[message(1), message(2), place(9)]).unwrap();
    file.append(&[Record::Order(4, Box::new(OrderState::new("one"))), message(5)]).unwrap();
    // A process that is killed lets go of nothing.
    drop(file);
    let file = SessionFile::read(&path, false, "boot").unwrap();
    let state = file.state();
    assert_eq!((state.outgoing, state.feed.unwrap().next, state.cancels), (6, 9, true));
    assert_eq!((state.named("one"), file.was_cut()), (Some(4), false));
    let kept: Vec<_> = file.kept(2..6).into_iter().map(|it| (it.number, it.body)).collect();
    assert_eq!(kept, [(2, "58=2\u{1}".to_owned()), (5, "58=5\u{1}".to_owned())]);
}

#[test]
fn after_a_power_cut_no_number_is_used_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("session.log");
    let mut file = SessionFile::read(&path, true, "one").unwrap();
    file.append(&[message(1)]).unwrap();
    let reserved = file.state().reserved;
    drop(file);
    let mut file = SessionFile::read(&path, true, "two").unwrap();
    assert_eq!((file.was_cut(), file.state().outgoing), (true, reserved));
    file.append(&[message(reserved)]).unwrap();
    assert!(file.state().reserved > reserved + RESERVE / 2);
    file.close().unwrap();
    drop(file);
    // One that was closed has lost nothing, wherever it goes on.
    let file = SessionFile::read(&path, true, "three").unwrap();
    assert_eq!((file.was_cut(), file.state().outgoing), (false, reserved + 1));
}

#[test]
fn an_end_that_was_torn_off_takes_whole_frames_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("session.log");
    let mut file = SessionFile::read(&path, true, "boot").unwrap();
    let before = fs::metadata(&path).unwrap().len();
    file.append(&[message(1), place(1)]).unwrap();
    drop(file);
    let whole = fs::read(&path).unwrap();
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let file = SessionFile::read(&path, true, "boot").unwrap();
        let is_there = file.state().outgoing == 2;
        assert_eq!((is_there, file.state().feed.is_some()), (is_there, is_there), "{length}");
        assert!(!is_there || length as u64 > before);
    }
    let mut spoiled = whole.clone();
    let last = spoiled.len() - 1;
    spoiled[last] ^= 1;
    fs::write(&path, &spoiled).unwrap();
    assert_eq!(SessionFile::read(&path, true, "boot").unwrap().state().outgoing, 1);
}

#[test]
fn what_is_kept_is_bounded_and_a_reset_forgets_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("session.log");
    let mut file = SessionFile::read(&path, true, "boot").unwrap();
    let most = u64::try_from(KEPT_MAX).unwrap();
    let all: Vec<_> = (1..=most + 10).map(message).collect();
    file.append(&all).unwrap();
    let kept = file.kept(0..u64::MAX);
    assert_eq!((kept.len(), kept[0].number), (KEPT_MAX, 11));
    file.append(&[Record::Reset]).unwrap();
    assert_eq!((file.kept(0..u64::MAX).len(), file.state().outgoing), (0, 1));
}

#[test]
fn what_is_to_be_canceled_is_known_to_the_next_process_until_it_is_over() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("session.log");
    let mut file = SessionFile::read(&path, true, "boot").unwrap();
    let order = |id: u64| Record::Order(id, Box::new(OrderState::new(&id.to_string())));
    file.append(&[order(1), order(2), order(3), Record::Leaving([1, 2].into())]).unwrap();
    file.append(&[Record::Over(1)]).unwrap();
    drop(file);
    let file = SessionFile::read(&path, true, "boot").unwrap();
    assert_eq!(file.state().leaving, [2].into());
    assert_eq!(file.state().orders.keys().copied().collect::<Vec<_>>(), [2, 3]);
}
