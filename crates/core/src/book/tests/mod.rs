//! The book: ladders, the engine against the reference on every event, engines with planted flaws that
//! must be caught, the whole range of prices.

mod auction_law;
mod audit;
mod bracket_law;
mod corpus;
mod differential;
mod distances;
mod extremes;
mod flaws;
mod ladders;
mod laws;
mod memory;
mod range;
mod restore;
mod steady;
pub(crate) mod traffic;

use super::{BookConfig, BookEvent, MatchingEngine, OrderBook, ReferenceBook, check_invariants};
use crate::market::{
    CancelReason, Command, CommandKind, Link, OrderKind, OrderTerms, Peg, Phase, PostOnly, RejectReason,
    Replacement, SelfTrade, Side, StopLoss, TimeInForce, TrailingDistance,
};
use crate::units::{ActorId, ListingId, OrderId, Price, Quantity, SimTime};

fn command(order: u64, owner: u32, kind: CommandKind) -> Command {
    Command { order: OrderId::new(order), owner: ActorId::new(owner), listing: ListingId::new(0), kind }
}

fn at(nanos: i64) -> SimTime {
    SimTime::from_nanos(nanos)
}
