//! Kill switches while the first fill of a bracket is under way: nobody can name its exits yet, and they
//! enter before the cancel arrives.

use super::*;

use bearpit_core::account::OpenOrders;
use bearpit_core::market::{Link, StopLoss};
use bearpit_core::participant::CancelScope;

/// Enters a bracket, and cancels when its first fill is under way.
struct Canceler(CancelScope);

impl Actor for Canceler {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        ctx.submit(LISTING, bracket()).unwrap();
        ctx.wake_at(after(12), 0);
    }
}

impl Handler<Wakeup> for Canceler {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        ctx.cancel_all(self.0, None);
    }
}

bearpit_core::ignore_messages!(Canceler: ExecutionReport, MarketData);

fn bracket() -> OrderTerms {
    let link = Link::Bracket {
        take_profit: Some(Price::new(10_100)),
        stop_loss: Some(StopLoss::at(Price::new(9_800))),
    };
    OrderTerms { link, ..limit(Side::Buy, 10, 10_000) }
}

/// A market where commands and reports take five milliseconds.
fn slow() -> MarketBuilder {
    let mut builder = MarketBuilder::new(Seed::new(7), open(), after(60_000)).unwrap();
    let acme = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let acme = builder.instrument(acme, None);
    let five = LatencyModel::Constant(SimDuration::from_millis(5));
    builder.venue("PIT", Fees::default(), Latencies::all(five), &[acme]);
    builder.agent("a", desk(100_000, 1_000), Desk).unwrap();
    builder.agent("b", desk(100_000, 1_000), Desk).unwrap();
    builder
}

/// Lets `b` sell four of the ten lots that a bracket bids for, so that the fill is at the venue at 9 ms and
/// known at 14; returns what `owner` has open in the end, at its account, and what its exits then sell.
fn left_open(live: &mut Live, owner: &str) -> (OpenOrders, usize) {
    live.submit(4, "b", limit(Side::Sell, 4, 10_000)).unwrap();
    live.market.step(after(40), u64::MAX).unwrap();
    let id = live.id(owner);
    let open = live.market.world().domain().account(id).unwrap().open_orders().clone();
    // An exit that still works sells to this.
    let held = live.market.world().domain().account(id).unwrap().holding(ACME).lots();
    live.submit(41, "b", limit(Side::Buy, 20, 10_100)).unwrap();
    live.market.step(after(80), u64::MAX).unwrap();
    let after = live.market.world().domain().account(id).unwrap().holding(ACME).lots();
    (open, usize::try_from(held - after).unwrap_or(usize::MAX))
}

#[test]
fn a_kill_switch_from_outside_takes_out_exits_that_it_cannot_name() {
    for instruction in [Instruction::MassCancel { listing: LISTING, side: None }, Instruction::Disconnect] {
        let mut live = Live::start(slow());
        live.submit(1, "a", bracket()).unwrap();
        live.submit(4, "b", limit(Side::Sell, 4, 10_000)).unwrap();
        live.instruct(12, "a", instruction).unwrap();
        let id = live.id("a");
        let account = |live: &Live| live.market.world().domain().account(id).unwrap().open_orders().clone();
        let open = account(&live);
        assert_eq!(open.len(), 3, "the fill is not known yet");
        assert!(open.iter().all(|order| order.cancel_sent));
        live.market.step(after(40), u64::MAX).unwrap();
        assert!(account(&live).is_empty());
        assert_eq!(live.market.world().domain().account(id).unwrap().holding(ACME).lots(), 1_004);
        live.finish();
    }
}

#[test]
fn canceling_all_leaves_nothing_working_and_canceling_entries_leaves_the_exits() {
    for (scope, sold) in [(CancelScope::All, 0), (CancelScope::Entries, 4)] {
        let mut builder = slow();
        builder.agent("c", desk(100_000, 0), Canceler(scope)).unwrap();
        let mut live = Live::start(builder);
        let (open, gone) = left_open(&mut live, "c");
        let exits = open.iter().filter(|order| order.is_exit && order.leaves == Quantity::new(4)).count();
        assert_eq!((open.len(), exits, gone), if sold == 0 { (0, 0, 0) } else { (2, 2, sold) }, "{scope:?}");
        live.finish();
    }
}

#[test]
fn without_a_bracket_that_waits_each_order_is_sent_its_own_cancel() {
    struct Plain;

    impl Actor for Plain {
        type Context = Context;

        fn started(&mut self, ctx: &mut Context) {
            let orders = [9_000, 9_100].map(|ticks| ctx.submit(LISTING, limit(Side::Buy, 1, ticks)).unwrap());
            assert_eq!(ctx.cancel_all(CancelScope::All, Some(ListingId::new(1))), []);
            assert_eq!(ctx.cancel_all(CancelScope::All, Some(LISTING)), orders);
            assert_eq!(ctx.cancel_all(CancelScope::All, None), [], "they have been canceled already");
        }
    }

    bearpit_core::ignore_messages!(Plain: Wakeup, ExecutionReport, MarketData);

    let mut builder = slow();
    builder.agent("c", desk(100_000, 0), Plain).unwrap();
    let mut live = Live::start(builder);
    live.market.step(after(40), u64::MAX).unwrap();
    let id = live.id("c");
    assert!(live.market.world().domain().account(id).unwrap().open_orders().is_empty());
    live.finish();
}
