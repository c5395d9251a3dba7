//! GARCH(1,1) and the GJR model.

use std::sync::Arc;

use super::kind::{ConfiguredProcess, DRIFT, HOURS_PER_YEAR, INITIAL, Prepared, ProcessKind, STEP, years};
use super::moments::Moments;
use super::value::{PriceProcess, step_by_one_shock};
use crate::kernel::Stream;
use crate::params::{
    DurationRange, NumberRange, ParamDefault, ParamError, ParamErrors, ParamSpec, ParamType, Values,
};
use crate::units::SimDuration;

const ALPHA: ParamSpec = ParamSpec::required(
    "alpha",
    ParamType::Number(NumberRange::between(0.0, 1.0)),
    "share of the last squared return in the next variance",
);
const BETA: ParamSpec = ParamSpec::required(
    "beta",
    ParamType::Number(NumberRange::between(0.0, 1.0)),
    "share of the last variance in the next",
);
const GAMMA: ParamSpec = ParamSpec::required(
    "gamma",
    ParamType::Number(NumberRange::between(-1.0, 2.0)),
    "what is added to `alpha` where the last return was negative; `alpha + gamma` must be at or above 0",
);
const OMEGA: ParamSpec = ParamSpec::new(
    "omega",
    ParamType::Number(NumberRange { excludes_min: true, ..NumberRange::between(0.0, 1.0) }),
    ParamDefault::Derived("follows from `volatility`; one of the two must be given"),
    "constant of the variance of a period's log return",
);
const LONG_RUN_VOLATILITY: ParamSpec = ParamSpec::new(
    "volatility",
    ParamType::Number(NumberRange { excludes_min: true, ..NumberRange::between(0.0, 100.0) }),
    ParamDefault::Derived("follows from `omega`; one of the two must be given"),
    "annualized long-run volatility; 0.2 is 20 %",
);
pub(super) const PERIOD: ParamSpec = ParamSpec::new(
    "period",
    ParamType::Duration(DurationRange::Positive),
    ParamDefault::Derived("`step`"),
    "the model's period, a multiple of `step`: of parameters estimated on returns of a minute it is \"1m\"",
);

/// The kind `garch`.
pub(super) static KIND: ProcessKind = ProcessKind {
    name: "garch",
    doc: "GARCH(1,1) (Bollerslev 1986): the variance of a period's log return is `omega + alpha` times the last squared \
          shock `+ beta` times the last variance, so that volatility clusters. It begins at its long-run variance, \
          `omega / (1 - alpha - beta)`. Within a period the value moves in equal steps of that variance. The drift is \
          that of the mean.",
    params: &[INITIAL, ALPHA, BETA, LONG_RUN_VOLATILITY, OMEGA, PERIOD, DRIFT, HOURS_PER_YEAR, STEP],
    configure: |values, _| configure(values, 0.0),
};

/// The kind `gjr`.
pub(super) static GJR_KIND: ProcessKind = ProcessKind {
    name: "gjr",
    doc: "GJR-GARCH(1,1) (Glosten, Jagannathan and Runkle 1993): as `garch`, but the squared shock counts `alpha + gamma` \
          where it was negative, so that falls raise volatility more than rises do. The long-run variance is `omega / (1 \
          - alpha - beta - gamma / 2)`.",
    params: &[INITIAL, ALPHA, GAMMA, BETA, LONG_RUN_VOLATILITY, OMEGA, PERIOD, DRIFT, HOURS_PER_YEAR, STEP],
    configure: |values, _| configure(values, values.get("gamma")?),
};

fn configure(values: &Values, gamma: f64) -> Result<Arc<dyn ConfiguredProcess>, ParamErrors> {
    let (alpha, beta): (f64, f64) = (values.get("alpha")?, values.get("beta")?);
    let step = values.get("step")?;
    let period = whole_period(values.given("period")?.unwrap_or(step), step)?;
    if alpha + gamma < 0.0 {
        let message = format!("`alpha + gamma` is {}, but must be at or above 0", alpha + gamma);
        return Err(ParamError::invalid("gamma", message).into());
    }
    let persistence = alpha + beta + gamma / 2.0;
    if persistence >= 1.0 {
        let sum = if gamma == 0.0 { "alpha + beta" } else { "alpha + beta + gamma / 2" };
        let message = format!(
            "`{sum}` is {}, but must be below 1: the variance would have no mean to return to",
            rounded(persistence)
        );
        let most = rounded(1.0 - alpha - gamma / 2.0);
        let help =
            if most > 0.0 { format!("let `beta` be below {most}") } else { "lower `alpha`".to_owned() };
        return Err(ParamError::invalid("beta", message).with_help(help).into());
    }
    let hours_per_year = values.get("hours_per_year")?;
    let omega = match (values.given::<f64>("omega")?, values.given::<f64>("volatility")?) {
        (Some(omega), None) => omega,
        (None, Some(volatility)) => {
            volatility * volatility * years(period, hours_per_year) * (1.0 - persistence)
        }
        (Some(_), Some(_)) => {
            let message = "`omega` and `volatility` are both given, but each follows from the other";
            return Err(ParamError::invalid("omega", message).with_help("leave one of them out").into());
        }
        (None, None) => return Err(ParamError::Missing { param: "volatility" }.into()),
    };
    let (initial, drift) = (values.get("initial")?, values.get("drift")?);
    let config = GarchConfig { initial, drift, omega, alpha, beta, gamma, period, hours_per_year };
    Ok(Arc::new(Prepared::new(Garch::new(config), initial, step)))
}

