//! The context of a market's actors, and its world.

use super::state::MarketState;
use crate::kernel::{SimContext, World};

/// The execution context of every actor of a market.
pub type Context = SimContext<MarketState>;

/// A world whose actors trade.
pub type MarketWorld = World<MarketState>;
