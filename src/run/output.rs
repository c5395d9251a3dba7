//! [`OutputConfig`]: where the results of runs go, and [`OutputConflict`]: what they would overwrite.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::report_files::{PAGE, ReportFileError, check_page_free};
use crate::record::{DirectoryError, Format, RunDir};
use crate::scenario::Scenario;
use bearpit_core::units::Seed;

/// Where and how results are written: a run goes to `<directory>/<scenario>/<seed>`.
///
/// ```
/// use std::path::Path;
///
/// use bearpit::record::StoredRun;
/// use bearpit::run::{OutputConfig, Run};
/// use bearpit::scenario::Scenario;
///
/// # let temporary = tempfile::tempdir()?;
/// # let results = temporary.path();
/// let overrides = ["scenario.end=2025-03-03T09:31:00".parse()?];
/// let scenario = Scenario::load(Path::new("scenarios/quickstart.toml"), &overrides)?;
/// let output = OutputConfig { report: false, ..OutputConfig::new(results) };
/// let finished = Run::of(&scenario).output(output).run()?;
/// let stored = StoredRun::open(&results.join("quickstart/42"))?;
/// assert_eq!(stored.manifest(), &finished.manifest);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputConfig {
    /// The directory of all results.
    pub directory: PathBuf,
    /// The format of tables; the scenario's own if `None`.
    pub format: Option<Format>,
    /// Whether Parquet and IPC have money as the nearest doubles, which more readers know than decimals.
    pub floats: bool,
    /// Whether existing results are replaced; otherwise they are an error.
    pub replace: bool,
    /// Whether each run gets a report of its own, and several of one scenario a page of all.
    pub report: bool,
}

impl OutputConfig {
    /// Writes to a directory, in the scenario's format, with a report, without replacing anything.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), format: None, floats: false, replace: false, report: true }
    }

    /// Returns the path of the page of several runs of a scenario.
    #[must_use]
    pub fn run_set_page(&self, scenario: &str) -> PathBuf {
        self.directory.join(scenario).join(PAGE)
    }
}

/// Why runs cannot be started: results would be overwritten.
#[derive(Debug, Error)]
pub enum OutputConflict {
    /// Two of the runs would write to one directory.
    #[error(
        "{} and {} are both called `{scenario}` and have seed {seed}: their results would go to one directory",
        first.display(), second.display()
    )]
    SameDirectory {
        /// The file of one scenario.
        first: PathBuf,
        /// The file of the other.
        second: PathBuf,
        /// The name of both.
        scenario: String,
        /// The seed of both.
        seed: Seed,
    },
    /// A run's result exists.
    #[error(transparent)]
    Result(#[from] DirectoryError),
    /// The page of several runs exists.
    #[error(transparent)]
    Page(#[from] ReportFileError),
}

/// Returns everything that runs of these scenarios would overwrite.
pub(super) fn conflicts(output: &OutputConfig, scenarios: &[Scenario]) -> Vec<OutputConflict> {
    let mut conflicts = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    scenarios.iter().for_each(|scenario| *counts.entry(&scenario.name).or_default() += 1);
    let with_page = counts.into_iter().filter(|(_, count)| output.report && *count > 1);
    for (scenario, _) in with_page {
        let free = check_page_free(&output.run_set_page(scenario), output.replace);
        conflicts.extend(free.err().map(OutputConflict::Page));
    }
    let mut files: BTreeMap<(&str, Seed), &Path> = BTreeMap::new();
    for Scenario { name, seed, path, .. } in scenarios {
        if let Some(first) = files.insert((name, *seed), path) {
            let (first, second) = (first.to_path_buf(), path.clone());
            let (scenario, seed) = (name.clone(), *seed);
            conflicts.push(OutputConflict::SameDirectory { first, second, scenario, seed });
        }
        let free = RunDir::check_free(&output.directory, name, *seed, output.replace);
        conflicts.extend(free.err().map(OutputConflict::Result));
    }
    conflicts
}
