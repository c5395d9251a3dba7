//! Files of trades and quotes: of one key, one path or a list of one of each.

use super::{Files, Named, options, report};
use crate::data::{DataFile, FileKind, Outcome, ReadOptions, Role, Rows, read};
use crate::scenario::document::{Section, Value, readers};
use crate::scenario::inputs::Role as InputRole;
use bearpit_core::process::HistoricalTick;

/// A file of trades or quotes that was read.
#[derive(Debug)]
pub(in crate::scenario) struct TickFile {
    /// Its path, for messages.
    pub(in crate::scenario) name: String,
    /// What it has.
    pub(in crate::scenario) kind: FileKind,
    /// Its rows, in order of time.
    pub(in crate::scenario) ticks: Vec<HistoricalTick>,
    /// The line of each, from 1.
    pub(in crate::scenario) lines: Vec<u32>,
}

/// How files of one key are read.
struct Reading {
    options: ReadOptions,
    /// Whether there are several files.
    is_list: bool,
}

impl Files {
    /// Reads the files of trades and quotes that a required key names, as the other keys of the section say:
    /// one, or one of each.
    pub(in crate::scenario) fn ticks(
        &self,
        section: &Section<'_>,
        key: &'static str,
        negative_prices: bool,
    ) -> Option<Vec<TickFile>> {
        let names = names(section, key)?;
        let options = options::read_options(section, self.clock.borrow().zone.clone())?;
        let options = ReadOptions { negative_prices, ..options };
        let reading = Reading { options, is_list: names.len() > 1 };
        let files: Vec<Option<TickFile>> =
            names.iter().map(|name| self.tick_file(section, key, name, &reading)).collect();
        let files: Vec<TickFile> = files.into_iter().collect::<Option<_>>()?;
        if let [one, other] = &files[..]
            && one.kind == other.kind
        {
            let message = format!("`{}` and `{}` both have {}", one.name, other.name, one.kind.name());
            let help =
                "a list has one file of trades and one of quotes; join files of one kind before".to_owned();
            section.report(key, message, Some(help));
            return None;
        }
        Some(files)
    }

    fn tick_file(
        &self,
        section: &Section<'_>,
        key: &'static str,
        name: &str,
        reading: &Reading,
    ) -> Option<TickFile> {
        let (path, bytes) = self.bytes_of(section, key, Named { name, role: InputRole::Ticks })?;
        let outcome = read_as_either(&bytes, reading);
        let name = path.display().to_string();
        report(&name, &outcome.findings, &mut section.findings.borrow_mut());
        let DataFile { rows, lines, found } = outcome.file?;
        match rows {
            Rows::Ticks(ticks) => Some(TickFile { name, kind: found.kind, ticks, lines }),
            Rows::Bars(_) => {
                let message = format!("`{name}` has bars, but must have trades or quotes");
                let help = "bars are replayed by the kind `replay`".to_owned();
                section.report(key, message, Some(help));
                None
            }
        }
    }
}

/// Reads a file; of two, each has only its own of the columns that are named.
fn read_as_either(bytes: &[u8], reading: &Reading) -> Outcome {
    if !reading.is_list || reading.options.columns.is_empty() {
        return read(bytes, &reading.options);
    }
    let without = |others: &[Role]| {
        let mut options = reading.options.clone();
        options.columns.retain(|role, _| !others.contains(role));
        read(bytes, &options)
    };
    let trades = without(&[Role::Bid, Role::BidSize, Role::Ask, Role::AskSize]);
    let is_good = |outcome: &Outcome| outcome.file.is_some();
    if is_good(&trades) {
        return trades;
    }
    let quotes = without(&[Role::Price, Role::Quantity]);
    if is_good(&quotes) { quotes } else { trades }
}

/// Returns the paths that a required key names: a text, or a list of one or two.
fn names(section: &Section<'_>, key: &'static str) -> Option<Vec<String>> {
    let read = |node: &_| readers::text(node);
    match &section.required_node(key)?.value {
        Value::List(items) => {
            let names: Result<Vec<String>, _> = items.iter().map(read).collect();
            match names {
                Ok(names) if matches!(names.len(), 1 | 2) => Some(names),
                _ => {
                    let message = format!(
                        "`{key}` must be a path, or a list of two: one of a file of trades, one of a file of quotes"
                    );
                    section.report(key, message, None);
                    None
                }
            }
        }
        _ => section.required(key, readers::text).map(|name| vec![name]),
    }
}
