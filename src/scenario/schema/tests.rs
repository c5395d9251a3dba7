//! The schema accepts what the reader accepts, knows the keys that it knows, and refuses what is plainly
//! wrong.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::json_schema;
use super::param::{BAR_INTERVAL_PATTERN, DURATION_PATTERN};
use crate::scenario::{Scenario, agent_kinds};
use bearpit_core::market::BarInterval;
use bearpit_core::process::KINDS;
use bearpit_core::units::SimDuration;

/// What the schema refers to by name.
static DEFINITIONS: LazyLock<Value> = LazyLock::new(|| json_schema()["$defs"].clone());

/// Returns what a value violates of a schema, if anything; knows the keywords that the schema uses, and no
/// others.
fn violation(schema: &Value, value: &Value, at: &str) -> Option<String> {
    let schema = schema.as_object().unwrap();
    schema.iter().find_map(|(keyword, rule)| {
        let refused = |is_right: bool| (!is_right).then(|| format!("{at}: {keyword} {rule} refuses {value}"));
        match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "default" | "additionalProperties" => None,
            "$ref" => {
                let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                violation(&DEFINITIONS[name], value, at)
            }
            "type" => refused(is_of_type(rule, value)),
            "enum" => refused(rule.as_array().unwrap().contains(value)),
            "const" => refused(rule == value),
            "minimum" => refused(value.as_f64().is_none_or(|it| it >= rule.as_f64().unwrap())),
            "maximum" => refused(value.as_f64().is_none_or(|it| it <= rule.as_f64().unwrap())),
            "exclusiveMinimum" => refused(value.as_f64().is_none_or(|it| it > rule.as_f64().unwrap())),
            "minLength" => refused(value.as_str().is_none_or(|it| it.len() as u64 >= rule.as_u64().unwrap())),
            "maxLength" => refused(value.as_str().is_none_or(|it| it.len() as u64 <= rule.as_u64().unwrap())),
            "pattern" => {
                let is_possible = |text: &str| {
                    if rule == BAR_INTERVAL_PATTERN {
                        return text.parse::<BarInterval>().is_ok();
                    }
                    assert_eq!(rule, DURATION_PATTERN);
                    text.parse::<SimDuration>().is_ok()
                };
                refused(value.as_str().is_none_or(is_possible))
            }
            "minItems" => {
                refused(value.as_array().is_none_or(|it| it.len() as u64 >= rule.as_u64().unwrap()))
            }
            "maxItems" => {
                refused(value.as_array().is_none_or(|it| it.len() as u64 <= rule.as_u64().unwrap()))
            }
            "items" => {
                let items = value.as_array().into_iter().flatten().enumerate();
                items.into_iter().find_map(|(index, item)| violation(rule, item, &format!("{at}[{index}]")))
            }
            "required" => {
                let has = |key: &Value| value.get(key.as_str().unwrap()).is_some();
                refused(!value.is_object() || rule.as_array().unwrap().iter().all(has))
            }
            "properties" => properties(rule.as_object().unwrap(), &schema["additionalProperties"], value, at),
            "oneOf" => {
                let options = rule.as_array().unwrap().iter();
                let faults: Vec<String> =
                    options.clone().filter_map(|option| violation(option, value, at)).collect();
                let fitting = options.len() - faults.len();
                (fitting != 1).then(|| format!("{at}: {fitting} options fit {value}: {}", faults.join("; ")))
            }
            other => panic!("the schema uses the keyword {other}, which this check does not know"),
        }
    })
}

fn properties(known: &Map<String, Value>, others: &Value, value: &Value, at: &str) -> Option<String> {
    let entries = value.as_object().into_iter().flatten();
    entries.into_iter().find_map(|(key, value)| {
        let at = format!("{at}.{key}");
        match known.get(key) {
            Some(schema) => violation(schema, value, &at),
            None => (*others == json!(false)).then(|| format!("{at}: unknown key")),
        }
    })
}

fn is_of_type(rule: &Value, value: &Value) -> bool {
    let is_one = |name: &Value| match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("{other}"),
    };
    rule.as_array().map_or_else(|| is_one(rule), |names| names.iter().any(is_one))
}

