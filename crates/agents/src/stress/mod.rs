//! Agents that put a market under stress: latency arbitrage between venues, and spoofing.

mod arbitrage;
mod spoofer;

pub(crate) use arbitrage::KIND as LATENCY_ARBITRAGEUR;
pub use arbitrage::{ArbitrageConfig, LatencyArbitrageur};
pub(crate) use spoofer::KIND as SPOOFER;
pub use spoofer::{Spoofer, SpooferConfig};
