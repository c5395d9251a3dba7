//! What each kind of agent is told about itself: validated, in ticks and lots.

use std::fmt;
use std::sync::Arc;

use super::script::ScriptSource;
use crate::market::{BookRow, OrderMessage};
use crate::process::HistoricalBar;
use crate::units::{ListingId, Quantity, SimDuration, SimTime};

/// What a market maker centres its quotes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MakerReference {
    /// The instrument's value process: an informed maker.
    Value,
    /// The mid as its feed shows it, or the last trade where a side is empty.
    Mid,
}

/// A market maker: both sides around a reference, shifted against its inventory.
#[derive(Debug, Clone, PartialEq)]
pub struct MarketMakerConfig {
    /// Where it makes a market.
    pub listing: ListingId,
    /// What it quotes around.
    pub reference: MakerReference,
    /// Distance of each quote from the centre, in ticks, at least 1.
    pub half_spread_ticks: i64,
    /// Quantity on each side.
    pub quantity: Quantity,
    /// Inventory at which it quotes one side only.
    pub max_inventory: Quantity,
    /// How far the centre moves at full inventory, in half-spreads; 0 to 10.
    pub skew: f64,
    /// Mean time between two looks at the market, uniform within half of it either way; above zero.
    pub interval: SimDuration,
}

/// One of a population of noise traders.
#[derive(Debug, Clone, PartialEq)]
pub struct NoiseConfig {
    /// Where it trades.
    pub listing: ListingId,
    /// Mean time between two actions, exponentially distributed; above zero.
    pub interval: SimDuration,
    /// Probability that an action is a market order rather than a limit order; 0 to 1.
    pub market_share: f64,
    /// The largest quantity of an order; quantities are uniform from one lot on.
    pub max_quantity: Quantity,
    /// Mean distance of a limit order from the opposite touch, in ticks, over the one tick that keeps
    /// it from crossing; at or above zero.
    pub depth_ticks: f64,
    /// How long a limit order may rest before its owner takes it out at its next action.
    pub patience: SimDuration,
}

/// A provider of liquidity around historical bars.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplayConfig {
    /// Where it provides.
    pub listing: ListingId,
    /// The bars, in order of time.
    pub bars: Arc<[HistoricalBar]>,
    /// When a bar begins, after its row's time.
    pub offset: SimDuration,
    /// How long a bar lasts; above zero.
    pub length: SimDuration,
    /// How long the auction lasts with which a bar begins; less than a third of `length`.
    pub call: SimDuration,
    /// Distance of its quotes from the historical price, in ticks, at least 1.
    pub half_spread_ticks: i64,
    /// Quantity it shows on each side.
    pub depth: Quantity,
}

impl ReplayConfig {
    /// Returns when the bars begin.
    pub fn openings(&self) -> impl Iterator<Item = SimTime> + '_ {
        self.bars.iter().map(|bar| bar.time + self.offset)
    }
}

/// A replay of order flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderFlowConfig {
    /// Where it replays.
    pub listing: ListingId,
    /// The messages, in the order of their file; prices in 1/10,000 of the currency and sizes in shares, as
    /// there. Those off the instrument's grid are passed over.
    pub messages: Arc<[OrderMessage]>,
    /// The midnight from which their times count.
    pub midnight: SimTime,
    /// The book before the first message; each level is one order. May be empty.
    pub initial: BookRow,
}

/// A value of a strategy's parameter, as a scenario gives it.
#[derive(Debug, Clone, PartialEq)]
pub enum ParamValue {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction; finite.
    Float(f64),
    /// A text.
    Text(String),
}

impl ParamValue {
    /// Returns what kind of value it is, for messages.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Text(_) => "a text",
        }
    }
}

impl fmt::Display for ParamValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(text) => write!(f, "\"{text}\""),
        }
    }
}

/// What becomes of a strategy that has failed; its orders are canceled in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OnError {
    /// It keeps its position.
    #[default]
    Halt,
    /// Its positions are closed at the market.
    Flatten,
    /// The whole run ends with the error.
    Abort,
}

/// A strategy written in Rhai.
#[derive(Debug, Clone, PartialEq)]
pub struct ScriptConfig {
    /// The script, with what it imports.
    pub source: ScriptSource,
    /// The listing that functions without a listing mean.
    pub listing: ListingId,
    /// The parameters, in the order of the scenario.
    pub params: Vec<(String, ParamValue)>,
    /// What becomes of it if it fails.
    pub on_error: OnError,
    /// How many operations each of its callbacks may take.
    pub operations: u64,
}

impl ScriptConfig {
    /// A script without parameters, that halts if it fails.
    #[must_use]
    pub const fn new(source: ScriptSource, listing: ListingId) -> Self {
        let (on_error, operations) = (OnError::Halt, super::script::OPERATIONS);
        Self { source, listing, params: Vec::new(), on_error, operations }
    }
}
