//! [`Moments`]: what is known in closed form of a value at a later time.

/// What is known in closed form of a value at a later time, seen from where it begins; `None` is what has no
/// closed form, or does not exist.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Moments {
    /// Mean of the value.
    pub mean: Option<f64>,
    /// Standard deviation of the value.
    pub deviation: Option<f64>,
    /// Mean of the log return from the first value on.
    pub log_mean: Option<f64>,
    /// Standard deviation of the log return.
    pub log_deviation: Option<f64>,
    /// Skewness of the log return.
    pub log_skewness: Option<f64>,
    /// Excess kurtosis of the log return: 0 is that of a normal distribution.
    pub log_kurtosis: Option<f64>,
}

impl Moments {
    /// Returns the moments of a value whose log return has these first four cumulants.
    ///
    /// A cumulant's moment is absent where the log return does not vary.
    #[must_use]
    pub fn of_cumulants([first, second, third, fourth]: [f64; 4]) -> Self {
        let deviation = libm::sqrt(second.max(0.0));
        let of_shape = |value: f64| (second > 0.0).then_some(value);
        Self {
            log_mean: Some(first),
            log_deviation: Some(deviation),
            log_skewness: of_shape(third / (second * deviation)),
            log_kurtosis: of_shape(fourth / (second * second)),
            ..Self::default()
        }
    }

    /// Adds those of the value itself: its mean, and the logarithm of E(S²) / E(S)².
    #[must_use]
    pub fn with_value(self, mean: f64, log_second: f64) -> Self {
        let deviation = mean.abs() * libm::sqrt(libm::expm1(log_second).max(0.0));
        Self { mean: Some(mean), deviation: Some(deviation).filter(|it| it.is_finite()), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_does_not_vary_has_no_shape() {
        let moments = Moments::of_cumulants([0.1, 0.0, 0.0, 0.0]).with_value(100.0, 0.0);
        assert_eq!((moments.log_skewness, moments.log_kurtosis), (None, None));
        assert_eq!((moments.deviation, moments.log_deviation), (Some(0.0), Some(0.0)));
    }

    #[test]
    fn cumulants_become_moments() {
        let moments = Moments::of_cumulants([0.0, 4.0, 16.0, 8.0]);
        assert_eq!((moments.log_deviation, moments.log_skewness), (Some(2.0), Some(2.0)));
        assert_eq!(moments.log_kurtosis, Some(0.5));
    }
}
