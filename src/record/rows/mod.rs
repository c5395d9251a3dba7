//! Rows of tables, and what they are made from: open orders, books, holdings and bars of a run so far.

pub(super) mod actions;
pub(super) mod bars;
pub(super) mod books;
pub(super) mod equity;
pub(super) mod holdings;
pub(super) mod marks;
mod open_places;
pub(super) mod order_row;
pub(super) mod orders;
pub(super) mod reject;
pub(super) mod row;
pub(super) mod trips;
