//! The check, message by message: what is known, what is revealed, and what each reason is for.

use proptest::prelude::*;

use super::{Anomaly, BookCheck, BookVerdict, Reason};
use bearpit_core::market::{BookRow, MessageKind, OrderMessage, QuoteLevel, Side};
use bearpit_core::units::{Price, Quantity, SimDuration};

use MessageKind::{Add, Delete, Execute, ExecuteHidden, Reduce};
use Side::{Buy, Sell};

fn level(&(price, size): &(i64, u64)) -> QuoteLevel {
    QuoteLevel { price: Price::new(price), size: Quantity::new(size) }
}

/// A row of two levels a side.
fn row(bids: &[(i64, u64)], asks: &[(i64, u64)]) -> BookRow {
    BookRow { depth: 2, bids: bids.iter().map(level).collect(), asks: asks.iter().map(level).collect() }
}

fn message(kind: MessageKind, order: u64, size: u64, price: i64, side: Side) -> OrderMessage {
    OrderMessage { since_midnight: SimDuration::ZERO, order, size: Quantity::new(size), price, side, kind }
}

/// Checks messages, each with the row after it, from a book of two bids and two asks.
fn check(steps: &[(OrderMessage, BookRow)]) -> BookVerdict {
    let mut check = BookCheck::new(2, Some(&start()));
    for (message, row) in steps {
        check.observe(message, row);
    }
    check.finish()
}

fn start() -> BookRow {
    row(&[(90, 10), (80, 20)], &[(100, 30), (110, 40)])
}

/// Returns the reasons of the first row that differs.
fn reasons(verdict: &BookVerdict) -> &[Reason] {
    verdict.differences.first().map_or(&[], |difference| &difference.reasons)
}

const BIDS: [(i64, u64); 2] = [(90, 10), (80, 20)];
const ASKS: [(i64, u64); 2] = [(100, 30), (110, 40)];

#[test]
fn orders_of_unknown_id_take_from_the_unknown_of_their_level() {
    let verdict = check(&[
        (message(Reduce, 1, 4, 90, Buy), row(&[(90, 6), (80, 20)], &ASKS)),
        (message(Execute, 2, 30, 100, Sell), row(&[(90, 6), (80, 20)], &[(110, 40), (120, 5)])),
        (message(Add, 3, 7, 90, Buy), row(&[(90, 13), (80, 20)], &[(110, 40), (120, 5)])),
        (message(Delete, 1, 6, 90, Buy), row(&[(90, 7), (80, 20)], &[(110, 40), (120, 5)])),
    ]);
    assert!(verdict.all_equal(), "{verdict:#?}");
    assert_eq!((verdict.older, verdict.revealed, verdict.out_of_priority), (3, 1, 0));
}

#[test]
fn more_than_is_of_unknown_id_is_an_anomaly_and_takes_what_there_is() {
    let verdict = check(&[
        (message(Add, 3, 7, 90, Buy), row(&[(90, 17), (80, 20)], &ASKS)),
        (message(Delete, 1, 12, 90, Buy), row(&[(90, 5), (80, 20)], &ASKS)),
    ]);
    let (price, size, there) = (Price::new(90), Quantity::new(12), Quantity::new(10));
    let anomaly = Reason::NothingUnknown { order: 1, size, price, there };
    assert_eq!(verdict.first_anomaly, Some(Anomaly { row: 2, reason: anomaly.clone() }));
    let (file, book) = (Quantity::new(5), Quantity::new(7));
    assert_eq!(reasons(&verdict), [anomaly, Reason::AtMessage { side: Buy, price, file, book }]);
}

#[test]
fn an_execution_behind_others_of_its_level_is_out_of_priority() {
    let verdict = check(&[
        (message(Add, 3, 7, 90, Buy), row(&[(90, 17), (80, 20)], &ASKS)),
        (message(Execute, 3, 7, 90, Buy), row(&BIDS, &ASKS)),
        (message(Add, 4, 7, 95, Buy), row(&[(95, 7), (90, 10)], &ASKS)),
        (message(Execute, 9, 10, 90, Buy), row(&[(95, 7), (80, 20)], &ASKS)),
    ]);
    assert!(verdict.all_equal() && verdict.out_of_priority == 2, "{verdict:#?}");
    let first = verdict.first_out_of_priority.unwrap();
    assert_eq!((first.row, first.order, first.overtaken), (2, 3, None));
}