/// Checks that a period is a multiple of the step.
pub(super) fn whole_period(period: SimDuration, step: SimDuration) -> Result<SimDuration, ParamError> {
    if period.nanos() % step.nanos() == 0 {
        return Ok(period);
    }
    let message = format!("`period` is {period}, but must be a multiple of `step`, which is {step}");
    Err(ParamError::invalid("period", message))
}

/// Rounds away what sums of decimals leave in the last digits, for messages.
fn rounded(value: f64) -> f64 {
    libm::round(value * 1e9) / 1e9
}

/// The parameters of [`Garch`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GarchConfig {
    /// First value; above zero.
    pub initial: f64,
    /// Annualized drift of the mean.
    pub drift: f64,
    /// Constant of a period's variance; above zero.
    pub omega: f64,
    /// Share of the last squared shock; at or above zero.
    pub alpha: f64,
    /// Share of the last variance; at or above zero.
    pub beta: f64,
    /// What is added to `alpha` after a negative shock; zero is GARCH. `alpha + beta + gamma / 2` is below 1.
    pub gamma: f64,
    /// The length of a period; a multiple of the step.
    pub period: SimDuration,
    /// Hours of virtual time in a year; above zero.
    pub hours_per_year: f64,
}

impl GarchConfig {
    /// Returns the share of a variance that is left, on average, in the next.
    #[must_use]
    pub fn persistence(&self) -> f64 {
        self.alpha + self.beta + self.gamma / 2.0
    }

    /// Returns the long-run variance of a period's log return.
    #[must_use]
    pub fn long_run_variance(&self) -> f64 {
        self.omega / (1.0 - self.persistence())
    }
}

/// GARCH(1,1) (Bollerslev 1986) and its asymmetric form (Glosten, Jagannathan and Runkle 1993).
///
/// The log return of period t is mu - h/2 + e, where e is normal with variance h, and the next variance is
/// `omega + (alpha + gamma [e < 0]) e² + beta h`. A period is divided into steps of equal variance, whose sum
/// is exactly e; so E(S) grows at mu, as in Duan (1995).
///
/// ```
/// use bearpit_core::kernel::stream;
/// use bearpit_core::process::{Garch, GarchConfig, PriceProcess};
/// use bearpit_core::units::{Seed, SimDuration};
///
/// let day = SimDuration::from_secs(23_400);
/// let config = GarchConfig {
///     initial: 100.0,
///     drift: 0.0,
///     omega: 1e-5,
///     alpha: 0.1,
///     beta: 0.8,
///     gamma: 0.0,
///     period: day,
///     hours_per_year: 1_638.0,
/// };
/// let mut value = Garch::new(config);
/// assert!((value.variance() - 1e-4).abs() < 1e-15);
/// // A fall of two standard deviations: 1e-5 + 0.1 (0.02)² + 0.8 x 1e-4.
/// value.step_by(day, -2.0, &mut stream(Seed::new(1), "example"));
/// assert!((value.variance() - 1.3e-4).abs() < 1e-15);
/// ```
#[derive(Debug, Clone)]
pub struct Garch {
    config: GarchConfig,
    current: f64,
    /// The variance of this period's log return.
    variance: f64,
    /// The shock of this period so far, and how long that is.
    shock: f64,
    passed: SimDuration,
}

impl Garch {
    /// Makes a process at its first value and its long-run variance.
    #[must_use]
    pub fn new(config: GarchConfig) -> Self {
        let variance = config.long_run_variance();
        Self { config, current: config.initial, variance, shock: 0.0, passed: SimDuration::ZERO }
    }

    /// Returns the variance of the present period's log return.
    #[must_use]
    pub const fn variance(&self) -> f64 {
        self.variance
    }

    fn moved(&mut self, span: SimDuration, shock: f64, _rng: &mut Stream) -> f64 {
        let GarchConfig { drift, omega, alpha, beta, gamma, period, hours_per_year, .. } = self.config;
        let variance = self.variance * (span.secs_f64() / period.secs_f64());
        let shock = libm::sqrt(variance) * shock;
        self.current *= libm::exp(drift * years(span, hours_per_year) - variance / 2.0 + shock);
        self.shock += shock;
        self.passed = self.passed + span;
        if self.passed >= period {
            let share = if self.shock < 0.0 { alpha + gamma } else { alpha };
            self.variance = omega + share * self.shock * self.shock + beta * self.variance;
            self.shock = 0.0;
            self.passed = SimDuration::ZERO;
        }
        self.current
    }
}

impl PriceProcess for Garch {
    step_by_one_shock!();

    /// The means, exactly; the variance of the log return has no closed form that holds for both kinds.
    fn moments(&self, after: SimDuration) -> Moments {
        let GarchConfig { drift, period, hours_per_year, .. } = self.config;
        let (long_run, left) = (self.config.long_run_variance(), self.config.persistence());
        let periods = after.secs_f64() / period.secs_f64();
        let whole = libm::floor(periods);
        // A variance's distance from the long run shrinks by one factor each period.
        let (gap, still) = (self.variance - long_run, libm::pow(left, whole));
        let sum = long_run * periods + gap * ((1.0 - still) / (1.0 - left) + still * (periods - whole));
        let growth = drift * years(after, hours_per_year);
        Moments {
            mean: Some(self.current * libm::exp(growth)),
            log_mean: Some(growth - sum / 2.0),
            ..Moments::default()
        }
    }

    /// Of both kinds, whose numbers are the same.
    fn kind(&self) -> Option<&'static str> {
        Some(KIND.name)
    }

    fn state(&self) -> Vec<f64> {
        vec![self.current, self.variance]
    }

    /// Goes on with a new period, whatever was left of the last.
    fn restore(&mut self, state: &[f64]) {
        if let [current, variance, ..] = *state {
            (self.current, self.variance) = (current, variance);
        }
    }
}

#[cfg(test)]
mod tests;
