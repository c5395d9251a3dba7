//! Worked by hand: one venue is far, and what the router has seen there is not what its order finds.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use actix::{Actor, Handler};
use bearpit_agents::{RouterConfig, SmartOrderRouter};
use bearpit_core::exchange::{ListingConfig, MarketBuilder};
use bearpit_core::kernel::{LatencyModel, Wakeup};
use bearpit_core::market::{
    ExecutionReport, Fact, Fees, Instrument, OrderTerms, Phase, Side, SinkError, Stamped, TapeSink,
};
use bearpit_core::participant::{Context, Latencies, MarketData, ParticipantConfig};
use bearpit_core::units::{ActorId, ListingId, OrderId, Price, Quantity, Seed, SimDuration, SimTime};

use crate::{ACME, account};

/// The near venue, reached within 0.1 ms, and the far one, within 10 ms.
const NEAR: ListingId = ListingId::new(0);
const FAR: ListingId = ListingId::new(1);
const MICROS: [i64; 2] = [100, 10_000];

/// Offers a quantity at a price half a second after the start, and cancels it so many microseconds after it.
struct Shelf {
    listing: ListingId,
    lots: u64,
    ticks: i64,
    cancel_at: Option<i64>,
    order: Option<OrderId>,
}

impl Actor for Shelf {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        ctx.wake_after(SimDuration::from_millis(500), 0);
        if let Some(micros) = self.cancel_at {
            ctx.wake_after(SimDuration::from_micros(micros), 1);
        }
    }
}

impl Handler<Wakeup> for Shelf {
    type Result = ();

    fn handle(&mut self, wakeup: Wakeup, ctx: &mut Context) {
        match self.order {
            Some(order) if wakeup.tag == 1 => ctx.cancel(order).unwrap(),
            _ => {
                let terms = OrderTerms::limit(Side::Sell, Quantity::new(self.lots), Price::new(self.ticks));
                self.order = Some(ctx.submit(self.listing, terms).unwrap());
            }
        }
    }
}

bearpit_core::ignore_messages!(Shelf: ExecutionReport, MarketData);

/// What venues did with the router's orders: microseconds after the start, the venue, and what.
#[derive(Default)]
struct Trail {
    router: Option<ActorId>,
    orders: BTreeSet<OrderId>,
    lines: Vec<String>,
}

struct Follower(SimTime, Rc<RefCell<Trail>>);

impl TapeSink for Follower {
    fn take(&mut self, fact: Stamped<'_>) -> Result<(), SinkError> {
        let it = &mut *self.1.borrow_mut();
        let (listing, said) = match fact.fact {
            Fact::OrderAccepted { order, owner, terms, listing, .. } if Some(*owner) == it.router => {
                it.orders.insert(*order);
                (*listing, format!("accepted {}", terms.quantity.lots()))
            }
            Fact::OrderRejected { owner, listing, reason, .. } if Some(*owner) == it.router => {
                (*listing, format!("rejected {}", reason.name()))
            }
            Fact::OrderCanceled { order, listing, .. } if it.orders.contains(order) => {
                (*listing, "canceled".to_owned())
            }
            Fact::Traded(trade) if Some(trade.taker) == it.router => {
                (trade.listing, format!("bought {} at {}", trade.quantity.lots(), trade.price.ticks()))
            }
            _ => return Ok(()),
        };
        let venue = if listing == NEAR { "near" } else { "far" };
        it.lines.push(format!("{} {venue} {said}", (fact.at - self.0).nanos() / 1_000));
        Ok(())
    }
}

