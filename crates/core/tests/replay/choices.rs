//! Choices that a history does not have: fills at this close, a published path, bars from before the start,
//! days that begin in the evening.

use std::cell::RefCell;
use std::rc::Rc;

use actix::{Actor, Handler};
use bearpit_core::account::{AccountConfig, Credit, MarginRate, MarginTerms, OnRuin};
use bearpit_core::exchange::{ListingConfig, MarketBuilder};
use bearpit_core::kernel::Wakeup;
use bearpit_core::market::{
    CancelReason, ExecutionReport, Fees, Instrument, Link, OrderTerms, ReportKind, Side, StopLoss,
    TimeInForce,
};
use bearpit_core::participant::{Context, Feed, Latencies, MarketData, ParticipantConfig, Update};
use bearpit_core::replay::{Days, FillRules, MarketFill, ReplayBar, ReplayConfig, SessionHours};
use bearpit_core::units::{InstrumentId, ListingId, Money, Price, Quantity, Seed, SimDuration, SimTime};

const LISTING: ListingId = ListingId::new(0);
const HOUR: SimDuration = SimDuration::from_secs(3_600);

type Lines = Rc<RefCell<Vec<String>>>;

/// Sends an order with each bar, and writes down what it hears.
struct Listener {
    feeds: Vec<Feed>,
    terms: OrderTerms,
    lines: Lines,
}

impl Actor for Listener {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        for feed in &self.feeds {
            ctx.subscribe(LISTING, *feed).unwrap();
        }
    }
}

impl Handler<MarketData> for Listener {
    type Result = ();

    fn handle(&mut self, data: MarketData, ctx: &mut Context) {
        let line = match data.update {
            Update::Bar(bar) => {
                let sent = ctx.submit(LISTING, self.terms).is_ok();
                format!("bar {} sent {sent}", bar.close.ticks())
            }
            Update::Warmup(bar) => {
                let refused = ctx.submit(LISTING, self.terms).unwrap_err();
                format!("warm-up {} {}", bar.close.ticks(), refused.name())
            }
            Update::Quote(quote) => {
                let [bid, ask] = [quote.bid, quote.ask].map(|level| level.map(|level| level.price.ticks()));
                format!("quote {bid:?} {ask:?}")
            }
            Update::MarginCall(call) => {
                let [equity, maintenance] = [call.equity, call.maintenance];
                format!("called: {equity} below {maintenance}")
            }
            _ => return,
        };
        self.lines.borrow_mut().push(line);
    }
}

impl Handler<ExecutionReport> for Listener {
    type Result = ();

    fn handle(&mut self, report: ExecutionReport, ctx: &mut Context) {
        let what = match report.kind {
            ReportKind::Canceled(reason @ CancelReason::InsufficientMargin { .. }) => {
                let holding = ctx.account().unwrap().holding(InstrumentId::new(0));
                format!("{} with {holding}", reason.name())
            }
            ReportKind::Filled { price, .. } => format!("filled at {}", price.ticks()),
            ReportKind::Expired(reason) => format!("expired {}", reason.name()),
            _ => return,
        };
        let time = &report.at.to_string()[8..16];
        self.lines.borrow_mut().push(format!("{time} {what}"));
    }
}

bearpit_core::ignore_messages!(Listener: Wakeup);

fn at(text: &str) -> SimTime {
    text.parse().unwrap()
}

/// A bar of an hour from 100 up to 101, down to 98 and back, all so many ticks higher.
fn bar(start: &str, above: i64) -> ReplayBar {
    let price = |ticks: i64| Price::new(ticks + above);
    let (start, volume) = (at(start), Some(Quantity::new(1_000)));
    let [open, high, low, close] = [price(100), price(101), price(98), price(100)];
    ReplayBar { start, end: start + HOUR, open, high, low, close, volume }
}

/// Runs a replay with a listener that has 10,000; returns what it wrote down.
fn heard(config: ReplayConfig, feeds: &[Feed], terms: OrderTerms) -> Vec<String> {
    let account = AccountConfig { cash: Money::from_whole(10_000), ..AccountConfig::default() };
    heard_by(account, config, feeds, terms)
}

