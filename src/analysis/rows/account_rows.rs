//! The rows of the tables `fills`, `pnl` and `ruins`, as accounts take them.

use polars_core::prelude::{DataFrame, PolarsResult};

use crate::analysis::rows::frame_columns::{monies, numbers, texts, times};
use crate::analysis::rows::name_index::NameIndex;
use bearpit_core::market::Side;
use bearpit_core::units::Money;

/// A row of the `pnl` table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MarkRow {
    pub(crate) at: i64,
    pub(crate) account: usize,
    pub(crate) instrument: usize,
    pub(crate) position: Option<f64>,
    pub(crate) mark: Option<f64>,
    pub(crate) equity: Option<f64>,
}

impl MarkRow {
    /// Returns whether something is held.
    pub(crate) fn holds(&self) -> bool {
        self.position.is_some_and(|position| position != 0.0)
    }
}

/// A fill of a tracked account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FillRow {
    pub(crate) at: i64,
    pub(crate) account: usize,
    pub(crate) instrument: usize,
    /// None of a venue that the manifest does not have.
    pub(crate) listing: Option<usize>,
    pub(crate) side: Side,
    pub(crate) is_maker: bool,
    pub(crate) price: f64,
    pub(crate) quantity: f64,
    pub(crate) fee: Money,
    /// Costs of the price that a replayed bar's range took off, for each of the quantity.
    pub(crate) clamped: f64,
    /// Since when its order had had its terms.
    pub(crate) quoted_at: i64,
    /// The mid then, as far as it is known by now.
    pub(crate) quoted_mid: Option<f64>,
}

/// The columns of the `fills` table that are needed.
pub(crate) const FILLS: [&str; 11] = [
    "time",
    "owner",
    "venue",
    "symbol",
    "side",
    "liquidity",
    "price",
    "quantity",
    "fee",
    "clamped",
    "quoted_at",
];

/// Returns the fills of tracked accounts in a piece of the table.
pub(crate) fn fill_rows(directory: &NameIndex, frame: &DataFrame) -> PolarsResult<Vec<FillRow>> {
    let (at, owners, symbols) = (times(frame, "time")?, texts(frame, "owner")?, texts(frame, "symbol")?);
    let (sides, roles, fees) = (texts(frame, "side")?, texts(frame, "liquidity")?, monies(frame, "fee")?);
    let (prices, quantities) = (numbers(frame, "price")?, numbers(frame, "quantity")?);
    let (clamped, quoted_at) = (numbers(frame, "clamped")?, times(frame, "quoted_at")?);
    let venues = texts(frame, "venue")?;
    let row = |row: usize| {
        Some(FillRow {
            at: at[row],
            account: directory.account(owners[row])?,
            instrument: directory.instrument(symbols[row])?,
            listing: directory.listing(venues[row], symbols[row]),
            side: if sides[row] == Side::Buy.name() { Side::Buy } else { Side::Sell },
            is_maker: roles[row] == "maker",
            price: prices[row]?,
            quantity: quantities[row]?,
            fee: fees[row],
            clamped: clamped[row].unwrap_or(0.0),
            quoted_at: quoted_at[row],
            quoted_mid: None,
        })
    };
    Ok((0..at.len()).filter_map(row).collect())
}

/// The columns of the `pnl` table that are needed.
pub(crate) const PNL: [&str; 6] = ["time", "owner", "symbol", "position", "mark", "equity"];

/// Returns the marks in a piece of the table.
pub(crate) fn mark_rows(directory: &NameIndex, frame: &DataFrame) -> PolarsResult<Vec<MarkRow>> {
    let (at, owners, symbols) = (times(frame, "time")?, texts(frame, "owner")?, texts(frame, "symbol")?);
    let (positions, marks) = (numbers(frame, "position")?, numbers(frame, "mark")?);
    let equities = numbers(frame, "equity")?;
    let row = |row: usize| {
        Some(MarkRow {
            at: at[row],
            account: directory.account(owners[row])?,
            instrument: directory.instrument(symbols[row])?,
            position: positions[row],
            mark: marks[row],
            equity: equities[row],
        })
    };
    Ok((0..at.len()).filter_map(row).collect())
}
