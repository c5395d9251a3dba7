//! Reading one table of a scenario: typed keys, all errors kept, unknown keys found.

use std::cell::RefCell;

use super::diagnostics::{Diagnostics, Place};
use super::tree::{Entry, Node, Value};
use bearpit_core::units::suggest;

/// Where sections put what they find wrong; shared while a scenario is read.
pub(super) type Findings = RefCell<Diagnostics>;

/// One table under reading.
///
/// Each getter notes the key it was asked for; [`Section::finish`] complains of all others. A getter
/// returns `None` both where a key is missing and where its value is wrong, having complained; so a
/// reader goes on to the end and all errors come out at once.
pub(super) struct Section<'a> {
    name: String,
    place: Place,
    entries: &'a [Entry],
    asked: RefCell<Vec<&'static str>>,
    pub(super) findings: &'a Findings,
}

impl<'a> Section<'a> {
    /// Opens a table; complains and reads as empty if `node` is none.
    pub(super) fn open(
        name: impl Into<String>,
        node: &'a Node,
        place: Place,
        findings: &'a Findings,
    ) -> Self {
        let name = name.into();
        if !matches!(node.value, Value::Table(_)) {
            let message = format!("{name} is {}, but must be a table", node.kind());
            findings.borrow_mut().push(node.place.clone(), message, None);
        }
        Self { name, place, entries: node.entries(), asked: RefCell::default(), findings }
    }

    fn entry(&self, key: &'static str) -> Option<&'a Entry> {
        self.asked.borrow_mut().push(key);
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Returns where a key's value stands, or the section's own place where it is missing.
    pub(super) fn place_of(&self, key: &str) -> Place {
        let found = self.entries.iter().find(|entry| entry.key == key);
        found.map_or_else(|| self.place.clone(), |entry| entry.node.place.clone())
    }

    /// Complains at a key's value.
    pub(super) fn complain(&self, key: &str, message: impl Into<String>, help: Option<String>) {
        self.findings.borrow_mut().push(self.place_of(key), message, help);
    }

    /// Returns the value at a key, read by `read`, if it is there and right.
    pub(super) fn optional<T>(
        &self,
        key: &'static str,
        read: impl Fn(&Node) -> Result<T, String>,
    ) -> Option<T> {
        let entry = self.entry(key)?;
        match read(&entry.node) {
            Ok(value) => Some(value),
            Err(message) => {
                self.complain(key, format!("`{key}` {message}"), None);
                None
            }
        }
    }

    /// Returns the value at a key, or `default` where it is missing; `None` where it is wrong.
    pub(super) fn or<T>(
        &self,
        key: &'static str,
        default: T,
        read: impl Fn(&Node) -> Result<T, String>,
    ) -> Option<T> {
        if self.has(key) { self.optional(key, read) } else { self.entry(key).map_or(Some(default), |_| None) }
    }

    /// Returns the value at a key, and complains where it is missing.
    pub(super) fn required<T>(
        &self,
        key: &'static str,
        read: impl Fn(&Node) -> Result<T, String>,
    ) -> Option<T> {
        if !self.has(key) {
            let message = format!("{} lacks `{key}`", self.name);
            self.findings.borrow_mut().push(self.place.clone(), message, None);
        }
        self.optional(key, read)
    }

    /// Tells whether a key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    /// Returns the table at a key, if it is there.
    pub(super) fn table(&self, key: &'static str, name: impl Into<String>) -> Option<Self> {
        let entry = self.entry(key)?;
        Some(Section::open(name, &entry.node, entry.place.clone(), self.findings))
    }

    /// Returns the node at a key, if it is there.
    pub(super) fn node(&self, key: &'static str) -> Option<&'a Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// Returns the tables of a list (`[[key]]`); complains if it is no list.
    pub(super) fn list(&self, key: &'static str) -> Vec<&'a Node> {
        let Some(entry) = self.entry(key) else { return Vec::new() };
        match &entry.node.value {
            Value::List(items) => items.iter().collect(),
            _ => {
                let message =
                    format!("`{key}` is {}, but must be a list: write [[{key}]]", entry.node.kind());
                self.complain(key, message, None);
                Vec::new()
            }
        }
    }

    /// Complains of all keys that nobody asked for.
    pub(super) fn finish(self) {
        let asked = self.asked.into_inner();
        for entry in self.entries.iter().filter(|entry| !asked.contains(&entry.key.as_str())) {
            let mut allowed = asked.clone();
            allowed.sort_unstable();
            allowed.dedup();
            let message = format!("{} has no key `{}`", self.name, entry.key);
            self.findings.borrow_mut().push(
                entry.place.clone(),
                message,
                Some(suggest(&entry.key, &allowed)),
            );
        }
    }
}
