//! [`StrategyOutputs`]: what the strategies of people have written lately, by account, and which of their
//! orders were refused.
//!
//! It is of the day at hand, and what was left of it in the process: a process that starts anew rebuilds that
//! of the day. All of it is in the tables of each day.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};

use bearpit_core::exchange::Market;
use bearpit_core::market::{Fact, Finite, OrderTerms, Refusal, Side};
use bearpit_core::participant::Participant;
use bearpit_core::units::{ActorId, Decimal, ListingId, SimDuration, SimTime};

use crate::domain::AccountId;
use crate::driver::{Begun, OutputSink};
use crate::live::Output;
use crate::publication::{Day, ListingInfo};
use crate::store::journal::segment_number;

/// How many lines of a strategy are kept.
pub(super) const LINES_MAX: usize = 1_000;
/// How many series of a strategy are kept.
pub(super) const SERIES_MAX: usize = 10;
/// How many points of a series are kept.
pub(super) const POINTS_MAX: usize = 1_000;
/// How long, in market time, orders that are refused for the same reason are counted only after one of them
/// got a line.
const QUIET: SimDuration = SimDuration::from_secs(60);
/// The kind of a participant that is a strategy of a person.
const SCRIPT: &str = "script";
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
    /// Whether it was said that a series is not kept.
    has_too_many_series: bool,
    /// When a refusal last got a line, by its reason, and how many did not since.
    refusals: BTreeMap<&'static str, (SimTime, u32)>,
}

