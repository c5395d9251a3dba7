//! [`LatencySamples`]: measured latencies, of which any quantile can be drawn.

use std::sync::Arc;

use crate::units::SimDuration;

/// Measured latencies, or equally spaced quantiles of them, in ascending order; copies share them.
///
/// ```
/// use bearpit_core::kernel::LatencySamples;
/// use bearpit_core::units::SimDuration;
///
/// let samples: LatencySamples = [90, 10, 20].map(SimDuration::from_micros).to_vec().into();
/// // Halfway between the first and the second.
/// assert_eq!(samples.quantile(0.25), SimDuration::from_micros(15));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(from = "Vec<SimDuration>", into = "Vec<SimDuration>"))]
pub struct LatencySamples(Arc<[SimDuration]>);

impl From<Vec<SimDuration>> for LatencySamples {
    fn from(mut samples: Vec<SimDuration>) -> Self {
        samples.sort_unstable();
        Self(samples.into())
    }
}

impl From<LatencySamples> for Vec<SimDuration> {
    fn from(samples: LatencySamples) -> Self {
        samples.0.to_vec()
    }
}

impl LatencySamples {
    /// Returns the shortest and the longest; `None` if there are none.
    #[must_use]
    pub fn bounds(&self) -> Option<(SimDuration, SimDuration)> {
        self.0.first().copied().zip(self.0.last().copied())
    }

    /// Returns the quantile of a share from 0 to 1, between two samples in proportion (definition 7 of
    /// Hyndman and Fan 1996); zero if there are no samples.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index of samples, and spans of an hour at most, are exact"
    )]
    pub fn quantile(&self, share: f64) -> SimDuration {
        let Some(last) = self.0.len().checked_sub(1) else { return SimDuration::ZERO };
        let place = share.clamp(0.0, 1.0) * last as f64;
        let below = (place as usize).min(last);
        let (low, high) = (self.0[below].nanos(), self.0[(below + 1).min(last)].nanos());
        let more = (high - low) as f64 * (place - below as f64);
        SimDuration::from_nanos(low + libm::round(more) as i64)
    }

    /// Returns them, lengthened where they are shorter than `least`.
    #[must_use]
    pub fn at_least(&self, least: SimDuration) -> Self {
        Self(self.0.iter().map(|it| (*it).max(least)).collect())
    }
}
