//! Rows of tables, typed: what series and metrics are built from.

pub(crate) mod account_rows;
pub(crate) mod action_rows;
pub(crate) mod bad_manifest;
pub(crate) mod frame_columns;
pub(crate) mod market_rows;
pub(crate) mod name_index;
pub(crate) mod order_rows;
pub(crate) mod table_stream;
