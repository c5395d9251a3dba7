//! The participants: market makers, noise traders, replay of bars and of order flow, scripted strategies;
//! and the indicators that they may watch.
//!
//! Agents see the market through their [`crate::pit::Context`] alone: they import neither the book
//! nor the exchange.

mod config;
mod desk;
pub mod indicators;
mod market_maker;
mod noise;
mod order_flow;
mod replay;
pub mod script;

pub use config::{
    MakerReference, MarketMakerConfig, NoiseConfig, OnError, OrderFlowConfig, ParamValue, ReplayConfig,
    ScriptConfig,
};
pub use desk::Desk;
pub use market_maker::MarketMaker;
pub use noise::NoiseTrader;
pub use order_flow::FlowReplayer;
pub use replay::ReplayProvider;
