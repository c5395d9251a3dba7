//! [`OrderSignAcf`]: whether purchases follow purchases.

/// The number of lags.
const LAGS: usize = 20;

/// The autocorrelation of the aggressors' signs, trade by trade; nothing but a few sums is kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct OrderSignAcf {
    count: f64,
    sum: f64,
    products: [f64; LAGS],
    /// The first signs.
    first: Vec<f64>,
    /// The last ones, the newest in front; zero before the first.
    last: [f64; LAGS],
}

impl OrderSignAcf {
    /// Adds a trade: +1 for a purchase, -1 for a sale.
    pub(crate) fn add(&mut self, sign: f64) {
        for (product, before) in self.products.iter_mut().zip(&self.last) {
            *product += sign * before;
        }
        self.count += 1.0;
        self.sum += sign;
        if self.first.len() < LAGS {
            self.first.push(sign);
        }
        self.last.copy_within(..LAGS - 1, 1);
        self.last[0] = sign;
    }

    /// Returns the autocorrelation at lags of 1, 2 ... trades; `None` for fewer than fifty trades, and where
    /// all go the same way.
    pub(crate) fn autocorrelation(&self) -> Option<Vec<f64>> {
        let mean = self.sum / self.count;
        let variance = self.count * (1.0 - mean * mean);
        if self.count < 50.0 || variance < 1e-9 {
            return None;
        }
        let (mut head, mut tail) = (0.0, 0.0);
        let mut lag = 0.0;
        let pairs = self.products.iter().zip(self.first.iter().zip(&self.last));
        let correlation = |(product, (first, last)): (&f64, (&f64, &f64))| {
            (head, tail, lag) = (head + first, tail + last, lag + 1.0);
            // Of the pairs, one side is all but the first signs, the other all but the last.
            let sums = (self.sum - head) + (self.sum - tail);
            (product - mean * sums + (self.count - lag) * mean * mean) / variance
        };
        Some(pairs.map(correlation).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_the_definition_says() {
        let signs: Vec<f64> =
            (0..400_u32).map(|it| if (it * it / 7 + it / 5) % 3 == 0 { 1.0 } else { -1.0 }).collect();
        let mut online = OrderSignAcf::default();
        signs.iter().for_each(|sign| online.add(*sign));
        let mean = signs.iter().sum::<f64>() / 400.0;
        let variance: f64 = signs.iter().map(|sign| (sign - mean).powi(2)).sum();
        for (lag, found) in (1..).zip(online.autocorrelation().unwrap()) {
            let products: f64 = signs.iter().zip(&signs[lag..]).map(|(a, b)| (a - mean) * (b - mean)).sum();
            assert!((found - products / variance).abs() < 1e-12, "{lag}: {found}");
        }
    }

    #[test]
    fn few_trades_and_one_side_alone_have_none() {
        let mut signs = OrderSignAcf::default();
        assert_eq!(signs.autocorrelation(), None);
        (0..1_000).for_each(|_| signs.add(1.0));
        assert_eq!(signs.autocorrelation(), None);
    }
}
