//! Kinds, conditions and terms of orders.

use std::fmt;

use super::exits::StopLoss;
use super::reason::RejectReason;
use super::side::Side;
use super::trailing::TrailingDistance;
use crate::units::{OrderId, Price, Quantity, SimTime};

/// How long an order stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum TimeInForce {
    /// Good till canceled: rests until filled or canceled, across sessions.
    Gtc,
    /// Rests until the session closes.
    Day,
    /// Immediate or cancel: trades at once (in an auction: when it uncrosses); the rest is canceled.
    Ioc,
    /// Fill or kill: trades in full at once, or not at all.
    Fok,
    /// Good till date: rests until this instant.
    Gtd(SimTime),
    /// Takes part in the opening auction only.
    AtOpen,
    /// Takes part in the closing auction only; dormant until then.
    AtClose,
}

impl TimeInForce {
    /// Returns the usual abbreviation, such as `GTC`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gtc => "GTC",
            Self::Day => "DAY",
            Self::Ioc => "IOC",
            Self::Fok => "FOK",
            Self::Gtd(_) => "GTD",
            Self::AtOpen => "at-open",
            Self::AtClose => "at-close",
        }
    }

    /// Returns whether an order may rest in continuous trading.
    #[must_use]
    pub const fn rests(self) -> bool {
        matches!(self, Self::Gtc | Self::Day | Self::Gtd(_))
    }
}

impl fmt::Display for TimeInForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The reference price of a pegged order; pegged orders themselves do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Peg {
    /// The mid, rounded to the tick away from the other side.
    Mid,
    /// The touch of its own side.
    Touch,
}

/// The kind of an order: at what price, and when, it trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum OrderKind {
    /// At the limit or better.
    Limit(Price),
    /// At any price up to the protection, which the account gate sets where it must hold cash for the worst
    /// case; a market order never rests in continuous trading.
    Market {
        /// The worst price accepted, if any.
        protection: Option<Price>,
    },
    /// At the best price of the other side; the rest becomes a limit order at that price.
    MarketToLimit {
        /// The worst price accepted, if any.
        protection: Option<Price>,
    },
    /// Becomes a market order once a trade reaches the trigger: at or above it for a buy, at or below
    /// it for a sale.
    Stop {
        /// The price of a trade that elects it.
        trigger: Price,
        /// The worst price accepted then, if any.
        protection: Option<Price>,
    },
    /// Becomes a limit order once a trade reaches the trigger.
    StopLimit {
        /// The price of a trade that elects it.
        trigger: Price,
        /// The limit from then on.
        limit: Price,
    },
    /// A stop whose trigger follows the best trade since its entry at a distance, and never moves back.
    TrailingStop {
        /// The distance of the trigger.
        distance: TrailingDistance,
        /// The worst price accepted once elected, if any.
        protection: Option<Price>,
    },
    /// A limit order whose price follows a reference; it never takes liquidity from orders that are not
    /// pegged.
    Pegged {
        /// Its reference.
        to: Peg,
        /// Its distance behind the reference in ticks; ahead of it if negative.
        offset: i32,
        /// The worst price accepted, if any.
        limit: Option<Price>,
    },
}

impl OrderKind {
    /// Returns the worst price at which the order may trade, if any.
    #[must_use]
    pub const fn worst_price(self) -> Option<Price> {
        match self {
            Self::Limit(price) | Self::StopLimit { limit: price, .. } => Some(price),
            Self::Market { protection }
            | Self::MarketToLimit { protection }
            | Self::Stop { protection, .. }
            | Self::TrailingStop { protection, .. }
            | Self::Pegged { limit: protection, .. } => protection,
        }
    }

    /// Returns whether it is a limit or market order: these have one price at most.
    #[inline]
    const fn is_limit_or_market(self) -> bool {
        matches!(self, Self::Limit(_) | Self::Market { .. })
    }

    /// Returns the price of a limit or stop-limit order.
    #[must_use]
    pub const fn limit(self) -> Option<Price> {
        match self {
            Self::Limit(price) | Self::StopLimit { limit: price, .. } => Some(price),
            _ => None,
        }
    }

    /// Returns the price that elects a stop or stop-limit order.
    #[must_use]
    pub const fn trigger(self) -> Option<Price> {
        match self {
            Self::Stop { trigger, .. } | Self::StopLimit { trigger, .. } => Some(trigger),
            _ => None,
        }
    }

    /// Returns the distance of a trailing stop.
    #[must_use]
    pub const fn trailing(self) -> Option<TrailingDistance> {
        match self {
            Self::TrailingStop { distance, .. } => Some(distance),
            _ => None,
        }
    }

