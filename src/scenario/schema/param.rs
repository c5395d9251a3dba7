//! The schema of a parameter, from its description.

use serde_json::{Map, Value, json};

use crate::scenario::sections::DISTRIBUTIONS;
use bearpit_agents::is_drawable;
use bearpit_core::params::{FileFormat, NumberRange, ParamDefault, ParamSpec, ParamType};

/// A duration with its units, such as `6h30m`.
pub(super) const DURATION_PATTERN: &str = r"^\s*([0-9_]+(\.[0-9]+)?\s*(ns|us|ms|s|m|h|d|w)\s*)+$";

/// An interval of bars: a duration, or a number of months, quarters or years.
pub(super) const BAR_INTERVAL_PATTERN: &str =
    r"^\s*(([0-9_]+(\.[0-9]+)?\s*(ns|us|ms|s|m|h|d|w)\s*)+|[0-9]+(mo|q|y)\s*)$";

/// An object schema while it is put together: a closed set of keys.
#[derive(Default)]
pub(super) struct Object {
    properties: Map<String, Value>,
    required: Vec<&'static str>,
    /// Two keys of which one must be there, and not both.
    either: Option<[&'static str; 2]>,
}

impl Object {
    /// Adds a key.
    pub(super) fn key(mut self, name: &'static str, schema: Value, doc: &str) -> Self {
        let mut schema = schema;
        if let Value::Object(schema) = &mut schema {
            schema.insert("description".to_owned(), doc.into());
        }
        self.properties.insert(name.to_owned(), schema);
        self
    }

    /// Adds a key that must be there.
    pub(super) fn required(mut self, name: &'static str, schema: Value, doc: &str) -> Self {
        self.required.push(name);
        self.key(name, schema, doc)
    }

    /// Adds the parameters of a kind.
    pub(super) fn params(mut self, specs: &'static [ParamSpec]) -> Self {
        for spec in specs {
            if spec.is_required() {
                self.required.push(spec.name);
            }
            self.properties.insert(spec.name.to_owned(), param(spec));
        }
        self
    }

    /// Adds the parameters of a kind of agent, of which numbers can also be drawn by each member.
    pub(super) fn population(mut self, specs: &'static [ParamSpec]) -> Self {
        self = self.params(specs);
        for spec in specs.iter().filter(|spec| is_drawable(&spec.value)) {
            let Some(schema) = self.properties.get_mut(spec.name) else { continue };
            let description = schema.get("description").cloned();
            let one_of = json!([schema.clone(), { "$ref": "#/$defs/distribution" }]);
            *schema = json!({ "description": description, "oneOf": one_of });
        }
        self
    }

