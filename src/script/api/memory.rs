//! What a strategy keeps from day to day: a map, as a text that the market carries.

use std::rc::Rc;

use rhai::{Array, Dynamic, EvalAltResult, ImmutableString, Map};
use serde_json::{Value, json};

use crate::script::api::registry::Registry;
use crate::script::host::SharedHost;
use crate::script::value::arguments::{ScriptResult, described};
use crate::script::value::limits::VALUE_NESTING_MAX;

/// The most bytes of what is kept, as text.
const BYTES_MAX: usize = 1 << 16;

/// Registers the functions that keep a map.
pub(crate) fn register(api: &mut Registry<'_>, host: &SharedHost) {
    api.group("Memory");
    let shared = Rc::clone(host);
    api.function(
        "save",
        "(values: map) -> ()",
        "Keeps a map of numbers, texts, booleans, arrays and maps for the strategy's next beginning, in place of \
         what was kept before; at most 64 KiB.",
        "save(#{ trades: 3 })",
    )
    .form(move |values: Dynamic| save(&shared, &values));
    let shared = Rc::clone(host);
    api.function(
        "saved",
        "() -> map | ()",
        "What was kept last, today or on an earlier day of a live market; absent before the first `save`.",
        "saved()",
    )
    .form(move || saved(&shared));
}

fn save(host: &SharedHost, values: &Dynamic) -> ScriptResult<()> {
    let Ok(map) = values.as_map_ref() else {
        let message = format!(
            "save: what is kept must be a map such as #{{ trades: 3 }}, but is {}",
            described(values)
        );
        return Err(message.into());
    };
    let text = Writer { left: BYTES_MAX }.object(&map, 1)?.to_string();
    if text.len() > BYTES_MAX {
        return Err(too_long());
    }
    let mut host = host.borrow_mut();
    host.need_run("save")?;
    host.meter.charge_before(operations(&text))?;
    host.count_row("save", text.len())?;
    host.ctx.save(text);
    Ok(())
}

fn saved(host: &SharedHost) -> ScriptResult<Dynamic> {
    let host = host.borrow_mut();
    host.need_run("saved")?;
    let Some(text) = host.ctx.saved() else { return Ok(Dynamic::UNIT) };
    host.meter.charge_before(operations(&text))?;
    // What a market carries was written here.
    let value: Value = serde_json::from_str(&text).unwrap_or_default();
    Ok(dynamic(&value))
}

/// What it costs to write or read a text.
const fn operations(text: &str) -> u64 {
    text.len() as u64 / 8 + 1
}

fn too_long() -> Box<EvalAltResult> {
    format!("save: what is kept takes more than {BYTES_MAX} bytes").into()
}

/// Writes values, as long as they take no more than so many bytes: most of what is too long is not looked at.
struct Writer {
    left: usize,
}

impl Writer {
    fn take(&mut self, bytes: usize) -> ScriptResult<()> {
        self.left = self.left.checked_sub(bytes).ok_or_else(too_long)?;
        Ok(())
    }

    fn object(&mut self, map: &Map, depth: usize) -> ScriptResult<Value> {
        let mut entries = serde_json::Map::new();
        for (name, value) in map {
            self.take(name.len())?;
            entries.insert(escaped(name), self.value(name, value, depth + 1)?);
        }
        Ok(Value::Object(entries))
    }

    /// Writes a value; `name` is that of the entry of a map that has it.
    fn value(&mut self, name: &str, value: &Dynamic, depth: usize) -> ScriptResult<Value> {
        if depth > VALUE_NESTING_MAX {
            return Err(
                format!("save: `{name}` nests deeper than {VALUE_NESTING_MAX} arrays and maps").into()
            );
        }
        self.take(1)?;
        if value.is_unit() {
            return Ok(Value::Null);
        }
        if let Ok(value) = value.as_bool() {
            return Ok(Value::Bool(value));
        }
        if let Ok(value) = value.as_int() {
            return Ok(Value::Number(value.into()));
        }
        if let Ok(value) = value.as_float() {
            if !value.is_finite() {
                return Err(format!("save: `{name}` is not a finite number").into());
            }
            // Readers of JSON may round the digits of a float; as a text they are read as they are.
            return Ok(json!({ FLOAT: value.to_string() }));
        }
        if let Ok(text) = value.as_immutable_string_ref() {
            self.take(text.len())?;
            return Ok(Value::String(text.to_string()));
        }
        if let Ok(array) = value.as_array_ref() {
            let values = array.iter().map(|value| self.value(name, value, depth + 1));
            return Ok(Value::Array(values.collect::<ScriptResult<_>>()?));
        }
        if let Ok(map) = value.as_map_ref() {
            return self.object(&map, depth);
        }
        let message = format!(
            "save: `{name}` must be a number, a text, a boolean, an array or a map, but is {}",
            described(value)
        );
        Err(message.into())
    }
}

/// The only entry of what stands for a float; no entry of a script's has that name.
const FLOAT: &str = "$";

fn escaped(name: &str) -> String {
    if name.starts_with('$') { format!("${name}") } else { name.to_owned() }
}

fn unescaped(name: &str) -> &str {
    if name.starts_with("$$") { &name[1..] } else { name }
}

fn dynamic(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => number.as_i64().unwrap_or_default().into(),
        Value::String(text) => ImmutableString::from(text.as_str()).into(),
        Value::Array(values) => values.iter().map(dynamic).collect::<Array>().into(),
        Value::Object(entries) => match entries.get(FLOAT).and_then(Value::as_str) {
            Some(digits) => digits.parse::<f64>().unwrap_or_default().into(),
            None => {
                let entries = entries.iter().map(|(name, value)| (unescaped(name).into(), dynamic(value)));
                entries.collect::<Map>().into()
            }
        },
    }
}
