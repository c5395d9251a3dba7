//! What many kinds of agents need to trade: quantities, prices, orders.

use rand::RngExt;
use rand_distr::Distribution;

use bearpit_core::kernel::StandardNormal;
use bearpit_core::market::{OrderTerms, Phase, Quote, Side};
use bearpit_core::params::{Choice, DurationRange, ParamDefault, ParamError, ParamSpec, ParamType, Values};
use bearpit_core::participant::Context;
use bearpit_core::units::{ListingId, NetQuantity, OrderId, Price, Quantity, SimDuration};

/// The mean time between two actions.
pub(crate) const INTERVAL: ParamSpec = ParamSpec::new(
    "interval",
    ParamType::Duration(DurationRange::Positive),
    ParamDefault::Duration(SimDuration::from_secs(30)),
    "mean time between two actions, exponentially distributed",
);

/// The quantity of an order.
pub(crate) const QUANTITY: ParamSpec =
    ParamSpec::required("quantity", ParamType::Quantity, "quantity of an order");

/// The largest quantity of an order.
pub(crate) const MAX_QUANTITY: ParamSpec =
    ParamSpec::required("max_quantity", ParamType::Quantity, "largest quantity of an order");

/// How quantities are drawn.
pub(crate) const SIZES: ParamSpec = ParamSpec::new(
    "sizes",
    ParamType::Choice(&[
        Choice { name: "uniform", doc: "uniform from one lot to `max_quantity`" },
        Choice { name: "fixed", doc: "always `max_quantity`" },
        Choice {
            name: "mixture",
            doc: "a fifth lognormal around 18 lots, most others 100, the rest 200 to 1000 in hundreds, at most \
                  `max_quantity`: the order-size model of ABIDES",
        },
    ]),
    ParamDefault::Choice("uniform"),
    "how quantities of orders are drawn",
);

/// How an agent draws the quantities of its orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderSizes {
    /// Uniform from one lot to this.
    Uniform(Quantity),
    /// Always this.
    Fixed(Quantity),
    /// As ABIDES' order-size model has them, at most this.
    Mixture(Quantity),
}

/// The weights of 100, 200 and so on to 1000 lots in ABIDES' order-size model; what is left to 1 is
/// lognormal.
const HUNDREDS: [f64; 10] = [0.7, 0.06, 0.004, 0.0329, 0.001, 0.0006, 0.0004, 0.0005, 0.0003, 0.0003];
/// Location and scale of the lognormal part.
const ODD_LOTS: (f64, f64) = (2.9, 1.2);

impl OrderSizes {
    /// Reads `sizes` and `max_quantity`.
    pub(crate) fn read(values: &Values) -> Result<Self, ParamError> {
        let max: Quantity = values.get("max_quantity")?;
        Ok(match values.get::<String>("sizes")?.as_str() {
            "fixed" => Self::Fixed(max),
            "mixture" => Self::Mixture(max),
            _ => Self::Uniform(max),
        })
    }

    /// Draws a quantity of at least one lot.
    pub(crate) fn draw(self, ctx: &mut Context) -> Quantity {
        let rng = ctx.rng();
        match self {
            Self::Fixed(quantity) => quantity,
            Self::Uniform(max) => Quantity::new(rng.random_range(1..=max.lots().max(1))),
            Self::Mixture(max) => {
                let mut left = rng.random::<f64>();
                let hundreds = (1..).zip(HUNDREDS).find(|(_, weight)| {
                    left -= weight;
                    left < 0.0
                });
                let lots = hundreds.map_or_else(
                    || {
                        let (location, scale) = ODD_LOTS;
                        whole(libm::exp(location + scale * StandardNormal.sample(rng))).unsigned_abs()
                    },
                    |(count, _)| count * 100,
                );
                Quantity::new(lots.max(1)).min(max)
            }
        }
    }
}

/// Returns the nearest whole number; far beyond any price or quantity it saturates.
#[expect(clippy::cast_possible_truncation, reason = "a float cast saturates")]
pub(crate) fn whole(number: f64) -> i64 {
    (libm::round(number) as i64).clamp(-Price::MAX_TICKS, Price::MAX_TICKS)
}

/// Returns an integer as a float.
#[expect(clippy::cast_precision_loss, reason = "ticks and lots are below 2^53")]
pub(crate) const fn float(number: i64) -> f64 {
    number as f64
}

/// Returns a quantity in lots as a float.
#[expect(clippy::cast_precision_loss, reason = "lots are below 2^53")]
pub(crate) const fn lots(quantity: Quantity) -> f64 {
    quantity.lots() as f64
}

/// Returns whether a listing trades continuously, as the actor sees it.
pub(crate) fn is_continuous(ctx: &mut Context, listing: ListingId) -> bool {
    ctx.market(listing).phase == Phase::Continuous
}

/// Returns the currency of one tick.
pub(crate) fn tick_size(ctx: &Context, listing: ListingId) -> f64 {
    ctx.instrument(listing).map_or(1.0, |instrument| instrument.price_f64(Price::new(1)))
}

