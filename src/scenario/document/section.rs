//! Reading one table of a scenario: typed keys, all errors kept, unknown keys found.

use std::cell::RefCell;

use super::diagnostics::{Diagnostics, SourceSpan};
use super::readers::ValueError;
use super::toml_tree::{KeyValue, Node, Value};
use bearpit_core::units::{nearest, suggest};

/// Collects the errors of all sections while a scenario is read.
pub type Findings = RefCell<Diagnostics>;

/// One table while it is read.
///
/// Each getter notes its key; [`Section::finish`] reports all other keys as unknown. A getter that reports an
/// error returns `None`, so that a reader goes on to the end and all errors are reported at once.
#[derive(Debug)]
pub struct Section<'a> {
    name: String,
    place: SourceSpan,
    is_table: bool,
    entries: &'a [KeyValue],
    known: RefCell<Vec<&'static str>>,
    /// Keys that were known once, and have been reported.
    retired: RefCell<Vec<&'static str>>,
    /// Required keys that are missing, with what was reported of them.
    missing: RefCell<Vec<(&'static str, String)>>,
    /// Where errors go.
    pub findings: &'a Findings,
}

impl<'a> Section<'a> {
    /// Opens a table; anything else is reported, and read as an empty one.
    pub fn open(name: impl Into<String>, node: &'a Node, place: SourceSpan, findings: &'a Findings) -> Self {
        let name = name.into();
        let is_table = matches!(node.value, Value::Table(_));
        if !is_table {
            let message = format!("{name} is {}, but must be a table", node.kind());
            findings.borrow_mut().push(node.place.clone(), message, None);
        }
        Self {
            name,
            place,
            is_table,
            entries: node.entries(),
            known: RefCell::default(),
            retired: RefCell::default(),
            missing: RefCell::default(),
            findings,
        }
    }

