//! Markets that crash at any point: what anybody saw is what is rebuilt.

mod outages;
mod voids;

use std::time::Duration;

use bearpit_agents::{
    Desk, MakerReference, MarketMaker, MarketMakerConfig, NoiseConfig, NoiseTrader, Wakeups,
};
use bearpit_core::account::AccountConfig;
use bearpit_core::exchange::{MarketBuilder, ProcessConfig};
use bearpit_core::kernel::{LatencyModel, RequestTag, Speed};
use bearpit_core::market::{Fees, Funding, Instrument, OrderTerms, Reference, Side, Transfer};
use bearpit_core::participant::{Answer, Instruction, Latencies, Outcome, ParticipantConfig, RequestKind};
use bearpit_core::process::OrnsteinUhlenbeck;
use bearpit_core::units::{
    ActorId, InstrumentId, ListingId, Money, OrderId, Price, Quantity, Seed, SimDuration, SimTime, VenueId,
};
use proptest::prelude::*;

use super::*;
use crate::domain::ClientOrderId;
use crate::store::journal::faulty_disk::{Disk, Failure};
use crate::store::journal::{JournalFile, SegmentHeader, SegmentReader, SegmentWriter};

const ACME: InstrumentId = InstrumentId::new(0);
const LISTING: ListingId = ListingId::new(0);
const PACING: Pacing = Pacing {
    clock: Clock::Scaled(Speed::REAL_TIME),
    step_max: SimDuration::from_millis(500),
    durability: Durability::Synced,
};
/// A debug build takes ten times as long.
const CASES: u32 = if cfg!(debug_assertions) { 300 } else { 10_000 };
const WALL: Clock = Clock::Wall { halt_beyond: Some(SimDuration::from_secs(30)) };
const START: Start = Start { pacing: PACING, wall: Duration::ZERO };
const SEATS: [&str; 2] = ["anne", "bert"];

fn open() -> SimTime {
    "2025-03-03T09:30:00".parse().unwrap()
}

fn laid_out() -> LaidOut {
    LaidOut { builder: builder(), left: None }
}

/// A minute of a market with a maker, a small crowd, and two seats.
fn builder() -> MarketBuilder {
    builder_from(open())
}

/// The rest of that minute.
fn builder_from(from: SimTime) -> MarketBuilder {
    let mut builder = MarketBuilder::new(Seed::new(3), from, open() + SimDuration::from_secs(60)).unwrap();
    let acme = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let value = OrnsteinUhlenbeck::new(100.0, 100.0, SimDuration::from_secs(120), 3.0, 1_638.0);
    let process = ProcessConfig { process: Box::new(value), initial: 100.0, grid: SimDuration::from_secs(1) };
    let acme = builder.instrument(acme, Some(process));
    let latency = |low, high| LatencyModel::Uniform {
        min: SimDuration::from_micros(low),
        max: SimDuration::from_micros(high),
    };
    let latencies = Latencies { entry: latency(50, 900), report: latency(10, 400), feed: latency(0, 70) };
    builder.venue("PIT", Fees::default(), latencies, &[acme]);
    let account = AccountConfig {
        cash: Money::from_whole(100_000),
        holdings: vec![(ACME, Quantity::new(1_000))],
        max_short: vec![(ACME, Quantity::new(1_000))],
        tracked: true,
        ..AccountConfig::default()
    };
    let config = |kind: &str| ParticipantConfig::new(kind).with_account(account.clone());
    let maker = MarketMakerConfig {
        listing: LISTING,
        reference: MakerReference::Value,
        half_spread_ticks: 3,
        quantity: Quantity::new(40),
        max_inventory: Quantity::new(300),
        skew: 1.0,
        interval: SimDuration::from_millis(700),
    };
    builder.agent("maker", config("maker"), MarketMaker::new(maker)).unwrap();
    for number in 0..3 {
        let noise = NoiseConfig {
            listing: LISTING,
            wakeups: Wakeups::every(SimDuration::from_secs(2)),
            market_share: 0.4,
            max_quantity: Quantity::new(15),
            depth_ticks: 4.0,
            patience: SimDuration::from_secs(5),
        };
        builder.agent(&format!("noise-{number}"), config("noise"), NoiseTrader::new(noise)).unwrap();
    }
    for seat in SEATS {
        builder.agent(seat, config("desk"), Desk).unwrap();
    }
    builder
}

