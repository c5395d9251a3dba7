//! [`Fact`]: one thing that happened in a market; the tape is a sequence of facts.

use std::sync::Arc;

use super::action::{CorporateAction, SplitRatio};
use super::annotations::{Finite, Row};
use super::bar::Bar;
use super::clearing::{Clearing, PaymentReason};
use super::funding::{Funding, Reference};
use super::order::{OrderKind, OrderTerms, TimeInForce};
use super::phase::Phase;
use super::private_auction::AuctionEvent;
use super::quote::Quote;
use super::reason::{CancelReason, ExpiryReason, ReduceReason, RejectReason};
use super::refusal::Refusal;
use super::report::Liquidity;
use super::side::Side;
use super::value_quote::ValueQuote;
use crate::units::{
    ActorId, InstrumentId, ListingId, Money, NetQuantity, OrderId, Price, Quantity, SimTime, TradeId,
};

/// Something that happened, in the past tense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// The account gate refused an order; it was never sent.
    OrderRefused {
        /// The sender of the request.
        owner: ActorId,
        /// The listing it was for.
        listing: ListingId,
        /// The request.
        terms: OrderTerms,
        /// The reason.
        reason: Refusal,
    },
    /// A venue accepted an order.
    OrderAccepted {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// The listing.
        listing: ListingId,
        /// Its terms.
        terms: OrderTerms,
        /// When its owner sent it; absent for what the venue enters itself: a bracket's exit, and an order
        /// that was carried over from the market's last day, whose quantity is what was open of it.
        sent_at: Option<SimTime>,
    },
    /// A venue rejected an order.
    OrderRejected {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// The listing.
        listing: ListingId,
        /// Its terms.
        terms: OrderTerms,
        /// When its owner sent it.
        sent_at: SimTime,
        /// The reason.
        reason: RejectReason,
    },
    /// A cancel or replace was rejected.
    CommandRejected {
        /// The order it named.
        order: OrderId,
        /// The sender of the request.
        owner: ActorId,
        /// The listing.
        listing: ListingId,
        /// The reason.
        reason: RejectReason,
    },
    /// An order was replaced by its owner.
    OrderReplaced {
        /// The order.
        order: OrderId,
        /// The listing.
        listing: ListingId,
        /// Its new limit.
        price: Price,
        /// The new open quantity.
        leaves: Quantity,
        /// Whether it kept its priority in the queue.
        kept_priority: bool,
    },
    /// An order was replaced by its owner in more than price and quantity: a trailing stop, the trigger of a
    /// stop-limit order, the time in force.
    OrderTermsReplaced {
        /// The order.
        order: OrderId,
        /// The listing.
        listing: ListingId,
        /// Its kind from now on.
        kind: OrderKind,
        /// Its time in force from now on.
        time_in_force: TimeInForce,
        /// The new open quantity.
        leaves: Quantity,
        /// Whether it kept its priority in the queue.
        kept_priority: bool,
    },
    /// An order's limit changed by its own terms: a peg, a slide, the rest of a market-to-limit order.
    OrderRepriced {
        /// The order.
        order: OrderId,
        /// The listing.
        listing: ListingId,
        /// Its new limit; absent while a pegged order has no reference price.
        price: Option<Price>,
    },
    /// An order became smaller without trading.
    OrderReduced {
        /// The order.
        order: OrderId,
        /// The listing.
        listing: ListingId,
        /// The new open quantity.
        leaves: Quantity,
        /// The reason.
        reason: ReduceReason,
    },
    /// A bracket's exit became larger, by what its entry order has traded since; it lost its priority.
    OrderGrown {
        /// The exit.
        order: OrderId,
        /// The listing.
        listing: ListingId,
        /// The new open quantity.
        leaves: Quantity,
    },
    /// A split changed an open order's prices and quantities.
    OrderRestated {
        /// The order.
        order: OrderId,
        /// The listing.
        listing: ListingId,
        /// Its terms from now on.
        terms: OrderTerms,
        /// The new open quantity.
        leaves: Quantity,
    },
    /// A trade elected a stop.
    OrderTriggered {
        /// The order.
        order: OrderId,
        /// The listing.
        listing: ListingId,
        /// Its trigger.
        trigger: Price,
    },
    /// The next part of an iceberg is displayed, at the back of the queue.
    OrderRefreshed {
        /// The order.
        order: OrderId,
        /// The listing.
        listing: ListingId,
        /// The displayed quantity.
        displayed: Quantity,
    },
    /// The open quantity of an order was canceled.
    OrderCanceled {
        /// The order.
        order: OrderId,
        /// The listing.
        listing: ListingId,
        /// The quantity.
        quantity: Quantity,
        /// The reason.
        reason: CancelReason,
    },
    /// The open quantity of an order expired.
    OrderExpired {
        /// The order.
        order: OrderId,
        /// The listing.
        listing: ListingId,
        /// The quantity.
        quantity: Quantity,
        /// What ended it.
        reason: ExpiryReason,
    },
    /// Two orders traded.
    Traded(Trade),
    /// A book entered another phase.
    PhaseChanged {
        /// The listing.
        listing: ListingId,
        /// The new phase.
        phase: Phase,
    },
    /// An operator halted a listing, whatever its schedule says; the phase follows.
    TradingHalted {
        /// The listing.
        listing: ListingId,
    },
    /// An operator ended the halt of a listing; the phase follows.
    HaltLifted {
        /// The listing.
        listing: ListingId,
    },
    /// The indicative price or volume of an auction changed.
    IndicativeChanged {
        /// The listing.
        listing: ListingId,
        /// The price and volume at which the auction would end now, if anything would trade.
        indicative: Option<(Price, Quantity)>,
    },
    /// An auction found its price; its trades follow.
    AuctionUncrossed {
        /// The listing.
        listing: ListingId,
        /// The price of all its trades.
        price: Price,
        /// The quantity traded.
        volume: Quantity,
    },
    /// The best bid or ask, or its size, changed; both are absent during an auction call.
    TouchChanged {
        /// The listing.
        listing: ListingId,
        /// The new touch.
        quote: Quote,
    },
    /// The price of a replayed listing reached the next point of its path, or one at which an order is due.
    PriceMoved {
        /// The listing.
        listing: ListingId,
        /// The price.
        price: Price,
        /// Whether it is shown to participants: an open or a close is, other points only if the path is
        /// published.
        shown: bool,
    },
    /// A replayed bar ended.
    BarReplayed {
        /// The listing.
        listing: ListingId,
        /// The file's row, on the instrument's ticks and lots.
        bar: Bar,
    },
    /// An issuer split the instrument of a replayed listing, or pays a dividend on it; what that changes
    /// follows.
    CorporateAction {
        /// The listing.
        listing: ListingId,
        /// What it is.
        action: CorporateAction,
    },
    /// An interval with trades in it ended.
    BarClosed {
        /// The listing.
        listing: ListingId,
        /// The interval's trades, aggregated.
        bar: Bar,
    },
    /// Interest and borrowing costs were booked on an account.
    AccountFinanced {
        /// The account.
        owner: ActorId,
        /// Interest on its cash: received if positive, paid if negative.
        interest: Money,
        /// The cost of its borrowed shares.
        borrow: Money,
    },
    /// A future was marked to market, or the sides of a perpetual pay each other; what that pays accounts
    /// follows.
    ContractCleared {
        /// The instrument.
        instrument: InstrumentId,
        /// What was done.
        clearing: Clearing,
    },
    /// The value of an instrument follows a market outside, and was quoted there.
    ValueQuoted {
        /// The instrument.
        instrument: InstrumentId,
        /// What it is worth.
        quote: ValueQuote,
    },
    /// An account was found without equity; from now on it takes no new risk.
    AccountRuined {
        /// The account.
        owner: ActorId,
        /// Its equity, at or below zero.
        equity: Money,
    },
    /// The equity of a margin account was found to be below its maintenance margin: its orders are canceled
    /// and its positions closed.
    MarginCalled {
        /// The account.
        owner: ActorId,
        /// Its equity.
        equity: Money,
        /// The maintenance margin of its positions.
        maintenance: Money,
    },
    /// A margin account that had been called has neither positions nor orders any more, and may trade again.
    MarginCallEnded {
        /// The account.
        owner: ActorId,
        /// Its equity: its cash.
        equity: Money,
    },
    /// A split changed an account's holding; what is left of a lot is paid at the next open.
    PositionSplit {
        /// The account.
        owner: ActorId,
        /// What it holds.
        instrument: InstrumentId,
        /// The split.
        ratio: SplitRatio,
        /// The holding from now on.
        position: NetQuantity,
    },
    /// An account was paid on a holding, or paid if it is short: a dividend, or what a split left of a lot.
    AccountPaid {
        /// The account.
        owner: ActorId,
        /// On which holding.
        instrument: InstrumentId,
        /// What for.
        reason: PaymentReason,
        /// How much; negative if the account pays.
        amount: Money,
        /// The part of the holding's cost that leaves with it; zero for a dividend.
        cost: Money,
    },
    /// A participant joined the running market, with an account of its own, or its account was carried over
    /// from the market's last day; these come first on the tape.
    AccountOpened(AccountOpening),
    /// Cash or shares were brought into an account from outside, or taken out.
    AccountFunded {
        /// The account.
        owner: ActorId,
        /// What was moved, and what it stands for outside.
        funding: Funding,
    },
    /// An operator blocked a participant: its orders are canceled, and it enters no new ones.
    ParticipantBlocked {
        /// The participant.
        owner: ActorId,
        /// Why.
        reason: Reference,
    },
    /// An operator unblocked a participant.
    ParticipantUnblocked {
        /// The participant.
        owner: ActorId,
    },
    /// Another actor has taken the place of a participant that joined from outside.
    ParticipantReseated {
        /// The participant.
        owner: ActorId,
        /// The kind of the new one.
        kind: Arc<str>,
    },
    /// An account was marked to market.
    AccountMarked(AccountMark),
    /// A strategy wrote a line to its log.
    Logged {
        /// The strategy.
        actor: ActorId,
        /// The line.
        text: Arc<str>,
    },
    /// A strategy recorded the next number of a series.
    Plotted {
        /// The strategy.
        actor: ActorId,
        /// The name of the series.
        series: Arc<str>,
        /// The number, if the strategy had one.
        value: Option<Finite>,
    },
    /// A strategy recorded the next row of a table.
    Recorded {
        /// The strategy.
        actor: ActorId,
        /// The name of the table.
        table: Arc<str>,
        /// The row.
        row: Row,
    },
    /// A strategy failed and was stopped.
    StrategyFailed {
        /// The strategy.
        actor: ActorId,
        /// The error with its place, callback and virtual time.
        text: Arc<str>,
    },
    /// Something happened in an auction between participants. What a swap moves is in this fact alone.
    Auction(AuctionEvent),
}

