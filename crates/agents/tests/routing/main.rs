//! A smart order router never has more at venues than its order, whatever books, latencies and phases do.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod worked;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use bearpit_agents::{NoiseConfig, NoiseTrader, RouterConfig, SmartOrderRouter, Wakeups};
use bearpit_core::account::AccountConfig;
use bearpit_core::book::BookConfig;
use bearpit_core::exchange::{ListingConfig, MarketBuilder};
use bearpit_core::kernel::LatencyModel;
use bearpit_core::market::{Fact, Fees, Instrument, Phase, Side, SinkError, Stamped, TapeSink};
use bearpit_core::participant::{Latencies, ParticipantConfig};
use bearpit_core::units::{
    ActorId, InstrumentId, ListingId, Money, OrderId, Price, Quantity, Seed, SimDuration, SimTime,
};
use proptest::prelude::*;

const ACME: InstrumentId = InstrumentId::new(0);

/// What the router has open at venues, and what it has traded.
#[derive(Debug, Default)]
struct Exposure {
    router: Option<ActorId>,
    open: BTreeMap<OrderId, u64>,
    filled: u64,
    most: u64,
    listings: BTreeSet<ListingId>,
}

struct Watcher(Rc<RefCell<Exposure>>);

impl TapeSink for Watcher {
    fn take(&mut self, fact: Stamped<'_>) -> Result<(), SinkError> {
        let it = &mut *self.0.borrow_mut();
        match fact.fact {
            Fact::OrderAccepted { order, owner, terms, listing, .. } if Some(*owner) == it.router => {
                it.listings.insert(*listing);
                it.open.insert(*order, terms.quantity.lots());
            }
            Fact::OrderCanceled { order, .. } | Fact::OrderExpired { order, .. } => {
                it.open.remove(order);
            }
            Fact::Traded(trade) => {
                for order in [trade.maker_order, trade.taker_order] {
                    if let Some(open) = it.open.get_mut(&order) {
                        *open -= trade.quantity.lots();
                        it.filled += trade.quantity.lots();
                    }
                }
            }
            _ => {}
        }
        it.most = it.most.max(it.filled + it.open.values().sum::<u64>());
        Ok(())
    }
}

/// One of the three venues: its latency in microseconds, how often its crowd trades, and whether it halts.
#[derive(Debug, Clone, Copy)]
struct Place {
    micros: i64,
    crowd_millis: i64,
    halts_after: Option<i64>,
}

fn place() -> impl Strategy<Value = Place> {
    (0_i64..3_000, 50_i64..900, prop::option::of(2_i64..25))
        .prop_map(|(micros, crowd_millis, halts_after)| Place { micros, crowd_millis, halts_after })
}

/// What the router may do.
#[derive(Debug, Clone, Copy)]
struct Manner {
    seed: u64,
    quantity: u64,
    slices: u32,
    sync: bool,
    rest: bool,
    limit: Option<i64>,
    side: Side,
}

fn manner() -> impl Strategy<Value = Manner> {
    let limit = prop::option::of(9_990_i64..10_010);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (0_u64..1_000, 1_u64..400, 1_u32..8, flags, limit).prop_map(
        |(seed, quantity, slices, (sync, rest, buys), limit)| {
            let side = if buys { Side::Buy } else { Side::Sell };
            Manner { seed, quantity, slices, sync, rest, limit, side }
        },
    )
}

fn account(cash: i64, shares: u64) -> AccountConfig {
    let holdings = vec![(ACME, Quantity::new(shares))];
    AccountConfig { cash: Money::from_whole(cash), holdings, ..AccountConfig::default() }
}