fn header() -> SegmentHeader {
    SegmentHeader {
        engine: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: String::new(),
        changes: Vec::new(),
        inputs: String::new(),
        seed: 3,
        day: 1,
        day_name: "1".to_owned(),
        opens: None,
        opening: Vec::new(),
    }
}

/// Rebuilds a market, without voids, and collects what it shows.
fn recover(
    builder: MarketBuilder,
    segment: SegmentReader<&[u8]>,
    wall: Duration,
    shown: &mut Vec<Output>,
) -> Result<LiveMarket, RecoverError> {
    let start = Start { pacing: PACING, wall };
    let laid_out = LaidOut { builder, left: None };
    LiveMarket::recover(laid_out, segment, &Voids::default(), start, |output| shown.push(output))
}

/// What may happen to a live market.
#[derive(Debug, Clone)]
enum Act {
    Order {
        seat: usize,
        is_buy: bool,
        lots: u64,
        ticks: i64,
    },
    /// Enters a market order for an amount of money.
    Amount {
        seat: usize,
        is_buy: bool,
        whole: i64,
    },
    /// Cancels the order that an answer named.
    Cancel {
        seat: usize,
        order: prop::sample::Index,
    },
    Fund {
        seat: usize,
        whole: i64,
    },
    /// Enters an order under one of a few ids, so that some are used again.
    Named {
        seat: usize,
        id: u8,
        lots: u64,
    },
    Control(Control),
    /// Lets so many milliseconds pass.
    Pass(u64),
    /// The same, but the market is not stepped: requests are stamped ahead of it.
    Oversleep(u64),
    /// Writes to the file, but does not sync.
    Write,
    Sync,
    Fail(Failure),
    /// Shows so many outputs.
    Show(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..2_usize, any::<bool>(), 1..60_u64, 9_980..10_020_i64)
            .prop_map(|(seat, is_buy, lots, ticks)| Act::Order { seat, is_buy, lots, ticks }),
        2 => (0..2_usize, any::<bool>(), 0..9_000_i64)
            .prop_map(|(seat, is_buy, whole)| Act::Amount { seat, is_buy, whole }),
        2 => (0..2_usize, any::<prop::sample::Index>()).prop_map(|(seat, order)| Act::Cancel { seat, order }),
        1 => (0..2_usize, 1..500_i64).prop_map(|(seat, whole)| Act::Fund { seat, whole }),
        3 => (0..2_usize, 0..4_u8, 1..3_u64).prop_map(|(seat, id, lots)| Act::Named { seat, id, lots }),
        1 => prop_oneof![Just(Control::Pause), Just(Control::Resume), (200..5_000_u32).prop_map(speed)]
            .prop_map(Act::Control),
        6 => (0..3_000_u64).prop_map(Act::Pass),
        2 => (0..3_000_u64).prop_map(Act::Oversleep),
        2 => Just(Act::Write),
        5 => Just(Act::Sync),
        1 => (0..400_usize).prop_map(|bytes| Act::Fail(Failure::Full(bytes))),
        1 => Just(Act::Fail(Failure::Sync)),
        4 => (0..50_usize).prop_map(Act::Show),
    ]
}

fn speed(thousandths: u32) -> Control {
    Control::Speed(Speed::from_thousandths(thousandths).unwrap())
}

