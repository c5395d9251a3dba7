//! The price of an auction, from demand and supply.
//!
//! Knows neither orders nor how levels are stored: whoever has cumulative sums asks with them. Each step of
//! the rule narrows a range of prices; `docs/matching.md` says which exchange's rule book it follows.
//!
//! 1. The most volume.
//! 2. Within the touch: between the best bid and the best ask, whichever of the two is higher. If orders
//!    without a limit trade the most only beyond it, the price next to it at which they do.
//! 3. The least surplus.
//! 4. Market pressure: the highest price if buyers are left over at all that remain, the lowest if sellers
//!    are.
//! 5. The price nearest to the reference; the middle, rounded down, where there is no reference.
//!
//! Orders without a limit alone trade at the reference, or not at all.

use crate::book::event::Indicative;
use crate::units::{Price, Quantity};

/// What is for sale and wanted at a limit of the book, in lots.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// The limit, in ticks.
    pub(super) price: i64,
    /// Open lots of buys that accept the price, those without a limit among them.
    pub(super) demand: u64,
    /// Open lots of sales that accept it.
    pub(super) supply: u64,
}

/// What the price depends on, besides demand and supply.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    /// The best limits: bid, ask.
    pub(super) touch: [Option<Price>; 2],
    /// Open lots without a limit: to buy, to sell.
    pub(super) unpriced: [u64; 2],
    /// The last trade, or the price that stands for it before the first.
    pub(super) reference: Option<Price>,
}

/// Neighboring ticks with the same demand and supply.
#[derive(Debug, Clone, Copy)]
struct Range {
    low: i64,
    high: i64,
    demand: u64,
    supply: u64,
    /// How far it lies beyond the touch.
    beyond: u64,
}

impl Range {
    const fn new(low: i64, high: i64, demand: u64, supply: u64) -> Self {
        Self { low, high, demand, supply, beyond: 0 }
    }

    fn volume(&self) -> u64 {
        self.demand.min(self.supply)
    }

    /// Returns what of it lies between two prices, or else its tick next to them.
    fn within(self, low: i64, high: i64) -> Self {
        let (from, to) = (self.low.max(low), self.high.min(high));
        if from <= to {
            return Self { low: from, high: to, ..self };
        }
        let next = if self.high < low { self.high } else { self.low };
        Self { low: next, high: next, beyond: next.abs_diff(next.clamp(low, high)), ..self }
    }

    /// Returns its rank by the first three steps of the rule: less is better.
    fn rank(&self) -> (std::cmp::Reverse<u64>, u64, u64) {
        (std::cmp::Reverse(self.volume()), self.beyond, self.demand.abs_diff(self.supply))
    }
}

/// Returns the price and the volume of an auction, if anything would trade.
///
/// `steps` has all limits of the book, or a run of neighboring ones around the touch and the crossing of
/// demand and supply, in ascending order.
pub(super) fn price(call: &Call, steps: impl IntoIterator<Item = Step>) -> Option<Indicative> {
    let [bid, ask] = call.touch;
    let Some((one, other)) = bid.or(ask).zip(ask.or(bid)) else { return unpriced(call) };
    let (low, high) = (one.min(other).ticks(), one.max(other).ticks());
    let mut before: Option<Step> = None;
    // The best ranges so far are neighbors: as prices rise, demand only falls and supply only rises.
    let mut best: Option<[Range; 2]> = None;
    for step in steps {
        let gap = before.map(|before| (before.price + 1, step.price - 1, before.supply));
        let gap = gap.filter(|(from, to, _)| from <= to);
        let gap = gap.map(|(from, to, supply)| Range::new(from, to, step.demand, supply));
        let here = Range::new(step.price, step.price, step.demand, step.supply);
        for range in gap.into_iter().chain([here]).map(|range| range.within(low, high)) {
            match &mut best {
                Some([_, last]) if last.rank() == range.rank() => *last = range,
                Some([first, _]) if first.rank() < range.rank() => {}
                _ => best = Some([range; 2]),
            }
        }
        before = Some(step);
    }
    let [first, last] = best.filter(|[first, _]| first.volume() > 0)?;
    let price = if last.demand > last.supply {
        last.high
    } else if first.demand < first.supply {
        first.low
    } else {
        let middle = || (first.low + last.high).div_euclid(2);
        call.reference.map_or_else(middle, |near| near.ticks().clamp(first.low, last.high))
    };
    Some(Indicative { price: Price::new(price), volume: Quantity::new(first.volume()) })
}

/// Returns the outcome where no order has a limit.
fn unpriced(call: &Call) -> Option<Indicative> {
    let [demand, supply] = call.unpriced;
    let volume = Quantity::new(demand.min(supply));
    call.reference.filter(|_| !volume.is_zero()).map(|price| Indicative { price, volume })
}
