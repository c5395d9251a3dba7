//! [`ExecutionSchedule`]: how much of an order is to be traded by when.

/// How much of an order is to be traded by the end of each slice.
#[derive(Debug, Clone, PartialEq)]
pub enum ExecutionSchedule {
    /// As much in each slice: the time-weighted average price.
    Twap,
    /// In proportion to the volume that each slice usually has, which sums to 1: the volume-weighted average
    /// price.
    Vwap(Vec<f64>),
    /// A share of the volume that the market trades.
    Pov(f64),
    /// The optimal trajectory for a mean and variance of costs.
    AlmgrenChriss(AlmgrenChriss),
}

/// The optimal trajectory of Almgren and Chriss (2000) with linear impact, in shares, currency and seconds.
///
/// ```
/// use bearpit_agents::AlmgrenChriss;
///
/// // Their table 1, in days: a million shares over five days.
/// let order = AlmgrenChriss { lambda: 1e-6, sigma: 0.95, eta: 2.5e-6, gamma: 2.5e-7 };
/// assert!((order.kappa(1.0) - 0.607).abs() < 5e-4);
/// assert!((order.left(1.0, 1.0, 5.0) - 0.542).abs() < 1e-3);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AlmgrenChriss {
    /// Risk aversion, for each unit of currency.
    pub lambda: f64,
    /// Standard deviation of the price after a second, in currency.
    pub sigma: f64,
    /// Temporary impact: currency a share for each share a second.
    pub eta: f64,
    /// Permanent impact: currency a share for each share.
    pub gamma: f64,
}

impl AlmgrenChriss {
    /// Returns the urgency for slices of a length: the root of 2 (cosh(kappa s) - 1) / s^2 = lambda sigma^2 /
    /// (eta - gamma s / 2).
    #[must_use]
    pub fn kappa(&self, slice: f64) -> f64 {
        let impact = self.eta - 0.5 * self.gamma * slice;
        let squared = self.lambda * self.sigma * self.sigma / impact;
        libm::acosh(0.5 * squared * slice * slice + 1.0) / slice
    }

    /// Returns the share of the order that is left after a time: sinh(kappa (T - t)) / sinh(kappa T).
    #[must_use]
    pub fn left(&self, slice: f64, time: f64, duration: f64) -> f64 {
        let kappa = self.kappa(slice);
        // Without urgency the limit is a straight line; sinh overflows for very urgent orders.
        if kappa * duration < 1e-6 {
            return 1.0 - time / duration;
        }
        let rest = kappa * (duration - time);
        let shape = -libm::expm1(-2.0 * rest) / -libm::expm1(-2.0 * kappa * duration);
        libm::exp(-kappa * time) * shape
    }
}

impl ExecutionSchedule {
    /// Returns the share of the order that is to be traded by the end of a slice, counted from 0, of slices
    /// of so many seconds; `None` if that depends on what the market trades.
    #[must_use]
    pub fn target(&self, slice: u32, slices: u32, seconds: f64) -> Option<f64> {
        let done = f64::from(slice + 1);
        Some(match self {
            Self::Twap => done / f64::from(slices),
            Self::Vwap(profile) => profile.iter().take(slice as usize + 1).sum::<f64>().min(1.0),
            Self::AlmgrenChriss(order) => {
                1.0 - order.left(seconds, done * seconds, f64::from(slices) * seconds)
            }
            Self::Pov(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(schedule: &ExecutionSchedule) -> Vec<f64> {
        (0..5).filter_map(|slice| schedule.target(slice, 5, 1.0)).collect()
    }

    fn are_near(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-3), "{found:?}");
    }

    #[test]
    fn time_and_volume_give_the_share_of_each_slice() {
        are_near(&targets(&ExecutionSchedule::Twap), &[0.2, 0.4, 0.6, 0.8, 1.0]);
        let profile = ExecutionSchedule::Vwap(vec![0.4, 0.1, 0.1, 0.1, 0.3]);
        are_near(&targets(&profile), &[0.4, 0.5, 0.6, 0.7, 1.0]);
        assert_eq!(ExecutionSchedule::Pov(0.1).target(0, 5, 1.0), None);
    }

    #[test]
    fn the_trajectory_is_that_of_the_paper() {
        // kappa = arcosh(1.19) = 0.60709, so sinh(0.60709 j) / sinh(3.03545) for j = 4, 3, 2, 1, 0.
        let order = AlmgrenChriss { lambda: 1e-6, sigma: 0.95, eta: 2.5e-6, gamma: 2.5e-7 };
        let kappa = libm::log(1.19 + libm::sqrt(1.19 * 1.19 - 1.0));
        let left = |j: f64| libm::sinh(kappa * j) / libm::sinh(kappa * 5.0);
        let expected: Vec<f64> = [4.0, 3.0, 2.0, 1.0, 0.0].map(|j| 1.0 - left(j)).to_vec();
        are_near(&targets(&ExecutionSchedule::AlmgrenChriss(order)), &expected);
        let patient = ExecutionSchedule::AlmgrenChriss(AlmgrenChriss { lambda: 0.0, ..order });
        are_near(&targets(&patient), &[0.2, 0.4, 0.6, 0.8, 1.0]);
        let hasty = AlmgrenChriss { lambda: 1e6, ..order };
        assert!(hasty.left(1.0, 1.0, 5.0) < 1e-9);
    }
}
