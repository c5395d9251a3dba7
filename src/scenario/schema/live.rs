//! The schema of `[live]`.

use serde_json::{Value, json};

use super::param::{Object, decimal, duration, text};
use crate::scenario::live_config::LiveConfig;
use crate::scenario::sections::{AFTER_OUTAGE, CLOCKS, DURABILITY};

/// Returns the schema of `[live]`.
pub(super) fn live() -> Value {
    let after_outage =
        Object::default().required("halt", duration(), "what is longer halts the market, from 1ms to 24h");
    let durability = Object::default().required("relaxed", duration(), "what can be lost, from 1ms to 1m");
    let or_word = |words: &[&str], object: Object| json!({ "oneOf": [{ "enum": words }, object.build()] });
    Object::default()
        .key("clock", json!({ "enum": CLOCKS.map(|(word, _)| word) }), "what virtual time follows")
        .key(
            "zone",
            text(),
            "the zone of dates, hours and sessions, such as America/New_York, with clock = \"wall\"",
        )
        .key(
            "speed",
            json!({ "type": ["number", "string"], "exclusiveMinimum": 0, "maximum": 1_000_000 }),
            "how fast time runs, with clock = \"scaled\"",
        )
        .key(
            "after_outage",
            or_word(&AFTER_OUTAGE.map(|(word, _)| word), after_outage),
            "what happens about time in which the market did not run, with clock = \"wall\"",
        )
        .key("starting_cash", decimal(), "the cash of a new account")
        .key(
            "durability",
            or_word(&DURABILITY.map(|(word, _)| word), durability),
            "whether answers wait until what they follow from is on disk",
        )
        .key(
            "keep_days",
            json!({ "type": "integer", "minimum": 1, "maximum": 36_500 }),
            "for how many days journals, tables and fine candles are kept",
        )
        .key(
            "script_operations",
            json!({ "type": "integer", "minimum": 1, "maximum": LiveConfig::SCRIPT_OPERATIONS_MAX }),
            "how many operations the scripts of users may take together in a second of virtual time",
        )
        .build()
}
