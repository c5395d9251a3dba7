//! `--check`: scenario, configuration and data directory are what a start needs; nothing is started.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bearpit::scenario::{LiveClock, Scenario};
use thiserror::Error;

use crate::config::{Layer, Loaded, Origin};
use crate::store::journal::{HeaderFault, JournalDirectory, Newest, OpenError, SegmentEnd, SegmentFault};

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
    /// The journal is damaged.
    #[error("{}: {fault}", .path.display())]
    Segment {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: SegmentFault,
    },
    /// The journal goes on, and only the engine that wrote it can do that.
    #[error(
        "{}: engine {engine} wrote this journal and did not end it; this is engine {}: let that version start \
         and stop in order first",
        .path.display(),
        ENGINE
    )]
    Engine {
        /// The file.
        path: PathBuf,
        /// The engine that wrote it.
        engine: String,
    },
}

impl DataFault {
    /// Returns whether what is there is wrong, and not only not to be had now.
    pub(super) const fn is_of_input(&self) -> bool {
        let is_header = matches!(
            self,
            Self::Open(OpenError::Header { fault: HeaderFault::Damaged | HeaderFault::NoJournal | HeaderFault::Layout(_), .. })
        );
        is_header || matches!(self, Self::Engine { .. } | Self::Segment { fault: SegmentFault::Damaged { .. }, .. })
    }
}

/// Returns what a scenario is as a live market, in a sentence.
pub(super) fn describe(scenario: &Scenario) -> String {
    let clock = match scenario.live.as_ref().map(|live| &live.clock) {
        Some(LiveClock::Wall { zone, .. }) => format!("wall clock of {zone}"),
        Some(LiveClock::Scaled { speed }) => format!("clock {}", times(speed.thousandths())),
        None => "no [live]".to_owned(),
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

/// Checks that a data directory can be used, and says what is there.
///
/// # Errors
/// [`DataFault`].
pub(super) fn data(path: &Path) -> Result<String, DataFault> {
    if !path.exists() {
        let parent = path.ancestors().skip(1).find(|it| it.exists() || it.as_os_str().is_empty());
        let parent = parent.filter(|it| !it.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        try_to_write(parent)?;
        return Ok("will be made".to_owned());
    }
    try_to_write(path)?;
    let directory = JournalDirectory::open(path)?;
    let Some(Newest { path, mut reader, untrusted }) = directory.newest()? else {
        return Ok("has no journal yet".to_owned());
    };
    let failed = |fault| DataFault::Segment { path: path.clone(), fault };
    let mut records = 0_u64;
    let mut last = Vec::new();
    while let Some(payload) = reader.next_frame().map_err(failed)? {
        last.clear();
        last.extend_from_slice(payload);
        records += 1;
    }
    let torn = match reader.end() {
        Some(SegmentEnd::Torn { bytes, .. }) => format!(", and {bytes} bytes that a crash left, to be cut off"),
        _ => String::new(),
    };
    let newer = match untrusted.len() {
        0 => String::new(),
        count => format!("; {count} newer files have no whole header and are passed over"),
    };
    Ok(format!("its newest journal is {} with {records} records{torn}{newer}", path.display()))
}

/// Writes a file, and removes it again.
fn try_to_write(directory: &Path) -> Result<(), DataFault> {
    let path = directory.join(format!(".bearpit-check-{}", std::process::id()));
    let written = fs::File::create_new(&path).and_then(|mut file| file.write_all(b"x"));
    let removed = if written.is_ok() { fs::remove_file(&path) } else { Ok(()) };
    let path = directory.to_owned();
    written.and(removed).map_err(|error| DataFault::Io { path, error })
}
