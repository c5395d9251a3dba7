//! FIX from outside, where somebody is shut out, too fast, too slow, or there on the next day.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::fix::{Client, Message, key_of, start};
use crate::harness::{Place, Served};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A process, and somebody who has logged on there, whose orders stay when the connection ends.
struct Desk {
    served: Served,
    address: SocketAddr,
    key: Value,
    client: Client,
}

impl Desk {
    fn open(place: &Place, more: &[&str]) -> Self {
        let (served, address) = start(place, more);
        let anne = served.register("anne");
        let key = key_of(&served, &anne, &["read", "trade"]);
        let mut client = Client::connect(address, 1, 1);
        client.log_on(&key, "8013=N|");
        Self { served, address, key, client }
    }
}

#[test]
fn who_is_blocked_is_logged_out_with_the_reason_and_not_let_in_again() {
    let place = Place::new();
    let Desk { served, address, key, mut client } = Desk::open(&place, &[]);
    client.order("one", 1, 10, "40=2|44=90|59=1|");
    client.await_report("0");
    let blocked = place.run(&["admin", "block", "anne"]);
    assert_eq!(blocked.code, Some(0), "{}", blocked.stderr);
    let logout = client.await_kind("5");
    assert!(logout.get(58).contains("its person was blocked"), "{logout:?}");
    // Whoever is let in nowhere has no session whose numbers would count.
    let mut again = Client::connect(address, client.next_out, 1);
    assert_eq!(again.log_on(&key, "").kind(), "5");
    assert!(again.try_read().is_none(), "the connection is kept");
    let unblocked = place.run(&["admin", "unblock", "anne"]);
    assert_eq!(unblocked.code, Some(0), "{}", unblocked.stderr);
    // A block ends keys for good.
    let mut back = Client::connect(address, client.next_out, 1);
    assert_eq!(back.log_on(&key, "").kind(), "5");
    assert_eq!(served.stop(), Some(0));
}

#[test]
fn a_session_that_sends_too_much_is_told_and_nothing_of_it_is_done() {
    let place = Place::new();
    let Desk { served, mut client, .. } = Desk::open(&place, &["--fix-messages-per-second", "1"]);
    // Twelve at once: the first has room, and another for each second that passes meanwhile.
    for number in 0..12 {
        client.order(&format!("burst-{number}"), 1, 1, "40=2|44=90|59=1|");
    }
    let (mut entered, mut refused) = (BTreeSet::new(), BTreeSet::new());
    while entered.len() + refused.len() < 12 {
        let message = client.read();
        match (message.kind(), message.get(150)) {
            ("8", "0") => drop(entered.insert(message.get(11).to_owned())),
            ("j", _) => {
                assert!(message.get(58).contains("1 messages a second"), "{message:?}");
                assert_eq!((message.get(372), message.get(380)), ("D", "0"), "{message:?}");
                refused.insert(message.get(379).to_owned());
            }
            _ => assert_ne!(message.kind(), "5", "{message:?}"),
        }
    }
    assert!(!entered.is_empty() && !refused.is_empty(), "{entered:?} {refused:?}");
    assert!(entered.is_disjoint(&refused));
    // The session goes on, and only what was entered is open.
    let until = Instant::now() + PATIENCE;
    let first = loop {
        client.send("AF", "584=all|585=7|");
        let answer = loop {
            let message = client.read();
            if message.kind() == "j" || message.get(150) == "I" {
                break message;
            }
        };
        if answer.kind() == "8" {
            break answer;
        }
        assert!(Instant::now() < until, "there is never room: {answer:?}");
    };
    assert_eq!(first.get(911).parse::<usize>().unwrap(), entered.len(), "{first:?}");
    assert_eq!(served.stop(), Some(0));
}

/// Reads up to the end of the connection.
fn rest(client: &mut Client) -> Vec<Message> {
    std::iter::from_fn(|| client.try_read()).collect()
}

#[test]
fn a_client_that_does_not_read_loses_its_connection_and_nothing_else() {
    const ORDERS: usize = 100;
    let place = Place::new();
    let Desk { served, address, key, mut client } = Desk::open(&place, &[]);
    for number in 0..ORDERS {
        client.order(&format!("order-{number}"), 1, 1, "40=2|44=90|59=1|");
        client.await_report("0");
    }
    // Each asks for all reports again, some 50 KiB, and nobody reads them.
    let until = Instant::now() + PATIENCE;
    while served.figure("bearpit_fix_slow_disconnects_total") < 0.5 {
        assert!(Instant::now() < until, "the connection is kept");
        let ask = client.next_out;
        client.next_out += 1;
        let message = crate::fix::written("2", ask, "DESK", "7=1|16=0|");
        if client.stream.write_all(&message).is_err() {
            break;
        }
    }
    let unread = rest(&mut client);
    assert!(unread.len() > ORDERS, "{}", unread.len());
    let until = Instant::now() + PATIENCE;
    while served.figure("bearpit_fix_slow_disconnects_total") < 0.5 {
        assert!(Instant::now() < until, "it is not counted");
    }
    // The market has gone on, and so does the session: its numbers may be set back, its orders are there.
    let mut client = Client::connect(address, 1, 1);
    client.log_on(&key, "141=Y|8013=N|");
    client.send("AF", "584=all|585=7|");
    let mut open = BTreeSet::new();
    while open.len() < ORDERS {
        let message = client.await_kind("8");
        if message.get(150) == "I" {
            assert_eq!((message.get(39), message.get(911)), ("0", "100"), "{message:?}");
            open.insert(message.get(11).to_owned());
        }
    }
    assert_eq!(served.stop(), Some(0));
}

#[test]
fn an_order_that_is_good_till_canceled_is_the_same_order_on_the_next_day() {
    let place = Place::new();
    place.scenario_with("end = 2025-03-04T00:00:00", "end = 2025-03-03T00:10:00");
    let Desk { served, mut client, .. } = Desk::open(&place, &[]);
    client.order("stays", 1, 10, "40=2|44=90|59=1|");
    let order = client.await_report("0").get(37).to_owned();
    client.order("ends", 1, 10, "40=2|44=90|59=0|");
    client.await_report("0");
    place.admin(&["speed", "600"]);
    let ended = client.await_report("C");
    assert_eq!((ended.get(11), ended.get(39)), ("ends", "C"), "{ended:?}");
    let until = Instant::now() + PATIENCE;
    while served.figure("bearpit_day") < 1.5 {
        assert!(Instant::now() < until, "the next day does not begin");
    }
    place.admin(&["speed", "10"]);
    served.await_ready(200);
    client.send("H", "11=stays|55=ACME|54=1|");
    let status = client.await_report("I");
    assert_eq!((status.get(37), status.get(39), status.get(151)), (order.as_str(), "0", "10"), "{status:?}");
    client.send("F", "11=cancel|41=stays|55=ACME|54=1|60=20250303-00:00:00.000|");
    let canceled = client.await_report("4");
    assert_eq!((canceled.get(37), canceled.get(41)), (order.as_str(), "stays"), "{canceled:?}");
    assert_eq!(served.stop(), Some(0));
}
