//! The orders that leave a position: a limit to take profit and a stop to limit the loss, which others enter.

use super::order::{Link, OrderKind, OrderTerms};
use crate::units::{OrderId, Price, Quantity};

/// A stop that limits a loss: an exit of a bracket, or the second order of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum StopLoss {
    /// It becomes a market order once a trade reaches its trigger.
    Market {
        /// The price of a trade that elects it.
        trigger: Price,
        /// The worst price accepted then, if any.
        protection: Option<Price>,
    },
    /// It becomes a limit order then.
    Limit {
        /// The price of a trade that elects it.
        trigger: Price,
        /// The limit from then on.
        limit: Price,
    },
}

impl StopLoss {
    /// Makes a stop that accepts any price once it is elected.
    #[must_use]
    pub const fn at(trigger: Price) -> Self {
        Self::Market { trigger, protection: None }
    }

    /// Returns the price of a trade that elects it.
    #[must_use]
    pub const fn trigger(self) -> Price {
        match self {
            Self::Market { trigger, .. } | Self::Limit { trigger, .. } => trigger,
        }
    }

    /// Returns the worst price at which it may trade, if any.
    #[must_use]
    pub const fn worst_price(self) -> Option<Price> {
        match self {
            Self::Market { protection, .. } => protection,
            Self::Limit { limit, .. } => Some(limit),
        }
    }

    /// Returns its limit, if it has one.
    #[must_use]
    pub const fn limit(self) -> Option<Price> {
        match self {
            Self::Market { .. } => None,
            Self::Limit { limit, .. } => Some(limit),
        }
    }

    /// Returns its kind as an order.
    #[must_use]
    pub const fn kind(self) -> OrderKind {
        match self {
            Self::Market { trigger, protection } => OrderKind::Stop { trigger, protection },
            Self::Limit { trigger, limit } => OrderKind::StopLimit { trigger, limit },
        }
    }

    /// Returns the stop with each of its prices changed.
    #[must_use]
    pub fn map(self, price: impl Fn(Price) -> Price) -> Self {
        match self {
            Self::Market { trigger, protection } => {
                Self::Market { trigger: price(trigger), protection: protection.map(price) }
            }
            Self::Limit { trigger, limit } => Self::Limit { trigger: price(trigger), limit: price(limit) },
        }
    }
}

/// An order that another enters: a bracket's exit, or the stop of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BracketExit {
    /// Its id.
    pub id: OrderId,
    /// The exit that it is linked with; absent for the only exit of a bracket.
    pub partner: Option<OrderId>,
    /// Its terms.
    pub terms: OrderTerms,
}

impl BracketExit {
    /// Returns the ids that belong to the exits of a bracket's entry, whether it has both or one of them: of
    /// the limit order and of the stop.
    #[must_use]
    pub fn ids(entry: OrderId) -> [OrderId; 2] {
        [1, 2].map(|step| OrderId::new(entry.get().saturating_add(step)))
    }
}

/// The ids of the orders that another enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ExitIds {
    /// The limit order to take profit, if a bracket has one.
    pub take_profit: Option<OrderId>,
    /// The stop to limit the loss, if a bracket or pair has one.
    pub stop_loss: Option<OrderId>,
}

impl ExitIds {
    /// Returns those that there are.
    pub fn iter(self) -> impl Iterator<Item = OrderId> {
        [self.take_profit, self.stop_loss].into_iter().flatten()
    }
}

impl Link {
    /// Returns how many ids an order with such a link takes, its own included.
    #[must_use]
    pub const fn ids(&self) -> u64 {
        match self {
            Self::Bracket { .. } => 3,
            Self::Pair(_) => 2,
            Self::None | Self::OneCancelsOther(_) | Self::ExitOf(_) => 1,
        }
    }

    /// Returns the stop that the order enters, if it is a bracket's entry or the first of a pair.
    #[must_use]
    pub const fn stop_loss(&self) -> Option<StopLoss> {
        match *self {
            Self::Bracket { stop_loss, .. } => stop_loss,
            Self::Pair(stop) => Some(stop),
            Self::None | Self::OneCancelsOther(_) | Self::ExitOf(_) => None,
        }
    }

    /// Returns the limit at which the order's exit takes profit, if it is a bracket's entry that has one.
    #[must_use]
    pub const fn take_profit(&self) -> Option<Price> {
        match *self {
            Self::Bracket { take_profit, .. } => take_profit,
            _ => None,
        }
    }
}

impl OrderTerms {
    /// Returns the exits that an order enters whose id is `entry`, for `quantity` of it: to take profit, and
    /// to limit the loss; neither if it is no bracket's entry.
    #[must_use]
    pub fn exits(&self, entry: OrderId, quantity: Quantity) -> [Option<BracketExit>; 2] {
        let Link::Bracket { take_profit, stop_loss } = self.link else { return [None; 2] };
        let ids = BracketExit::ids(entry);
        let is_pair = take_profit.is_some() && stop_loss.is_some();
        let exit = |id: OrderId, other: OrderId, kind| {
            let partner = is_pair.then_some(other);
            let link = partner.map_or(Link::ExitOf(entry), Link::OneCancelsOther);
            let terms = Self::new(self.side.opposite(), quantity, kind);
            BracketExit { id, partner, terms: Self { self_trade: self.self_trade, link, ..terms } }
        };
        [
            take_profit.map(|limit| exit(ids[0], ids[1], OrderKind::Limit(limit))),
            stop_loss.map(|stop| exit(ids[1], ids[0], stop.kind())),
        ]
    }

    /// Returns the stop that enters together with an order whose id is `first`, if that is the first of a
    /// pair.
    #[must_use]
    pub fn paired_stop(&self, first: OrderId) -> Option<BracketExit> {
        let Link::Pair(stop) = self.link else { return None };
        let terms = Self::new(self.side, self.quantity, stop.kind()).with(self.time_in_force);
        let link = Link::OneCancelsOther(first);
        let terms = Self { self_trade: self.self_trade, reduce_only: self.reduce_only, link, ..terms };
        let id = OrderId::new(first.get().saturating_add(1));
        Some(BracketExit { id, partner: Some(first), terms })
    }

    /// Returns the ids of the orders that an order enters whose id is `order`.
    #[must_use]
    pub fn exit_ids(&self, order: OrderId) -> ExitIds {
        let [take_profit, stop_loss] = self.exits(order, Quantity::ZERO);
        let stop_loss = stop_loss.or_else(|| self.paired_stop(order));
        ExitIds { take_profit: take_profit.map(|exit| exit.id), stop_loss: stop_loss.map(|exit| exit.id) }
    }
}
