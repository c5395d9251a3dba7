//! Exits of brackets and pairs, as the outside writes them and as they are shown.

use bearpit_core::market::{Link, OrderTerms, StopLoss};
use bearpit_core::units::OrderId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::request::{Reader, refused};
use crate::domain::{Number, Problem};
use crate::services::market_data::Scale;
use crate::store::projection::OrderDetails;

/// The exits of a bracket: both, or one of them.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BracketRequest {
    /// The limit of the first.
    pub take_profit: Option<Number>,
    /// The trigger of the second, a stop.
    pub stop_loss: Option<Number>,
    /// The worst price that the second accepts; any if nothing is said.
    pub stop_limit: Option<Number>,
    /// The limit of the second, which is a stop-limit order then: what it does not trade rests there.
    pub stop_loss_limit: Option<Number>,
}

/// The stop that enters together with a limit order; one cancels the other.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PairRequest {
    /// Its trigger.
    pub stop_loss: Number,
    /// The worst price that it accepts; any if nothing is said.
    pub stop_limit: Option<Number>,
    /// Its limit, which makes it a stop-limit order.
    pub stop_loss_limit: Option<Number>,
}

impl BracketRequest {
    pub(super) fn link(&self, read: Reader<'_>) -> Result<Link, Problem> {
        let Self { take_profit, stop_loss, stop_limit, stop_loss_limit } = *self;
        let take_profit = take_profit.map(|it| read.price("bracket.take_profit", it)).transpose()?;
        let prices = StopPrices { trigger: stop_loss, worst: stop_limit, limit: stop_loss_limit };
        let stop_loss = prices.read(read, "bracket")?;
        if take_profit.is_none() && stop_loss.is_none() {
            let message = "a bracket needs take_profit, stop_loss or both";
            return Err(refused("missing_field", message, "bracket"));
        }
        Ok(Link::Bracket { take_profit, stop_loss })
    }
}

impl PairRequest {
    pub(super) fn link(&self, read: Reader<'_>) -> Result<Link, Problem> {
        let Self { stop_loss, stop_limit, stop_loss_limit } = *self;
        let prices = StopPrices { trigger: Some(stop_loss), worst: stop_limit, limit: stop_loss_limit };
        Ok(prices.read(read, "pair")?.map_or(Link::None, Link::Pair))
    }
}

/// The prices of a stop as they are asked for.
struct StopPrices {
    trigger: Option<Number>,
    worst: Option<Number>,
    limit: Option<Number>,
}

impl StopPrices {
    fn read(&self, read: Reader<'_>, of: &str) -> Result<Option<StopLoss>, Problem> {
        let price = |field: &str, number: Option<Number>| {
            number.map(|number| read.price(&format!("{of}.{field}"), number)).transpose()
        };
        let trigger = price("stop_loss", self.trigger)?;
        let (worst, limit) = (price("stop_limit", self.worst)?, price("stop_loss_limit", self.limit)?);
        match (trigger, worst, limit) {
            (None, None, None) => Ok(None),
            (None, ..) => {
                let message = "the worst price of a stop, or its limit, needs stop_loss";
                Err(refused("missing_field", message, &format!("{of}.stop_loss")))
            }
            (Some(_), Some(_), Some(_)) => {
                let message = "a stop has a worst price (stop_limit) or a limit (stop_loss_limit), not both";
                Err(refused("invalid_field", message, &format!("{of}.stop_loss_limit")))
            }
            (Some(trigger), protection, None) => Ok(Some(StopLoss::Market { trigger, protection })),
            (Some(trigger), None, Some(limit)) => Ok(Some(StopLoss::Limit { trigger, limit })),
        }
    }
}

/// The exits of a bracket.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct BracketView {
    /// The limit of the first, if it has that.
    pub take_profit: Option<Number>,
    /// The trigger of the second, if it has that.
    pub stop_loss: Option<Number>,
    /// The worst price that the second accepts.
    pub stop_limit: Option<Number>,
    /// The limit of the second, if it is a stop-limit order.
    pub stop_loss_limit: Option<Number>,
}

