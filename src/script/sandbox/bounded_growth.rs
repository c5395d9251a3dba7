//! Rhai's functions that make something large of something small: `pad`, and `replace` of a text.
//!
//! Rhai counts one operation for them, however much they make. These count it before they make it.

use std::rc::Rc;

use rhai::{Array, Dynamic, ImmutableString, Module};

use crate::script::host::meter::Meter;
use crate::script::sandbox::native::add_function;
use crate::script::value::arguments::{ScriptResult, exceeded};
use crate::script::value::limits::{TEXT_BYTES_MAX, VALUE_NESTING_MAX, size};

/// How many values are made for one operation.
const VALUES_PER_OPERATION: usize = 4;

/// Registers all forms, which hide Rhai's own.
pub(crate) fn register(module: &mut Module, meter: &Rc<Meter>) {
    let of_items = Rc::clone(meter);
    add_function(module, "pad", move |items: &mut Array, length: i64, item: Dynamic| {
        pad(&of_items, items, length, item)
    });
    add_function(module, "pad", |text: &mut ImmutableString, length: i64, with: char| {
        pad_text(text, length, with.encode_utf8(&mut [0; 4]))
    });
    add_function(module, "pad", |text: &mut ImmutableString, length: i64, with: ImmutableString| {
        pad_text(text, length, &with)
    });
    type Text = ImmutableString;
    add_function(module, "replace", |text: &mut Text, find: Text, by: Text| replace(text, &find, &by));
    add_function(module, "replace", |text: &mut Text, find: Text, by: char| {
        replace(text, &find, by.encode_utf8(&mut [0; 4]))
    });
    add_function(module, "replace", |text: &mut Text, find: char, by: Text| {
        replace(text, find.encode_utf8(&mut [0; 4]), &by)
    });
    add_function(module, "replace", |text: &mut Text, find: char, by: char| {
        replace(text, find.encode_utf8(&mut [0; 4]), by.encode_utf8(&mut [0; 4]))
    });
}

/// Appends an item until an array has so many.
fn pad(meter: &Meter, items: &mut Array, length: i64, item: Dynamic) -> ScriptResult<()> {
    let length = usize::try_from(length).unwrap_or(0);
    let missing = length.saturating_sub(items.len());
    let nested = || exceeded(format!("arrays and maps nest deeper than {VALUE_NESTING_MAX}"));
    let values = missing.saturating_mul(size(&item, VALUE_NESTING_MAX).ok_or_else(nested)?);
    if missing == 0 {
        return Ok(());
    }
    // The first thousand is in the operations of the call.
    meter.charge_before((values.saturating_sub(1_000) / VALUES_PER_OPERATION) as u64)?;
    items.resize(length, item);
    Ok(())
}

/// Appends a text until another has so many characters.
fn pad_text(text: &mut ImmutableString, length: i64, with: &str) -> ScriptResult<()> {
    let characters = text.chars().count();
    let missing = usize::try_from(length).unwrap_or(0).saturating_sub(characters);
    if missing == 0 || with.is_empty() {
        return Ok(());
    }
    let each = with.chars().count();
    let times = missing / each + 1;
    within(text.len().saturating_add(times.saturating_mul(with.len())))?;
    let padding = with.repeat(times);
    let padded: String = text.chars().chain(padding.chars().take(missing)).collect();
    *text = padded.into();
    Ok(())
}

fn replace(text: &mut ImmutableString, find: &str, by: &str) -> ScriptResult<()> {
    let times = text.matches(find).count();
    if by.len() > find.len() {
        within(text.len().saturating_add(times.saturating_mul(by.len() - find.len())))?;
    }
    *text = text.replace(find, by).into();
    Ok(())
}

fn within(bytes: usize) -> ScriptResult<()> {
    if bytes > TEXT_BYTES_MAX {
        return Err(exceeded(format!("a text would have more than {TEXT_BYTES_MAX} bytes")));
    }
    Ok(())
}
