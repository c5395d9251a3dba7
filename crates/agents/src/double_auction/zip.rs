//! Zero intelligence plus (Cliff 1997).

use rand::RngExt;

use super::trader::{Best, Pricing, Shout};
use bearpit_core::kernel::Stream;
use bearpit_core::market::Side;

/// A profit margin that learns.
#[derive(Debug)]
pub(super) struct Zip {
    side: Side,
    /// Currency of a tick: the absolute changes of Cliff are in currency.
    tick: f64,
    margin: f64,
    /// The learning rate.
    beta: f64,
    momentum: f64,
    /// The last change of its price, smoothed.
    change: f64,
}

/// The greatest absolute change of a target, in currency.
const ABSOLUTE_MAX: f64 = 0.05;

/// Where a margin is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Move {
    Raise,
    Lower,
}

impl Zip {
    pub(super) fn new(side: Side, tick: f64, rng: &mut Stream) -> Self {
        let between = |rng: &mut Stream, low: f64, high: f64| low + (high - low) * rng.random::<f64>();
        let margin = between(rng, 0.05, 0.35);
        let margin = if side == Side::Buy { -margin } else { margin };
        let (beta, momentum) = (between(rng, 0.1, 0.5), between(rng, 0.0, 0.1));
        Self { side, tick, margin, beta, momentum, change: 0.0 }
    }

    fn own_price(&self, limit: f64) -> f64 {
        limit * (1.0 + self.margin)
    }

    /// Returns what a shout makes of the margin: Cliff's rules, by which the profit is raised if it could
    /// have been greater, and lowered if the trader would have lost the trade to others.
    fn decision(&self, shout: Shout, own: f64, is_active: bool) -> Option<Move> {
        let is_from_same_side = shout.side == self.side;
        // Above zero if the shout is better for this trader than its own price.
        let better = match self.side {
            Side::Sell => shout.price - own,
            Side::Buy => own - shout.price,
        };
        if shout.is_accepted && better >= 0.0 {
            return Some(Move::Raise);
        }
        // A trade on the other side's quote, or a rival's quote: both are prices it must compete with.
        let is_rival = if shout.is_accepted { !is_from_same_side } else { is_from_same_side };
        (is_rival && is_active && better <= 0.0).then_some(Move::Lower)
    }

    /// Moves the margin so that its price comes nearer to a target, by the Widrow-Hoff rule with momentum.
    fn learn(&mut self, target: f64, limit: f64) {
        let own = self.own_price(limit);
        self.change = self.momentum * self.change + (1.0 - self.momentum) * self.beta * (target - own);
        let margin = (own + self.change) / limit - 1.0;
        self.margin = match self.side {
            Side::Buy => margin.clamp(-1.0, 0.0),
            Side::Sell => margin.max(0.0),
        };
    }
}

impl Pricing for Zip {
    fn price(&mut self, limit: f64, _: Best, _: &mut Stream) -> Option<f64> {
        Some(self.own_price(limit))
    }

    fn hear(&mut self, shout: Shout, limit: Option<f64>, rng: &mut Stream) {
        let is_active = limit.is_some();
        let Some(limit) = limit.filter(|limit| *limit > 0.0) else { return };
        // What it quotes is on the grid of ticks: it compares itself by that.
        let own = self.own_price(limit);
        let quoted = if self.side == Side::Buy { libm::floor(own) } else { libm::ceil(own) };
        let Some(decision) = self.decision(shout, quoted, is_active) else { return };
        // A greater profit is a higher price for a seller, and a lower one for a buyer.
        let goes_up = (decision == Move::Raise) == (self.side == Side::Sell);
        let sign = if goes_up { 1.0 } else { -1.0 };
        let relative = 1.0 + sign * 0.05 * rng.random::<f64>();
        let absolute = sign * ABSOLUTE_MAX / self.tick * rng.random::<f64>();
        self.learn(relative * shout.price + absolute, limit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit_core::kernel::stream;
    use bearpit_core::units::Seed;

    fn zip(side: Side, margin: f64) -> Zip {
        Zip { side, tick: 0.01, margin, beta: 0.4, momentum: 0.25, change: 0.0 }
    }

    fn shout(side: Side, price: f64, is_accepted: bool) -> Shout {
        Shout { side, price, is_accepted }
    }

    #[test]
    fn a_margin_learns_by_the_widrow_hoff_rule_with_momentum() {
        // A seller at 100 with 20 %: price 120, target 110. By hand: 0.75 x 0.4 x -10 = -3, so 117.
        let mut seller = zip(Side::Sell, 0.2);
        seller.learn(110.0, 100.0);
        assert!((seller.own_price(100.0) - 117.0).abs() < 1e-9, "{seller:?}");
        // Then 0.25 x -3 + 0.75 x 0.4 x (110 - 117) = -2.85, so 114.15.
        seller.learn(110.0, 100.0);
        assert!((seller.own_price(100.0) - 114.15).abs() < 1e-9, "{seller:?}");
    }

    #[test]
    fn profit_is_raised_and_lowered_by_cliffs_rules() {
        let (buyer, seller) = (zip(Side::Buy, -0.1), zip(Side::Sell, 0.1));
        let accepted_ask = |price| shout(Side::Sell, price, true);
        let accepted_bid = |price| shout(Side::Buy, price, true);
        assert_eq!(seller.decision(accepted_ask(115.0), 110.0, true), Some(Move::Raise));
        assert_eq!(seller.decision(accepted_bid(105.0), 110.0, true), Some(Move::Lower));
        assert_eq!(seller.decision(accepted_ask(105.0), 110.0, true), None);
        assert_eq!(seller.decision(shout(Side::Sell, 105.0, false), 110.0, true), Some(Move::Lower));
        assert_eq!(seller.decision(shout(Side::Buy, 105.0, false), 110.0, true), None);
        assert_eq!(buyer.decision(accepted_bid(85.0), 90.0, true), Some(Move::Raise));
        assert_eq!(buyer.decision(accepted_ask(95.0), 90.0, true), Some(Move::Lower));
        assert_eq!(buyer.decision(shout(Side::Buy, 95.0, false), 90.0, true), Some(Move::Lower));
        assert_eq!(buyer.decision(shout(Side::Buy, 95.0, false), 90.0, false), None, "it has no unit left");
    }

    #[test]
    fn a_margin_never_turns_into_a_loss() {
        let mut rng = stream(Seed::new(2), "zip");
        let mut buyer = Zip::new(Side::Buy, 0.01, &mut rng);
        for _ in 0..500 {
            buyer.hear(shout(Side::Buy, 150.0, false), Some(100.0), &mut rng);
        }
        assert!((buyer.own_price(100.0) - 100.0).abs() < 1e-9, "{buyer:?}");
    }
}
