//! Rows of tables, and what they are made from: open orders, books, holdings and bars of a run so far.

pub(in crate::record) mod bars;
pub(in crate::record) mod books;
pub(in crate::record) mod holdings;
pub(in crate::record) mod order_row;
pub(in crate::record) mod orders;
pub(in crate::record) mod reject;
