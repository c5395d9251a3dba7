//! [`MarketFault`]: why a market cannot go on.

use thiserror::Error;

use crate::account::BookingError;
use crate::market::SinkError;
use crate::units::{ActorId, OrderId};

/// Says why a market cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MarketFault {
    /// A sink of the tape failed.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// A report did not fit its owner's account.
    #[error(transparent)]
    Booking(#[from] BookingError),
    /// A report came for an actor without an account, or from a listing that does not exist.
    #[error("a report came for actor {0}, which has no account for it")]
    Unbookable(ActorId),
    /// An order was sent to an actor that is no venue.
    #[error("order {0} was sent to a trader instead of a venue")]
    CommandToTrader(OrderId),
    /// What an operator asks of a venue was sent to a trader.
    #[error("what an operator asks of a venue was sent to a trader")]
    OperationForVenue,
    /// A venue was sent what only traders understand.
    #[error("a venue was sent what only traders understand")]
    TraderMessageToVenue,
    /// An agent answers itself without end, and virtual time would never pass again.
    #[error(
        "agent `{agent}` answers itself without end: at this instant it has answered {}; let time pass before an answer, by a \
         latency or by a later wake-up",
        listed(answers)
    )]
    Endless {
        /// The name of the agent.
        agent: String,
        /// The kinds of messages that it has answered with messages for the same instant, and how many of
        /// each.
        answers: Vec<(&'static str, u64)>,
    },
    /// An actor ended the run, for the reason it gives.
    #[error("{0}")]
    Actor(String),
}

fn listed(answers: &[(&'static str, u64)]) -> String {
    let each: Vec<String> = answers.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    each.join(", ")
}

impl From<String> for MarketFault {
    fn from(why: String) -> Self {
        Self::Actor(why)
    }
}

impl From<&str> for MarketFault {
    fn from(why: &str) -> Self {
        Self::Actor(why.to_owned())
    }
}
