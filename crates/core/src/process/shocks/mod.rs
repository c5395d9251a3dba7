//! [`Shocked`]: a process with shocks at set times.

use std::sync::Arc;

use super::kind::{ConfiguredProcess, EarlierInstrument};
use super::moments::Moments;
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

/// A change of a value at a set time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shock {
    /// When it comes, after the start of the run.
    pub after: SimDuration,
    /// The value is multiplied by one more than this, which is above -1.
    pub size: f64,
    /// The time in which its logarithm halves; `None` if it stays.
    pub half_life: Option<SimDuration>,
}

impl Shock {
    /// Returns the share of it that is left after a time.
    fn left(&self, after: SimDuration) -> f64 {
        let halvings = self.half_life.map_or(0.0, |half_life| after.secs_f64() / half_life.secs_f64());
        libm::exp2(-halvings)
    }

    /// Returns the logarithm of its factor when the run has lasted so long.
    fn log_factor(&self, passed: SimDuration) -> f64 {
        let since = passed.nanos() - self.after.nanos();
        if since < 0 { 0.0 } else { libm::log1p(self.size) * self.left(SimDuration::from_nanos(since)) }
    }
}

/// Adds the shocks that the values of [`COMMON_PARAMS`] name to a process, if they name any; `length` is how
/// long a run is, if that is known.
///
/// # Errors
/// A shock after the end of the run, or more than 1,000.
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
    Ok(shocked(process, shocks))
}

/// Adds shocks to a process; without any, it stays as it is.
#[must_use]
pub fn shocked(process: Arc<dyn ConfiguredProcess>, shocks: Vec<Shock>) -> Arc<dyn ConfiguredProcess> {
    if shocks.is_empty() {
        return process;
    }
    Arc::new(ConfiguredShocked { process, shocks: shocks.into() })
}

#[derive(Debug)]
struct ConfiguredShocked {
    process: Arc<dyn ConfiguredProcess>,
    shocks: Arc<[Shock]>,
}

impl ConfiguredProcess for ConfiguredShocked {
    fn initial(&self) -> f64 {
        self.process.initial()
    }

    fn step(&self) -> SimDuration {
        self.process.step()
    }

    fn start(&self, seed: Seed) -> Box<dyn PriceProcess> {
        Box::new(Shocked::new(self.process.start(seed), Arc::clone(&self.shocks)))
    }

    fn warnings(&self) -> &[ParamError] {
        self.process.warnings()
    }

    fn following(&self, earlier: &[EarlierInstrument]) -> Option<Arc<dyn ConfiguredProcess>> {
        let process = self.process.following(earlier)?;
        Some(Arc::new(Self { process, shocks: Arc::clone(&self.shocks) }))
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
    /// The start of the run; not known before the first step.
    start: Option<SimTime>,
    /// The logarithm of each shock's factor at the start: what was left of it when the last run stopped.
    carried: Vec<f64>,
    /// How long the run has lasted.
    passed: SimDuration,
}

impl Shocked {
    /// Adds shocks to a process that begins.
    #[must_use]
    pub fn new(process: Box<dyn PriceProcess>, shocks: Arc<[Shock]>) -> Self {
        let carried = vec![0.0; shocks.len()];
        Self { process, shocks, start: None, carried, passed: SimDuration::ZERO }
    }

    /// Returns the logarithm of each shock's factor when the run has lasted so long.
    fn log_factors(&self, passed: SimDuration) -> impl Iterator<Item = f64> {
        let pairs = self.shocks.iter().zip(&self.carried);
        pairs.map(move |(shock, carried)| carried * shock.left(passed) + shock.log_factor(passed))
    }
}

impl PriceProcess for Shocked {
    fn step(&mut self, to: SimTime, span: SimDuration, rng: &mut Stream) -> f64 {
        let start = *self.start.get_or_insert(to - span);
        self.passed = to - start;
        let level: f64 = self.log_factors(self.passed).sum();
        self.process.step(to, span, rng) * libm::exp(level)
    }

    fn moments(&self, after: SimDuration) -> Moments {
        let level: f64 = self.log_factors(self.passed + after).sum();
        let (moments, factor) = (self.process.moments(after), libm::exp(level));
        Moments {
            mean: moments.mean.map(|mean| mean * factor),
            deviation: moments.deviation.map(|deviation| deviation * factor),
            log_mean: moments.log_mean.map(|mean| mean + level),
            ..moments
        }
    }

