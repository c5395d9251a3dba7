//! Heuristic beliefs (Gjerstad and Dickhaut 1998).

use std::collections::VecDeque;

use rand::RngExt;

use super::trader::{Best, Pricing, Shout};
use bearpit_core::kernel::Stream;
use bearpit_core::market::Side;

/// How many prices are tried between two that were quoted.
const STEPS: u32 = 16;

/// How many quotes are remembered at most, if there are no trades.
const SHOUTS_MAX: usize = 500;

/// Quotes what promises most by beliefs from recent quotes.
#[derive(Debug)]
pub(super) struct Gd {
    side: Side,
    /// How many trades back quotes are remembered.
    memory: usize,
    /// The quotes, oldest first, each with the number of trades before it.
    shouts: VecDeque<(usize, Shout)>,
    trades: usize,
}

impl Gd {
    pub(super) const fn new(side: Side, memory: usize) -> Self {
        Self { side, memory, shouts: VecDeque::new(), trades: 0 }
    }

    /// Returns how likely a quote at a price is to be taken, by what is remembered; `None` if nothing tells.
    fn belief(&self, price: f64) -> Option<f64> {
        // For a seller better means higher: those who got such a price, or more, against those who failed at
        // such a price, or less.
        let is_as_good = |other: f64| if self.side == Side::Sell { other >= price } else { other <= price };
        let is_as_bad = |other: f64| if self.side == Side::Sell { other <= price } else { other >= price };
        let count = |counts: &dyn Fn(&Shout) -> bool| {
            let found = self.shouts.iter().filter(|(_, shout)| counts(shout)).count();
            f64::from(u32::try_from(found).unwrap_or(u32::MAX))
        };
        let taken = count(&|it| it.side == self.side && it.is_accepted && is_as_good(it.price));
        let others = count(&|it| it.side != self.side && is_as_good(it.price));
        let refused = count(&|it| it.side == self.side && !it.is_accepted && is_as_bad(it.price));
        let all = taken + others + refused;
        (all > 0.0).then(|| (taken + others) / all)
    }

    /// Returns the prices that were quoted, in order, each with its belief; at nothing a buyer gets nothing
    /// and a seller is taken, at twice the greatest price it is the other way round.
    fn knots(&self) -> Vec<(f64, f64)> {
        let mut prices: Vec<f64> = self.shouts.iter().map(|(_, shout)| shout.price).collect();
        prices.sort_by(f64::total_cmp);
        prices.dedup();
        let Some(greatest) = prices.last().copied() else { return Vec::new() };
        let (low, high) = if self.side == Side::Sell { (1.0, 0.0) } else { (0.0, 1.0) };
        let known = prices.iter().filter_map(|price| Some((*price, self.belief(*price)?)));
        std::iter::once((0.0, low)).chain(known).chain([(2.0 * greatest, high)]).collect()
    }

    /// Returns the price with the greatest expected profit, and that profit.
    fn best_price(&self, limit: f64) -> Option<(f64, f64)> {
        let knots = self.knots();
        let mut best = None;
        for pair in knots.windows(2) {
            let [(from, low), (to, high)] = pair else { continue };
            for step in 0..=STEPS {
                // A cubic that is flat at both ends, as theirs is.
                let t = f64::from(step) / f64::from(STEPS);
                let belief = low + (high - low) * t * t * (3.0 - 2.0 * t);
                let price = from + (to - from) * t;
                let profit = if self.side == Side::Sell { price - limit } else { limit - price };
                let expected = belief * profit;
                if profit >= 0.0 && best.is_none_or(|(_, most)| expected > most) {
                    best = Some((price, expected));
                }
            }
        }
        best
    }
}

