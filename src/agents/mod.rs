//! The participants: market makers, noise traders, replay of history, scripted strategies.
//!
//! Agents see the market through their [`crate::pit::Context`] alone: they import neither the book
//! nor the exchange.

mod config;

pub use config::{MakerReference, MarketMakerConfig, NoiseConfig, ParamValue, ReplayConfig, ScriptConfig};
