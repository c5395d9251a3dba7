//! Days of random markets, recorded: what was on the tape, event by event, and what their venues showed.

use std::cell::RefCell;
use std::rc::Rc;

use actix::{Actor, Handler};
use bearpit_agents::{
    Desk, MakerReference, MarketMaker, MarketMakerConfig, NoiseConfig, NoiseTrader, Wakeups,
};
use bearpit_core::account::{AccountConfig, Credit};
use bearpit_core::book::{BookConfig, Matching, PriceBands};
use bearpit_core::exchange::{ListingConfig, Market, MarketBuilder, ProcessConfig};
use bearpit_core::kernel::{StepEnd, Wakeup};
use bearpit_core::market::{
    ExecutionReport, Fact, Fees, Instrument, Ladders, Link, OrderKind, OrderTerms, Peg, Phase, Replacement,
    SelfTrade, Side, SinkError, Stamped, StopLoss, TapeSink, TimeInForce, TrailingDistance,
};
use bearpit_core::participant::{
    Context, Feed, Instruction, Latencies, MarketData, ParticipantConfig, Update,
};
use bearpit_core::process::OrnsteinUhlenbeck;
use bearpit_core::units::{
    ActorId, InstrumentId, ListingId, Money, OrderId, Price, Quantity, Seed, SimDuration, SimTime,
};

use crate::publication::{Day, PublicationConfig, Publisher};

pub(super) const SEATS: [&str; 2] = ["anne", "bert"];
pub(super) const LISTINGS: u32 = 3;
const DAY_SECS: i64 = 90;

/// One fact with its place on the tape.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    pub(super) at: SimTime,
    pub(super) sequence: u64,
    pub(super) fact: Fact,
}

/// What followed from one event.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) facts: Vec<Taken>,
    pub(super) now: SimTime,
    /// The open orders of each seat, where none are on their way.
    pub(super) open: Option<[Vec<OrderId>; 2]>,
}

/// A day.
#[derive(Debug, Clone)]
pub(super) struct Recorded {
    pub(super) day: Day,
    pub(super) steps: Vec<Step>,
    /// The books that a subscriber without latency got from the venues.
    pub(super) shown: Vec<(ListingId, Ladders)>,
}

impl Recorded {
    pub(super) fn facts(&self) -> impl Iterator<Item = &Taken> {
        self.steps.iter().flat_map(|step| &step.facts)
    }

    /// Has a publisher take the day in batches of so many events, in turn.
    pub(super) fn publish(
        &self,
        publisher: &mut Publisher,
        batches: &[usize],
        mut look: impl FnMut(&Publisher),
    ) {
        publisher.begin_day(&self.day);
        look(publisher);
        let mut sizes = batches.iter().cycle();
        let mut left = *sizes.next().unwrap();
        for step in &self.steps {
            take(publisher, step);
            left = left.saturating_sub(1);
            if left == 0 {
                publisher.publish(step.now);
                look(publisher);
                left = *sizes.next().unwrap();
            }
        }
        publisher.publish(self.steps.last().unwrap().now);
        look(publisher);
    }
}

pub(super) fn take(publisher: &mut Publisher, step: &Step) {
    for Taken { at, sequence, fact } in &step.facts {
        publisher.take(Stamped { at: *at, sequence: *sequence, fact });
    }
}

/// A publisher that keeps little.
pub(super) fn publisher() -> Publisher {
    Publisher::new(PublicationConfig::default()).unwrap()
}

pub(super) fn open_of_day(day: i64) -> SimTime {
    let first: SimTime = "2025-03-03T23:59:00".parse().unwrap();
    first + SimDuration::from_secs(day * 86_400)
}

type Facts = Rc<RefCell<Vec<Taken>>>;

struct Witness(Facts);

impl TapeSink for Witness {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        let Stamped { at, sequence, fact } = stamped;
        self.0.borrow_mut().push(Taken { at, sequence, fact: fact.clone() });
        Ok(())
    }
}

type Shown = Rc<RefCell<Vec<(ListingId, Ladders)>>>;

/// Notes the books that venues show.
struct Observer(Shown);

impl Actor for Observer {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        for listing in (0..LISTINGS).map(ListingId::new) {
            ctx.subscribe(listing, Feed::Book(Feed::MOST_LEVELS)).unwrap();
        }
    }
}

impl Handler<MarketData> for Observer {
    type Result = ();

    fn handle(&mut self, data: MarketData, _: &mut Context) {
        if let Update::Book(ladders) = data.update {
            self.0.borrow_mut().push((data.listing, Ladders::clone(&ladders)));
        }
    }
}

bearpit_core::ignore_messages!(Observer: Wakeup, ExecutionReport);