    /// Asks for one of two keys in the place of the first.
    pub(super) fn either(mut self, keys: [&'static str; 2]) -> Self {
        self.required.retain(|key| !keys.contains(key));
        self.either = Some(keys);
        self
    }

    /// Returns the schema.
    pub(super) fn build(self) -> Value {
        let mut schema = json!({
            "type": "object",
            "properties": self.properties,
            "required": self.required,
            "additionalProperties": false,
        });
        if let Some([first, second]) = self.either {
            schema["oneOf"] = json!([{ "required": [first] }, { "required": [second] }]);
        }
        schema
    }
}

/// Returns the schema of a parameter, with its meaning and its default.
fn param(spec: &ParamSpec) -> Value {
    let mut schema = param_type(&spec.value);
    let unit = spec.unit.map_or_else(String::new, |unit| format!(", in {unit}"));
    let mut doc = format!("{}{unit}", spec.doc);
    if let ParamType::Choice(choices) = spec.value {
        for choice in choices {
            doc.push_str(&format!("\n{:?}: {}", choice.name, choice.doc));
        }
    }
    if let Value::Object(schema) = &mut schema {
        schema.insert("description".to_owned(), doc.into());
        if let Some(default) = default(&spec.default) {
            schema.insert("default".to_owned(), default);
        }
    }
    schema
}

/// The distributions from which the members of a population can draw a number.
pub(super) fn distribution() -> Value {
    let value = || json!({ "type": ["number", "string"] });
    let bounded = |name: &str, keys: &[&'static str]| {
        let object = keys.iter().fold(Object::default(), |object, key| match *key {
            "values" | "weights" => object.required(
                key,
                json!({ "type": "array", "minItems": 1, "items": value() }),
                "one for each",
            ),
            _ => object.required(key, value(), "in the unit of the parameter, or a plain number"),
        });
        let object = object.required("dist", json!({ "const": name }), "the distribution");
        ["min", "max"]
            .into_iter()
            .filter(|key| !keys.contains(key))
            .fold(object, |object, key| object.key(key, value(), "a bound; what lies beyond is drawn again"))
    };
    let all: Vec<Value> = DISTRIBUTIONS.iter().map(|(name, keys)| bounded(name, keys).build()).collect();
    json!({ "oneOf": all })
}

fn default(default: &ParamDefault) -> Option<Value> {
    match default {
        ParamDefault::Required | ParamDefault::Derived(_) => None,
        ParamDefault::Flag(value) => Some(json!(value)),
        ParamDefault::Integer(value) => Some(json!(value)),
        ParamDefault::Number(value) => Some(json!(value)),
        ParamDefault::Duration(span) => Some(json!(span.to_string())),
        ParamDefault::Choice(word) => Some(json!(word)),
    }
}

fn param_type(value: &ParamType) -> Value {
    match value {
        ParamType::Flag => json!({ "type": "boolean" }),
        ParamType::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        ParamType::Number(range) => number(range),
        ParamType::Duration(_) => duration(),
        ParamType::Price | ParamType::TickDistance | ParamType::Quantity => positive_decimal(),
        ParamType::Date
        | ParamType::Text
        | ParamType::Instrument
        | ParamType::Listing
        | ParamType::Leader
        | ParamType::File(
            FileFormat::Text | FileFormat::Bars | FileFormat::OrderMessages | FileFormat::BookRow,
        ) => text(),
        ParamType::File(FileFormat::Ticks) => {
            let list = json!({ "type": "array", "items": text() });
            json!({ "oneOf": [text(), list] })
        }
        ParamType::Column => json!({ "type": ["string", "integer"], "minimum": 1 }),
        ParamType::Choice(choices) => {
            let words: Vec<&str> = choices.iter().map(|choice| choice.name).collect();
            json!({ "enum": words })
        }
        ParamType::Scalars => json!({
            "type": "object",
            "additionalProperties": { "type": ["boolean", "number", "string"] },
        }),
        ParamType::List(item) => json!({ "type": "array", "items": param_type(item) }),
        ParamType::ByInstrument(item) => {
            json!({ "type": "object", "additionalProperties": param_type(item) })
        }
        ParamType::Table(specs) => Object::default().params(specs).build(),
    }
}

fn number(range: &NumberRange) -> Value {
    let mut schema = json!({ "type": "number" });
    if let Value::Object(schema) = &mut schema {
        if range.min > f64::MIN {
            let key = if range.excludes_min { "exclusiveMinimum" } else { "minimum" };
            schema.insert(key.to_owned(), json!(range.min));
        }
        if range.max < f64::MAX {
            schema.insert("maximum".to_owned(), json!(range.max));
        }
    }
    schema
}

/// A text that is not empty.
pub(super) fn text() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

/// A duration with its unit.
pub(super) fn duration() -> Value {
    json!({ "type": "string", "pattern": DURATION_PATTERN })
}

/// An interval of bars.
pub(super) fn bar_interval() -> Value {
    json!({ "type": "string", "pattern": BAR_INTERVAL_PATTERN })
}

/// A decimal, as a number or as a text.
pub(super) fn decimal() -> Value {
    json!({ "type": ["number", "string"] })
}

/// A decimal above zero, as a number or as a text.
pub(super) fn positive_decimal() -> Value {
    json!({ "type": ["number", "string"], "exclusiveMinimum": 0 })
}
