//! Native agents: market makers, noise traders, replay of bars, of trades and quotes, and of order flow; and
//! technical indicators.
//!
//! Each kind of agent is one file or folder: its parameters as data ([`AgentKind`]), how it is built from
//! them, and what it does. To add one, write the file and add it to [`KINDS`].
//!
//! Agents see the market through their [`Context`](bearpit_core::participant::Context) alone: they import
//! neither the book nor the exchange, whose state the engine keeps to itself.

mod adaptive_maker;
mod chiarella;
mod corporate_actions;
mod desk;
mod double_auction;
mod execution;
mod feed;
mod fill_rules;
mod finer;
mod flow;
pub mod indicators;
mod kind;
mod kinds;
mod market_maker;
mod metaorders;
mod momentum;
mod noise;
mod order_flow;
mod population;
mod quoting;
mod replay;
mod routing;
mod session;
mod stress;
mod ticks;
mod trading;
mod value;

pub use adaptive_maker::{AdaptiveMaker, AdaptiveMakerConfig};
pub use chiarella::{ChiarellaIori, ChiarellaIoriConfig, ExtendedChiarella, ExtendedChiarellaConfig};
pub use corporate_actions::prices_show_split;
pub use desk::Desk;
pub use double_auction::{PrivateTrader, PrivateTraderConfig, Shout, Strategy};
pub use execution::{AlmgrenChriss, ExecutionSchedule, Executor, ExecutorConfig};
pub use feed::{FeedMaker, FeedMakerConfig};
pub use flow::{
    HawkesEvent, HawkesFlow, HawkesFlowConfig, HawkesProcess, PoissonFlow, PoissonFlowConfig, QueueRates,
    QueueReactiveConfig, QueueReactiveFlow, Unstable,
};
pub use kind::{
    AccountDefaults, AgentKind, AgentSite, Configure, ConfiguredAgent, FurtherInput, InstrumentVenue,
    ListingChoice, LocalClock, RetiredParam, Shared, SiteClock, SiteSpan, SiteVenue,
};
pub use kinds::KINDS;
pub use market_maker::{MakerReference, MarketMaker, MarketMakerConfig};
pub use metaorders::{MetaorderConfig, MetaorderTrader};
pub use momentum::{MomentumConfig, MomentumTrader};
pub use noise::{NoiseConfig, NoiseTrader};
pub use order_flow::{FlowReplayer, OrderFlowConfig};
pub use population::{
    Activity, DistributionError, DrawnParam, DrawnParams, Law, ParamDistribution, Wakeups, is_drawable,
};
pub use quoting::{AvellanedaStoikov, Glft, OptimalMaker, OptimalMakerConfig, QuoteFormula};
pub use replay::BarReplay;
pub use routing::{
    RouteLevel, RouteOffer, RouterConfig, SmartOrderRouter, VenueRoute, net_price, plan_routes,
};
pub use session::time_of_day;
pub use stress::{ArbitrageConfig, LatencyArbitrageur, Spoofer, SpooferConfig};
pub use ticks::TickReplay;
pub use trading::OrderSizes;
pub use value::{Belief, Estimate, ValueConfig, ValueTrader};
