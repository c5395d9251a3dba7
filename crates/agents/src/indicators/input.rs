//! The inputs of indicators, and the error for what is out of range.

use thiserror::Error;

use bearpit_core::units::NumberText;

/// The longest period of an indicator, in updates.
pub const PERIOD_MAX: u32 = 100_000;

/// The largest magnitude of an input; squares and sums of such numbers are still finite.
pub const INPUT_MAX: f64 = 1e100;

/// By what the past of an indicator is multiplied, such as after a split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Its prices, or its numbers where an input is just that; above zero.
    pub price: f64,
    /// Its volumes; above zero.
    pub volume: f64,
}

/// An argument or an input that an indicator refuses; the indicator is unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[error("{what} {} is not allowed; it must be {allowed}", NumberText(*given))]
pub struct NotAllowed {
    /// What was given, with its article: "a period of".
    pub what: &'static str,
    /// The value.
    pub given: f64,
    /// What is allowed.
    pub allowed: &'static str,
}

/// Returns `given` if `fits`, or else an error with what is allowed.
pub(super) const fn allow(
    fits: bool,
    what: &'static str,
    given: f64,
    allowed: &'static str,
) -> Result<f64, NotAllowed> {
    if fits { Ok(given) } else { Err(NotAllowed { what, given, allowed }) }
}

/// Checks a period, which must be at least `least`: 1 or 2.
pub(super) fn period(given: u32, least: u32) -> Result<u32, NotAllowed> {
    let allowed = match least {
        0 | 1 => "a whole number from 1 to 100000",
        _ => "a whole number from 2 to 100000",
    };
    let fits = given >= least && given <= PERIOD_MAX;
    allow(fits, "a period of", f64::from(given), allowed).map(|_| given)
}

/// Checks a number: finite, and within [`INPUT_MAX`].
pub(super) fn number(what: &'static str, given: f64) -> Result<f64, NotAllowed> {
    allow(given.abs() <= INPUT_MAX, what, given, "finite, and not beyond 1e100 either way")
}

/// Checks a number that may not be below zero.
fn volume(given: f64) -> Result<f64, NotAllowed> {
    let fits = (0.0..=INPUT_MAX).contains(&given);
    allow(fits, "a volume of", given, "finite, at or above 0, and not beyond 1e100")
}

/// One observation of two series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The first; the explanatory one, where one explains the other.
    pub x: f64,
    /// The second; the dependent one, where one explains the other.
    pub y: f64,
}

impl Pair {
    pub(super) fn checked(self) -> Result<Self, NotAllowed> {
        Ok(Self { x: number("an x of", self.x)?, y: number("a y of", self.y)? })
    }
}

/// The range of a bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    /// The highest price.
    pub high: f64,
    /// The lowest price, at or below the highest.
    pub low: f64,
}

impl Extent {
    pub(super) fn checked(self) -> Result<Self, NotAllowed> {
        let low = number("a low of", self.low)?;
        number("a high of", self.high)?;
        let high = allow(self.high >= low, "a high of", self.high, "at or above the low")?;
        Ok(Self { high, low })
    }
}

/// The range of a bar, and its close.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candle {
    /// The highest price.
    pub high: f64,
    /// The lowest price.
    pub low: f64,
    /// The last price, between the two.
    pub close: f64,
}

impl Candle {
    pub(super) fn rescaled(self, by: Scale) -> Self {
        Self { high: self.high * by.price, low: self.low * by.price, close: self.close * by.price }
    }

    pub(super) fn checked(self) -> Result<Self, NotAllowed> {
        let Extent { high, low } = Extent { high: self.high, low: self.low }.checked()?;
        let fits = (low..=high).contains(&self.close);
        let close = allow(fits, "a close of", self.close, "between low and high")?;
        Ok(Self { high, low, close })
    }
}

/// The close of a bar and its volume.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Closed {
    /// The last price.
    pub close: f64,
    /// The quantity traded, at or above zero.
    pub volume: f64,
}

impl Closed {
    pub(super) fn checked(self) -> Result<Self, NotAllowed> {
        Ok(Self { close: number("a close of", self.close)?, volume: volume(self.volume)? })
    }
}

/// A price and the quantity traded at it; the price of a bar is the mean of high, low and close.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Traded {
    /// The price.
    pub price: f64,
    /// The quantity traded, at or above zero.
    pub volume: f64,
}

impl Traded {
    pub(super) fn checked(self) -> Result<Self, NotAllowed> {
        Ok(Self { price: number("a price of", self.price)?, volume: volume(self.volume)? })
    }
}