impl Fact {
    /// Returns the listing that the fact is about, if it is about one.
    #[must_use]
    pub const fn listing(&self) -> Option<ListingId> {
        match *self {
            Self::OrderRefused { listing, .. }
            | Self::OrderAccepted { listing, .. }
            | Self::OrderRejected { listing, .. }
            | Self::CommandRejected { listing, .. }
            | Self::OrderReplaced { listing, .. }
            | Self::OrderTermsReplaced { listing, .. }
            | Self::OrderRepriced { listing, .. }
            | Self::OrderReduced { listing, .. }
            | Self::OrderGrown { listing, .. }
            | Self::OrderRestated { listing, .. }
            | Self::OrderTriggered { listing, .. }
            | Self::OrderRefreshed { listing, .. }
            | Self::OrderCanceled { listing, .. }
            | Self::OrderExpired { listing, .. }
            | Self::Traded(Trade { listing, .. })
            | Self::PhaseChanged { listing, .. }
            | Self::TradingHalted { listing }
            | Self::HaltLifted { listing }
            | Self::IndicativeChanged { listing, .. }
            | Self::AuctionUncrossed { listing, .. }
            | Self::TouchChanged { listing, .. }
            | Self::PriceMoved { listing, .. }
            | Self::BarReplayed { listing, .. }
            | Self::CorporateAction { listing, .. }
            | Self::BarClosed { listing, .. } => Some(listing),
            Self::AccountFinanced { .. }
            | Self::ContractCleared { .. }
            | Self::ValueQuoted { .. }
            | Self::AccountRuined { .. }
            | Self::MarginCalled { .. }
            | Self::MarginCallEnded { .. }
            | Self::PositionSplit { .. }
            | Self::AccountPaid { .. }
            | Self::AccountOpened(_)
            | Self::AccountFunded { .. }
            | Self::ParticipantBlocked { .. }
            | Self::ParticipantUnblocked { .. }
            | Self::ParticipantReseated { .. }
            | Self::AccountMarked(_)
            | Self::Logged { .. }
            | Self::Plotted { .. }
            | Self::Recorded { .. }
            | Self::StrategyFailed { .. }
            | Self::Auction(_) => None,
        }
    }
}

