//! What strategies and others logged.

use std::collections::VecDeque;

use polars_core::prelude::{DataFrame, PolarsResult};

use crate::analysis::rows::frame_columns::{texts, times};
use crate::record::{OpenError, StoredRun, Table};
use bearpit_core::units::SimTime;

/// A line of somebody's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When.
    pub at: SimTime,
    /// Whether it is an error.
    pub is_error: bool,
    /// What.
    pub text: String,
}

/// The log of one who logged anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerLog {
    /// Who.
    pub owner: String,
    /// The end of the log, and all errors in it.
    pub lines: Vec<LogLine>,
    /// How many lines there were.
    pub total: u64,
}

/// How many lines of each log are kept.
const LINES_MAX: usize = 60;
/// So many that log are told apart; more are populations, not strategies.
const OWNERS_MAX: usize = 200;

#[derive(Debug)]
struct Gathered {
    owner: String,
    total: u64,
    errors: Vec<LogLine>,
    lines: VecDeque<LogLine>,
}

/// Reads the logs, in the order in which they begin.
///
/// # Errors
/// [`OpenError`] if the table is missing or damaged.
pub(crate) fn read(run: &StoredRun) -> Result<Vec<OwnerLog>, OpenError> {
    let mut logs: Vec<Gathered> = Vec::new();
    if run.has(Table::Log) {
        run.visit(Table::Log, &["time", "owner", "kind", "text"], |frame| add(frame, &mut logs))?;
    }
    Ok(logs.into_iter().map(Gathered::finish).collect())
}

fn add(frame: &DataFrame, logs: &mut Vec<Gathered>) -> PolarsResult<()> {
    let (at, owners) = (times(frame, "time")?, texts(frame, "owner")?);
    let (kinds, messages) = (texts(frame, "kind")?, texts(frame, "text")?);
    for row in 0..at.len() {
        let owner = owners[row];
        let place = logs.iter().position(|log| log.owner == owner);
        if place.is_none() && logs.len() < OWNERS_MAX {
            let (errors, lines) = (Vec::new(), VecDeque::new());
            logs.push(Gathered { owner: owner.to_owned(), total: 0, errors, lines });
        }
        let place = place.unwrap_or(logs.len() - 1);
        let line = LogLine {
            at: SimTime::from_nanos(at[row]),
            is_error: kinds[row] == "error",
            text: messages[row].to_owned(),
        };
        if let Some(log) = logs.get_mut(place).filter(|log| log.owner == owner) {
            log.add(line);
        }
    }
    Ok(())
}

impl Gathered {
    fn add(&mut self, line: LogLine) {
        self.total += 1;
        self.lines.push_back(line);
        if self.lines.len() > LINES_MAX {
            // An error is never lost among chatter; a strategy that fails does so once.
            self.errors
                .extend(self.lines.pop_front().filter(|line| line.is_error && self.errors.len() < LINES_MAX));
        }
    }

    fn finish(self) -> OwnerLog {
        OwnerLog {
            owner: self.owner,
            lines: self.errors.into_iter().chain(self.lines).collect(),
            total: self.total,
        }
    }
}
