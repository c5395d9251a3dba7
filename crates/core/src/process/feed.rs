//! A value that quotes from outside move.

use std::sync::Arc;

use super::kind::{INITIAL, Prepared, ProcessKind};
use super::value::PriceProcess;
use crate::kernel::Stream;
use crate::params::{NumberRange, ParamDefault, ParamSpec, ParamType};
use crate::units::{SimDuration, SimTime};

const MAX_JUMP: ParamSpec = ParamSpec::new(
    "max_jump",
    ParamType::Number(NumberRange { excludes_min: true, ..NumberRange::between(0.0, 1e6) }),
    ParamDefault::Number(0.2),
    "how far a quote may be from the last one, as a share of it; one that is further away is refused, unless it is forced",
);

/// The kind `feed`.
pub(super) static KIND: ProcessKind = ProcessKind {
    name: "feed",
    doc: "A value that follows quotes from outside: of a live market the requests of an administrator or of a poller, of \
          a simulation the `quote` events of the scenario. Without any it stays where it is. The first quote may be any, \
          each later one must be near the one before.",
    params: &[INITIAL, MAX_JUMP],
    configure: |values, _| {
        let initial = values.get("initial")?;
        let process = FeedProcess::new(initial, values.get("max_jump")?);
        Ok(Arc::new(Prepared::new(process, initial, GRID)))
    },
};

/// The grid on which the value is looked at; it moves between two points of it, too.
const GRID: SimDuration = SimDuration::from_secs(1);

/// What a process made of a quote from outside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum QuoteOutcome {
    /// The value is this from now on.
    Moved(f64),
    /// The quote is too far from the last one.
    TooFar {
        /// The last value.
        last: f64,
        /// The lowest that is taken.
        lowest: f64,
        /// The highest that is taken.
        highest: f64,
    },
    /// The process moves by itself.
    NotAFeed,
}

/// A value that is what the last quote from outside said.
///
/// ```
/// use bearpit_core::process::{FeedProcess, PriceProcess, QuoteOutcome};
///
/// let mut value = FeedProcess::new(100.0, 0.2);
/// // The first quote may be any: the initial value is a guess.
/// assert_eq!(value.quote(250.0, false), QuoteOutcome::Moved(250.0));
/// let refused = QuoteOutcome::TooFar { last: 250.0, lowest: 200.0, highest: 300.0 };
/// assert_eq!(value.quote(2.5, false), refused);
/// assert_eq!(value.quote(2.5, true), QuoteOutcome::Moved(2.5));
/// ```
#[derive(Debug, Clone)]
pub struct FeedProcess {
    current: f64,
    max_jump: f64,
    is_quoted: bool,
}

impl FeedProcess {
    /// Makes a process at `initial` that takes quotes at most `max_jump` (above zero), as a share of the last
    /// value, away from that.
    #[must_use]
    pub const fn new(initial: f64, max_jump: f64) -> Self {
        Self { current: initial, max_jump, is_quoted: false }
    }
}

impl PriceProcess for FeedProcess {
    fn step(&mut self, _to: SimTime, _span: SimDuration, _rng: &mut Stream) -> f64 {
        self.current
    }

    fn quote(&mut self, value: f64, is_forced: bool) -> QuoteOutcome {
        let last = self.current;
        let room = last.abs() * self.max_jump;
        let (lowest, highest) = (last - room, last + room);
        if self.is_quoted && !is_forced && !(lowest..=highest).contains(&value) {
            return QuoteOutcome::TooFar { last, lowest, highest };
        }
        (self.current, self.is_quoted) = (value, true);
        QuoteOutcome::Moved(value)
    }

