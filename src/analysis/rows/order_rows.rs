//! The rows of the table `orders`, as accounts and listings take them.

use polars_core::prelude::{DataFrame, PolarsResult};

use super::frame_columns::{numbers, texts, times};
use super::name_index::NameIndex;
use bearpit_core::market::Side;

/// An order that has ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EndedOrder<'a> {
    /// None of an account that is not tracked.
    pub(crate) account: Option<usize>,
    pub(crate) listing: usize,
    /// +1 for a buy, -1 for a sell.
    pub(crate) sign: f64,
    /// How it ended, and why.
    pub(crate) status: &'a str,
    pub(crate) reason: &'a str,
    pub(crate) quantity: f64,
    pub(crate) filled: f64,
    /// None without a fill.
    pub(crate) average_price: Option<f64>,
    pub(crate) entered_at: i64,
    /// None of an order that was not sent.
    pub(crate) entry_latency: Option<f64>,
    /// The mid when it entered, as far as it is known by now.
    pub(crate) arrival_mid: Option<f64>,
}

impl EndedOrder<'_> {
    /// Returns whether the gate refused it or the venue rejected it, so that no book had it.
    pub(crate) fn is_sent_back(&self) -> bool {
        matches!(self.status, "refused" | "rejected")
    }
}

/// The columns of the `orders` table that are needed.
pub(crate) const ORDERS: [&str; 11] = [
    "owner",
    "venue",
    "symbol",
    "side",
    "quantity",
    "entered_at",
    "entry_latency_ns",
    "filled",
    "average_price",
    "status",
    "reason",
];

/// Returns the orders in a piece of the table.
pub(crate) fn order_rows<'a>(index: &NameIndex, frame: &'a DataFrame) -> PolarsResult<Vec<EndedOrder<'a>>> {
    let (owners, venues, symbols) = (texts(frame, "owner")?, texts(frame, "venue")?, texts(frame, "symbol")?);
    let (sides, states, at) = (texts(frame, "side")?, texts(frame, "status")?, times(frame, "entered_at")?);
    let reasons = texts(frame, "reason")?;
    let (ordered, filled) = (numbers(frame, "quantity")?, numbers(frame, "filled")?);
    let (prices, latencies) = (numbers(frame, "average_price")?, numbers(frame, "entry_latency_ns")?);
    let row = |row: usize| {
        Some(EndedOrder {
            account: index.account(owners[row]),
            listing: index.listing(venues[row], symbols[row])?,
            sign: if sides[row] == Side::Buy.name() { 1.0 } else { -1.0 },
            status: states[row],
            reason: reasons[row],
            quantity: ordered[row].unwrap_or(0.0),
            filled: filled[row].unwrap_or(0.0),
            average_price: prices[row],
            entered_at: at[row],
            entry_latency: latencies[row],
            arrival_mid: None,
        })
    };
    Ok((0..at.len()).filter_map(row).collect())
}