impl Written {
    fn write(&mut self, line: Line) {
        if self.lines.len() == LINES_MAX {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// Writes that an order was refused, unless another was a moment ago for the same reason.
    fn refuse(&mut self, (number, at): (u64, SimTime), reason: Refusal, order: &str) {
        let mut more = String::new();
        if let Some((last, count)) = self.refusals.get_mut(reason.name()) {
            if at < last.saturating_add(QUIET) {
                *count += 1;
                return;
            }
            if *count > 0 {
                more = format!(" ({count} more were refused so since the last line)");
            }
        }
        self.refusals.insert(reason.name(), (at, 0));
        let text = format!("refused: {order}: {reason}{more}");
        self.write(Line { number, at, text: text.into(), is_failure: false });
    }

    fn plot(&mut self, number: u64, series: &Arc<str>, point: Point) {
        if self.series.len() == SERIES_MAX && !self.series.contains_key(series) {
            if !std::mem::replace(&mut self.has_too_many_series, true) {
                let text = format!(
                    "the series {series:?} is not shown here: {SERIES_MAX} are; all are in the tables of the day"
                );
                self.write(Line { number, at: point.0, text: text.into(), is_failure: false });
            }
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
        Box::new(StrategySink { outputs: self.clone(), ..StrategySink::default() })
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

#[derive(Debug, Default)]
struct StrategySink {
    outputs: StrategyOutputs,
    owners: HashMap<ActorId, AccountId>,
    /// Those of them that are strategies now.
    scripts: HashSet<ActorId>,
    listings: Vec<Arc<ListingInfo>>,
    segment: u64,
}

impl StrategySink {
    fn of(&self, owner: ActorId, change: impl FnOnce(&mut Written)) {
        if let Some(account) = self.owners.get(&owner) {
            self.outputs.change(|all| change(all.entry(*account).or_default()));
        }
    }

    fn is_script(&mut self, owner: ActorId, kind: &str) {
        if kind == SCRIPT {
            self.scripts.insert(owner);
        } else {
            self.scripts.remove(&owner);
        }
    }

    /// Names an order: side, quantity and listing.
    fn order(&self, listing: ListingId, terms: &OrderTerms) -> String {
        let side = match terms.side {
            Side::Buy => "buy",
            Side::Sell => "sell",
        };
        let Some(ListingInfo { venue, instrument, .. }) = self.listings.get(listing.index()).map(Arc::as_ref)
        else {
            return format!("{side} {}", terms.quantity);
        };
        let lots = Decimal::new(i128::from(terms.quantity.lots()), 0);
        let quantity = instrument.lot_size().checked_mul(lots).unwrap_or(lots);
        format!("{side} {quantity} {}@{venue}", instrument.symbol())
    }

    fn follow(&mut self, sequence: u64, at: SimTime, fact: &Fact) {
        let number = self.segment << FACT_BITS | sequence;
        match fact {
            Fact::AccountOpened(opening) => {
                self.owners.extend(opening.name.parse().ok().map(|account| (opening.owner, account)));
                self.is_script(opening.owner, &opening.kind);
            }
            Fact::OrderRefused { owner, listing, terms, reason } if self.scripts.contains(owner) => {
                let order = self.order(*listing, terms);
                self.of(*owner, |written| written.refuse((number, at), *reason, &order));
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
                self.of(*actor, |written| written.plot(number, series, point));
            }
            Fact::ParticipantReseated { owner, kind } => {
                self.is_script(*owner, kind);
                self.of(*owner, |written| {
                    written.failure = None;
                    written.refusals.clear();
                });
            }
            _ => {}
        }
    }
}

impl OutputSink for StrategySink {
    fn begin(&mut self, market: &Market, begun: &Begun<'_>) {
        self.segment = segment_number(begun.path).unwrap_or(0);
        let seats = market.participants().iter().filter(|it| it.seat.is_some());
        self.owners = seats.clone().filter_map(|it| Some((it.id, it.name.parse().ok()?))).collect();
        self.scripts = seats.filter(|it| is_strategy(it)).map(|it| it.id).collect();
        self.listings = Day::of(market, SimTime::from_nanos(0), |_| false).listings;
        let segment = self.segment;
        self.outputs.change(|all| {
            for written in all.values_mut() {
                written.failure = None;
                written.refusals.clear();
                // What is rebuilt is written once more.
                written.lines.retain(|line| line.number >> FACT_BITS != segment);
                written.series.clear();
                written.has_too_many_series = false;
            }
        });
    }

    fn take(&mut self, output: &Output) {
        if let Output::Fact { sequence, at, fact } = output {
            self.follow(*sequence, *at, fact);
        }
    }
}

/// Returns whether a participant is a strategy, as it was seated last.
fn is_strategy(participant: &Participant) -> bool {
    participant.seat.as_ref().is_some_and(|seat| seat.spec.kind == SCRIPT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_that_are_refused_for_the_same_reason_get_a_line_a_minute() {
        let mut written = Written::default();
        let seconds = |count: i64| SimTime::from_nanos(count * 1_000_000_000);
        for (number, at, reason) in [
            (1, 0, Refusal::Blocked),
            (2, 1, Refusal::Blocked),
            (3, 2, Refusal::Ended),
            (4, 59, Refusal::Blocked),
            (5, 60, Refusal::Blocked),
            (6, 130, Refusal::Blocked),
        ] {
            written.refuse((number, seconds(at)), reason, "buy 1 ACME@PIT");
        }
        let lines: Vec<_> = written.lines.iter().map(|line| (line.number, &*line.text)).collect();
        let blocked = "refused: buy 1 ACME@PIT: the account is blocked by the market's operator: orders can only be canceled";
        assert_eq!(lines.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 3, 5, 6]);
        assert_eq!([lines[0].1, lines[3].1], [blocked; 2]);
        assert_eq!(lines[2].1, format!("{blocked} (2 more were refused so since the last line)"));
    }

    #[test]
    fn of_more_series_than_are_kept_it_is_said_once() {
        let mut written = Written::default();
        for number in 0..30 {
            let series: Arc<str> = format!("s{}", number % 15).into();
            written.plot(number, &series, (SimTime::from_nanos(7), Some(1.0)));
        }
        assert_eq!(
            (written.series.len(), written.series.values().map(VecDeque::len).sum::<usize>()),
            (10, 20)
        );
        let lines: Vec<_> = written.lines.iter().map(|line| (line.number, &*line.text)).collect();
        let expected = "the series \"s10\" is not shown here: 10 are; all are in the tables of the day";
        assert_eq!(lines, [(10, expected)]);
    }
}
