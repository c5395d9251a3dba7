//! [`Scenario`]: what a scenario file says, validated.

use std::path::PathBuf;
use std::sync::Arc;

use crate::record::RecordConfig;
use crate::script::ScriptConfig;
use bearpit_agents::{MarketMakerConfig, NoiseConfig, OrderFlowConfig, ReplayConfig};
use bearpit_core::account::Financing;
use bearpit_core::book::{Matching, PriceBands};
use bearpit_core::exchange::Calendar;
use bearpit_core::market::{Fees, Instrument};
use bearpit_core::participant::Latencies;
use bearpit_core::process::{GapConfig, HistoricalBar};
use bearpit_core::units::{InstrumentId, ListingId, Money, Quantity, Seed, SimDuration, SimTime, VenueId};

/// A validated scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// The file.
    pub path: PathBuf,
    /// Its name; results go to a directory of that name.
    pub name: String,
    /// Its seed.
    pub seed: Seed,
    /// First instant.
    pub start: SimTime,
    /// Last instant; after `start`.
    pub end: SimTime,
    /// Interval of bars.
    pub bar_interval: SimDuration,
    /// Interval at which accounts are marked to market.
    pub sample_interval: SimDuration,
    /// What is recorded of it.
    pub record: RecordConfig,
    /// The instruments; at least one.
    pub instruments: Vec<InstrumentSpec>,
    /// The venues; at least one.
    pub venues: Vec<VenueSpec>,
    /// The agents, populations included.
    pub agents: Vec<AgentSpec>,
    /// The changes made to it, as they were written.
    pub changes: Vec<String>,
    /// BLAKE3 over the scenario's text, the changes made to it and every file it names, in hexadecimal.
    pub inputs_digest: String,
}

/// An instrument, and how its value moves.
#[derive(Debug, Clone, PartialEq)]
pub struct InstrumentSpec {
    /// What is traded.
    pub instrument: Instrument,
    /// How its value moves, if it has one.
    pub process: Option<ProcessSpec>,
    /// The step of time in which the process is evaluated.
    pub grid: SimDuration,
}

/// A price process by its parameters.
#[derive(Debug, Clone, PartialEq)]
pub enum ProcessSpec {
    /// [`Gbm`](bearpit_core::process::Gbm).
    Gbm {
        /// First value; above zero.
        initial: f64,
        /// Annualised drift.
        drift: f64,
        /// Annualised volatility; at or above zero.
        volatility: f64,
        /// Hours of virtual time in a year.
        hours_per_year: f64,
    },
    /// [`OrnsteinUhlenbeck`](bearpit_core::process::OrnsteinUhlenbeck).
    Ou {
        /// First value; above zero.
        initial: f64,
        /// The mean; above zero.
        mean: f64,
        /// Time in which the distance from the mean halves; above zero.
        half_life: SimDuration,
        /// Annualised volatility as a share of the mean; at or above zero.
        volatility: f64,
        /// Hours of virtual time in a year.
        hours_per_year: f64,
    },
    /// [`Replay`](bearpit_core::process::Replay).
    Replay {
        /// The bars; at least one.
        bars: Arc<[HistoricalBar]>,
        /// When a bar begins, after its row's time.
        offset: SimDuration,
        /// How long a bar lasts.
        length: SimDuration,
    },
    /// [`Linked`](bearpit_core::process::Linked).
    Linked {
        /// The symbol of the instrument that it follows; on the same grid.
        leader: String,
        /// How that one's value moves.
        process: Box<Self>,
        /// Value per value of the leader; above zero.
        ratio: f64,
        /// How the difference moves.
        gap: GapConfig,
    },
}

impl ProcessSpec {
    /// Returns the first value.
    pub(super) fn initial(&self) -> Option<f64> {
        match self {
            Self::Gbm { initial, .. } | Self::Ou { initial, .. } => Some(*initial),
            Self::Replay { bars, .. } => bars.first().map(|bar| bar.open),
            Self::Linked { process, ratio, .. } => process.initial().map(|initial| ratio * initial),
        }
    }
}

/// A venue.
#[derive(Debug, Clone, PartialEq)]
pub struct VenueSpec {
    /// Its name.
    pub name: String,
    /// What it lists; at least one.
    pub instruments: Vec<InstrumentId>,
    /// What a fill costs there.
    pub fees: Fees,
    /// Its end of the wires.
    pub latencies: Latencies,
    /// How it trades, and when.
    pub rules: VenueRules,
}

/// The rules of a venue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VenueRules {
    /// How orders at one price share what comes in.
    pub matching: Matching,
    /// How far prices may go.
    pub bands: PriceBands,
    /// How long a halt lasts before the re-opening auction.
    pub halt: SimDuration,
    /// How long the re-opening auction lasts.
    pub reopening: SimDuration,
    /// Its sessions; without, it trades continuously from start to end.
    pub sessions: Option<Calendar>,
}

/// An agent, or a population of like ones.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentSpec {
    /// Its name; members of a population are called `name-1` and so on.
    pub name: String,
    /// How many there are; at least one.
    pub count: u32,
    /// Cash of each.
    pub cash: Money,
    /// Holdings of each.
    pub holdings: Vec<(InstrumentId, Quantity)>,
    /// How far each may sell short.
    pub max_short: Vec<(InstrumentId, Quantity)>,
    /// What time costs and brings each.
    pub financing: Financing,
    /// Its end of the wires.
    pub latencies: Latencies,
    /// What it does.
    pub kind: AgentKind,
}

/// What an agent does.
#[derive(Debug, Clone, PartialEq)]
pub enum AgentKind {
    /// Makes a market.
    MarketMaker(MarketMakerConfig),
    /// Trades at random.
    Noise(NoiseConfig),
    /// Provides liquidity around historical bars.
    Replay(ReplayConfig),
    /// Replays order flow.
    OrderFlow(OrderFlowConfig),
    /// Runs a strategy in Rhai.
    Script(ScriptConfig),
}

impl AgentKind {
    /// Returns the kind's name in scenario files.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::MarketMaker(_) => "market_maker",
            Self::Noise(_) => "noise",
            Self::Replay(_) => "replay",
            Self::OrderFlow(_) => "order_flow",
            Self::Script(_) => "script",
        }
    }
}

impl AgentSpec {
    /// Returns the names of its members.
    pub fn member_names(&self) -> impl Iterator<Item = String> {
        let single = self.count == 1;
        (1..=self.count)
            .map(move |number| if single { self.name.clone() } else { format!("{}-{number}", self.name) })
    }
}

/// Returns the listings of venues, venue by venue: the index is the listing's id.
pub(super) fn listings(venues: &[VenueSpec]) -> Vec<(VenueId, InstrumentId)> {
    let venue_ids = (0..).map(VenueId::new);
    let pairs =
        venue_ids.zip(venues).flat_map(|(id, venue)| venue.instruments.iter().map(move |it| (id, *it)));
    pairs.collect()
}

/// Returns the id of the listing at `index`.
pub(super) fn listing_id(index: usize) -> ListingId {
    ListingId::new(u32::try_from(index).unwrap_or(u32::MAX))
}
