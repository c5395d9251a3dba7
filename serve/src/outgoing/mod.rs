//! What this process asks of other servers, with bounds on time and length.
//!
//! An [`Outgoing`] asks those that an operator has named. A [`Guarded`] client asks those that people have
//! named, who may mean this machine or its neighbours: it reaches public addresses only.
//!
//! Deliberately absent: what they are asked for.

mod client;
mod guarded;
mod public_address;
mod target;

pub use client::{Outgoing, OutgoingError, Reply};
pub(crate) use client::{cause_of, tls_client};
pub use guarded::{Guarded, Looking, Lookup, SystemLookup};
pub use public_address::is_public;
pub use target::{BadTarget, Reach, Target};
