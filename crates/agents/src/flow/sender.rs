//! What models of order flow share: their account, their first price, and how they send orders.

use rand::RngExt;

use crate::kind::{AccountDefaults, AgentSite};
use crate::trading::{is_allowed, opposite};
use bearpit_core::account::Credit;
use bearpit_core::market::{OrderTerms, Side};
use bearpit_core::params::{ParamDefault, ParamError, ParamSpec, ParamType, Values};
use bearpit_core::participant::Context;
use bearpit_core::units::{Decimal, ListingId, OrderId, Price, Quantity};

/// A flow stands for all of a market: its credit is unlimited.
pub(super) const ACCOUNT: AccountDefaults = AccountDefaults { credit: Credit::Unlimited, is_tracked: false };

/// The quantity of each order.
pub(super) const ORDER_QUANTITY: ParamSpec = ParamSpec::new(
    "quantity",
    ParamType::Quantity,
    ParamDefault::Derived("one lot"),
    "quantity of each order",
);

/// The price around which the book begins.
pub(super) const INITIAL: ParamSpec = ParamSpec::new(
    "initial",
    ParamType::Price,
    ParamDefault::Derived("the instrument's first value; needs a process"),
    "price around which the book begins, in currency",
);

/// How a flow sends orders.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct FlowSite {
    /// Where it trades.
    pub(super) listing: ListingId,
    /// The quantity of each order.
    pub(super) quantity: Quantity,
    /// The price around which the book begins; the one known before the first trade if absent.
    pub(super) initial: Option<Price>,
}

impl FlowSite {
    /// Reads `quantity` and `initial`.
    pub(super) fn read(values: &Values, site: &AgentSite<'_>) -> Result<Self, ParamError> {
        let initial: Option<Decimal> = values.given("initial")?;
        if initial.is_none() && !site.has_value {
            let message = "`initial` is missing, and the instrument has no process whose first value could stand for it";
            return Err(ParamError::invalid("initial", message));
        }
        let initial = initial.and_then(|price| site.instrument.nearest_price(price.to_f64()));
        let quantity = values.given("quantity")?.unwrap_or(Quantity::new(1));
        Ok(Self { listing: site.listing, quantity, initial })
    }

    /// Returns the best price of the other side, or the last trade, or the first price.
    pub(super) fn anchor(&self, ctx: &mut Context, side: Side) -> Option<Price> {
        let view = ctx.market(self.listing);
        let seen = opposite(&view.quote, side).or_else(|| view.last_trade.map(|(price, _)| price));
        seen.or(self.initial).or_else(|| ctx.listing(self.listing)?.reference)
    }

    /// Sends a limit order so many ticks behind the other side's best price.
    pub(super) fn limit(&self, ctx: &mut Context, side: Side, distance: i64) {
        let Some(anchor) = self.anchor(ctx, side) else { return };
        self.limit_at(ctx, side, Price::new_checked(anchor.ticks() - side.sign() * distance));
    }

    /// Sends a limit order at a price, if orders may name it.
    pub(super) fn limit_at(&self, ctx: &mut Context, side: Side, price: Option<Price>) {
        if let Some(price) = price.filter(|price| is_allowed(ctx, self.listing, *price)) {
            // With unlimited credit it is refused only after the close.
            ctx.submit(self.listing, OrderTerms::limit(side, self.quantity, price)).ok();
        }
    }

    /// Sends a market order, if anything is there to take.
    pub(super) fn market(&self, ctx: &mut Context, side: Side) {
        if opposite(&ctx.market(self.listing).quote, side).is_some() {
            ctx.submit(self.listing, OrderTerms::market(side, self.quantity)).ok();
        }
    }

    /// Returns an open order of a side, each with the same chance.
    pub(super) fn any_order(&self, ctx: &mut Context, side: Side) -> Option<OrderId> {
        let fits = |order: &bearpit_core::account::OpenOrder| {
            order.listing == self.listing && order.side == side && !order.cancel_sent
        };
        let count = ctx.account()?.open_orders().iter().filter(fits).count();
        if count == 0 {
            return None;
        }
        let index = ctx.rng().random_range(0..count);
        ctx.account()?.open_orders().iter().filter(fits).nth(index).map(|order| order.id)
    }
}

/// Returns an index drawn with chances in proportion to weights; `None` if all are zero.
pub(super) fn pick(weights: &[f64], share: f64) -> Option<usize> {
    let mut left = share * weights.iter().sum::<f64>();
    let found = weights.iter().position(|weight| {
        left -= weight;
        left < 0.0
    });
    found.or_else(|| weights.iter().rposition(|weight| *weight > 0.0))
}
