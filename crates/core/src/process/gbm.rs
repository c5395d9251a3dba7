//! Geometric Brownian motion.

use std::sync::Arc;

use super::kind::{DRIFT, HOURS_PER_YEAR, INITIAL, Prepared, ProcessKind, STEP, VOLATILITY, years};
use super::moments::Moments;
use super::value::{PriceProcess, step_by_one_shock};
use crate::kernel::Stream;
use crate::units::SimDuration;

/// The kind `gbm`.
pub(super) static KIND: ProcessKind = ProcessKind {
    name: "gbm",
    doc: "Geometric Brownian motion (Samuelson 1965), stepped by its exact solution: log returns are independent \
          and normal.",
    params: &[INITIAL, VOLATILITY, DRIFT, HOURS_PER_YEAR, STEP],
    configure: |values, _| {
        let initial = values.get("initial")?;
        let (drift, volatility) = (values.get("drift")?, values.get("volatility")?);
        let process = Gbm::new(initial, drift, volatility, values.get("hours_per_year")?);
        Ok(Arc::new(Prepared::new(process, initial, values.get("step")?)))
    },
};

/// Geometric Brownian motion, dS = mu S dt + sigma S dW, stepped by its exact solution
/// S(t + dt) = S(t) exp((mu - sigma²/2) dt + sigma sqrt(dt) Z) (Samuelson 1965).
///
/// ```
/// use bearpit_core::kernel::stream;
/// use bearpit_core::process::{Gbm, PriceProcess};
/// use bearpit_core::units::{Seed, SimDuration, SimTime};
///
/// // Without volatility the drift of 5% a year is all that is left.
/// let mut value = Gbm::new(100.0, 0.05, 0.0, 1_638.0);
/// let year = SimDuration::from_secs(1_638 * 3_600);
/// let end = value.step(SimTime::from_nanos(0) + year, year, &mut stream(Seed::new(1), "example"));
/// assert!((end - 105.127).abs() < 1e-3);
/// ```
#[derive(Debug, Clone)]
pub struct Gbm {
    current: f64,
    drift: f64,
    volatility: f64,
    hours_per_year: f64,
}

impl Gbm {
    /// Makes a process at `initial` (above zero) with annualised `drift` and `volatility` (at or
    /// above zero), a year being `hours_per_year` hours of virtual time.
    #[must_use]
    pub const fn new(initial: f64, drift: f64, volatility: f64, hours_per_year: f64) -> Self {
        Self { current: initial, drift, volatility, hours_per_year }
    }

    fn moved(&mut self, span: SimDuration, shock: f64, _rng: &mut Stream) -> f64 {
        let years = years(span, self.hours_per_year);
        let drift = (self.drift - self.volatility * self.volatility / 2.0) * years;
        let shock = self.volatility * libm::sqrt(years) * shock;
        self.current *= libm::exp(drift + shock);
        self.current
    }
}

impl PriceProcess for Gbm {
    step_by_one_shock!();

    fn moments(&self, after: SimDuration) -> Moments {
        let years = years(after, self.hours_per_year);
        let variance = self.volatility * self.volatility * years;
        let mean = self.current * libm::exp(self.drift * years);
        Moments::of_cumulants([self.drift * years - variance / 2.0, variance, 0.0, 0.0])
            .with_value(mean, variance)
    }

    fn kind(&self) -> Option<&'static str> {
        Some(KIND.name)
    }

    fn state(&self) -> Vec<f64> {
        vec![self.current]
    }

    fn restore(&mut self, state: &[f64]) {
        self.current = state.first().copied().unwrap_or(self.current);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::stream;
    use crate::units::{Seed, SimTime};

    #[test]
    fn log_returns_have_the_annual_volatility_asked_for() {
        let mut process = Gbm::new(100.0, 0.0, 0.2, 1_638.0);
        let mut rng = stream(Seed::new(1), "gbm");
        let hour = SimDuration::from_secs(3_600);
        let (mut last, mut squares, n) = (100.0_f64, 0.0, 20_000);
        for _ in 0..n {
            let next = process.step(SimTime::from_nanos(0), hour, &mut rng);
            squares += libm::log(next / last) * libm::log(next / last);
            last = next;
        }
        let annual = libm::sqrt(squares / f64::from(n) * 1_638.0);
        assert!((annual - 0.2).abs() < 0.005, "{annual}");
    }
}
