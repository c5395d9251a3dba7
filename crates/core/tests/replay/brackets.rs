//! Brackets in a replay and in a book: the same things happen to them, in the same order (rule 18).

use std::cell::RefCell;
use std::rc::Rc;

use actix::{Actor, Handler};
use bearpit_core::account::AccountConfig;
use bearpit_core::exchange::{ListingConfig, MarketBuilder};
use bearpit_core::kernel::Wakeup;
use bearpit_core::market::{
    BracketExit, ExecutionReport, Fees, Instrument, Link, OrderTerms, ReportKind, Side, StopLoss,
};
use bearpit_core::participant::{Context, Latencies, MarketData, ParticipantConfig, TradingActor};
use bearpit_core::replay::{ReplayBar, ReplayConfig};
use bearpit_core::units::{
    InstrumentId, ListingId, Money, OrderId, Price, Quantity, Seed, SimDuration, SimTime,
};

pub(super) const LISTING: ListingId = ListingId::new(0);
const HOUR: SimDuration = SimDuration::from_secs(3_600);

pub(super) type Lines = Rc<RefCell<Vec<String>>>;

/// What an owner does once the exits have entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    CancelsProfit,
    /// Draws the trigger of the stop above the market.
    DrawsStop,
}

/// Buys ten with a bracket, and writes down what becomes of the three orders.
struct Bracketer {
    entry: Option<OrderId>,
    then: Then,
    lines: Lines,
}

impl Bracketer {
    fn name(&self, order: OrderId) -> &'static str {
        match self.entry {
            Some(entry) if order == entry => "entry",
            Some(entry) if order == BracketExit::ids(entry)[0] => "profit",
            _ => "loss",
        }
    }
}

impl Actor for Bracketer {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        ctx.wake_at(ctx.now() + SimDuration::from_secs(60), 0);
    }
}

impl Handler<Wakeup> for Bracketer {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        let link = Link::Bracket {
            take_profit: Some(Price::new(120)),
            stop_loss: Some(StopLoss::at(Price::new(90))),
        };
        let terms = OrderTerms { link, ..OrderTerms::limit(Side::Buy, Quantity::new(10), Price::new(100)) };
        self.entry = ctx.submit(LISTING, terms).ok();
    }
}

impl Handler<ExecutionReport> for Bracketer {
    type Result = ();

    fn handle(&mut self, report: ExecutionReport, ctx: &mut Context) {
        let what = match report.kind {
            ReportKind::Accepted => {
                return match (self.name(report.order), self.then) {
                    ("profit", Then::CancelsProfit) => ctx.cancel(report.order).unwrap(),
                    ("loss", Then::DrawsStop) => {
                        ctx.replace(report.order, Price::new(101), Quantity::new(6)).unwrap();
                    }
                    _ => {}
                };
            }
            ReportKind::Replaced { price, .. } => format!("replaced at {}", price.ticks()),
            ReportKind::Filled { price, quantity, .. } => format!("filled {quantity} at {}", price.ticks()),
            ReportKind::Triggered { trigger } => format!("triggered at {}", trigger.ticks()),
            ReportKind::Canceled(reason) => format!("canceled {}", reason.name()),
            ReportKind::Expired(reason) => format!("expired {}", reason.name()),
            ReportKind::Grown { leaves } => format!("grown to {leaves}"),
            ReportKind::Reduced { leaves, .. } => format!("reduced to {leaves}"),
            _ => format!("{:?}", report.kind),
        };
        self.lines.borrow_mut().push(format!("{} {what}", self.name(report.order)));
    }
}

bearpit_core::ignore_messages!(Bracketer: MarketData);

/// Sends orders, each after so many seconds.
struct Flow(Vec<(u64, OrderTerms)>);

impl Actor for Flow {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        for (index, (seconds, _)) in self.0.iter().enumerate() {
            ctx.wake_at(ctx.now() + SimDuration::from_secs(seconds.cast_signed()), index as u64);
        }
    }
}

impl Handler<Wakeup> for Flow {
    type Result = ();

    fn handle(&mut self, wakeup: Wakeup, ctx: &mut Context) {
        ctx.submit(LISTING, self.0[usize::try_from(wakeup.tag).unwrap()].1).unwrap();
    }
}

