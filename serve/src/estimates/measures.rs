//! Measures of a sample: mean, quantiles, and what can be lost.

/// Mean and standard deviation of a sample, the latter with n - 1.
pub(super) fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let count = real(values.len());
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, (squares / (count - 1.0).max(1.0)).sqrt())
}

/// Returns a quantile of sorted values, between two of them in proportion: definition 7 of Hyndman and Fan
/// (1996), "Sample Quantiles in Statistical Packages", The American Statistician 50(4).
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place among some thousand values, which is not below zero"
)]
pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = share.clamp(0.0, 1.0) * real(last);
    let below = (place as usize).min(last);
    let above = (below + 1).min(last);
    sorted[below] + (sorted[above] - sorted[below]) * (place - real(below))
}

/// Returns value at risk and conditional value at risk of losses at a level, such as 0.95; `worths` are
/// sorted.
///
/// Of losses L = present - worth, VaR is the least x with P(L <= x) >= level, and CVaR the mean of the worst
/// 1 - level of all outcomes, of which the one at the edge counts in part: Rockafellar and Uryasev (2002),
/// "Conditional value-at-risk for general loss distributions", Journal of Banking & Finance 26(7),
/// proposition 8. Both are those of the paths, each of which has the same probability.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of some thousand values, which is not below zero"
)]
pub(super) fn risk(worths: &[f64], present: f64, level: f64) -> (f64, f64) {
    let Some(last) = worths.len().checked_sub(1) else { return (f64::NAN, f64::NAN) };
    // The worst share of all, in paths; what rounding adds to a whole number is taken off.
    let tail = real(worths.len()) * (1.0 - level);
    let whole = (tail + 1e-9) as usize;
    let part = (tail - real(whole)).max(0.0);
    let edge = present - worths[whole.min(last)];
    let worst: f64 = worths[..whole.min(worths.len())].iter().map(|worth| present - worth).sum();
    let conditional = (worst + part * edge) / tail;
    (edge, conditional)
}

/// Returns the share of the worths that are less than at present.
pub(super) fn loss_share(worths: &[f64], present: f64) -> f64 {
    real(worths.iter().filter(|worth| **worth < present).count()) / real(worths.len())
}

#[expect(clippy::cast_precision_loss, reason = "a number of some thousand values")]
pub(super) const fn real(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn a_small_sample_is_worked_by_hand() {
        let sorted = [90.0, 95.0, 100.0, 105.0, 110.0];
        let (mean, deviation) = mean_and_deviation(&sorted);
        assert!(is_near(mean, 100.0) && is_near(deviation, 62.5_f64.sqrt()));
        for (share, expected) in [(0.0, 90.0), (0.1, 92.0), (0.5, 100.0), (1.0, 110.0)] {
            assert!(is_near(quantile(&sorted, share), expected), "{share}");
        }
        assert!(is_near(loss_share(&sorted, 100.0), 0.4));
    }

    #[test]
    fn the_tail_counts_the_path_at_its_edge_in_part() {
        let worths: Vec<f64> = (1..=10).map(f64::from).collect();
        // The worst 20 % of ten paths are two: they lose 9 and 8, and the least x with P(L <= x) >= 0.8 is 7.
        let (var, cvar) = risk(&worths, 10.0, 0.8);
        assert!(is_near(var, 7.0) && is_near(cvar, 8.5), "{var} {cvar}");
        // The worst 25 % are two and a half.
        let (var, cvar) = risk(&worths, 10.0, 0.75);
        assert!(is_near(var, 7.0) && is_near(cvar, (9.0 + 8.0 + 3.5) / 2.5), "{var} {cvar}");
        // Of two paths the worst 1 % is a part of the worse.
        let (var, cvar) = risk(&[5.0, 6.0], 6.0, 0.99);
        assert!(is_near(var, 1.0) && is_near(cvar, 1.0), "{var} {cvar}");
    }

    #[test]
    fn what_does_not_vary_has_no_risk() {
        let worths = [100.0; 50];
        let ((_, deviation), (var, cvar)) = (mean_and_deviation(&worths), risk(&worths, 100.0, 0.95));
        assert!(is_near(deviation, 0.0) && is_near(var, 0.0) && is_near(cvar, 0.0));
        assert!(is_near(loss_share(&worths, 100.0), 0.0));
    }
}
