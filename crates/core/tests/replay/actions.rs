//! Splits and dividends by hand: what becomes of positions, orders, cash, past bars, and what is owed.

use std::cell::RefCell;
use std::rc::Rc;

use actix::{Actor, Handler};
use bearpit_core::account::AccountConfig;
use bearpit_core::exchange::{ListingConfig, MarketBuilder};
use bearpit_core::kernel::{LatencyModel, Wakeup};
use bearpit_core::market::{
    CorporateAction, ExecutionReport, Fact, Fees, Instrument, OrderKind, OrderTerms, ReportKind, Side,
    SinkError, SplitRatio, Stamped, TapeSink, TimeInForce, TrailingDistance,
};
use bearpit_core::participant::{Context, Feed, Latencies, MarketData, ParticipantConfig, Update};
use bearpit_core::replay::{ReplayAction, ReplayBar, ReplayConfig};
use bearpit_core::units::{
    InstrumentId, ListingId, Money, OrderId, Price, Quantity, Seed, SimDuration, SimTime,
};

const LISTING: ListingId = ListingId::new(0);
const APPLE: InstrumentId = InstrumentId::new(0);
const WEEK: SimDuration = SimDuration::from_secs(7 * 86_400);

type Lines = Rc<RefCell<Vec<String>>>;

/// What the actor does at a time.
#[derive(Debug, Clone, Copy)]
enum Do {
    Submit(OrderTerms),
    Replace {
        order: u64,
        price: i64,
        lots: u64,
    },
    /// Writes down position, cash, free cash, what may be sold, and open orders.
    Look,
}

struct Holder {
    plan: Vec<(SimTime, Do)>,
    lines: Lines,
}

impl Actor for Holder {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        ctx.subscribe(LISTING, Feed::Actions).unwrap();
        for (tag, (at, _)) in (0..).zip(&self.plan) {
            ctx.wake_at(*at, tag);
        }
    }
}

impl Handler<Wakeup> for Holder {
    type Result = ();

    fn handle(&mut self, wakeup: Wakeup, ctx: &mut Context) {
        match self.plan[usize::try_from(wakeup.tag).unwrap()].1 {
            Do::Submit(terms) => drop(ctx.submit(LISTING, terms).unwrap()),
            Do::Replace { order, price, lots } => {
                ctx.replace(OrderId::new(order), Price::new(price), Quantity::new(lots)).unwrap();
            }
            Do::Look => {
                let account = ctx.account().unwrap();
                let orders = account.open_orders().iter().map(|order| {
                    format!("{} {} of {} {:?}", order.side, order.leaves, order.quantity, order.kind)
                });
                let line = format!(
                    "holds {} for {}, cash {} free {}, may sell {}; {}",
                    account.holding(APPLE).lots(),
                    account.position(APPLE).cost(),
                    account.cash(),
                    account.free_cash(),
                    account.sellable(APPLE).lots(),
                    orders.collect::<Vec<_>>().join(", ")
                );
                self.lines.borrow_mut().push(line);
            }
        }
    }
}

impl Handler<MarketData> for Holder {
    type Result = ();

    fn handle(&mut self, data: MarketData, _: &mut Context) {
        if let Update::Action(action) = data.update {
            self.lines.borrow_mut().push(format!("{} {action}", &data.at.to_string()[5..]));
        }
    }
}

impl Handler<ExecutionReport> for Holder {
    type Result = ();

    fn handle(&mut self, report: ExecutionReport, _: &mut Context) {
        let what = match report.kind {
            ReportKind::Filled { price, quantity, .. } => format!("filled {quantity} at {}", price.ticks()),
            ReportKind::Canceled(reason) => format!("canceled: {reason}"),
            ReportKind::Restated(ratio) => format!("restated {ratio}"),
            _ => return,
        };
        self.lines.borrow_mut().push(format!("{} {what}", report.order));
    }
}

/// Writes down what happened to accounts.
struct Recorder(Lines);

