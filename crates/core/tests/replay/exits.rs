//! One-exit brackets, stop-limit exits, pairs, and replaces of more than price and quantity, in a replay and
//! in a book: the same things happen to them, in the same order (rules 18 and 19).

use std::cell::RefCell;
use std::rc::Rc;

use actix::{Actor, Handler};
use bearpit_core::kernel::Wakeup;
use bearpit_core::market::{
    ExecutionReport, Link, OrderKind, OrderTerms, Replacement, ReportKind, Side, StopLoss, TimeInForce,
    TrailingDistance,
};
use bearpit_core::participant::{Context, MarketData};
use bearpit_core::units::{OrderId, Price, Quantity, SimDuration};

use super::brackets::{LISTING, Lines, file, limit, told_by};

/// Sends one order, replaces an order of its once, and writes down what becomes of all; they are called by
/// how far their ids are above the first.
struct Sender {
    terms: OrderTerms,
    change: Option<(u64, Replacement)>,
    first: Option<OrderId>,
    lines: Lines,
}

impl Actor for Sender {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        ctx.wake_at(ctx.now() + SimDuration::from_secs(60), 0);
        // Within the first bar, or after the first minutes of the book.
        ctx.wake_at(ctx.now() + SimDuration::from_secs(5_400), 1);
    }
}

impl Handler<Wakeup> for Sender {
    type Result = ();

    fn handle(&mut self, wakeup: Wakeup, ctx: &mut Context) {
        match (wakeup.tag, self.first, self.change) {
            (0, ..) => self.first = ctx.submit(LISTING, self.terms).ok(),
            (_, Some(first), Some((above, new))) => {
                let order = OrderId::new(first.get() + above);
                ctx.replace_terms(order, new).unwrap();
            }
            _ => {}
        }
    }
}

impl Handler<ExecutionReport> for Sender {
    type Result = ();

    fn handle(&mut self, report: ExecutionReport, _: &mut Context) {
        let number = self.first.map_or(0, |first| report.order.get() - first.get());
        let what = match report.kind {
            ReportKind::Accepted => "accepted".to_owned(),
            ReportKind::Replaced { price, leaves } => format!("replaced {leaves} at {}", price.ticks()),
            ReportKind::TermsReplaced { kind, time_in_force, leaves } => {
                format!("replaced {leaves} {} {time_in_force}", kind.name())
            }
            ReportKind::Filled { price, quantity, .. } => format!("filled {quantity} at {}", price.ticks()),
            ReportKind::Triggered { trigger } => format!("triggered at {}", trigger.ticks()),
            ReportKind::Canceled(reason) => format!("canceled {}", reason.name()),
            ReportKind::Expired(reason) => format!("expired {}", reason.name()),
            ReportKind::Grown { leaves } => format!("grown to {leaves}"),
            ReportKind::Reduced { leaves, .. } => format!("reduced to {leaves}"),
            ReportKind::Rejected(reason) | ReportKind::CommandRejected(reason) => {
                format!("rejected {}", reason.name())
            }
            _ => format!("{:?}", report.kind),
        };
        self.lines.borrow_mut().push(format!("{number} {what}"));
    }
}

bearpit_core::ignore_messages!(Sender: MarketData);

/// Rows of a file: open, high, low, close, volume.
type Rows<'a> = &'a [(i64, i64, i64, i64, u64)];

/// What others do in a book in place of the file: after so many seconds, from the start.
type Flow = Vec<(u64, OrderTerms)>;

/// Says what becomes of an order and of those that it enters, in a replay and in a book.
fn both(
    terms: OrderTerms,
    change: Option<(u64, Replacement)>,
    rows: Rows<'_>,
    flow: Flow,
) -> [Vec<String>; 2] {
    [(file(rows), Vec::new()), (None, flow)].map(|(replay, flow)| {
        let lines = Lines::new(RefCell::new(Vec::new()));
        let sender = Sender { terms, change, first: None, lines: Rc::clone(&lines) };
        told_by(replay, flow, sender);
        lines.take()
    })
}

