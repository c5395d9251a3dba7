//! [`DayWorker`]: makes the tables and the report of each market that was settled, and lets go of old days.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;

use bearpit::run::OutputConfig;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use super::child::{ChildError, ReplayCommand};
use super::day::{ReplayError, replay};
use crate::driver::{ScenarioSource, Segment};

/// What the names of segments end with.
const EXTENSION: &str = "journal";

/// A thread that replays settled segments, one after the other, beside the market that has gone on.
#[derive(Debug)]
pub struct DayWorker {
    work: Option<Sender<PathBuf>>,
    thread: Option<JoinHandle<()>>,
    results: PathBuf,
    stop: Arc<AtomicBool>,
    has_command: bool,
}

/// How many days got their tables and report, and how many did not; all clones are the same counters.
#[derive(Debug, Clone, Default)]
pub struct DayMetrics {
    made: Counter,
    failed: Counter,
}

impl DayMetrics {
    /// Makes them, at zero, and registers them.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register("day_results", "Days that got tables and a report", metrics.made.clone());
        let failed = "Days that got no tables and no report, since that failed";
        registry.register("day_results_failed", failed, metrics.failed.clone());
        metrics
    }

    /// Returns how many days got their results, and how many did not.
    #[must_use]
    pub fn counts(&self) -> [u64; 2] {
        [self.made.get(), self.failed.get()]
    }
}

/// What the thread makes results with.
struct Maker {
    source: ScenarioSource,
    results: PathBuf,
    command: Option<ReplayCommand>,
    metrics: DayMetrics,
    stop: Arc<AtomicBool>,
}

impl DayWorker {
    /// Starts the thread. The results of each segment go to a directory of its own in `results`; they are
    /// made by `command`, or in this process where there is none or it cannot be started.
    ///
    /// # Errors
    /// What the system says if it has no thread.
    pub fn start(
        source: ScenarioSource,
        results: PathBuf,
        command: Option<ReplayCommand>,
        metrics: DayMetrics,
    ) -> io::Result<Self> {
        let (work, todo) = mpsc::channel::<PathBuf>();
        let results_of_all = results.clone();
        let stop = Arc::new(AtomicBool::new(false));
        let has_command = command.is_some();
        let maker = Maker { source, results, command, metrics, stop: Arc::clone(&stop) };
        let run = move || {
            forget_unfinished(&maker.results);
            while let Ok(path) = todo.recv() {
                if maker.stop.load(Ordering::Relaxed) {
                    break;
                }
                maker.make(&path);
                let keep = maker.source.live().keep_days;
                if let Err(error) = forget(&path, &maker.results, keep) {
                    tracing::warn!(%error, "old days cannot be deleted");
                }
            }
        };
        let thread = std::thread::Builder::new().name("days".to_owned()).spawn(run)?;
        Ok(Self { work: Some(work), thread: Some(thread), results: results_of_all, stop, has_command })
    }

    /// Returns what is to be called with each segment that was settled.
    #[must_use]
    pub fn hook(&self) -> Box<dyn FnMut(&Path) + Send> {
        let work = self.work.clone();
        Box::new(move |path| {
            if let Some(work) = &work {
                // Without the thread the process is ending.
                work.send(path.to_owned()).unwrap_or_default();
            }
        })
    }

    /// Has the results made of settled segments that have none: the process had ended before.
    ///
    /// # Errors
    /// What the system says if the journal cannot be listed.
    pub fn catch_up(&self, journal: &Path) -> io::Result<()> {
        let mut segments = Vec::new();
        for entry in fs::read_dir(journal)? {
            segments.extend(
                Some(entry?.path()).filter(|path| path.extension().is_some_and(|it| it == EXTENSION)),
            );
        }
        segments.sort_unstable();
        for path in segments {
            // What cannot be read, and what goes on, has no results.
            let Ok(segment) = Segment::open(&path) else { continue };
            let is_settled = || segment.scan().is_ok_and(|scan| scan.settled.is_some());
            if !results_of(&self.results, &segment).exists()
                && is_settled()
                && let Some(work) = &self.work
            {
                work.send(path).unwrap_or_default();
            }
        }
        Ok(())
    }

    /// Ends what is being made, and waits for that where it is a process: the next start makes it.
    pub fn stop(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.work = None;
        if self.has_command {
            self.await_thread();
        }
    }