fn named(seat: ActorId, lots: u64) -> RequestKind {
    let terms = OrderTerms::limit(Side::Buy, Quantity::new(lots), Price::new(9_990));
    RequestKind::Instruct { participant: seat, instruction: Instruction::Submit { listing: LISTING, terms } }
}

fn client(id: u8) -> ClientOrderId {
    ClientOrderId::try_from(format!("order {id}")).unwrap()
}

/// A live market on a disk that fails, with what was shown so far.
struct Exchange {
    live: LiveMarket,
    file: JournalFile<Disk>,
    wall: Duration,
    shown: Vec<Output>,
    /// How many requests were taken.
    asked: usize,
    /// The orders that were entered under an id, with their lots.
    named: Vec<(RequestTag, ActorId, u8, u64)>,
}

impl Exchange {
    fn begin() -> Self {
        Self::begin_in(laid_out())
    }

    fn begin_in(laid_out: LaidOut) -> Self {
        let live = LiveMarket::begin(laid_out, SegmentWriter::begin(&header()), START).unwrap();
        let file = JournalFile::resume(Disk::default(), 0).unwrap();
        let mut exchange =
            Self { live, file, wall: Duration::ZERO, shown: Vec::new(), asked: 0, named: Vec::new() };
        exchange.sync();
        exchange
    }

    fn seat(&self, seat: usize) -> ActorId {
        self.live.market().participant(SEATS[seat]).unwrap().id
    }

