//! Ladders: each kind of order, as a trader would draw it, on both engines.
//!
//! An order is drawn as `id:lots`, who came first at the left; `5:10+20` shows ten and hides twenty.

#![expect(clippy::inconsistent_digit_grouping, reason = "ticks are cents: 100_03 is 100.03")]

mod auctions;
mod bands;
mod changes;
mod desk;
mod icebergs;
mod links;
mod own_orders;
mod pegs;
mod phases;
mod rejects;
mod sharing;
mod stops;
mod taking;
mod times;

use super::*;
use desk::{Desk, QUOTED, Ticket, buy, cancel, replace, sell};

/// Returns the quoted book as drawn.
fn drawn_quoted() -> String {
    Desk::quoted().drawn()
}
