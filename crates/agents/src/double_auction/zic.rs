//! Zero intelligence, constrained or not (Gode and Sunder 1993).

use rand::RngExt;

use super::trader::{Best, Pricing, Shout};
use bearpit_core::kernel::Stream;
use bearpit_core::market::Side;

/// Quotes uniformly at random.
#[derive(Debug)]
pub(super) struct Zic {
    pub(super) side: Side,
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) is_constrained: bool,
}

impl Zic {
    /// Returns the least and the greatest price for a unit; `None` if no price is without a loss.
    fn range(&self, limit: f64) -> Option<(f64, f64)> {
        let (min, max) = match self.side {
            _ if !self.is_constrained => (self.min, self.max),
            Side::Buy => (self.min, self.max.min(limit)),
            Side::Sell => (self.min.max(limit), self.max),
        };
        (min <= max).then_some((min, max))
    }
}

impl Pricing for Zic {
    fn price(&mut self, limit: f64, _: Best, rng: &mut Stream) -> Option<f64> {
        let (min, max) = self.range(limit)?;
        Some(min + (max - min) * rng.random::<f64>())
    }

    fn hear(&mut self, _: Shout, _: Option<f64>, _: &mut Stream) {}

    fn listens(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit_core::kernel::stream;
    use bearpit_core::units::Seed;

    #[test]
    fn a_constrained_trader_never_quotes_at_a_loss() {
        let zic = |side, is_constrained| Zic { side, min: 1.0, max: 200.0, is_constrained };
        assert_eq!(zic(Side::Buy, true).range(120.0), Some((1.0, 120.0)));
        assert_eq!(zic(Side::Sell, true).range(120.0), Some((120.0, 200.0)));
        assert_eq!(zic(Side::Sell, false).range(120.0), Some((1.0, 200.0)));
        assert_eq!(zic(Side::Sell, true).range(201.0), None);
        let mut rng = stream(Seed::new(1), "zic");
        let mut buyer = zic(Side::Buy, true);
        let prices: Vec<f64> =
            (0..10_000).filter_map(|_| buyer.price(120.0, Best::default(), &mut rng)).collect();
        assert!(prices.iter().all(|price| (1.0..=120.0).contains(price)));
        let mean = prices.iter().sum::<f64>() / 10_000.0;
        assert!((mean - 60.5).abs() < 4.0 * 119.0 / libm::sqrt(12.0 * 10_000.0), "{mean}");
    }
}
