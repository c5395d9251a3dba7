//! The bytes of FIX 4.4: from a stream to messages ([`Framer`]), and from fields to bytes ([`encode`]).
//!
//! Deliberately absent: sessions, sequence numbers, what a message means.

mod body;
mod framer;
mod message;
#[cfg(test)]
mod property_tests;
pub(super) mod tags;
mod time;

pub(super) use body::{Body, Head, encode};
pub(super) use framer::{Framed, Framer};
pub(super) use message::{Fault, Message, reason};
pub(super) use time::{Millis, iso_of, millis_of, timestamp};

/// What ends each field.
pub(super) const SOH: u8 = 1;
