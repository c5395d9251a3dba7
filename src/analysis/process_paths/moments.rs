//! The moments of a sample, with standard errors, beside those of theory.

use bearpit_core::process::Moments;

/// One moment of the ends of paths.
#[derive(Debug, Clone, PartialEq)]
pub struct MomentRow {
    /// What it is of: `"value"` or `"log return"`.
    pub of: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The sample's.
    pub sample: f64,
    /// The standard error of the sample's, by the delta method; `None` where the sample is too small for one.
    pub error: Option<f64>,
    /// What theory says, where there is a closed form.
    pub theory: Option<f64>,
}

impl MomentRow {
    /// Returns how many standard errors the sample is away from theory; where paths do not vary, what
    /// rounding can do stands for the standard error.
    #[must_use]
    pub fn errors_off(&self) -> Option<f64> {
        let (error, theory) = (self.error?, self.theory?);
        let gap = self.sample - theory;
        let scale = theory.abs().max(1e-3);
        let rounding = 1e-9 * scale;
        let varies = error > 1e-12 * scale;
        Some(match (varies, gap.abs() <= rounding) {
            (true, _) => gap / error,
            (false, true) => 0.0,
            (false, false) => gap / rounding,
        })
    }
}

/// Central moments of a sample.
struct Sample {
    count: f64,
    mean: f64,
    /// By order; those of orders 0 and 1 are 1 and 0.
    central: [f64; 9],
}

impl Sample {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let mut central = [0.0; 9];
        for value in values {
            let mut power = 1.0;
            for moment in &mut central {
                *moment += power / count;
                power *= value - mean;
            }
        }
        Self { count, mean, central }
    }

    /// Returns a row; `variance` is that of one draw's influence.
    fn row(&self, of: &'static str, name: &'static str, sample: f64, variance: f64) -> MomentRow {
        let error =
            (self.count > 1.0 && variance.is_finite()).then(|| (variance.max(0.0) / self.count).sqrt());
        MomentRow { of, name, sample, error, theory: None }
    }

    /// Returns mean and standard deviation.
    fn location(&self, of: &'static str) -> [MomentRow; 2] {
        let [_, _, m2, _, m4, ..] = self.central;
        let unbiased = if self.count > 1.0 { m2 * self.count / (self.count - 1.0) } else { 0.0 };
        let influence = if m2 > 0.0 { (m4 - m2 * m2) / (4.0 * m2) } else { 0.0 };
        [self.row(of, "mean", self.mean, m2), self.row(of, "standard deviation", unbiased.sqrt(), influence)]
    }

    /// Returns skewness and excess kurtosis, with the variances of Kendall and Stuart (10.8), if the sample
    /// varies.
    fn shape(&self, of: &'static str) -> Option<[MomentRow; 2]> {
        let m2 = self.central[2];
        if m2 <= 1e-24 {
            return None;
        }
        let standardized = |order: i32| self.central[order.unsigned_abs() as usize] / m2.sqrt().powi(order);
        let [b3, b4, b5, b6, b8] = [3, 4, 5, 6, 8].map(standardized);
        let of_skewness = b6 - 3.0 * b3 * b5 + b3 * b3 * (9.0 * b4 + 35.0) / 4.0 - 6.0 * b4 + 9.0;
        let of_kurtosis = b8 - 4.0 * b4 * b6 + 4.0 * b4 * b4 * b4 - b4 * b4 + 16.0 * b3 * b3 * b4
            - 8.0 * b3 * b5
            + 16.0 * b3 * b3;
        Some([
            self.row(of, "skewness", b3, of_skewness),
            self.row(of, "excess kurtosis", b4 - 3.0, of_kurtosis),
        ])
    }
}

/// Returns the moments of last values and of their log returns from `initial` on, beside those of theory.
///
/// Log returns are left out where a value is not above zero.
#[must_use]
pub fn moment_rows(ends: &[f64], initial: f64, theory: &Moments) -> Vec<MomentRow> {
    let with = |row: MomentRow, theory| MomentRow { theory, ..row };
    let [mean, deviation] = Sample::of(ends).location("value");
    let mut rows = vec![with(mean, theory.mean), with(deviation, theory.deviation)];
    if initial <= 0.0 || ends.iter().any(|end| *end <= 0.0) {
        return rows;
    }
    let returns: Vec<f64> = ends.iter().map(|end| (end / initial).ln()).collect();
    let sample = Sample::of(&returns);
    let [mean, deviation] = sample.location("log return");
    rows.extend([with(mean, theory.log_mean), with(deviation, theory.log_deviation)]);
    if let Some([skewness, kurtosis]) = sample.shape("log return") {
        rows.extend([with(skewness, theory.log_skewness), with(kurtosis, theory.log_kurtosis)]);
    }
    rows
}
