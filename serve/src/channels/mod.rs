//! Channels: what the market tells to brokers of others: MQTT, Kafka's protocol, Redis or Valkey.
//!
//! ```text
//! market thread   ChannelSink ── News, once durable ──┐ bounded, never waited for
//!                                                     │
//! a thread for    Spooler ── Teller ── Outbox <───────┘
//! each channel                           │ a spool on disk, bounded
//!                 Publisher ── Adapter <─┴── Newest: the last prices
//! ```
//!
//! **Lasting news** (trades, listings, halts, splits) come from the outputs of the market, which are shown
//! once they are durable, and from the first of the day again after a restart. An [`Outbox`] knows up to
//! which number of the tape it has them. So a process that starts anew goes on where the last one was, and
//! nothing is missing between. Each message waits on disk until its peer has acknowledged it: it is delivered
//! at least once, and in order for each key.
//!
//! **Newest prices** are made of snapshots when they are sent, at an interval: while a peer is away there is
//! nothing to keep, and afterwards it gets the newest.
//!
//! **Dead letters** are what is not delivered: a message that the peer refuses for good, or a stretch of the
//! tape for which there was no room. They are counted, and kept in the database with their reason.
//!
//! **A peer that fails** is connected to again, after 50 ms at first and 10 s at most. The market's thread
//! never waits for a channel, and no probe of the server depends on one: nobody needs channels to trade.
//!
//! Deliberately absent: the form of what is told, and what is done with requests, which are of
//! [`services`](crate::services).

mod backoff;
mod dead_letters;
pub mod kafka;
mod message;
mod metrics;
pub mod mqtt;
mod news;
mod outbox;
mod port;
mod publisher;
pub mod redis;
mod runner;
mod sink;
mod spooler;
mod state;
#[cfg(test)]
mod tests;

pub use backoff::Backoff;
pub use dead_letters::{DeadLetters, Undelivered, keep};
pub use message::Message;
pub use metrics::ChannelMetrics;
pub use news::{Content, News, Stretch};
pub use outbox::{Outbox, Position};
pub use port::{Adapter, AdapterError, Doing, Fate, Newest, Teller};
pub use publisher::{Pace, Publisher};
pub use runner::{Channel, Running, Work};
pub use sink::{ChannelSink, Reader};
pub use spooler::Spooler;
pub use state::{ChannelState, ChannelStatus};
