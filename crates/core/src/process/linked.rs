//! A value that follows that of another instrument.

use super::ou::OrnsteinUhlenbeck;
use super::value::PriceProcess;
use crate::kernel::Stream;
use crate::units::{SimDuration, SimTime};

/// Two cointegrated values (Engle and Granger 1987): V = ratio x leader + gap, where the gap comes back to zero as
/// an Ornstein-Uhlenbeck process does.
///
/// The leader is a copy of another instrument's process, with a copy of its random stream and stepped on the
/// same grid, so that both see one path and neither needs to ask the other.
#[derive(Debug)]
pub struct Linked {
    leader: Box<dyn PriceProcess>,
    leader_rng: Stream,
    ratio: f64,
    /// The gap, moved up by `centre`, since the process wants a mean above zero.
    gap: OrnsteinUhlenbeck,
    centre: f64,
}

/// How a gap moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GapConfig {
    /// Time in which the gap halves; above zero.
    pub half_life: SimDuration,
    /// Annualised volatility as a share of the first value; at or above zero.
    pub volatility: f64,
    /// Hours of virtual time in a year.
    pub hours_per_year: f64,
}

impl Linked {
    /// Makes a process that begins with no gap at `initial`, which is `ratio` (above zero) times the first
    /// value of `leader`.
    #[must_use]
    pub fn new(leader: (Box<dyn PriceProcess>, Stream), ratio: f64, initial: f64, gap: GapConfig) -> Self {
        let GapConfig { half_life, volatility, hours_per_year } = gap;
        let gap = OrnsteinUhlenbeck::new(initial, initial, half_life, volatility, hours_per_year);
        Self { leader: leader.0, leader_rng: leader.1, ratio, gap, centre: initial }
    }
}

impl PriceProcess for Linked {
    fn step(&mut self, to: SimTime, span: SimDuration, rng: &mut Stream) -> f64 {
        let leader = self.leader.step(to, span, &mut self.leader_rng);
        let gap = self.gap.step(to, span, rng) - self.centre;
        // Prices stay above zero, however far the leader falls.
        (self.ratio * leader + gap).max(self.centre * 1e-4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::stream;
    use crate::process::Gbm;
    use crate::units::Seed;

    const STEP: SimDuration = SimDuration::from_secs(60);

    /// Walks leader and follower for `steps`, and returns the gaps between them.
    fn gaps(volatility: f64, steps: usize) -> Vec<f64> {
        let gbm = || Gbm::new(100.0, 0.0, 0.3, 1_638.0);
        let rng = |name| stream(Seed::new(5), name);
        let gap = GapConfig { half_life: SimDuration::from_secs(600), volatility, hours_per_year: 1_638.0 };
        let mut leader = gbm();
        let mut linked = Linked::new((Box::new(gbm()), rng("leader")), 0.5, 50.0, gap);
        let (mut leader_rng, mut own) = (rng("leader"), rng("own"));
        let at = SimTime::from_nanos(0);
        let gap = |_| linked.step(at, STEP, &mut own) - 0.5 * leader.step(at, STEP, &mut leader_rng);
        (0..steps).map(gap).collect()
    }

    #[test]
    fn without_a_gap_the_value_is_the_leaders_times_the_ratio() {
        assert!(gaps(0.0, 1_000).iter().all(|gap| gap.abs() < 1e-9));
    }

    #[test]
    fn the_gap_has_the_variance_of_theory_and_no_trend() {
        let gaps = gaps(0.1, 200_000);
        let count = 200_000.0;
        let mean = gaps.iter().sum::<f64>() / count;
        let variance = gaps.iter().map(|gap| gap * gap).sum::<f64>() / count;
        // Diffusion 0.1 x 50 a year; variance s^2 / (2 theta), theta = ln 2 per ten minutes.
        let expected = 25.0 / 1_638.0 / (2.0 * std::f64::consts::LN_2 * 6.0);
        assert!((variance / expected - 1.0).abs() < 0.05, "{variance} {expected}");
        assert!(mean.abs() < 0.1 * libm::sqrt(expected), "{mean}");
    }
}
