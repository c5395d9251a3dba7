//! Adaptive aggressiveness (Vytelingum, Cliff and Jennings 2008).

use std::collections::VecDeque;

use super::trader::{Best, Pricing, Shout};
use bearpit_core::kernel::Stream;
use bearpit_core::market::Side;

/// By how much more or less aggressive than needed a trader wants to be, relative and absolute.
const LAMBDAS: [f64; 2] = [0.02, 0.01];
/// The weight of a trade for that of the next one in the estimate of the equilibrium price.
const WEIGHT: f64 = 0.9;
/// The range of the steepness, and how it falls with volatility.
const THETAS: [f64; 2] = [-8.0, 2.0];
const GAMMA: f64 = 2.0;
/// The steepness of the start.
const THETA_FIRST: f64 = -4.0;

/// What an adaptive trader is configured with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct AaConfig {
    pub(super) max: f64,
    pub(super) eta: f64,
    pub(super) betas: [f64; 2],
    pub(super) window: usize,
}

/// Quotes towards a target that its aggressiveness sets.
#[derive(Debug)]
pub(super) struct Aa {
    side: Side,
    config: AaConfig,
    /// From -1, passive, to 1, aggressive; 0 is the equilibrium price.
    aggressiveness: f64,
    theta: f64,
    /// The last trades, the newest first.
    trades: VecDeque<f64>,
    /// The least and the greatest volatility so far.
    volatility: Option<[f64; 2]>,
}

/// Returns the price that is one part in `eta` of the way from a quote to a target, and at least a tick.
fn approach(from: f64, target: f64, eta: f64) -> f64 {
    let step = ((target - from) / eta).abs().max(1.0).min((target - from).abs());
    from + step.copysign(target - from)
}

/// Returns (e^(r theta) - 1) / (e^theta - 1), from 0 at r = 0 to 1 at r = 1.
fn curve(r: f64, theta: f64) -> f64 {
    if theta.abs() < 1e-9 { r } else { libm::expm1(r * theta) / libm::expm1(theta) }
}

impl Aa {
    pub(super) const fn new(side: Side, config: AaConfig) -> Self {
        Self {
            side,
            config,
            aggressiveness: 0.0,
            theta: THETA_FIRST,
            trades: VecDeque::new(),
            volatility: None,
        }
    }

    /// Returns the estimate of the equilibrium price, if there have been trades.
    fn equilibrium(&self) -> Option<f64> {
        let (mut sum, mut weights, mut weight) = (0.0, 0.0, 1.0);
        for price in &self.trades {
            sum += weight * price;
            weights += weight;
            weight *= WEIGHT;
        }
        (weights > 0.0).then(|| sum / weights)
    }

    /// Returns the target price of an aggressiveness for a unit of this value or cost.
    fn target(&self, r: f64, limit: f64, equilibrium: f64) -> f64 {
        let theta = self.theta;
        match self.side {
            // A buyer whose value is above the equilibrium goes from nothing over it to its value; another
            // one cannot go beyond its value.
            Side::Buy => {
                let center = limit.min(equilibrium);
                if r < 0.0 {
                    center * (1.0 - curve(-r, theta))
                } else {
                    center + (limit - center) * curve(r, theta)
                }
            }
            Side::Sell => {
                let center = limit.max(equilibrium);
                if r < 0.0 {
                    center + (self.config.max - center).max(0.0) * curve(-r, theta)
                } else {
                    center - (center - limit) * curve(r, theta)
                }
            }
        }
    }

    /// Returns the aggressiveness whose target is a price, by bisection: targets rise with it for a buyer,
    /// and fall for a seller.
    fn aggressiveness_of(&self, price: f64, limit: f64, equilibrium: f64) -> f64 {
        let (mut low, mut high) = (-1.0, 1.0);
        for _ in 0..40 {
            let middle = f64::midpoint(low, high);
            let target = self.target(middle, limit, equilibrium);
            let is_more = if self.side == Side::Buy { target < price } else { target > price };
            if is_more { low = middle } else { high = middle }
        }
        f64::midpoint(low, high)
    }