    fn state(&self) -> Vec<f64> {
        let mut state: Vec<f64> = self.log_factors(self.passed).collect();
        state.extend(self.process.state());
        state
    }

    fn restore(&mut self, state: &[f64]) {
        if let Some((carried, process)) = state.split_at_checked(self.shocks.len()) {
            self.carried = carried.to_vec();
            self.process.restore(process);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::stream;
    use crate::process::Gbm;

    const MINUTE: SimDuration = SimDuration::from_secs(60);

    fn shocked(shocks: &[Shock]) -> Shocked {
        Shocked::new(Box::new(Gbm::new(100.0, 0.0, 0.0, 1_638.0)), shocks.into())
    }

    /// Returns the values of so many minutes.
    fn path(value: &mut Shocked, minutes: i64) -> Vec<f64> {
        let mut rng = stream(Seed::new(1), "shocks");
        let at = |minute| SimTime::from_nanos(0) + SimDuration::from_secs(60 * minute);
        (1..=minutes).map(|minute| value.step(at(minute), MINUTE, &mut rng)).collect()
    }

    fn assert_near(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        assert!(found.iter().zip(expected).all(|(a, b)| (a / b - 1.0).abs() < 1e-12), "{found:?}");
    }

    const FALL: Shock = Shock { after: SimDuration::from_secs(120), size: -0.19, half_life: None };
    const BLIP: Shock = Shock { after: MINUTE, size: 0.21, half_life: Some(MINUTE) };

    /// 0.81 halves, as a logarithm, to 0.9; 1.21 to 1.1.
    #[test]
    fn shocks_come_at_their_time_and_stay_or_fade() {
        assert_near(&path(&mut shocked(&[FALL]), 3), &[100.0, 81.0, 81.0]);
        assert_near(&path(&mut shocked(&[BLIP]), 2), &[121.0, 110.0]);
        assert_near(&path(&mut shocked(&[BLIP, FALL]), 2), &[121.0, 110.0 * 0.81]);
    }

    #[test]
    fn the_closed_form_has_the_shocks() {
        let value = shocked(&[FALL, BLIP]);
        let moments = value.moments(SimDuration::from_secs(120));
        assert!((moments.mean.unwrap() - 110.0 * 0.81).abs() < 1e-9);
        assert!((moments.log_mean.unwrap() - libm::log(1.1 * 0.81)).abs() < 1e-12);
    }

    /// On the next day the fall is still there, the blip goes on fading, and both come again.
    #[test]
    fn what_is_left_of_a_shock_goes_on_the_next_day() {
        let mut today = shocked(&[FALL, BLIP]);
        path(&mut today, 2);
        let mut tomorrow = shocked(&[FALL, BLIP]);
        tomorrow.restore(&today.state());
        let quarter = libm::pow(1.21, 0.25);
        assert_near(&path(&mut tomorrow, 1), &[81.0 * quarter * 1.21]);
    }

    #[test]
    fn a_shock_after_the_end_is_refused() {
        let process = crate::process::ProcessKind::named("gbm").unwrap();
        let values = Values::new().with("initial", 100.0).with("volatility", 0.0);
        let values = values.complete(process.params).unwrap();
        let calm = (process.configure)(&values, &crate::process::ProcessSite::default()).unwrap();
        let shock = Values::new().with("after", SimDuration::from_secs(7_200)).with("size", 0.1);
        let values = Values::new().with("shocks", vec![shock]).complete(&COMMON_PARAMS).unwrap();
        assert!(with_shocks(Arc::clone(&calm), &values, None).is_ok());
        let error = with_shocks(calm, &values, Some(SimDuration::from_secs(3_600))).unwrap_err();
        assert_eq!(
            error.to_string(),
            "shock 1 comes 2h after the start, but the scenario ends 1h after it: it would never come"
        );
        let wrong = Values::new().with("after", MINUTE).with("size", -1.0);
        assert!(Values::new().with("shocks", vec![wrong]).complete(&COMMON_PARAMS).is_err());
    }
}
