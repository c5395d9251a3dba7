//! [`Fact`]: what happened. The tape is made of these.

use std::sync::Arc;

use super::annotations::{Finite, Row};
use super::bar::Bar;
use super::funding::Funding;
use super::order::OrderTerms;
use super::phase::Phase;
use super::quote::Quote;
use super::reason::{CancelReason, ExpiryReason, ReduceReason, RejectReason};
use super::refusal::Refusal;
use super::report::Liquidity;
use super::side::Side;
use crate::units::{
    ActorId, InstrumentId, ListingId, Money, NetQuantity, OrderId, Price, Quantity, SimTime, TradeId,
};

/// Something that happened, in the past tense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// An account gate let an order not leave.
    OrderRefused {
        /// Who asked.
        owner: ActorId,
        /// Where it should have gone.
        listing: ListingId,
        /// What was asked.
        terms: OrderTerms,
        /// Why not.
        reason: Refusal,
    },
    /// A venue took an order.
    OrderAccepted {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// The book.
        listing: ListingId,
        /// Its terms.
        terms: OrderTerms,
        /// When it left its owner; absent of an exit, which the venue enters itself.
        sent_at: Option<SimTime>,
    },
    /// A venue did not take an order.
    OrderRejected {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// The book.
        listing: ListingId,
        /// Its terms.
        terms: OrderTerms,
        /// When it left its owner.
        sent_at: SimTime,
        /// Why not.
        reason: RejectReason,
    },
    /// A cancel or replace was not carried out.
    CommandRejected {
        /// The order it named.
        order: OrderId,
        /// Who asked.
        owner: ActorId,
        /// The book.
        listing: ListingId,
        /// Why not.
        reason: RejectReason,
    },
    /// An order got new terms.
    OrderReplaced {
        /// The order.
        order: OrderId,
        /// The book.
        listing: ListingId,
        /// Its limit from now on.
        price: Price,
        /// What is open from now on.
        leaves: Quantity,
        /// Whether it kept its place in the queue.
        kept_priority: bool,
    },
    /// An order got another limit by its own terms.
    OrderRepriced {
        /// The order.
        order: OrderId,
        /// The book.
        listing: ListingId,
        /// Its limit from now on; absent while a pegged order waits.
        price: Option<Price>,
    },
    /// An order became smaller without trading.
    OrderReduced {
        /// The order.
        order: OrderId,
        /// The book.
        listing: ListingId,
        /// What is open from now on.
        leaves: Quantity,
        /// Why.
        reason: ReduceReason,
    },
    /// A trade elected a stop.
    OrderTriggered {
        /// The order.
        order: OrderId,
        /// The book.
        listing: ListingId,
        /// The trigger that was reached.
        trigger: Price,
    },
    /// The next part of an iceberg came into sight.
    OrderRefreshed {
        /// The order.
        order: OrderId,
        /// The book.
        listing: ListingId,
        /// How much is seen of it.
        displayed: Quantity,
    },
    /// What was open of an order left the book.
    OrderCanceled {
        /// The order.
        order: OrderId,
        /// The book.
        listing: ListingId,
        /// How much.
        quantity: Quantity,
        /// Why.
        reason: CancelReason,
    },
    /// What was open of an order left the book by the clock.
    OrderExpired {
        /// The order.
        order: OrderId,
        /// The book.
        listing: ListingId,
        /// How much.
        quantity: Quantity,
        /// Which clock.
        reason: ExpiryReason,
    },
    /// Two orders traded.
    Traded(Trade),
    /// A book is in another phase.
    PhaseChanged {
        /// The book.
        listing: ListingId,
        /// The phase from now on.
        phase: Phase,
    },
    /// What an auction would do if it ended now is another.
    IndicativeChanged {
        /// The book.
        listing: ListingId,
        /// The price and volume, if anything would trade.
        indicative: Option<(Price, Quantity)>,
    },
    /// An auction found its price; its trades follow.
    AuctionUncrossed {
        /// The book.
        listing: ListingId,
        /// The price of all its trades.
        price: Price,
        /// How much trades.
        volume: Quantity,
    },
    /// The best bid or ask, or the size there, is another; while a book collects, there is none.
    TouchChanged {
        /// The book.
        listing: ListingId,
        /// The touch from now on.
        quote: Quote,
    },
    /// An interval with trades in it ended.
    BarClosed {
        /// The book.
        listing: ListingId,
        /// The interval's trades, summed up.
        bar: Bar,
    },
    /// Time has cost an account something, or brought it something.
    AccountFinanced {
        /// Whose account.
        owner: ActorId,
        /// Interest on its cash: received if positive, paid if negative.
        interest: Money,
        /// What its borrowed shares cost.
        borrow: Money,
    },
    /// A participant joined the running market, with an account of its own.
    AccountOpened(AccountOpening),
    /// Cash or shares were brought into an account from outside, or taken out.
    AccountFunded {
        /// Whose account.
        owner: ActorId,
        /// What was moved, and what it stands for outside.
        funding: Funding,
    },
    /// An account was marked to market.
    AccountMarked(AccountMark),
    /// A strategy wrote a line into its log.
    Logged {
        /// Who.
        actor: ActorId,
        /// What.
        text: Arc<str>,
    },
    /// A strategy gave the next number of a series.
    Plotted {
        /// Who.
        actor: ActorId,
        /// The name of the series.
        series: Arc<str>,
        /// The number; absent where the strategy had none.
        value: Option<Finite>,
    },
    /// A strategy gave the next row of a table.
    Recorded {
        /// Who.
        actor: ActorId,
        /// The name of the table.
        table: Arc<str>,
        /// The row.
        row: Row,
    },
    /// A strategy failed and was stopped.
    StrategyFailed {
        /// Who.
        actor: ActorId,
        /// The error with its place, callback and virtual time.
        text: Arc<str>,
    },
}

