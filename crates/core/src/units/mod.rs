//! The value types of all other modules: time, price, quantity, money, identifiers, seed.
//!
//! All market state is integers. A [`Price`] counts ticks and a [`Quantity`] counts lots of an instrument,
//! which gives them their scale; [`Money`] and [`SimTime`] have one fixed scale everywhere. Decimal text is
//! parsed as a [`Decimal`] at the edge, never as `f64`.

mod decimal;
mod divisor;
mod ids;
mod money;
mod number_text;
mod price;
mod quantity;
mod seed;
mod short_quantity;
mod spelling;
mod time;
mod visible;

pub use decimal::{Decimal, DecimalError};
pub use divisor::greatest_common_divisor;
pub use ids::{ActorId, AuctionId, InstrumentId, ListingId, OrderId, PersonId, ProposalId, TradeId, VenueId};
pub use money::{FeeRate, Money};
pub use number_text::NumberText;
pub use price::Price;
pub use quantity::{NetQuantity, Quantity};
pub use seed::Seed;
pub(crate) use short_quantity::ShortQuantity;
pub use spelling::{nearest, suggest};
pub use time::{SimDuration, SimTime, TimeError};
pub use visible::{is_hidden, visible};