/// Returns TOML as JSON, with times as texts, as editors see them.
fn to_json(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => json!(text),
        toml::Value::Integer(value) => json!(value),
        toml::Value::Float(value) => json!(value),
        toml::Value::Boolean(value) => json!(value),
        toml::Value::Datetime(time) => json!(time.to_string()),
        toml::Value::Array(items) => items.iter().map(to_json).collect(),
        toml::Value::Table(table) => {
            Value::Object(table.iter().map(|(key, value)| (key.clone(), to_json(value))).collect())
        }
    }
}

fn of_toml(text: &str) -> Value {
    to_json(&toml::Value::Table(text.parse::<toml::Table>().unwrap()))
}

fn shipped() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|it| it == "toml")).collect()
}

#[test]
fn the_shipped_scenarios_fit_the_schema() {
    let schema = json_schema();
    let files = shipped();
    assert!(files.len() >= 12, "{files:?}");
    for path in files {
        let scenario = of_toml(&fs::read_to_string(&path).unwrap());
        assert_eq!(violation(&schema, &scenario, ""), None, "{}", path.display());
    }
}

const GOOD: &str = r#"
[scenario]
name = "x"
start = 2025-03-03T09:30:00
end = 2025-03-03T10:30:00
[record]
books = {}
[live]
clock = "wall"
after_outage = { halt = "1m" }
durability = { relaxed = "20ms" }
[[instruments]]
symbol = "ACME"
tick_size = 0.01
process = { kind = "gbm", initial = 100, volatility = 0.2 }
[[venues]]
name = "PIT"
instruments = ["ACME"]
fees = {}
bands = {}
latency = {}
sessions = { open = "9h", close = "16h" }
[[agents]]
kind = "noise"
max_quantity = 10
depth = 0.05
financing = {}
"#;

#[test]
fn each_fault_is_refused_by_schema_and_reader_alike() {
    let schema = json_schema();
    assert_eq!(violation(&schema, &of_toml(GOOD), ""), None);
    for (from, to) in [
        ("volatility = 0.2", "volatility = -0.2"),
        ("initial = 100", "initial = 0"),
        ("kind = \"gbm\"", "kind = \"gmb\""),
        ("volatility = 0.2", "volatilty = 0.2"),
        ("depth = 0.05", "depth = 0"),
        ("depth = 0.05", "depth = true"),
        ("depth = 0.05\n", ""),
        ("depth = 0.05", "depth = 0.05\ninterval = 3"),
        ("depth = 0.05", "depth = 0.05\ninterval = \"3\""),
        ("depth = 0.05", "depth = 0.05\ncount = 0"),
        ("depth = 0.05", "depth = { dist = \"exponential\" }"),
        ("depth = 0.05", "depth = { dist = \"exponentail\", mean = 0.05 }"),
        ("depth = 0.05", "depth = { dist = \"uniform\", min = 0.05, max = 0.1, mean = 0.07 }"),
        ("kind = \"noise\"", "kind = \"noise\"\nskew = 1"),
        ("tick_size = 0.01\n", ""),
        ("start = 2025", "begin = 2025"),
        ("latency = {}", "latency = { entry = { min = \"1ms\" } }"),
        ("latency = {}", "latency = { entry = { mean = \"1ms\", shape = 0 } }"),
        ("latency = {}", "latency = { mean = \"1ms\", sd = \"1ms\", max = \"1s\" }"),
        ("latency = {}", "latency = { dist = \"gama\", mean = \"1ms\", shape = 2 }"),
        ("latency = {}", "latency = { quantiles = [\"1ms\"] }"),
        ("sessions = { open = \"9h\", ", "sessions = { "),
        ("instruments = [\"ACME\"]", "instruments = []"),
        ("clock = \"wall\"", "clock = \"walls\""),
        ("clock = \"wall\"", "clock = \"scaled\"\nspeed = 0"),
        ("clock = \"wall\"", "zone = \"\""),
        ("clock = \"wall\"", "keep_days = 0"),
        ("{ halt = \"1m\" }", "{ halt = 60 }"),
        ("{ halt = \"1m\" }", "{}"),
        ("{ halt = \"1m\" }", "{ halt = \"1m\", more = 1 }"),
        ("{ halt = \"1m\" }", "\"stop\""),
        ("{ relaxed = \"20ms\" }", "\"relaxed\""),
    ] {
        assert_eq!(GOOD.matches(from).count(), 1, "{from}");
        let text = GOOD.replace(from, to);
        assert!(violation(&schema, &of_toml(&text), "").is_some(), "the schema accepts {to}");
        assert!(load(&text).is_some(), "the reader accepts {to}");
    }
    assert_eq!(load(GOOD), None);
    for dist in [
        "{ dist = \"exponential\", mean = \"0.05\", max = 1 }",
        "{ dist = \"choice\", values = [0.05, 0.1], weights = [0.5, 0.5] }",
    ] {
        let drawn = GOOD.replace("depth = 0.05", &format!("depth = {dist}"));
        assert_eq!((violation(&schema, &of_toml(&drawn), ""), load(&drawn)), (None, None));
    }
}

