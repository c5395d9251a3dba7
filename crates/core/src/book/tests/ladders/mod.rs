//! Ladders: each kind of order, drawn as a price ladder, on both engines.
//!
//! An order is drawn as `id:lots`, the first in the queue at the left; `5:10+20` displays ten and hides
//! twenty.

#![expect(clippy::inconsistent_digit_grouping, reason = "ticks are cents: 100_03 is 100.03")]

mod allocation;
mod auctions;
mod bands;
mod brackets;
mod cancel_replace;
mod icebergs;
mod linked_orders;
mod matching;
mod one_exit;
mod pairs;
mod pegs;
mod phases;
mod rejects;
mod replaced_terms;
mod rig;
mod self_trade;
mod stops;
mod time_in_force;

use super::*;
use rig::{QUOTED, Rig, Ticket, buy, cancel, change, replace, sell, stop_with_limit};

/// Returns the quoted book as drawn.
fn drawn_quoted() -> String {
    Rig::quoted().drawn()
}
