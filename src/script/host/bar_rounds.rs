//! [`BarRounds`]: the bars of several markets with a common end, until all are in.
//!
//! A market without a trade in an interval has no bar of it, and feeds have latencies of their own. So a
//! round ends when a bar of each market that was subscribed to has come, or else when the slowest feed has
//! brought what there is.

use crate::script::value::views::BarView;
use bearpit_core::market::BarInterval;
use bearpit_core::units::{SimDuration, SimTime};

/// The rounds that are not over, in the order in which they began.
#[derive(Debug, Default)]
pub(crate) struct BarRounds {
    open: Vec<Round>,
}

/// The bars of one interval with one end.
#[derive(Debug)]
struct Round {
    interval: BarInterval,
    end: SimTime,
    bars: Vec<BarView>,
    /// At how many markets there may be one.
    expected: usize,
    /// When it is over in any case.
    due: SimTime,
}

/// When a bar has come, and how long the slowest feed takes at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) now: SimTime,
    pub(crate) slowest: SimDuration,
}

impl BarRounds {
    /// The tag of the wake-ups that end rounds; no timer of a script has it.
    pub(crate) const TAG: u64 = u64::MAX - 1;

    /// Adds a bar; returns the time of a wake-up that is needed: for a new round when it is due, and for one
    /// that is complete at once. It then comes after what else arrives at this instant.
    pub(crate) fn add(&mut self, arrival: Arrival, bar: &BarView, expected: usize) -> Option<SimTime> {
        let (interval, end) = (bar.bar.interval, bar.bar.end);
        let Arrival { now, slowest } = arrival;
        let known = self.open.iter().position(|round| round.interval == interval && round.end == end);
        let index = known.unwrap_or_else(|| {
            // What the slowest feed brings at that instant was sent before, so it comes before the wake-up.
            let due = end.saturating_add(slowest).max(now);
            self.open.push(Round { interval, end, bars: Vec::new(), expected, due });
            self.open.len() - 1
        });
        let round = &mut self.open[index];
        round.bars.push(bar.clone());
        if round.bars.len() >= round.expected {
            round.due = now;
            return Some(now);
        }
        known.is_none().then_some(round.due)
    }

    /// Takes out the bars of the first round that is over, market by market.
    pub(crate) fn take_due(&mut self, now: SimTime) -> Option<Vec<BarView>> {
        let index = self.open.iter().position(|round| round.due <= now)?;
        let mut bars = self.open.remove(index).bars;
        bars.sort_by_key(|bar| bar.listing.id);
        Some(bars)
    }
}
