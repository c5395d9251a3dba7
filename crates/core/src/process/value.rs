//! [`PriceProcess`], the trait, and [`Value`], a process evaluated lazily on its grid.

use std::fmt;

use super::feed::QuoteOutcome;
use super::moments::Moments;
use super::state::{ProcessState, ValueState};
use crate::kernel::{Stream, stream};
use crate::units::{Seed, SimDuration, SimTime};

/// A process that moves in steps of virtual time.
///
/// Implement this for a process of your own; `examples/custom_process.rs` does.
pub trait PriceProcess: fmt::Debug {
    /// Moves to `to`, which is `span` after the last step, and returns the value there, in currency
    /// units, finite.
    fn step(&mut self, to: SimTime, span: SimDuration, rng: &mut Stream) -> f64;

    /// Moves as [`PriceProcess::step`] does, by `shock` in place of the one standard normal draw that a step
    /// begins with, so that several processes can share their shocks. `None`, without having moved, if it
    /// has no such draw, as unless this is implemented.
    fn step_by(&mut self, _span: SimDuration, _shock: f64, _rng: &mut Stream) -> Option<f64> {
        None
    }

    /// Takes a quote from outside, of a market that this one follows; `is_forced` where somebody has looked
    /// at it. Nothing moves unless this is implemented.
    fn quote(&mut self, _value: f64, _is_forced: bool) -> QuoteOutcome {
        QuoteOutcome::NotAFeed
    }

    /// Returns what is known in closed form of the value `after` a time from where it stands; nothing, unless
    /// this is implemented.
    fn moments(&self, _after: SimDuration) -> Moments {
        Moments::default()
    }

    /// Returns the name of its kind, by which it is known that another kind was configured between two days
    /// of a market; `None` if it has no name, as unless this is implemented.
    fn kind(&self) -> Option<&'static str> {
        None
    }

    /// Returns the numbers from which another process of the same configuration goes on, the value first
    /// unless [`PriceProcess::go_on`] is implemented; none if it follows from time alone, as unless this is
    /// implemented.
    fn state(&self) -> Vec<f64> {
        Vec::new()
    }

    /// Goes on from numbers that [`PriceProcess::state`] returned; ignores others.
    fn restore(&mut self, _state: &[f64]) {}

    /// Returns what it leaves to the next day: its kind and its numbers. A process that is made of others
    /// implements this and [`PriceProcess::go_on`].
    fn closing_state(&self) -> ProcessState {
        let kind = self.kind().map(ToOwned::to_owned);
        ProcessState { kind, numbers: self.state(), ..ProcessState::default() }
    }

    /// Goes on from `value`, and from the state that it had then: from `value` alone if that is of another
    /// configuration, as after an operator has changed a scenario between two days. What shocks left that it
    /// does not have becomes part of the value.
    fn go_on(&mut self, value: f64, state: &ProcessState) {
        let is_own = state.is_of(self.kind()) && self.state().len() == state.numbers.len();
        if is_own {
            self.restore(&state.numbers);
        }
        if is_own && !state.is_shocked() {
            return;
        }
        let mut own = self.state();
        if let Some(first) = own.first_mut() {
            *first = value;
            self.restore(&own);
        }
    }
}

/// Implements `step` and `step_by` of a process that one normal shock moves, by its own method `moved`.
macro_rules! step_by_one_shock {
    () => {
        fn step(
            &mut self,
            _to: $crate::units::SimTime,
            span: $crate::units::SimDuration,
            rng: &mut $crate::kernel::Stream,
        ) -> f64 {
            let shock = rand_distr::Distribution::sample(&$crate::kernel::StandardNormal, rng);
            self.moved(span, shock, rng)
        }

        fn step_by(
            &mut self,
            span: $crate::units::SimDuration,
            shock: f64,
            rng: &mut $crate::kernel::Stream,
        ) -> Option<f64> {
            Some(self.moved(span, shock, rng))
        }
    };
}
pub(super) use step_by_one_shock;

/// The value of one instrument over time.
///
/// The process is stepped at multiples of the grid after the start and nowhere else, however often
/// and by whomever it is asked.
#[derive(Debug)]
pub struct Value {
    process: Box<dyn PriceProcess>,
    rng: Stream,
    grid: SimDuration,
    at: SimTime,
    current: f64,
}

impl Value {
    /// Starts `process` at `start` with the value `initial`; a grid of zero is taken as one second.
    #[must_use]
    pub fn new(
        process: Box<dyn PriceProcess>,
        initial: f64,
        start: SimTime,
        grid: SimDuration,
        rng: Stream,
    ) -> Self {
        let grid = if grid.nanos() > 0 { grid } else { SimDuration::from_secs(1) };
        Self { process, rng, grid, at: start, current: initial }
    }

    /// Takes a quote from outside at `now`, from when on the value is that of the outcome.
    pub fn quote(&mut self, now: SimTime, value: f64, is_forced: bool) -> QuoteOutcome {
        self.at(now);
        let outcome = self.process.quote(value, is_forced);
        if let QuoteOutcome::Moved(value) = outcome {
            self.current = value;
        }
        outcome
    }

    /// Returns what it goes on from after `now`.
    pub fn state(&mut self, now: SimTime) -> ValueState {
        ValueState { value: self.at(now), process: self.process.closing_state() }
    }

    /// Goes on from where it stopped, instead of from its first value.
    pub fn restore(&mut self, state: &ValueState) {
        self.current = state.value;
        self.process.go_on(state.value, &state.process);
    }

    /// Returns the name of its process's kind, if that has one.
    #[must_use]
    pub fn kind(&self) -> Option<&'static str> {
        self.process.kind()
    }

    /// Returns the random stream with which the value of `symbol` moves in a run of `seed`.
    #[must_use]
    pub fn stream(seed: Seed, symbol: &str) -> Stream {
        stream(seed, &format!("process/{symbol}"))
    }

    /// Returns the value at `now`: that of the last grid point at or before it.
    ///
    /// Time does not run backwards: a `now` before the last one asked for returns the later value.
    pub fn at(&mut self, now: SimTime) -> f64 {
        while self.at + self.grid <= now {
            self.at += self.grid;
            self.current = self.process.step(self.at, self.grid, &mut self.rng);
        }
        self.current
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Gbm;

    fn value() -> Value {
        let process = Gbm::new(100.0, 0.0, 0.3, 1_638.0);
        let rng = Value::stream(Seed::new(3), "ACME");
        Value::new(Box::new(process), 100.0, SimTime::from_nanos(0), SimDuration::from_secs(1), rng)
    }

    #[test]
    fn the_path_does_not_depend_on_who_asks() {
        let (mut often, mut seldom) = (value(), value());
        for millis in 0..20_000 {
            often.at(SimTime::from_nanos(millis * 1_000_000));
        }
        let end = SimTime::from_nanos(20_000_000_000);
        assert_eq!(often.at(end).to_bits(), seldom.at(end).to_bits());
    }
}
