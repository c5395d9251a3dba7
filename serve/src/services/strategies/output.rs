//! [`StrategyOutputs`]: what the strategies of people have written lately, by account.
//!
//! It is of the day at hand, and what was left of it in the process: a process that starts anew rebuilds that
//! of the day. All of it is in the tables of each day.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};

use bearpit_core::exchange::Market;
use bearpit_core::market::{Fact, Finite};
use bearpit_core::units::{ActorId, SimTime};

use crate::domain::AccountId;
use crate::driver::{Begun, OutputSink};
use crate::live::Output;
use crate::store::journal::segment_number;

/// How many lines of a strategy are kept.
pub(super) const LINES_MAX: usize = 1_000;
/// How many series of a strategy are kept.
pub(super) const SERIES_MAX: usize = 10;
/// How many points of a series are kept.
pub(super) const POINTS_MAX: usize = 1_000;
/// How many bits of a line's number are its fact's; the others are its segment's.
const FACT_BITS: u32 = 40;

/// A line of a strategy's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Its number: later ones are greater, over days too.
    pub(super) number: u64,
    /// When it was written.
    pub(super) at: SimTime,
    /// What it says.
    pub(super) text: Arc<str>,
    /// Whether it says how the strategy failed.
    pub(super) is_failure: bool,
}

/// A point of a series; nothing where it has a gap.
pub(super) type Point = (SimTime, Option<f64>);

/// What a strategy has written.
#[derive(Debug, Clone, Default)]
pub(super) struct Written {
    pub(super) lines: VecDeque<Line>,
    pub(super) series: BTreeMap<Arc<str>, VecDeque<Point>>,
    /// How it failed, since it was seated or the day began.
    pub(super) failure: Option<Arc<str>>,
}

impl Written {
    fn write(&mut self, line: Line) {
        if self.lines.len() == LINES_MAX {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    fn plot(&mut self, series: &Arc<str>, point: Point) {
        if self.series.len() == SERIES_MAX && !self.series.contains_key(series) {
            return;
        }
        let points = self.series.entry(Arc::clone(series)).or_default();
        if points.len() == POINTS_MAX {
            points.pop_front();
        }
        points.push_back(point);
    }
}

/// What the strategies of people have written lately. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct StrategyOutputs(Arc<RwLock<BTreeMap<AccountId, Written>>>);

impl StrategyOutputs {
    /// Returns what takes it from the market.
    #[must_use]
    pub fn sink(&self) -> Box<dyn OutputSink> {
        Box::new(StrategySink { outputs: self.clone(), owners: HashMap::new(), segment: 0 })
    }

    /// Reads what a strategy has written.
    pub(super) fn read<T>(&self, account: AccountId, read: impl FnOnce(Option<&Written>) -> T) -> T {
        // A value is changed while it is locked, which cannot fail half-way.
        read(self.0.read().unwrap_or_else(PoisonError::into_inner).get(&account))
    }

    /// Keeps nothing any more of what a strategy has written.
    pub(super) fn forget(&self, account: AccountId) {
        self.change(|all| {
            all.remove(&account);
        });
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<AccountId, Written>)) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }
}

#[derive(Debug)]
struct StrategySink {
    outputs: StrategyOutputs,
    owners: HashMap<ActorId, AccountId>,
    segment: u64,
}

impl StrategySink {
    fn of(&self, owner: ActorId, change: impl FnOnce(&mut Written)) {
        if let Some(account) = self.owners.get(&owner) {
            self.outputs.change(|all| change(all.entry(*account).or_default()));
        }
    }

    fn follow(&mut self, sequence: u64, at: SimTime, fact: &Fact) {
        let number = self.segment << FACT_BITS | sequence;
        match fact {
            Fact::AccountOpened(opening) => {
                self.owners.extend(opening.name.parse().ok().map(|account| (opening.owner, account)));
            }
            Fact::Logged { actor, text } => {
                let line = Line { number, at, text: Arc::clone(text), is_failure: false };
                self.of(*actor, |written| written.write(line));
            }
            Fact::StrategyFailed { actor, text } => self.of(*actor, |written| {
                written.failure = Some(Arc::clone(text));
                written.write(Line { number, at, text: Arc::clone(text), is_failure: true });
            }),
            Fact::Plotted { actor, series, value } => {
                let point = (at, value.map(Finite::get));
                self.of(*actor, |written| written.plot(series, point));
            }
            Fact::ParticipantReseated { owner, .. } => self.of(*owner, |written| written.failure = None),
            _ => {}
        }
    }
}

impl OutputSink for StrategySink {
    fn begin(&mut self, market: &Market, begun: &Begun<'_>) {
        self.segment = segment_number(begun.path).unwrap_or(0);
        let seats = market.participants().iter().filter(|it| it.seat.is_some());
        self.owners = seats.filter_map(|it| Some((it.id, it.name.parse().ok()?))).collect();
        let segment = self.segment;
        self.outputs.change(|all| {
            for written in all.values_mut() {
                written.failure = None;
                // What is rebuilt is written once more.
                written.lines.retain(|line| line.number >> FACT_BITS != segment);
                written.series.clear();
            }
        });
    }

    fn take(&mut self, output: &Output) {
        if let Output::Fact { sequence, at, fact } = output {
            self.follow(*sequence, *at, fact);
        }
    }
}
