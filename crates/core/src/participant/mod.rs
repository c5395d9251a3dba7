//! What all participants of a market share, and the [`Context`] through which they trade.
//!
//! [`MarketState`] is the kernel's [`Domain`](crate::kernel::Domain): listings, links (latency channels),
//! accounts, the tape, and the recent market data that feeds are served from. Actors never touch it; they
//! call the methods that this module adds to their context:
//!
//! - [`Context::submit`], [`Context::cancel`], [`Context::replace`], [`Context::mass_cancel`],
//!   [`Context::disconnect`]: through the account gate, then with entry latency to the venue.
//! - [`Context::market`]: the touch as of the actor's feed latency ago, computed on demand; a trader that
//!   only reads it when it wakes costs nothing per change of the book.
//! - [`Context::subscribe`]: a [`Feed`] as messages with feed latency.
//!
//! An actor is an `actix` actor with three handlers ([`Wakeup`](crate::kernel::Wakeup),
//! [`ExecutionReport`](crate::market::ExecutionReport), [`MarketData`]); [`Trader`] adapts it to the kernel.
//!
//! Whatever comes from outside the world is a [`Request`]: an [`Instruction`] in a participant's name, cash
//! or shares for its account, or a participant that joins. A tagged request has one [`Answer`].

mod actions;
mod adapter;
mod annotations;
mod auctioning;
mod bars;
mod boxed;
mod carry_over;
mod charging;
mod clearing;
mod config;
mod context;
mod domain;
mod fault;
mod feeds;
mod limits;
mod links;
mod mark;
mod mark_to_market;
mod marks;
mod message;
mod notional;
mod operator;
mod packed;
mod preview;
mod private_auctions;
mod publish;
mod queries;
mod replayed;
mod request;
mod ruin;
mod ruin_watch;
mod state;
mod subscribers;
mod trading;
mod unread;
mod value_quotes;
mod view;

pub(crate) use actions::Owed;
pub use adapter::{AnyTrader, HandlerResult, Ignored, Interest, Trader, TradingActor};
pub use auctioning::AuctionHouse;
pub use carry_over::HaltState;
pub(crate) use carry_over::LeftBook;
pub(crate) use charging::ChargedFill;
pub use config::{MarketConfig, Participant, ParticipantConfig, Role, Seat, VenueConfig};
pub use context::{Context, MarketWorld};
pub use fault::MarketFault;
pub use feeds::{Feed, FeedError};
pub use limits::{AccountLimits, OrderRate};
pub use links::Latencies;
pub use mark_to_market::MarkToMarket;
pub use message::{MarketData, Message, Update};
pub use operator::{HaltChange, OperatorRefusal, SeatOperation, VenueOperation};
pub use packed::{CommandMessage, ReportMessage};
pub use preview::Preview;
#[cfg(feature = "serde")]
pub(crate) use private_auctions::FIRST_AUCTION_IDS;
pub use private_auctions::{AuctionRules, OpenAuction, OpenProposal};
pub(crate) use publish::BarAlarms;
pub(crate) use replayed::Counterparty;
pub use request::{Answer, Instruction, Outcome, Request, RequestError, RequestKind, RequestRefusal, Tagged};
pub(crate) use ruin::ENFORCE_RUIN;
pub use state::MarketState;
pub use trading::CancelScope;
pub use value_quotes::{LastQuote, QuoteRefusal, QuotedValue};
pub use view::MarketView;
