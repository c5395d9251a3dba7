//! [`TransitionMoments`]: the moments of a switching value over many periods, by squaring.

/// The coefficients of (a + b)^n, by n and by the power of b.
const BINOMIALS: [[f64; 5]; 5] = [
    [1.0, 0.0, 0.0, 0.0, 0.0],
    [1.0, 1.0, 0.0, 0.0, 0.0],
    [1.0, 2.0, 1.0, 0.0, 0.0],
    [1.0, 3.0, 3.0, 1.0, 0.0],
    [1.0, 4.0, 6.0, 4.0, 1.0],
];

/// A number for each regime before (the row) and after.
type Matrix = Vec<Vec<f64>>;

/// What a stretch of time does to a value: moments of it on the paths from each regime to each other one.
#[derive(Debug, Clone)]
pub(super) struct TransitionMoments {
    /// The raw moments of orders 0 to 4 of the log return.
    logs: [Matrix; 5],
    /// The means of growth and of its square.
    growths: [Matrix; 2],
}

/// The raw moments of a stretch that begins in one regime.
#[derive(Debug, Clone, Copy)]
pub(super) struct RawMoments {
    /// Those of orders 0 to 4 of the log return.
    pub(super) logs: [f64; 5],
    /// Those of orders 1 and 2 of growth.
    pub(super) growths: [f64; 2],
}

impl TransitionMoments {
    /// Returns a stretch in which the regime stays as it is until its end, when it changes by the
    /// probabilities of `transition`; `of_regime` returns mean and variance of the log return in a regime.
    pub(super) fn new(transition: &[Vec<f64>], of_regime: impl Fn(usize) -> (f64, f64)) -> Self {
        let own = |(m, v): (f64, f64)| {
            let logs = [1.0, m, m * m + v, m * (m * m + 3.0 * v), m * m * (m * m + 6.0 * v) + 3.0 * v * v];
            (logs, [libm::exp(m + v / 2.0), libm::exp(2.0 * (m + v))])
        };
        let owns: Vec<_> = (0..transition.len()).map(|regime| own(of_regime(regime))).collect();
        let times = |factor: &dyn Fn(usize) -> f64| -> Matrix {
            let row = |(regime, row): (usize, &Vec<f64>)| row.iter().map(|it| it * factor(regime)).collect();
            transition.iter().enumerate().map(row).collect()
        };
        Self {
            logs: [0, 1, 2, 3, 4].map(|order| times(&|regime| owns[regime].0[order])),
            growths: [0, 1].map(|order| times(&|regime| owns[regime].1[order])),
        }
    }

    /// Returns a stretch of no length.
    fn none(count: usize) -> Self {
        let diagonal = |value: f64| -> Matrix {
            (0..count).map(|row| (0..count).map(|at| if at == row { value } else { 0.0 }).collect()).collect()
        };
        Self { logs: [1.0, 0.0, 0.0, 0.0, 0.0].map(diagonal), growths: [1.0, 1.0].map(diagonal) }
    }

    /// Returns this stretch and another one after it.
    pub(super) fn then(&self, next: &Self) -> Self {
        // The moments of a sum of parts that are independent given the regime between them.
        let order = |n: usize| {
            let mut sum = product(&self.logs[n], &next.logs[0]);
            for (k, (ways, logs)) in BINOMIALS[n].iter().zip(&next.logs).enumerate().take(n + 1).skip(1) {
                let part = product(&self.logs[n - k], logs);
                for (to, from) in sum.iter_mut().flatten().zip(part.iter().flatten()) {
                    *to += ways * from;
                }
            }
            sum
        };
        Self {
            logs: [0, 1, 2, 3, 4].map(order),
            growths: [0, 1].map(|power| product(&self.growths[power], &next.growths[power])),
        }
    }

    /// Returns so many of this stretch after one another.
    pub(super) fn repeated(self, times: u64) -> Self {
        let mut all = Self::none(self.growths[0].len());
        let (mut power, mut left) = (self, times);
        while left > 0 {
            if left & 1 == 1 {
                all = all.then(&power);
            }
            left >>= 1;
            if left > 0 {
                power = power.then(&power);
            }
        }
        all
    }

    /// Returns the moments if the stretch begins in a regime, wherever it ends.
    pub(super) fn beginning_in(&self, regime: usize) -> RawMoments {
        let total = |matrix: &Matrix| matrix.get(regime).map_or(0.0, |row| row.iter().sum());
        RawMoments {
            logs: [0, 1, 2, 3, 4].map(|order| total(&self.logs[order])),
            growths: [0, 1].map(|order| total(&self.growths[order])),
        }
    }
}

fn product(left: &Matrix, right: &Matrix) -> Matrix {
    let entry = |row: &Vec<f64>, at: usize| row.iter().zip(right).map(|(a, b)| a * b[at]).sum();
    left.iter().map(|row| (0..right.len()).map(|at| entry(row, at)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_periods_by_squaring_are_those_one_after_another() {
        let transition = [vec![0.9, 0.1], vec![0.3, 0.7]];
        let one = TransitionMoments::new(
            &transition,
            |regime| if regime == 0 { (1e-4, 1e-5) } else { (-2e-4, 9e-5) },
        );
        let walked = (0..1_000).fold(TransitionMoments::none(2), |so_far, _| so_far.then(&one));
        for regime in [0, 1] {
            let [found, expected] =
                [one.clone().repeated(1_000), walked.clone()].map(|it| it.beginning_in(regime));
            let pairs = found.logs.iter().zip(&expected.logs);
            for (a, b) in pairs.chain(found.growths.iter().zip(&expected.growths)) {
                assert!((a - b).abs() <= 1e-11 * b.abs(), "{found:?} {expected:?}");
            }
        }
        let none = one.repeated(0).beginning_in(1);
        assert_eq!(none.logs.map(f64::to_bits), [1.0, 0.0, 0.0, 0.0, 0.0].map(f64::to_bits));
    }
}
