//! [`ShownLog`]: what strategies log, for `simulate --log`.

use std::sync::{Arc, Mutex, PoisonError};

use super::console::{print, print_error};
use super::exit::Failure;
use super::number_text::thousands;
use crate::run::LogLine;

/// At most so many lines of a run are shown; all are in its table `log`.
const LINES_MAX: usize = 10_000;

/// The lines of all runs that fit the filter; clones are the same.
#[derive(Debug, Clone)]
pub(super) struct ShownLog {
    filter: Arc<str>,
    /// By the run's place among the runs.
    runs: Arc<Mutex<Vec<RunLines>>>,
}

#[derive(Debug, Clone, Default)]
struct RunLines {
    /// What stands before each line: nothing where there is one run only.
    lines: Vec<String>,
    left_out: u64,
}

impl ShownLog {
    pub(super) fn new(filter: &str, runs: usize) -> Self {
        Self { filter: filter.into(), runs: Arc::new(Mutex::new(vec![RunLines::default(); runs])) }
    }

    /// Returns what collects the lines.
    pub(super) fn reader(&self) -> impl Fn(LogLine<'_>) + Send + Sync + 'static {
        let log = self.clone();
        move |line| log.take(line)
    }

    fn take(&self, LogLine { run, at, strategy, text }: LogLine<'_>) {
        let mut line = format!("{at} {strategy}: {text}");
        if !line.contains(&*self.filter) {
            return;
        }
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        if runs.len() > 1 {
            line = format!("{}/{} {line}", run.scenario, run.seed);
        }
        let Some(of_run) = runs.get_mut(run.index) else { return };
        if of_run.lines.len() < LINES_MAX {
            of_run.lines.push(line);
        } else {
            of_run.left_out += 1;
        }
    }

    /// Prints the lines run by run: on standard output, or on standard error where that has JSON.
    pub(super) fn print(&self, is_json: bool) -> Result<(), Failure> {
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        if runs.iter().all(|run| run.lines.is_empty()) {
            print_error(&match &*self.filter {
                "" => "no strategy logged anything".to_owned(),
                filter => format!("no line that a strategy logged contains `{filter}`"),
            });
        }
        for RunLines { lines, left_out } in runs.iter() {
            let more = (*left_out > 0)
                .then(|| format!("({} more lines; the run's table `log` has all)", thousands(*left_out)));
            let text = lines.iter().map(String::as_str).chain(more.as_deref()).collect::<Vec<_>>().join("\n");
            match text.as_str() {
                "" => {}
                text if is_json => print_error(text),
                text => print(text)?,
            }
        }
        Ok(())
    }
}
