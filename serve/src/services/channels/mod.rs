//! Channels: what brokers of others are told, and what comes from them.
//!
//! | channel | told | taken |
//! |---|---|---|
//! | MQTT | `info`, `updates` (listings, halts), `auctions/events`, `validation` | `requests`, `auctions` |
//! | Kafka's protocol | `stock-prices`, `trades` | |
//! | Redis, Valkey | the last price of each symbol | |
//!
//! The [port](crate::channels) brings messages to their brokers; here they get their form. Requests are
//! orders of *groups*: a [group](Groups) is registered by a person, in whose account it trades, and signs
//! what it asks for with a secret of its own.

mod auctions;
mod groups;
mod limits;
mod prices;
mod request;
mod requests;
mod signature;
mod telling;
#[cfg(test)]
mod tests;
mod validation;
mod views;

use std::sync::Arc;

use crate::channels::ChannelState;
use crate::domain::Problem;
use crate::services::identity;
use crate::store::database::Database;

pub use groups::{DrawnGroupView, GroupRequest, GroupView, Groups, GroupsView};
pub use prices::{BoardPrices, LastPrices};
pub use requests::{ChannelRequests, RequestsParts};
pub use telling::{KAFKA_TOPICS, TradeTeller, UpdateTeller};
pub use views::{ChannelView, ChannelsView, DeadLetterView, MissingView};

/// How many dead letters are shown at most.
const LETTERS_MAX: u32 = 1_000;

/// The channels of a process, for whoever operates it.
#[derive(Debug)]
pub struct Channels {
    states: Vec<Arc<ChannelState>>,
    database: Database,
}

impl Channels {
    /// Makes it of the channels that there are.
    #[must_use]
    pub const fn new(states: Vec<Arc<ChannelState>>, database: Database) -> Self {
        Self { states, database }
    }

    /// Returns how each channel is, and the newest dead letters.
    ///
    /// # Errors
    /// [`Problem`] if the database is away.
    pub async fn view(&self, letters: u32) -> Result<ChannelsView, Problem> {
        let letters = self.database.dead_letters(letters.min(LETTERS_MAX)).await;
        Ok(ChannelsView {
            channels: self.states.iter().map(|state| state.status().into()).collect(),
            dead_letters: letters.map_err(identity::of_store)?.into_iter().map(Into::into).collect(),
        })
    }
}
