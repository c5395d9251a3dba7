//! The rows of the table `orders`, as accounts and listings take them.

use polars_core::prelude::{DataFrame, PolarsResult};

use super::frame_columns::{numbers, texts};
use super::name_index::NameIndex;

/// An order that has ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EndedOrder<'a> {
    /// None of an account that is not tracked.
    pub(crate) account: Option<usize>,
    pub(crate) listing: usize,
    /// How it ended, and why.
    pub(crate) status: &'a str,
    pub(crate) reason: &'a str,
    pub(crate) quantity: f64,
    pub(crate) filled: f64,
    /// How often its owner has replaced it.
    pub(crate) replaces: f64,
    /// None of an order that was not sent, or stood in a file.
    pub(crate) entry_latency: Option<f64>,
}

impl EndedOrder<'_> {
    /// Returns whether the gate refused it or the venue rejected it, so that no book had it.
    pub(crate) fn is_sent_back(&self) -> bool {
        matches!(self.status, "refused" | "rejected")
    }
}

/// The columns of the `orders` table that are needed.
pub(crate) const ORDERS: [&str; 9] =
    ["owner", "venue", "symbol", "quantity", "entry_latency_ns", "filled", "replaces", "status", "reason"];

/// Returns the orders in a piece of the table.
pub(crate) fn order_rows<'a>(index: &NameIndex, frame: &'a DataFrame) -> PolarsResult<Vec<EndedOrder<'a>>> {
    let (owners, venues, symbols) = (texts(frame, "owner")?, texts(frame, "venue")?, texts(frame, "symbol")?);
    let states = texts(frame, "status")?;
    let reasons = texts(frame, "reason")?;
    let (ordered, filled) = (numbers(frame, "quantity")?, numbers(frame, "filled")?);
    let (replaces, latencies) = (numbers(frame, "replaces")?, numbers(frame, "entry_latency_ns")?);
    let row = |row: usize| {
        Some(EndedOrder {
            account: index.account(owners[row]),
            listing: index.listing(venues[row], symbols[row])?,
            status: states[row],
            reason: reasons[row],
            quantity: ordered[row].unwrap_or(0.0),
            filled: filled[row].unwrap_or(0.0),
            replaces: replaces[row].unwrap_or(0.0),
            entry_latency: latencies[row].filter(|_| !index.replays_orders(owners[row])),
        })
    };
    Ok((0..owners.len()).filter_map(row).collect())
}
