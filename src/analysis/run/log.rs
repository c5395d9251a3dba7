//! What strategies and others logged.

use std::collections::VecDeque;

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

/// The log of one actor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerLog {
    /// The actor.
    pub owner: String,
    /// The end of the log, and all errors in it.
    pub lines: Vec<LogLine>,
    /// How many lines there were.
    pub total: u64,
}

/// How many lines of each log are kept.
const LINES_MAX: usize = 60;
/// How many owners are kept separate; more are populations, not strategies.
const OWNERS_MAX: usize = 200;

/// Collects the logs of all owners, in the order in which they begin.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogBuilder {
    logs: Vec<OwnerLogBuilder>,
}

impl LogBuilder {
    /// Takes a line.
    pub(crate) fn add(&mut self, at: i64, owner: &str, is_error: bool, text: &str) {
        let line = LogLine { at: SimTime::from_nanos(at), is_error, text: text.to_owned() };
        if let Some(log) = self.logs.iter_mut().find(|log| log.owner == owner) {
            return log.add(line);
        }
        if self.logs.len() < OWNERS_MAX {
            let (errors, lines) = (Vec::new(), VecDeque::new());
            let mut log = OwnerLogBuilder { owner: owner.to_owned(), total: 0, errors, lines };
            log.add(line);
            self.logs.push(log);
        }
    }

    pub(crate) fn finish(self) -> Vec<OwnerLog> {
        self.logs.into_iter().map(OwnerLogBuilder::finish).collect()
    }
}

#[derive(Debug, Clone)]
struct OwnerLogBuilder {
    owner: String,
    total: u64,
    errors: Vec<LogLine>,
    lines: VecDeque<LogLine>,
}

impl OwnerLogBuilder {
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