impl Pricing for Gd {
    fn price(&mut self, limit: f64, best: Best, rng: &mut Stream) -> Option<f64> {
        let Some((price, expected)) = self.best_price(limit) else {
            // Nothing is known yet: up to half of the value or cost is asked for.
            let share = 0.5 * rng.random::<f64>();
            return Some(limit * if self.side == Side::Sell { 1.0 + share } else { 1.0 - share });
        };
        // What is certain is taken if it is worth more than what is hoped for.
        let at_once = match self.side {
            Side::Sell => best.bid.filter(|bid| bid - limit >= expected.max(0.0)),
            Side::Buy => best.ask.filter(|ask| limit - ask >= expected.max(0.0)),
        };
        Some(at_once.unwrap_or(price))
    }

    fn hear(&mut self, shout: Shout, _: Option<f64>, _: &mut Stream) {
        let is_same = |other: &Shout| {
            other.side == shout.side && !other.is_accepted && other.price.total_cmp(&shout.price).is_eq()
        };
        let known = self.shouts.iter_mut().rev().find(|(_, other)| shout.is_accepted && is_same(other));
        match known {
            Some((_, other)) => other.is_accepted = true,
            None => self.shouts.push_back((self.trades, shout)),
        }
        if shout.is_accepted {
            self.trades += 1;
            let oldest = self.trades.saturating_sub(self.memory);
            while self.shouts.front().is_some_and(|(before, _)| *before < oldest) {
                self.shouts.pop_front();
            }
        }
        if self.shouts.len() > SHOUTS_MAX {
            self.shouts.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit_core::kernel::stream;
    use bearpit_core::units::Seed;

    fn heard(side: Side, shouts: &[(Side, f64, bool)]) -> Gd {
        let mut rng = stream(Seed::new(1), "gd");
        let mut gd = Gd::new(side, 5);
        for (side, price, is_accepted) in shouts {
            gd.hear(Shout { side: *side, price: *price, is_accepted: *is_accepted }, None, &mut rng);
        }
        gd
    }

    #[test]
    fn beliefs_are_shares_of_quotes_that_were_taken() {
        use Side::{Buy, Sell};
        let shouts = [
            (Sell, 120.0, false),
            (Sell, 110.0, false),
            (Sell, 110.0, true),
            (Buy, 100.0, false),
            (Buy, 105.0, false),
        ];
        let seller = heard(Sell, &shouts);
        // At 110: one ask taken at or above, no bid, none refused at or below. At 120: one refused.
        assert_eq!(seller.belief(110.0), Some(1.0));
        assert_eq!(seller.belief(120.0), Some(0.0));
        assert_eq!(seller.belief(115.0), None, "nothing tells");
        // At 105: the taken ask and one bid.
        assert_eq!(seller.belief(105.0), Some(1.0));
        let buyer = heard(Buy, &shouts);
        // At 105: no bid was taken, no ask stood at or below, one bid was refused at or above.
        assert_eq!(buyer.belief(105.0), Some(0.0));
        assert_eq!(buyer.belief(110.0), Some(1.0), "an ask at or below, no bid refused at or above");
    }

    #[test]
    fn it_quotes_what_promises_most() {
        use Side::{Buy, Sell};
        let seller = heard(Sell, &[(Sell, 120.0, false), (Sell, 110.0, true)]);
        let (price, expected) = seller.best_price(100.0).unwrap();
        // 110 is sure to bring 10; a little above, the loss of chance is of second order.
        assert!((110.0..115.0).contains(&price) && expected >= 10.0, "{price} {expected}");
        let mut buyer = heard(Buy, &[(Buy, 90.0, false), (Sell, 95.0, true)]);
        let mut rng = stream(Seed::new(1), "gd");
        let best = Best { bid: Some(90.0), ask: Some(91.0) };
        assert_eq!(buyer.price(100.0, best, &mut rng), Some(91.0), "9 for certain is more than any hope");
    }

    #[test]
    fn quotes_are_forgotten_after_some_trades() {
        let trades: Vec<(Side, f64, bool)> =
            (0..9).map(|n| (Side::Sell, 100.0 + f64::from(n), true)).collect();
        let gd = heard(Side::Sell, &trades);
        let first = gd.shouts.front().map(|(_, shout)| shout.price);
        assert_eq!((gd.shouts.len(), first), (5, Some(104.0)));
    }
}
