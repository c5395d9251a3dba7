//! [`Shocked`]: a process with shocks at set times.

use std::sync::Arc;

use super::feed::QuoteOutcome;
use super::kind::{ConfiguredProcess, EarlierInstrument};
use super::moments::Moments;
use super::shock::{LEVEL_MAX, Shock, bounded};
use super::shock_record::ShockRecord;
use super::state::ProcessState;
use super::value::PriceProcess;
use crate::kernel::Stream;
use crate::params::{
    DurationRange, NumberRange, ParamDefault, ParamError, ParamErrors, ParamSpec, ParamType, Values,
};
use crate::units::{Seed, SimDuration, SimTime};

/// The keys of a shock.
pub const SHOCK_PARAMS: [ParamSpec; 3] = [
    ParamSpec::required(
        "after",
        ParamType::Duration(DurationRange::AnyLength),
        "when it comes: the time after `start` of the scenario; in a live market, after the start of each day",
    ),
    ParamSpec::required(
        "size",
        ParamType::Number(NumberRange { excludes_min: true, ..NumberRange::between(-1.0, 1e6) }),
        "by how much of itself the value changes: -0.05 is a fall of 5 %",
    ),
    ParamSpec::new(
        "half_life",
        ParamType::Duration(DurationRange::Positive),
        ParamDefault::Derived("it stays"),
        "time in which the shock, as a logarithm, halves",
    ),
];
const SHOCK: ParamType = ParamType::Table(&SHOCK_PARAMS);

/// The key of shocks, for a reader that gives them to processes of any kind.
pub static COMMON_PARAMS: [ParamSpec; 1] = [ParamSpec::new(
    "shocks",
    ParamType::List(&SHOCK),
    ParamDefault::Derived("none"),
    "scheduled shocks, which come on top of what the process does, such as `[{ after = \"2h\", size = -0.05 }]`",
)];

/// How many shocks a process may have.
const SHOCKS_MAX: usize = 1_000;

/// Adds the shocks that the values of [`COMMON_PARAMS`] name to a process, if they name any; `length` is how
/// long a run is, if that is known.
///
/// # Errors
/// A shock after the end of the run, more than 1,000, or shocks that together move the logarithm of the value
/// by more than 50.
pub fn with_shocks(
    process: Arc<dyn ConfiguredProcess>,
    values: &Values,
    length: Option<SimDuration>,
) -> Result<Arc<dyn ConfiguredProcess>, ParamErrors> {
    let tables: Vec<Values> = values.given("shocks")?.unwrap_or_default();
    if tables.len() > SHOCKS_MAX {
        let message = format!("`shocks` has {} items, but must have at most {SHOCKS_MAX}", tables.len());
        return Err(ParamError::invalid("shocks", message).into());
    }
    let mut shocks = Vec::new();
    let mut errors = Vec::new();
    for (number, table) in (1..).zip(&tables) {
        let after: SimDuration = table.get("after")?;
        if let Some(length) = length.filter(|length| after > *length) {
            let message = format!(
                "shock {number} comes {after} after the start, but the scenario ends {length} after it: it would never come"
            );
            errors.push(ParamError::invalid_item("shocks", number, message));
        }
        shocks.push(Shock { after, size: table.get("size")?, half_life: table.given("half_life")? });
    }
    ParamErrors::check(errors)?;
    let moved: f64 = shocks.iter().map(|shock| libm::log1p(shock.size).abs()).sum();
    if moved > LEVEL_MAX {
        let message = format!(
            "the sizes of `shocks` add up to {moved:.2} as logarithms, `|ln(1 + size)|`, but must add up to at most \
             {LEVEL_MAX}: the value would be out of range"
        );
        return Err(ParamError::invalid("shocks", message)
            .with_help("have fewer shocks, or smaller ones")
            .into());
    }
    Ok(shocked(process, shocks))
}

/// Adds shocks to a process; without any, it stays as it is.
#[must_use]
pub fn shocked(process: Arc<dyn ConfiguredProcess>, shocks: Vec<Shock>) -> Arc<dyn ConfiguredProcess> {
    if shocks.is_empty() {
        return process;
    }
    Arc::new(ConfiguredShocked { process, shocks: shocks.into(), begun: SimDuration::ZERO })
}

#[derive(Debug)]
struct ConfiguredShocked {
    process: Arc<dyn ConfiguredProcess>,
    shocks: Arc<[Shock]>,
    /// How much of its day has passed when it starts.
    begun: SimDuration,
}

impl ConfiguredProcess for ConfiguredShocked {
    fn initial(&self) -> f64 {
        self.process.initial()
    }

    fn step(&self) -> SimDuration {
        self.process.step()
    }

    fn start(&self, seed: Seed) -> Box<dyn PriceProcess> {
        Box::new(Shocked::new(self.process.start(seed), Arc::clone(&self.shocks)).begun(self.begun))
    }

    fn warnings(&self) -> &[ParamError] {
        self.process.warnings()
    }

    fn following(&self, earlier: &[EarlierInstrument]) -> Option<Arc<dyn ConfiguredProcess>> {
        let process = self.process.following(earlier)?;
        Some(Arc::new(Self { process, shocks: Arc::clone(&self.shocks), begun: self.begun }))
    }

    fn resumed(&self, passed: SimDuration) -> Option<Arc<dyn ConfiguredProcess>> {
        let process = self.process.resumed(passed).unwrap_or_else(|| Arc::clone(&self.process));
        Some(Arc::new(Self { process, shocks: Arc::clone(&self.shocks), begun: passed }))
    }
}

