//! The vocabulary of a market: instruments, orders, commands, facts, reports, and the tape.
//!
//! A *command* is a request to a venue, a *fact* is what happened, and an *execution report* is a message
//! about it to the owner of an order. Facts are written to the [`Tape`], the one stream that recorders,
//! digests and views read.

mod action;
mod annotations;
mod bar;
mod bar_interval;
mod clearing;
mod command;
mod consolidated;
mod contract;
mod encode;
mod exits;
#[cfg(test)]
pub(crate) mod extremes;
mod fact;
mod fees;
mod funding;
mod instrument;
mod lobster;
mod open_bar;
mod order;
mod path;
mod phase;
mod plain_time;
mod private_auction;
mod quote;
mod reason;
mod refusal;
mod replacement;
mod report;
mod side;
mod tape;
mod trailing;
mod value_quote;
mod visible_book;

pub use action::{BadSplit, CorporateAction, SplitFactors, SplitHolding, SplitRatio};
pub use annotations::{Cell, Finite, Row};
pub use bar::Bar;
pub use bar_interval::{BadInterval, BarInterval};
pub use clearing::{Clearing, PaymentReason};
pub use command::{Command, CommandKind, SentCommand};
pub use consolidated::{ConsolidatedLevel, ConsolidatedTouch};
pub use contract::{Contract, DailySettlement, FundingRate, FundingTerms};
pub use exits::{BracketExit, ExitIds, StopLoss};
pub use fact::{AccountMark, AccountOpening, Fact, MarkCause, Trade};
pub use fees::{Charge, ChargedSide, FeeError, FeeRates, FeeSchedule, FeeTier, Fees, FillRate, TierMeasure};
pub use funding::{Funding, Reference, ReferenceError, Transfer};
pub use instrument::{Instrument, InstrumentError, Listing, ReplaySource};
pub use lobster::{
    BookRow, HaltState, MessageKind, OrderMessage, lobster_lots, lobster_price, lobster_ticks,
};
pub use open_bar::{BarAdded, OpenBar};
pub use order::{Link, OrderKind, OrderTerms, Peg, PostOnly, SelfTrade, TimeInForce};
pub use path::{Leg, Point};
pub use phase::Phase;
pub(crate) use plain_time::PlainTime;
pub use private_auction::{
    AuctionAction, AuctionEnd, AuctionEvent, AuctionLot, AuctionRefusal, Consideration, CounterpartyFault,
    ProposalEnd, SwapSide,
};
pub use quote::{Ladders, Quote, QuoteLevel};
pub use reason::{CancelReason, ExpiryReason, ReduceReason, RejectReason};
pub use refusal::Refusal;
pub(crate) use replacement::ReplacedTerms;
pub use replacement::Replacement;
pub use report::{ExecutionReport, Liquidity, ReportKind};
pub use side::Side;
pub use tape::{SinkError, Stamped, Tape, TapeSink};
pub use trailing::TrailingDistance;
pub use value_quote::ValueQuote;
pub use visible_book::{LevelChange, VisibleBook};
