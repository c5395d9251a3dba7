//! [`Replacement`]: what a replace asks for.

use super::order::{OrderKind, OrderTerms, TimeInForce};
use super::reason::RejectReason;
use super::trailing::TrailingDistance;
use crate::units::{Price, Quantity};

/// What a replace asks for; what is absent stays as it is when the replace arrives.
///
/// ```
/// use bearpit_core::market::{OrderKind, Replacement, TrailingDistance};
/// use bearpit_core::units::Price;
///
/// let distance = TrailingDistance::Ticks(20);
/// let stop = OrderKind::TrailingStop { distance: TrailingDistance::Ticks(50), protection: None };
/// let closer = Replacement { distance: Some(distance), ..Replacement::default() };
/// assert_eq!(closer.kind(stop), Some(OrderKind::TrailingStop { distance, protection: None }));
/// assert_eq!(closer.kind(OrderKind::Limit(Price::new(1))), None, "a limit order has no distance");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Replacement {
    /// The new limit, or the new trigger of a stop that has no limit.
    pub price: Option<Price>,
    /// The new total quantity, filled part included.
    pub quantity: Option<Quantity>,
    /// The new trigger of a stop or stop-limit order.
    pub trigger: Option<Price>,
    /// The new distance of a trailing stop.
    pub distance: Option<TrailingDistance>,
    /// The new time in force.
    pub time_in_force: Option<TimeInForce>,
}

impl Replacement {
    /// Makes a replacement of price and total quantity.
    #[must_use]
    pub const fn at(price: Price, quantity: Quantity) -> Self {
        Self {
            price: Some(price),
            quantity: Some(quantity),
            trigger: None,
            distance: None,
            time_in_force: None,
        }
    }

    /// Returns price and quantity, if it gives both and nothing else, as most do.
    #[must_use]
    #[inline]
    pub const fn price_and_quantity(&self) -> Option<(Price, Quantity)> {
        match *self {
            Self {
                price: Some(price),
                quantity: Some(quantity),
                trigger: None,
                distance: None,
                time_in_force: None,
            } => Some((price, quantity)),
            _ => None,
        }
    }

    /// Returns the kind that an open order has afterwards; nothing if it asks for what that kind does not
    /// have, or if orders of the kind cannot be replaced.
    #[must_use]
    pub const fn kind(&self, kind: OrderKind) -> Option<OrderKind> {
        let Self { price, trigger, distance, .. } = *self;
        Some(match (kind, price, trigger, distance) {
            (OrderKind::Limit(limit), price, None, None) => OrderKind::Limit(or(price, limit)),
            (OrderKind::Stop { trigger, protection }, price, None, None)
            | (OrderKind::Stop { trigger, protection }, None, price, None) => {
                OrderKind::Stop { trigger: or(price, trigger), protection }
            }
            (OrderKind::StopLimit { trigger, limit }, price, new, None) => {
                OrderKind::StopLimit { trigger: or(new, trigger), limit: or(price, limit) }
            }
            (OrderKind::TrailingStop { distance, protection }, None, None, new) => {
                let distance = match new {
                    Some(new) => new,
                    None => distance,
                };
                OrderKind::TrailingStop { distance, protection }
            }
            _ => return None,
        })
    }

    /// Returns why it is invalid whatever the order, or nothing if it may be valid.
    pub(crate) fn reject_reason(&self) -> Option<RejectReason> {
        let is_legal = |price: Price| Price::new_checked(price.ticks()).is_some();
        if self.quantity.is_some_and(Quantity::is_zero) {
            Some(RejectReason::ZeroQuantity)
        } else if self.quantity.is_some_and(|quantity| quantity.lots() > Quantity::MAX_LOTS) {
            Some(RejectReason::QuantityOutOfRange)
        } else if ![self.price, self.trigger].into_iter().flatten().all(is_legal)
            || !self.distance.is_none_or(TrailingDistance::is_legal)
        {
            Some(RejectReason::PriceOutOfRange)
        } else {
            None
        }
    }

    /// Returns whether an open order of a kind may have the time in force that it asks for.
    pub(crate) fn fits_time(&self, kind: OrderKind, is_linked: bool) -> bool {
        self.time_in_force.is_none_or(|time| OrderTerms::may_stay(kind, is_linked, time))
    }
}

const fn or(new: Option<Price>, old: Price) -> Price {
    match new {
        Some(new) => new,
        None => old,
    }
}

/// What a replace has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReplacedTerms {
    pub(crate) before: (OrderKind, TimeInForce),
    pub(crate) after: (OrderKind, TimeInForce),
}

impl ReplacedTerms {
    /// Returns whether an order that does not grow keeps its place: no price has changed, and it rests or
    /// waits as before.
    pub(crate) fn keep_place(&self) -> bool {
        let ((kind, before), (_, after)) = (self.before, self.after);
        kind == self.after.0 && (before == after || kind.is_stop() || (before.rests() && after.rests()))
    }

    /// Returns the price, if nothing but that (the limit, or the trigger of a stop without) can have changed.
    pub(crate) fn only_price(&self) -> Option<Price> {
        let ((before, time), (after, new_time)) = (self.before, self.after);
        let price = match after {
            OrderKind::Stop { trigger, .. } => trigger,
            OrderKind::StopLimit { trigger, limit } if before.trigger() == Some(trigger) => limit,
            OrderKind::Limit(limit) => limit,
            _ => return None,
        };
        (time == new_time).then_some(price)
    }
}
