//! An adaptive market maker: a ladder of quotes whose sizes follow the traded volume, and whose width follows
//! the spread.

use std::collections::VecDeque;
use std::sync::Arc;

use actix::{Actor, Handler};

use crate::kind::{AccountDefaults, AgentKind, AgentSite, ConfiguredAgent, ListingChoice, Shared};
use crate::population::Wakeups;
use crate::trading::{float, holding, is_continuous, lots, place, reference_ticks, whole};
use bearpit_core::account::Credit;
use bearpit_core::kernel::Wakeup;
use bearpit_core::market::{ExecutionReport, Side};
use bearpit_core::params::{
    DurationRange, NumberRange, ParamDefault, ParamErrors, ParamSpec, ParamType, Values,
};
use bearpit_core::participant::{AnyTrader, CancelScope, Context, Feed, MarketData, Update};
use bearpit_core::units::{ListingId, Price, Quantity, SimDuration, SimTime};

/// The kind `adaptive_maker`.
pub(crate) static KIND: AgentKind = AgentKind {
    name: "adaptive_maker",
    doc: "Quotes a ladder on both sides: at each level a share of the volume that traded in the last interval, the levels \
          as far apart as the spread makes them, the middle moved towards the side that trades. The ladder of \
          Chakraborty and Kearns (2011) with the sizes and the width of ABIDES' adaptive market maker (Byrd, Hybinette \
          and Balch 2020).",
    params: &PARAMS,
    retired: &[],
    account: AccountDefaults { credit: Credit::Covered, is_tracked: true },
    listing: ListingChoice::Only,
    is_exclusive: false,
    configure,
};

const PARAMS: [ParamSpec; 9] = [
    ParamSpec::new(
        "pov",
        ParamType::Number(NumberRange::between(0.0, 1.0)),
        ParamDefault::Number(0.025),
        "share of the volume of the last `interval` that it quotes at each level",
    ),
    ParamSpec::new(
        "min_quantity",
        ParamType::Quantity,
        ParamDefault::Derived("one lot"),
        "least quantity at each level",
    ),
    ParamSpec::new(
        "levels",
        ParamType::Integer { min: 1, max: 1_000 },
        ParamDefault::Integer(10),
        "levels on each side",
    ),
    ParamSpec::new(
        "level_spacing",
        ParamType::Number(NumberRange::between(0.0, 1_000.0)),
        ParamDefault::Number(0.5),
        "distance between two levels, in smoothed spreads; at least one tick",
    ),
    ParamSpec::new(
        "spread_alpha",
        ParamType::Number(NumberRange::between(0.0, 1.0)),
        ParamDefault::Number(0.75),
        "weight of the newest spread in the smoothed one",
    ),
    ParamSpec::new(
        "price_skew",
        ParamType::Number(NumberRange::between(0.0, 1_000_000.0)),
        ParamDefault::Number(0.0),
        "how far the middle moves if all volume is bought, and back if all is sold",
    )
    .in_unit("ticks"),
    ParamSpec::new(
        "skew_beta",
        ParamType::Number(NumberRange::between(0.0, 1_000.0)),
        ParamDefault::Number(0.0),
        "how much of the quantity goes to the side that reduces its holding: 1 / (1 + exp(-beta x lots)) is sold",
    ),
    ParamSpec::new(
        "interval",
        ParamType::Duration(DurationRange::Positive),
        ParamDefault::Duration(SimDuration::from_secs(60)),
        "mean time between two ladders, exponentially distributed",
    ),
    ParamSpec::new(
        "cancel_delay",
        ParamType::Duration(DurationRange::AnyLength),
        ParamDefault::Duration(SimDuration::from_millis(10)),
        "time between the cancel of a ladder and the next, after which it looks at the spread that others make",
    ),
];

fn configure(values: &Values, site: &AgentSite<'_>) -> Result<Arc<dyn ConfiguredAgent>, ParamErrors> {
    Ok(Arc::new(AdaptiveMakerConfig {
        listing: site.listing,
        pov: values.get("pov")?,
        min_quantity: values.given("min_quantity")?.unwrap_or(Quantity::new(1)),
        levels: values.get("levels")?,
        level_spacing: values.get("level_spacing")?,
        spread_alpha: values.get("spread_alpha")?,
        price_skew: values.get("price_skew")?,
        skew_beta: values.get("skew_beta")?,
        interval: values.get("interval")?,
        cancel_delay: values.get("cancel_delay")?,
    }))
}