    fn orders(&self) -> Vec<OrderId> {
        let order = |output: &Output| match output {
            Output::Answer(answer) => match answer.outcome {
                Ok(Outcome::Submitted { order, .. }) => Some(order),
                _ => None,
            },
            _ => None,
        };
        self.shown.iter().filter_map(order).collect()
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Order { seat, is_buy, lots, ticks } => {
                let side = if *is_buy { Side::Buy } else { Side::Sell };
                let terms = OrderTerms::limit(side, Quantity::new(*lots), Price::new(*ticks));
                self.instruct(*seat, Instruction::Submit { listing: LISTING, terms });
            }
            Act::Amount { seat, is_buy, whole } => {
                let side = if *is_buy { Side::Buy } else { Side::Sell };
                let (terms, notional) = (OrderTerms::market(side, Quantity::ZERO), Money::from_whole(*whole));
                self.instruct(*seat, Instruction::SubmitNotional { listing: LISTING, terms, notional });
            }
            Act::Cancel { seat, order } => {
                let orders = self.orders();
                if !orders.is_empty() {
                    self.instruct(*seat, Instruction::Cancel(orders[order.index(orders.len())]));
                }
            }
            Act::Fund { seat, whole } => {
                let transfer = Transfer::Cash(Money::from_whole(*whole));
                let funding = Funding { transfer, reference: Reference::new("payment").unwrap() };
                self.request(RequestKind::Fund { participant: self.seat(*seat), funding });
            }
            Act::Named { seat, id, lots } => self.enter_named(*seat, *id, *lots),
            Act::Control(control) => {
                if !self.live.is_settled() {
                    self.live.control(self.wall, *control).unwrap();
                }
            }
            Act::Pass(millis) => {
                self.wall += Duration::from_millis(*millis);
                self.live.advance(self.wall).unwrap();
            }
            Act::Oversleep(millis) => self.wall += Duration::from_millis(*millis),
            Act::Write => {
                self.file.append(&self.live.take_appended());
                self.file.write().unwrap_or_default();
            }
            Act::Sync => self.sync(),
            Act::Fail(failure) => self.file.medium_mut().failures.push(*failure),
            Act::Show(most) => self.show(*most),
        }
    }

    fn instruct(&mut self, seat: usize, instruction: Instruction) {
        self.request(RequestKind::Instruct { participant: self.seat(seat), instruction });
    }

    fn request(&mut self, kind: RequestKind) {
        if !self.live.is_over() {
            match self.live.request(self.wall, kind, None) {
                Ok(taken) => {
                    assert!(matches!(taken, Taken::New(_)));
                    self.asked += 1;
                }
                Err(error) => assert!(error == NotTaken::Paused && self.live.is_paused(), "{error}"),
            }
        }
    }

    fn enter_named(&mut self, seat: usize, id: u8, lots: u64) {
        if self.live.is_over() {
            return;
        }
        let seat = self.seat(seat);
        let before = self.named.iter().find(|it| it.1 == seat && it.2 == id).copied();
        let taken = self.live.request(self.wall, named(seat, lots), Some(client(id)));
        match (before, taken) {
            (None, Ok(Taken::New(tag))) => {
                self.asked += 1;
                self.named.push((tag, seat, id, lots));
            }
            (None, Err(NotTaken::Paused)) => assert!(self.live.is_paused()),
            (Some(first), Ok(Taken::Repeated(tag))) => assert_eq!((tag, lots), (first.0, first.3)),
            (Some(first), Err(NotTaken::IdInUse(_))) => assert_ne!(lots, first.3),
            (before, taken) => panic!("{taken:?} where {before:?} was known"),
        }
    }

    /// Returns the answer to a request that was shown.
    fn shown_answer(&self, tag: RequestTag) -> Option<&Answer> {
        self.shown.iter().find_map(|output| match output {
            Output::Answer(answer) if answer.tag == tag => Some(answer),
            _ => None,
        })
    }

    fn sync(&mut self) {
        self.file.append(&self.live.take_appended());
        if let Ok(length) = self.file.sync() {
            self.live.synced(length);
        }
    }

    fn show(&mut self, most: usize) {
        for _ in 0..most {
            let Some(output) = self.live.next_output() else { break };
            match output {
                Output::Again(again) => assert_eq!(self.shown_answer(again.tag), Some(&again)),
                output => self.shown.push(output),
            }
        }
    }

    /// Crashes; what is rebuilt begins with all that was shown.
    fn crash(mut self, kept: &[bool]) -> Self {
        let file = std::mem::replace(&mut self.file, JournalFile::resume(Disk::default(), 0).unwrap());
        let left = file.into_medium().crash(kept);
        let reader = SegmentReader::open(left.as_slice()).unwrap();
        let mut shown = Vec::new();
        let live = recover(builder(), reader, self.wall, &mut shown).unwrap();
        let file = JournalFile::resume(Disk::left(left), live.journal_end()).unwrap();
        let mut named = self.named.clone();
        named.retain(|(tag, seat, id, _)| {
            let known = live.known(*seat, &client(*id));
            assert!(known.is_none_or(|(known, _)| known == *tag));
            let shown = self.shown_answer(*tag);
            assert!(shown.is_none() || known.and_then(|(_, answer)| answer) == shown, "forgotten");
            known.is_some()
        });
        let rebuilt = Self { live, file, wall: self.wall, shown, asked: self.asked, named };
        assert_eq!(rebuilt.live.waiting(), 0);
        assert!(rebuilt.shown.len() >= self.shown.len());
        assert_eq!(&rebuilt.shown[..self.shown.len()], self.shown, "what was seen did not happen");
        rebuilt
    }

    /// Goes on to the close; the journal alone then gives the same day.
    fn close(mut self) {
        self.file.medium_mut().failures.clear();
        if !self.live.is_settled() {
            self.live.control(self.wall, Control::Resume).unwrap();
        }
        self.wall += Duration::from_secs(3_600);
        while !self.live.is_over() {
            self.live.advance(self.wall).unwrap();
        }
        self.live.settle().unwrap();
        self.sync();
        self.show(usize::MAX);
        assert_eq!(self.live.waiting(), 0);
        let answers = self.shown.iter().filter(|output| matches!(output, Output::Answer(_))).count();
        assert!(answers <= self.asked, "{answers} answers to {} requests", self.asked);
        let journal = self.file.into_medium().crash(&[false]);
        let reader = SegmentReader::open(journal.as_slice()).unwrap();
        let again = recover(builder(), reader, self.wall, &mut Vec::new()).unwrap();
        assert_eq!(again.market().digest(), self.live.market().digest());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn prop_what_anybody_saw_is_what_is_rebuilt_after_any_crash(
        lives in prop::collection::vec((prop::collection::vec(act(), 0..40), prop::collection::vec(any::<bool>(), 1..40)), 1..4),
    ) {
        let mut exchange = Exchange::begin();
        for (acts, kept) in &lives {
            acts.iter().for_each(|act| exchange.act(act));
            exchange = exchange.crash(kept);
        }
        exchange.close();
    }
}

