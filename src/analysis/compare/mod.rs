//! [`Comparison`]: what two runs have in common, and where they first differ.
//!
//! Inputs are compared by their manifests, metrics by their summaries. Of the tape itself a run keeps only
//! the digest: equal digests say that the tapes are the same. Where they are not, the tables are read side by
//! side, row by row and only up to the first row that differs, and the earliest of those rows shows when the
//! runs differ first. Memory does not grow with the length of the runs, unless tables are CSV or IPC, which
//! are read one at a time.

mod first_difference;
mod inputs;
mod measures;

pub use first_difference::{FirstDifference, RecordedDifferently, TableComparison, TableVerdict};
pub use inputs::Difference;
pub use measures::{MeasureDifference, SubjectComparison};

use crate::analysis::Summary;
use crate::record::{OpenError, StoredRun};
use measures::Subjects;

/// What two runs have in common, and where they first differ.
///
/// ```
/// use std::path::Path;
///
/// use bearpit::analysis::Comparison;
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
/// let comparison = Comparison::of(&run, &run)?;
/// assert!(comparison.is_same() && comparison.first_difference().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Comparison {
    /// What of the inputs differs, and how the runs were recorded.
    pub inputs: Vec<Difference>,
    /// Accounts and markets that both have, accounts first, with their metrics.
    pub subjects: Vec<SubjectComparison>,
    /// Accounts and markets that only one of them has.
    pub alone: [Vec<String>; 2],
    /// The tables of both, one by one; none where the digests are equal, so that the tapes are the same.
    pub tables: Option<Vec<TableComparison>>,
}

impl Comparison {
    /// Compares two finished runs.
    ///
    /// # Errors
    /// [`OpenError`] if a summary or a table of one of them is missing or damaged.
    pub fn of(a: &StoredRun, b: &StoredRun) -> Result<Self, OpenError> {
        let summaries = [Summary::read(a)?, Summary::read(b)?];
        let Subjects { both, alone } = measures::compare(&summaries);
        let same = a.manifest().digest == b.manifest().digest;
        Ok(Self {
            inputs: inputs::compare(a.manifest(), b.manifest()),
            subjects: both,
            alone,
            tables: if same { None } else { Some(first_difference::compare(a, b)?) },
        })
    }

    /// Returns whether the tapes are the same.
    #[must_use]
    pub const fn is_same(&self) -> bool {
        self.tables.is_none()
    }

    /// Returns the table that differs first in time, and how; none where the tapes are the same, or the
    /// difference is in no table.
    #[must_use]
    pub fn first_difference(&self) -> Option<(&TableComparison, &FirstDifference)> {
        let tables = self.tables.iter().flatten();
        let differences = tables.filter_map(|table| Some((table, table.verdict.first_difference()?)));
        // Of the same time, the first: those with one row for one fact are compared first.
        differences.min_by_key(|(_, difference)| difference.at)
    }
}
