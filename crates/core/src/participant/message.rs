//! The messages of a market.

use std::sync::Arc;

use crate::account::MarginCall;
use crate::kernel::Wakeup;
use crate::market::{
    AuctionEvent, Bar, CorporateAction, ExecutionReport, Funding, Ladders, Phase, Quote, ReportKind, Side,
};
use crate::units::{ListingId, Price, Quantity, SimTime};

use super::operator::{SeatOperation, VenueOperation};
use super::packed::{CommandMessage, ReportMessage};
use super::request::{Instruction, Tagged};
use super::value_quotes::QuotedValue;

/// Whatever one actor of a market can receive: at most as large as a line of the processor's cache, since all
/// of it waits in one queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Its own alarm.
    Wakeup(Wakeup),
    /// To a venue: a command about an order.
    Command(CommandMessage),
    /// From a venue: an execution report of one of its orders.
    Report(ReportMessage),
    /// From a venue: market data.
    Market(Arc<MarketData>),
    /// From outside the world: to be carried out in the receiving actor's name.
    Instruction(Box<Tagged<Instruction>>),
    /// From outside the world: cash or shares for the receiving actor's account.
    Funding(Box<Tagged<Funding>>),
    /// From an operator, to a venue: halt or reopen a listing.
    Venue(Box<Tagged<VenueOperation>>),
    /// From an operator, to a participant: what concerns its seat as a whole.
    Seat(Box<Tagged<SeatOperation>>),
    /// From outside the world, to the venue of an instrument: what that is worth elsewhere.
    Quote(Box<Tagged<QuotedValue>>),
}

const _: () = assert!(size_of::<Message>() <= 64, "a message fits in a cache line");

impl From<Wakeup> for Message {
    fn from(wakeup: Wakeup) -> Self {
        Self::Wakeup(wakeup)
    }
}

impl Message {
    /// Names the kind of a message that a participant may answer, in the plural.
    pub(super) fn answerable(&self) -> Option<&'static str> {
        Some(match self {
            Self::Wakeup(_) => "wake-ups",
            Self::Report(report) => match ExecutionReport::from(report.clone()).kind {
                ReportKind::Accepted => "orders accepted",
                ReportKind::Rejected(_) => "orders rejected",
                ReportKind::CommandRejected(_) => "commands rejected",
                ReportKind::Filled { .. } => "fills",
                ReportKind::Canceled(_) => "orders canceled",
                ReportKind::Expired(_) => "orders expired",
                ReportKind::Replaced { .. } | ReportKind::TermsReplaced { .. } => "orders replaced",
                _ => "other reports of orders",
            },
            Self::Market(_) => "items of market data",
            Self::Command(_)
            | Self::Instruction(_)
            | Self::Funding(_)
            | Self::Venue(_)
            | Self::Seat(_)
            | Self::Quote(_) => return None,
        })
    }
}

/// One item of a market data feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketData {
    /// The book.
    pub listing: ListingId,
    /// When it happened at the venue; it arrives later.
    pub at: SimTime,
    /// What happened.
    pub update: Update,
}

impl actix::Message for MarketData {
    type Result = ();
}

/// What happened in a market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// The touch has changed.
    Quote(Quote),
    /// A trade took place.
    Trade {
        /// At this price.
        price: Price,
        /// This much.
        quantity: Quantity,
        /// The taker's side.
        aggressor: Side,
        /// In this phase.
        phase: Phase,
    },
    /// The phase has changed.
    Phase(Phase),
    /// The indicative price and volume of an auction have changed; absent if nothing would trade.
    Indicative(Option<(Price, Quantity)>),
    /// An interval with trades ended; [`Bar::interval`] is its length.
    Bar(Bar),
    /// A bar from before the start, sent before anything else happens; while it is handled, orders are
    /// refused.
    Warmup(Bar),
    /// A split or dividend took effect; the account has it already.
    Action(CorporateAction),
    /// The recipient's equity fell below its maintenance margin: its orders are being canceled, and its
    /// positions closed.
    MarginCall(MarginCall),
    /// The levels of the book after it changed: as many as were subscribed to, where there are so many.
    Book(Arc<Ladders>),
    /// Something happened in an auction between participants, whose lot the listing is the first of.
    Auction(AuctionEvent),
}
