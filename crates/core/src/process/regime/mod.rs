//! Markov regime switching.

mod transition_moments;

use std::sync::Arc;

use rand::RngExt;

use super::garch::whole_period;
use super::kind::{ConfiguredProcess, HOURS_PER_YEAR, INITIAL, Prepared, ProcessKind, STEP, years};
use super::moments::Moments;
use super::value::{PriceProcess, step_by_one_shock};
use crate::kernel::Stream;
use crate::params::{
    DurationRange, NumberRange, ParamDefault, ParamError, ParamErrors, ParamSpec, ParamType, Values,
};
use crate::units::SimDuration;
use transition_moments::{RawMoments, TransitionMoments};

const VOLATILITY: ParamType = ParamType::Number(NumberRange::between(0.0, 100.0));
const DRIFT: ParamType = ParamType::Number(NumberRange::between(-100.0, 100.0));
const PROBABILITY: ParamType = ParamType::Number(NumberRange::between(0.0, 1.0));
const ROW: ParamType = ParamType::List(&PROBABILITY);

/// How many regimes there may be.
const REGIMES_MAX: usize = 16;

const PARAMS: [ParamSpec; 8] = [
    INITIAL,
    ParamSpec::required(
        "volatilities",
        ParamType::List(&VOLATILITY),
        "annualized volatility of each regime, such as `[0.1, 0.4]`; their number is that of the regimes, at most 16",
    ),
    ParamSpec::new(
        "drifts",
        ParamType::List(&DRIFT),
        ParamDefault::Derived("0 in each"),
        "annualized drift of the mean in each regime",
    ),
    ParamSpec::required(
        "transition",
        ParamType::List(&ROW),
        "a row for each regime, with the probabilities that each regime is that of the next period, such as `[[0.99, \
         0.01], [0.05, 0.95]]`; a row sums to 1",
    ),
    ParamSpec::required(
        "period",
        ParamType::Duration(DurationRange::Positive),
        "how long a period is, after which the regime may change; a multiple of `step`",
    ),
    ParamSpec::new(
        "first",
        ParamType::Integer { min: 1, max: REGIMES_MAX as i64 },
        ParamDefault::Integer(1),
        "number of the first regime, from 1",
    ),
    HOURS_PER_YEAR,
    STEP,
];

/// The kind `regime`.
pub(super) static KIND: ProcessKind = ProcessKind {
    name: "regime",
    doc: "Markov regime switching (Hamilton 1989): geometric Brownian motion whose drift and volatility are those of a \
          regime, which after each period is followed by another, or by itself, with the probabilities of a matrix. \
          Within a period it is stepped by the exact solution.",
    params: &PARAMS,
    configure,
};

fn configure(
    values: &Values,
    _: &super::kind::ProcessSite<'_>,
) -> Result<Arc<dyn ConfiguredProcess>, ParamErrors> {
    let volatilities: Vec<f64> = values.get("volatilities")?;
    let count = volatilities.len();
    if !(1..=REGIMES_MAX).contains(&count) {
        let message = format!("`volatilities` has {count} items, but must have from 1 to {REGIMES_MAX}");
        return Err(ParamError::invalid("volatilities", message).into());
    }
    let drifts: Vec<f64> = values.given("drifts")?.unwrap_or_else(|| vec![0.0; count]);
    if drifts.len() != count {
        let message = format!(
            "`drifts` has {} items, but must have {count}, as `volatilities`: one for each regime",
            drifts.len()
        );
        return Err(ParamError::invalid("drifts", message).into());
    }
    let transition = transition(values.get("transition")?, count)?;
    let first: i64 = values.get("first")?;
    let first = usize::try_from(first).unwrap_or(1);
    if first > count {
        let message = format!("`first` is {first}, but must be from 1 to {count}, the number of regimes");
        return Err(ParamError::invalid("first", message).into());
    }
    let (initial, step) = (values.get("initial")?, values.get("step")?);
    let period = whole_period(values.get("period")?, step)?;
    let hours_per_year = values.get("hours_per_year")?;
    let config = RegimeConfig { initial, drifts, volatilities, transition, first, period, hours_per_year };
    Ok(Arc::new(Prepared::new(Regime::new(config), initial, step)))
}

/// Checks that a matrix has a row for each regime, and that each row sums to 1.
fn transition(rows: Vec<Vec<f64>>, count: usize) -> Result<Vec<Vec<f64>>, ParamErrors> {
    if rows.len() != count {
        let message = format!(
            "`transition` has {} rows, but must have {count}: one for each of `volatilities`",
            rows.len()
        );
        return Err(ParamError::invalid("transition", message).into());
    }
    let mut errors = Vec::new();
    for (number, row) in (1..).zip(&rows) {
        let sum = row.iter().sum::<f64>();
        if row.len() != count {
            let message =
                format!("row {number} of `transition` has {} items, but must have {count}", row.len());
            errors.push(ParamError::invalid_item("transition", number, message));
        } else if (sum - 1.0).abs() > 1e-9 {
            let message = format!(
                "row {number} of `transition` sums to {}, but must sum to 1: the probabilities of what follows regime \
                 {number}",
                libm::round(sum * 1e9) / 1e9
            );
            errors.push(ParamError::invalid_item("transition", number, message));
        }
    }
    ParamErrors::check(errors)?;
    Ok(rows)
}

/// The parameters of [`Regime`]; all lists have one item for each regime, at least one.
#[derive(Debug, Clone, PartialEq)]
pub struct RegimeConfig {
    /// First value; above zero.
    pub initial: f64,
    /// Annualized drifts of the mean.
    pub drifts: Vec<f64>,
    /// Annualized volatilities; at or above zero.
    pub volatilities: Vec<f64>,
    /// Rows of probabilities, each of which sums to 1.
    pub transition: Vec<Vec<f64>>,
    /// The first regime, from 1.
    pub first: usize,
    /// After how long the regime may change; a multiple of the step.
    pub period: SimDuration,
    /// Hours of virtual time in a year; above zero.
    pub hours_per_year: f64,
}

