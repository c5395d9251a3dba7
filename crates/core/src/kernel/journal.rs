//! The journal: every request from outside, written before it takes effect.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use thiserror::Error;

use crate::units::SimTime;

/// One request from outside, as journalled.
///
/// A world that is given the same requests after the same numbers of events delivers the same events.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Injected<R> {
    /// How many events had been delivered when it came in.
    pub after_events: u64,
    /// When it arrives.
    pub stamp: SimTime,
    /// The request.
    pub request: R,
}

/// Keeps the requests from outside; a [`World`](super::World) calls it with each request that it takes,
/// before the request has any effect.
///
/// ```
/// use bearpit_core::kernel::{Injected, JournalError, JournalSink};
///
/// /// Keeps a line for each request; a real journal would write and later sync a file.
/// struct Lines(Vec<String>);
///
/// impl<R: std::fmt::Debug> JournalSink<R> for Lines {
///     fn append(&mut self, entry: &Injected<R>) -> Result<(), JournalError> {
///         if self.0.len() == 1_000 {
///             return Err(JournalError::new("the journal is full"));
///         }
///         self.0.push(format!("{} {} {:?}", entry.after_events, entry.stamp, entry.request));
///         Ok(())
///     }
/// }
/// ```
pub trait JournalSink<R> {
    /// Appends one request.
    ///
    /// # Errors
    /// A [`JournalError`]; the request is then not taken, and has no effect.
    fn append(&mut self, entry: &Injected<R>) -> Result<(), JournalError>;
}

/// Says why a request could not be journalled: any error, or a sentence.
///
/// Two are equal if they read the same.
#[derive(Debug, Clone, Error)]
#[error("the journal did not take the request: {0}")]
pub struct JournalError(Arc<dyn std::error::Error + Send + Sync>);

impl JournalError {
    /// Wraps the cause.
    #[must_use]
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(Arc::from(cause.into()))
    }
}

impl PartialEq for JournalError {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_string() == other.0.to_string()
    }
}

impl Eq for JournalError {}

/// A journal in memory, without bound: for tests, and for worlds that take few requests. Clones share
/// their entries.
#[derive(Debug)]
pub struct MemoryJournal<R>(Rc<RefCell<Vec<Injected<R>>>>);

impl<R: Clone> MemoryJournal<R> {
    /// Makes an empty journal.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the entries so far, in order.
    #[must_use]
    pub fn entries(&self) -> Vec<Injected<R>> {
        self.0.borrow().clone()
    }
}

impl<R> Default for MemoryJournal<R> {
    fn default() -> Self {
        Self(Rc::default())
    }
}

impl<R> Clone for MemoryJournal<R> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<R: Clone> JournalSink<R> for MemoryJournal<R> {
    fn append(&mut self, entry: &Injected<R>) -> Result<(), JournalError> {
        self.0.borrow_mut().push(entry.clone());
        Ok(())
    }
}
