//! The files that a scenario names: found beside it, read once, hashed.

mod cell_errors;
mod options;
mod ticks;
mod universe;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::document::{Diagnostics, Findings, Section, SourceSpan, readers};
use super::inputs::{Inputs, Role};
use crate::data::{DataFile, Finding, ReadOptions, Rows, Zone, read, read_data_file, read_text_file};
use bearpit_agents::{LocalClock, SiteClock, SiteSpan};
use bearpit_core::params::FileContent;
use bearpit_core::process::HistoricalBar;

pub(super) use cell_errors::CellErrors;
pub(super) use ticks::TickFile;
pub(super) use universe::expand;

/// Reads files relative to the scenario's own directory.
#[derive(Debug)]
pub(super) struct Files {
    directory: PathBuf,
    inputs: RefCell<Inputs>,
    /// Bars by path and options; `None` for a file with errors, which have been reported.
    bars: RefCell<BTreeMap<(PathBuf, String), Option<BarFile>>>,
    /// First and last instant of the scenario, and the zone of its clock, as far as they are known.
    pub(super) clock: RefCell<RunClock>,
}

/// The clock of a scenario.
#[derive(Debug, Clone, Default)]
pub(super) struct RunClock {
    pub(super) span: Option<SiteSpan>,
    /// `None` if the scenario does not say.
    pub(super) zone: Option<Zone>,
    /// Whether the scenario can run as a live market, day after day.
    pub(super) is_live: bool,
}

impl SiteClock for RunClock {
    fn local(&self, zone: &str) -> Result<LocalClock<'_>, String> {
        let theirs = Zone::named(zone).map_err(|error| error.to_string())?;
        let Some(own) = &self.zone else {
            return Err(format!(
                "the scenario does not say in which zone its clock is, so that it cannot be compared with `{zone}`: add \
                 `zone` to [scenario]"
            ));
        };
        if theirs == *own {
            return Ok(Box::new(|time| time));
        }
        Ok(Box::new(move |time| theirs.clock_at(own.instant_of(time))))
    }
}

/// A file that was read as text.
#[derive(Debug)]
pub(super) struct TextFile {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// A file of bars that was read.
#[derive(Debug, Clone)]
pub(super) struct BarFile {
    /// Its content is an `Arc<Vec<HistoricalBar>>`.
    pub(super) content: FileContent,
    pub(super) bars: Arc<Vec<HistoricalBar>>,
    /// The line of each bar, from 1.
    pub(super) lines: Arc<[u32]>,
}

/// A file that is named, and what it is for.
#[derive(Debug, Clone, Copy)]
struct Named<'a> {
    name: &'a str,
    role: Role,
}

impl TextFile {
    /// Returns the file's name for messages.
    pub(super) fn name(&self) -> String {
        self.path.display().to_string()
    }
}

impl Files {
    pub(super) fn new(scenario: &Path, inputs: Inputs) -> Self {
        let directory = scenario.parent().unwrap_or_else(|| Path::new("")).to_path_buf();
        Self { directory, inputs: RefCell::new(inputs), bars: RefCell::default(), clock: RefCell::default() }
    }

    /// Adds a file that was read elsewhere to the inputs.
    pub(super) fn add_input(&self, role: Role, name: &str, bytes: &[u8]) {
        self.inputs.borrow_mut().add_file(role, name, bytes);
    }

    /// Returns the digest of all inputs so far.
    pub(super) fn digest(&self) -> String {
        self.inputs.borrow().digest()
    }

    /// Reads the file that a required key names; an error is reported at the key.
    fn bytes(&self, section: &Section<'_>, key: &'static str, role: Role) -> Option<(PathBuf, Vec<u8>)> {
        let name = section.required(key, readers::text)?;
        self.bytes_of(section, key, Named { name: &name, role })
    }

    /// Reads a file that a key names; an error is reported at the key.
    fn bytes_of(&self, section: &Section<'_>, key: &str, file: Named<'_>) -> Option<(PathBuf, Vec<u8>)> {
        let path = self.directory.join(file.name);
        let bytes = match file.role {
            Role::Text | Role::Import => read_text_file(&path),
            Role::Bars | Role::Ticks | Role::Messages | Role::Book => read_data_file(&path),
        };
        match bytes {
            Ok(bytes) => {
                self.add_input(file.role, file.name, &bytes);
                Some((path, bytes))
            }
            Err(error) => {
                let message = format!("`{key}` names `{}`, which cannot be read: {error}", path.display());
                section.report(key, message, Some(self.where_it_is(file.name)));
                None
            }
        }
    }

    /// Says from where paths are read, and what to write if the file is there from where the program runs.
    fn where_it_is(&self, name: &str) -> String {
        let rule = "paths are relative to the scenario's own directory";
        let from_here = Path::new(name);
        let written = from_here.strip_prefix(&self.directory).ok().filter(|_| from_here.is_file());
        written.map_or_else(|| rule.to_owned(), |written| format!("write \"{}\": {rule}", written.display()))
    }

