//! [`Shock`]: a change of a value at a set time.

use crate::units::SimDuration;

/// How far shocks may move the logarithm of a value: by a factor of 5e21 up or down.
pub(super) const LEVEL_MAX: f64 = 50.0;

/// A change of a value at a set time.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Shock {
    /// When it comes, after the start of the run, or of the day in a live market.
    pub after: SimDuration,
    /// The value is multiplied by one more than this, which is above -1.
    pub size: f64,
    /// The time in which its logarithm halves; `None` if it stays.
    pub half_life: Option<SimDuration>,
}

impl Shock {
    /// Returns the share of it that is left after a time.
    pub(super) fn left(&self, after: SimDuration) -> f64 {
        let halvings = self.half_life.map_or(0.0, |half_life| after.secs_f64() / half_life.secs_f64());
        libm::exp2(-halvings)
    }

    /// Returns the logarithm of its factor when so much of the day has passed, if it came at `came`.
    pub(super) fn log_factor(&self, came: SimDuration, passed: SimDuration) -> f64 {
        let since = passed.nanos() - came.nanos();
        if since < 0 { 0.0 } else { libm::log1p(self.size) * self.left(SimDuration::from_nanos(since)) }
    }
}

/// Returns the logarithm of a factor within what a value can bear: lasting shocks add up day after day.
pub(super) const fn bounded(level: f64) -> f64 {
    level.clamp(-LEVEL_MAX, LEVEL_MAX)
}