fn with(link: Link, terms: OrderTerms) -> OrderTerms {
    OrderTerms { link, ..terms }
}

const fn stop(trigger: i64) -> Option<StopLoss> {
    Some(StopLoss::at(Price::new(trigger)))
}

const CALM: (i64, i64, i64, i64, u64) = (101, 102, 100, 101, 50);

#[test]
fn a_bracket_with_one_exit_takes_its_profit() {
    let link = Link::Bracket { take_profit: Some(Price::new(110)), stop_loss: None };
    let rows = [(101, 102, 99, 101, 6), (101, 112, 101, 111, 50)];
    let flow = vec![(120, limit(Side::Sell, 6, 100)), (180, limit(Side::Buy, 6, 110))];
    let [replayed, matched] = both(with(link, limit(Side::Buy, 10, 100)), None, &rows, flow);
    let expected =
        ["0 accepted", "0 filled 6 at 100", "1 accepted", "1 filled 6 at 110", "0 canceled linked"];
    assert_eq!((&replayed[..], &matched[..]), (&expected.map(str::to_owned)[..], &replayed[..]));
}

#[test]
fn a_bracket_with_one_exit_limits_its_loss() {
    let link = Link::Bracket { take_profit: None, stop_loss: stop(95) };
    let rows = [(101, 102, 99, 101, 6), (95, 96, 90, 94, 50)];
    let flow = vec![
        (120, limit(Side::Sell, 6, 100)),
        (180, limit(Side::Buy, 7, 95)),
        // The rest of the entry buys at 100 what is sold below.
        (240, limit(Side::Sell, 5, 95)),
    ];
    let [replayed, matched] = both(with(link, limit(Side::Buy, 10, 100)), None, &rows, flow);
    assert_eq!(
        replayed,
        [
            "0 accepted",
            "0 filled 6 at 100",
            "2 accepted",
            "2 triggered at 95",
            "0 canceled linked",
            "2 filled 6 at 95",
        ]
    );
    assert_eq!(
        matched,
        [
            "0 accepted",
            "0 filled 6 at 100",
            "2 accepted",
            "0 filled 4 at 100",
            "2 grown to 10",
            "2 triggered at 95",
            "2 filled 6 at 95",
            "2 canceled ioc_remainder",
        ]
    );
}

#[test]
fn a_stop_with_a_limit_is_an_exit_that_rests() {
    let loss = StopLoss::Limit { trigger: Price::new(95), limit: Price::new(93) };
    let link = Link::Bracket { take_profit: Some(Price::new(110)), stop_loss: Some(loss) };
    let rows = [(101, 102, 99, 101, 50), (90, 92, 90, 91, 50), (92, 94, 92, 94, 50)];
    let flow = vec![
        (120, limit(Side::Sell, 10, 100)),
        (180, limit(Side::Buy, 1, 92)),
        (240, limit(Side::Sell, 1, 92)),
        (300, limit(Side::Buy, 10, 93)),
    ];
    let [replayed, matched] = both(with(link, limit(Side::Buy, 10, 100)), None, &rows, flow);
    let expected = [
        "0 accepted",
        "0 filled 10 at 100",
        "1 accepted",
        "2 accepted",
        "2 triggered at 95",
        "2 filled 10 at 93",
        "1 canceled linked",
    ];
    assert_eq!((&replayed[..], &matched[..]), (&expected.map(str::to_owned)[..], &replayed[..]));
}

