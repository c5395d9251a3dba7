//! The TOML tree of a scenario, each node with its place, and the changes of `--set`.

use std::fmt;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostics::{Diagnostics, Place};
use bearpit_core::units::{nearest, suggest};

/// A value with its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// A TOML value; numbers and times as they were written.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Bool(bool),
    Int(String),
    Float(String),
    Text(String),
    Time(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// A key with its place, and its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) node: Node,
}

impl Node {
    /// Returns what kind of value it is, for messages.
    pub(super) const fn kind(&self) -> &'static str {
        match self.value {
            Value::Bool(_) => "a boolean",
            Value::Int(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Text(_) => "a text",
            Value::Time(_) => "a time",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// Returns the value as it was written, shortened where it is long.
    pub(super) fn shown(&self) -> String {
        let text = match &self.value {
            Value::Bool(value) => value.to_string(),
            Value::Int(text) | Value::Float(text) | Value::Text(text) | Value::Time(text) => text.clone(),
            Value::List(_) | Value::Table(_) => return self.kind().to_owned(),
        };
        let short: String = text.chars().take(60).collect();
        if short.len() < text.len() { format!("`{short}...`") } else { format!("`{short}`") }
    }

    pub(super) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        }
    }
}

/// Parses a scenario's text; what is wrong with its syntax goes into `diagnostics`.
pub(super) fn parse(source: usize, diagnostics: &mut Diagnostics) -> Node {
    let text = diagnostics.source(source).text.clone();
    let (table, errors) = DeTable::parse_recoverable(&text);
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        diagnostics.push(Place { source, span }, error.message(), None);
    }
    let place = Place { source, span: 0..0 };
    Node { place, value: Value::Table(entries(source, 0, table.get_ref())) }
}

fn entries(source: usize, offset: usize, table: &DeTable<'_>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            place: place(source, offset, key),
            node: node(source, offset, value),
        })
        .collect();
    // In the order of the file, so that errors come in that order too.
    entries.sort_by_key(|entry| entry.place.span.start);
    entries
}

fn place<T>(source: usize, offset: usize, item: &Spanned<T>) -> Place {
    let span = item.span();
    Place { source, span: span.start + offset..span.end + offset }
}

fn node(source: usize, offset: usize, value: &Spanned<DeValue<'_>>) -> Node {
    let converted = match value.get_ref() {
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Integer(value) => Value::Int(value.to_string()),
        DeValue::Float(value) => Value::Float(value.as_str().to_owned()),
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Datetime(time) => Value::Time(time.to_string()),
        DeValue::Array(items) => Value::List(items.iter().map(|item| node(source, offset, item)).collect()),
        DeValue::Table(table) => Value::Table(entries(source, offset, table)),
    };
    Node { place: place(source, offset, value), value: converted }
}

/// A change of a scenario's value from the command line: `agents.ema.params.fast=5`, or for short
/// `ema.fast=5`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    text: String,
    equals: usize,
}

impl FromStr for Override {
    type Err = String;

    /// Reads `KEY=VALUE`; keys are joined by dots.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.find('=') {
            Some(equals) if text[..equals].split('.').all(|part| !part.trim().is_empty()) => {
                Ok(Self { text: text.to_owned(), equals })
            }
            _ => Err("write KEY=VALUE with keys joined by dots, such as scenario.seed=7".to_owned()),
        }
    }
}

impl fmt::Display for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Override {
    /// Changes the tree, or says in `diagnostics` why it cannot.
    pub(super) fn apply(&self, tree: &mut Node, diagnostics: &mut Diagnostics) {
        let flag = "--set ";
        let source = diagnostics.add_source("command line", format!("{flag}{}", self.text));
        let value_at = flag.len() + self.equals + 1;
        let value = self.value(source, value_at);
        let mut at = flag.len();
        let mut parts = Vec::new();
        for part in self.text[..self.equals].split('.') {
            parts.push((part.trim(), Place { source, span: at..at + part.len() }));
            at += part.len() + 1;
        }
        if let Err((place, message, help)) = parameters(&mut parts, tree) {
            return diagnostics.push(place, message, help);
        }
        let mut current = tree;
        for (index, (part, place)) in parts.iter().enumerate() {
            let is_last = index + 1 == parts.len();
            match child(current, part, place.clone(), is_last.then_some(&value)) {
                Ok(next) => current = next,
                Err(help) => {
                    return diagnostics.push(
                        place.clone(),
                        format!("there is nothing called `{part}`"),
                        help,
                    );
                }
            }
        }
        *current = value;
    }

