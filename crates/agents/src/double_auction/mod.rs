//! Traders with private values: buyers with redemption values and sellers with costs, as in experiments with
//! double auctions. They differ in how they choose the price of a quote.

mod aa;
mod gd;
mod kinds;
mod trader;
mod zic;
mod zip;

pub(crate) use kinds::{AA, GD, ZIC, ZIP};
pub use trader::{PrivateTrader, PrivateTraderConfig, Shout, Strategy};
