//! The schema of `[[events]]`.

use serde_json::{Value, json};

use super::param::{Object, duration, positive_decimal, text};

/// An event of one of the kinds.
pub(super) fn event() -> Value {
    let of = |kind: &str, doc: &str| {
        Object::default().required("kind", json!({ "const": kind }), doc).required(
            "at",
            text(),
            "when, such as 2025-03-03T12:00:00",
        )
    };
    let placed = |object: Object| {
        object.key("instrument", text(), "symbol of the instrument").key("venue", text(), "name of the venue")
    };
    let halt = placed(of("halt", "trading halts, and reopens with an auction"))
        .required("duration", duration(), "how long nothing trades")
        .key("reopening", duration(), "how long the auction lasts");
    let fat_finger = placed(of("fat_finger", "somebody sends a market order that is far too large"))
        .required("side", json!({ "enum": ["buy", "sell"] }), "whether it buys or sells")
        .required("quantity", positive_decimal(), "how much");
    let change = json!({ "type": "number", "exclusiveMinimum": -1, "maximum": 10 });
    let shock = of("fundamental_shock", "the value jumps, and goes on from there")
        .key("instrument", text(), "symbol of the instrument")
        .required("change", change, "by which share of itself; -0.05 is a fall of 5 %");
    let withdrawal = of("liquidity_withdrawal", "agents cancel their orders and send none for a time")
        .required("agents", json!({ "type": "array", "items": text() }), "their names; of a population all")
        .required("duration", duration(), "for how long");
    let quote = of("quote", "an instrument whose value is a feed is quoted outside")
        .key("instrument", text(), "symbol of the instrument")
        .required("value", positive_decimal(), "what it is worth there")
        .key("bid", positive_decimal(), "the best bid there")
        .key("ask", positive_decimal(), "the best ask there");
    let all: Vec<Value> = [halt, fat_finger, shock, withdrawal, quote].map(Object::build).to_vec();
    json!({ "oneOf": all })
}
