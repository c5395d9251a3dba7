//! Sharpe ratio and volatility over a window that moves.

use super::sample::Sample;
use super::series::real;
use super::{risk, sharpe};

/// Sharpe ratio and volatility of the periods before each of some times, both annualised.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rolling {
    /// How many periods each value is taken from.
    pub window: usize,
    /// When, in nanoseconds since 1970, and the Sharpe ratio; none where returns do not vary.
    pub sharpe: Vec<(i64, Option<f64>)>,
    /// When, and the volatility, as a share.
    pub volatility: Vec<(i64, Option<f64>)>,
    /// How many periods make a year.
    pub periods_per_year: f64,
}

impl Rolling {
    /// Returns the standard error of an annualised Sharpe ratio of a window: that of a ratio per period is
    /// root((1 + ratio^2 / 2) / n) for independent returns (Lo 2002).
    #[must_use]
    pub fn sharpe_error(&self, annualised: f64) -> f64 {
        ((self.periods_per_year + annualised * annualised / 2.0) / real(self.window.max(1))).sqrt()
    }
}

/// Fewer periods than this say too little about their deviation.
const WINDOW_MIN: usize = 20;
/// A figure shows no more.
const VALUES_MAX: usize = 400;

/// Takes both over a tenth of all periods, but at least twenty; `None` for fewer than two windows.
#[must_use]
pub fn rolling(sample: &Sample) -> Option<Rolling> {
    let count = sample.returns.len().min(sample.ends.len());
    let window = (count / 10).max(WINDOW_MIN);
    if count < 2 * window {
        return None;
    }
    let stride = (count - window) / VALUES_MAX + 1;
    let ends = (window..=count).step_by(stride);
    let over = |measure: fn(&[f64], f64) -> Option<f64>| {
        let value = |end: usize| {
            let returns = &sample.returns[end - window..end];
            (sample.ends[end - 1], measure(returns, sample.periods_per_year))
        };
        ends.clone().map(value).collect()
    };
    Some(Rolling {
        window,
        sharpe: over(sharpe::sharpe),
        volatility: over(risk::volatility),
        periods_per_year: sample.periods_per_year,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(returns: Vec<f64>) -> Sample {
        let ends = (1..).take(returns.len()).collect();
        Sample { ends, returns, periods_per_year: 252.0, ..Sample::default() }
    }

    #[test]
    fn each_value_is_that_of_its_window_alone() {
        let returns: Vec<f64> = (0..300).map(|it| f64::from((it * 7) % 11) * 0.001 - 0.004).collect();
        let rolling = rolling(&sample(returns.clone())).unwrap();
        assert_eq!((rolling.window, rolling.sharpe.len()), (30, 271));
        assert_eq!(rolling.sharpe[5], (35, sharpe::sharpe(&returns[5..35], 252.0)));
        // A ratio of 2 a year from 30 days: root((1 + 4 / 252 / 2) / 30) a day.
        assert!(
            (rolling.sharpe_error(2.0) / ((1.0 + 2.0 / 252.0) / 30.0 * 252.0_f64).sqrt() - 1.0).abs() < 1e-12
        );
        assert_eq!(rolling.volatility[270], (300, risk::volatility(&returns[270..], 252.0)));
    }

    #[test]
    fn short_series_have_none_and_long_ones_few() {
        assert_eq!(rolling(&sample(vec![0.1; 39])), None);
        assert_eq!(rolling(&sample(Vec::new())), None);
        let flat = rolling(&sample(vec![0.0; 100_000])).unwrap();
        assert!(flat.sharpe.len() <= 401 && flat.sharpe.iter().all(|(_, value)| value.is_none()));
        assert!(flat.volatility.iter().all(|(_, value)| *value == Some(0.0)));
    }
}
