//! One tracked account over time: equity, positions, fills, round trips, exposure, plotted series.

pub(crate) mod attribution;
pub(crate) mod builder;
pub(crate) mod data;
pub(crate) mod endings;
pub(crate) mod exposure;
pub(crate) mod plotted;
pub(crate) mod top_trips;
pub(crate) mod trip;

pub use attribution::Attribution;
pub use builder::ImpossibleFill;
pub use data::{AccountData, FillMark, OpenPosition, PositionSeries};
pub use endings::OrderEnding;
pub use plotted::{Plotted, PlottedSeries};
pub use top_trips::TopTrips;
pub use trip::AccountTrip;
