//! Value types everything else is written in: time, price, quantity, money, identifiers, seed.
//!
//! All market state is integers. A [`Price`] counts ticks and a [`Quantity`] counts lots of one
//! instrument, so neither means anything without it; [`Money`] and [`SimTime`] have one fixed
//! scale everywhere. Decimal text enters through [`Decimal`], at the edge, and never as `f64`.

mod decimal;
mod ids;
mod money;
mod price;
mod quantity;
mod seed;
mod spelling;
mod time;

pub use decimal::{Decimal, DecimalError};
pub use ids::{ActorId, InstrumentId, ListingId, OrderId, TradeId, VenueId};
pub use money::{FeeRate, Money};
pub use price::Price;
pub use quantity::{NetQuantity, Quantity};
pub use seed::Seed;
pub use spelling::{nearest, suggest};
pub use time::{SimDuration, SimTime, TimeError};