/// A trade: two fills, one price.
///
/// An auction trade has no aggressor: the maker is the earlier order, the taker the later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trade {
    /// The trade.
    pub id: TradeId,
    /// The listing.
    pub listing: ListingId,
    /// The maker's price.
    pub price: Price,
    /// The quantity.
    pub quantity: Quantity,
    /// The taker's side.
    pub aggressor: Side,
    /// The phase in which it was executed.
    pub phase: Phase,
    /// The resting order.
    pub maker_order: OrderId,
    /// Its owner.
    pub maker: ActorId,
    /// What the maker paid to the venue and its broker; a rebate is negative.
    pub maker_fee: Money,
    /// The displayed quantity ahead of the maker at its price when it joined the queue.
    pub maker_queue_ahead: Quantity,
    /// The aggressing order.
    pub taker_order: OrderId,
    /// Its owner.
    pub taker: ActorId,
    /// What the taker paid to the venue and its broker; a rebate is negative.
    pub taker_fee: Money,
    /// Of the costs that a replay adds to the price, the ticks that would have left the bar's range and were
    /// not charged; zero elsewhere.
    pub clamped: i64,
}

impl Trade {
    /// Returns the roles of maker and taker.
    #[must_use]
    pub fn roles(&self) -> [Liquidity; 2] {
        Liquidity::roles(self.phase)
    }
}

