//! What scripts can call and read: functions and objects, with the list of them.

mod account;
mod auctions;
mod auto_update;
pub(crate) mod entries;
mod indicators;
pub(crate) mod language;
mod market;
pub(crate) mod market_handle;
mod memory;
mod objects;
mod order_options;
mod orders;
mod output;
pub(crate) mod params;
mod random;
pub(crate) mod registry;
mod rounding;
mod subscriptions;
pub(crate) mod test_functions;
mod time;
