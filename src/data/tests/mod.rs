//! Files as people have them, told otherwise, damaged, and in any dialect.

mod errors;
mod formats;
mod frames;
mod options;
mod property_tests;

use super::{Outcome, ReadOptions, Rows, read};
use bearpit_core::process::{HistoricalBar, HistoricalTick};

/// Reads a text with no options.
fn plain(text: &str) -> Outcome {
    read(text.as_bytes(), &ReadOptions::default())
}

/// Returns the bars of a file, or what is wrong with it.
fn bars_of(outcome: Outcome) -> Result<Vec<HistoricalBar>, Vec<String>> {
    match outcome.file.map(|file| file.rows) {
        Some(Rows::Bars(bars)) => Ok(bars),
        Some(Rows::Ticks(_)) => Err(vec!["ticks".to_owned()]),
        None => Err(errors(&outcome.findings)),
    }
}

fn ticks_of(outcome: Outcome) -> Vec<HistoricalTick> {
    match outcome.file.map(|file| file.rows) {
        Some(Rows::Ticks(ticks)) => ticks,
        _ => Vec::new(),
    }
}

fn errors(findings: &[super::Finding]) -> Vec<String> {
    let errors = findings.iter().filter(|finding| !finding.is_warning);
    errors.map(|it| format!("{}: {}", it.line.unwrap_or(0), it.message)).collect()
}

fn warnings(findings: &[super::Finding]) -> Vec<&str> {
    findings.iter().filter(|it| it.is_warning).map(|it| it.message.as_str()).collect()
}

/// Writes bars as `time open high low close volume`.
fn shown(bars: &[HistoricalBar]) -> Vec<String> {
    let volume = |bar: &HistoricalBar| bar.volume.map_or("-".to_owned(), |volume| volume.to_string());
    let line = |bar: &HistoricalBar| {
        format!("{} {} {} {} {} {}", bar.time, bar.open, bar.high, bar.low, bar.close, volume(bar))
    };
    bars.iter().map(line).collect()
}