/// A process with shocks at set times: its value times the factors of those that have come.
///
/// ```
/// use bearpit_core::kernel::stream;
/// use bearpit_core::process::{Gbm, PriceProcess, Shock, Shocked};
/// use bearpit_core::units::{Seed, SimDuration, SimTime};
///
/// let minute = SimDuration::from_secs(60);
/// let shock = Shock { after: minute, size: -0.1, half_life: None };
/// let calm = Box::new(Gbm::new(100.0, 0.0, 0.0, 1_638.0));
/// let mut value = Shocked::new(calm, [shock].into());
/// let (start, mut rng) = (SimTime::from_nanos(0), stream(Seed::new(1), "example"));
/// assert!((value.step(start + minute, minute, &mut rng) - 90.0).abs() < 1e-9);
/// ```
#[derive(Debug)]
pub struct Shocked {
    process: Box<dyn PriceProcess>,
    shocks: Arc<[Shock]>,
    /// How much of its day had passed when it began: more than nothing where a market goes on within a day.
    begun: SimDuration,
    /// The start of the day; not known before the first step.
    day_start: Option<SimTime>,
    /// How much of the day has passed.
    passed: SimDuration,
    /// When it last moved, in the last run if it has not moved in this one; `None` if that is not known.
    at: Option<SimTime>,
    /// Until when in the day shocks had come before it began; of use where it began within the day.
    came_until: SimDuration,
    /// The logarithm of each shock's factor when it began: what was left of it when the last run stopped.
    carried: Vec<f64>,
}

/// Before all shocks: when a process last moved that has not moved yet.
const NEVER: SimTime = SimTime::from_nanos(i64::MIN / 2);

impl Shocked {
    /// Adds shocks to a process that begins.
    #[must_use]
    pub fn new(process: Box<dyn PriceProcess>, shocks: Arc<[Shock]>) -> Self {
        let carried = vec![0.0; shocks.len()];
        let (passed, begun, came_until) = (SimDuration::ZERO, SimDuration::ZERO, SimDuration::ZERO);
        Self { process, shocks, begun, day_start: None, passed, at: Some(NEVER), came_until, carried }
    }

    /// Has it begin when so much of its day has passed. Shocks before that do not come again: what they left
    /// is in the state from which it goes on. One that came due while the market stood still comes at the
    /// first step.
    #[must_use]
    pub fn begun(self, passed: SimDuration) -> Self {
        let at = if passed.is_zero() { self.at } else { None };
        Self { begun: passed, passed, came_until: passed, at, ..self }
    }

    /// Returns the logarithm of each shock's factor when so much of the day has passed. One that came due
    /// while the market stood still came when that went on: none of it has been forgotten by then.
    fn log_factors(&self, passed: SimDuration) -> impl Iterator<Item = f64> {
        let since = SimDuration::from_nanos(passed.nanos() - self.begun.nanos());
        let is_over = |shock: &Shock| !self.begun.is_zero() && shock.after <= self.came_until;
        self.shocks.iter().zip(&self.carried).map(move |(shock, carried)| {
            let came = shock.after.max(self.begun);
            let own = if is_over(shock) { 0.0 } else { shock.log_factor(came, passed) };
            bounded(carried * shock.left(since) + own)
        })
    }

    /// Returns the logarithm of the factor of what it goes on from.
    fn level_carried(&self) -> f64 {
        bounded(self.carried.iter().sum())
    }
}

impl PriceProcess for Shocked {
    fn step(&mut self, to: SimTime, span: SimDuration, rng: &mut Stream) -> f64 {
        let day_start = match self.day_start {
            Some(day_start) => day_start,
            None => {
                let day_start = to - span - self.begun;
                if let Some(at) = self.at {
                    self.came_until = self.begun.min(at - day_start);
                }
                *self.day_start.insert(day_start)
            }
        };
        (self.passed, self.at) = (to - day_start, Some(to));
        let level = bounded(self.log_factors(self.passed).sum());
        self.process.step(to, span, rng) * libm::exp(level)
    }

    /// The quote is that of the process within; shocks come on top of it.
    fn quote(&mut self, value: f64, is_forced: bool) -> QuoteOutcome {
        let outcome = self.process.quote(value, is_forced);
        let QuoteOutcome::Moved(value) = outcome else { return outcome };
        QuoteOutcome::Moved(value * libm::exp(bounded(self.log_factors(self.passed).sum())))
    }

    fn moments(&self, after: SimDuration) -> Moments {
        let level = bounded(self.log_factors(self.passed + after).sum());
        let (moments, factor) = (self.process.moments(after), libm::exp(level));
        Moments {
            mean: moments.mean.map(|mean| mean * factor),
            deviation: moments.deviation.map(|deviation| deviation * factor),
            log_mean: moments.log_mean.map(|mean| mean + level),
            ..moments
        }
    }

    fn kind(&self) -> Option<&'static str> {
        self.process.kind()
    }

    fn closing_state(&self) -> ProcessState {
        let mut state = self.process.closing_state();
        let mut shocks: Vec<(Shock, f64)> =
            self.shocks.iter().copied().zip(self.log_factors(self.passed)).collect();
        shocks.extend(state.shocks.into_iter().flat_map(|within| within.shocks));
        state.shocks = Some(ShockRecord { at: self.at, shocks });
        state
    }

    /// Shocks that it no longer has are left to the process, and others have left nothing yet.
    fn go_on(&mut self, value: f64, state: &ProcessState) {
        let mut state = state.clone();
        if let Some(record) = &mut state.shocks {
            self.carried = self.shocks.iter().map(|shock| record.take(shock)).collect();
            self.at = record.at;
        }
        self.process.go_on(value / libm::exp(self.level_carried()), &state);
    }
}

#[cfg(test)]
mod tests;
