//! What strategies see of replayed trades and quotes, and what becomes of accounts: feeds, bars, marks, cash,
//! the end of a file.

use std::cell::RefCell;
use std::rc::Rc;

use actix::{Actor, Handler};
use bearpit_core::account::{AccountConfig, OnRuin};
use bearpit_core::exchange::{ListingConfig, MarketBuilder};
use bearpit_core::kernel::Wakeup;
use bearpit_core::market::{
    Bar, ExecutionReport, Fees, Instrument, OrderTerms, Quote, QuoteLevel, ReportKind, Side, TimeInForce,
};
use bearpit_core::participant::{Context, Feed, Latencies, MarketData, ParticipantConfig, Update};
use bearpit_core::replay::{AtEnd, FillRules, KnownSizes, QuoteTick, ShortCash, TickConfig, TradeTick};
use bearpit_core::units::{ListingId, Money, Price, Quantity, Seed, SimDuration, SimTime};

const LISTING: ListingId = ListingId::new(0);
const SECOND: SimDuration = SimDuration::from_secs(1);

type Lines = Rc<RefCell<Vec<String>>>;

/// Sends one order after two and a half seconds, and writes down what it hears.
struct Listener {
    terms: OrderTerms,
    lines: Lines,
}

impl Actor for Listener {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        for feed in [Feed::Quotes, Feed::Trades, Feed::Bars(SECOND.into()), Feed::Book(5)] {
            ctx.subscribe(LISTING, feed).unwrap();
        }
        ctx.wake_at(open() + SimDuration::from_millis(2_500), 0);
    }
}

impl Handler<Wakeup> for Listener {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        let sent = ctx.submit(LISTING, self.terms).map_err(|refusal| refusal.name());
        self.lines.borrow_mut().push(format!("sent {:?}", sent.map(|_| ())));
    }
}

fn shown(level: Option<QuoteLevel>) -> String {
    level.map_or_else(|| "-".to_owned(), |level| format!("{}x{}", level.price.ticks(), level.size.lots()))
}

impl Handler<MarketData> for Listener {
    type Result = ();

    fn handle(&mut self, data: MarketData, _: &mut Context) {
        let line = match data.update {
            Update::Quote(Quote { bid, ask }) => format!("quote {} {}", shown(bid), shown(ask)),
            Update::Trade { price, quantity, aggressor, .. } => {
                format!("trade {}x{} {}", price.ticks(), quantity.lots(), aggressor.name())
            }
            Update::Bar(Bar { open, high, low, close, volume, .. }) => {
                let prices = [open, high, low, close].map(Price::ticks);
                format!("bar {prices:?} {:?}", volume.map(Quantity::lots))
            }
            Update::Book(ladders) => format!("book {} {}", ladders.bids.len(), ladders.asks.len()),
            _ => return,
        };
        self.lines.borrow_mut().push(line);
    }
}

impl Handler<ExecutionReport> for Listener {
    type Result = ();

    fn handle(&mut self, report: ExecutionReport, _: &mut Context) {
        let line = match report.kind {
            ReportKind::Filled { price, quantity, .. } => {
                format!("{} {}x{}", report.side.name(), price.ticks(), quantity.lots())
            }
            ReportKind::Canceled(reason) => format!("canceled {}", reason.name()),
            _ => return,
        };
        self.lines.borrow_mut().push(line);
    }
}

fn open() -> SimTime {
    "2025-03-04T10:00:00".parse().unwrap()
}

fn at(seconds: i64) -> SimTime {
    open() + SimDuration::from_secs(seconds)
}

fn trade(seconds: i64, price: i64, quantity: u64) -> TradeTick {
    TradeTick { time: at(seconds), price: Price::new(price), quantity: Quantity::new(quantity) }
}

fn quote(seconds: i64, bid: (i64, u64), ask: (i64, u64)) -> QuoteTick {
    let level =
        |(price, size): (i64, u64)| QuoteLevel { price: Price::new(price), size: Quantity::new(size) };
    let is_there = |level: &QuoteLevel| !level.size.is_zero();
    let quote = Quote { bid: Some(level(bid)).filter(is_there), ask: Some(level(ask)).filter(is_there) };
    QuoteTick::new(at(seconds), &quote)
}

