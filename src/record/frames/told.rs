//! Frames of what strategies tell about themselves: log, series, tables of their own.

use std::sync::Arc;

use polars::prelude::{DataFrame, PolarsResult};

use super::{counts, frame, numbers, texts, times};
use crate::market::{Cell, Finite};
use crate::record::rows::{LogRow, Names, RecordRow, SeriesRow};
use crate::record::table::Table;

pub(super) fn log(names: &Names, rows: &[LogRow]) -> PolarsResult<DataFrame> {
    frame(
        Table::Log,
        vec![
            times(rows, |row| row.at),
            texts(rows, |row| names.actor(row.owner)),
            texts(rows, |row| Some(row.kind)),
            texts(rows, |row| Some(&*row.text)),
        ],
    )
}

pub(super) fn series(names: &Names, rows: &[SeriesRow]) -> PolarsResult<DataFrame> {
    frame(
        Table::Series,
        vec![
            times(rows, |row| row.at),
            texts(rows, |row| names.actor(row.owner)),
            texts(rows, |row| Some(&*row.series)),
            numbers(rows, |row| row.value.map(Finite::get)),
        ],
    )
}

/// One value of a strategy's table, with the row it stands in.
struct Entry<'a> {
    row: &'a RecordRow,
    column: &'a str,
    cell: &'a Cell,
    /// Text, or the digits of a whole number, which a double may not hold.
    text: Option<Arc<str>>,
}

pub(super) fn records(names: &Names, rows: &[RecordRow]) -> PolarsResult<DataFrame> {
    let cells = rows.iter().flat_map(|row| row.cells.iter().map(move |(column, cell)| (row, column, cell)));
    let entries = cells.map(|(row, column, cell)| {
        let text = match cell {
            Cell::Text(text) => Some(Arc::clone(text)),
            Cell::Int(value) => Some(value.to_string().into()),
            Cell::Bool(_) | Cell::Float(_) => None,
        };
        Entry { row, column, cell, text }
    });
    let entries: Vec<Entry<'_>> = entries.collect();
    let entries = entries.as_slice();
    frame(
        Table::Records,
        vec![
            times(entries, |entry| entry.row.at),
            texts(entries, |entry| names.actor(entry.row.owner)),
            texts(entries, |entry| Some(&*entry.row.table)),
            counts(entries, |entry| Some(entry.row.number)),
            texts(entries, |entry| Some(entry.column)),
            texts(entries, |entry| Some(entry.cell.kind())),
            numbers(entries, |entry| entry.cell.number()),
            texts(entries, |entry| entry.text.as_deref()),
        ],
    )
}
