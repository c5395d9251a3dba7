//! [`RunData`]: all of a run that a report shows.

use super::arrivals;
use crate::analysis::account::builder::{self as account_builder, AccountBuilder};
use crate::analysis::account::data::AccountData;
use crate::analysis::account::plotted;
use crate::analysis::listing::data::ListingData;
use crate::analysis::metrics::TradingTotals;
use crate::analysis::metrics::trading::Missing;
use crate::analysis::rows::name_index::NameIndex;
use crate::analysis::run::log::{self, OwnerLog};
use crate::analysis::run::market_pass::{self, MarketPass};
use crate::analysis::sampling::periods::Periods;
use crate::analysis::series::extent::Extent;
use crate::record::{Manifest, OpenError, StoredRun, Table};
use bearpit_core::units::{SimDuration, SimTime};

/// A run as series and measures.
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
    /// The listings that were quoted or traded, venue by venue.
    pub listings: Vec<ListingData>,
    /// What was logged, by who logged it.
    pub logs: Vec<OwnerLog>,
}

impl RunData {
    /// Reads a run; what needs a table that was not recorded is absent.
    ///
    /// # Errors
    /// [`OpenError`] if a table is missing or damaged, or the manifest's times are none.
    pub fn read(run: &StoredRun) -> Result<Self, OpenError> {
        let manifest = run.manifest().clone();
        let bad = |why: String| run.bad_manifest(why);
        let extent = extent(run)?;
        let interval = manifest.sample_interval.parse::<SimDuration>();
        let interval = interval.map_err(|error| bad(format!("`sample_interval`: {error}")))?;
        let periods = Periods::new(extent, interval);
        let directory = NameIndex::of(&manifest).map_err(bad)?;
        let missing = Missing {
            orders: !run.has(Table::Orders),
            fills: !run.has(Table::Fills),
            marks: !run.has(Table::Pnl),
        };
        let mut totals = vec![TradingTotals { missing, ..TradingTotals::default() }; manifest.accounts.len()];
        let arrivals = arrivals::read(run, &directory, &mut totals)?;
        let MarketPass { listings, sessions } =
            market_pass::read(run, &directory, periods, arrivals, &mut totals)?;
        let accounts = manifest.accounts.iter().zip(totals).map(|(summary, totals)| {
            AccountBuilder::new(summary.clone(), &directory, periods, sessions.clone(), totals)
        });
        let accounts: Vec<AccountBuilder> = accounts.collect::<Result<_, String>>().map_err(bad)?;
        let mut accounts = account_builder::read(run, &directory, accounts)?;
        for (account, plotted) in accounts.iter_mut().zip(plotted::read(run, &directory, extent)?) {
            account.plotted = plotted;
        }
        Ok(Self {
            manifest,
            extent,
            accounts,
            period: SimDuration::from_nanos(periods.interval),
            periods_per_year: periods.per_year(),
            listings,
            logs: log::read(run)?,
        })
    }
}

/// Returns the time that a run spans.
///
/// # Errors
/// [`OpenError::BadManifest`] if the manifest's times are none.
pub(crate) fn extent(run: &StoredRun) -> Result<Extent, OpenError> {
    let time = |text: &str, name: &str| {
        let parsed = text.parse::<SimTime>();
        parsed.map_err(|_| run.bad_manifest(format!("`{name}` is `{text}`, which is no time")))
    };
    let manifest = run.manifest();
    Ok(Extent::new(time(&manifest.start, "start")?, time(&manifest.end, "end")?))
}
