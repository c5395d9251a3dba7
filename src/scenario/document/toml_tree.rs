//! The TOML tree of a scenario, each node with its location.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostics::{Diagnostics, SourceSpan};

/// A value with its location.
#[derive(Debug, Clone)]
pub struct Node {
    /// Where it was written.
    pub place: SourceSpan,
    /// What was written.
    pub value: Value,
}

/// A TOML value; numbers and times as they were written.
#[derive(Debug, Clone)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A number without a point.
    Int(String),
    /// A number with a point or an exponent.
    Float(String),
    /// A text, without its quotes.
    Text(String),
    /// A date, a time of day, or both.
    Time(String),
    /// A list.
    List(Vec<Node>),
    /// A table, in the order of the file.
    Table(Vec<KeyValue>),
}

/// A key with its location, and its value.
#[derive(Debug, Clone)]
pub struct KeyValue {
    /// The key.
    pub key: String,
    /// Where the key was written.
    pub place: SourceSpan,
    /// The value.
    pub node: Node,
}

impl Node {
    /// Returns what kind of value it is, for messages.
    pub const fn kind(&self) -> &'static str {
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
    pub fn shown(&self) -> String {
        let text = match &self.value {
            Value::Bool(value) => value.to_string(),
            Value::Int(text) | Value::Float(text) | Value::Text(text) | Value::Time(text) => text.clone(),
            Value::List(_) | Value::Table(_) => return self.kind().to_owned(),
        };
        let short: String = text.chars().take(60).collect();
        if short.len() < text.len() { format!("`{short}...`") } else { format!("`{short}`") }
    }

    /// Returns the entries of a table; none of any other value.
    pub fn entries(&self) -> &[KeyValue] {
        match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        }
    }
}

/// Parses a scenario's text; syntax errors go into `diagnostics`.
pub fn parse(source: usize, diagnostics: &mut Diagnostics) -> Node {
    let text = diagnostics.source(source).text.clone();
    let (table, errors) = DeTable::parse_recoverable(&text);
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        diagnostics.push(SourceSpan { source, span }, error.message(), None);
    }
    let place = SourceSpan { source, span: 0..0 };
    Node { place, value: Value::Table(entries(source, 0, table.get_ref())) }
}

fn entries(source: usize, offset: usize, table: &DeTable<'_>) -> Vec<KeyValue> {
    let mut entries: Vec<KeyValue> = table
        .iter()
        .map(|(key, value)| KeyValue {
            key: key.get_ref().to_string(),
            place: place(source, offset, key),
            node: node(source, offset, value),
        })
        .collect();
    // In the order of the file, so that errors come in that order too.
    entries.sort_by_key(|entry| entry.place.span.start);
    entries
}

fn place<T>(source: usize, offset: usize, item: &Spanned<T>) -> SourceSpan {
    let span = item.span();
    SourceSpan { source, span: span.start + offset..span.end + offset }
}

pub(super) fn node(source: usize, offset: usize, value: &Spanned<DeValue<'_>>) -> Node {
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
