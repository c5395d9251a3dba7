//! Technical indicators: streams of numbers or bars go in, one value comes out for each.
//!
//! An [`Indicator`] is fed with `update`, which returns the new value, or nothing while it is not warm.
//! Warm-up and seeding are those of TA-Lib where it has the indicator; what each is checked against stands
//! in its description, and the values themselves in `tests/fixtures/indicators.csv`.
//!
//! There are two sorts. [`Rolling`] ones look at the last n inputs: a [`Measure`] says what is kept of an
//! input, how two neighbouring stretches are put together, and what is read from the whole. Nothing is ever
//! subtracted from a sum, so that errors of rounding cannot gather, however long the stream. The others
//! ([`Ema`], [`Rsi`], [`Macd`], [`Atr`], [`Adx`], [`Kalman`] ..) keep a state of a few numbers.
//!
//! An update costs constant time on average and allocates nothing. Input that is not finite is refused, and
//! leaves the indicator as it was. Once there is a value, there is one after every later update, but for
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
pub use input::{Candle, Closed, Extent, INPUT_MAX, NotAllowed, PERIOD_MAX, Pair, Traded};
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
    /// What an update takes.
    type Input: Copy;
    /// What the indicator says.
    type Value: Copy;

    /// Takes the next input, and returns the value then, or nothing while there are too few inputs.
    ///
    /// # Errors
    /// Says what is allowed if the input is not; the indicator is as before.
    fn update(&mut self, input: Self::Input) -> Result<Option<Self::Value>, NotAllowed>;

    /// Returns what the last update returned.
    fn value(&self) -> Option<Self::Value>;

    /// Returns whether there is a value.
    fn is_ready(&self) -> bool {
        self.value().is_some()
    }

    /// Forgets all inputs: the indicator is as new.
    fn reset(&mut self);
}
