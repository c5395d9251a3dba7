//! [`replay_whole`]: the results of a day that was stopped and went on, as if it had been one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bearpit::analysis::{RunAnalysis, RunData};
use bearpit::record::{AccountSummary, Manifest, Names, Output, Recorder, RowSink, RunLabel, TableRow};
use bearpit::run::{Advance, MarketSource as _, RunError, describe};
use bearpit::scenario::Scenario;
use bearpit_core::exchange::Market;
use bearpit_core::market::{AccountMark, AccountOpening, Trade};
use bearpit_core::units::{ActorId, InstrumentId, Money};

use super::day::{Day, ReplayError, part};
use crate::driver::ScenarioSource;

/// Replays the segments of one day, the first at the front, each to its digest, and returns the results of
/// all of them together. What was open at a stop goes on: positions, round trips, equity. Of an order that
/// was, the part before the stop and the part after it count apart.
///
/// # Errors
/// [`ReplayError`] if a segment cannot be read, or does not become what it was; of no segment there is
/// nothing.
pub fn replay_whole(segments: &[impl AsRef<Path>], source: &ScenarioSource) -> Result<RunData, ReplayError> {
    let mut parts = Vec::new();
    for path in segments {
        parts.push(part(path.as_ref(), source)?);
    }
    run_all(parts).map_err(|error| ReplayError::Run(Box::new(error)))
}

fn run_all(parts: Vec<(Scenario, Day)>) -> Result<RunData, RunError> {
    let span = parts.first().map(|(scenario, _)| scenario.start);
    let end = parts.last().map(|(scenario, _)| scenario.end);
    let Some((start, end)) = span.zip(end) else { return Err(RunError::Lost) };
    let mut so_far: Option<(Joined, Manifest)> = None;
    for (scenario, mut day) in parts {
        let mut market = day.open(&scenario).map_err(RunError::Source)?;
        let names = Names::of(market.world());
        let label = RunLabel { scenario: scenario.name.clone(), seed: scenario.seed, start, end };
        let (joined, before) = match so_far.take() {
            Some((mut joined, manifest)) => {
                joined.go_on(&names);
                (joined, Some(manifest))
            }
            None => (Joined::new(&names, RunAnalysis::new(&names, &label, &scenario.record)), None),
        };
        let config = &scenario.record;
        let (recorder, recording) = Recorder::start(Output::Nothing, config, label, names, joined)?;
        market.add_sink(Box::new(recorder));
        let traded = trade(&mut market, &mut day);
        // The recorder ends when it is taken off the tape.
        drop(market.take_sinks());
        let recorded = recording.finish()?;
        traded?;
        let manifest = describe(&scenario, &market, config, Vec::new());
        let manifest = match before {
            Some(before) => together(before, manifest),
            None => manifest,
        };
        so_far = Some((recorded.sink, manifest));
    }
    let (joined, manifest) = so_far.ok_or(RunError::Lost)?;
    Ok(joined.analysis.finish(manifest)?)
}

fn trade(market: &mut Market, day: &mut Day) -> Result<(), RunError> {
    market.start();
    while day.advance(market).map_err(RunError::Source)? == Advance::More {}
    market.settle()?;
    day.check(market).map_err(RunError::Source)
}

/// Returns what the manifest of two parts of a day says together.
fn together(first: Manifest, second: Manifest) -> Manifest {
    let mut before: BTreeMap<String, AccountSummary> =
        first.accounts.into_iter().map(|it| (it.owner.clone(), it)).collect();
    let accounts = second.accounts.into_iter().map(|it| match before.remove(&it.owner) {
        Some(earlier) => added(earlier, it),
        None => it,
    });
    Manifest {
        start: first.start,
        events: first.events + second.events,
        facts: first.facts + second.facts,
        trades: first.trades + second.trades,
        accounts: accounts.collect(),
        ..second
    }
}

fn added(first: AccountSummary, second: AccountSummary) -> AccountSummary {
    // What was brought in from outside is no profit.
    let brought = |it: &AccountSummary| it.final_equity - it.initial_equity - it.profit;
    let brought: Money = brought(&first) + brought(&second);
    AccountSummary {
        profit: second.final_equity - first.initial_equity - brought,
        initial_cash: first.initial_cash,
        initial_holdings: first.initial_holdings,
        initial_equity: first.initial_equity,
        fees: first.fees + second.fees,
        financing: first.financing + second.financing,
        fills: first.fills + second.fills,
        refused: first.refused + second.refused,
        failure: second.failure.or(first.failure),
        ..second
    }
}

