//! Why a venue rejected, canceled, reduced or expired an order; each reason has a readable sentence.

use thiserror::Error;

use crate::units::Money;

/// Why a venue rejected a command; nothing changed in the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum RejectReason {
    /// The id is already in use.
    #[error("an order of that id exists already")]
    DuplicateOrder,
    /// The order is not in the book: filled, canceled, or never entered.
    #[error("no such order is in the book: it has been filled or canceled")]
    UnknownOrder,
    /// The order belongs to another.
    #[error("the order belongs to another account")]
    NotOwner,
    /// The quantity is zero.
    #[error("the quantity is zero")]
    ZeroQuantity,
    /// The quantity is above [`MAX_LOTS`](crate::units::Quantity::MAX_LOTS).
    #[error("the quantity is above 2^40 lots")]
    QuantityOutOfRange,
    /// A price or distance is beyond ±2^40 ticks, or a distance is not above zero or not below 100%.
    #[error("a price is beyond 2^40 ticks, or a trailing distance is not above zero or not below 100%")]
    PriceOutOfRange,
    /// The displayed quantity is zero, more than the whole order, or less than a ten-thousandth of it.
    #[error(
        "the displayed quantity must be at least one lot and a ten-thousandth of the order, and at most the whole order"
    )]
    DisplayOutOfRange,
    /// The minimum is zero or more than the whole.
    #[error("the minimum quantity must be at least one lot and at most the whole order")]
    MinimumOutOfRange,
    /// Kind, time in force, conditions and links are not compatible.
    #[error("kind, time in force, conditions and links of the order are not compatible")]
    ContradictoryTerms,
    /// Of two exits that are entered together, the limit is not where the gain is.
    #[error("the limit to take profit and the stop are on the wrong sides of each other")]
    ExitsCross,
    /// Fill or kill: the book could not fill it in full.
    #[error("the book cannot fill the whole quantity at once")]
    FokUnfillable,
    /// The book could not fill the minimum.
    #[error("the book cannot fill the minimum quantity at once")]
    MinimumUnavailable,
    /// A market order found no liquidity on the other side.
    #[error("there is no liquidity to trade with")]
    NoLiquidity,
    /// A post-only order would have taken liquidity.
    #[error("a post-only order would take liquidity at that price")]
    PostOnlyWouldTake,
    /// The good-till date has passed.
    #[error("the date of the order has passed")]
    ExpiryPassed,
    /// The limit lies beyond the price limits of the session.
    #[error("the price lies beyond the session's price limits")]
    BeyondPriceLimits,
    /// The link names an order that cannot be linked.
    #[error("the linked order must be open, unlinked, and of the same owner, side and open quantity")]
    LinkUnfit,
    /// The order cannot be replaced, or not in this way.
    #[error(
        "only limit orders and stops that wait can be replaced, in what their kind has, and linked orders keep their open quantity: cancel the order and enter a new one"
    )]
    NotReplaceable,
    /// At that price a bracket's entry and its own exit would trade with each other.
    #[error("at that price the entry of a bracket and its own exit would trade with each other")]
    CrossesOwnBracket,
    /// The phase does not accept such a command.
    #[error("the venue does not accept such a command in this phase")]
    PhaseForbids,
    /// The venue does not list it.
    #[error("the venue does not list that instrument")]
    UnknownListing,
    /// The venue has closed.
    #[error("the venue has closed")]
    VenueClosed,
    /// The market stopped before the command arrived.
    #[error("the market stopped before it arrived")]
    MarketStopped,
    /// The file that is replayed there has no further row.
    #[error("the replayed file has no further row to trade in")]
    NoMoreData,
    /// A pegged order came to a replay.
    #[error("a pegged order follows the quotes of a book, and a replay has no book")]
    NoQuotes,
    /// The owner's equity was gone when the order arrived.
    #[error("its owner is ruined, and the order would not only have reduced a position")]
    Ruined,
    /// The owner was being liquidated by a margin call when the order arrived.
    #[error("its owner's positions are being closed after a margin call")]
    MarginCall,
}

impl RejectReason {
    /// Returns the reason's short name, as recorded.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DuplicateOrder => "duplicate_order",
            Self::UnknownOrder => "unknown_order",
            Self::NotOwner => "not_owner",
            Self::ZeroQuantity => "zero_quantity",
            Self::QuantityOutOfRange => "quantity_out_of_range",
            Self::PriceOutOfRange => "price_out_of_range",
            Self::DisplayOutOfRange => "display_out_of_range",
            Self::MinimumOutOfRange => "minimum_out_of_range",
            Self::ContradictoryTerms => "contradictory_terms",
            Self::ExitsCross => "exits_cross",
            Self::FokUnfillable => "fok_unfillable",
            Self::MinimumUnavailable => "minimum_unavailable",
            Self::NoLiquidity => "no_liquidity",
            Self::PostOnlyWouldTake => "post_only_would_take",
            Self::ExpiryPassed => "expiry_passed",
            Self::BeyondPriceLimits => "beyond_price_limits",
            Self::LinkUnfit => "link_unfit",
            Self::NotReplaceable => "not_replaceable",
            Self::CrossesOwnBracket => "crosses_own_bracket",
            Self::PhaseForbids => "phase_forbids",
            Self::UnknownListing => "unknown_listing",
            Self::VenueClosed => "venue_closed",
            Self::MarketStopped => "market_stopped",
            Self::NoMoreData => "no_more_data",
            Self::NoQuotes => "no_quotes",
            Self::Ruined => "ruined",
            Self::MarginCall => "margin_call",
        }
    }
}

