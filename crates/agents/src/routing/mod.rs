//! Smart order routing: one order over all venues of an instrument.

mod heard;
mod kind;
mod plan;
mod router;

pub(crate) use kind::KIND;
pub use plan::{RouteLevel, RouteOffer, VenueRoute, net_price, plan_routes};
pub use router::{RouterConfig, SmartOrderRouter};
