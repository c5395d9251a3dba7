//! [`DayWorker`]: makes the tables and the report of each market that was settled, and lets go of old days.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;

use bearpit::run::OutputConfig;

use super::day::replay;
use crate::driver::{ScenarioSource, Segment};

/// What the names of segments end with.
const EXTENSION: &str = "journal";

/// A thread that replays settled segments, one after the other, beside the market that has gone on.
#[derive(Debug)]
pub struct DayWorker {
    work: Option<Sender<PathBuf>>,
    thread: Option<JoinHandle<()>>,
    results: PathBuf,
}

impl DayWorker {
    /// Starts the thread. The results of each segment go to a directory of its own in `results`.
    ///
    /// # Errors
    /// What the system says if it has no thread.
    pub fn start(source: ScenarioSource, results: PathBuf) -> io::Result<Self> {
        let (work, todo) = mpsc::channel::<PathBuf>();
        let results_of_all = results.clone();
        let run = move || {
            while let Ok(path) = todo.recv() {
                make(&source, &results, &path);
                let keep = source.live().keep_days;
                if let Err(error) = forget(&path, &results, keep) {
                    tracing::warn!(%error, "old days cannot be deleted");
                }
            }
        };
        let thread = std::thread::Builder::new().name("days".to_owned()).spawn(run)?;
        Ok(Self { work: Some(work), thread: Some(thread), results: results_of_all })
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

    /// Waits until what was settled has its results; all hooks must be gone by then.
    pub fn join(mut self) {
        self.work = None;
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

fn make(source: &ScenarioSource, results: &Path, path: &Path) {
    let made = Segment::open(path).map_err(Into::into).and_then(|segment| {
        let output = OutputConfig { replace: true, ..OutputConfig::new(results_of(results, &segment)) };
        replay(path, source, Some(output))
    });
    let segment = path.display();
    match made {
        Ok(finished) => {
            let directory = finished.directory.unwrap_or_default();
            tracing::info!(%segment, directory = %directory.display(), "tables and report of a day");
        }
        Err(error) => tracing::error!(%segment, %error, "a day has no tables and no report"),
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
