//! Kalman filters: [`Kalman`] of a level, and [`KalmanBeta`] of a hedge ratio.

use super::Indicator;
use super::input::{INPUT_MAX, NotAllowed, Pair, Scale, allow, number};

/// Checks the variance of a measurement.
fn measurement(variance: f64) -> Result<f64, NotAllowed> {
    let fits = (1.0 / INPUT_MAX..=INPUT_MAX).contains(&variance);
    allow(fits, "a measurement variance of", variance, "above 0: from 1e-100 to 1e100")
}

/// The local level model: a random walk observed with noise (Harvey 1989, section 2.1).
///
/// The first input is the first level (a diffuse prior). The reference is
/// statsmodels' `UnobservedComponents(.., "llevel", use_exact_diffuse=True)`, its filtered state.
#[derive(Debug, Clone)]
pub struct Kalman {
    process: f64,
    measurement: f64,
    value: Option<KalmanLevel>,
}

/// The values of [`Kalman`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KalmanLevel {
    /// The estimated level.
    pub level: f64,
    /// The variance of the error of the estimate.
    pub variance: f64,
}

impl Kalman {
    /// Makes a filter of a level that moves by `process_variance` from one update to the next, at or above 0,
    /// and is measured with an error of `measurement_variance`, above 0.
    ///
    /// # Errors
    /// [`NotAllowed`] if a variance is out of range.
    pub fn new(process_variance: f64, measurement_variance: f64) -> Result<Self, NotAllowed> {
        let fits = (0.0..=INPUT_MAX).contains(&process_variance);
        let allowed = "at or above 0 and not beyond 1e100";
        let process = allow(fits, "a process variance of", process_variance, allowed)?;
        Ok(Self { process, measurement: measurement(measurement_variance)?, value: None })
    }
}

impl Indicator for Kalman {
    type Input = f64;
    type Value = KalmanLevel;

    fn update(&mut self, input: f64) -> Result<Option<KalmanLevel>, NotAllowed> {
        let x = number("an input of", input)?;
        self.value = Some(match self.value {
            None => KalmanLevel { level: x, variance: self.measurement },
            Some(KalmanLevel { level, variance }) => {
                let expected = variance + self.process;
                let gain = expected / (expected + self.measurement);
                // The gain times the measurement's variance is the same as (1 - gain) x expected, but for
                // rounding, which cannot make this one negative.
                KalmanLevel { level: level + gain * (x - level), variance: gain * self.measurement }
            }
        });
        Ok(self.value)
    }

    fn value(&self) -> Option<KalmanLevel> {
        self.value
    }

    fn rescale(&mut self, by: Scale) {
        if let Some(value) = &mut self.value {
            value.level *= by.price;
        }
    }

    fn reset(&mut self) {
        self.value = None;
    }
}

/// The hedge ratio of a pair, y = beta x + intercept, where both coefficients are random walks (Chan,
/// "Algorithmic Trading", 2013, chapter 3).
///
/// As there it starts from beta = intercept = 0, taken as exact, with delta / (1 - delta) as the variance of
/// a step of each. So the first pair does not change them, the first value comes with the second pair, and
/// a small delta needs many pairs to settle. The reference is statsmodels' `KalmanFilter` with that model.
#[derive(Debug, Clone)]
pub struct KalmanBeta {
    step: f64,
    measurement: f64,
    started: bool,
    beta: f64,
    intercept: f64,
    covariance: Covariance,
    value: Option<HedgeRatio>,
}

/// The covariance of the errors of beta and intercept.
#[derive(Debug, Clone, Copy, Default)]
struct Covariance {
    beta: f64,
    both: f64,
    intercept: f64,
}

/// The values of [`KalmanBeta`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HedgeRatio {
    /// The hedge ratio: how far y moves when x moves by one.
    pub beta: f64,
    /// The value of y where x is 0.
    pub intercept: f64,
    /// The newest y less its forecast, which is made from the newest x and the pairs before.
    pub error: f64,
    /// The standard deviation that the filter forecast for that error.
    pub deviation: f64,
}

impl HedgeRatio {
    /// Returns the error in units of its forecast deviation.
    #[must_use]
    pub const fn z(&self) -> f64 {
        self.error / self.deviation
    }
}

impl KalmanBeta {
    /// Makes a filter in which beta and intercept move by `delta`, above 0 and at most 0.999 (Chan takes
    /// 0.0001), and y is measured with an error of `measurement_variance`, above 0 (Chan: 0.001).
    ///
    /// # Errors
    /// [`NotAllowed`] if an argument is out of range.
    pub fn new(delta: f64, measurement_variance: f64) -> Result<Self, NotAllowed> {
        let delta = allow(delta > 0.0 && delta <= 0.999, "a delta of", delta, "above 0 and at most 0.999")?;
        Ok(Self {
            step: delta / (1.0 - delta),
            measurement: measurement(measurement_variance)?,
            started: false,
            beta: 0.0,
            intercept: 0.0,
            covariance: Covariance::default(),
            value: None,
        })
    }

    /// Updates the state with one pair; returns the forecast error and its forecast deviation.
    fn learn(&mut self, x: f64, y: f64) -> (f64, f64) {
        let Covariance { beta, both, intercept } = self.covariance;
        let (beta, intercept) = (beta + self.step, intercept + self.step);
        let (with_beta, with_intercept) = (beta * x + both, both * x + intercept);
        let variance = (with_beta * x + with_intercept).max(0.0) + self.measurement;
        let error = y - (self.beta * x + self.intercept);
        let (gain_beta, gain_intercept) = (with_beta / variance, with_intercept / variance);
        self.beta += gain_beta * error;
        self.intercept += gain_intercept * error;
        self.covariance = Covariance {
            beta: beta - gain_beta * with_beta,
            both: both - gain_beta * with_intercept,
            intercept: intercept - gain_intercept * with_intercept,
        };
        (error, variance.sqrt())
    }
}

impl Indicator for KalmanBeta {
    type Input = Pair;
    type Value = HedgeRatio;

    fn update(&mut self, input: Pair) -> Result<Option<HedgeRatio>, NotAllowed> {
        let Pair { x, y } = input.checked()?;
        if !self.started {
            self.started = true;
            return Ok(None);
        }
        let (error, deviation) = self.learn(x, y);
        self.value = Some(HedgeRatio { beta: self.beta, intercept: self.intercept, error, deviation });
        Ok(self.value)
    }

    fn value(&self) -> Option<HedgeRatio> {
        self.value
    }

    fn rescale(&mut self, by: Scale) {
        // The belief in other units: with other inputs it would have been learned a little otherwise, since
        // the variance of measurement stays.
        let price = by.price;
        self.intercept *= price;
        self.covariance.both *= price;
        self.covariance.intercept *= price * price;
        if let Some(HedgeRatio { intercept, error, deviation, .. }) = &mut self.value {
            for part in [intercept, error, deviation] {
                *part *= price;
            }
        }
    }

    fn reset(&mut self) {
        self.started = false;
        (self.beta, self.intercept) = (0.0, 0.0);
        self.covariance = Covariance::default();
        self.value = None;
    }
}
