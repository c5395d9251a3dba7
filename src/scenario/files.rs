//! The files that a scenario names: found beside it, read once, hashed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::bars;
use super::diagnostics::Place;
use super::section::{Findings, Section};
use super::tree::Node;
use bearpit_core::process::HistoricalBar;

/// Reads files relative to the scenario's own directory.
#[derive(Debug)]
pub(super) struct Files {
    directory: PathBuf,
    hasher: RefCell<blake3::Hasher>,
    /// Bars by path; `None` where a file was found wrong, and that was said.
    bars: RefCell<BTreeMap<PathBuf, Option<Arc<[HistoricalBar]>>>>,
}

impl Files {
    pub(super) fn new(scenario: &Path) -> Self {
        let directory = scenario.parent().unwrap_or_else(|| Path::new("")).to_path_buf();
        let hasher = RefCell::new(blake3::Hasher::new_derive_key("bearpit 2026 scenario inputs"));
        Self { directory, hasher, bars: RefCell::default() }
    }

    /// Adds an input to the digest; lengths keep the boundaries apart.
    pub(super) fn absorb(&self, bytes: &[u8]) {
        let mut hasher = self.hasher.borrow_mut();
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    }

    pub(super) fn digest(&self) -> String {
        self.hasher.borrow().finalize().to_hex().to_string()
    }

    /// Reads the file that a key names, as text; complains at the key, or in the file, where that fails.
    pub(super) fn text(&self, section: &Section<'_>, key: &'static str) -> Option<(PathBuf, String)> {
        let name = section.required(key, super::read::text)?;
        let path = self.directory.join(&name);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let message = format!("`{key}` names `{}`, which cannot be read: {error}", path.display());
                let help = "paths are relative to the scenario's own directory".to_owned();
                section.complain(key, message, Some(help));
                return None;
            }
        };
        self.absorb(&bytes);
        utf8(&path, bytes, section.findings).map(|text| (path, text))
    }

    /// Reads the bars that a key names; a file that several name is read once.
    pub(super) fn bars(&self, section: &Section<'_>, key: &'static str) -> Option<Arc<[HistoricalBar]>> {
        let name = section.optional(key, super::read::text);
        let known = name.map(|name| self.directory.join(name));
        if let Some(bars) = known.and_then(|path| self.bars.borrow().get(&path).cloned()) {
            return bars;
        }
        let (path, text) = self.text(section, key)?;
        let bars = bars::parse(&path.display().to_string(), &text, section.findings).map(Arc::from);
        self.bars.borrow_mut().insert(path, bars.clone());
        bars
    }
}

/// Converts bytes to text, and complains at the byte where they are none.
pub(super) fn utf8(path: &Path, bytes: Vec<u8>, findings: &Findings) -> Option<String> {
    String::from_utf8(bytes)
        .map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let byte = error.as_bytes().get(at).copied().unwrap_or_default();
            let valid = String::from_utf8_lossy(&error.as_bytes()[..at]).into_owned();
            let mut diagnostics = findings.borrow_mut();
            let source = diagnostics.add_source(path.display().to_string(), valid);
            let message = format!("byte {byte:#04x} is not valid UTF-8; the file must be UTF-8 text");
            diagnostics.push(Place { source, span: at..at }, message, None);
        })
        .ok()
}

/// Returns the node's place, for findings that concern a whole value.
pub(super) fn place_of(node: &Node) -> Place {
    node.place.clone()
}
