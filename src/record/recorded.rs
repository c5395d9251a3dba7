//! [`Recorded`]: what a recording leaves.

use super::manifest::TableSummary;

/// What a recording has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The tables, with their rows.
    pub tables: Vec<TableSummary>,
    /// How many orders had not ended, and so have no row; none after a whole run.
    pub open_orders: usize,
}
