//! `--check`: scenario, configuration and data directory are what a start needs; nothing is started.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bearpit::scenario::{LiveClock, Scenario};
use thiserror::Error;

use crate::config::{Layer, Loaded, Origin};
use crate::driver::{DriveError, Segment};
use crate::store::journal::{JournalDirectory, Newest, OpenError};

/// Why a data directory cannot be used.
#[derive(Debug, Error)]
pub(super) enum DataFault {
    /// The system does not let it be written.
    #[error("{}: {error}", .path.display())]
    Io {
        /// What was tried.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The journal cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The journal goes on, and only the engine that wrote it can do that.
    #[error(transparent)]
    Drive(#[from] DriveError),
}

impl DataFault {
    /// Returns whether what is there is wrong, and not only not to be had now.
    pub(super) const fn is_of_input(&self) -> bool {
        match self {
            Self::Io { .. } | Self::Drive(DriveError::Io { .. }) => false,
            Self::Open(error) | Self::Drive(DriveError::Journal(error)) => {
                matches!(error, OpenError::Header { .. })
            }
            Self::Drive(_) => true,
        }
    }
}

/// Returns what a scenario is as a live market, in a sentence.
pub(super) fn describe(scenario: &Scenario) -> String {
    let clock = match scenario.live.as_ref().map(|live| &live.clock) {
        Some(LiveClock::Wall { zone, .. }) => format!("the clock of {zone}"),
        Some(LiveClock::Scaled { speed }) => format!("a clock of its own {}", times(speed.thousandths())),
        None => "no [live], so a clock of its own x1".to_owned(),
    };
    let (instruments, venues) = (scenario.instruments.len(), scenario.venues.len());
    let agents: u64 = scenario.agents.iter().map(|agent| u64::from(agent.count)).sum();
    format!("`{}`, {clock}, {instruments} instruments, {venues} venues, {agents} agents", scenario.name)
}

/// Writes a speed in thousandths of real time: `x60`, `x0.5`.
fn times(thousandths: u32) -> String {
    let (whole, rest) = (thousandths / 1_000, thousandths % 1_000);
    let text = format!("x{whole}.{rest:03}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Returns a line for each setting that somebody gave a value, with who did.
pub(super) fn given(loaded: &Loaded) -> Vec<String> {
    let line = |origin: &Origin| format!("  {} = {} ({})", origin.key, origin.shown, origin.layer);
    loaded.origins.iter().filter(|origin| origin.layer != Layer::Default).map(line).collect()
}

/// Checks that a data directory can be used, and says what is in its journal's.
///
/// # Errors
/// [`DataFault`].
pub(super) fn data(path: &Path, journal: &Path) -> Result<String, DataFault> {
    try_to_write(nearest_directory(path))?;
    if !journal.exists() {
        return Ok("it has no journal yet".to_owned());
    }
    let directory = JournalDirectory::open(journal)?;
    let Some(Newest { path, reader, untrusted }) = directory.newest()? else {
        return Ok("it has no journal yet".to_owned());
    };
    let segment = Segment { header: reader.header().clone(), path };
    let scan = segment.scan()?;
    let end = match scan.settled {
        Some(at) => format!("ended in order at {at}"),
        None => {
            segment.check_engine()?;
            "to be rebuilt, since its process did not end in order".to_owned()
        }
    };
    let newer = match untrusted.len() {
        0 => String::new(),
        count => format!("; {count} newer files have no whole header and are passed over"),
    };
    let (file, day, records) = (segment.path.display(), &segment.header.day_name, scan.records);
    Ok(format!("day {day} is in {file}, {records} records, {end}{newer}"))
}

/// Returns a directory, or the nearest above it that is there.
fn nearest_directory(path: &Path) -> &Path {
    let there = path.ancestors().find(|it| it.exists());
    there.filter(|it| !it.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// Writes a file, and removes it again.
fn try_to_write(directory: &Path) -> Result<(), DataFault> {
    let path = directory.join(format!(".bearpit-check-{}", std::process::id()));
    let written = fs::File::create_new(&path).and_then(|mut file| file.write_all(b"x"));
    let removed = if written.is_ok() { fs::remove_file(&path) } else { Ok(()) };
    let path = directory.to_owned();
    written.and(removed).map_err(|error| DataFault::Io { path, error })
}
