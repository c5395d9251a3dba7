//! The sections of a scenario: `[scenario]`, `[live]`, `[record]`, `[auctions]`, `[[baskets]]`,
//! `[[instruments]]`, `[[venues]]`, `[[agents]]`.

mod agents;
mod auctions;
mod bar_files;
mod baskets;
mod contract;
mod distributions;
mod events;
mod fees;
mod file_rows;
mod head;
mod instruments;
mod latencies;
mod live;
mod margin;
mod params;
mod process;
mod record;
mod replay_warnings;
mod tick_files;
mod venue_rules;
mod venues;

pub(super) use agents::{MarketOutline, ON_RUIN, agents};
pub(super) use auctions::auctions;
pub(super) use baskets::baskets;
pub(super) use distributions::DISTRIBUTIONS;
pub(super) use events::events;
pub(super) use fees::{MEASURES, SIDES};
pub(super) use head::{Head, head};
pub(super) use instruments::{KnownInstrument, instruments};
pub(super) use live::{AFTER_OUTAGE, CLOCKS, DURABILITY, live};
pub(super) use params::{offset_of, scalar};
pub(super) use record::record;
pub(super) use venues::venues;