fn instruments(builder: &mut MarketBuilder) -> [InstrumentId; 2] {
    ["ACME", "BETA"].map(|symbol| {
        let instrument = Instrument::new(symbol, "0.01".parse().unwrap(), "0.1".parse().unwrap()).unwrap();
        let value = OrnsteinUhlenbeck::new(100.0, 100.0, SimDuration::from_secs(120), 3.0, 1_638.0);
        let process =
            ProcessConfig { process: Box::new(value), initial: 100.0, grid: SimDuration::from_secs(1) };
        builder.instrument(instrument, Some(process))
    })
}

/// One listing with auctions, one with bands and halts, one pro rata: at two venues.
fn venues(builder: &mut MarketBuilder, open: SimTime) {
    let [acme, beta] = instruments(builder);
    builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme, beta]);
    builder.venue("HALL", Fees::default(), Latencies::NONE, &[acme]);
    let at = |secs| open + SimDuration::from_secs(secs);
    let reference = Some(Price::new(10_000));
    let schedule = vec![
        (at(0), Phase::PreOpen),
        (at(2), Phase::OpeningAuction),
        (at(12), Phase::Continuous),
        (at(70), Phase::ClosingAuction),
        (at(80), Phase::Closed),
    ];
    let book = BookConfig { reference, ..BookConfig::default() };
    let auctions = ListingConfig { schedule, book, ..ListingConfig::default() };
    builder.listing_config(ListingId::new(0), auctions);
    let bands = PriceBands { dynamic_bps: Some(5), static_bps: Some(60), limit_bps: None };
    let span = SimDuration::from_secs(4);
    let book = BookConfig { bands, reference, ..BookConfig::default() };
    builder.listing_config(
        ListingId::new(1),
        ListingConfig { book, halt: span, reopening: span, ..ListingConfig::default() },
    );
    let book = BookConfig { matching: Matching::ProRata, reference, ..BookConfig::default() };
    builder.listing_config(ListingId::new(2), ListingConfig { book, ..ListingConfig::default() });
}

fn account() -> AccountConfig {
    let lots = |lots| (0..2).map(InstrumentId::new).map(|id| (id, Quantity::new(lots))).collect();
    AccountConfig {
        cash: Money::from_whole(10_000_000),
        holdings: lots(100_000),
        max_short: lots(100_000),
        tracked: true,
        ..AccountConfig::default()
    }
}

fn crowd(builder: &mut MarketBuilder, pace: i64) {
    for listing in (0..LISTINGS).map(ListingId::new) {
        let config = |kind: &str| ParticipantConfig::new(kind).with_account(account());
        let maker = MarketMakerConfig {
            listing,
            reference: MakerReference::Value,
            half_spread_ticks: 3,
            quantity: Quantity::new(40),
            max_inventory: Quantity::new(300),
            skew: 1.0,
            interval: SimDuration::from_millis(700 * pace),
        };
        builder.agent(&format!("maker-{listing}"), config("maker"), MarketMaker::new(maker)).unwrap();
        for number in 0..2 {
            let noise = NoiseConfig {
                listing,
                wakeups: Wakeups::every(SimDuration::from_millis(900 * pace)),
                market_share: 0.4,
                max_quantity: Quantity::new(15),
                depth_ticks: 4.0,
                patience: SimDuration::from_secs(5 * pace),
            };
            let name = format!("noise-{listing}-{number}");
            builder.agent(&name, config("noise"), NoiseTrader::new(noise)).unwrap();
        }
    }
}

/// A number that decides, digit by digit.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        let rolled = self.0 % sides;
        self.0 /= sides;
        rolled
    }

    fn is(&mut self, one_in: u64) -> bool {
        self.roll(one_in) == 0
    }
}

fn terms(dice: &mut Dice, partner: Option<OrderId>) -> OrderTerms {
    let side = if dice.is(2) { Side::Buy } else { Side::Sell };
    let quantity = Quantity::new(1 + dice.roll(60));
    let price = Price::new(9_990 + i64::try_from(dice.roll(21)).unwrap());
    let kind = match dice.roll(12) {
        0 => OrderKind::Market { protection: None },
        1 => OrderKind::MarketToLimit { protection: None },
        2 => OrderKind::Stop { trigger: price, protection: None },
        3 => OrderKind::StopLimit { trigger: price, limit: price + 2 },
        4 => OrderKind::TrailingStop { distance: TrailingDistance::Ticks(3), protection: None },
        5 => OrderKind::Pegged { to: Peg::Touch, offset: 1, limit: None },
        6 => OrderKind::Pegged { to: Peg::Mid, offset: 2, limit: Some(price) },
        _ => OrderKind::Limit(price),
    };
    let in_force = [
        TimeInForce::Gtc,
        TimeInForce::Gtc,
        TimeInForce::Day,
        TimeInForce::Ioc,
        TimeInForce::Fok,
        TimeInForce::AtOpen,
        TimeInForce::AtClose,
        TimeInForce::Gtc,
    ];
    let mut terms =
        OrderTerms::new(side, quantity, kind).with(in_force[usize::try_from(dice.roll(8)).unwrap()]);
    if dice.is(3) {
        terms.display = Some(Quantity::new(1 + quantity.lots() / 4));
    }
    if dice.is(4) {
        terms.self_trade = SelfTrade::CancelOldest;
    }
    if dice.is(5) {
        let ticks = if side == Side::Buy { 4 } else { -4 };
        terms.link =
            Link::Bracket { take_profit: Some(price + ticks), stop_loss: Some(StopLoss::at(price - ticks)) };
    } else if let Some(partner) = partner.filter(|_| dice.is(5)) {
        terms.link = Link::OneCancelsOther(partner);
    }
    terms
}