/// An account opened while the market ran, or with what it had when the market's last day ended.
///
/// Those that begin with what a scenario says are in no fact. Where an agent of the scenario was carried
/// over, this takes the place of what the scenario says.
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
    /// The shares it brought along; below zero where a short position was carried over.
    pub holdings: Arc<[(InstrumentId, NetQuantity)]>,
}

/// Why an account was marked to market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkCause {
    /// A sample interval has ended, or the run.
    Sample,
    /// The account has learnt of a fill.
    Fill,
}

impl MarkCause {
    /// Returns the name that stands in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sample => "sample",
            Self::Fill => "fill",
        }
    }
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
    /// Twice the price it is marked at, in ticks: the sum of bid and ask, or twice the last trade; absent
    /// before both.
    pub mark_half_ticks: Option<i64>,
    /// The cost of the open holding: average entry price times holding, signed like the holding.
    pub cost: Money,
    /// Realized P&L in the instrument since the start, before fees.
    pub realized: Money,
    /// Unrealized P&L in the instrument.
    pub unrealized: Money,
    /// Fees paid less rebates, over all instruments.
    pub fees: Money,
    /// The account's cash, free and held.
    pub cash: Money,
    /// Cash plus all holdings at their marks.
    pub equity: Money,
    /// Realized P&L in all instruments since the start, before fees; not part of the digest, which has it by
    /// instrument.
    pub total_realized: Money,
    /// Unrealized P&L in all instruments; not part of the digest, either.
    pub total_unrealized: Money,
    /// Why it was marked; not part of the digest, which has what led to the mark.
    pub cause: MarkCause,
}