    /// Returns the kind with the price of a replace: the limit, or a stop's trigger.
    #[must_use]
    pub const fn at(self, price: Price) -> Self {
        match self {
            Self::Stop { protection, .. } => Self::Stop { trigger: price, protection },
            Self::StopLimit { trigger, .. } => Self::StopLimit { trigger, limit: price },
            _ => Self::Limit(price),
        }
    }

    /// Returns the kind with a worst price, if it is a kind with an optional one.
    #[must_use]
    pub const fn protected_at(self, price: Price) -> Self {
        let protection = Some(price);
        match self {
            Self::Market { .. } => Self::Market { protection },
            Self::MarketToLimit { .. } => Self::MarketToLimit { protection },
            Self::Stop { trigger, .. } => Self::Stop { trigger, protection },
            Self::TrailingStop { distance, .. } => Self::TrailingStop { distance, protection },
            Self::Pegged { to, offset, .. } => Self::Pegged { to, offset, limit: protection },
            Self::Limit(_) | Self::StopLimit { .. } => self,
        }
    }

    /// Returns whether the order is dormant until a trade elects it.
    #[must_use]
    pub const fn is_stop(self) -> bool {
        matches!(self, Self::Stop { .. } | Self::StopLimit { .. } | Self::TrailingStop { .. })
    }

    /// Returns the kind's name, such as `stop_limit`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Limit(_) => "limit",
            Self::Market { .. } => "market",
            Self::MarketToLimit { .. } => "market_to_limit",
            Self::Stop { .. } => "stop",
            Self::StopLimit { .. } => "stop_limit",
            Self::TrailingStop { .. } => "trailing_stop",
            Self::Pegged { .. } => "pegged",
        }
    }
}

/// Whether an order may take liquidity at entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum PostOnly {
    /// It may take liquidity.
    #[default]
    No,
    /// It is rejected if it would take liquidity.
    Reject,
    /// If it would take liquidity, it rests one tick behind the other side's touch instead.
    Slide,
}

/// Self-trade prevention: what happens when an order matches another of its owner.
///
/// It holds in continuous trading. At the end of an auction own orders trade with each other, since there is
/// no aggressor, and an order that gave way would move the price for all others: so it is at CME Globex,
/// where it is not applied to the opening nor to the indicative price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SelfTrade {
    /// They trade.
    #[default]
    Allow,
    /// The rest of the aggressor is canceled.
    CancelNewest,
    /// The resting order is canceled.
    CancelOldest,
    /// Both are canceled.
    CancelBoth,
    /// Both lose the smaller of the two open quantities, without a trade.
    Decrement,
}

/// How an order is linked with others of its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Link {
    /// It is not linked.
    #[default]
    None,
    /// One-cancels-other: when one trades, the other is reduced by as much; when one ends, both end.
    ///
    /// The other must be open, unlinked, and of the same owner, side and open quantity.
    OneCancelsOther(OrderId),
    /// Bracket: with this order's first fill its exits for what it has traded enter the other side: a limit
    /// order to take profit, whose id is this order's plus one, and a stop to limit the loss, whose id is
    /// this order's plus two, linked as one-cancels-other; or only one of them, and the other id is never
    /// used. They are good till canceled whatever the time in force of this order, since a position outlives
    /// a session.
    ///
    /// Each further fill enlarges them, as a replace would: at the back of the queue. So while they are open,
    /// each is for what this order has traded, less what they have. Once the stop has been elected, or the
    /// exits are over for any other reason than a cancel by their owner, the rest of this order is canceled:
    /// it must not go on building a position. If the owner cancels the exits, this order goes on without any.
    /// An order and its exits never trade with each other: a replace that would let them is rejected, and of
    /// an order whose limit lies beyond `take_profit` the rest is canceled after the first fill.
    Bracket {
        /// The limit of the first, if it has that.
        take_profit: Option<Price>,
        /// The second, if it has that.
        stop_loss: Option<StopLoss>,
    },
    /// Pair: this limit order enters together with a stop of its side, quantity and time in force, whose id
    /// is this order's plus one, linked as one-cancels-other: both, or neither if this order is rejected.
    Pair(StopLoss),
    /// The only exit of a bracket, whose entry this names; none enters in any other way.
    ExitOf(OrderId),
}

