//! Reports that nobody handles are booked when accounts are looked at: nobody can tell.

use actix::{Actor, Handler};
use bearpit_core::account::{AccountConfig, Financing};
use bearpit_core::exchange::{Market, MarketBuilder};
use bearpit_core::kernel::{LatencyModel, Wakeup};
use bearpit_core::market::{ExecutionReport, Fees, Instrument, OrderTerms, Side, TimeInForce};
use bearpit_core::participant::{CancelScope, Context, Latencies, MarketData, ParticipantConfig};
use bearpit_core::units::{FeeRate, ListingId, Money, OrderId, Price, Quantity, Seed, SimDuration, SimTime};
use rand::RngExt;

const LISTING: ListingId = ListingId::new(0);

/// Sends all kinds of commands at random, also about orders that may be over, and some that close a position
/// only.
fn act(ctx: &mut Context) {
    let open: Vec<OrderId> = ctx.account().unwrap().open_orders().iter().map(|order| order.id).collect();
    let side = if ctx.rng().random::<bool>() { Side::Buy } else { Side::Sell };
    let price = Price::new(ctx.rng().random_range(990..1_010));
    let quantity = Quantity::new(ctx.rng().random_range(1..30));
    let terms = OrderTerms::limit(side, quantity, price);
    // What is refused is in the digest.
    match ctx.rng().random_range(0..12) {
        0 => drop(ctx.cancel_all(CancelScope::All, None)),
        1 => drop(ctx.mass_cancel(LISTING, Some(side))),
        2 | 3 => drop(ctx.submit(LISTING, OrderTerms { reduce_only: true, ..terms })),
        4 | 5 => drop(open.first().map(|order| ctx.cancel(*order))),
        6 => drop(open.last().map(|order| ctx.replace(*order, price, quantity))),
        7 => drop(ctx.submit(LISTING, terms.with(TimeInForce::Ioc))),
        _ => drop(ctx.submit(LISTING, terms)),
    }
    let pause = ctx.rng().random_range(0..400);
    ctx.wake_after(SimDuration::from_micros(pause), 0);
}

/// Handles reports, and does nothing then.
struct Hearing;
/// Has no use for reports.
struct Deaf;

impl Actor for Hearing {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        act(ctx);
    }
}

impl Actor for Deaf {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        act(ctx);
    }
}

impl Handler<Wakeup> for Hearing {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        act(ctx);
    }
}

impl Handler<Wakeup> for Deaf {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        act(ctx);
    }
}

impl Handler<ExecutionReport> for Hearing {
    type Result = ();

    fn handle(&mut self, _: ExecutionReport, _: &mut Context) {}
}

bearpit_core::ignore_messages!(Hearing: MarketData);
bearpit_core::ignore_messages!(Deaf: ExecutionReport, MarketData);

fn market(seed: u64, latency: &LatencyModel, hears: bool) -> Market {
    let open: SimTime = "2025-03-03T09:30:00".parse().unwrap();
    let mut builder = MarketBuilder::new(Seed::new(seed), open, open + SimDuration::from_secs(1)).unwrap();
    let acme = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let acme = builder.instrument(acme, None);
    builder.sample_interval(SimDuration::from_millis(50));
    builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
    let rate = FeeRate::from_bps("10000".parse().unwrap()).unwrap();
    let financing = Financing { credit: rate, debit: rate, borrow: rate };
    for number in 0..8 {
        let account = AccountConfig {
            cash: Money::from_whole(300),
            holdings: vec![(acme, Quantity::new(40))],
            max_short: vec![(acme, Quantity::new(20))],
            // Some accounts are marked at each fill, so theirs do not wait.
            tracked: number % 4 == 0,
            // Some are financed on what they have when all are marked.
            financing: if number % 4 == 1 { financing } else { Financing::NONE },
            ..AccountConfig::default()
        };
        let latencies = Latencies::all(latency.clone());
        let config = ParticipantConfig::new("agent").with_account(account).with_latencies(latencies);
        let name = format!("agent-{number}");
        if hears {
            builder.agent(&name, config, Hearing).unwrap();
        } else {
            builder.agent(&name, config, Deaf).unwrap();
        }
    }
    builder.open().unwrap()
}

#[test]
fn accounts_and_facts_are_as_if_each_report_were_delivered() {
    let micros = SimDuration::from_micros;
    let uniform = LatencyModel::Uniform { min: SimDuration::ZERO, max: micros(500) };
    for (seed, latency) in (1..).zip([LatencyModel::NONE, LatencyModel::Constant(micros(300)), uniform]) {
        let [mut hearing, mut deaf] = [true, false].map(|hears| market(seed, &latency, hears));
        hearing.start();
        deaf.start();
        let open = hearing.world().now();
        for step in 1..=1_000 {
            let until = open + micros(1_000 * step);
            hearing.step(until, u64::MAX).unwrap();
            deaf.step(until, u64::MAX).unwrap();
            let [heard, unread] = [&hearing, &deaf].map(|it| it.world().domain());
            assert_eq!(heard.accounts(), unread.accounts(), "{latency:?}, step {step}");
            assert_eq!(heard.tape().facts(), unread.tape().facts());
        }
        let [events, fewer] = [&hearing, &deaf].map(|it| it.world().events());
        assert!(fewer < events * 9 / 10, "{fewer} events of {events}");
        hearing.settle().unwrap();
        deaf.settle().unwrap();
        assert_eq!(hearing.world().domain().accounts(), deaf.world().domain().accounts());
        assert_eq!(hearing.digest(), deaf.digest());
        assert!(hearing.world().domain().tape().trades() > 300);
        assert!(deaf.world().domain().accounts().iter().any(|account| account.financed() != Money::ZERO));
    }
}
