//! [`Override`]: a change of `--set`, or of a file of `--params`.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use thiserror::Error;
use toml::de::{DeTable, DeValue};

use super::diagnostics::{Diagnostics, SourceSpan};
use super::toml_tree::{KeyValue, Node, Value, node};
use crate::data::read_text_file;
use bearpit_core::units::{nearest, suggest};

/// A change of a scenario's value from the command line: `agents.ema.params.fast=5`, or for short
/// `ema.fast=5`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    text: String,
    equals: usize,
    /// The file that says so; the command line does where there is none.
    file: Option<PathBuf>,
}

/// The text of a change is not `KEY=VALUE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("write KEY=VALUE with keys joined by dots, such as scenario.seed=7")]
pub struct OverrideError;

impl FromStr for Override {
    type Err = OverrideError;

    /// Reads `KEY=VALUE`; keys are joined by dots.
    fn from_str(text: &str) -> Result<Self, OverrideError> {
        match text.find('=') {
            Some(equals) if text[..equals].split('.').all(|part| !part.trim().is_empty()) => {
                Ok(Self { text: text.to_owned(), equals, file: None })
            }
            _ => Err(OverrideError),
        }
    }
}

impl fmt::Display for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A file of changes cannot be read.
#[derive(Debug, Error)]
pub enum OverrideFileError {
    /// The file itself.
    #[error("`{}` cannot be read: {error}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It is not TOML.
    #[error("`{}`: {message}", file.display())]
    Syntax {
        /// The file.
        file: PathBuf,
        /// What is wrong, with the line.
        message: String,
    },
    /// One of its keys cannot be a key of a change.
    #[error("`{}`: {error} (for `{key}`)", file.display())]
    Key {
        /// The file.
        file: PathBuf,
        /// The key.
        key: String,
        /// Why.
        error: OverrideError,
    },
}