/// Takes the rows of one market after the other as if they were of one: participants are known by their
/// names, and what a market opens with is what the one before has left.
struct Joined {
    analysis: RunAnalysis,
    /// What participants are to the analysis, by name.
    known: BTreeMap<String, ActorId>,
    /// The same, by what they are to the market at hand.
    actors: Vec<ActorId>,
    /// How many the analysis knows.
    next: u32,
    /// The instruments whose first mark has come.
    marked: BTreeSet<InstrumentId>,
    is_first: bool,
}

impl Joined {
    fn new(names: &Names, analysis: RunAnalysis) -> Self {
        let (known, actors, marked) = Default::default();
        let mut joined = Self { analysis, known, actors, next: 0, marked, is_first: true };
        joined.meet(names);
        joined
    }

    fn go_on(&mut self, names: &Names) {
        self.is_first = false;
        self.actors.clear();
        self.meet(names);
    }

    fn meet(&mut self, names: &Names) {
        for name in &names.actors {
            let id = self.know(name);
            self.actors.push(id);
        }
    }

    /// Returns what a participant is to the analysis.
    fn know(&mut self, name: &str) -> ActorId {
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        let id = ActorId::new(self.next);
        self.next += 1;
        self.known.insert(name.to_owned(), id);
        id
    }

    fn actor(&self, id: ActorId) -> ActorId {
        self.actors.get(id.index()).copied().unwrap_or(id)
    }

    fn opened(&mut self, opening: &AccountOpening, half_ticks: &[Option<i64>]) {
        let was_known = self.known.contains_key(&*opening.name);
        let owner = self.know(&opening.name);
        if self.actors.len() <= opening.owner.index() {
            self.actors.resize(opening.owner.index() + 1, owner);
        }
        self.actors[opening.owner.index()] = owner;
        if self.is_first || !was_known {
            let opening = AccountOpening { owner, ..opening.clone() };
            self.analysis.take(&TableRow::AccountOpened { opening: &opening, half_ticks });
        }
    }
}

impl RowSink for Joined {
    fn take(&mut self, row: &TableRow<'_>) {
        match *row {
            TableRow::AccountOpened { opening, half_ticks } => self.opened(opening, half_ticks),
            TableRow::FirstMark { instrument, .. } => {
                if self.marked.insert(instrument) {
                    self.analysis.take(row);
                }
            }
            TableRow::OrderQuoted { at, order, owner, listing } => {
                let owner = self.actor(owner);
                self.analysis.take(&TableRow::OrderQuoted { at, order, owner, listing });
            }
            TableRow::Order(order) => {
                let mut order = *order;
                order.owner = self.actor(order.owner);
                self.analysis.take(&TableRow::Order(&order));
            }
            TableRow::Trade { at, trade, quoted_at } => {
                let (maker, taker) = (self.actor(trade.maker), self.actor(trade.taker));
                let trade = Trade { maker, taker, ..*trade };
                self.analysis.take(&TableRow::Trade { at, trade: &trade, quoted_at });
            }
            TableRow::Mark { at, mark, financing } => {
                let mark = AccountMark { owner: self.actor(mark.owner), ..*mark };
                self.analysis.take(&TableRow::Mark { at, mark: &mark, financing });
            }
            TableRow::Ruin { at, owner, equity } => {
                self.analysis.take(&TableRow::Ruin { at, owner: self.actor(owner), equity });
            }
            TableRow::MarginCall { at, owner, equity, maintenance } => {
                let owner = self.actor(owner);
                self.analysis.take(&TableRow::MarginCall { at, owner, equity, maintenance });
            }
            TableRow::Action { at, action } => {
                let mut action = *action;
                action.owner = action.owner.map(|owner| self.actor(owner));
                self.analysis.take(&TableRow::Action { at, action: &action });
            }
            TableRow::Line { at, owner, is_error, text } => {
                let owner = self.actor(owner);
                self.analysis.take(&TableRow::Line { at, owner, is_error, text });
            }
            TableRow::Plotted { at, owner, series, value } => {
                let owner = self.actor(owner);
                self.analysis.take(&TableRow::Plotted { at, owner, series, value });
            }
            _ => self.analysis.take(row),
        }
    }

    fn needs_marks(&self) -> bool {
        self.analysis.needs_marks()
    }
}
