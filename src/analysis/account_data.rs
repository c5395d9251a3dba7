//! [`AccountData`]: what is known of a tracked account.

use super::metrics::{Measures, Sample};
use super::notable::Notable;
use super::plotted::Plotted;
use super::thin::Point;
use super::trips::RoundTrip;
use crate::record::AccountSummary;

/// A tracked account: its series for figures, and its metrics.
#[derive(Debug, Clone)]
pub struct AccountData {
    /// What the manifest says of it.
    pub summary: AccountSummary,
    /// Equity in currency.
    pub equity: Vec<Point>,
    /// Equity below its highest so far, in currency; at or below zero.
    pub drawdown: Vec<Point>,
    /// Holdings by symbol.
    pub positions: Vec<Position>,
    /// Its fills, in order of time; at most [`AccountData::MARKS_MAX`].
    pub fills: Vec<FillMark>,
    /// How many fills there were.
    pub fills_total: u64,
    /// Its returns over regular periods, and the benchmark's.
    pub sample: Sample,
    /// Its round trips from flat to flat, in order of their ends; at most [`AccountData::TRIPS_MAX`].
    pub trips: Vec<AccountTrip>,
    /// How many such trips there were.
    pub trips_total: u64,
    /// The largest gains and losses among them, and the last ones.
    pub notable: Notable,
    /// Its round trips first in first out, as [`AccountData::trips`].
    pub fifo_trips: Vec<AccountTrip>,
    /// How many such trips there were.
    pub fifo_trips_total: u64,
    /// Where its P&L comes from; none where the manifest says no numbers.
    pub attribution: Option<Attribution>,
    /// What its strategy plotted.
    pub plotted: Plotted,
    /// All its metrics, of [`account::METRICS`](super::metrics::account::METRICS) and
    /// [`trading::METRICS`](super::metrics::trading::METRICS).
    pub metrics: Measures,
}

/// Where an account's P&L comes from: spread, inventory and financing, less fees, make all of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attribution {
    /// By how much fills were better than the mid before them.
    pub spread: f64,
    /// What holdings won or lost as the mid moved.
    pub inventory: f64,
    /// Fees less rebates.
    pub fees: f64,
    /// Interest received less paid, and less what borrowed shares cost.
    pub financing: f64,
}

impl Attribution {
    /// Takes the rest of the P&L as that of the inventory.
    pub(super) fn of(summary: &AccountSummary, spread: f64) -> Option<Self> {
        let number = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite());
        let (profit, fees) = (number(&summary.profit)?, number(&summary.fees)?);
        let financing = number(&summary.financing)?;
        Some(Self { spread, inventory: profit + fees - financing - spread, fees, financing })
    }

    /// Returns the whole P&L.
    #[must_use]
    pub fn profit(&self) -> f64 {
        self.spread + self.inventory + self.financing - self.fees
    }
}

/// The holding of one symbol over time.
#[derive(Debug, Clone)]
pub struct Position {
    /// The symbol.
    pub symbol: String,
    /// The signed holding.
    pub points: Vec<Point>,
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

/// A round trip, and in what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountTrip {
    /// The symbol.
    pub symbol: String,
    /// The trip.
    pub trip: RoundTrip,
}

impl AccountData {
    /// How many fills a figure shows at most.
    pub const MARKS_MAX: usize = 400;
    /// How many round trips of a kind are kept at most; metrics are taken from all.
    pub const TRIPS_MAX: usize = 5_000;
}