/// An adaptive market maker.
#[derive(Debug, Clone, PartialEq)]
pub struct AdaptiveMakerConfig {
    /// Where it makes a market.
    pub listing: ListingId,
    /// Share of the last interval's volume at each level.
    pub pov: f64,
    /// The least quantity at each level.
    pub min_quantity: Quantity,
    /// How many levels each side has.
    pub levels: i64,
    /// Distance between two levels, in smoothed spreads.
    pub level_spacing: f64,
    /// Weight of the newest spread in the smoothed one.
    pub spread_alpha: f64,
    /// How far the middle follows the side that trades, in ticks.
    pub price_skew: f64,
    /// How much its holding moves quantity from one side to the other.
    pub skew_beta: f64,
    /// Mean time between two ladders, exponentially distributed; above zero.
    pub interval: SimDuration,
    /// Time between the cancel of a ladder and the next.
    pub cancel_delay: SimDuration,
}

impl ConfiguredAgent for AdaptiveMakerConfig {
    fn actor(&self, _shared: &mut Shared) -> Option<AnyTrader> {
        Some(AnyTrader::new(AdaptiveMaker::new(self.clone())))
    }
}

/// The spread in ticks from which the smoothed one begins, as in ABIDES.
const SPREAD_FIRST: f64 = 50.0;

/// The wake-up at which it quotes the next ladder; at others it cancels the present one.
const QUOTE: u64 = 1;

/// Quotes ladders around the mid.
#[derive(Debug)]
pub struct AdaptiveMaker {
    config: AdaptiveMakerConfig,
    /// The smoothed spread in ticks.
    spread: f64,
    /// The trades of the last interval: when, bought or sold, how many lots.
    trades: VecDeque<(SimTime, Side, f64)>,
    last_mid: Option<f64>,
}

/// A ladder: where its sides begin, how far its levels are apart, and the lots of a bid and of an offer.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ladder {
    highest_bid: i64,
    lowest_ask: i64,
    step: i64,
    sizes: [i64; 2],
}

impl AdaptiveMakerConfig {
    /// Returns the ladder around a mid, for a smoothed spread and the lots that were bought and sold.
    fn ladder(&self, mid: f64, spread: f64, [bought, sold]: [f64; 2], held: f64) -> Ladder {
        let volume = bought + sold;
        let imbalance = if volume > 0.0 { 2.0 * bought / volume - 1.0 } else { 0.0 };
        let middle = whole(libm::trunc(mid + imbalance * self.price_skew));
        let wanted = whole(self.pov * volume);
        let least = i64::try_from(self.min_quantity.lots()).unwrap_or(i64::MAX);
        let sizes = if self.skew_beta > 0.0 {
            let sold_share = 1.0 / (1.0 + libm::exp(-self.skew_beta * held));
            [
                whole(libm::floor((1.0 - sold_share) * float(wanted))),
                whole(libm::ceil(sold_share * float(wanted))),
            ]
        } else {
            [wanted; 2]
        };
        let highest_bid = middle - whole(libm::floor(0.5 * spread));
        Ladder {
            highest_bid,
            lowest_ask: (middle + whole(libm::ceil(0.5 * spread))).max(highest_bid + 1),
            step: whole(self.level_spacing * spread).max(1),
            sizes: sizes.map(|size| size.max(least)),
        }
    }
}

impl AdaptiveMaker {
    /// Makes an adaptive market maker.
    #[must_use]
    pub const fn new(config: AdaptiveMakerConfig) -> Self {
        Self { config, spread: SPREAD_FIRST, trades: VecDeque::new(), last_mid: None }
    }

    /// Returns the lots that were bought and sold in the last interval.
    fn volumes(&mut self, now: SimTime) -> [f64; 2] {
        let since = now - self.config.interval;
        while self.trades.front().is_some_and(|(at, ..)| *at < since) {
            self.trades.pop_front();
        }
        let of = |side| self.trades.iter().filter(|(_, it, _)| *it == side).map(|(.., lots)| lots).sum();
        [of(Side::Buy), of(Side::Sell)]
    }