    /// Waits until what was settled has its results; all hooks must be gone by then.
    pub fn join(mut self) {
        self.work = None;
        self.await_thread();
    }

    fn await_thread(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap_or_default();
        }
    }
}

/// Returns the directory of a segment's results: its day, and its number.
fn results_of(results: &Path, segment: &Segment) -> PathBuf {
    let number = segment.path.file_stem().unwrap_or_default().to_string_lossy();
    results.join(format!("{}-{number}", segment.header.day_name))
}

impl Maker {
    fn make(&self, path: &Path) {
        let segment = path.display();
        let directory = match Segment::open(path) {
            Ok(segment) => results_of(&self.results, &segment),
            Err(error) => return self.failed(path, &error),
        };
        let made = match &self.command {
            None => self.make_here(path, &directory).map_err(|error| ChildError::Failed(error.to_string())),
            Some(command) => match self.make_beside(command, path, &directory) {
                Err(error @ ChildError::Start(_)) => {
                    tracing::warn!(%error, "they are made in the market's process");
                    let made = self.make_here(path, &directory);
                    made.map_err(|error| ChildError::Failed(error.to_string()))
                }
                made => made,
            },
        };
        match made {
            Ok(()) => {
                self.metrics.made.inc();
                tracing::info!(%segment, directory = %directory.display(), "tables and report of a day");
            }
            Err(why @ ChildError::Stopped) => tracing::info!(%segment, %why, "tables and report of a day"),
            Err(error) => self.failed(path, &error),
        }
    }

    fn failed(&self, path: &Path, error: &dyn std::fmt::Display) {
        self.metrics.failed.inc();
        tracing::error!(segment = %path.display(), %error, "a day has no tables and no report");
    }

    fn make_here(&self, path: &Path, directory: &Path) -> Result<(), ReplayError> {
        let output = OutputConfig { replace: true, ..OutputConfig::new(directory) };
        replay(path, &self.source, Some(output)).map(drop)
    }

    /// Has them made in a directory beside theirs, which gets their name once all is there.
    fn make_beside(&self, command: &ReplayCommand, path: &Path, directory: &Path) -> Result<(), ChildError> {
        let name = directory.file_name().unwrap_or_default().to_string_lossy();
        let unfinished = directory.with_file_name(format!("{name}{UNFINISHED}"));
        let made = command.run(path, &unfinished, &self.stop).and_then(|()| {
            let renamed = remove(directory).and_then(|()| fs::rename(&unfinished, directory));
            renamed.map_err(|error| ChildError::Failed(error.to_string()))
        });
        if made.is_err() {
            // What is left of it goes at the next start at the latest.
            remove(&unfinished).unwrap_or_default();
        }
        made
    }
}

/// What the name of results ends with while they are made.
const UNFINISHED: &str = ".unfinished";

/// Deletes a directory, if there is one.
fn remove(directory: &Path) -> io::Result<()> {
    if directory.exists() { fs::remove_dir_all(directory) } else { Ok(()) }
}

/// Deletes what a process that was ended has left.
fn forget_unfinished(results: &Path) {
    let Ok(entries) = fs::read_dir(results) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(UNFINISHED))
            && let Err(error) = remove(&path)
        {
            tracing::warn!(path = %path.display(), %error, "unfinished results cannot be deleted");
        }
    }
}

/// Deletes the segments and the results of days that are older than `keep` days before that of `newest`.
fn forget(newest: &Path, results: &Path, keep: u32) -> io::Result<()> {
    let journal = newest.parent().unwrap_or_else(|| Path::new("."));
    let Ok(today) = Segment::open(newest) else { return Ok(()) };
    for entry in fs::read_dir(journal)? {
        let path = entry?.path();
        if path.extension().is_none_or(|it| it != EXTENSION) {
            continue;
        }
        // What cannot be read is for people to look at.
        let Ok(segment) = Segment::open(&path) else { continue };
        if segment.header.day.saturating_add(keep) <= today.header.day {
            let directory = results_of(results, &segment);
            if directory.exists() {
                fs::remove_dir_all(&directory)?;
            }
            fs::remove_file(&path)?;
            tracing::info!(segment = %path.display(), "a day that is no longer kept");
        }
    }
    Ok(())
}