    /// Learns in the short run: a little more, or less, aggressive than what others' price would take.
    fn adapt(&mut self, price: f64, is_more: bool, limit: f64, equilibrium: f64) {
        let needed = self.aggressiveness_of(price, limit, equilibrium);
        let sign = if is_more { 1.0 } else { -1.0 };
        let wanted = needed + sign * (LAMBDAS[0] * needed.abs() + LAMBDAS[1]);
        let next = self.aggressiveness + self.config.betas[0] * (wanted - self.aggressiveness);
        self.aggressiveness = next.clamp(-1.0, 1.0);
    }

    /// Learns in the long run, from a trade: in a volatile market the curve is flatter near the equilibrium.
    fn settle(&mut self, price: f64) {
        self.trades.push_front(price);
        self.trades.truncate(self.config.window);
        let Some(equilibrium) = self.equilibrium() else { return };
        let count = f64::from(u32::try_from(self.trades.len()).unwrap_or(u32::MAX));
        let squares: f64 = self.trades.iter().map(|it| (it - equilibrium) * (it - equilibrium)).sum();
        let now = libm::sqrt(squares / count) / equilibrium;
        let [least, most] = self.volatility.map_or([now, now], |[a, b]| [a.min(now), b.max(now)]);
        self.volatility = Some([least, most]);
        if most > least {
            let share = (now - least) / (most - least);
            let [low, high] = THETAS;
            let wanted = low + (high - low) * (1.0 - share) * libm::exp(GAMMA * (share - 1.0));
            self.theta += self.config.betas[1] * (wanted - self.theta);
        }
    }
}

impl Pricing for Aa {
    fn price(&mut self, limit: f64, best: Best, _: &mut Stream) -> Option<f64> {
        let AaConfig { max, eta, .. } = self.config;
        // Who would have to quote at a loss to be the best stays out.
        let is_beaten = match self.side {
            Side::Buy => best.bid.is_some_and(|bid| bid >= limit),
            Side::Sell => best.ask.is_some_and(|ask| ask <= limit),
        };
        if is_beaten {
            return None;
        }
        let (bid, ask) = (best.bid.unwrap_or(0.0), best.ask.unwrap_or(max));
        let target = self.equilibrium().map(|price| self.target(self.aggressiveness, limit, price));
        // Before the first trade the other side's best quote is approached, and at last a little beyond.
        let beyond = |price: f64, sign: f64| price + sign * (LAMBDAS[0] * price + LAMBDAS[1]);
        Some(match self.side {
            Side::Buy if best.ask.zip(target).is_some_and(|(ask, target)| ask <= target) => ask,
            Side::Sell if best.bid.zip(target).is_some_and(|(bid, target)| bid >= target) => bid,
            Side::Buy => approach(bid, target.unwrap_or_else(|| beyond(ask, 1.0)).min(limit), eta),
            Side::Sell => approach(ask, target.unwrap_or_else(|| beyond(bid, -1.0)).max(limit), eta),
        })
    }

    fn hear(&mut self, shout: Shout, limit: Option<f64>, _: &mut Stream) {
        if let Some((limit, equilibrium)) = limit.zip(self.equilibrium()) {
            let target = self.target(self.aggressiveness, limit, equilibrium);
            let is_within =
                if self.side == Side::Buy { target >= shout.price } else { target <= shout.price };
            if shout.is_accepted {
                self.adapt(shout.price, !is_within, limit, equilibrium);
            } else if shout.side == self.side {
                // A quote that stands must be beaten, by a tick at least.
                let sign = if self.side == Side::Buy { 1.0 } else { -1.0 };
                let beating = shout.price + sign;
                if sign * (target - beating) < 0.0 {
                    self.adapt(beating, true, limit, equilibrium);
                }
            }
        }
        if shout.is_accepted {
            self.settle(shout.price);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit_core::kernel::stream;
    use bearpit_core::units::Seed;

    const CONFIG: AaConfig = AaConfig { max: 200.0, eta: 3.0, betas: [0.5, 0.5], window: 30 };

    fn is_near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-6, "{found} instead of {expected}");
    }