fn add_venue(builder: &mut MarketBuilder, number: u32, place: Place, start: SimTime) {
    let wire = LatencyModel::Uniform {
        min: SimDuration::from_micros(place.micros / 2),
        max: SimDuration::from_micros(place.micros),
    };
    builder.venue(&format!("V{number}"), Fees::default(), Latencies::all(wire), &[ACME]);
    let listing = ListingId::new(number);
    let halt = place.halts_after.map(|seconds| {
        let at = start + SimDuration::from_secs(seconds);
        [(at, Phase::Closed), (at + SimDuration::from_secs(3), Phase::Continuous)]
    });
    let book = BookConfig { reference: Some(Price::new(10_000)), ..BookConfig::default() };
    // An auction first, in which the crowd finds its first price.
    let opening = [(start, Phase::OpeningAuction), (start + SimDuration::from_secs(1), Phase::Continuous)];
    let schedule = opening.into_iter().chain(halt.into_iter().flatten()).collect();
    builder.listing_config(listing, ListingConfig { book, schedule, ..ListingConfig::default() });
    for member in 0..3 {
        let noise = NoiseConfig {
            listing,
            wakeups: Wakeups::every(SimDuration::from_millis(place.crowd_millis)),
            market_share: 0.3,
            max_quantity: Quantity::new(20),
            depth_ticks: 4.0,
            patience: SimDuration::from_secs(2),
        };
        let config = ParticipantConfig::new("noise").with_account(account(1_000_000, 10_000));
        builder.agent(&format!("noise-{number}-{member}"), config, NoiseTrader::new(noise)).unwrap();
    }
}

/// Runs a router over three venues; returns what it had at them.
fn exposure(places: [Place; 3], manner: Manner) -> Exposure {
    let start: SimTime = "2025-03-03T09:30:00".parse().unwrap();
    let mut builder =
        MarketBuilder::new(Seed::new(manner.seed), start, start + SimDuration::from_secs(35)).unwrap();
    builder.instrument(Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap(), None);
    for (number, place) in (0..).zip(places) {
        add_venue(&mut builder, number, place, start);
    }
    let router = SmartOrderRouter::new(RouterConfig {
        listings: (0..3).map(ListingId::new).collect(),
        side: manner.side,
        quantity: Quantity::new(manner.quantity),
        limit: manner.limit.map(Price::new),
        start_after: SimDuration::from_secs(2),
        duration: SimDuration::from_secs(28),
        slices: manner.slices,
        levels: 5,
        sync: manner.sync,
        rest: manner.rest,
    });
    // Some have too little, so that the account refuses.
    let means = if manner.seed.is_multiple_of(4) { account(5_000, 50) } else { account(1_000_000, 10_000) };
    builder.agent("router", ParticipantConfig::new("router").with_account(means), router).unwrap();
    let seen = Rc::new(RefCell::new(Exposure::default()));
    builder.sink(Box::new(Watcher(Rc::clone(&seen))));
    let mut market = builder.open().unwrap();
    let participants = market.world().domain().participants();
    seen.borrow_mut().router = participants.iter().find(|it| it.name == "router").map(|it| it.id);
    market.run().unwrap();
    market.world().domain().check_conservation().unwrap();
    drop(market);
    Rc::try_unwrap(seen).unwrap().into_inner()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn prop_open_parts_and_fills_never_exceed_the_order(
        places in [place(), place(), place()],
        manner in manner(),
    ) {
        let seen = exposure(places, manner);
        prop_assert!(seen.most <= manner.quantity, "{} of {}", seen.most, manner.quantity);
        prop_assert!(seen.open.values().all(|open| *open == 0), "nothing is left at a venue: {:?}", seen.open);
    }
}

#[test]
fn an_order_is_filled_over_all_venues_that_trade() {
    let place = |micros| Place { micros, crowd_millis: 200, halts_after: None };
    let manner =
        Manner { seed: 1, quantity: 400, slices: 1, sync: true, rest: false, limit: None, side: Side::Buy };
    let seen = exposure([place(100), place(900), place(2_500)], manner);
    assert_eq!((seen.filled, seen.most), (400, 400));
    assert_eq!(seen.listings.len(), 3, "all venues had a part");
}