fn ticks(trades: &[TradeTick], quotes: &[QuoteTick], rules: FillRules) -> TickConfig {
    TickConfig {
        trades: trades.into(),
        quotes: quotes.into(),
        known: KnownSizes::ALL,
        min_price: Price::new(1),
        day_begins: SimDuration::ZERO,
        rules,
    }
}

/// What a listener heard, and its cash, position and equity in the end.
struct Heard {
    lines: Vec<String>,
    cash: String,
    position: i64,
    equity: String,
}

fn heard(config: TickConfig, terms: OrderTerms, cash: i64) -> Heard {
    let mut builder = MarketBuilder::new(Seed::new(1), open(), at(60)).unwrap();
    builder.bar_interval(SECOND);
    let acme = Instrument::new("ACME", "1".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let acme = builder.instrument(acme, None);
    builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
    let replay = Some(config.into());
    builder.listing_config(LISTING, ListingConfig { replay, ..ListingConfig::default() });
    let lines = Lines::default();
    let listener = Listener { terms, lines: Rc::clone(&lines) };
    let account = AccountConfig {
        cash: Money::from_whole(cash),
        max_short: vec![(acme, Quantity::new(100))],
        on_ruin: Some(OnRuin::Liquidate),
        ..AccountConfig::default()
    };
    builder.agent("listener", ParticipantConfig::new("listener").with_account(account), listener).unwrap();
    let mut market = builder.open().unwrap();
    market.run().unwrap();
    let id = market.participant("listener").unwrap().id;
    let state = market.world().domain();
    let account = state.account(id).unwrap();
    Heard {
        lines: lines.take(),
        cash: account.cash().to_string(),
        position: account.holding(acme).lots(),
        equity: state.equity(id).unwrap().to_string(),
    }
}

fn buys(quantity: u64) -> OrderTerms {
    OrderTerms::market(Side::Buy, Quantity::new(quantity)).with(TimeInForce::Gtc)
}

#[test]
fn trades_and_quotes_are_published_and_own_fills_stand_beside_them() {
    let quotes = [quote(1, (98, 5), (102, 4)), quote(3, (98, 5), (0, 0)), quote(4, (99, 5), (101, 4))];
    // Above the mid, below it, at it after a lower trade; then beside a missing ask, below and above the
    // last.
    let trades = [trade(1, 101, 3), trade(2, 99, 1), trade(2, 100, 1), trade(3, 95, 2), trade(3, 96, 7)];
    let found = heard(ticks(&trades, &quotes, FillRules::default()), buys(6), 10_000);
    let expected = [
        "quote 98x5 102x4",
        "book 1 1",
        "trade 101x3 buy",
        "bar [101, 101, 101, 101] Some(3)",
        "trade 99x1 sell",
        "trade 100x1 buy",
        "sent Ok(())",
        "buy 102x4",
        "bar [99, 100, 99, 100] Some(2)",
        "quote 98x5 -",
        "book 1 0",
        "trade 95x2 sell",
        "trade 96x7 buy",
        "bar [95, 96, 95, 96] Some(9)",
        "quote 99x5 101x4",
        "book 1 1",
        "buy 101x2",
        "quote - -",
        "book 0 0",
    ];
    assert_eq!(found.lines, expected);
    // Six lots, marked at the last mid.
    assert_eq!((found.cash.as_str(), found.position, found.equity.as_str()), ("9390.00", 6, "9990.00"));
}

#[test]
fn bars_of_quotes_alone_are_made_of_mids_and_know_no_volume() {
    let quotes = [
        quote(1, (98, 5), (102, 4)),
        quote(1, (99, 5), (104, 4)),
        quote(1, (0, 0), (104, 4)),
        quote(5, (99, 5), (101, 4)),
    ];
    let found = heard(ticks(&[], &quotes, FillRules::default()), buys(1), 10_000);
    let bars: Vec<&String> = found.lines.iter().filter(|line| line.starts_with("bar")).collect();
    assert_eq!(bars, ["bar [100, 101, 100, 101] None", "bar [100, 100, 100, 100] None"]);
}

#[test]
fn a_purchase_is_cut_to_the_cash_when_it_fills() {
    let trades = [trade(1, 100, 50), trade(3, 110, 50), trade(4, 100, 50)];
    let found = heard(ticks(&trades, &[], FillRules::default()), buys(10), 1_000);
    let of_order = |found: &Heard| -> Vec<String> {
        let is_own = |line: &&String| !["trade", "bar"].iter().any(|word| line.starts_with(word));
        found.lines.iter().filter(is_own).cloned().collect()
    };
    assert_eq!(of_order(&found), ["sent Ok(())", "buy 110x9", "canceled insufficient_cash"]);
    assert_eq!(found.cash, "10.00");
    let rules = FillRules { short_cash: ShortCash::Cancel, ..FillRules::default() };
    let found = heard(ticks(&trades, &[], rules), buys(10), 1_000);
    assert_eq!(of_order(&found), ["sent Ok(())", "canceled insufficient_cash"]);
    let found = heard(ticks(&trades, &[], FillRules::default()), buys(11), 1_000);
    assert_eq!(of_order(&found), ["sent Err(\"insufficient_cash\")"], "known to be too much");
}

#[test]
fn positions_are_closed_at_the_last_quote_or_else_the_last_trade() {
    let rules = FillRules { at_end: AtEnd::Close, ..FillRules::default() };
    let quotes = [quote(1, (98, 5), (102, 4)), quote(4, (99, 1), (101, 4))];
    let trades = [trade(1, 100, 9), trade(3, 100, 9), trade(5, 97, 9)];
    let bought = heard(ticks(&trades, &quotes, rules), buys(3), 1_000);
    assert_eq!(
        (bought.cash.as_str(), bought.position),
        ("991.00", 0),
        "bought at 102, sold at 99, whatever the size"
    );
    let sells = OrderTerms { side: Side::Sell, ..buys(3) };
    let sold = heard(ticks(&trades, &quotes, rules), sells, 1_000);
    assert_eq!((sold.cash.as_str(), sold.position), ("991.00", 0), "sold at 98, bought at 101");
    let by_trades = heard(ticks(&trades, &[], rules), buys(3), 1_000);
    assert_eq!((by_trades.cash.as_str(), by_trades.position), ("991.00", 0), "bought at 100, sold at 97");
}

#[test]
fn slippage_never_takes_a_price_below_the_lowest() {
    let rules = FillRules { half_spread: 7, ..FillRules::default() };
    let trades = [trade(1, 5, 9), trade(3, 5, 9), trade(4, 5, 9)];
    let sells = OrderTerms { side: Side::Sell, ..buys(3) };
    let found = heard(ticks(&trades, &[], rules), sells, 1_000);
    assert!(found.lines.contains(&"sell 1x3".to_owned()), "{:?}", found.lines);
}

#[test]
fn who_is_ruined_by_a_row_is_closed_out_at_once_as_far_as_the_quote_goes() {
    let quotes = [
        quote(1, (99, 100), (101, 100)),
        quote(3, (129, 100), (131, 20)),
        quote(4, (120, 100), (121, 100)),
        quote(5, (120, 100), (121, 100)),
    ];
    let sells = OrderTerms { side: Side::Sell, ..buys(50) };
    let own = |config| -> Vec<String> {
        let lines = heard(config, sells, 1_000).lines;
        lines.into_iter().filter(|line| line.starts_with("buy") || line.starts_with("sell")).collect()
    };
    // 1,000 and 4,950 of the sale are less than 50 at the mid of 130.
    assert_eq!(own(ticks(&[], &quotes, FillRules::default())), ["sell 99x50", "buy 131x20", "buy 121x30"]);
    let trades =
        [trade(1, 100, 90), trade(3, 100, 90), trade(4, 130, 90), trade(5, 125, 90), trade(6, 90, 90)];
    assert_eq!(
        own(ticks(&trades, &[], FillRules::default())),
        ["sell 100x50", "buy 125x50"],
        "at the next trade"
    );
}