impl Override {
    /// Reads a TOML file of changes: what `--set` takes, a line each, or with the first parts of keys as
    /// heads of tables.
    ///
    /// # Errors
    /// [`OverrideFileError`].
    pub fn all_of(path: &Path) -> Result<Vec<Self>, OverrideFileError> {
        let file = || path.to_path_buf();
        let text = read_text_file(path).and_then(|bytes| {
            String::from_utf8(bytes)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
        });
        let text = text.map_err(|error| OverrideFileError::File { file: file(), error })?;
        let table = DeTable::parse(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].lines().count().max(1));
            let message = format!("{} (line {line})", error.message());
            OverrideFileError::Syntax { file: file(), message }
        })?;
        let mut changes = Vec::new();
        flatten(table.get_ref(), "", &text, &mut changes);
        changes.sort_unstable_by_key(|(at, _)| *at);
        let read = |(_, line): (usize, String)| match line.parse::<Self>() {
            Ok(change) => Ok(Self { file: Some(file()), ..change }),
            Err(error) => Err(OverrideFileError::Key { file: file(), key: line, error }),
        };
        changes.into_iter().map(read).collect()
    }

    /// Changes the tree, or reports in `diagnostics` why it cannot.
    pub(in crate::scenario) fn apply(&self, tree: &mut Node, diagnostics: &mut Diagnostics) {
        let (name, flag) = match &self.file {
            Some(file) => (file.display().to_string(), ""),
            None => ("command line".to_owned(), "--set "),
        };
        let source = diagnostics.add_source(name, format!("{flag}{}", self.text));
        let value_at = flag.len() + self.equals + 1;
        let value = self.value(source, value_at);
        let mut at = flag.len();
        let mut parts = Vec::new();
        for part in self.text[..self.equals].split('.') {
            parts.push((part.trim(), SourceSpan { source, span: at..at + part.len() }));
            at += part.len() + 1;
        }
        let written = self.text[self.equals + 1..].trim();
        if let Err(unknown) = expand_short_form(&mut parts, written, tree) {
            return diagnostics.push(unknown.place, unknown.message, Some(unknown.help));
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
    pub(in crate::scenario) fn key(&self) -> &str {
        self.text[..self.equals].trim()
    }

    /// Returns the value as TOML: as it was written, or as a text where that is none.
    pub(in crate::scenario) fn toml(&self) -> String {
        let text = self.text[self.equals + 1..].trim();
        match DeValue::parse(text) {
            Ok(_) => text.to_owned(),
            Err(_) => serde_json::Value::from(text).to_string(),
        }
    }

    /// Returns the change as one of an agent's parameter if it names a parameter alone: `fast=5` is
    /// `AGENT.fast=5`.
    #[must_use]
    pub fn of_agent(self, agent: &str) -> Self {
        if self.key().contains('.') {
            return self;
        }
        let Self { text, equals, file } = self;
        let head = agent.len() + 1;
        Self { text: format!("{agent}.{}", text.trim_start()), equals: equals + head, file }
    }

    /// Reads the value as TOML, or as plain text where it is none.
    pub(in crate::scenario) fn value(&self, source: usize, at: usize) -> Node {
        let text = &self.text[self.equals + 1..];
        match DeValue::parse(text) {
            Ok(value) => node(source, at, &value),
            Err(_) => Node {
                place: SourceSpan { source, span: at..at + text.len() },
                value: Value::Text(text.trim().to_owned()),
            },
        }
    }
}

/// Writes out the values of a table as `KEY=VALUE`, each with its place in the text.
fn flatten(table: &DeTable<'_>, head: &str, text: &str, changes: &mut Vec<(usize, String)>) {
    for (key, value) in table {
        let name = format!("{head}{}", key.get_ref());
        match value.get_ref() {
            DeValue::Table(inner) => flatten(inner, &format!("{name}."), text, changes),
            _ => {
                let written = text.get(value.span()).unwrap_or_default();
                changes.push((value.span().start, format!("{name}={written}")));
            }
        }
    }
}

/// The first part of a short form names neither a section nor an agent.
struct UnknownName {
    place: SourceSpan,
    message: String,
    help: String,
}

/// Expands `ema.fast` to `agents.ema.params.fast`: two parts of which the first is no section of the scenario
/// are a script's agent and its parameter.
fn expand_short_form(
    parts: &mut Vec<(&str, SourceSpan)>,
    value: &str,
    tree: &Node,
) -> Result<(), UnknownName> {
    let (name, place) = parts[0].clone();
    if SECTIONS.contains(&name) {
        return Ok(());
    }
    let rest: String = parts.iter().skip(1).map(|(part, _)| format!(".{part}")).collect();
    if rest.is_empty() {
        return Err(alone(name, place, value, tree));
    }
    for section in ["agents", "instruments", "venues"] {
        let Some(entry) =
            entries_of(tree, section).iter().find(|it| names_of(it).iter().any(|it| it == name))
        else {
            continue;
        };
        let kind = text_at(entry, "kind").unwrap_or_default();
        let may_be_script = kind.is_empty() || nearest(kind, ["script"]).is_some();
        if section == "agents" && parts.len() == 2 && may_be_script {
            parts.insert(1, ("params", place.clone()));
            parts.insert(0, ("agents", place));
            return Ok(());
        }
        let message = if section == "agents" && !may_be_script {
            format!("`{name}` is an agent of the kind `{kind}`, which has no parameters of its own")
        } else {
            format!("`{name}` is one of the {section}")
        };
        return Err(UnknownName { place, message, help: format!("write `{section}.{name}{rest}={value}`") });
    }
    let agents = entries_of(tree, "agents").iter().flat_map(names_of);
    let names: Vec<String> = SECTIONS.into_iter().map(str::to_owned).chain(agents).collect();
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let message = format!("there is no section and no agent called `{name}`");
    Err(UnknownName { place, message, help: suggest(name, &known) })
}

/// Says what is wrong with a key without a section.
fn alone(name: &str, place: SourceSpan, value: &str, tree: &Node) -> UnknownName {
    let has = |section: &&str| {
        let node = tree.entries().iter().find(|entry| entry.key == *section).map(|entry| &entry.node);
        node.is_some_and(|node| node.entries().iter().any(|entry| entry.key == name))
    };
    let section = ["scenario", "live", "record"].into_iter().find(has);
    let section =
        section.or_else(|| ["seed", "start", "end", "bars", "sample"].contains(&name).then_some("scenario"));
    let script = entries_of(tree, "agents").iter().find(|agent| text_at(agent, "kind") == Some("script"));
    let help = match (section, script.and_then(|agent| names_of(agent).into_iter().next())) {
        (Some(section), _) => format!("write `{section}.{name}={value}`"),
        (None, Some(script)) => {
            format!("write `{script}.{name}={value}`, or a section such as `scenario` before it")
        }
        (None, None) => "write the section before it, such as `scenario.seed=7`".to_owned(),
    };
    UnknownName { place, message: format!("`{name}` does not say what it is a key of"), help }
}

/// Returns the entries of a list of the scenario, such as its agents.
fn entries_of<'a>(tree: &'a Node, list: &str) -> &'a [Node] {
    let node = tree.entries().iter().find(|entry| entry.key == list).map(|entry| &entry.node.value);
    if let Some(Value::List(items)) = node { items } else { &[] }
}

/// The sections of a scenario.
pub(in crate::scenario) const SECTIONS: [&str; 9] =
    ["scenario", "live", "record", "auctions", "baskets", "instruments", "venues", "agents", "events"];

/// Finds a child by key, or in a list by index, name, symbol or kind; a key that a table does not have
/// is added, and checked with all others later.
///
/// The error is the help: what there is instead.
fn child<'a>(
    node: &'a mut Node,
    part: &str,
    place: SourceSpan,
    leaf: Option<&Node>,
) -> Result<&'a mut Node, Option<String>> {
    let kind = node.kind();
    match &mut node.value {
        Value::Table(entries) => {
            let index = entries.iter().position(|entry| entry.key == part).unwrap_or_else(|| {
                let empty = Node { place: place.clone(), value: Value::Table(Vec::new()) };
                let node = leaf.cloned().unwrap_or(empty);
                entries.push(KeyValue { key: part.to_owned(), place, node });
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
    ["name", "symbol", "kind"].iter().filter_map(|key| text_at(node, key)).map(str::to_owned).collect()
}

fn text_at<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    match &node.entries().iter().find(|entry| entry.key == key)?.node.value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}