#[test]
fn nothing_is_shown_before_it_is_synced() {
    let mut exchange = Exchange::begin();
    exchange.show(usize::MAX);
    let before = exchange.shown.len();
    let terms = OrderTerms::limit(Side::Buy, Quantity::new(5), Price::new(9_000));
    exchange.instruct(0, Instruction::Submit { listing: LISTING, terms });
    exchange.act(&Act::Pass(100));
    exchange.show(usize::MAX);
    assert_eq!(exchange.shown.len(), before);
    exchange.sync();
    exchange.show(usize::MAX);
    assert!(exchange.shown[before..].iter().any(|output| matches!(output, Output::Answer(_))));
}

#[test]
fn a_day_that_is_replayed_in_another_market_is_refused() {
    let mut exchange = Exchange::begin();
    exchange.act(&Act::Pass(2_000));
    exchange.act(&Act::Pass(2_000));
    exchange.sync();
    let journal = exchange.file.into_medium().crash(&[true]);
    let mut other = builder();
    let noise = NoiseConfig {
        listing: LISTING,
        wakeups: Wakeups::every(SimDuration::from_millis(300)),
        market_share: 0.5,
        max_quantity: Quantity::new(3),
        depth_ticks: 4.0,
        patience: SimDuration::from_secs(1),
    };
    other.agent("more", ParticipantConfig::new("noise"), NoiseTrader::new(noise)).unwrap();
    let reader = SegmentReader::open(journal.as_slice()).unwrap();
    let error = recover(other, reader, Duration::ZERO, &mut Vec::new()).unwrap_err();
    assert!(matches!(error, RecoverError::Diverged { .. }), "{error}");
}

#[test]
fn a_pause_takes_no_orders_and_carries_cancels_out() {
    let mut exchange = Exchange::begin();
    exchange.enter_named(0, 1, 5);
    exchange.act(&Act::Pass(400));
    exchange.act(&Act::Control(Control::Pause));
    exchange.sync();
    exchange.show(usize::MAX);
    let paused_at = exchange.live.market().world().now();
    exchange.act(&Act::Pass(10_000));
    assert_eq!(exchange.live.market().world().now(), paused_at);
    let seat = exchange.seat(0);
    let refused = exchange.live.request(exchange.wall, named(seat, 1), None);
    assert_eq!(refused, Err(NotTaken::Paused));
    // The same order again is no new one.
    let again = exchange.live.request(exchange.wall, named(seat, 5), Some(client(1)));
    assert!(matches!(again, Ok(Taken::Repeated(_))), "{again:?}");
    let order = exchange.orders()[0];
    exchange.instruct(0, Instruction::Cancel(order));
    exchange.act(&Act::Pass(10_000));
    // As long as a command and its report take at most.
    assert!(exchange.live.market().world().now() <= paused_at + SimDuration::from_micros(1_300));
    let account = exchange.live.market().world().domain().account(seat).unwrap();
    assert!(account.order(order).is_none(), "it is canceled");
    let rebuilt = exchange.crash(&[true]);
    assert!(rebuilt.live.is_paused());
}