    /// Returns what is to be changed.
    pub(super) fn key(&self) -> &str {
        self.text[..self.equals].trim()
    }

    /// Reads the value as TOML, or as plain text where it is none.
    pub(super) fn value(&self, source: usize, at: usize) -> Node {
        let text = &self.text[self.equals + 1..];
        match DeValue::parse(text) {
            Ok(value) => node(source, at, &value),
            Err(_) => Node {
                place: Place { source, span: at..at + text.len() },
                value: Value::Text(text.trim().to_owned()),
            },
        }
    }
}

/// Writes `ema.fast` out as `agents.ema.params.fast`: two parts of which the first is no section of the
/// scenario are a script's agent and its parameter.
///
/// The error is that there is no such agent either: where, what, and what there is instead.
fn parameters(parts: &mut Vec<(&str, Place)>, tree: &Node) -> Result<(), (Place, String, Option<String>)> {
    let [(name, place), _] = &parts[..] else { return Ok(()) };
    if SECTIONS.contains(name) {
        return Ok(());
    }
    let agents = tree.entries().iter().find(|entry| entry.key == "agents").map(|entry| &entry.node.value);
    let agents = if let Some(Value::List(items)) = agents { &items[..] } else { &[] };
    let names: Vec<String> = agents.iter().flat_map(names_of).collect();
    if !names.iter().any(|known| known == name) {
        let known: Vec<&str> = SECTIONS.into_iter().chain(names.iter().map(String::as_str)).collect();
        let message = format!("there is no section and no agent called `{name}`");
        return Err((place.clone(), message, Some(suggest(name, &known))));
    }
    let place = place.clone();
    parts.insert(1, ("params", place.clone()));
    parts.insert(0, ("agents", place));
    Ok(())
}

/// The sections of a scenario.
const SECTIONS: [&str; 5] = ["scenario", "record", "instruments", "venues", "agents"];

/// Finds a child by key, or in a list by index, name, symbol or kind; a key that a table does not have
/// is made, to be judged with all others later.
///
/// The error is what else there is, as help.
fn child<'a>(
    node: &'a mut Node,
    part: &str,
    place: Place,
    leaf: Option<&Node>,
) -> Result<&'a mut Node, Option<String>> {
    let kind = node.kind();
    match &mut node.value {
        Value::Table(entries) => {
            let index = entries.iter().position(|entry| entry.key == part).unwrap_or_else(|| {
                let empty = Node { place: place.clone(), value: Value::Table(Vec::new()) };
                let node = leaf.cloned().unwrap_or(empty);
                entries.push(Entry { key: part.to_owned(), place, node });
                entries.len() - 1
            });
            Ok(&mut entries[index].node)
        }
        Value::List(items) => {
            let names: Vec<Vec<String>> = items.iter().map(names_of).collect();
            let by_name = names.iter().position(|names| names.iter().any(|name| name == part));
            let index = part.parse().ok().filter(|index| *index < items.len()).or(by_name);
            match index {
                Some(index) => Ok(&mut items[index]),
                None => {
                    let all: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
                    Err(nearest(part, all.iter().copied())
                        .map(|near| format!("did you mean `{near}`?"))
                        .or_else(|| Some(format!("there is: {}", all.join(", ")))))
                }
            }
        }
        _ => Err(Some(format!("it is {kind}, which has no parts"))),
    }
}

fn names_of(node: &Node) -> Vec<String> {
    ["name", "symbol", "kind"]
        .iter()
        .filter_map(|key| node.entries().iter().find(|entry| entry.key == *key))
        .filter_map(|entry| match &entry.node.value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        })
        .collect()
}