    fn quote(&mut self, ctx: &mut Context) {
        let listing = self.config.listing;
        if !is_continuous(ctx, listing) {
            return;
        }
        let quote = ctx.market(listing).quote;
        if let Some((mid, spread)) = quote.mid_ticks().zip(quote.spread_ticks()) {
            self.last_mid = Some(mid);
            let alpha = self.config.spread_alpha;
            self.spread = alpha * float(spread) + (1.0 - alpha) * self.spread;
        }
        let Some(mid) = self.last_mid.or_else(|| reference_ticks(ctx, listing)) else { return };
        let volumes = self.volumes(ctx.now());
        let held = float(holding(ctx, listing).lots());
        let Ladder { highest_bid, lowest_ask, step, sizes: [bid_size, ask_size] } =
            self.config.ladder(mid, self.spread, volumes, held);
        for level in 0..self.config.levels {
            let [bid, ask] = [highest_bid - level * step, lowest_ask + level * step].map(Price::new_checked);
            place(ctx, listing, Side::Buy, bid, quantity(bid_size));
            place(ctx, listing, Side::Sell, ask, quantity(ask_size));
        }
    }
}

fn quantity(size: i64) -> Quantity {
    Quantity::new(size.unsigned_abs().min(Quantity::MAX_LOTS))
}

impl Actor for AdaptiveMaker {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        if let Err(error) = ctx.subscribe(self.config.listing, Feed::Trades) {
            ctx.log(format!("it cannot see trades: {error}"));
        }
        ctx.wake_after(self.config.cancel_delay, QUOTE);
    }
}

impl Handler<Wakeup> for AdaptiveMaker {
    type Result = ();

    fn handle(&mut self, wakeup: Wakeup, ctx: &mut Context) {
        if wakeup.tag == QUOTE {
            self.quote(ctx);
            Wakeups::every(self.config.interval).wait(ctx);
        } else {
            ctx.cancel_all(CancelScope::All, Some(self.config.listing));
            ctx.wake_after(self.config.cancel_delay, QUOTE);
        }
    }
}

impl Handler<MarketData> for AdaptiveMaker {
    type Result = ();

    fn handle(&mut self, data: MarketData, _: &mut Context) {
        if let Update::Trade { quantity, aggressor, .. } = data.update {
            self.trades.push_back((data.at, aggressor, lots(quantity)));
        }
    }
}

bearpit_core::ignore_messages!(AdaptiveMaker: ExecutionReport);

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> AdaptiveMakerConfig {
        AdaptiveMakerConfig {
            listing: ListingId::new(0),
            pov: 0.025,
            min_quantity: Quantity::new(1),
            levels: 10,
            level_spacing: 5.0,
            spread_alpha: 0.75,
            price_skew: 4.0,
            skew_beta: 0.0,
            interval: SimDuration::from_secs(60),
            cancel_delay: SimDuration::ZERO,
        }
    }

    #[test]
    fn the_ladder_follows_spread_volume_and_imbalance() {
        // 300 of 400 lots bought: imbalance 0.5, so the middle moves up by 2 ticks.
        let found = config().ladder(1_000.0, 3.0, [300.0, 100.0], 0.0);
        assert_eq!(found, Ladder { highest_bid: 1_001, lowest_ask: 1_004, step: 15, sizes: [10, 10] });
        // Nothing has traded: the least quantity around the mid itself.
        let quiet = config().ladder(1_000.5, 0.0, [0.0, 0.0], 0.0);
        assert_eq!(quiet, Ladder { highest_bid: 1_000, lowest_ask: 1_001, step: 1, sizes: [1, 1] });
    }

    #[test]
    fn a_holding_moves_quantity_to_the_side_that_reduces_it() {
        let config = AdaptiveMakerConfig { skew_beta: 0.1, ..config() };
        // 1 / (1 + e^-1) of ten lots is 7.3: eight are offered, two are bid for.
        assert_eq!(config.ladder(1_000.0, 2.0, [200.0, 200.0], 10.0).sizes, [2, 8]);
        assert_eq!(config.ladder(1_000.0, 2.0, [200.0, 200.0], -10.0).sizes, [7, 3]);
    }
}