/// A venue takes ten milliseconds over each command, and forty are before the cancel in line.
#[test]
fn a_pause_carries_a_cancel_out_that_waits_behind_a_long_line() {
    let mut builder = builder();
    builder.processing(VenueId::new(0), SimDuration::from_millis(10));
    let mut exchange = Exchange::begin_in(LaidOut { builder, left: None });
    exchange.enter_named(0, 1, 5);
    exchange.act(&Act::Pass(400));
    exchange.sync();
    exchange.show(usize::MAX);
    let order = exchange.orders()[0];
    for ticks in 0..40 {
        exchange.act(&Act::Order { seat: 1, is_buy: true, lots: 1, ticks: 9_900 + ticks });
    }
    exchange.act(&Act::Pass(5));
    exchange.act(&Act::Control(Control::Pause));
    let paused_at = exchange.live.market().world().now();
    exchange.instruct(0, Instruction::Cancel(order));
    exchange.act(&Act::Pass(1));
    let took = exchange.live.market().world().now() - paused_at;
    let (line, more) = (SimDuration::from_millis(390), SimDuration::from_millis(60));
    assert!(took > line && took < line + more, "{took}");
    let seat = exchange.seat(0);
    let account = exchange.live.market().world().domain().account(seat).unwrap();
    assert!(account.order(order).is_none(), "it is canceled");
    exchange.act(&Act::Pass(10_000));
    assert_eq!(exchange.live.market().world().now(), paused_at + took, "time stands still again");
}

/// Two requests with ids, one of which is refused: the next market tells both outcomes again.
#[test]
fn an_outcome_is_told_again_by_the_next_market_a_refusal_too() {
    let mut exchange = Exchange::begin();
    exchange.enter_named(0, 1, 5);
    exchange.enter_named(0, 2, 1_000_000);
    exchange.act(&Act::Pass(400));
    exchange.sync();
    exchange.show(usize::MAX);
    let answers = |live: &LiveMarket| {
        let seat = live.market().participant(SEATS[0]).unwrap().id;
        [1, 2].map(|id| live.known(seat, &client(id)).unwrap().1.unwrap().outcome.clone())
    };
    let told = answers(&exchange.live);
    assert!(told[0].is_ok() && told[1].is_err(), "{told:?}");
    exchange.live.settle().unwrap();
    let left = LiveState::from_bytes(exchange.live.left().unwrap()).unwrap();
    let at = exchange.live.market().world().now();
    let laid_out = LaidOut { builder: builder_from(at), left: Some(left) };
    let mut next = LiveMarket::begin(laid_out, SegmentWriter::begin(&header()), START).unwrap();
    assert_eq!(answers(&next), told);
    let seat = next.market().participant(SEATS[0]).unwrap().id;
    let again = next.request(Duration::ZERO, named(seat, 1_000_000), Some(client(2)));
    assert!(matches!(again, Ok(Taken::Repeated(_))), "{again:?}");
}

#[test]
fn a_market_on_the_wall_clock_has_no_other_speed() {
    let wall = Duration::from_nanos(u64::try_from(open().nanos()).unwrap());
    let pacing = Pacing { clock: WALL, ..PACING };
    let late = wall + Duration::from_secs(20);
    let mut live =
        LiveMarket::begin(laid_out(), SegmentWriter::begin(&header()), Start { pacing, wall: late }).unwrap();
    assert_eq!(live.behind(late), SimDuration::from_secs(20));
    while live.behind(late) > SimDuration::ZERO {
        live.advance(late).unwrap();
    }
    assert_eq!(live.market().world().now(), open() + SimDuration::from_secs(20));
    assert!(matches!(live.control(late, speed(2_000)), Err(ControlError::WallClock)));
    live.control(late, Control::Pause).unwrap();
    let later = late + Duration::from_secs(5);
    live.advance(later).unwrap();
    assert_eq!(live.behind(later), SimDuration::ZERO);
    live.control(later, Control::Resume).unwrap();
    assert_eq!(live.behind(later), SimDuration::from_secs(5));
}