impl Fact {
    /// Returns the listing in whose book it happened, if it did in one.
    #[must_use]
    pub const fn listing(&self) -> Option<ListingId> {
        match *self {
            Self::OrderRefused { listing, .. }
            | Self::OrderAccepted { listing, .. }
            | Self::OrderRejected { listing, .. }
            | Self::CommandRejected { listing, .. }
            | Self::OrderReplaced { listing, .. }
            | Self::OrderRepriced { listing, .. }
            | Self::OrderReduced { listing, .. }
            | Self::OrderTriggered { listing, .. }
            | Self::OrderRefreshed { listing, .. }
            | Self::OrderCanceled { listing, .. }
            | Self::OrderExpired { listing, .. }
            | Self::Traded(Trade { listing, .. })
            | Self::PhaseChanged { listing, .. }
            | Self::IndicativeChanged { listing, .. }
            | Self::AuctionUncrossed { listing, .. }
            | Self::TouchChanged { listing, .. }
            | Self::BarClosed { listing, .. } => Some(listing),
            Self::AccountFinanced { .. }
            | Self::AccountOpened(_)
            | Self::AccountFunded { .. }
            | Self::AccountMarked(_)
            | Self::Logged { .. }
            | Self::Plotted { .. }
            | Self::Recorded { .. }
            | Self::StrategyFailed { .. } => None,
        }
    }
}

/// A trade: two fills, one price.
///
/// In an auction nobody aggresses: the maker is who came first, the taker who came later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trade {
    /// The trade.
    pub id: TradeId,
    /// The book.
    pub listing: ListingId,
    /// The maker's price.
    pub price: Price,
    /// How much.
    pub quantity: Quantity,
    /// The taker's side.
    pub aggressor: Side,
    /// The phase in which it took place.
    pub phase: Phase,
    /// The resting order.
    pub maker_order: OrderId,
    /// Its owner.
    pub maker: ActorId,
    /// What the maker paid; a rebate is negative.
    pub maker_fee: Money,
    /// What was displayed before the maker at its price when it joined the queue.
    pub maker_queue_ahead: Quantity,
    /// The aggressing order.
    pub taker_order: OrderId,
    /// Its owner.
    pub taker: ActorId,
    /// What the taker paid; a rebate is negative.
    pub taker_fee: Money,
}

impl Trade {
    /// Returns the roles of maker and taker.
    #[must_use]
    pub fn roles(&self) -> [Liquidity; 2] {
        if self.phase == Phase::Continuous {
            [Liquidity::Maker, Liquidity::Taker]
        } else {
            [Liquidity::Auction; 2]
        }
    }
}

/// An account opened while the market ran; those of the start are in no fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountOpening {
    /// The participant.
    pub owner: ActorId,
    /// Its name.
    pub name: Arc<str>,
    /// Its kind.
    pub kind: Arc<str>,
    /// The cash it brought along.
    pub cash: Money,
    /// The shares it brought along.
    pub holdings: Arc<[(InstrumentId, Quantity)]>,
}

/// One account's holding of one instrument, marked to market, as its gate knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountMark {
    /// The account.
    pub owner: ActorId,
    /// The instrument.
    pub instrument: InstrumentId,
    /// The holding.
    pub position: NetQuantity,
    /// The price it is marked at: the mid in half ticks, or twice the last trade; absent before both.
    pub mark_half_ticks: Option<i64>,
    /// What the open holding cost: average entry price times holding, signed like the holding.
    pub cost: Money,
    /// Realized P&L in the instrument since the start, before fees.
    pub realized: Money,
    /// Unrealized P&L in the instrument.
    pub unrealized: Money,
    /// Fees paid less rebates, over all instruments.
    pub fees: Money,
    /// The account's cash, held part included.
    pub cash: Money,
    /// Cash plus all holdings at their marks.
    pub equity: Money,
}