fn instruction(dice: &mut Dice, own: &[OrderId]) -> Instruction {
    let listing = ListingId::new(u32::try_from(dice.roll(3)).unwrap());
    let last = own.len().checked_sub(1 + usize::try_from(dice.roll(4)).unwrap()).map(|index| own[index]);
    match (dice.roll(8), last) {
        (0, Some(order)) => Instruction::Cancel(order),
        (1, Some(order)) => {
            let price = Price::new(9_995 + i64::try_from(dice.roll(11)).unwrap());
            Instruction::Replace { order, new: Replacement::at(price, Quantity::new(1 + dice.roll(60))) }
        }
        (2, _) if dice.is(6) => Instruction::MassCancel { listing, side: None },
        (3, _) if dice.is(2) => {
            let terms = OrderTerms { quantity: Quantity::ZERO, ..terms(dice, None) };
            Instruction::SubmitNotional {
                listing,
                terms,
                notional: Money::from_whole(100 * i64::try_from(dice.roll(60)).unwrap()),
            }
        }
        (_, partner) => Instruction::Submit { listing, terms: terms(dice, partner) },
    }
}

/// A market that is recorded as it goes.
struct Recording {
    market: Market,
    facts: Facts,
    steps: Vec<Step>,
}

impl Recording {
    fn go_to(&mut self, until: SimTime) {
        loop {
            let end = self.market.step(until, 1).unwrap();
            let facts = std::mem::take(&mut *self.facts.borrow_mut());
            let now = self.market.world().now();
            self.steps.push(Step { facts, now, open: None });
            if end == StepEnd::Reached {
                break;
            }
        }
    }

    fn open_orders(&self, seat: &str) -> Vec<OrderId> {
        let state = self.market.world().domain();
        let account = state.account(self.market.participant(seat).unwrap().id).unwrap();
        // Exits that wait for their entry are not at the venue yet.
        let at_venue = account.open_orders().iter().filter(|order| order.awaits_entry.is_none());
        let mut ids: Vec<_> = at_venue.map(|order| order.id).collect();
        ids.sort_unstable();
        ids
    }

    /// Gives all that is on its way a nanosecond to arrive, and notes the open orders.
    fn come_to_rest(&mut self) {
        let open = SEATS.map(|seat| self.open_orders(seat));
        self.steps.last_mut().unwrap().open = Some(open);
    }
}

/// Records a day in which the seats do what the numbers decide. The crowd is `pace` times as slow as usual.
pub(super) fn record(day: i64, pace: i64, acts: &[u64]) -> Recorded {
    let open = open_of_day(day);
    let close = open + SimDuration::from_secs(DAY_SECS);
    let mut builder = MarketBuilder::new(Seed::new(day.unsigned_abs() + 7), open, close).unwrap();
    venues(&mut builder, open);
    crowd(&mut builder, pace);
    for seat in SEATS {
        let config = ParticipantConfig::new("desk")
            .with_account(AccountConfig { credit: Credit::Unlimited, ..account() });
        builder.agent(seat, config, Desk).unwrap();
    }
    let shown = Shown::default();
    builder.agent("observer", ParticipantConfig::new("observer"), Observer(Rc::clone(&shown))).unwrap();
    let facts = Facts::default();
    builder.sink(Box::new(Witness(Rc::clone(&facts))));
    let mut market = builder.open().unwrap();
    market.start();
    let day = Day::of(&market, open, |participant| SEATS.contains(&participant.name.as_str()));
    let seats: [ActorId; 2] = SEATS.map(|seat| market.participant(seat).unwrap().id);
    let mut recording = Recording { market, facts, steps: Vec::new() };
    let mut now = open;
    for act in acts {
        let mut dice = Dice(*act);
        now = (now + SimDuration::from_millis(i64::try_from(dice.roll(900)).unwrap())).min(close);
        recording.go_to(now);
        let who = usize::try_from(dice.roll(2)).unwrap();
        let own = recording.open_orders(SEATS[who]);
        recording.market.instruct(now, seats[who], instruction(&mut dice, &own)).unwrap();
        recording.go_to(now);
        recording.come_to_rest();
    }
    recording.go_to(close);
    recording.come_to_rest();
    recording.market.settle().unwrap();
    let now = recording.market.world().now();
    let facts = std::mem::take(&mut *recording.facts.borrow_mut());
    recording.steps.push(Step { facts, now, open: None });
    let shown = shown.borrow().clone();
    Recorded { day, steps: recording.steps, shown }
}
