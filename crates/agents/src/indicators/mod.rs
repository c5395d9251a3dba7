//! Technical indicators: each turns a stream of numbers or bars into a stream of values.
//!
//! [`Indicator::update`] takes the next input and returns the new value, or `None` while the indicator warms
//! up. Warm-up and seeding follow TA-Lib where it has the indicator. Each description names the reference
//! that the indicator is tested against; the reference values are in `tests/fixtures/indicators.csv`.
//!
//! There are two sorts. A [`Rolling`] indicator depends on the last n inputs: a [`Measure`] defines the
//! summary of one input, how the summaries of adjacent stretches combine, and the value of the combination.
//! Nothing is ever subtracted from a sum, so rounding errors do not accumulate, however long the stream. The
//! others ([`Ema`], [`Rsi`], [`Macd`], [`Atr`], [`Adx`], [`Kalman`] ..) keep a state of a few numbers.
//!
//! An update costs constant time on average and allocates nothing. Input that is not finite is refused and
//! leaves the indicator unchanged. Once an indicator has a value, it has one after every later update, except
//! [`RateOfChange`] and [`RollingVwap`], which have none where their formula divides by zero.
//!
//! # Example
//! ```
//! use bearpit_agents::indicators::{Indicator, Sma};
//!
//! let mut average = Sma::new(3)?;
//! assert_eq!(average.update(1.0)?, None);
//! assert_eq!(average.update(2.0)?, None);
//! assert_eq!(average.update(6.0)?, Some(3.0));
//! assert!(average.update(f64::NAN).is_err());
//! # Ok::<(), bearpit_agents::indicators::NotAllowed>(())
//! ```

mod averages;
mod correlation;
mod directional;
mod extremes;
mod input;
mod kalman;
mod macd;
mod moments;
mod momentum;
mod regression;
mod rolling;
mod smoothed;
mod stochastic;
mod volatility;
mod volume;
mod window;

#[cfg(test)]
mod tests;

pub use averages::{Ema, Mean, RollingSum, Sma, Sum, Total};
pub use correlation::{Agreement, CoMoments, Correlation};
pub use directional::{Adx, AdxValue, Atr};
pub use extremes::{Channel, Donchian, Extremes, Highest, Lowest, Range, RollingMax, RollingMin};
pub use input::{Candle, Closed, Extent, INPUT_MAX, NotAllowed, PERIOD_MAX, Pair, Scale, Traded};
pub use kalman::{HedgeRatio, Kalman, KalmanBeta, KalmanLevel};
pub use macd::{Macd, MacdValue};
pub use moments::{
    Bands, Bollinger, BollingerBands, Deviation, Moments, RollingStd, Spread, Standardized, ZScore,
};
pub use momentum::{RateOfChange, Rsi};
pub use regression::{Line, LinearFit, LinearRegression, Trend, WeightedMean, Wma};
pub use rolling::{Measure, Rolling};
pub use stochastic::{Stochastic, StochasticValue};
pub use volatility::EwmaVolatility;
pub use volume::{Obv, PricePaid, RollingVwap, Turnover, Vwap};
pub use window::Summary;

/// A stream of inputs turned into a stream of values.
pub trait Indicator {
    /// The input of an update.
    type Input: Copy;
    /// The value of the indicator.
    type Value: Copy;

    /// Takes the next input and returns the new value, or `None` while there are too few inputs.
    ///
    /// # Errors
    /// [`NotAllowed`] if the input is out of range; the indicator is unchanged.
    fn update(&mut self, input: Self::Input) -> Result<Option<Self::Value>, NotAllowed>;

    /// Returns the value of the last update.
    fn value(&self) -> Option<Self::Value>;

    /// Returns whether there is a value.
    fn is_ready(&self) -> bool {
        self.value().is_some()
    }

    /// Multiplies all inputs so far: the indicator is as if it had been fed with those.
    ///
    /// What an argument gives in units of the input, such as a filter's variance of measurement, stays.
    fn rescale(&mut self, by: Scale);

    /// Forgets all inputs: the indicator is as new.
    fn reset(&mut self);
}
