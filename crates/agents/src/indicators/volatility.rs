//! [`EwmaVolatility`]: the exponentially weighted volatility of a price.

use super::Indicator;
use super::input::{INPUT_MAX, NotAllowed, Scale, allow};

/// The exponentially weighted volatility of log returns: variance = lambda x variance before + (1 - lambda) x
/// squared return (J.P. Morgan, "RiskMetrics Technical Document", 1996). Returns are taken to have mean 0.
///
/// It is the volatility of one update, not of a year, and begins with the first return, thus the second
/// price. The reference is pandas' `ewm(alpha=1 - lambda, adjust=False)` of the squared log returns.
#[derive(Debug, Clone)]
pub struct EwmaVolatility {
    lambda: f64,
    /// The logarithm of the last price.
    before: Option<f64>,
    variance: Option<f64>,
}

impl EwmaVolatility {
    /// Makes a volatility in which the variance before has weight `lambda`, and the newest return the rest.
    ///
    /// # Errors
    /// [`NotAllowed`] if `lambda` is not between 0 and 1.
    pub fn with_lambda(lambda: f64) -> Result<Self, NotAllowed> {
        let fits = lambda > 0.0 && lambda < 1.0;
        let lambda = allow(fits, "a lambda of", lambda, "above 0 and below 1")?;
        Ok(Self { lambda, before: None, variance: None })
    }

    /// Makes a volatility in which a return weighs half as much after `half_life` updates.
    ///
    /// # Errors
    /// [`NotAllowed`] if the half-life is out of range.
    pub fn with_half_life(half_life: f64) -> Result<Self, NotAllowed> {
        let fits = (1.0..=1e5).contains(&half_life);
        let half_life = allow(fits, "a half-life of", half_life, "from 1 to 100000 updates")?;
        Self::with_lambda(libm::exp2(-1.0 / half_life))
    }
}

impl Indicator for EwmaVolatility {
    type Input = f64;
    type Value = f64;

    fn update(&mut self, input: f64) -> Result<Option<f64>, NotAllowed> {
        let fits = input > 0.0 && input <= INPUT_MAX;
        let price = allow(fits, "a price of", input, "above 0 and not beyond 1e100, to have a logarithm")?;
        let log = libm::log(price);
        if let Some(before) = self.before.replace(log) {
            let square = (log - before) * (log - before);
            let variance = self.variance.unwrap_or(square);
            self.variance = Some(self.lambda * variance + (1.0 - self.lambda) * square);
        }
        Ok(self.value())
    }

    fn value(&self) -> Option<f64> {
        self.variance.map(f64::sqrt)
    }

    fn rescale(&mut self, by: Scale) {
        self.before = self.before.map(|log| log + libm::log(by.price));
    }

    fn reset(&mut self) {
        (self.before, self.variance) = (None, None);
    }
}