#[test]
fn an_order_that_is_partly_filled_keeps_its_place_and_its_rest() {
    let verdict = check(&[
        (message(Add, 3, 9, 95, Buy), row(&[(95, 9), (90, 10)], &ASKS)),
        (message(Add, 4, 5, 95, Buy), row(&[(95, 14), (90, 10)], &ASKS)),
        (message(Execute, 3, 2, 95, Buy), row(&[(95, 12), (90, 10)], &ASKS)),
        (message(Reduce, 3, 3, 95, Buy), row(&[(95, 9), (90, 10)], &ASKS)),
        (message(Execute, 3, 4, 95, Buy), row(&[(95, 5), (90, 10)], &ASKS)),
        (message(Execute, 4, 5, 95, Buy), row(&BIDS, &ASKS)),
    ]);
    assert!(verdict.all_equal(), "{verdict:#?}");
    assert_eq!((verdict.anomalies, verdict.out_of_priority, verdict.older), (0, 0, 0));
}

#[test]
fn a_level_behind_the_horizon_is_forgotten_and_taken_from_the_row_when_it_returns() {
    let verdict = check(&[
        (message(Add, 3, 7, 80, Buy), row(&[(90, 10), (80, 27)], &ASKS)),
        (message(Add, 4, 1, 95, Buy), row(&[(95, 1), (90, 10)], &ASKS)),
        // Unseen, 80 has become 50; order 3 is still there.
        (message(Delete, 4, 1, 95, Buy), row(&[(90, 10), (80, 50)], &ASKS)),
        (message(Delete, 3, 7, 80, Buy), row(&[(90, 10), (80, 43)], &ASKS)),
    ]);
    assert!(verdict.all_equal(), "{verdict:#?}");
    assert_eq!((verdict.revealed, verdict.forgotten, verdict.older, verdict.anomalies), (1, 1, 0, 0));
}

#[test]
fn within_the_horizon_nothing_is_taken_from_a_row() {
    let wrong = row(&[(90, 11), (80, 20)], &ASKS);
    let verdict = check(&[
        (message(ExecuteHidden, 0, 5, 95, Sell), start()),
        (message(ExecuteHidden, 0, 5, 95, Sell), wrong),
        (message(ExecuteHidden, 0, 5, 95, Sell), start()),
    ]);
    assert_eq!((verdict.rows, verdict.equal, verdict.equal_at_touch, verdict.hidden), (3, 2, 2, 3));
    let (file, book) = (Quantity::new(11), Quantity::new(10));
    assert_eq!(reasons(&verdict), [Reason::Elsewhere { side: Buy, price: Price::new(90), file, book }]);
}

#[test]
fn a_side_with_room_to_spare_is_known_to_its_end() {
    let one = row(&BIDS, &[(100, 30)]);
    let mut check = BookCheck::new(2, Some(&one));
    check.observe(&message(ExecuteHidden, 0, 5, 95, Sell), &start());
    let verdict = check.finish();
    assert_eq!((verdict.equal, verdict.revealed), (0, 0), "110 was known to be empty");
    let (file, book) = (Quantity::new(40), Quantity::ZERO);
    assert_eq!(reasons(&verdict), [Reason::Elsewhere { side: Sell, price: Price::new(110), file, book }]);
}

#[test]
fn a_difference_that_lasts_says_since_when() {
    let missing = row(&[(90, 10), (85, 1)], &ASKS);
    let verdict = check(&[
        (message(ExecuteHidden, 0, 5, 95, Sell), missing.clone()),
        (message(Reduce, 1, 5, 90, Buy), row(&[(90, 5), (85, 1)], &ASKS)),
        (message(Add, 2, 5, 95, Buy), row(&[(95, 5), (90, 5)], &ASKS)),
    ]);
    assert_eq!((verdict.equal, verdict.equal_at_touch), (1, 3), "{verdict:#?}");
    assert_eq!(verdict.differences[1].reasons, [Reason::Lasting { levels: 1, since: 1 }]);
    assert_eq!(verdict.first_difference.unwrap().file, missing);
}

