//! [`HawkesProcess`]: events of several kinds that excite one another.

use rand::RngExt;
use rand_distr::Distribution;
use thiserror::Error;

use super::sender::pick;
use bearpit_core::kernel::{Exponential, Stream};

/// A multivariate Hawkes process with exponential kernels (Hawkes 1971): the intensity of kind i is
/// `mu[i]` plus, for each past event of kind j, `alpha[i][j] exp(-beta age)`.
///
/// ```
/// use bearpit_agents::HawkesProcess;
/// use bearpit_core::kernel::stream;
/// use bearpit_core::units::Seed;
///
/// let mut process = HawkesProcess::new(vec![0.5], vec![vec![0.8]], 2.0)?;
/// let event = process.next(&mut stream(Seed::new(1), "example"));
/// assert!(event.wait > 0.0 && event.kind == 0);
/// assert!(HawkesProcess::new(vec![0.5], vec![vec![2.0]], 2.0).is_err(), "each event would cause another");
/// # Ok::<(), bearpit_agents::Unstable>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct HawkesProcess {
    mu: Vec<f64>,
    alpha: Vec<Vec<f64>>,
    beta: f64,
    /// What past events add to each intensity now.
    excitation: Vec<f64>,
}

/// An event of a Hawkes process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HawkesEvent {
    /// The time since the last event.
    pub wait: f64,
    /// Its kind.
    pub kind: usize,
}

/// Says that events would cause ever more events.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[error(
    "alpha / beta has the spectral radius {0:.3}, but must be below 1: an event would cause {0:.3} others, and those more"
)]
pub struct Unstable(pub f64);

impl HawkesProcess {
    /// Makes a process without past events; `alpha` has a row for each kind.
    ///
    /// # Errors
    /// [`Unstable`] unless the spectral radius of `alpha / beta` is below 1.
    pub fn new(mu: Vec<f64>, alpha: Vec<Vec<f64>>, beta: f64) -> Result<Self, Unstable> {
        let caused: Vec<Vec<f64>> =
            alpha.iter().map(|row| row.iter().map(|it| it / beta).collect()).collect();
        let radius = spectral_radius(&caused);
        if radius >= 1.0 {
            return Err(Unstable(radius));
        }
        let excitation = vec![0.0; mu.len()];
        Ok(Self { mu, alpha, beta, excitation })
    }

    /// Returns the intensities now.
    #[must_use]
    pub fn intensities(&self) -> Vec<f64> {
        self.mu.iter().zip(&self.excitation).map(|(mu, excitation)| mu + excitation).collect()
    }

    /// Draws the next event by thinning (Ogata 1981): between events the intensities only fall, so the
    /// present ones are a bound. If all of `mu` is zero and there was no event, the wait is infinite.
    pub fn next(&mut self, rng: &mut Stream) -> HawkesEvent {
        let mut wait = 0.0;
        loop {
            let bound: f64 = self.intensities().iter().sum();
            if bound <= 0.0 {
                return HawkesEvent { wait: f64::INFINITY, kind: 0 };
            }
            let pause = Exponential { mean: 1.0 / bound }.sample(rng);
            wait += pause;
            self.decay(pause);
            let intensities = self.intensities();
            let total: f64 = intensities.iter().sum();
            if rng.random::<f64>() * bound < total {
                let kind = pick(&intensities, rng.random::<f64>()).unwrap_or(0);
                self.excite(kind);
                return HawkesEvent { wait, kind };
            }
        }
    }

    fn decay(&mut self, span: f64) {
        let factor = libm::exp(-self.beta * span);
        self.excitation.iter_mut().for_each(|it| *it *= factor);
    }

    fn excite(&mut self, kind: usize) {
        for (excitation, row) in self.excitation.iter_mut().zip(&self.alpha) {
            *excitation += row.get(kind).copied().unwrap_or(0.0);
        }
    }

    /// Returns the integral of the intensity of a kind over a time in which nothing happens.
    #[must_use]
    pub fn compensator(&self, kind: usize, span: f64) -> f64 {
        let (Some(mu), Some(excitation)) = (self.mu.get(kind), self.excitation.get(kind)) else { return 0.0 };
        mu * span - excitation * libm::expm1(-self.beta * span) / self.beta
    }
}

