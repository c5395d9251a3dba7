//! The participants: market makers, noise traders, replay of history, scripted strategies.
//!
//! Agents see the market through their [`crate::pit::Context`] alone: they import neither the book
//! nor the exchange.

mod config;
mod desk;
mod market_maker;
mod noise;
mod replay;
pub mod script;

pub use config::{MakerReference, MarketMakerConfig, NoiseConfig, ParamValue, ReplayConfig, ScriptConfig};
pub use desk::Desk;
pub use market_maker::MarketMaker;
pub use noise::NoiseTrader;
pub use replay::ReplayProvider;