/// Returns the errors of a scenario as JSON.
fn load(text: &str) -> Option<Value> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.toml");
    fs::write(&path, text).unwrap();
    Scenario::load(&path, &[]).err().map(|errors| errors.to_json())
}

/// Returns the keys that the reader knows where it finds one that it does not.
fn known_keys(text: &str) -> BTreeSet<String> {
    let errors = load(text).unwrap();
    let unknown = |error: &&Value| error["message"].as_str().unwrap().contains("no key `qqqq`");
    let error = errors.as_array().unwrap().iter().find(unknown).unwrap_or_else(|| panic!("{errors}"));
    let help = error["help"].as_str().unwrap();
    let list = help.split("allowed: ").nth(1).unwrap();
    list.split(", ").map(|name| name.trim_matches('`').to_owned()).collect()
}

fn keys(schema: &Value) -> BTreeSet<String> {
    schema["properties"].as_object().unwrap().keys().cloned().collect()
}

#[test]
fn the_schema_has_the_keys_of_each_section_that_the_reader_knows() {
    let schema = json_schema();
    let item = |name: &str| &schema["properties"][name]["items"]["properties"];
    let sections = [
        ("[scenario]", "[scenario]\nqqqq = 1", &schema["properties"]["scenario"]),
        ("[record]", "[record]\nqqqq = 1", &schema["properties"]["record"]),
        ("[live]", "[live]\nqqqq = 1", &schema["properties"]["live"]),
        ("books = {}", "books = { qqqq = 1 }", &schema["properties"]["record"]["properties"]["books"]),
        (
            "[[instruments]]",
            "[[baskets]]\nqqqq = 1\n[[instruments]]",
            &schema["properties"]["baskets"]["items"],
        ),
        ("[[instruments]]", "[[instruments]]\nqqqq = 1", &schema["properties"]["instruments"]["items"]),
        ("[[venues]]", "[[venues]]\nqqqq = 1", &schema["properties"]["venues"]["items"]),
        ("fees = {}", "fees = { qqqq = 1 }", &item("venues")["fees"]["oneOf"][0]),
        ("fees = {}", "fees = [{ qqqq = 1 }]", &item("venues")["fees"]["oneOf"][1]["items"]),
        (
            "fees = {}",
            "fees = { tiers = [{ from = 1, qqqq = 1 }] }",
            &item("venues")["fees"]["oneOf"][0]["properties"]["tiers"]["items"],
        ),
        ("bands = {}", "bands = { qqqq = 1 }", &item("venues")["bands"]),
        ("latency = {}", "latency = { qqqq = 1 }", &item("venues")["latency"]["oneOf"][0]),
        ("close = \"16h\"", "close = \"16h\", qqqq = 1", &item("venues")["sessions"]),
    ];
    for (from, to, schema) in sections {
        assert_eq!(known_keys(&GOOD.replacen(from, to, 1)), keys(schema), "{to}");
    }
    assert_eq!(known_keys(&format!("qqqq = 1\n{GOOD}")), keys(&schema));
    let processes = item("instruments")["process"]["oneOf"].as_array().unwrap();
    for (kind, schema) in KINDS.iter().zip(processes) {
        let process = format!("process = {{ kind = \"{}\", qqqq = 1 }}", kind.name);
        let line = "process = { kind = \"gbm\", initial = 100, volatility = 0.2 }";
        assert_eq!(known_keys(&GOOD.replace(line, &process)), keys(schema), "{}", kind.name);
    }
    let agents = schema["properties"]["agents"]["items"]["oneOf"].as_array().unwrap();
    for (kind, schema) in agent_kinds().zip(agents) {
        let (market, _) = GOOD.split_once("[[agents]]").unwrap();
        let agent = format!("{market}[[agents]]\nkind = \"{}\"\nqqqq = 1\n", kind.name);
        assert_eq!(known_keys(&agent), keys(schema), "{}", kind.name);
    }
}
