//! [`RunData`]: all of a run that a report shows.

use std::collections::VecDeque;

use polars::prelude::{DataFrame, PolarsResult};

use super::account::{self, AccountBuilder, AccountData};
use super::cells::{texts, times};
use super::directory::Directory;
use super::listing::ListingData;
use super::metrics::TradingTotals;
use super::metrics::trading::Missing;
use super::orders;
use super::sampling::Periods;
use super::thin::Extent;
use super::walk::{Walked, walk};
use crate::record::{Manifest, OpenError, StoredRun, Table};
use crate::units::{SimDuration, SimTime};

/// A line of a strategy's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When.
    pub at: SimTime,
    /// Who.
    pub owner: String,
    /// Whether it is an error.
    pub is_error: bool,
    /// What.
    pub text: String,
}

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
    /// The end of the log, and all errors in it.
    pub log: Vec<LogLine>,
    /// How many lines the log has.
    pub log_total: u64,
}

/// How many lines of the log are kept.
const LOG_MAX: usize = 200;

impl RunData {
    /// Reads a run; what needs a table that was not recorded is absent.
    ///
    /// # Errors
    /// [`OpenError`] if a table is missing or damaged, or the manifest's times are none.
    pub fn read(run: &StoredRun) -> Result<Self, OpenError> {
        let manifest = run.manifest().clone();
        let bad = |why: &str| OpenError::BadManifest {
            path: run.directory().join("manifest.json"),
            why: why.to_owned(),
        };
        let time = |text: &str, name: &str| {
            text.parse::<SimTime>().map_err(|_| bad(&format!("`{name}` is `{text}`, which is no time")))
        };
        let extent = Extent::new(time(&manifest.start, "start")?, time(&manifest.end, "end")?);
        let interval = manifest.sample_interval.parse::<SimDuration>();
        let interval = interval.map_err(|error| bad(&format!("`sample_interval`: {error}")))?;
        let periods = Periods::new(extent, interval);
        let directory = Directory::of(&manifest).map_err(|why| bad(&why))?;
        let missing = Missing {
            orders: !run.has(Table::Orders),
            fills: !run.has(Table::Fills),
            marks: !run.has(Table::Pnl),
        };
        let mut totals = vec![TradingTotals { missing, ..TradingTotals::default() }; manifest.accounts.len()];
        let arrivals = orders::read(run, &directory, &mut totals)?;
        let Walked { listings, sessions } = walk(run, &directory, periods, arrivals, &mut totals)?;
        let accounts = manifest.accounts.iter().zip(totals).map(|(summary, totals)| {
            AccountBuilder::new(summary.clone(), &directory, periods, sessions.clone(), totals)
        });
        let accounts: Vec<AccountBuilder> =
            accounts.collect::<Result<_, String>>().map_err(|why| bad(&why))?;
        let accounts = account::read(run, &directory, accounts)?;
        let mut log = Log::default();
        if run.has(Table::Log) {
            run.visit(Table::Log, &["time", "owner", "kind", "text"], |frame| log.add(frame))?;
        }
        Ok(Self {
            manifest,
            extent,
            accounts,
            period: SimDuration::from_nanos(periods.interval),
            periods_per_year: periods.per_year(),
            listings,
            log_total: log.total,
            log: log.finish(),
        })
    }
}

#[derive(Debug, Default)]
struct Log {
    total: u64,
    errors: Vec<LogLine>,
    lines: VecDeque<LogLine>,
}

impl Log {
    fn add(&mut self, frame: &DataFrame) -> PolarsResult<()> {
        let (at, owners) = (times(frame, "time")?, texts(frame, "owner")?);
        let (kinds, messages) = (texts(frame, "kind")?, texts(frame, "text")?);
        for row in 0..at.len() {
            self.total += 1;
            let line = LogLine {
                at: SimTime::from_nanos(at[row]),
                owner: owners[row].to_owned(),
                is_error: kinds[row] == "error",
                text: messages[row].to_owned(),
            };
            self.lines.push_back(line);
            if self.lines.len() > LOG_MAX {
                // An error is never lost among chatter; only so many strategies can fail.
                self.errors.extend(self.lines.pop_front().filter(|line| line.is_error));
            }
        }
        Ok(())
    }

    fn finish(self) -> Vec<LogLine> {
        self.errors.into_iter().chain(self.lines).collect()
    }
}
