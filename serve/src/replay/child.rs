//! [`ReplayCommand`]: makes the results of a day in a process of its own.
//!
//! What a replay needs, the tables of a whole day among it, is given back to the system when that process
//! ends; the market's own process would keep what its allocator once had.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use thiserror::Error;

/// How often it is looked whether the process has ended, or is to be ended.
const LOOK: Duration = Duration::from_millis(50);
/// How much of what it says is kept.
const SAID_MAX: u64 = 4_096;

/// The program that replays, and the scenario beside which the files are that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayCommand {
    /// A program that takes the arguments of `bearpit-serve replay`.
    pub program: PathBuf,
    /// The file of the scenario.
    pub scenario: PathBuf,
}

/// Why a process made no results.
#[derive(Debug, Error)]
pub(super) enum ChildError {
    /// It could not be started: whoever wanted it can do its work instead.
    #[error("a process for the tables of a day cannot be started: {0}")]
    Start(io::Error),
    /// It has failed.
    #[error("{0}")]
    Failed(String),
    /// It was ended, since the market is being stopped.
    #[error("ended by the stop of the market; the next start makes them")]
    Stopped,
}

impl ReplayCommand {
    /// Replays a segment into a directory, in a process that has less priority than the market where the
    /// system has a way to say so.
    ///
    /// # Errors
    /// [`ChildError`].
    pub(super) fn run(&self, segment: &Path, out: &Path, stop: &AtomicBool) -> Result<(), ChildError> {
        let mut child = self.start(segment, out).map_err(ChildError::Start)?;
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if stop.load(Ordering::Relaxed) => {
                    end(&mut child);
                    return Err(ChildError::Stopped);
                }
                Ok(None) => wait(),
                Err(error) => {
                    end(&mut child);
                    return Err(ChildError::Failed(error.to_string()));
                }
            }
        };
        if status.success() {
            return Ok(());
        }
        let mut said = String::new();
        if let Some(stderr) = child.stderr.take() {
            // It is told as far as it can be read.
            stderr.take(SAID_MAX).read_to_string(&mut said).unwrap_or_default();
        }
        Err(ChildError::Failed(format!("{status}: {}", said.trim())))
    }

    fn start(&self, segment: &Path, out: &Path) -> io::Result<Child> {
        let arguments = [
            OsString::from("replay"),
            segment.into(),
            "--out".into(),
            out.into(),
            "--scenario".into(),
            self.scenario.clone().into(),
        ];
        let spawn = |command: &mut Command| {
            command.args(&arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()
        };
        // Not where it is asked for by a name that only a path makes a file.
        if !self.program.is_file() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let nice = spawn(Command::new("nice").args(["-n", "10"]).arg(&self.program));
        nice.or_else(|_| spawn(&mut Command::new(&self.program)))
    }
}

fn end(child: &mut Child) {
    // It may have ended by itself.
    child.kill().unwrap_or_default();
    child.wait().map(drop).unwrap_or_default();
}

#[expect(
    clippy::disallowed_methods,
    reason = "a process is waited for, by a thread that has nothing else to do"
)]
fn wait() {
    std::thread::sleep(LOOK);
}