/// The terms of an order.
///
/// ```
/// use bearpit_core::market::{OrderKind, OrderTerms, PostOnly, RejectReason, Side, TimeInForce};
/// use bearpit_core::units::{Price, Quantity};
///
/// let (quantity, price) = (Quantity::new(100), Price::new(10_002));
/// let limit = OrderTerms::limit(Side::Buy, quantity, price).with(TimeInForce::Day);
/// let iceberg = OrderTerms { display: Some(Quantity::new(10)), post_only: PostOnly::Reject, ..limit };
/// let stop = OrderTerms::new(Side::Sell, quantity, OrderKind::Stop { trigger: price, protection: None });
/// assert!([limit, iceberg, stop].iter().all(|terms| terms.reject_reason().is_none()));
///
/// let none = OrderTerms::market(Side::Buy, Quantity::ZERO);
/// assert_eq!(none.reject_reason(), Some(RejectReason::ZeroQuantity));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OrderTerms {
    /// The side.
    pub side: Side,
    /// The quantity; above zero.
    pub quantity: Quantity,
    /// The kind.
    pub kind: OrderKind,
    /// The time in force; a market order never rests in continuous trading, whatever this is.
    pub time_in_force: TimeInForce,
    /// The quantity displayed at a time, if not all (an iceberg), at least one part in
    /// [`PARTS_MAX`](Self::PARTS_MAX); whenever that much has traded, the next part is displayed at the back
    /// of the queue.
    pub display: Option<Quantity>,
    /// The minimum quantity that must trade at entry, or the order is rejected.
    pub minimum: Option<Quantity>,
    /// Whether it may take liquidity at entry.
    pub post_only: PostOnly,
    /// Self-trade prevention: what happens when it matches an order of its own owner.
    pub self_trade: SelfTrade,
    /// Whether it may only bring its owner's position nearer to zero; the account gate enforces it.
    pub reduce_only: bool,
    /// How it is linked with other orders.
    pub link: Link,
}

impl OrderTerms {
    /// The largest number of parts of an iceberg: without a bound, one order that takes all of it could keep
    /// a venue busy for hours.
    pub const PARTS_MAX: u64 = 10_000;

    /// Makes the terms of an order without conditions, good till canceled.
    #[must_use]
    pub const fn new(side: Side, quantity: Quantity, kind: OrderKind) -> Self {
        Self {
            side,
            quantity,
            kind,
            time_in_force: TimeInForce::Gtc,
            display: None,
            minimum: None,
            post_only: PostOnly::No,
            self_trade: SelfTrade::Allow,
            reduce_only: false,
            link: Link::None,
        }
    }

    /// Makes the terms of a limit order, good till canceled.
    #[must_use]
    pub const fn limit(side: Side, quantity: Quantity, price: Price) -> Self {
        Self::new(side, quantity, OrderKind::Limit(price))
    }

    /// Makes the terms of a market order: trades what it can at once, and the rest is canceled.
    #[must_use]
    pub const fn market(side: Side, quantity: Quantity) -> Self {
        Self::new(side, quantity, OrderKind::Market { protection: None }).with(TimeInForce::Ioc)
    }

    /// Returns the same terms with another time in force.
    #[must_use]
    pub const fn with(mut self, time_in_force: TimeInForce) -> Self {
        self.time_in_force = time_in_force;
        self
    }

    /// Returns whether the terms have no conditions: nothing hidden, no minimum, no link, self-trades
    /// allowed.
    #[must_use]
    #[inline]
    pub const fn is_plain(&self) -> bool {
        self.display.is_none()
            && self.minimum.is_none()
            && matches!(self.post_only, PostOnly::No)
            && matches!(self.self_trade, SelfTrade::Allow)
            && matches!(self.link, Link::None)
    }

    /// Returns why the terms are invalid whatever the state of the book, or `None` if they are valid.
    #[must_use]
    pub fn reject_reason(&self) -> Option<RejectReason> {
        if self.quantity.is_zero() {
            return Some(RejectReason::ZeroQuantity);
        }
        if self.quantity.lots() > Quantity::MAX_LOTS {
            return Some(RejectReason::QuantityOutOfRange);
        }
        if !self.prices_are_legal() {
            return Some(RejectReason::PriceOutOfRange);
        }
        if self.is_plain() && self.kind.is_limit_or_market() {
            // Nothing is left that could disagree.
            return None;
        }
        let within = |part: Quantity| !part.is_zero() && part <= self.quantity;
        if !(self.display.is_none_or(within) && self.shows_enough(self.quantity)) {
            return Some(RejectReason::DisplayOutOfRange);
        }
        if !self.minimum.is_none_or(within) {
            return Some(RejectReason::MinimumOutOfRange);
        }
        if !self.agree() {
            return Some(RejectReason::ContradictoryTerms);
        }
        (!self.exits_agree()).then_some(RejectReason::ExitsCross)
    }

