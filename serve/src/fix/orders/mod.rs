//! Orders in the words of FIX: requests that come in, and what is reported of them.
//!
//! An order of a session has the name `SENDER:CLORDID` in the market, so that the feed of its account says
//! whose it is. Its name in FIX changes with each replace, and its requests wait for the venue in their
//! order; that is [`OrderState`], and all else of an order comes with each event.
//!
//! Deliberately absent: numbers of messages, connections, files.

mod answers;
mod entry;
mod feed;
mod missed;
mod replace;
mod report;
mod state;
#[cfg(test)]
mod tests;

pub(super) use answers::{
    CancelRejection, Outline, business_reject, cancel_reject, order_rejected, reject_reason,
};
pub(super) use entry::{Unfit, order_of, symbol_of};
pub(super) use feed::{concerned, tell};
pub(super) use missed::{Missed, tell_missed};
pub(super) use replace::{changes_of, target_of};
pub(super) use report::status_report;
pub(super) use state::{OrderState, Pending, PendingKind};

/// A message of the application: its type and its fields.
pub(super) type Said = (&'static str, super::codec::Body);

/// Returns what the names of a session's orders begin with in the market.
pub(super) fn prefix_of(sender: &str) -> String {
    format!("{sender}:")
}