/// Runs a replay from 10:00 on 4 March 2025 with a listener; returns what it wrote down.
fn heard_by(account: AccountConfig, config: ReplayConfig, feeds: &[Feed], terms: OrderTerms) -> Vec<String> {
    heard_among(account, vec![config], feeds, terms)
}

/// As [`heard_by`], with a listing for each replay; the listener trades at the first.
fn heard_among(
    account: AccountConfig,
    configs: Vec<ReplayConfig>,
    feeds: &[Feed],
    terms: OrderTerms,
) -> Vec<String> {
    let open = at("2025-03-04T10:00:00");
    let mut builder = MarketBuilder::new(Seed::new(1), open, at("2025-03-06")).unwrap();
    builder.bar_interval(HOUR);
    let instrument = |symbol| Instrument::new(symbol, "1".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let instruments: Vec<InstrumentId> = ["ACME", "BOLT"]
        .into_iter()
        .zip(&configs)
        .map(|(symbol, _)| builder.instrument(instrument(symbol), None))
        .collect();
    builder.venue("PIT", Fees::default(), Latencies::NONE, &instruments);
    for (listing, config) in (0..).map(ListingId::new).zip(configs) {
        let replay = Some(config.into());
        builder.listing_config(listing, ListingConfig { replay, ..ListingConfig::default() });
    }
    let lines = Lines::default();
    let listener = Listener { feeds: feeds.to_vec(), terms, lines: Rc::clone(&lines) };
    builder.agent("listener", ParticipantConfig::new("listener").with_account(account), listener).unwrap();
    let mut market = builder.open().unwrap();
    market.run().unwrap();
    lines.take()
}

fn replay(bars: &[ReplayBar], rules: FillRules) -> ReplayConfig {
    ReplayConfig { rules, ..ReplayConfig::new(bars.into(), SimDuration::from_secs(1)) }
}

fn buys() -> OrderTerms {
    OrderTerms::market(Side::Buy, Quantity::new(1))
}

fn bars_feed() -> Feed {
    Feed::Bars(HOUR.into())
}

#[test]
fn a_market_order_fills_at_this_close_or_at_the_next_open() {
    let bars = [bar("2025-03-04T10:00:00", 0), bar("2025-03-04T11:00:00", 7)];
    let next = heard(replay(&bars, FillRules::default()), &[bars_feed()], buys());
    assert_eq!(next, ["bar 100 sent true", "04T11:00 filled at 107", "bar 107 sent true"]);
    let rules = FillRules { market_fill: MarketFill::ThisClose, ..FillRules::default() };
    let this = heard(replay(&bars, rules), &[bars_feed()], buys());
    let expected =
        ["bar 100 sent true", "04T10:59 filled at 100", "bar 107 sent true", "04T11:59 filled at 107"];
    assert_eq!(this, expected);
}

#[test]
fn a_purchase_on_debit_can_ruin_whose_account_owed_nothing_before() {
    let mut falls = bar("2025-03-04T11:00:00", 0);
    falls.low = Price::new(85);
    let bars = [bar("2025-03-04T10:00:00", 0), falls];
    let account = AccountConfig {
        cash: Money::from_whole(1_000),
        max_debit: Money::from_whole(9_500),
        on_ruin: Some(OnRuin::Liquidate),
        ..AccountConfig::default()
    };
    let terms = OrderTerms::market(Side::Buy, Quantity::new(100));
    let lines = heard_by(account, replay(&bars, FillRules::default()), &[bars_feed()], terms);
    // 9,000 owed on a hundred: nothing is left at 90, eleven of sixteen ticks down the second third.
    assert_eq!(
        lines,
        ["bar 100 sent true", "04T11:00 filled at 100", "04T11:33 filled at 90", "bar 100 sent false",]
    );
}

/// An account with so much cash, initial margin of a half, and a quarter for maintenance.
fn on_margin(cash: i64) -> AccountConfig {
    let [half, quarter] = [2, 4].map(|of| MarginRate::new(1, of).unwrap());
    let credit = Credit::Margin(MarginTerms::new(half, quarter).unwrap());
    AccountConfig { cash: Money::from_whole(cash), credit, ..AccountConfig::default() }
}

#[test]
fn a_margin_account_is_closed_out_at_the_instant_at_which_the_path_calls_it() {
    let mut falls = bar("2025-03-04T11:00:00", 0);
    falls.low = Price::new(80);
    let bars = [bar("2025-03-04T10:00:00", 0), falls, bar("2025-03-04T12:00:00", 0)];
    let terms = OrderTerms::market(Side::Buy, Quantity::new(100));
    let lines = heard_by(on_margin(3_500), replay(&bars, FillRules::default()), &[bars_feed()], terms);
    // Equity of 3,500 buys for 7,000 at most: seventy lots at the open, by the order for a hundred that was
    // covered at none: it is refused.
    assert_eq!(lines, ["bar 100 sent false", "bar 100 sent false", "bar 100 sent false"]);
    let terms = OrderTerms::market(Side::Buy, Quantity::new(70));
    let lines = heard_by(on_margin(3_500), replay(&bars, FillRules::default()), &[bars_feed()], terms);
    // 3,500 owed on seventy lots: 70 p - 3,500 is a quarter of 70 p at 66 and two thirds, beyond the low.
    assert_eq!(lines[..2], ["bar 100 sent true", "04T11:00 filled at 100"]);
    assert!(lines.iter().all(|line| !line.contains("called")), "{lines:?}");
    let lines =
        heard_by(on_margin(3_500), replay(&low(&bars, 60), FillRules::default()), &[bars_feed()], terms);
    // From 101 down to 60 it is at 66 after 35 of 41 ticks; what is left then buys for 2,240.
    let expected = [
        "bar 100 sent true",
        "04T11:00 filled at 100",
        "called: 1120.00 below 1155.00",
        "04T11:37 filled at 66",
        "bar 100 sent false",
        "bar 100 sent false",
    ];
    assert_eq!(lines, expected);
}

/// The same bars, of which the second falls lower.
fn low(bars: &[ReplayBar], low: i64) -> Vec<ReplayBar> {
    let mut bars = bars.to_vec();
    bars[1].low = Price::new(low);
    bars
}

#[test]
fn a_purchase_at_the_open_is_cut_to_what_the_margin_covers_there() {
    let gap = bar("2025-03-04T11:00:00", 25);
    let bars = [bar("2025-03-04T10:00:00", 0), gap];
    let terms = OrderTerms::market(Side::Buy, Quantity::new(80));
    let lines = heard_by(on_margin(4_000), replay(&bars, FillRules::default()), &[bars_feed()], terms);
    // Eighty at 100 take all of it; at 125 there is enough for sixty-four.
    assert_eq!(
        lines[..3],
        ["bar 100 sent true", "04T11:00 filled at 125", "04T11:00 insufficient_margin with 64"]
    );
}

#[test]
fn an_exit_covers_the_whole_of_its_position_though_no_margin_is_left() {
    let mut falls = bar("2025-03-04T11:00:00", 0);
    falls.low = Price::new(85);
    let bars = [bar("2025-03-04T10:00:00", 0), falls];
    let [take_profit, stop_loss] = [90, 110].map(Price::new);
    let link = Link::Bracket { take_profit: Some(take_profit), stop_loss: Some(StopLoss::at(stop_loss)) };
    let terms = OrderTerms { link, ..OrderTerms::limit(Side::Sell, Quantity::new(100), Price::new(100)) };
    let lines = heard_by(on_margin(5_000), replay(&bars, FillRules::default()), &[bars_feed()], terms);
    assert_eq!(lines[..2], ["bar 100 sent true", "04T11:00 filled at 100"]);
    assert!(lines[2].ends_with("filled at 90"), "{lines:?}");
}

#[test]
fn a_purchase_on_the_path_is_cut_to_what_the_equity_of_that_price_covers() {
    let mut falls = bar("2025-03-04T11:00:00", 0);
    falls.low = Price::new(80);
    let bars = [bar("2025-03-04T10:00:00", 0), falls];
    let terms = OrderTerms::limit(Side::Buy, Quantity::new(120), Price::new(80));
    let holdings = vec![(InstrumentId::new(0), Quantity::new(100))];
    let account = AccountConfig { holdings, ..on_margin(0) };
    let lines = heard_by(account, replay(&bars, FillRules::default()), &[bars_feed()], terms);
    // 8,000 of equity there cover 200 lots at 80, of which it has a hundred.
    assert_eq!(lines[0], "bar 100 sent true");
    assert!(lines[1].ends_with("filled at 80"), "{lines:?}");
    assert!(lines[2].ends_with("insufficient_margin with 200"), "{lines:?}");
}

#[test]
fn what_else_is_held_counts_at_the_price_of_its_path_when_a_purchase_fills() {
    let mut falls = bar("2025-03-04T11:00:00", 0);
    falls.low = Price::new(80);
    let first = bar("2025-03-04T10:00:00", 0);
    let [acme, bolt] = [[first, bar("2025-03-04T11:00:00", 0)], [first, falls]];
    let configs = [acme, bolt].map(|bars| replay(&bars, FillRules::default())).to_vec();
    let account =
        AccountConfig { holdings: vec![(InstrumentId::new(1), Quantity::new(100))], ..on_margin(0) };
    let terms = OrderTerms::limit(Side::Buy, Quantity::new(100), Price::new(99));
    let lines = heard_among(account, configs, &[bars_feed()], terms);
    // Two thirds of the way from 101 down to 98, when BOLT is at 87 on its way from 101 to 80: 8,700 of
    // equity cover as much again, 87 lots. At 101, where that path turned last, all hundred were covered.
    assert_eq!(
        lines[..3],
        ["bar 100 sent true", "04T11:33 filled at 99", "04T11:33 insufficient_margin with 87"]
    );
}

#[test]
fn a_path_is_shown_as_quotes_only_where_that_is_asked_for() {
    let bars = [bar("2025-03-04T10:00:00", 0)];
    assert_eq!(heard(replay(&bars, FillRules::default()), &[Feed::Quotes], buys()), [""; 0]);
    let rules = FillRules { intrabar_feed: true, half_spread: 2, ..FillRules::default() };
    let expected = [
        "quote Some(98) Some(102)",
        "quote Some(99) Some(103)",
        "quote Some(96) Some(100)",
        "quote Some(98) Some(102)",
        "quote None None",
    ];
    assert_eq!(heard(replay(&bars, rules), &[Feed::Quotes], buys()), expected);
}

#[test]
fn bars_from_before_the_start_are_shown_and_refuse_orders() {
    let early = ["2025-03-04T07:00:00", "2025-03-04T08:00:00", "2025-03-04T09:00:00", "2025-03-04T10:00:00"];
    let bars: Vec<ReplayBar> = (0..).zip(early).map(|(above, start)| bar(start, above)).collect();
    let config = ReplayConfig { warmup: 2, ..replay(&bars, FillRules::default()) };
    let expected = ["warm-up 101 warming_up", "warm-up 102 warming_up", "bar 103 sent true"];
    assert_eq!(heard(config, &[bars_feed()], buys()), expected);
}

#[test]
fn a_day_order_ends_with_the_day_that_begins_in_the_evening() {
    let starts = ["2025-03-04T16:00:00", "2025-03-04T18:00:00", "2025-03-05T01:00:00", "2025-03-05T18:00:00"];
    let bars: Vec<ReplayBar> = starts.into_iter().map(|start| bar(start, 0)).collect();
    let terms = OrderTerms::limit(Side::Buy, Quantity::new(1), Price::new(50)).with(TimeInForce::Day);
    let expiries = |days: Days| {
        let config = ReplayConfig { days, ..replay(&bars, FillRules::default()) };
        let lines = heard(config, &[bars_feed()], terms);
        lines.into_iter().filter(|line| line.contains("expired session_closed")).collect::<Vec<String>>()
    };
    let midnight = expiries(Days::by_date(&bars));
    assert_eq!(
        midnight,
        [
            "04T18:59 expired session_closed",
            "05T18:59 expired session_closed",
            "05T18:59 expired session_closed"
        ]
    );
    let hour = |hour: i64| SimDuration::from_secs(hour * 3_600);
    let hours = SessionHours { open: hour(18), close: hour(17) };
    let evening = expiries(Days::by(&bars, |start| hours.day(start)));
    assert_eq!(
        evening,
        [
            "05T01:59 expired session_closed",
            "05T01:59 expired session_closed",
            "05T18:59 expired session_closed"
        ]
    );
}
