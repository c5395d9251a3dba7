//! The values that scripts handle: their types, their limits, and how arguments are read.

pub(crate) mod arguments;
pub(crate) mod auction;
pub(crate) mod callback;
pub(crate) mod foreign_syntax;
pub(crate) mod indicator;
pub(crate) mod limits;
pub(crate) mod listing;
pub(crate) mod order_event;
pub(crate) mod order_handle;
pub(crate) mod param;
pub(crate) mod script_error;
pub(crate) mod views;
