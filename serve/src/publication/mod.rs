//! Publication: from the ordered facts of a market's tape to what readers see of it.
//!
//! A [`Publisher`] is the writing end. The market thread hands it each fact once it is durable, and it never
//! waits for a reader. A [`Publication`] is the reading end, shared by all others: whoever asks gets an
//! immutable snapshot, whoever subscribes gets a [`Subscription`].
//!
//! ```text
//! market thread        Publisher ── take(fact) ── publish(now) ──┐
//!                                                                │ swaps in, appends
//!        ListingSnapshot   Log of each channel   OwnState   <────┘
//!                │                 │                 │
//! any thread     └──── Publication: snapshot, book, candles, own, subscribe ── Subscription
//! ```
//!
//! **What there is.** Of each listing a [`ListingSnapshot`]: the best levels, the last trades, [`Statistics`]
//! of 24 hours, phase and indicative price. [`Candle`]s of six intervals, as many as
//! [`CandleInterval::kept`] says; closed ones go to a [`CandleSink`] too. Of each participant who has a
//! channel of its own, an [`OwnState`]; of auctions between participants, an [`AuctionsState`]. Prices are
//! ticks and quantities lots; [`ListingInfo`] has the scale.
//!
//! **Channels and numbers.** Each [`Channel`] numbers its updates from 0 by the facts alone: a change of a
//! level, a trade, an update or close of a candle, a change of the phase, an event of a participant or an
//! auction is one number, however facts are batched. An [`Update`] says which numbers it stands for, and they
//! join without gaps. So a publication that is filled anew after a crash has the same numbers as before, and
//! a reader that resumes at its [`Position`] notices nothing.
//!
//! **Reading.** A channel's updates stand in one log for all readers, which keeps the last minute, within
//! bounds. A subscription is a place in it: it takes no memory, and costs the market thread nothing. A
//! reader that falls behind gets the newest of books and phases; trades, candles and its own events are
//! never dropped silently: its subscription is [`Closed`] with the number at which it was. A thread of its
//! own wakes those who wait.
//!
//! **Batches.** A book may be crossed between two facts of one command, so readers see what was taken when
//! [`Publisher::publish`] is called, at the end of a batch that became durable at once. It is told how far
//! the journal covers the market, since candles close as time passes.
//!
//! **Days.** [`Publisher::begin_day`] empties books and orders, which the day's first facts fill again.
//! Statistics, candles and numbers go on. [`PublicationState`] brings them to another process; without it,
//! numbering begins anew with another epoch, and old positions are refused.
//!
//! **Deliberately absent**: the wall clock, sockets, formats, who may read what.

mod auction_feed;
mod auctions;
mod book;
mod candle;
mod config;
mod day;
mod handle;
mod listing_feed;
mod log;
mod own;
mod own_feeds;
mod owners;
mod publisher;
mod replica;
mod signal;
mod snapshot;
mod state;
mod statistics;
mod subscription;
#[cfg(test)]
mod tests;
mod trade;
mod update;

pub use auctions::{
    AuctionChange, AuctionFollower, AuctionNews, AuctionOutcome, AuctionState, AuctionsState,
    NamedConsideration, NamedShares, ProposalOutcome, ProposalState,
};
pub use candle::{Addition, Candle, CandleInterval};
pub use config::PublicationConfig;
pub use day::{Day, DayParticipant, ListingInfo};
pub use handle::{Numbered, Publication, SubscribeError};
pub use own::{
    AccountSnapshot, ClosedOrder, Fill, OpenOrder, OrderEnd, OrderSnapshot, OwnChange, OwnEvent, OwnState,
    ResultingState,
};
pub use owners::Owners;
pub use publisher::{CandleSink, Publisher};
pub use snapshot::ListingSnapshot;
pub use state::PublicationState;
pub use statistics::Statistics;
pub use subscription::{Channel, CloseReason, Closed, Position, Subscription};
pub use trade::{Indicative, PhaseState, QuotePrint, TradePrint};
pub use update::{Content, Update};