    fn entry(&self, key: &'static str) -> Option<&'a KeyValue> {
        self.known.borrow_mut().push(key);
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Returns the location of a key's value, or the section's own if the key is missing.
    pub fn place_of(&self, key: &str) -> SourceSpan {
        let found = self.entries.iter().find(|entry| entry.key == key);
        found.map_or_else(|| self.place.clone(), |entry| entry.node.place.clone())
    }

    /// Reports an error at a key's value.
    pub fn report(&self, key: &str, message: impl Into<String>, help: Option<String>) {
        self.findings.borrow_mut().push(self.place_of(key), message, help);
    }

    /// Returns the value at a key, if the key is there and `read` accepts its value.
    pub fn optional<T>(&self, key: &'static str, read: impl Fn(&Node) -> Result<T, ValueError>) -> Option<T> {
        let entry = self.entry(key)?;
        match read(&entry.node) {
            Ok(value) => Some(value),
            Err(error) => {
                self.report(key, format!("`{key}` {error}"), None);
                None
            }
        }
    }

    /// Returns the value at a key, or `default` if the key is missing; `None` if the value is wrong.
    pub fn or<T>(
        &self,
        key: &'static str,
        default: T,
        read: impl Fn(&Node) -> Result<T, ValueError>,
    ) -> Option<T> {
        if self.has(key) { self.optional(key, read) } else { self.entry(key).map_or(Some(default), |_| None) }
    }

    /// Returns the value at a key; a missing key is an error.
    pub fn required<T>(&self, key: &'static str, read: impl Fn(&Node) -> Result<T, ValueError>) -> Option<T> {
        self.required_node(key)?;
        self.optional(key, read)
    }

    /// Returns the node at a key; a missing key is an error.
    pub fn required_node(&self, key: &'static str) -> Option<&'a Node> {
        let node = self.node(key);
        // Of what is no table, it was said already.
        if node.is_none() && self.is_table {
            self.report_missing(key, format!("{} has no `{key}`, which is required", self.name));
        }
        node
    }

    /// Reports that a key is missing. If one is there that is misspelt, that is said instead.
    pub fn report_missing(&self, key: &'static str, message: impl Into<String>) {
        let message = message.into();
        self.findings.borrow_mut().push(self.place.clone(), message.clone(), None);
        self.missing.borrow_mut().push((key, message));
    }

    /// Returns the table at a key; a missing key is an error.
    pub fn required_table(&self, key: &'static str, name: impl Into<String>) -> Option<Self> {
        self.required_node(key)?;
        self.table(key, name)
    }

    /// Returns whether a key is there.
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    /// Returns the table at a key, if it is there.
    pub fn table(&self, key: &'static str, name: impl Into<String>) -> Option<Self> {
        let entry = self.entry(key)?;
        Some(Section::open(name, &entry.node, entry.place.clone(), self.findings))
    }

    /// Returns the node at a key, if it is there.
    pub fn node(&self, key: &'static str) -> Option<&'a Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// Returns the node at a key without marking the key as known.
    pub fn peek(&self, key: &str) -> Option<&'a Node> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// Returns the tables of a list (`[[key]]`); anything else is an error.
    pub fn list(&self, key: &'static str) -> Vec<&'a Node> {
        let Some(entry) = self.entry(key) else { return Vec::new() };
        match &entry.node.value {
            Value::List(items) => items.iter().collect(),
            _ => {
                let message =
                    format!("`{key}` is {}, but must be a list: write [[{key}]]", entry.node.kind());
                self.report(key, message, None);
                Vec::new()
            }
        }
    }

    /// Returns whether a getter has asked for a key.
    pub fn knows(&self, key: &str) -> bool {
        self.known.borrow().contains(&key)
    }

    /// Returns whether a key is there with something else than a list, which [`Section::list`] reports.
    pub fn is_no_list(&self, key: &str) -> bool {
        self.peek(key).is_some_and(|node| !matches!(node.value, Value::List(_)))
    }

    /// Marks a key as known, whether or not it is there.
    pub fn expect(&self, key: &'static str) {
        self.known.borrow_mut().push(key);
    }

    /// Reports a key that there was once, if it is there, with what to do instead: as an error, or as a
    /// warning that it is passed over.
    pub fn retire(&self, key: &'static str, help: &str, is_error: bool) {
        let Some(entry) = self.entries.iter().find(|entry| entry.key == key) else { return };
        let message = format!("{} has no key `{key}` any more", self.name);
        let (place, help) = (entry.place.clone(), Some(help.to_owned()));
        let mut findings = self.findings.borrow_mut();
        if is_error {
            findings.push(place, message, help);
        } else {
            findings.warn(place, format!("{message}: it is passed over"), help);
        }
        self.retired.borrow_mut().push(key);
    }

    /// Ends reading without reporting unknown keys, for a table of which it is not known which keys it may
    /// have. A required key that is misspelt is reported as such.
    pub fn abandon(self) {
        let known = self.known.borrow();
        let missing = self.missing.borrow();
        let required: Vec<&str> = missing.iter().map(|(key, _)| *key).collect();
        for entry in self.entries.iter().filter(|entry| !known.contains(&&*entry.key)) {
            self.report_unknown(entry, &required, &missing);
        }
    }

    /// Reports all keys that no getter has asked for.
    pub fn finish(self) {
        let mut known = self.known.take();
        let (retired, missing) = (self.retired.take(), self.missing.take());
        known.sort_unstable();
        known.dedup();
        let is_known = |key: &str| known.contains(&key) || retired.contains(&key);
        for entry in self.entries.iter().filter(|entry| !is_known(&entry.key)) {
            if self.report_unknown(entry, &known, &missing) {
                continue;
            }
            let help = suggest(&entry.key, &known);
            self.findings.borrow_mut().push(entry.place.clone(), self.unknown(entry), Some(help));
        }
    }

    fn unknown(&self, entry: &KeyValue) -> String {
        format!("{} has no key `{}`", self.name, entry.key)
    }

    /// Reports a key that nobody knows in the place of the required one that is meant: one fault, one error.
    fn report_unknown(&self, entry: &KeyValue, known: &[&str], missing: &[(&str, String)]) -> bool {
        let meant = nearest(&entry.key, known.iter().copied());
        let absence = meant.and_then(|near| missing.iter().find(|(key, _)| *key == near));
        absence.is_some_and(|(_, message)| {
            let (place, help) = (entry.place.clone(), suggest(&entry.key, known));
            self.findings.borrow_mut().replace(message, place, &self.unknown(entry), help)
        })
    }
}
