//! Sides, kinds and terms of orders.

use std::fmt;

use crate::units::{Price, Quantity};

/// Which way an order or fill goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Pays cash, receives the instrument.
    Buy,
    /// Delivers the instrument, receives cash.
    Sell,
}

impl Side {
    /// Both sides, buy first.
    pub const BOTH: [Self; 2] = [Self::Buy, Self::Sell];

    /// Returns the other side.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// Returns `buy` or `sell`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }

    /// Returns +1 for a buy and -1 for a sell.
    #[must_use]
    pub const fn sign(self) -> i64 {
        match self {
            Self::Buy => 1,
            Self::Sell => -1,
        }
    }

    /// Tells whether an order of this side with `limit` may trade at `price`.
    #[must_use]
    pub const fn accepts(self, limit: Price, price: Price) -> bool {
        match self {
            Self::Buy => price.ticks() <= limit.ticks(),
            Self::Sell => price.ticks() >= limit.ticks(),
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How long an order stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeInForce {
    /// Good till canceled: rests until filled, canceled, or the venue closes.
    Gtc,
    /// Immediate or cancel: what does not trade at once is canceled.
    Ioc,
    /// Fill or kill: trades whole at once, or not at all.
    Fok,
}

impl TimeInForce {
    /// Returns the usual abbreviation: `GTC`, `IOC` or `FOK`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gtc => "GTC",
            Self::Ioc => "IOC",
            Self::Fok => "FOK",
        }
    }
}

impl fmt::Display for TimeInForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// At what price an order is willing to trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderKind {
    /// At the limit or better.
    Limit(Price),
    /// At any price up to the protection, which the account gate sets where it must know the worst
    /// case to hold cash for it; a market order never rests.
    Market {
        /// The worst price accepted, if there is one.
        protection: Option<Price>,
    },
}

impl OrderKind {
    /// Returns the worst price at which the order may trade, if there is one.
    #[must_use]
    pub const fn worst_price(self) -> Option<Price> {
        match self {
            Self::Limit(price) => Some(price),
            Self::Market { protection } => protection,
        }
    }

    /// Returns the price of a limit order.
    #[must_use]
    pub const fn limit(self) -> Option<Price> {
        match self {
            Self::Limit(price) => Some(price),
            Self::Market { .. } => None,
        }
    }

    /// Returns `limit` or `market`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Limit(_) => "limit",
            Self::Market { .. } => "market",
        }
    }
}

/// The terms of an order: what its owner wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderTerms {
    /// Which way.
    pub side: Side,
    /// How much; above zero.
    pub quantity: Quantity,
    /// At what price.
    pub kind: OrderKind,
    /// For how long; a market order is never [`TimeInForce::Gtc`] in effect.
    pub time_in_force: TimeInForce,
}

impl OrderTerms {
    /// A limit order, good till canceled.
    #[must_use]
    pub const fn limit(side: Side, quantity: Quantity, price: Price) -> Self {
        Self { side, quantity, kind: OrderKind::Limit(price), time_in_force: TimeInForce::Gtc }
    }

    /// A market order: trades what it can at once, and the rest is canceled.
    #[must_use]
    pub const fn market(side: Side, quantity: Quantity) -> Self {
        Self { side, quantity, kind: OrderKind::Market { protection: None }, time_in_force: TimeInForce::Ioc }
    }

    /// The same terms with another time in force.
    #[must_use]
    pub const fn with(mut self, time_in_force: TimeInForce) -> Self {
        self.time_in_force = time_in_force;
        self
    }
}
