//! [`AccountData`]: what is known of a tracked account.

use super::attribution::Attribution;
use super::endings::OrderEnding;
use super::trip::AccountTrip;
use crate::analysis::account::plotted::Plotted;
use crate::analysis::account::top_trips::TopTrips;
use crate::analysis::metrics::{Measures, Sample};
use crate::analysis::sampling::equity_sampler::{MarginCallMark, Ruin};
use crate::analysis::series::extent::Point;
use crate::record::AccountSummary;

/// A tracked account: its series for figures, and its metrics.
#[derive(Debug, Clone)]
pub struct AccountData {
    /// What the manifest says of it.
    pub summary: AccountSummary,
    /// When it had lost all that it had, if that was so.
    pub ruin: Option<Ruin>,
    /// Its margin calls, in order of time.
    pub margin_calls: Vec<MarginCallMark>,
    /// How its orders ended that were not filled, where it was not its owner that ended them.
    pub endings: Vec<OrderEnding>,
    /// Equity in currency.
    pub equity: Vec<Point>,
    /// Equity below its highest so far, as a share of that; at or below zero, at least -1.
    pub drawdown: Vec<Point>,
    /// Holdings by symbol.
    pub positions: Vec<PositionSeries>,
    /// What it held at the end.
    pub open_positions: Vec<OpenPosition>,
    /// Its fills, in order of time; at most [`AccountData::MARKS_MAX`].
    pub fills: Vec<FillMark>,
    /// How many fills there were.
    pub fills_total: u64,
    /// Its returns over regular periods, and the benchmark's.
    pub sample: Sample,
    /// The returns over the same periods of all instruments in equal parts, set right each period; empty
    /// without a mark.
    pub buy_and_hold: Vec<f64>,
    /// Its round trips from flat to flat, in order of their ends; at most [`AccountData::TRIPS_MAX`].
    pub trips: Vec<AccountTrip>,
    /// How many such trips there were.
    pub trips_total: u64,
    /// The largest gains and losses among them, and the last ones.
    pub top_trips: TopTrips,
    /// Its round trips first in first out, as [`AccountData::trips`].
    pub fifo_trips: Vec<AccountTrip>,
    /// How many such trips there were.
    pub fifo_trips_total: u64,
    /// Where its P&L comes from; a run always says it.
    pub attribution: Option<Attribution>,
    /// What its strategy plotted.
    pub plotted: Plotted,
    /// All its metrics, of [`account::METRICS`](crate::analysis::metrics::account::METRICS) and
    /// [`trading::METRICS`](crate::analysis::metrics::trading::METRICS).
    pub metrics: Measures,
}

/// The holding of one symbol over time.
#[derive(Debug, Clone)]
pub struct PositionSeries {
    /// The symbol.
    pub symbol: String,
    /// The signed holding.
    pub points: Vec<Point>,
}

/// What an account held of an instrument at the end.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenPosition {
    /// The symbol.
    pub symbol: String,
    /// How much; below zero what was sold short.
    pub quantity: f64,
    /// The price at which it was marked last; none before the first.
    pub mark: Option<f64>,
}

/// A fill, for a figure.
#[derive(Debug, Clone, PartialEq)]
pub struct FillMark {
    /// Nanoseconds since 1970.
    pub at: i64,
    /// What.
    pub symbol: String,
    /// Whether it bought.
    pub buys: bool,
    /// At this price.
    pub price: f64,
    /// How much.
    pub quantity: f64,
}

impl AccountData {
    /// How many fills a figure shows at most.
    pub const MARKS_MAX: usize = 400;
    /// How many round trips of a kind are kept at most; metrics are taken from all.
    pub const TRIPS_MAX: usize = 5_000;
}
