//! Every field of an order at the ends of its type, and pairs of them: the gate admits or refuses, and never
//! panics.

use super::*;
use crate::account::Credit;
use crate::market::extremes::{commands, variants};
use crate::market::{Command, CommandKind, OrderKind, TrailingDistance};

/// Accounts that can pay for much, for little, and without a limit, each with an open bracket and stop.
fn desks() -> Vec<Desk> {
    let unlimited = AccountConfig { credit: Credit::Unlimited, ..AccountConfig::default() };
    let mut desks = vec![Desk::new(1 << 50, 1 << 40, 1 << 40), Desk::new(100, 1, 1), Desk::of(&unlimited)];
    for desk in &mut desks {
        let bracket = bracket(buy(1, 10), 12, 9);
        assert_eq!(desk.submit(bracket), Ok(0));
        desk.submit(stop(Side::Buy, 1, 11)).unwrap();
        let trailing = OrderKind::TrailingStop { distance: TrailingDistance::Ticks(1), protection: None };
        desk.submit(OrderTerms { kind: trailing, ..sell(1, 1) }).unwrap();
    }
    desks
}

/// Asks the gate for what a command asks a venue, by an account that stays the same.
fn ask(desk: &mut Desk, command: &Command) -> Option<bool> {
    let before = desk.account.clone();
    let admitted = match command.kind {
        CommandKind::New(terms) => {
            for reference in [None, Some(Price::new(100)), Some(Price::new(Price::MAX_TICKS))] {
                let id = OrderId::new(desk.next);
                desk.with(|account, at| account.admit(id, terms, at, reference)).ok();
                desk.account = before.clone();
            }
            desk.submit(terms).is_ok()
        }
        CommandKind::Replace(new) => {
            let ids = [0, 1, 2, 3, 6];
            let done = ids.map(|id| desk.change(id, new).is_ok());
            done.contains(&true)
        }
        _ => return None,
    };
    desk.next = 9;
    desk.account = before;
    Some(admitted)
}

#[test]
fn fields_at_their_ends_are_admitted_or_refused() {
    // A part of the pairs in a debug build.
    const EVERY: usize = if cfg!(debug_assertions) { 151 } else { 5 };
    for mut desk in desks() {
        let (mut admitted, mut refused) = (0, 0);
        let single = commands().into_iter().flat_map(|command| variants(&command));
        let pairs = single.clone().flat_map(|command| variants(&command)).step_by(EVERY);
        for command in single.chain(pairs) {
            match ask(&mut desk, &command) {
                Some(true) => admitted += 1,
                Some(false) => refused += 1,
                None => {}
            }
        }
        assert!(admitted > 20 && refused > 1_000, "{admitted} admitted, {refused} refused");
    }
}
