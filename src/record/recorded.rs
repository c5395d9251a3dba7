//! [`Recorded`]: what a recording leaves.

use polars_core::prelude::DataFrame;

use super::manifest::TableSummary;
use super::table::Table;

/// What a recording leaves.
#[derive(Debug, Clone)]
pub struct Recorded<S> {
    /// The tables that were written, with their number of rows.
    pub tables: Vec<TableSummary>,
    /// The tables themselves, where they were kept in memory.
    pub frames: Vec<(Table, DataFrame)>,
    /// How many orders had not ended, and so have no row; none after a whole run.
    pub open_orders: usize,
    /// What took the rows.
    pub sink: S,
}
