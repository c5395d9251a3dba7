//! The pit: what all participants of a market share, and the [`Context`] through which they trade.
//!
//! [`MarketState`] is the kernel's [`Domain`](crate::kernel::Domain): listings, wires (latency channels),
//! accounts, the tape and the market as its feed shows it. Actors never touch it; they call the methods
//! that this module adds to their context:
//!
//! - [`Context::submit`], [`Context::cancel`], [`Context::replace`], [`Context::mass_cancel`],
//!   [`Context::disconnect`]: through the account gate, then with entry latency to the venue.
//! - [`Context::market`]: the touch as the actor's feed shows it, lazily; a trader that only looks when it
//!   wakes costs nothing per change of the book.
//! - [`Context::subscribe`]: a [`Feed`] as messages with feed latency.
//!
//! An actor is an `actix` actor with three handlers ([`Wakeup`](crate::kernel::Wakeup),
//! [`ExecutionReport`](crate::market::ExecutionReport), [`MarketData`]); [`Trader`] seats it in a world.

mod adapter;
mod annotations;
mod bars;
mod config;
mod context;
mod domain;
mod fault;
mod feeds;
mod links;
mod mark;
mod mark_to_market;
mod marks;
mod message;
mod publish;
mod queries;
mod request;
mod state;
mod subscribers;
mod trading;
mod view;

pub use adapter::{AnyTrader, Trader, TradingActor};
pub use config::{MarketConfig, Participant, ParticipantConfig, Role, VenueConfig};
pub use context::{Context, MarketWorld};
pub use fault::MarketFault;
pub use feeds::{Feed, FeedError};
pub use links::Latencies;
pub use mark_to_market::MarkToMarket;
pub use message::{MarketData, Message, Update};
pub(crate) use publish::BarAlarms;
pub use request::{Answer, Instruction, Outcome, Request, RequestError, RequestKind, RequestRefusal, Tagged};
pub use state::MarketState;
pub use view::MarketView;