    /// Returns whether an iceberg of `quantity` would have at most [`PARTS_MAX`](Self::PARTS_MAX) parts.
    #[must_use]
    pub fn shows_enough(&self, quantity: Quantity) -> bool {
        self.display.is_none_or(|part| quantity.lots().div_ceil(part.lots().max(1)) <= Self::PARTS_MAX)
    }

    /// Returns the prices at which the order, or one that it enters, would rest as a limit order.
    pub(crate) fn own_limits(&self) -> impl Iterator<Item = Price> {
        let stop_limit = self.link.stop_loss().and_then(StopLoss::limit);
        [self.kind.limit(), self.link.take_profit(), stop_limit].into_iter().flatten()
    }

    /// Returns all prices in the terms.
    #[must_use]
    pub const fn prices(&self) -> [Option<Price>; 5] {
        let [loss, worst] = match self.link.stop_loss() {
            Some(stop) => [Some(stop.trigger()), stop.worst_price()],
            None => [None; 2],
        };
        [self.kind.worst_price(), self.kind.trigger(), self.link.take_profit(), loss, worst]
    }

    /// Returns whether a condition holds for all prices in the terms.
    #[inline]
    pub(crate) fn all_prices(&self, holds: impl Fn(Price) -> bool) -> bool {
        if matches!(self.link, Link::None) && self.kind.is_limit_or_market() {
            return self.kind.worst_price().is_none_or(holds);
        }
        self.prices().into_iter().flatten().all(holds)
    }

    fn prices_are_legal(&self) -> bool {
        let distance = match self.kind {
            OrderKind::TrailingStop { distance, .. } => distance.is_legal(),
            _ => true,
        };
        let legal = |price: Price| Price::new_checked(price.ticks()).is_some();
        distance && self.all_prices(legal)
    }

    /// Returns whether kind, time in force and conditions are compatible.
    fn agree(&self) -> bool {
        let (kind, time) = (self.kind, self.time_in_force);
        let is_limit = matches!(kind, OrderKind::Limit(_));
        let is_plain = is_limit || matches!(kind, OrderKind::Market { .. } | OrderKind::MarketToLimit { .. });
        let at_auction = matches!(time, TimeInForce::AtOpen | TimeInForce::AtClose);
        let kind_agrees = match kind {
            OrderKind::Pegged { .. } => time.rests(),
            _ => is_plain || !at_auction,
        };
        let display_agrees = self.display.is_none()
            || (time.rests() && (is_limit || matches!(kind, OrderKind::StopLimit { .. })));
        let minimum_agrees = self.minimum.is_none()
            || (is_plain && !at_auction && time != TimeInForce::Fok && self.post_only == PostOnly::No);
        let post_only_agrees = self.post_only == PostOnly::No || (is_limit && time.rests());
        let link_agrees = match self.link {
            Link::None => true,
            Link::OneCancelsOther(_) => time.rests() && (is_limit || kind.is_stop()),
            Link::Bracket { take_profit, stop_loss } => {
                let has_exit = take_profit.is_some() || stop_loss.is_some();
                has_exit && !matches!(kind, OrderKind::Pegged { .. })
            }
            Link::Pair(_) => time.rests() && is_limit,
            Link::ExitOf(_) => false,
        };
        kind_agrees && display_agrees && minimum_agrees && post_only_agrees && link_agrees
    }

    /// Returns whether, of a limit to take profit and a stop that are entered together, the limit is the one
    /// that gains.
    fn exits_agree(&self) -> bool {
        let (exit_side, profit) = match self.link {
            Link::Bracket { take_profit, .. } => (self.side.opposite(), take_profit),
            Link::Pair(_) => (self.side, self.kind.limit()),
            Link::None | Link::OneCancelsOther(_) | Link::ExitOf(_) => return true,
        };
        let loss = self.link.stop_loss().map(StopLoss::trigger);
        profit.zip(loss).is_none_or(|(profit, loss)| exit_side.sign() * (loss.ticks() - profit.ticks()) > 0)
    }

    /// Returns whether an open order may have another time in force; `is_linked` says whether it is linked
    /// with another, or is an exit.
    pub(crate) const fn may_stay(kind: OrderKind, is_linked: bool, time: TimeInForce) -> bool {
        let at_auction = matches!(time, TimeInForce::AtOpen | TimeInForce::AtClose);
        time.rests() || (kind.is_stop() && !is_linked && !at_auction)
    }
}
