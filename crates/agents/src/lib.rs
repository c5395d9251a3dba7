//! Native agents: market makers, noise traders, replay of bars and of order flow; and technical indicators.
//!
//! Agents see the market through their [`Context`](bearpit_core::participant::Context) alone: they import
//! neither the book nor the exchange, whose state the engine keeps to itself.

mod desk;
pub mod indicators;
mod market_maker;
mod noise;
mod order_flow;
mod replay;

pub use desk::Desk;
pub use market_maker::{MakerReference, MarketMaker, MarketMakerConfig};
pub use noise::{NoiseConfig, NoiseTrader};
pub use order_flow::{FlowReplayer, OrderFlowConfig};
pub use replay::{ReplayConfig, ReplayProvider};
