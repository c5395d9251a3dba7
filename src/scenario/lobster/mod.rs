//! LOBSTER's files: messages and books of one stock and one day, read and checked.
//!
//! [LOBSTER](https://lobsterdata.com/info/DataStructure.php)'s format is used in four places, each of which
//! does one thing with it:
//!
//! | what | where |
//! |---|---|
//! | the vocabulary: messages, book rows, their prices and sizes | `bearpit_core::market`, `lobster.rs` |
//! | reading files, with errors by line and column | here |
//! | the agent that replays messages | `bearpit_agents`, `order_flow` |
//! | the check of the order book against the files | `analysis::verify`, for `bearpit verify-book` |

mod book;
mod grid;
mod lines;
mod messages;
mod order_flow;

pub use order_flow::OrderFlow;

pub(super) use grid::{first_row_on_grid, messages_on_grid};
