//! Use cases: what faces ask for, in the words of the outside, whatever the face.
//!
//! A service knows the market, its publication and the database; none knows HTTP.

pub mod admin;
pub mod alerts;
pub mod alpaca;
pub mod auctions;
pub mod channels;
pub mod contests;
pub mod deliveries;
pub mod estimates;
pub mod feeds;
pub mod identity;
pub mod letters;
pub mod mail;
pub mod market_data;
pub mod notifications;
pub mod payments;
pub mod profiles;
pub mod push;
pub mod strategies;
pub mod trading;
pub mod wallet;
pub mod watchlists;
pub mod webhooks;

use crate::domain::WallTime;
use crate::driver::{SystemClock, WallClock};

/// Returns the time of the world outside: of logins, keys and lists, never of trading.
#[must_use]
pub fn wall_now() -> WallTime {
    WallTime::since_epoch(SystemClock::new().system())
}
