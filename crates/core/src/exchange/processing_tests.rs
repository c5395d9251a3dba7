//! A venue that takes time over commands: when they are executed, in which order, and what comes too late.

use std::cell::RefCell;
use std::rc::Rc;

use actix::{Actor, Handler};

use super::{BuildError, MarketBuilder};
use crate::account::AccountConfig;
use crate::kernel::{LatencyError, LatencyModel, Wakeup};
use crate::market::{ExecutionReport, Fees, Instrument, OrderTerms, ReportKind, Side};
use crate::participant::{Context, Latencies, MarketData, ParticipantConfig};
use crate::units::{ListingId, Money, Price, Quantity, Seed, SimDuration, SimTime};

const LISTING: ListingId = ListingId::new(0);

/// Bids one lot at each of its times, and notes when it hears what of the order.
struct Bidder {
    number: u32,
    times: Vec<SimTime>,
    heard: Heard,
}

/// Number of the agent, microseconds after the open, and whether the order was accepted.
type Heard = Rc<RefCell<Vec<(u32, i64, bool)>>>;

impl Actor for Bidder {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        for at in &self.times {
            ctx.wake_at(*at, 0);
        }
    }
}

impl Handler<Wakeup> for Bidder {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        let terms = OrderTerms::limit(Side::Buy, Quantity::new(1), Price::new(9_990));
        ctx.submit(LISTING, terms).unwrap();
    }
}

impl Handler<ExecutionReport> for Bidder {
    type Result = ();

    fn handle(&mut self, report: ExecutionReport, ctx: &mut Context) {
        let after = (ctx.now() - open()).nanos() / 1_000;
        match report.kind {
            ReportKind::Accepted => self.heard.borrow_mut().push((self.number, after, true)),
            ReportKind::Rejected(_) => self.heard.borrow_mut().push((self.number, after, false)),
            _ => {}
        }
    }
}

crate::ignore_messages!(Bidder: MarketData);

fn open() -> SimTime {
    "2025-03-03T09:30:00".parse().unwrap()
}

fn after(micros: i64) -> SimTime {
    open() + SimDuration::from_micros(micros)
}

/// Runs a venue of a millisecond that takes `processing` over each command; each agent bids at its times, and
/// what it sends takes as long as it is written beside them.
fn heard(processing: i64, agents: &[(&[i64], i64)]) -> Vec<(u32, i64, bool)> {
    let mut builder = MarketBuilder::new(Seed::new(1), open(), after(1_000)).unwrap();
    let instrument = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let acme = builder.instrument(instrument, None);
    let venue = builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
    builder.processing(venue, SimDuration::from_micros(processing));
    let heard = Heard::default();
    for (number, (times, latency)) in (0..).zip(agents) {
        let account = AccountConfig { cash: Money::from_whole(1_000_000), ..AccountConfig::default() };
        let entry = LatencyModel::Constant(SimDuration::from_micros(*latency));
        let config = ParticipantConfig::new("bidder").with_account(account);
        let config = config.with_latencies(Latencies { entry, ..Latencies::NONE });
        let times = times.iter().map(|micros| after(*micros)).collect();
        let bidder = Bidder { number, times, heard: Rc::clone(&heard) };
        builder.agent(&format!("bidder-{number}"), config, bidder).unwrap();
    }
    builder.open().unwrap().run().unwrap();
    heard.take()
}

/// Two arrive at 20 µs, the one first that was sent first, and one at 25: they are done at 30, 40 and 50. One
/// that finds nobody waits its own time.
#[test]
fn commands_are_executed_one_after_another_in_the_order_of_arrival() {
    let agents: [(&[i64], i64); 2] = [(&[10, 15, 200], 10), (&[0], 20)];
    let expected = [(1, 30), (0, 40), (0, 50), (0, 220)].map(|(number, at)| (number, at, true));
    assert_eq!(heard(10, &agents), expected);
    let at_once = [(1, 20), (0, 20), (0, 25), (0, 210)].map(|(number, at)| (number, at, true));
    assert_eq!(heard(0, &agents), at_once);
}

#[test]
fn what_waits_at_the_close_is_rejected_then() {
    let agents: [(&[i64], i64); 1] = [(&[890, 891, 892], 0)];
    assert_eq!(heard(50, &agents), [(0, 940, true), (0, 990, true), (0, 1_000, false)]);
}

#[test]
fn a_time_that_no_latency_may_have_is_refused() {
    let mut builder = MarketBuilder::new(Seed::new(1), open(), after(1_000)).unwrap();
    let venue = builder.venue("PIT", Fees::default(), Latencies::NONE, &[]);
    let back = SimDuration::from_nanos(-1);
    builder.processing(venue, back);
    let cause = LatencyError::SpanOutOfRange(back);
    let refused = builder.open().map(|_| ());
    assert_eq!(refused, Err(BuildError::Latencies { name: "PIT".to_owned(), cause }));
}