#[test]
fn messages_that_do_not_fit_their_order_are_reported() {
    let added = || (message(Add, 3, 7, 90, Buy), row(&[(90, 17), (80, 20)], &ASKS));
    let [at, elsewhere] = [Price::new(90), Price::new(80)];
    let [seven, eight] = [Quantity::new(7), Quantity::new(8)];
    for (wrong, wanted) in [
        (message(Add, 3, 1, 80, Buy), Reason::RestsAlready { order: 3 }),
        (message(Delete, 3, 8, 90, Buy), Reason::SizeOfOrder { order: 3, size: eight, leaves: seven }),
        (message(Execute, 3, 8, 90, Buy), Reason::SizeOfOrder { order: 3, size: eight, leaves: seven }),
        (
            message(Reduce, 3, 1, 80, Buy),
            Reason::RestsElsewhere { order: 3, side: Buy, at, side_named: Buy, named: elsewhere },
        ),
        (message(Add, 4, 8, 100, Buy), Reason::Crosses { order: 4, traded: eight, price: Price::new(100) }),
    ] {
        let verdict = check(&[added(), (wrong, start())]);
        assert_eq!(verdict.first_anomaly, Some(Anomaly { row: 2, reason: wanted }), "{wrong:?}");
        assert_eq!(verdict.anomalies, 1);
    }
}

#[test]
fn the_first_row_less_the_first_message_is_the_book_before() {
    let after = row(&[(90, 10), (80, 20)], &ASKS);
    for first in [
        message(Add, 1, 4, 90, Buy),
        message(Add, 1, 10, 90, Buy),
        message(Delete, 1, 4, 95, Buy),
        message(Execute, 1, 4, 100, Sell),
        message(Reduce, 1, 4, 80, Buy),
        message(ExecuteHidden, 0, 4, 95, Buy),
    ] {
        let mut check = BookCheck::new(2, None);
        check.observe(&first, &after);
        check.observe(&message(ExecuteHidden, 0, 1, 95, Buy), &after);
        let verdict = check.finish();
        assert!(verdict.all_equal() && verdict.anomalies + verdict.revealed == 0, "{first:?}: {verdict:#?}");
        assert_eq!(verdict.older, u64::from(first.kind.refers()));
    }
}

#[test]
fn reasons_are_sentences() {
    let [size, there] = [Quantity::new(12), Quantity::new(10)];
    let reason = Reason::NothingUnknown { order: 1, size, price: Price::new(1_186_000), there };
    let wanted =
        "order 1 is not known, and of the 12 that the message takes off at 118.6, only 10 are of unknown id";
    assert_eq!(reason.to_string(), wanted);
}

/// Messages and rows that have nothing to do with each other.
fn any_step() -> impl Strategy<Value = (OrderMessage, BookRow)> {
    let kind = prop::sample::select(vec![Add, Add, Reduce, Delete, Execute, ExecuteHidden]);
    let side = prop::sample::select(vec![Buy, Sell]);
    let message = (kind, 1..8_u64, 1..20_u64, 95..106_i64, side)
        .prop_map(|(kind, order, size, price, side)| message(kind, order, size, price, side));
    let levels = || prop::collection::btree_map(95..106_i64, 1..40_u64, 0..3);
    let row = (levels(), levels()).prop_map(|(bids, asks)| {
        let bids: Vec<(i64, u64)> = bids.into_iter().rev().collect();
        let asks: Vec<(i64, u64)> = asks.into_iter().collect();
        row(&bids, &asks)
    });
    (message, row)
}

proptest! {
    #[test]
    fn prop_no_messages_make_the_check_panic(steps in prop::collection::vec(any_step(), 1..60)) {
        let mut check = BookCheck::new(2, None);
        for (message, row) in &steps {
            check.observe(message, row);
        }
        let verdict = check.finish();
        prop_assert_eq!(verdict.rows, steps.len() as u64);
        prop_assert!(verdict.equal <= verdict.equal_at_touch && verdict.equal_at_touch <= verdict.rows);
        prop_assert_eq!(verdict.differences.is_empty(), verdict.all_equal());
        for difference in &verdict.differences {
            prop_assert!(!difference.reasons.is_empty(), "{:?}", difference);
        }
    }
}