/// Why an order, or the rest of it, left the book without trading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Error)]
pub enum CancelReason {
    /// Its owner canceled it.
    #[error("canceled by its owner")]
    Requested,
    /// Its owner canceled all orders.
    #[error("canceled with all of its owner's orders")]
    MassCancel,
    /// Its owner's connection ended.
    #[error("its owner disconnected")]
    Disconnected,
    /// Immediate or cancel: this was the rest.
    #[error("immediate or cancel: the rest found no match")]
    IocRemainder,
    /// An elected fill-or-kill stop: the book could not fill it in full.
    #[error("fill or kill: the book could not fill it in full when it was elected")]
    FokUnfillable,
    /// A replace set the total at or below what was filled.
    #[error("replaced to no more than its filled quantity")]
    ReplacedToFilled,
    /// It would have traded with an order of its own owner.
    #[error("it met an order of its own owner")]
    SelfTrade,
    /// The order it is linked with traded or ended.
    #[error("the order it is linked with traded or ended")]
    Linked,
    /// A volatility halt stopped it.
    #[error("a volatility halt stopped it before it was filled")]
    Halted,
    /// The replayed bar had no more volume for it.
    #[error("the bar had no more volume for it")]
    VolumeExhausted,
    /// A split left nothing of it: less than a lot.
    #[error("a split left less than a lot of it")]
    Split,
    /// The account could not pay for it at the price at which it would have filled.
    #[error("the account could not pay for it: {needed} was needed, {free} was free")]
    InsufficientCash {
        /// What all that was left of the order would have cost, fees included.
        needed: Money,
        /// The cash that no other order held.
        free: Money,
    },
    /// Its owner's equity was gone.
    #[error("its owner was ruined")]
    Ruined,
    /// Its owner's equity fell below the maintenance margin.
    #[error("its owner's equity fell below the maintenance margin")]
    MarginCall,
    /// The margin account did not cover it at the price at which it would have filled.
    #[error("the account's margin did not cover it: {needed} was needed, {free} was free")]
    InsufficientMargin {
        /// What all that was left of the order would have taken of margin, with its fees.
        needed: Money,
        /// What equity left beyond the margin of positions and other orders.
        free: Money,
    },
}

impl CancelReason {
    /// Returns whether the order's owner asked for the cancel, by itself or with all others.
    #[must_use]
    pub const fn is_by_owner(self) -> bool {
        matches!(self, Self::Requested | Self::MassCancel | Self::Disconnected)
    }

    /// Returns the reason's short name, as recorded.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::MassCancel => "mass_cancel",
            Self::Disconnected => "disconnected",
            Self::IocRemainder => "ioc_remainder",
            Self::FokUnfillable => "fok_unfillable",
            Self::ReplacedToFilled => "replaced_to_filled",
            Self::SelfTrade => "self_trade",
            Self::Linked => "linked",
            Self::Halted => "halted",
            Self::VolumeExhausted => "volume_exhausted",
            Self::Split => "split",
            Self::InsufficientCash { .. } => "insufficient_cash",
            Self::Ruined => "ruined",
            Self::MarginCall => "margin_call",
            Self::InsufficientMargin { .. } => "insufficient_margin",
        }
    }
}

/// What expired an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Error)]
pub enum ExpiryReason {
    /// A DAY order's session closed.
    #[error("the session closed")]
    SessionClosed,
    /// A GTD order reached its date.
    #[error("its date was reached")]
    DateReached,
    /// An order for one auction was not filled in it.
    #[error("its auction is over")]
    AuctionOver,
    /// The venue closed for good.
    #[error("the venue closed for good")]
    VenueClosed,
}

impl ExpiryReason {
    /// Returns the reason's short name, as recorded.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SessionClosed => "session_closed",
            Self::DateReached => "date_reached",
            Self::AuctionOver => "auction_over",
            Self::VenueClosed => "venue_closed",
        }
    }
}

/// Why an order became smaller without trading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Error)]
pub enum ReduceReason {
    /// The order it is linked with traded as much.
    #[error("the order it is linked with traded as much")]
    Linked,
    /// It would have traded with an order of its own owner.
    #[error("it met an order of its own owner")]
    SelfTrade,
}

impl ReduceReason {
    /// Returns the reason's short name, as recorded.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linked => "linked",
            Self::SelfTrade => "self_trade",
        }
    }
}
