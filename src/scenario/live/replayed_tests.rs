//! Bars that are replayed in a live market: its days are those of the file, and orders fill as in a
//! simulation.

use std::cell::RefCell;
use std::rc::Rc;

use super::DayError;
use crate::scenario::{LiveConfig, Scenario};
use bearpit_core::exchange::{ClosingState, Market, MarketBuilder};
use bearpit_core::kernel::MemoryJournal;
use bearpit_core::market::{Fact, OrderTerms, Side, SinkError, Stamped, TapeSink};
use bearpit_core::participant::{Instruction, Request, RequestKind};
use bearpit_core::units::{ListingId, NetQuantity, Price, Quantity, SimDuration, SimTime};

/// Thursday, Friday, and after a weekend Monday and Tuesday.
const BARS: &str = "date,open,high,low,close,volume\n2025-03-06,100,104,98,103,1000\n2025-03-07,102,103,97,99,1000\n\
                    2025-03-10,95,101,94,100,1000\n2025-03-11,101,108,100,107,1000\n";

const MARKET: &str = r#"[scenario]
name = "test"
start = 2025-03-06T09:00:00
end = 2025-03-06T16:30:00
[[instruments]]
symbol = "ACME"
tick_size = "0.01"
[[venues]]
name = "PIT"
instruments = ["ACME"]
[[agents]]
kind = "replay"
data = "bars.csv"
bar_open = "9h30m"
bar_length = "6h30m"
"#;

fn scenario(text: &str) -> Scenario {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("bars.csv"), BARS).unwrap();
    let loaded = Scenario::from_text(&directory.path().join("t.toml"), text, &[]);
    loaded.unwrap_or_else(|found| panic!("{}", found.render(false)))
}

fn live() -> Scenario {
    scenario(&format!("{MARKET}[live]\nclock = \"scaled\"\nspeed = 60\nstarting_cash = 10_000\n"))
}

fn at(text: &str) -> SimTime {
    text.parse().unwrap()
}

/// What fills, with its time and price.
#[derive(Debug, Clone, Default)]
struct Fills(Rc<RefCell<Vec<String>>>);

impl TapeSink for Fills {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        if let Fact::Traded(trade) = stamped.fact
            && trade.maker != trade.taker
        {
            let line = format!("{} {} at {}", stamped.at, trade.quantity.lots(), trade.price.ticks());
            self.0.borrow_mut().push(line);
        }
        Ok(())
    }
}

/// What a person sends, and when.
fn orders() -> [(SimTime, OrderTerms); 5] {
    let limit = |side, lots, ticks| OrderTerms::limit(side, Quantity::new(lots), Price::new(ticks));
    let market = |side, lots| OrderTerms::market(side, Quantity::new(lots));
    [
        // At the open of Thursday, then at its limit within the bar, at 98 nowhere but at the low.
        (at("2025-03-06T09:10:00"), market(Side::Buy, 10)),
        (at("2025-03-06T09:11:00"), limit(Side::Buy, 5, 9_900)),
        // On Friday within the bar, at the price of the path.
        (at("2025-03-07T12:00:00"), market(Side::Sell, 3)),
        // On Monday at an open that is better than the limit.
        (at("2025-03-10T09:05:00"), limit(Side::Buy, 7, 9_700)),
        (at("2025-03-11T09:05:00"), limit(Side::Sell, 19, 10_700)),
    ]
}

fn anne(live: &LiveConfig, market: &mut Market) {
    let kind = live.join("anne");
    market.request(market.world().now(), Request { tag: None, kind }).unwrap();
    market.step(market.world().now(), u64::MAX).unwrap();
}

/// Sends the orders that are sent until the end of a market's day.
fn send(market: &mut Market) {
    let close = market.close();
    let participant = market.participant("anne").unwrap().id;
    for (when, terms) in orders() {
        if market.world().now() <= when && when < close {
            market.step(when, u64::MAX).unwrap();
            let instruction = Instruction::Submit { listing: ListingId::new(0), terms };
            let kind = RequestKind::Instruct { participant, instruction };
            market.request(when, Request { tag: None, kind }).unwrap();
        }
    }
    market.step(close, u64::MAX).unwrap();
    market.settle().unwrap();
}

fn builder(scenario: &Scenario, fills: &Fills, opening: Option<ClosingState>) -> MarketBuilder {
    let mut builder = scenario.lay_out_live().unwrap();
    builder.sink(Box::new(fills.clone()));
    builder.goes_on();
    if let Some(state) = opening {
        builder.opening(state);
    }
    builder
}

#[test]
fn the_days_of_a_market_that_replays_bars_are_those_of_the_file() {
    let scenario = live();
    let days = scenario.live_days().unwrap();
    let [friday, monday, tuesday] = ["2025-03-07", "2025-03-10", "2025-03-11"].map(|it| it.parse().unwrap());
    assert_eq!(days.next(days.first()), Ok(friday));
    assert_eq!(days.next(friday), Ok(monday));
    assert_eq!(days.next(monday), Ok(tuesday));
    let over = days.next(tuesday).unwrap_err();
    assert_eq!(over, DayError::FileEnds(tuesday));
    let expected = "the files that are replayed have no bars of a day after 2025-03-11: the market is over";
    assert_eq!(over.to_string(), expected);
}

#[test]
fn orders_fill_day_by_day_as_in_one_simulation_and_each_day_replays_to_its_digest() {
    let scenario = live();
    let config = scenario.live.as_ref().unwrap();
    let days = scenario.live_days().unwrap();
    let fills = Fills::default();
    let (mut date, mut opening) = (days.first(), None);
    loop {
        let day = days.scenario(date).unwrap();
        let journal = MemoryJournal::new();
        let mut journalled = builder(&day, &fills, opening.clone());
        journalled.journal(journal.clone());
        let mut market = journalled.open().unwrap();
        market.start();
        if opening.is_none() {
            anne(config, &mut market);
        }
        send(&mut market);
        let mut again = builder(&day, &Fills::default(), opening).open().unwrap();
        again.start();
        journal.entries().into_iter().for_each(|entry| again.replay(entry).unwrap());
        again.step(again.close(), u64::MAX).unwrap();
        again.settle().unwrap();
        assert_eq!(again.digest(), market.digest(), "{date}");
        opening = market.closing_state().cloned();
        match days.next(date) {
            Ok(next) => date = next,
            Err(DayError::FileEnds(_)) => {
                let id = market.participant("anne").unwrap().id;
                let account = market.world().domain().account(id).unwrap();
                assert_eq!(account.holding(bearpit_core::units::InstrumentId::new(0)), NetQuantity::ZERO);
                break;
            }
            Err(other) => panic!("{other}"),
        }
    }
    // The same orders in one run over all days, which ends with no person's account.
    let whole = scenario_of_all_days();
    let simulated = Fills::default();
    let mut market = builder(&whole, &simulated, None).open().unwrap();
    market.start();
    anne(config, &mut market);
    send(&mut market);
    let live: Vec<String> = fills.0.borrow().clone();
    assert_eq!(live, *simulated.0.borrow());
    let expected_first = "2025-03-06T09:30:01 10 at 10000";
    assert_eq!((live.len(), live[0].as_str()), (5, expected_first), "{live:?}");
    assert!(live[3].ends_with("7 at 9500") && live[4].ends_with("19 at 10700"), "{live:?}");
}

/// The same market without a break from the first day to the last.
fn scenario_of_all_days() -> Scenario {
    let mut whole = live();
    whole.end = whole.start + SimDuration::from_secs(5 * 86_400) + SimDuration::from_secs(27_000);
    whole
}