    /// Reads the file that a required key names, as text; errors are reported at the key, or in the file.
    pub(super) fn text(&self, section: &Section<'_>, key: &'static str, role: Role) -> Option<TextFile> {
        let (path, bytes) = self.bytes(section, key, role)?;
        let text = utf8(&path, bytes, section.findings)?;
        Some(TextFile { path, text })
    }

    /// Reads the bars that a required key names, as the other keys of the section say; a file that is named
    /// twice is read once.
    pub(super) fn bars(
        &self,
        section: &Section<'_>,
        key: &'static str,
        negative_prices: bool,
    ) -> Option<BarFile> {
        let name = section.required(key, readers::text)?;
        let options = options::read_options(section, self.clock.borrow().zone.clone())?;
        let options = ReadOptions { negative_prices, ..options };
        let known = (self.directory.join(name), format!("{options:?}"));
        if let Some(bars) = self.bars.borrow().get(&known) {
            return bars.clone();
        }
        let (path, bytes) = self.bytes(section, key, Role::Bars)?;
        let outcome = read(&bytes, &options);
        let name = path.display().to_string();
        report(&name, &outcome.findings, &mut section.findings.borrow_mut());
        let bars = outcome.file.and_then(|DataFile { rows, lines, found }| match rows {
            Rows::Bars(bars) => {
                let bars = Arc::new(bars);
                let content = FileContent::new(&path, Arc::clone(&bars));
                Some(BarFile { content, bars, lines: lines.into() })
            }
            Rows::Ticks(_) => {
                let message = format!("`{name}` has {}, but must have bars", found.kind.name());
                let help = "trades and quotes are replayed by the kind `ticks`".to_owned();
                section.report(key, message, Some(help));
                None
            }
        });
        self.bars.borrow_mut().insert(known, bars.clone());
        bars
    }
}

/// A file of historical data as it was read, with what is wrong or odd in it.
#[derive(Debug, Clone)]
pub struct DataReport {
    /// The file, unless there are errors.
    pub file: Option<DataFile>,
    /// Errors and warnings.
    pub findings: Diagnostics,
}

/// Reads a file of historical data as a scenario would, outside of one.
#[must_use]
pub fn inspect_data(path: &Path, options: &ReadOptions) -> DataReport {
    let mut findings = Diagnostics::default();
    let name = path.display().to_string();
    let file = match read_data_file(path) {
        Ok(bytes) => {
            let outcome = read(&bytes, options);
            report(&name, &outcome.findings, &mut findings);
            outcome.file
        }
        Err(error) => {
            let place = findings.add_unread(name.as_str());
            findings.push(place, format!("`{name}` cannot be read: {error}"), None);
            None
        }
    };
    DataReport { file, findings }
}

/// Adds what is wrong or odd in a file to the diagnostics, each with its line.
pub(super) fn report(name: &str, findings: &[Finding], diagnostics: &mut Diagnostics) {
    for Finding { line, text, span, message, help, is_warning } in findings {
        let source = diagnostics.add_excerpt(name, text, line.unwrap_or(1));
        let place = SourceSpan { source, span: span.clone() };
        if *is_warning {
            diagnostics.warn(place, message, help.clone());
        } else {
            diagnostics.push(place, message, help.clone());
        }
    }
}

/// Converts bytes to text; the first byte that is no UTF-8 is reported.
pub(super) fn utf8(path: &Path, bytes: Vec<u8>, findings: &Findings) -> Option<String> {
    String::from_utf8(bytes)
        .map_err(|error| {
            let name = path.display().to_string();
            if is_binary(error.as_bytes()) {
                let mut diagnostics = findings.borrow_mut();
                let (place, message) =
                    (diagnostics.add_unread(name.as_str()), format!("`{name}` is {NO_TEXT}"));
                return diagnostics.push(place, message, None);
            }
            let at = error.utf8_error().valid_up_to();
            let byte = error.as_bytes().get(at).copied().unwrap_or_default();
            let valid = String::from_utf8_lossy(&error.as_bytes()[..at]).into_owned();
            let mut diagnostics = findings.borrow_mut();
            let source = diagnostics.add_source(name, valid);
            let message = format!("byte {byte:#04x} is not valid UTF-8; the file must be UTF-8 text");
            diagnostics.push(SourceSpan { source, span: at..at }, message, None);
        })
        .ok()
}

/// What is said of a file of bytes that are no characters.
pub(super) const NO_TEXT: &str = "no text in UTF-8";

/// Returns whether bytes are of no text: then a line of them is nothing to show.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    const HEAD_BYTES: usize = 8_192;
    bytes.iter().take(HEAD_BYTES).any(|byte| *byte == 0)
}
