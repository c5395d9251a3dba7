//! [`RunData`]: all of a run that a report shows.

use std::collections::VecDeque;

use polars::prelude::{DataFrame, PolarsResult};

use super::account::{self, AccountBuilder, AccountData};
use super::cells::{texts, times};
use super::listing::{self, ListingBuilder, ListingData};
use super::thin::Extent;
use crate::record::{Manifest, OpenError, StoredRun, Table};
use crate::units::SimTime;

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
    /// The listings, in the order in which they first traded or quoted.
    pub listings: Vec<ListingData>,
    /// The end of the log, and all errors in it.
    pub log: Vec<LogLine>,
    /// How many lines the log has.
    pub log_total: u64,
}

/// How many lines of the log are kept.
const LOG_MAX: usize = 200;

impl RunData {
    /// Reads a run.
    ///
    /// # Errors
    /// [`OpenError`] if a table is missing or damaged, or the manifest's times are none.
    pub fn read(run: &StoredRun) -> Result<Self, OpenError> {
        let manifest = run.manifest().clone();
        let bad = |why: &str| OpenError::BadManifest {
            path: run.directory().join("manifest.json"),
            why: why.to_owned(),
        };
        let start: SimTime = manifest.start.parse().map_err(|_| bad("`start` is no time"))?;
        let end: SimTime = manifest.end.parse().map_err(|_| bad("`end` is no time"))?;
        let extent = Extent::new(start, end);
        let mut accounts: Vec<AccountBuilder> =
            manifest.accounts.iter().map(|summary| AccountBuilder::new(summary.clone(), extent)).collect();
        run.visit(Table::Pnl, &account::PNL, |frame| account::add_pnl(&mut accounts, frame))?;
        run.visit(Table::Fills, &account::FILLS, |frame| account::add_fills(&mut accounts, frame))?;
        let mut listings: Vec<ListingBuilder> = Vec::new();
        run.visit(Table::Trades, &listing::TRADES, |frame| {
            listing::add_trades(&mut listings, extent, frame)
        })?;
        run.visit(Table::Quotes, &listing::QUOTES, |frame| {
            listing::add_quotes(&mut listings, extent, frame)
        })?;
        let mut log = Log::default();
        run.visit(Table::Log, &["time", "owner", "kind", "text"], |frame| log.add(frame))?;
        Ok(Self {
            manifest,
            extent,
            accounts: accounts.into_iter().map(AccountBuilder::finish).collect(),
            listings: listings.into_iter().map(ListingBuilder::finish).collect(),
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
