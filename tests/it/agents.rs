//! Native agents, from the outside: their effect on a market.

use std::cell::RefCell;
use std::rc::Rc;

use bearpit::agents::{MakerReference, MarketMaker, MarketMakerConfig};
use bearpit::exchange::{ListingConfig, Market, MarketBuilder};
use bearpit::market::{Bar, Fact, OrderTerms, Quote, Side, SinkError, Stamped, TapeSink};
use bearpit::participant::{Instruction, ParticipantConfig};
use bearpit::replay::{ReplayBar, ReplayConfig};
use bearpit::units::{InstrumentId, ListingId, Price, Quantity, SimDuration, SimTime};

use crate::market::{account, desks, open};

const LISTING: ListingId = ListingId::new(0);
const ACME: InstrumentId = InstrumentId::new(0);

#[derive(Debug, Default)]
struct Seen {
    bars: Vec<Bar>,
    quotes: Vec<(SimTime, Quote)>,
}

#[derive(Debug)]
struct Watcher(Rc<RefCell<Seen>>);

impl TapeSink for Watcher {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        match stamped.fact {
            Fact::BarReplayed { bar, .. } => self.0.borrow_mut().bars.push(*bar),
            Fact::TouchChanged { quote, .. } => self.0.borrow_mut().quotes.push((stamped.at, *quote)),
            _ => {}
        }
        Ok(())
    }
}

fn watched(builder: &mut MarketBuilder) -> Rc<RefCell<Seen>> {
    let seen = Rc::new(RefCell::new(Seen::default()));
    builder.sink(Box::new(Watcher(Rc::clone(&seen))));
    seen
}

/// A bar of 40 seconds that begins so many seconds after the opening.
fn bar(second: i64, prices: [i64; 4], lots: u64) -> ReplayBar {
    let [open_price, high, low, close] = prices.map(Price::new);
    let start = open() + SimDuration::from_secs(second);
    let end = start + SimDuration::from_secs(40);
    ReplayBar { start, end, open: open_price, high, low, close, volume: Some(Quantity::new(lots)) }
}

/// A market in which bars are replayed.
fn replay(bars: &[ReplayBar]) -> (MarketBuilder, Rc<RefCell<Seen>>) {
    let mut builder = desks(300);
    let seen = watched(&mut builder);
    let config = ReplayConfig::new(bars.into(), SimDuration::from_secs(1));
    builder
        .listing_config(LISTING, ListingConfig { replay: Some(config.into()), ..ListingConfig::default() });
    (builder, seen)
}

fn settled(mut market: Market) -> Market {
    market.step(market.close(), 1_000_000).unwrap();
    market.settle().unwrap();
    market
}

fn submit(market: &mut Market, second: i64, terms: OrderTerms) {
    let desk = market.participant("a").unwrap().id;
    let at = open() + SimDuration::from_secs(second);
    market.instruct(at, desk, Instruction::Submit { listing: LISTING, terms }).unwrap();
}

#[test]
fn replayed_bars_come_out_as_the_bars_of_history() {
    let history = [
        bar(0, [10_000, 10_100, 9_950, 10_050], 10_003),
        bar(60, [10_060, 10_060, 9_800, 9_825], 0),
        bar(180, [9_700, 9_900, 9_700, 9_900], 4_001),
    ];
    let (builder, seen) = replay(&history);
    let mut market = builder.open().unwrap();
    market.run().unwrap();
    let found: Vec<ReplayBar> = seen
        .borrow()
        .bars
        .iter()
        .map(|&Bar { start, end, open, high, low, close, volume, .. }| ReplayBar {
            start,
            end,
            open,
            high,
            low,
            close,
            volume,
        })
        .collect();
    assert_eq!(found, history);
}

#[test]
fn a_limit_order_fills_where_the_path_reaches_it_and_nowhere_else() {
    let (builder, seen) = replay(&[bar(0, [10_000, 10_000, 9_800, 9_900], 40)]);
    let mut market = builder.open().unwrap();
    market.start();
    submit(&mut market, 2, OrderTerms::limit(Side::Buy, Quantity::new(3), Price::new(9_850)));
    submit(&mut market, 2, OrderTerms::limit(Side::Buy, Quantity::new(3), Price::new(9_700)));
    let market = settled(market);
    let desk = market.participant("a").unwrap().id;
    let account = market.world().domain().account(desk).unwrap();
    assert_eq!(account.holding(ACME).lots(), 1_003, "the one at 98.50 is filled, the one at 97.00 is not");
    assert_eq!(account.cash().to_string(), "99704.50");
    assert!(seen.borrow().quotes.is_empty(), "bars have no quotes");
}

#[test]
fn a_maker_quotes_around_the_mid_and_leans_against_its_inventory() {
    let mut builder = desks(60);
    let seen = watched(&mut builder);
    let config = MarketMakerConfig {
        listing: LISTING,
        reference: MakerReference::Mid,
        half_spread_ticks: 10,
        quantity: Quantity::new(50),
        max_inventory: Quantity::new(100),
        skew: 1.0,
        interval: SimDuration::from_secs(1),
    };
    builder
        .agent(
            "maker",
            ParticipantConfig::new("market_maker").with_account(account(1_000_000, &[(ACME, 1_000)])),
            MarketMaker::new(config),
        )
        .unwrap();
    let mut market = builder.open().unwrap();
    market.start();
    // A far market to begin from, and then a buyer who takes all that the maker will sell.
    submit(&mut market, 1, OrderTerms::limit(Side::Buy, Quantity::new(1), Price::new(9_900)));
    submit(&mut market, 1, OrderTerms::limit(Side::Sell, Quantity::new(1), Price::new(10_100)));
    for second in 10..30 {
        submit(&mut market, second, OrderTerms::limit(Side::Buy, Quantity::new(30), Price::new(10_090)));
    }
    let market = settled(market);
    let maker = market.participant("maker").unwrap().id;
    let held = market.world().domain().account(maker).unwrap().holding(ACME).lots();
    assert!((850..=900).contains(&held), "it stops when a quote more would exceed the limit: {held}");
    let early = open() + SimDuration::from_secs(9);
    let seen = seen.borrow();
    let before = seen.quotes.iter().rfind(|(at, _)| *at < early).and_then(|(_, quote)| quote.spread_ticks());
    assert_eq!(before, Some(20), "ten ticks on each side of the mid");
}

#[test]
fn a_desk_does_nothing_of_itself() {
    let mut market = desks(60).open().unwrap();
    market.run().unwrap();
    // The close is the one event of a market of desks, beside the clerk's samples.
    assert!(market.world().events() <= 3, "{}", market.world().events());
}