/// Runs a router that buys 100 lots two seconds after the start, before shelves of both venues.
fn trail(shelves: Vec<Shelf>, far_closes_at: Option<i64>, sync: bool) -> Vec<String> {
    let start: SimTime = "2025-03-03T09:30:00".parse().unwrap();
    let mut builder = MarketBuilder::new(Seed::new(1), start, start + SimDuration::from_secs(10)).unwrap();
    builder.instrument(Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap(), None);
    for (name, micros) in ["near", "far"].into_iter().zip(MICROS) {
        let wire = LatencyModel::Constant(SimDuration::from_micros(micros));
        builder.venue(name, Fees::default(), Latencies::all(wire), &[ACME]);
    }
    if let Some(micros) = far_closes_at {
        let closes = (start + SimDuration::from_micros(micros), Phase::Closed);
        let schedule = vec![(start, Phase::Continuous), closes];
        builder.listing_config(FAR, ListingConfig { schedule, ..ListingConfig::default() });
    }
    for (number, shelf) in shelves.into_iter().enumerate() {
        let config = ParticipantConfig::new("shelf").with_account(account(1_000, 1_000));
        builder.agent(&format!("shelf-{number}"), config, shelf).unwrap();
    }
    let router = SmartOrderRouter::new(RouterConfig {
        listings: vec![NEAR, FAR],
        side: Side::Buy,
        quantity: Quantity::new(100),
        limit: None,
        start_after: SimDuration::from_secs(2),
        duration: SimDuration::from_secs(5),
        slices: 1,
        levels: 5,
        sync,
        rest: false,
    });
    let means = account(100_000, 0);
    builder.agent("router", ParticipantConfig::new("router").with_account(means), router).unwrap();
    let trail = Rc::new(RefCell::new(Trail::default()));
    builder.sink(Box::new(Follower(start, Rc::clone(&trail))));
    let mut market = builder.open().unwrap();
    let participants = market.world().domain().participants();
    trail.borrow_mut().router = participants.iter().find(|it| it.name == "router").map(|it| it.id);
    market.run().unwrap();
    market.world().domain().check_conservation().unwrap();
    drop(market);
    trail.take().lines
}

const fn shelf(listing: ListingId, lots: u64, ticks: i64) -> Shelf {
    Shelf { listing, lots, ticks, cancel_at: None, order: None }
}

#[test]
fn an_order_that_finds_nothing_at_a_slow_venue_goes_on_to_the_next_best_once_that_is_known() {
    // The cheaper offer is taken back at 1.995 s, which the venue hears of at 2.005 s, and the router at
    // 2.015 s. Its order of 2 s comes to nothing at 2.01 s; it is told at 2.02 s, and not before is more
    // sent.
    let cheap = Shelf { cancel_at: Some(1_995_000), ..shelf(FAR, 100, 10_000) };
    assert_eq!(
        trail(vec![cheap, shelf(NEAR, 150, 10_010)], None, false),
        [
            "2010000 far accepted 100",
            "2010000 far canceled",
            "2020100 near accepted 100",
            "2020100 near bought 100 at 10010",
        ]
    );
}

#[test]
fn what_a_venue_rejects_goes_on_to_the_next_best() {
    // The far venue closes while the order is on its way.
    assert_eq!(
        trail(vec![shelf(FAR, 60, 10_000), shelf(NEAR, 150, 10_010)], Some(2_005_000), false),
        [
            "2000100 near accepted 40",
            "2000100 near bought 40 at 10010",
            "2010000 far rejected phase_forbids",
            "2020100 near accepted 60",
            "2020100 near bought 60 at 10010",
        ]
    );
}

#[test]
fn synchronised_parts_arrive_together() {
    let shelves = || vec![shelf(NEAR, 50, 10_000), shelf(FAR, 50, 10_000)];
    let at = |sync| -> Vec<String> {
        let lines = trail(shelves(), None, sync);
        lines.into_iter().filter(|line| line.contains("bought")).collect()
    };
    assert_eq!(at(false), ["2000100 near bought 50 at 10000", "2010000 far bought 50 at 10000"]);
    let mut together = at(true);
    together.sort();
    assert_eq!(together, ["2010000 far bought 50 at 10000", "2010000 near bought 50 at 10000"]);
}
