//! The port: what a channel needs of its peer ([`Adapter`]), and of whoever gives its messages their form.

use std::pin::Pin;

use thiserror::Error;

use super::message::Message;
use super::news::News;

/// Something that is being done.
pub type Doing<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A peer that takes messages. One task uses it.
pub trait Adapter: Send {
    /// Connects, and ends a connection that there was.
    fn connect(&mut self) -> Doing<'_, Result<(), AdapterError>>;

    /// Returns how many messages are handed over together, at most, but for those of one frame of the spool:
    /// at least one.
    fn together_max(&self) -> usize {
        1_000
    }

    /// Sends messages, those of a key in order, and returns the fate of each once the peer has said so.
    ///
    /// After an error nothing is known of any of them: all are sent again, so that a message may come twice.
    fn send<'a>(&'a mut self, messages: &'a [Message]) -> Doing<'a, Result<Vec<Fate>, AdapterError>>;

    /// Waits until the connection is lost. One that notices that with the next message only waits for ever.
    fn broken(&mut self) -> Doing<'_, AdapterError>;

    /// Ends the connection in good order, as far as the peer takes part in that.
    fn close(&mut self) -> Doing<'_, ()>;
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// The peer has it.
    Taken,
    /// The peer refuses it, and would again.
    Refused(String),
}

/// Why a peer cannot be used at the moment.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct AdapterError(pub String);

impl AdapterError {
    /// Makes one of what went wrong.
    #[must_use]
    pub fn new(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// Gives lasting news their form.
pub trait Teller: Send {
    /// Returns the messages that news are told with; none for what the channel does not tell.
    fn tell(&mut self, news: &News) -> Vec<Message>;
}

/// Gives the newest prices their form.
pub trait Newest: Send {
    /// Returns the messages about what has changed since the last time.
    fn messages(&mut self) -> Vec<Message>;

    /// Takes it that the peer knows nothing: the next messages are about everything.
    fn forget(&mut self);
}
