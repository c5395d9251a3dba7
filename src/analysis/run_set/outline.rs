//! [`RunOutline`]: what stays of a run among many.

use std::path::PathBuf;

use polars_core::prelude::{DataFrame, PolarsResult};

use super::RunSet;
use crate::analysis::metrics::Measures;
use crate::analysis::rows::frame_columns::{numbers, texts, times as times_of};
use crate::analysis::rows::name_index::NameIndex;
use crate::analysis::series::extent::Extent;
use crate::analysis::{AccountMetrics, MarketMetrics, Summary};
use crate::record::{OpenError, StoredRun, Table};

/// What stays of a run among many.
#[derive(Debug, Clone)]
pub struct RunOutline {
    /// Where it lies.
    pub directory: PathBuf,
    /// Its seed.
    pub seed: u64,
    /// BLAKE3 over all facts, in hexadecimal.
    pub digest: String,
    /// The version of the program that ran it.
    pub bearpit: String,
    /// Events delivered.
    pub events: u64,
    /// Trades.
    pub trades: u64,
    /// Whether its equity was recorded.
    pub has_equity: bool,
    /// The tracked accounts, in the scenario's order.
    pub accounts: Vec<AccountOutline>,
    /// The markets, venue by venue.
    pub markets: Vec<MarketOutline>,
}

/// What stays of an account; a metric that is not defined is absent.
#[derive(Debug, Clone)]
pub struct AccountOutline {
    /// The agent's name.
    pub owner: String,
    /// Its kind, as in the manifest.
    pub kind: String,
    /// Whether an error stopped it.
    pub failed: bool,
    /// Final less initial equity.
    pub profit: f64,
    /// Fees paid less rebates.
    pub fees: f64,
    /// The number of its fills.
    pub fills: u64,
    /// `cumulative_return`.
    pub total_return: Option<f64>,
    /// `max_drawdown_currency`.
    pub max_drawdown: Option<f64>,
    /// `sharpe_annualised`.
    pub sharpe: Option<f64>,
    /// `turnover`.
    pub turnover: Option<f64>,
    /// Equity less initial equity at the regular times of its batch; nothing where it was not recorded, or
    /// not kept.
    pub gains: Vec<f64>,
}

/// What stays of a market; a metric that is not defined is absent.
#[derive(Debug, Clone)]
pub struct MarketOutline {
    /// `symbol at venue`.
    pub title: String,
    /// `volume`.
    pub volume: Option<f64>,
    /// `spread_quoted_time_weighted_bps`.
    pub spread_bps: Option<f64>,
    /// `depth_touch_time_weighted`.
    pub depth: Option<f64>,
    /// `volatility_realized_annualised`.
    pub volatility: Option<f64>,
}

impl AccountOutline {
    /// Returns whether it makes a market, and is no strategy.
    #[must_use]
    pub fn is_maker(&self) -> bool {
        self.kind == "market_maker"
    }

    /// Takes an account from a summary.
    fn of(AccountMetrics { account, metrics, .. }: &AccountMetrics) -> Self {
        Self {
            owner: account.owner.clone(),
            kind: account.kind.clone(),
            failed: account.failure.is_some(),
            profit: account.profit.to_f64(),
            fees: account.fees.to_f64(),
            fills: account.fills,
            total_return: metrics.get("cumulative_return"),
            max_drawdown: metrics.get("max_drawdown_currency"),
            sharpe: metrics.get("sharpe_annualised"),
            turnover: metrics.get("turnover"),
            gains: Vec::new(),
        }
    }
}

impl MarketOutline {
    fn of(MarketMetrics { venue, symbol, metrics }: &MarketMetrics) -> Self {
        let of = |key: &str| Measures::get(metrics, key);
        Self {
            title: format!("{symbol} at {venue}"),
            volume: of("volume"),
            spread_bps: of("spread_quoted_time_weighted_bps"),
            depth: of("depth_touch_time_weighted"),
            volatility: of("volatility_realized_annualised"),
        }
    }
}

impl RunOutline {
    /// So many accounts of a run keep their equity, strategies first; no page draws more.
    pub const CURVES_MAX: usize = 12;

