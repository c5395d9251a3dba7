//! The live market: a world in step with the wall clock, as a state machine without thread, clock or file.
//!
//! Wall time, requests, and what the disk has done are arguments of a [`LiveMarket`]; what to append to the
//! journal, how long to sleep, and what may be shown to whom are its results. So a test drives it through any
//! day, and through any crash, in no time; a thread with a clock and a file drives it for good.

mod canceling;
mod client_orders;
mod error;
mod journal;
mod market;
mod outage;
mod output;
mod record;
mod recovery;
mod sending;
mod state;
mod voids;

pub use canceling::is_cancel;
pub use error::{ControlError, LiveError, NotTaken, RecoverError};
pub use market::{Clock, Durability, LiveMarket, Pacing, Start, Taken};
pub use output::{Output, Viewer};
pub use record::{Control, PaceChange, Progress, Record, UnknownRecord};
pub use recovery::{check_digest, repeat_progress, repeat_request};
pub use state::{LaidOut, LiveState, UnknownState, open_market};
pub use voids::Voids;

#[cfg(test)]
mod tests;