/// Geometric Brownian motion whose drift and volatility are those of a regime, a Markov chain (Hamilton 1989,
/// "A new approach to the economic analysis of nonstationary time series and the business cycle").
///
/// ```
/// use bearpit_core::kernel::stream;
/// use bearpit_core::process::{PriceProcess, Regime, RegimeConfig};
/// use bearpit_core::units::{Seed, SimDuration, SimTime};
///
/// let minute = SimDuration::from_secs(60);
/// let mut value = Regime::new(RegimeConfig {
///     initial: 100.0,
///     drifts: vec![0.0, 0.0],
///     volatilities: vec![0.1, 0.5],
///     // Calm and storm take turns.
///     transition: vec![vec![0.0, 1.0], vec![1.0, 0.0]],
///     first: 1,
///     period: minute,
///     hours_per_year: 1_638.0,
/// });
/// value.step(SimTime::from_nanos(0) + minute, minute, &mut stream(Seed::new(1), "example"));
/// assert_eq!(value.regime(), 2);
/// ```
#[derive(Debug, Clone)]
pub struct Regime {
    config: Arc<RegimeConfig>,
    current: f64,
    /// From 0.
    regime: usize,
    passed: SimDuration,
}

impl Regime {
    /// Makes a process at its first value and regime.
    #[must_use]
    pub fn new(config: RegimeConfig) -> Self {
        let regime = config.first.clamp(1, config.volatilities.len().max(1)) - 1;
        Self { current: config.initial, regime, config: Arc::new(config), passed: SimDuration::ZERO }
    }

    /// Returns the number of the present regime, from 1.
    #[must_use]
    pub const fn regime(&self) -> usize {
        self.regime + 1
    }

    /// Returns mean and variance of the log return of a regime within so many years.
    fn of_regime(&self, regime: usize, years: f64) -> (f64, f64) {
        let [drift, volatility] = [&self.config.drifts, &self.config.volatilities]
            .map(|values| values.get(regime).copied().unwrap_or_default());
        let variance = volatility * volatility * years;
        (drift * years - variance / 2.0, variance)
    }

    fn moved(&mut self, span: SimDuration, shock: f64, rng: &mut Stream) -> f64 {
        let (mean, variance) = self.of_regime(self.regime, years(span, self.config.hours_per_year));
        self.current *= libm::exp(mean + libm::sqrt(variance) * shock);
        self.passed = self.passed + span;
        if self.passed >= self.config.period {
            self.passed = SimDuration::ZERO;
            self.regime = self.next_regime(rng.random());
        }
        self.current
    }

    /// Returns the regime in whose part of the present one's row a uniform number lies.
    fn next_regime(&self, uniform: f64) -> usize {
        let row = self.config.transition.get(self.regime).map_or(&[][..], Vec::as_slice);
        let mut left = uniform;
        for (regime, probability) in row.iter().enumerate() {
            left -= probability;
            if left < 0.0 {
                return regime;
            }
        }
        // What rounding has left of the row belongs to the last regime that is possible.
        row.iter().rposition(|probability| *probability > 0.0).unwrap_or(self.regime)
    }

    /// Returns what a share of a period does, at whose end the regime may change.
    fn stretch(&self, share: f64) -> TransitionMoments {
        let years = share * years(self.config.period, self.config.hours_per_year);
        TransitionMoments::new(&self.config.transition, |regime| self.of_regime(regime, years))
    }
}

impl PriceProcess for Regime {
    step_by_one_shock!();

    /// All of them, by the moments of a period, squared as often as there are periods.
    fn moments(&self, after: SimDuration) -> Moments {
        let (span, period) = (after.nanos().max(0), self.config.period.nanos().max(1));
        let share = SimDuration::from_nanos(span % period).secs_f64() / self.config.period.secs_f64();
        let whole = self.stretch(1.0).repeated(u64::try_from(span / period).unwrap_or(0));
        let RawMoments { logs: [_, m1, m2, m3, m4], growths: [mean, square] } =
            whole.then(&self.stretch(share)).beginning_in(self.regime);
        let variance = m2 - m1 * m1;
        let third = m3 - 3.0 * m1 * m2 + 2.0 * m1 * m1 * m1;
        let fourth = m4 - 4.0 * m1 * m3 + 6.0 * m1 * m1 * m2 - 3.0 * m1 * m1 * m1 * m1;
        Moments::of_cumulants([m1, variance, third, fourth - 3.0 * variance * variance])
            .with_value(self.current * mean, libm::log(square / (mean * mean)))
    }

    fn kind(&self) -> Option<&'static str> {
        Some(KIND.name)
    }

    #[expect(clippy::cast_precision_loss, reason = "at most 16 regimes")]
    fn state(&self) -> Vec<f64> {
        vec![self.current, self.regime as f64]
    }

    /// Goes on with a new period, whatever was left of the last.
    fn restore(&mut self, state: &[f64]) {
        if let [current, regime, ..] = *state {
            self.current = current;
            let is_it = |number: &u32| (f64::from(*number) - regime).abs() < 0.5;
            let known = 0..u32::try_from(self.config.volatilities.len()).unwrap_or(0);
            let found = known.into_iter().find(is_it).and_then(|it| usize::try_from(it).ok());
            self.regime = found.unwrap_or(self.regime);
        }
    }
}

#[cfg(test)]
mod tests;
