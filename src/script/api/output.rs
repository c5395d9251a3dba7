//! Functions that write lines of the log, points of series, and rows of tables.

use std::rc::Rc;
use std::sync::Arc;

use rhai::{Dynamic, ImmutableString, Map, NativeCallContext};

use crate::script::api::registry::Registry;
use crate::script::host::SharedHost;
use crate::script::host::output_names::NAME_CHARS_MAX;
use crate::script::value::arguments::{ScriptResult, described, number, printable, text};
use bearpit_core::market::{Cell, Finite};

const COLUMNS_MAX: usize = 50;
const TEXT_CHARS_MAX: usize = 500;

/// Registers the functions that write.
pub(crate) fn register(api: &mut Registry<'_>, host: &SharedHost) {
    api.group("Output");
    let (shared, numbers) = (Rc::clone(host), Rc::clone(host));
    api.function(
        "log",
        "(value: any) -> ()",
        "A line in the report and in the `log` table.",
        "log(\"long\")",
    )
    .form(move |call: NativeCallContext<'_>, value: Dynamic| {
        let text = printed(&call, value);
        shared.borrow_mut().log(&text)
    })
    // Rhai's own `log` of a number is the logarithm; here it writes the number.
    .form(move |value: f64| numbers.borrow_mut().log(&Dynamic::from(value).to_string()));
    let shared = Rc::clone(host);
    api.function(
        "plot",
        "(name: text, value: number | ()) -> ()",
        "The next point of a series, in the `series` table; a gap where the value is absent or not finite.",
        "plot(\"equity\", equity())",
    )
    .form(move |name: Dynamic, value: Dynamic| plot(&shared, &name, &value));
    let shared = Rc::clone(host);
    api.function(
        "record",
        "(table: text, row: map) -> ()",
        "The next row of a table of the strategy, in the `records` table.",
        "record(\"entries\", #{ price: 99.5, reason: \"dip\" })",
    )
    .form(move |table: Dynamic, row: Dynamic| record(&shared, &table, &row));
}

/// Returns a value as a text; objects are printed with their `to_string`.
fn printed(call: &NativeCallContext<'_>, value: Dynamic) -> String {
    let plain = value.to_string();
    if value.is_string() {
        return plain;
    }
    call.call_native_fn::<ImmutableString>("to_string", (value,)).map_or(plain, |text| text.to_string())
}

fn plot(host: &SharedHost, name: &Dynamic, value: &Dynamic) -> ScriptResult<()> {
    let name = text("plot", "name", name)?;
    // What is absent, as an average in its warm-up, is a gap, and so is what is not finite.
    let value = if value.is_unit() { f64::NAN } else { number("plot", "value", value)? };
    let mut host = host.borrow_mut();
    host.count_row("plot", 2 * VALUE_BYTES)?;
    let series = host.names.get("plot", &name)?;
    host.ctx.plot(series, value);
    Ok(())
}

fn record(host: &SharedHost, table: &Dynamic, row: &Dynamic) -> ScriptResult<()> {
    let table = text("record", "table", table)?;
    let Ok(row) = row.as_map_ref() else {
        return Err(format!(
            "record: the row must be a map such as #{{ price: 99.5 }}, but is {}",
            described(row)
        )
        .into());
    };
    let row = cells(&row)?;
    let mut host = host.borrow_mut();
    host.count_row("record", VALUE_BYTES + row.iter().map(|(_, cell)| bytes(cell)).sum::<usize>())?;
    let table = host.names.get("record", &table)?;
    host.ctx.record(table, row);
    Ok(())
}

/// What a number and a time count.
const VALUE_BYTES: usize = 8;

fn bytes(cell: &Cell) -> usize {
    if let Cell::Text(text) = cell { text.len() } else { VALUE_BYTES }
}

/// Returns the columns of a row; an entry that is `()` is left out.
fn cells(row: &Map) -> ScriptResult<Vec<(Arc<str>, Cell)>> {
    if row.len() > COLUMNS_MAX {
        return Err(format!("record: more than {COLUMNS_MAX} columns").into());
    }
    let mut cells = Vec::with_capacity(row.len());
    for (name, value) in row.iter().filter(|(_, value)| !value.is_unit()) {
        let cell = if value.is_string() {
            Cell::Text(printable(&value.to_string(), TEXT_CHARS_MAX).into())
        } else if let Ok(value) = value.as_bool() {
            Cell::Bool(value)
        } else if let Ok(value) = value.as_int() {
            Cell::Int(value)
        } else if let Ok(value) = value.as_float() {
            Cell::Float(Finite::new(value))
        } else {
            let message = format!(
                "record: `{name}` must be a boolean, a number or a text, but is {}",
                described(value)
            );
            return Err(message.into());
        };
        cells.push((printable(name, NAME_CHARS_MAX).into(), cell));
    }
    Ok(cells)
}