/// The stop that entered together with a limit order.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PairView {
    /// Its id.
    pub order_id: String,
    /// Its trigger at entry.
    pub stop_loss: Number,
    /// The worst price that it accepts.
    pub stop_limit: Option<Number>,
    /// Its limit, if it is a stop-limit order.
    pub stop_loss_limit: Option<Number>,
}

/// How an order is linked with others.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct LinkView {
    pub(super) one_cancels_other: Option<String>,
    pub(super) bracket: Option<BracketView>,
    pub(super) pair: Option<PairView>,
    pub(super) exit_of: Option<String>,
}

impl LinkView {
    pub(super) fn of_terms(order: Option<OrderId>, terms: &OrderTerms, scale: Scale<'_>) -> Self {
        let other = order.and_then(|order| terms.paired_stop(order)).map(|stop| stop.id.to_string());
        let stop = terms.link.stop_loss();
        let worst = |is_limit: bool| {
            let price = stop.filter(|stop| stop.limit().is_some() == is_limit)?.worst_price()?;
            Some(scale.price(price))
        };
        let exits = ShownExits {
            take_profit: terms.link.take_profit().map(|price| scale.price(price)),
            stop_loss: stop.map(|stop| scale.price(stop.trigger())),
            stop_limit: worst(false),
            stop_loss_limit: worst(true),
        };
        match terms.link {
            Link::None => Self::default(),
            Link::OneCancelsOther(other) => {
                Self { one_cancels_other: Some(other.to_string()), ..Self::default() }
            }
            Link::ExitOf(entry) => Self { exit_of: Some(entry.to_string()), ..Self::default() },
            Link::Bracket { .. } => Self { bracket: Some(exits.bracket()), ..Self::default() },
            Link::Pair(_) => {
                Self { pair: exits.pair(other.clone()), one_cancels_other: other, ..Self::default() }
            }
        }
    }

    pub(super) fn of_row(order: i64, details: &OrderDetails) -> Self {
        let number = |amount: crate::store::database::Amount| Number(amount.decimal());
        let worst = |is_limit| details.stop_limit.filter(|_| details.stop_is_limit == is_limit).map(number);
        let exits = ShownExits {
            take_profit: details.take_profit.map(number),
            stop_loss: details.stop_loss.map(number),
            stop_limit: worst(false),
            stop_loss_limit: worst(true),
        };
        // One that was refused, whose id is below zero, has entered no other.
        let other = order.checked_add(1).filter(|_| details.is_pair && order >= 0).map(|id| id.to_string());
        let linked = details.linked_order.map(|order| order.to_string());
        Self {
            one_cancels_other: linked.or_else(|| other.clone()),
            bracket: (!details.is_pair && exits.has_any()).then(|| exits.bracket()),
            pair: exits.pair(other),
            exit_of: details.exit_of.map(|entry| entry.to_string()),
        }
    }
}

/// The prices of exits as they are shown.
struct ShownExits {
    take_profit: Option<Number>,
    stop_loss: Option<Number>,
    stop_limit: Option<Number>,
    stop_loss_limit: Option<Number>,
}

impl ShownExits {
    const fn has_any(&self) -> bool {
        self.take_profit.is_some() || self.stop_loss.is_some()
    }

    const fn bracket(&self) -> BracketView {
        let Self { take_profit, stop_loss, stop_limit, stop_loss_limit } = *self;
        BracketView { take_profit, stop_loss, stop_limit, stop_loss_limit }
    }

    fn pair(&self, stop: Option<String>) -> Option<PairView> {
        let (order_id, stop_loss) = stop.zip(self.stop_loss)?;
        let Self { stop_limit, stop_loss_limit, .. } = *self;
        Some(PairView { order_id, stop_loss, stop_limit, stop_loss_limit })
    }
}