/// Returns the spectral radius of a matrix without negative entries, by power iteration on it plus one, which
/// has the same vectors and no second value of the same size.
fn spectral_radius(matrix: &[Vec<f64>]) -> f64 {
    let mut vector = vec![1.0; matrix.len()];
    let mut radius = 0.0;
    for _ in 0..1_000 {
        let product = |row: &Vec<f64>| row.iter().zip(&vector).map(|(a, x)| a * x).sum::<f64>();
        let next: Vec<f64> = matrix.iter().zip(&vector).map(|(row, own)| own + product(row)).collect();
        let norm = next.iter().copied().fold(0.0, f64::max);
        if norm <= 0.0 {
            return 0.0;
        }
        vector = next.iter().map(|it| it / norm).collect();
        radius = norm - 1.0;
    }
    radius
}

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit_core::kernel::stream;
    use bearpit_core::units::Seed;

    fn process() -> HawkesProcess {
        HawkesProcess::new(vec![0.3, 0.1], vec![vec![0.5, 0.2], vec![0.4, 0.3]], 1.5).unwrap()
    }

    #[test]
    fn the_spectral_radius_is_that_of_the_matrix() {
        // The values of [[2, 1], [1, 2]] are 3 and 1; those of a swap are 1 and -1.
        assert!((spectral_radius(&[vec![2.0, 1.0], vec![1.0, 2.0]]) - 3.0).abs() < 1e-9);
        assert!((spectral_radius(&[vec![0.0, 1.0], vec![1.0, 0.0]]) - 1.0).abs() < 1e-9);
        let unstable = HawkesProcess::new(vec![1.0; 2], vec![vec![2.0, 1.0], vec![1.0, 2.0]], 2.0);
        assert!(unstable.is_err_and(|Unstable(radius)| (radius - 1.5).abs() < 1e-9));
    }

    #[test]
    fn whether_a_process_is_stable_does_not_depend_on_the_unit_of_time() {
        for unit in [1.0, 1e-3, 1e-6, 1e3] {
            let alpha = vec![vec![0.0, 1.5 * unit], vec![0.1 * unit, 0.0]];
            assert!(HawkesProcess::new(vec![1.0; 2], alpha.clone(), unit).is_ok(), "{unit}");
            // The radius is the root of 0.15: at 0.38 of the rate of decay it is beyond 1.
            let unstable = HawkesProcess::new(vec![1.0; 2], alpha, 0.38 * unit);
            assert!(unstable.is_err_and(|Unstable(radius)| (radius - 0.15_f64.sqrt() / 0.38).abs() < 1e-6));
        }
    }

    #[test]
    fn residuals_are_exponential_with_mean_one() {
        // By the random time change, the compensator between two events of one kind is exponential.
        let (mut process, mut rng) = (process(), stream(Seed::new(4), "hawkes"));
        let mut residuals: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
        let mut since = [0.0; 2];
        for _ in 0..40_000 {
            let before = process.clone();
            let event = process.next(&mut rng);
            for (kind, sum) in since.iter_mut().enumerate() {
                *sum += before.compensator(kind, event.wait);
            }
            residuals[event.kind].push(std::mem::take(&mut since[event.kind]));
        }
        for mut found in residuals {
            found.sort_by(f64::total_cmp);
            let count = f64::from(u32::try_from(found.len()).unwrap());
            let gaps = (0_u32..).zip(&found).map(|(below, x)| {
                let cumulative = -libm::expm1(-x);
                (cumulative - f64::from(below) / count)
                    .abs()
                    .max((f64::from(below + 1) / count - cumulative).abs())
            });
            let distance = gaps.fold(0.0, f64::max) * libm::sqrt(count);
            assert!(distance < 1.95, "Kolmogorov and Smirnov: {distance}");
        }
    }

    #[test]
    fn the_mean_rate_is_that_of_theory() {
        // (1 - alpha / beta)^-1 mu, by hand: ((2/3) a - (2/15) b = 0.3, -(4/15) a + (4/5) b = 0.1).
        let determinant = 2.0 / 3.0 * 4.0 / 5.0 - 2.0 / 15.0 * 4.0 / 15.0;
        let expected =
            (0.3 * 4.0 / 5.0 + 0.1 * 2.0 / 15.0 + 2.0 / 3.0 * 0.1 + 4.0 / 15.0 * 0.3) / determinant;
        let (mut process, mut rng) = (process(), stream(Seed::new(5), "hawkes"));
        let time: f64 = (0..60_000).map(|_| process.next(&mut rng).wait).sum();
        assert!((60_000.0 / time / expected - 1.0).abs() < 0.03, "{} for {expected}", 60_000.0 / time);
    }
}
