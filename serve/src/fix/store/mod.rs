//! What a session keeps beyond a connection and a process: numbers, messages of the application, orders, and
//! how far its account's feed has been told.
//!
//! One file for each session, to which frames are appended: what goes with one another is in one frame, so an
//! end that was torn off takes all of it or nothing. A process that is killed loses nothing that was written;
//! after a power cut the numbers go on behind those that were reserved before, on disk.

mod file;
mod record;
#[cfg(test)]
mod tests;

pub(super) use file::{SessionFile, StoreFault};
pub(super) use record::{FeedPlace, Record};