    fn kind(&self) -> Option<&'static str> {
        Some(KIND.name)
    }

    /// Returns the value, and 1 if it was quoted.
    fn state(&self) -> Vec<f64> {
        vec![self.current, if self.is_quoted { 1.0 } else { 0.0 }]
    }

    fn restore(&mut self, state: &[f64]) {
        if let &[current, is_quoted] = state {
            (self.current, self.is_quoted) = (current, is_quoted > 0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::stream;
    use crate::process::{ProcessState, Shock, Shocked, Value};
    use crate::units::Seed;

    fn value(process: impl PriceProcess + 'static) -> Value {
        let rng = Value::stream(Seed::new(3), "ACME");
        Value::new(Box::new(process), 100.0, SimTime::from_nanos(0), GRID, rng)
    }

    fn after(millis: i64) -> SimTime {
        SimTime::from_nanos(0) + SimDuration::from_millis(millis)
    }

    #[test]
    fn a_quote_moves_the_value_at_once_and_it_stays_there() {
        let mut value = value(FeedProcess::new(100.0, 0.1));
        assert_eq!(value.at(after(1_500)).to_bits(), 100.0_f64.to_bits());
        assert_eq!(value.quote(after(1_700), 108.0, false), QuoteOutcome::Moved(108.0));
        assert_eq!(value.at(after(1_700)).to_bits(), 108.0_f64.to_bits());
        assert_eq!(value.at(after(90_000)).to_bits(), 108.0_f64.to_bits());
        let refused = value.quote(after(91_000), 120.0, false);
        assert!(matches!(refused, QuoteOutcome::TooFar { last: 108.0, .. }), "{refused:?}");
        assert_eq!(value.at(after(92_000)).to_bits(), 108.0_f64.to_bits());
    }

    #[test]
    fn shocks_come_on_top_of_quotes() {
        let shock = Shock { after: SimDuration::from_secs(1), size: -0.5, half_life: None };
        let mut value = value(Shocked::new(Box::new(FeedProcess::new(100.0, 0.1)), [shock].into()));
        assert_eq!(value.quote(after(500), 102.0, false), QuoteOutcome::Moved(102.0));
        assert!((value.at(after(1_000)) - 51.0).abs() < 1e-9);
        let moved = value.quote(after(1_500), 104.0, false);
        assert!(matches!(moved, QuoteOutcome::Moved(at) if (at - 52.0).abs() < 1e-9), "{moved:?}");
    }

    #[test]
    fn the_next_day_knows_the_last_quote_and_guards_it() {
        let mut monday = FeedProcess::new(100.0, 0.1);
        assert_eq!(monday.quote(200.0, false), QuoteOutcome::Moved(200.0));
        let left: ProcessState = monday.closing_state();
        let mut tuesday = FeedProcess::new(100.0, 0.1);
        tuesday.go_on(200.0, &left);
        assert_eq!(
            tuesday.quote(150.0, false),
            QuoteOutcome::TooFar { last: 200.0, lowest: 180.0, highest: 220.0 }
        );
        assert_eq!(tuesday.quote(190.0, false), QuoteOutcome::Moved(190.0));
    }

    #[test]
    fn processes_of_other_kinds_take_no_quotes() {
        let mut value = value(crate::process::Gbm::new(100.0, 0.0, 0.3, 1_638.0));
        assert_eq!(value.quote(after(5), 101.0, true), QuoteOutcome::NotAFeed);
    }

    proptest! {
        #[test]
        fn prop_no_sequence_of_quotes_moves_by_more_than_is_allowed(
            quotes in prop::collection::vec(1.0..1_000.0_f64, 1..50),
            max_jump in 0.01..0.5_f64,
        ) {
            let mut process = FeedProcess::new(100.0, max_jump);
            process.quote(quotes[0], false);
            let mut last = quotes[0];
            for quote in &quotes[1..] {
                let outcome = process.quote(*quote, false);
                let now = process.step(after(0), GRID, &mut stream(Seed::new(1), "feed"));
                match outcome {
                    QuoteOutcome::Moved(at) => prop_assert_eq!((at.to_bits(), now.to_bits()), (quote.to_bits(), quote.to_bits())),
                    _ => prop_assert_eq!(now.to_bits(), last.to_bits()),
                }
                prop_assert!((now - last).abs() <= last * max_jump * (1.0 + 1e-12));
                last = now;
            }
        }
    }
}
