//! Native agents: market makers, noise traders, replay of bars, of trades and quotes, and of order flow; and
//! technical indicators.
//!
//! Each kind of agent is one file or folder: its parameters as data ([`AgentKind`]), how it is built from
//! them, and what it does. To add one, write the file and add it to [`KINDS`].
//!
//! Agents see the market through their [`Context`](bearpit_core::participant::Context) alone: they import
//! neither the book nor the exchange, whose state the engine keeps to itself.

mod corporate_actions;
mod desk;
mod fill_rules;
mod finer;
pub mod indicators;
mod kind;
mod kinds;
mod market_maker;
mod noise;
mod order_flow;
mod replay;
mod session;
mod ticks;

pub use corporate_actions::prices_show_split;
pub use desk::Desk;
pub use kind::{
    AccountDefaults, AgentKind, AgentSite, Configure, ConfiguredAgent, FurtherInput, ListingChoice,
    LocalClock, RetiredParam, Shared, SiteClock, SiteSpan, SiteVenue,
};
pub use kinds::KINDS;
pub use market_maker::{MakerReference, MarketMaker, MarketMakerConfig};
pub use noise::{NoiseConfig, NoiseTrader};
pub use order_flow::{FlowReplayer, OrderFlowConfig};
pub use replay::BarReplay;
pub use session::time_of_day;
pub use ticks::TickReplay;