bearpit_core::ignore_messages!(Flow: ExecutionReport, MarketData);

fn open() -> SimTime {
    "2025-03-04T08:00:00".parse().unwrap()
}

/// Says what becomes of a bracket in a market that others or a file make; these send an order a minute.
fn told(replay: Option<ReplayConfig>, flow: Vec<OrderTerms>, then: Then) -> Vec<String> {
    let lines = Lines::default();
    let flow = (2..).map(|minute| 60 * minute).zip(flow).collect();
    told_by(replay, flow, Bracketer { entry: None, then, lines: Rc::clone(&lines) });
    lines.take()
}

/// Runs a day of a market that others or a file make, in which an owner trades.
pub(super) fn told_by(
    replay: Option<ReplayConfig>,
    flow: Vec<(u64, OrderTerms)>,
    owner_actor: impl TradingActor,
) {
    let mut builder =
        MarketBuilder::new(Seed::new(1), open(), open() + SimDuration::from_secs(86_400)).unwrap();
    let acme = Instrument::new("ACME", "1".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let acme = builder.instrument(acme, None);
    builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
    builder.listing_config(
        LISTING,
        ListingConfig { replay: replay.map(Into::into), ..ListingConfig::default() },
    );
    let holdings = vec![(InstrumentId::new(0), Quantity::new(1_000))];
    let account = AccountConfig { cash: Money::from_whole(100_000), holdings, ..AccountConfig::default() };
    let owner = || ParticipantConfig::new("owner").with_account(account.clone());
    builder.agent("owner", owner(), owner_actor).unwrap();
    builder.agent("flow", owner(), Flow(flow)).unwrap();
    let mut market = builder.open().unwrap();
    market.run().unwrap();
}

/// A file of bars of an hour from nine on; rows of open, high, low, close, volume.
pub(super) fn file(rows: &[(i64, i64, i64, i64, u64)]) -> Option<ReplayConfig> {
    let bar = |(hour, row): (i64, &(i64, i64, i64, i64, u64))| {
        let start = open() + SimDuration::from_secs(3_600 * hour);
        let [open, high, low, close] = [row.0, row.1, row.2, row.3].map(Price::new);
        ReplayBar { start, end: start + HOUR, open, high, low, close, volume: Some(Quantity::new(row.4)) }
    };
    let bars = (1..).zip(rows).map(bar).collect();
    Some(ReplayConfig::new(bars, SimDuration::from_secs(1)))
}

pub(super) fn limit(side: Side, lots: u64, price: i64) -> OrderTerms {
    OrderTerms::limit(side, Quantity::new(lots), Price::new(price))
}

#[test]
fn an_elected_stop_cancels_the_rest_of_its_entry_before_it_trades() {
    let expected = [
        "entry filled 6 at 100",
        "loss replaced at 101",
        "loss triggered at 101",
        "entry canceled linked",
        "loss filled 4 at 90",
        "profit reduced to 2",
        "loss filled 2 at 90",
        "profit canceled linked",
    ];
    // Six lots are all that the first bar has, and four the second.
    let bars = [(101, 102, 99, 101, 6), (90, 96, 90, 94, 4), (90, 97, 90, 97, 50)];
    assert_eq!(told(file(&bars), Vec::new(), Then::DrawsStop), expected);
    // The rest of the entry bids 100, to which its own stop must not sell.
    let flow = vec![limit(Side::Buy, 4, 90), limit(Side::Buy, 2, 90), limit(Side::Sell, 6, 100)];
    assert_eq!(told(None, flow, Then::DrawsStop), expected);
}

#[test]
fn exits_that_their_owner_cancels_let_the_entry_go_on_without_any() {
    let expected = [
        "entry filled 6 at 100",
        "profit canceled requested",
        "loss canceled linked",
        "entry filled 4 at 100",
    ];
    let bars = [(101, 102, 99, 101, 6), (101, 102, 99, 101, 50)];
    assert_eq!(told(file(&bars), Vec::new(), Then::CancelsProfit), expected);
    let flow = vec![limit(Side::Sell, 6, 100), limit(Side::Sell, 4, 100)];
    assert_eq!(told(None, flow, Then::CancelsProfit), expected);
}