    #[test]
    fn who_would_have_to_quote_at_a_loss_stays_out() {
        let mut draws = stream(Seed::new(1), "aa");
        let best = Best { bid: Some(98.0), ask: Some(105.0) };
        assert_eq!(Aa::new(Side::Buy, CONFIG).price(60.0, best, &mut draws), None);
        assert!(Aa::new(Side::Sell, CONFIG).price(90.0, best, &mut draws).is_some());
        assert_eq!(
            Aa::new(Side::Sell, CONFIG).price(104.0, Best { ask: Some(103.0), ..best }, &mut draws),
            None
        );
        let quoted = Aa::new(Side::Buy, CONFIG).price(120.0, best, &mut draws).unwrap();
        assert!(quoted > 98.0 && quoted <= 120.0, "{quoted}");
    }

    #[test]
    fn targets_go_from_passive_over_the_equilibrium_to_the_limit() {
        let buyer = Aa { theta: 2.0, ..Aa::new(Side::Buy, CONFIG) };
        for (r, expected) in [(-1.0, 0.0), (0.0, 100.0), (1.0, 120.0)] {
            is_near(buyer.target(r, 120.0, 100.0), expected);
        }
        // (e - 1) / (e^2 - 1) = 1 / (e + 1) of the way at one half.
        let share = 1.0 / (std::f64::consts::E + 1.0);
        is_near(buyer.target(0.5, 120.0, 100.0), 100.0 + 20.0 * share);
        is_near(buyer.target(-0.5, 120.0, 100.0), 100.0 * (1.0 - share));
        is_near(buyer.target(0.5, 90.0, 100.0), 90.0);
        let seller = Aa { theta: 2.0, ..Aa::new(Side::Sell, CONFIG) };
        for (r, expected) in [(-1.0, 200.0), (0.0, 100.0), (1.0, 80.0)] {
            is_near(seller.target(r, 80.0, 100.0), expected);
        }
        for r in [-0.7, -0.1, 0.0, 0.4, 0.9] {
            is_near(seller.aggressiveness_of(seller.target(r, 80.0, 100.0), 80.0, 100.0), r);
        }
    }

    #[test]
    fn it_learns_from_trades_and_rivals() {
        let mut rng = stream(Seed::new(1), "aa");
        let mut buyer = Aa::new(Side::Buy, CONFIG);
        let bid = |price, is_accepted| Shout { side: Side::Buy, price, is_accepted };
        buyer.hear(bid(100.0, true), Some(120.0), &mut rng);
        is_near(buyer.equilibrium().unwrap(), 100.0);
        buyer.hear(bid(110.0, false), Some(120.0), &mut rng);
        assert!(buyer.aggressiveness > 0.0, "a rival bids more than its target: {buyer:?}");
        let before = buyer.aggressiveness;
        buyer.hear(bid(95.0, true), Some(120.0), &mut rng);
        assert!(buyer.aggressiveness < before, "a trade below its target: {buyer:?}");
        // Newer trades weigh more: (95 + 0.9 x 100) / 1.9.
        is_near(buyer.equilibrium().unwrap(), 185.0 / 1.9);
    }

    #[test]
    fn it_goes_a_part_of_the_way_or_takes_what_is_good_enough() {
        let mut rng = stream(Seed::new(1), "aa");
        let mut buyer = Aa::new(Side::Buy, CONFIG);
        let best = |bid, ask| Best { bid: Some(bid), ask: Some(ask) };
        is_near(buyer.price(120.0, best(60.0, 150.0), &mut rng).unwrap(), 80.0);
        buyer.trades.push_front(100.0);
        is_near(buyer.price(120.0, best(70.0, 150.0), &mut rng).unwrap(), 80.0);
        is_near(buyer.price(120.0, best(70.0, 99.0), &mut rng).unwrap(), 99.0);
    }
}
