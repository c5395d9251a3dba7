//! Student's t distribution, for intervals of means.

use std::f64::consts::PI;

use crate::analysis::metrics::series::real;

/// Returns the quantile at `share`, 0.5 to 1, of Student's t; none without a degree of freedom.
///
/// By bisection of [`between`], which is exact for whole degrees of freedom; to about twelve digits.
pub(super) fn t_quantile(share: f64, freedom: usize) -> Option<f64> {
    if freedom == 0 || !(0.5..1.0).contains(&share) {
        return None;
    }
    let wanted = 2.0 * share - 1.0;
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    while between(high, freedom) < wanted {
        high *= 2.0;
    }
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if between(middle, freedom) < wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(f64::midpoint(low, high))
}

/// Returns the probability that t lies between `-t` and `t`: Abramowitz and Stegun (1964), 26.7.3 and 26.7.4.
fn between(t: f64, freedom: usize) -> f64 {
    let degrees = real(freedom);
    let angle = (t / degrees.sqrt()).atan();
    let (sine, cosine) = angle.sin_cos();
    let is_odd = freedom % 2 == 1;
    // The sum goes in steps of two, over even powers of the cosine or over odd ones.
    let (mut power, mut term) = if is_odd { (1.0, cosine) } else { (0.0, 1.0) };
    let mut sum = 0.0;
    while power <= degrees - 2.0 {
        sum += term;
        power += 2.0;
        term *= cosine * cosine * (power - 1.0) / power;
    }
    if is_odd { 2.0 / PI * (angle + sine * sum) } else { sine * sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_tables() {
        // scipy.stats.t.ppf(0.975, n)
        let known = [
            (1, 12.706_204_736_432_1),
            (2, 4.302_652_729_911_28),
            (3, 3.182_446_305_284_26),
            (10, 2.228_138_851_964_94),
            (30, 2.042_272_456_301_24),
            (99, 1.984_216_951_564_17),
            (999, 1.962_341_461_133_45),
        ];
        for (freedom, quantile) in known {
            let found = t_quantile(0.975, freedom).unwrap();
            assert!((found - quantile).abs() < 1e-9, "{freedom}: {found}");
        }
        assert_eq!(t_quantile(0.975, 0), None);
    }
}