/// Returns what the actor holds of a listing's instrument.
pub(crate) fn holding(ctx: &Context, listing: ListingId) -> NetQuantity {
    let held = ctx.listing(listing).zip(ctx.account());
    held.map_or(NetQuantity::ZERO, |(listing, account)| account.holding(listing.instrument))
}

/// Returns the value of a listing's instrument in ticks, if it has a process.
pub(crate) fn value_ticks(ctx: &mut Context, listing: ListingId) -> Option<f64> {
    let tick = tick_size(ctx, listing);
    let instrument = ctx.listing(listing)?.instrument;
    ctx.value(instrument).map(|value| value / tick)
}

/// Returns the mid, else the last trade, else the price known before the first, in ticks.
pub(crate) fn reference_ticks(ctx: &mut Context, listing: ListingId) -> Option<f64> {
    let seen = ctx.market(listing).mid_or_last_ticks();
    seen.or_else(|| ctx.listing(listing)?.reference.map(|price| float(price.ticks())))
}

/// Returns the best price on the side that an order of `side` trades with.
pub(crate) fn opposite(quote: &Quote, side: Side) -> Option<Price> {
    let level = match side {
        Side::Buy => quote.ask,
        Side::Sell => quote.bid,
    };
    level.map(|level| level.price)
}

/// Returns `wanted`, or for a sale as much of it as the account may sell.
pub(crate) fn coverable(ctx: &Context, listing: ListingId, side: Side, wanted: Quantity) -> Quantity {
    if side == Side::Buy {
        return wanted;
    }
    let found = ctx.listing(listing).zip(ctx.account());
    let sellable = found.map_or(0, |(listing, account)| account.sellable(listing.instrument).lots());
    wanted.min(Quantity::new(u64::try_from(sellable).unwrap_or(0)))
}

/// Returns whether orders at a listing may name a price.
pub(crate) fn is_allowed(ctx: &Context, listing: ListingId, price: Price) -> bool {
    ctx.instrument(listing).is_some_and(|instrument| instrument.allows(price))
}

/// Sends a limit order, if the price may be named and the account covers it.
pub(crate) fn place(
    ctx: &mut Context,
    listing: ListingId,
    side: Side,
    price: Option<Price>,
    quantity: Quantity,
) -> Option<OrderId> {
    let price = price.filter(|price| is_allowed(ctx, listing, *price))?;
    let quantity = coverable(ctx, listing, side, quantity);
    if quantity.is_zero() {
        return None;
    }
    ctx.submit(listing, OrderTerms::limit(side, quantity, price)).ok()
}

/// Sends a market order, unless there is nobody in sight to trade with.
pub(crate) fn sweep(
    ctx: &mut Context,
    listing: ListingId,
    side: Side,
    quantity: Quantity,
) -> Option<OrderId> {
    opposite(&ctx.market(listing).quote, side)?;
    let quantity = coverable(ctx, listing, side, quantity);
    if quantity.is_zero() {
        return None;
    }
    ctx.submit(listing, OrderTerms::market(side, quantity)).ok()
}

/// An order on one side that its owner keeps at a price and at its full quantity.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StandingQuote {
    pub(crate) listing: ListingId,
    pub(crate) side: Side,
    pub(crate) quantity: Quantity,
}

impl StandingQuote {
    /// Brings the order to a price and its full quantity, or enters one of the quantity `first` if there is
    /// none; cancels it if there is no price. Returns the order.
    pub(crate) fn bring(
        self,
        ctx: &mut Context,
        order: Option<OrderId>,
        price: Option<Price>,
        first: Quantity,
    ) -> Option<OrderId> {
        let Self { listing, side, quantity } = self;
        let open = order.and_then(|id| ctx.account()?.order(id)).filter(|open| !open.cancel_sent);
        match (open, price) {
            (None, None) => None,
            (None, Some(_)) if first.is_zero() => None,
            (None, Some(price)) => ctx.submit(listing, OrderTerms::limit(side, first, price)).ok(),
            (Some(open), None) => {
                // Refused only where the order is already over, which is what is wanted.
                ctx.cancel(open.id).ok();
                None
            }
            (Some(open), Some(price)) => {
                let in_place = open.price == Some(price) && open.leaves == quantity;
                if !in_place && open.pending.is_none() {
                    // Where cash or shares do not cover the move, the old quote stays.
                    ctx.replace(open.id, price, open.filled() + quantity).ok();
                }
                Some(open.id)
            }
        }
    }
}

/// Returns the price at so many ticks, rounded away from the other side; `None` where there is no such price.
#[expect(clippy::cast_possible_truncation, reason = "a float cast saturates, and the range is checked")]
pub(crate) fn price_for(side: Side, ticks: f64) -> Option<Price> {
    let rounded = match side {
        Side::Buy => libm::floor(ticks),
        Side::Sell => libm::ceil(ticks),
    };
    Price::new_checked(rounded as i64)
}

/// Draws a side with equal chances.
pub(crate) fn either_side(ctx: &mut Context) -> Side {
    if ctx.rng().random::<bool>() { Side::Buy } else { Side::Sell }
}
