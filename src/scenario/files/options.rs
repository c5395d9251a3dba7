//! How a file of bars is to be read: the keys of a section that names one.

use crate::data::{ColumnRef, NumberFormat, OnBadRow, Order, ReadOptions, Role, Zone};
use crate::scenario::document::{Node, Section, Value};

/// Takes the options from a section whose keys are those of `bearpit_core::process::BAR_COLUMNS` and so on.
///
/// `None` if one of them is wrong. Except for an unknown zone that is reported where all parameters are read
/// by their descriptions.
pub(super) fn read_options(section: &Section<'_>, run_zone: Option<Zone>) -> Option<ReadOptions> {
    let mut options = ReadOptions { run_zone, ..ReadOptions::default() };
    if let Some(columns) = section.peek("columns") {
        read_columns(columns, &mut options)?;
    }
    if let Some(separator) = section.peek("separator") {
        options.separator = match text(separator)?.as_bytes() {
            [byte @ (b',' | b';' | b'\t' | b'|' | b' ')] => Some(*byte),
            _ => return None,
        };
    }
    if let Some(format) = section.peek("time_format") {
        options.time_format = Some(text(format)?.to_owned());
    }
    if let Some(zone) = section.peek("zone") {
        match Zone::named(text(zone)?) {
            Ok(zone) => options.zone = Some(zone),
            Err(error) => {
                section.report("zone", format!("`zone`: {error}"), None);
                return None;
            }
        }
    }
    if let Some(header) = section.peek("header") {
        match header.value {
            Value::Bool(header) => options.header = Some(header),
            _ => return None,
        }
    }
    if let Some(order) = section.peek("order") {
        options.order = Some(Order::from_name(text(order)?)?);
    }
    if let Some(on_bad_row) = section.peek("on_bad_row") {
        options.on_bad_row = OnBadRow::from_name(text(on_bad_row)?)?;
    }
    Some(options)
}

fn text(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn read_columns(table: &Node, options: &mut ReadOptions) -> Option<()> {
    let mut numbers = NumberFormat::ENGLISH;
    let mut has_numbers = false;
    for entry in table.entries() {
        let value = &entry.node;
        if let Some(role) = Role::from_name(&entry.key) {
            let column = match &value.value {
                Value::Int(number) => ColumnRef::Number(number.parse().ok().filter(|it| *it > 0)?),
                _ => ColumnRef::Name(text(value)?.to_owned()),
            };
            options.columns.insert(role, column);
            continue;
        }
        has_numbers = true;
        match entry.key.as_str() {
            "decimal" => numbers.decimal = text(value)?.chars().next()?,
            "thousands" => numbers.thousands = Some(text(value)?.chars().next()?),
            "suffixes" => numbers.suffixes = matches!(value.value, Value::Bool(true)),
            _ => return None,
        }
    }
    // A comma before decimals cannot stand between thousands too.
    if numbers.decimal == ',' && numbers.thousands == Some(',') {
        numbers.thousands = Some('.');
    }
    options.numbers = has_numbers.then_some(numbers);
    Some(())
}
