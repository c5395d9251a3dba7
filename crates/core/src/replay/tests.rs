//! Every field of every command at the ends of its type, in replays of bars and of trades and quotes: none
//! panics, and what is out of range is rejected.

use super::*;
use crate::account::{Affordable, Liquidation, Purchase, Restriction, Ruined};
use crate::book::BookEvent;
use crate::market::extremes::{commands, variants};
use crate::market::{Command, CommandKind, OrderTerms, Quote, QuoteLevel, RejectReason, Replacement, Side};
use crate::units::{ActorId, ListingId, Money, OrderId, Price, Quantity, SimDuration, SimTime};

const LISTING: ListingId = ListingId::new(0);

/// A host whose accounts can pay for everything; it counts fills and keeps rejections.
#[derive(Default)]
struct Host {
    fills: usize,
    rejected: Vec<RejectReason>,
}

impl ReplayHost for Host {
    fn affordable(&mut self, _: ListingId, _: OrderId, _: ActorId, purchase: Purchase) -> Affordable {
        Affordable { quantity: purchase.quantity, needed: Money::ZERO, free: Money::ZERO }
    }

    fn is_on_margin(&self, _: ActorId) -> bool {
        false
    }

    fn publish(&mut self, _: ListingId, event: ReplayEvent) {
        match event {
            ReplayEvent::Filled(_) => self.fills += 1,
            ReplayEvent::Order(
                BookEvent::Rejected { reason, .. } | BookEvent::CommandRejected { reason, .. },
            ) => self.rejected.push(reason),
            _ => {}
        }
    }

    fn ruined(&mut self) -> Vec<Ruined> {
        Vec::new()
    }

    fn liquidate(&mut self, _: ActorId) -> Liquidation {
        Liquidation::NONE
    }

    fn restriction_of(&self, _: ActorId, _: OrderId) -> Option<Restriction> {
        None
    }

    fn close_positions(&mut self, _: ListingId, _: ClosingPrices) {}
}

fn second(number: i64) -> SimTime {
    SimTime::from_nanos(0) + SimDuration::from_secs(number)
}

/// Ten bars of ten seconds, around 100.
fn bars() -> ReplayEngine {
    let bar = |number: i64| ReplayBar {
        start: second(10 * number),
        end: second(10 * number + 10),
        open: Price::new(100),
        high: Price::new(104),
        low: Price::new(97),
        close: Price::new(101),
        volume: Some(Quantity::new(1_000)),
    };
    let mut engine = ReplayEngine::new(second(0));
    engine.add(LISTING, ReplayConfig::new((0..10).map(bar).collect(), SimDuration::ZERO));
    engine
}

/// A quote of 99 to 102 for a hundred seconds.
fn quotes() -> ReplayEngine {
    let level = |ticks, lots| Some(QuoteLevel { price: Price::new(ticks), size: Quantity::new(lots) });
    let row = |number| {
        let quote = Quote { bid: level(99, 50), ask: level(102, 50) };
        QuoteTick::new(second(10 * number), &quote)
    };
    let mut engine = ReplayEngine::new(second(0));
    let config = TickConfig {
        trades: Vec::new().into(),
        quotes: (0..10_i64).map(row).collect(),
        known: KnownSizes::ALL,
        min_price: Price::new(1),
        day_begins: SimDuration::ZERO,
        rules: FillRules::default(),
    };
    engine.add_ticks(LISTING, config);
    engine
}

fn new(order: u64, terms: OrderTerms) -> Command {
    Command {
        order: OrderId::new(order),
        owner: ActorId::new(0),
        listing: LISTING,
        kind: CommandKind::New(terms),
    }
}

/// Executes a command between two others that are as usual, and replays the rest.
fn try_out(make: fn() -> ReplayEngine, command: &Command) -> Host {
    let (mut engine, mut host) = (make(), Host::default());
    let lots = Quantity::new(5);
    engine.execute(second(1), &new(1, OrderTerms::limit(Side::Buy, lots, Price::new(96))), &mut host);
    engine.execute(second(2), &new(3, OrderTerms::limit(Side::Sell, lots, Price::new(103))), &mut host);
    engine.execute(second(3), command, &mut host);
    engine.execute(second(25), &new(60, OrderTerms::market(Side::Sell, lots)), &mut host);
    engine.advance(second(60), &mut host);
    engine.close(&mut host);
    host
}

#[test]
fn fields_at_their_ends_do_no_harm() {
    for make in [bars, quotes] {
        let mut fills = 0;
        for command in commands() {
            for variant in variants(&command) {
                let host = try_out(make, &variant);
                fills += host.fills;
            }
        }
        assert!(fills > 1_000, "{fills}");
    }
}

#[test]
fn a_replace_out_of_range_and_a_bracket_without_ids_are_rejected() {
    let replace = |ticks, lots| Command {
        kind: CommandKind::Replace(Replacement::at(Price::new(ticks), Quantity::new(lots))),
        ..new(3, OrderTerms::market(Side::Buy, Quantity::new(1)))
    };
    for (command, reason) in [
        (replace(i64::MIN, 5), RejectReason::PriceOutOfRange),
        (replace(i64::MAX, 5), RejectReason::PriceOutOfRange),
        (replace(103, 0), RejectReason::ZeroQuantity),
        (replace(103, u64::MAX), RejectReason::QuantityOutOfRange),
        (new(u64::MAX - 1, bracket()), RejectReason::DuplicateOrder),
    ] {
        for make in [bars, quotes] {
            assert_eq!(try_out(make, &command).rejected, [reason], "{command:?}");
        }
    }
}

fn bracket() -> OrderTerms {
    let link = crate::market::Link::Bracket {
        take_profit: Some(Price::new(103)),
        stop_loss: Some(crate::market::StopLoss::at(Price::new(95))),
    };
    OrderTerms { link, ..OrderTerms::limit(Side::Buy, Quantity::new(5), Price::new(99)) }
}