impl TapeSink for Recorder {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        if let Fact::AccountPaid { reason, amount, cost, .. } = stamped.fact {
            let time = &stamped.at.to_string()[5..16];
            self.0.borrow_mut().push(format!("{time} {} pays {amount}, cost {cost}", reason.name()));
        }
        Ok(())
    }
}

fn at(text: &str) -> SimTime {
    format!("2005-{text}").parse().unwrap()
}

/// A bar of 6.5 hours from 9:30 that stays at a price in cents.
fn bar(day: &str, cents: i64) -> ReplayBar {
    let (start, price) = (at(&format!("{day}T09:30:00")), Price::new(cents));
    let end = start + SimDuration::from_secs(6 * 3_600 + 1_800);
    ReplayBar { start, end, open: price, high: price, low: price, close: price, volume: None }
}

fn split(new: u32, old: u32) -> CorporateAction {
    CorporateAction::Split(SplitRatio::new(new, old).unwrap())
}

fn each(amount: &str) -> CorporateAction {
    CorporateAction::Dividend(Money::from_decimal(amount.parse().unwrap()).unwrap())
}

struct Setting<'a> {
    bars: &'a [ReplayBar],
    actions: &'a [(usize, CorporateAction)],
    entry: SimDuration,
    plan: &'a [(&'a str, Do)],
}

