//! [`RunData`]: all of a run that a report shows.

use super::log::OwnerLog;
use crate::analysis::account::AccountData;
use crate::analysis::listing::ListingData;
use crate::analysis::sampling::trading_year::TradingYear;
use crate::analysis::series::Extent;
use crate::record::Manifest;
use bearpit_core::units::SimDuration;

/// A run as series and metrics.
///
/// ```
/// use std::path::Path;
///
/// use bearpit::analysis::RunData;
/// use bearpit::record::StoredRun;
/// use bearpit::run::{OutputConfig, Run};
/// use bearpit::scenario::Scenario;
///
/// let out = tempfile::TempDir::new()?;
/// let end = "scenario.end=2025-03-03T09:35:00".parse()?;
/// let scenario = Scenario::load(Path::new("scenarios/quickstart.toml"), &[end])?;
/// let finished = Run::of(&scenario).output(OutputConfig::new(out.path())).run()?;
///
/// let run = StoredRun::open(finished.directory.as_deref().ok_or("it has output")?)?;
/// let data = RunData::read(&run)?;
/// for account in &data.accounts {
///     println!("{}: {:?}", account.summary.owner, account.metrics.get("sharpe_annualised"));
/// }
/// assert_eq!(data.accounts.len(), run.manifest().accounts.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct RunData {
    /// What the manifest says.
    pub manifest: Manifest,
    /// The time that figures span.
    pub extent: Extent,
    /// The tracked accounts, in the scenario's order.
    pub accounts: Vec<AccountData>,
    /// The length of the periods over which returns are taken: the sample interval, or a multiple of it where
    /// there would be too many.
    pub period: SimDuration,
    /// How many of them make a year.
    pub periods_per_year: f64,
    /// The year of trading that follows from when the market quoted and traded; none where the scenario says
    /// how many periods a year has.
    pub year: Option<TradingYear>,
    /// The listings that were quoted or traded, venue by venue.
    pub listings: Vec<ListingData>,
    /// The logs, by owner.
    pub logs: Vec<OwnerLog>,
}

impl RunData {
    /// Returns how many days of trading a year has; an annualised ratio over its root is that of a day.
    #[must_use]
    pub fn days_per_year(&self) -> f64 {
        const DAY: i64 = 86_400_000_000_000;
        let days_per_period = (self.period.secs_f64() / 86_400.0).max(1.0);
        let by_periods =
            if self.period.nanos() >= DAY { self.periods_per_year * days_per_period } else { 252.0 };
        self.year.map_or(by_periods, |year| year.days)
    }
}
