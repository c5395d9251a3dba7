//! The files that a scenario names: found beside it, read once, hashed.

mod bars;
mod cell_errors;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::document::{Findings, Section, SourceSpan, readers};
use super::inputs::{Inputs, Role};
use bearpit_core::params::FileContent;
use bearpit_core::process::HistoricalBar;

pub(super) use cell_errors::CellErrors;

/// Reads files relative to the scenario's own directory.
#[derive(Debug)]
pub(super) struct Files {
    directory: PathBuf,
    inputs: RefCell<Inputs>,
    /// Bars by path; `None` for a file with errors, which have been reported.
    bars: RefCell<BTreeMap<PathBuf, Option<FileContent>>>,
}

/// A file that was read as text.
#[derive(Debug)]
pub(super) struct TextFile {
    pub(super) path: PathBuf,
    pub(super) text: String,
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
        Self { directory, inputs: RefCell::new(inputs), bars: RefCell::default() }
    }

    /// Adds a file that was read elsewhere to the inputs.
    pub(super) fn add_input(&self, role: Role, name: &str, bytes: &[u8]) {
        self.inputs.borrow_mut().add_file(role, name, bytes);
    }

    /// Returns the digest of all inputs so far.
    pub(super) fn digest(&self) -> String {
        self.inputs.borrow().digest()
    }

    /// Reads the file that a required key names, as text; errors are reported at the key, or in the file.
    pub(super) fn text(&self, section: &Section<'_>, key: &'static str, role: Role) -> Option<TextFile> {
        let name = section.required(key, readers::text)?;
        let path = self.directory.join(&name);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let message = format!("`{key}` names `{}`, which cannot be read: {error}", path.display());
                let help = "paths are relative to the scenario's own directory".to_owned();
                section.report(key, message, Some(help));
                return None;
            }
        };
        self.add_input(role, &name, &bytes);
        let text = utf8(&path, bytes, section.findings)?;
        Some(TextFile { path, text })
    }

    /// Reads the bars that a required key names; a file that is named twice is read once.
    pub(super) fn bars(&self, section: &Section<'_>, key: &'static str) -> Option<FileContent> {
        let name = section.optional(key, readers::text);
        let known = name.map(|name| self.directory.join(name));
        if let Some(bars) = known.and_then(|path| self.bars.borrow().get(&path).cloned()) {
            return bars;
        }
        let file = self.text(section, key, Role::Bars)?;
        let bars = bars::parse(&file.name(), &file.text, section.findings)
            .map(|bars| FileContent::new(&file.path, Arc::<[HistoricalBar]>::from(bars)));
        self.bars.borrow_mut().insert(file.path, bars.clone());
        bars
    }
}

/// Converts bytes to text; the first byte that is no UTF-8 is reported.
pub(super) fn utf8(path: &Path, bytes: Vec<u8>, findings: &Findings) -> Option<String> {
    String::from_utf8(bytes)
        .map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let byte = error.as_bytes().get(at).copied().unwrap_or_default();
            let valid = String::from_utf8_lossy(&error.as_bytes()[..at]).into_owned();
            let mut diagnostics = findings.borrow_mut();
            let source = diagnostics.add_source(path.display().to_string(), valid);
            let message = format!("byte {byte:#04x} is not valid UTF-8; the file must be UTF-8 text");
            diagnostics.push(SourceSpan { source, span: at..at }, message, None);
        })
        .ok()
}