/// Runs a holder with 1,000 shares and 100,000 of cash from 24 February 2005; returns what it wrote down. All
/// must be conserved.
fn run(setting: &Setting<'_>) -> Vec<String> {
    let open = at("02-24");
    let mut builder = MarketBuilder::new(Seed::new(1), open, open + WEEK).unwrap();
    let lines = Lines::default();
    builder.sink(Box::new(Recorder(Rc::clone(&lines))));
    let apple = Instrument::new("AAPL", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let apple = builder.instrument(apple, None);
    builder.venue("FILE", Fees::default(), Latencies::NONE, &[apple]);
    let action = |(bar, action): &(usize, CorporateAction)| ReplayAction { bar: *bar, action: *action };
    let actions = setting.actions.iter().map(action).collect();
    let call = SimDuration::from_secs(1);
    let replay = ReplayConfig { actions, ..ReplayConfig::new(setting.bars.into(), call) };
    builder
        .listing_config(LISTING, ListingConfig { replay: Some(replay.into()), ..ListingConfig::default() });
    let account = AccountConfig {
        cash: Money::from_whole(100_000),
        holdings: vec![(apple, Quantity::new(1_000))],
        max_short: vec![(apple, Quantity::new(500))],
        ..AccountConfig::default()
    };
    let entry = LatencyModel::Constant(setting.entry);
    let config = ParticipantConfig::new("holder")
        .with_account(account)
        .with_latencies(Latencies { entry, ..Latencies::NONE });
    let plan = setting.plan.iter().map(|(time, what)| (at(time), *what)).collect();
    builder.agent("holder", config, Holder { plan, lines: Rc::clone(&lines) }).unwrap();
    let mut market = builder.open().unwrap();
    market.run().unwrap();
    drop(market);
    lines.take()
}

const NOW: SimDuration = SimDuration::ZERO;

#[test]
fn apple_on_28_february_2005() {
    let bars = [bar("02-25", 8_899), bar("02-28", 4_486)];
    let lines = run(&Setting {
        bars: &bars,
        actions: &[(1, split(2, 1))],
        entry: NOW,
        plan: &[("02-26T00:00:00", Do::Look), ("02-28T09:30:00.5", Do::Look), ("02-28T12:00:00", Do::Look)],
    });
    assert_eq!(
        lines,
        [
            "holds 1000 for 88990.00, cash 100000.00 free 100000.00, may sell 1500; ",
            "02-28T09:30:00 split 2:1",
            "holds 2000 for 88990.00, cash 100000.00 free 100000.00, may sell 3000; ",
            "holds 2000 for 88990.00, cash 100000.00 free 100000.00, may sell 3000; ",
        ]
    );
}

#[test]
fn open_orders_follow_a_split_with_what_they_hold() {
    let limit =
        |side, lots, ticks| Do::Submit(OrderTerms::limit(side, Quantity::new(lots), Price::new(ticks)));
    let stop = |kind| Do::Submit(OrderTerms::new(Side::Sell, Quantity::new(100), kind));
    let protection = None;
    let lines = run(&Setting {
        bars: &[bar("02-25", 8_899), bar("02-28", 4_486), bar("03-01", 4_400)],
        actions: &[(1, split(2, 1))],
        entry: NOW,
        plan: &[
            ("02-26T00:00:00", limit(Side::Buy, 100, 8_001)),
            ("02-26T00:00:01", limit(Side::Sell, 101, 9_001)),
            ("02-26T00:00:02", stop(OrderKind::Stop { trigger: Price::new(8_001), protection })),
            (
                "02-26T00:00:03",
                stop(OrderKind::TrailingStop { distance: TrailingDistance::Ticks(500), protection }),
            ),
            ("02-26T00:00:04", Do::Look),
            ("02-28T09:30:00.5", Do::Look),
        ],
    });
    assert_eq!(
        lines,
        [
            // 100 at 80.01.
            "holds 1000 for 88990.00, cash 100000.00 free 91999.00, may sell 1199; buy 100 of 100 Limit(Price(8001)), \
             sell 101 of 101 Limit(Price(9001)), sell 100 of 100 Stop { trigger: Price(8001), protection: None }, \
             sell 100 of 100 TrailingStop { distance: Ticks(500), protection: None }",
            "02-28T09:30:00 split 2:1",
            "0 restated 2:1",
            "1 restated 2:1",
            "2 restated 2:1",
            "3 restated 2:1",
            // Purchases are rounded down, sales up; 200 at 40.00.
            "holds 2000 for 88990.00, cash 100000.00 free 92000.00, may sell 2398; buy 200 of 200 Limit(Price(4000)), \
             sell 202 of 202 Limit(Price(4501)), sell 200 of 200 Stop { trigger: Price(4001), protection: None }, \
             sell 200 of 200 TrailingStop { distance: Ticks(250), protection: None }",
        ]
    );
}

#[test]
fn what_a_split_leaves_of_a_lot_is_paid_at_the_open() {
    let buy = OrderTerms::market(Side::Buy, Quantity::new(1)).with(TimeInForce::Gtc);
    let lines = run(&Setting {
        bars: &[bar("02-24", 9_000), bar("02-25", 9_000), bar("02-28", 6_100)],
        actions: &[(2, split(3, 2))],
        entry: NOW,
        plan: &[
            ("02-24T20:00:00", Do::Submit(buy)),
            ("02-28T09:30:00.5", Do::Look),
            ("02-28T12:00:00", Do::Look),
        ],
    });
    assert_eq!(
        lines,
        [
            "0 filled 1 at 9000",
            "02-28T09:30:00 split 3:2",
            // 1,001 become 1,501.5: the half lot has cost 30.
            "holds 1501 for 90060.00, cash 99910.00 free 99910.00, may sell 2251; ",
            "02-28T09:30 fraction pays 30.50, cost 30.00",
            "holds 1501 for 90060.00, cash 99940.50 free 99940.50, may sell 2251; ",
        ]
    );
}

#[test]
fn a_reverse_split_takes_small_orders_away_and_charges_who_is_short() {
    let sale = OrderTerms::market(Side::Sell, Quantity::new(1_105)).with(TimeInForce::Gtc);
    let small = OrderTerms::limit(Side::Buy, Quantity::new(9), Price::new(500));
    let lines = run(&Setting {
        bars: &[bar("02-24", 900), bar("02-25", 900), bar("02-28", 9_500)],
        actions: &[(2, split(1, 10))],
        entry: NOW,
        plan: &[
            ("02-24T20:00:00", Do::Submit(sale)),
            ("02-26T20:00:00", Do::Submit(small)),
            ("02-28T12:00:00", Do::Look),
        ],
    });
    assert_eq!(
        lines,
        [
            "0 filled 1105 at 900",
            "02-28T09:30:00 split 1:10",
            "2 restated 1:10",
            "2 canceled: a split left less than a lot of it",
            // 105 short are 10.5, of which the half is bought back at the open.
            "02-28T09:30 fraction pays -47.50, cost -45.00",
            "holds -10 for -900.00, cash 109897.50 free 109897.50, may sell 40; ",
        ]
    );
}

#[test]
fn dividends_go_to_who_held_at_the_previous_close() {
    let trade = |side, lots| Do::Submit(OrderTerms::market(side, Quantity::new(lots)).with(TimeInForce::Gtc));
    let lines = run(&Setting {
        bars: &[bar("02-24", 9_000), bar("02-25", 8_900), bar("02-28", 8_900), bar("03-01", 8_900)],
        actions: &[(1, each("1.00")), (2, each("0.125")), (2, split(2, 1)), (3, each("0.10"))],
        entry: NOW,
        plan: &[
            // Bought at the open of an ex-day: too late.
            ("02-24T20:00:00", trade(Side::Buy, 100)),
            // Sold at the open of the next: paid all the same.
            ("02-26T20:00:00", trade(Side::Sell, 1_200)),
            ("03-01T12:00:00", Do::Look),
        ],
    });
    assert_eq!(
        lines,
        [
            "02-25T09:30 dividend pays 1000.00, cost 0.00",
            "02-25T09:30:00 dividend 1.00",
            "0 filled 100 at 8900",
            // Before the split of the same day: 1,100 shares.
            "02-28T09:30 dividend pays 137.50, cost 0.00",
            "02-28T09:30:00 dividend 0.125",
            "02-28T09:30:00 split 2:1",
            "2 restated 2:1",
            "2 filled 2400 at 8900",
            "03-01T09:30 dividend pays -20.00, cost 0.00",
            "03-01T09:30:00 dividend 0.10",
            "holds -200 for -17800.00, cash 305817.50 free 305817.50, may sell 800; ",
        ]
    );
}

#[test]
fn commands_under_way_arrive_in_new_shares() {
    let limit = OrderTerms::limit(Side::Buy, Quantity::new(10), Price::new(8_000));
    let lines = run(&Setting {
        bars: &[bar("02-25", 8_899), bar("02-28", 4_486)],
        actions: &[(1, split(2, 1))],
        entry: SimDuration::from_millis(400),
        plan: &[
            ("02-26T00:00:00", Do::Submit(limit)),
            // Both arrive between the split and the open.
            ("02-28T09:29:59.9", Do::Replace { order: 0, price: 9_000, lots: 20 }),
            ("02-28T09:29:59.95", Do::Submit(limit)),
            // Sent after the split.
            ("02-28T09:30:00.1", Do::Submit(limit)),
            ("02-28T09:30:00.9", Do::Look),
        ],
    });
    assert_eq!(
        lines,
        [
            "02-28T09:30:00 split 2:1",
            "0 restated 2:1",
            "holds 2000 for 88990.00, cash 100000.00 free 96600.00, may sell 3000; buy 40 of 40 Limit(Price(4500)), buy \
             20 of 20 Limit(Price(4000)), buy 10 of 10 Limit(Price(8000))",
            "2 filled 10 at 4486",
            "0 filled 40 at 4486",
        ]
    );
}

#[test]
fn what_happened_by_the_first_bar_is_in_what_is_held_and_in_bars_from_before() {
    let bars = [bar("02-22", 9_000), bar("02-23", 8_900), bar("02-24", 4_450), bar("02-25", 4_500)];
    let lines = run(&Setting {
        bars: &bars,
        actions: &[(1, each("1.00")), (2, split(2, 1)), (2, each("1.00"))],
        entry: NOW,
        plan: &[("02-25T12:00:00", Do::Look)],
    });
    assert_eq!(lines, ["holds 1000 for 44500.00, cash 100000.00 free 100000.00, may sell 1500; "]);
}