#[test]
fn a_pair_enters_together_and_one_cancels_the_other() {
    let pair = with(Link::Pair(StopLoss::at(Price::new(95))), limit(Side::Sell, 10, 110));
    let rows = [CALM, (101, 111, 101, 108, 4), (108, 115, 108, 115, 50)];
    let flow = vec![(120, limit(Side::Buy, 4, 110)), (180, limit(Side::Buy, 6, 110))];
    let [replayed, matched] = both(pair, None, &rows, flow);
    let expected = [
        "0 accepted",
        "1 accepted",
        "0 filled 4 at 110",
        "1 reduced to 6",
        "0 filled 6 at 110",
        "1 canceled linked",
    ];
    assert_eq!((&replayed[..], &matched[..]), (&expected.map(str::to_owned)[..], &replayed[..]));
    let rows = [CALM, (101, 101, 94, 94, 50)];
    let flow = vec![(120, limit(Side::Buy, 11, 95)), (180, limit(Side::Sell, 1, 95))];
    let [replayed, matched] = both(pair, None, &rows, flow);
    let expected =
        ["0 accepted", "1 accepted", "1 triggered at 95", "1 filled 10 at 95", "0 canceled linked"];
    assert_eq!((&replayed[..], &matched[..]), (&expected.map(str::to_owned)[..], &replayed[..]));
}

#[test]
fn a_pair_whose_exits_are_on_the_wrong_sides_is_refused() {
    let pair = with(Link::Pair(StopLoss::at(Price::new(110))), limit(Side::Sell, 10, 110));
    for told in both(pair, None, &[CALM], Vec::new()) {
        assert_eq!(told, [""; 0], "the gate refuses it");
    }
}

#[test]
fn a_trailing_stop_with_another_distance_counts_from_the_best_price() {
    let distance = TrailingDistance::Ticks(10);
    let kind = OrderKind::TrailingStop { distance, protection: None };
    let trailing = OrderTerms::new(Side::Sell, Quantity::new(10), kind);
    let closer = Replacement { distance: Some(TrailingDistance::Ticks(5)), ..Replacement::default() };
    // The best price is 108 before the replace at half past nine, and 106 after it.
    let rows = [(101, 108, 101, 106, 50), (106, 106, 100, 100, 50)];
    let flow = vec![
        (120, limit(Side::Buy, 1, 108)),
        (130, limit(Side::Sell, 1, 108)),
        (140, limit(Side::Buy, 1, 106)),
        (150, limit(Side::Sell, 1, 106)),
        (6_000, limit(Side::Buy, 11, 103)),
        (6_010, limit(Side::Sell, 1, 103)),
    ];
    let [replayed, matched] = both(trailing, Some((0, closer)), &rows, flow);
    let expected =
        ["0 accepted", "0 replaced 10 trailing_stop GTC", "0 triggered at 103", "0 filled 10 at 103"];
    assert_eq!((&replayed[..], &matched[..]), (&expected.map(str::to_owned)[..], &replayed[..]));
}

#[test]
fn another_time_in_force_ends_an_order_with_its_day() {
    let day = Replacement { time_in_force: Some(TimeInForce::Day), ..Replacement::default() };
    let told = both(limit(Side::Buy, 10, 50), Some((0, day)), &[CALM, CALM], Vec::new());
    assert_eq!(told[0][..2], ["0 accepted", "0 replaced 10 limit DAY"]);
    assert_eq!(told[0].last().unwrap(), "0 expired session_closed");
    assert_eq!(told[1][..2], ["0 accepted", "0 replaced 10 limit DAY"]);
}

#[test]
fn the_trigger_of_a_stop_limit_order_is_replaced_apart_from_its_limit() {
    let kind = OrderKind::StopLimit { trigger: Price::new(50), limit: Price::new(40) };
    let stop = OrderTerms::new(Side::Sell, Quantity::new(10), kind);
    let nearer = Replacement { trigger: Some(Price::new(95)), ..Replacement::default() };
    let rows = [CALM, (101, 101, 94, 94, 50)];
    let flow = vec![(6_000, limit(Side::Buy, 11, 95)), (6_010, limit(Side::Sell, 1, 95))];
    let [replayed, matched] = both(stop, Some((0, nearer)), &rows, flow);
    let expected = ["0 accepted", "0 replaced 10 stop_limit GTC", "0 triggered at 95", "0 filled 10 at 95"];
    assert_eq!((&replayed[..], &matched[..]), (&expected.map(str::to_owned)[..], &replayed[..]));
}