    /// Reads the outline of a finished run that spans `extent`.
    ///
    /// # Errors
    /// [`OpenError`] if the summary or the `pnl` table is missing or damaged.
    pub(super) fn read(run: &StoredRun, extent: Extent) -> Result<Self, OpenError> {
        let manifest = run.manifest();
        let summary = Summary::read(run)?;
        let accounts = summary.accounts.iter().map(AccountOutline::of).collect();
        let mut outline = Self {
            directory: run.directory().to_path_buf(),
            seed: manifest.seed,
            digest: manifest.digest.clone(),
            bearpit: manifest.bearpit.clone(),
            events: manifest.events,
            trades: manifest.trades,
            has_equity: run.has(Table::Pnl),
            accounts,
            markets: summary.markets.iter().map(MarketOutline::of).collect(),
        };
        if outline.has_equity {
            outline.read_gains(run, extent)?;
        }
        Ok(outline)
    }

    /// Returns the account of that name.
    #[must_use]
    pub fn account(&self, owner: &str) -> Option<&AccountOutline> {
        self.accounts.iter().find(|account| account.owner == owner)
    }

    fn read_gains(&mut self, run: &StoredRun, extent: Extent) -> Result<(), OpenError> {
        let directory = NameIndex::of(run.manifest()).map_err(|why| run.bad_manifest(why.to_string()))?;
        let mut kept: Vec<usize> = (0..self.accounts.len()).collect();
        kept.sort_by_key(|place| self.accounts[*place].is_maker());
        kept.truncate(Self::CURVES_MAX);
        let mut curves: Vec<Option<Curve>> = self.accounts.iter().map(|_| None).collect();
        for place in kept {
            let account = run.manifest().accounts.get(place);
            curves[place] = account.map(|account| Curve::new(extent, account.initial_equity.to_f64()));
        }
        run.visit(Table::Pnl, &["time", "owner", "equity"], |frame| mark(&directory, frame, &mut curves))?;
        for (account, curve) in self.accounts.iter_mut().zip(curves) {
            account.gains = curve.map_or_else(Vec::new, Curve::finish);
        }
        Ok(())
    }
}

fn mark(directory: &NameIndex, frame: &DataFrame, curves: &mut [Option<Curve>]) -> PolarsResult<()> {
    let (at, owners) = (times_of(frame, "time")?, texts(frame, "owner")?);
    for (row, equity) in numbers(frame, "equity")?.into_iter().enumerate() {
        let account = directory.account(owners[row]).and_then(|account| curves.get_mut(account));
        if let (Some(Some(curve)), Some(equity)) = (account, equity) {
            curve.mark(at[row], equity);
        }
    }
    Ok(())
}

/// Equity at regular times: what it last was, and at first what it began with.
struct Curve {
    times: Vec<i64>,
    initial: f64,
    current: f64,
    gains: Vec<f64>,
}

impl Curve {
    fn new(extent: Extent, initial: f64) -> Self {
        Self { times: times(extent).collect(), initial, current: initial, gains: Vec::new() }
    }

    fn mark(&mut self, at: i64, equity: f64) {
        while self.times.get(self.gains.len()).is_some_and(|time| *time < at) {
            self.gains.push(self.current - self.initial);
        }
        self.current = equity;
    }

    fn finish(mut self) -> Vec<f64> {
        self.gains.resize(self.times.len(), self.current - self.initial);
        self.gains
    }
}

/// Returns the regular times of an extent, its ends included.
pub(super) fn times(extent: Extent) -> impl Iterator<Item = i64> {
    (0..RunSet::TIMES).map(move |place| extent.begin_of(place, RunSet::TIMES - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit_core::units::SimTime;

    #[test]
    fn equity_is_what_it_last_was_at_each_regular_time() {
        let steps = RunSet::TIMES as i64 - 1;
        let extent = Extent::new(SimTime::from_nanos(0), SimTime::from_nanos(steps * 10));
        let mut curve = Curve::new(extent, 100.0);
        for (at, equity) in [(10, 101.0), (15, 90.0), (20, 103.0), (25, 104.0)] {
            curve.mark(at, equity);
        }
        let gains = curve.finish();
        assert_eq!(gains.len(), RunSet::TIMES);
        assert_eq!(gains[..4], [0.0, 1.0, 3.0, 4.0]);
        assert_eq!(gains[4..], vec![4.0; RunSet::TIMES - 4]);
    }
}
