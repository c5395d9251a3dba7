//! Strategies in Rhai, in a market: what they receive, what they can do, and how they fail.

mod api;
mod auctions;
mod callbacks;
mod consolidated;
mod errors;
mod language;
mod memory;
mod orders;
mod params;
mod population;

use std::cell::RefCell;
use std::rc::Rc;

use bearpit::account::AccountConfig;
use bearpit::exchange::Market;
use bearpit::market::{Cell, Fact, Finite, OrderTerms, Side, SinkError, Stamped, TapeSink};
use bearpit::participant::{Instruction, ParticipantConfig};
use bearpit::script::{ParamValue, ScriptConfig};
use bearpit::script::{ScriptSource, ScriptTrader};
use bearpit::units::{InstrumentId, ListingId, Price, Quantity, SimDuration};

use crate::market::{account, desks, open};

const LISTING: ListingId = ListingId::new(0);

/// Collects what strategies log, with failures marked.
#[derive(Debug)]
struct LogSink(Rc<RefCell<Vec<String>>>);

impl TapeSink for LogSink {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        match stamped.fact {
            Fact::Logged { text, .. } => self.0.borrow_mut().push(text.to_string()),
            Fact::StrategyFailed { text, .. } => self.0.borrow_mut().push(format!("FAILED {text}")),
            _ => {}
        }
        Ok(())
    }
}

/// Collects what strategies plot and record.
struct OutputSink(Rc<RefCell<Vec<String>>>);

impl TapeSink for OutputSink {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        match stamped.fact {
            Fact::Plotted { series, value, .. } => {
                let value = value.map_or(f64::NAN, Finite::get);
                self.0.borrow_mut().push(format!("{series} {value}"));
            }
            Fact::Recorded { table, row, .. } => {
                let cell = |(name, cell): &(std::sync::Arc<str>, Cell)| match cell {
                    Cell::Text(text) => format!("{name}: {text}"),
                    other => format!("{name}: {}", other.number().unwrap_or(f64::NAN)),
                };
                let cells: Vec<String> = row.iter().map(cell).collect();
                self.0.borrow_mut().push(format!("{table} {}", cells.join(", ")));
            }
            _ => {}
        }
        Ok(())
    }
}

pub(super) fn config(source: &str, params: &[(&str, ParamValue)]) -> ScriptConfig {
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    ScriptConfig { params, ..ScriptConfig::new(ScriptSource::alone("s.rhai", source), LISTING) }
}

/// Runs a script for a minute in a market that desk `a` makes at 99.90 to 100.10, and in which desk `b`
/// buys five at 100.10 after ten seconds.
fn run(source: &str, params: &[(&str, ParamValue)]) -> (Market, Vec<String>) {
    run_config(config(source, params), account(10_000, &[(InstrumentId::new(0), 10)]))
}

fn run_config(config: ScriptConfig, terms: AccountConfig) -> (Market, Vec<String>) {
    let (mut market, log) = begin(config, terms);
    market.step(market.close(), 1_000_000).unwrap();
    market.settle().unwrap();
    let lines = log.borrow().clone();
    (market, lines)
}

/// Begins such a run; returns what will be logged, too.
fn begin(config: ScriptConfig, terms: AccountConfig) -> (Market, Rc<RefCell<Vec<String>>>) {
    let mut builder = desks(60);
    builder.bar_interval(SimDuration::from_secs(20));
    let log = Rc::new(RefCell::new(Vec::new()));
    builder.sink(Box::new(LogSink(Rc::clone(&log))));
    let trader = ScriptTrader::new(config);
    builder.agent("script", ParticipantConfig::new("script").with_account(terms), trader).unwrap();
    let mut market = builder.open().unwrap();
    market.start();
    let submit = |market: &mut Market, name: &str, second: i64, terms: OrderTerms| {
        let id = market.participant(name).unwrap().id;
        let at = open() + SimDuration::from_secs(second);
        market.instruct(at, id, Instruction::Submit { listing: LISTING, terms }).unwrap();
    };
    let limit = |side, lots, ticks| OrderTerms::limit(side, Quantity::new(lots), Price::new(ticks));
    submit(&mut market, "a", 1, limit(Side::Buy, 500, 9_990));
    submit(&mut market, "a", 1, limit(Side::Sell, 500, 10_010));
    submit(&mut market, "b", 10, limit(Side::Buy, 5, 10_010));
    (market, log)
}

fn logged(source: &str) -> Vec<String> {
    run(source, &[]).1
}

fn holding(market: &Market) -> i64 {
    let id = market.participant("script").unwrap().id;
    market.world().domain().account(id).unwrap().holding(InstrumentId::new(0)).lots()
}
