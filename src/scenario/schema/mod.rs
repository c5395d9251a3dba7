//! [`json_schema`]: scenario files as a JSON schema, with which editors check and complete them.
//!
//! The parameters of kinds come from the kinds' own descriptions. The keys of sections are listed here; a
//! test compares them with the keys that the reader knows.

mod events;
mod fees;
mod live;
mod param;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use self::param::{Object, bar_interval, decimal, distribution, duration, positive_decimal, text};
use super::kinds::agent_kinds;
use super::sections::ON_RUIN;
use crate::record::Table;
use bearpit_agents::AgentKind;
use bearpit_core::process::{Basket, COMMON_PARAMS, KINDS, ProcessKind};

/// Returns the JSON schema (draft 2020-12) of scenario files.
///
/// ```
/// let schema = bearpit::scenario::json_schema();
/// assert_eq!(schema["properties"]["scenario"]["required"][0], "name");
/// ```
#[must_use]
pub fn json_schema() -> Value {
    let root = Object::default()
        .required("scenario", scenario(), "name, seed and time of the scenario")
        .key("record", record(), "what is recorded of a run")
        .key("auctions", auctions(), "lets participants auction shares between them")
        .key("live", live::live(), "how it runs as a live market; a simulation does not use it")
        .key(
            "baskets",
            json!({ "type": "array", "items": basket() }),
            "which instruments' values have correlated shocks",
        )
        .required("instruments", list_of(instrument()), "what is traded")
        .required("venues", list_of(venue()), "where it is traded")
        .key("agents", json!({ "type": "array", "items": agent() }), "who trades")
        .key(
            "events",
            json!({ "type": "array", "items": events::event() }),
            "what happens at set times of a simulation",
        );
    let mut schema = root.build();
    if let Value::Object(schema) = &mut schema {
        schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        schema.insert("title".to_owned(), json!("Bearpit scenario"));
        schema.insert("$defs".to_owned(), json!({ "distribution": distribution() }));
    }
    schema
}

fn list_of(item: Value) -> Value {
    json!({ "type": "array", "minItems": 1, "items": item })
}

fn names() -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": 64 })
}

fn scenario() -> Value {
    Object::default()
        .required("name", names(), "results go to a directory of this name")
        .key("seed", json!({ "type": "integer", "minimum": 0 }), "the seed of all random draws")
        .required("start", text(), "first instant, without a time zone, such as 2025-03-03T09:30:00")
        .required("end", text(), "last instant")
        .key(
            "bars",
            bar_interval(),
            "interval of bars and of on_bar: a duration, or calendar months such as 1mo",
        )
        .key(
            "anchor",
            duration(),
            "time of day from which bars shorter than a day are counted, such as 9h30m",
        )
        .key("sample", duration(), "interval at which accounts are marked to market")
        .key(
            "script_latency_min",
            duration(),
            "the shortest entry latency of scripts; shorter ones are lengthened to it",
        )
        .key(
            "periods_per_year",
            positive_decimal(),
            "how many sample intervals a year has, for annualized metrics; else it follows from the data",
        )
        .key(
            "benchmark",
            text(),
            "the symbol against which accounts are held: alpha, beta, a column of the report; else all instruments",
        )
        .key(
            "zone",
            text(),
            "the zone of its clock, such as America/New_York, to which times of files are converted",
        )
        .build()
}

fn record() -> Value {
    let tables = Table::ALL.map(Table::name);
    let books = Object::default()
        .key("interval", duration(), "interval between two snapshots of a book, at least 1ms")
        .key("levels", json!({ "type": "integer", "minimum": 1, "maximum": 1_000 }), "levels of each side")
        .build();
    Object::default()
        .key("tables", json!({ "type": "array", "items": { "enum": tables } }), "the tables to record")
        .key("books", books, "snapshots of the books")
        .key("bars", json!({ "type": "array", "items": bar_interval() }), "intervals of the table bars")
        .key("format", json!({ "enum": ["parquet", "csv", "ipc"] }), "format of the tables")
        .key(
            "replayed_orders",
            json!({ "type": "boolean" }),
            "whether orders of replayed order flow are recorded",
        )
        .build()
}

fn auctions() -> Value {
    let count = || json!({ "type": "integer", "minimum": 1, "maximum": 1_000 });
    let deviation = json!({ "type": "integer", "minimum": 1, "maximum": 10_000_000 });
    Object::default()
        .key("max_open", count(), "how many open auctions a participant may have")
        .key("max_proposals", count(), "how many open proposals a participant may have to one auction")
        .key("max_deviation_bps", deviation, "how far proposals may be from what the lot is worth")
        .build()
}

fn instrument() -> Value {
    let processes: Vec<Value> = KINDS.into_iter().map(process).collect();
    Object::default()
        .key("symbol", names(), "its symbol")
        .key(
            "files",
            text(),
            "in the place of a symbol: files such as data/*.csv, each of them one instrument",
        )
        .either(["symbol", "files"])
        .required("tick_size", positive_decimal(), "smallest step of a price")
        .key("lot_size", positive_decimal(), "smallest step of a quantity")
        .key("min_price", decimal(), "lowest price; below 0 where prices may be negative")
        .key("issued", positive_decimal(), "how much of it there is")
        .key("multiplier", positive_decimal(), "what a price of 1 is worth for each unit of quantity")
        .key("contract", contract(), "what a trade settles")
        .key("process", json!({ "oneOf": processes }), "how its value moves")
        .build()
}

fn contract() -> Value {
    let of = |kind: &str| Object::default().required("kind", json!({ "const": kind }), "what it is");
    let rate = |least: i32| json!({ "type": ["number", "string"], "minimum": least, "maximum": 1 });
    let future =
        of("future").required("settlement", duration(), "the time of day at which it is marked to market");
    let perpetual = of("perpetual")
        .key("index", text(), "the instrument, listed before this one, whose mark is the index")
        .key("interval", duration(), "the time between two payments, counted from midnight")
        .key("interest", rate(-1), "the rate while it is at its index")
        .key("band", rate(0), "by how much the rate may be moved from the premium towards the interest")
        .key("cap", rate(0), "the most that the rate may be, in either direction");
    json!({ "oneOf": [of("spot").build(), future.build(), perpetual.build()] })
}

fn process(kind: &ProcessKind) -> Value {
    Object::default()
        .required("kind", json!({ "const": kind.name }), kind.doc)
        .params(kind.params)
        .params(&COMMON_PARAMS)
        .build()
}

fn basket() -> Value {
    let correlation = json!({ "type": "number", "minimum": -1, "maximum": 1 });
    let members = json!({ "type": "array", "minItems": 2, "maxItems": Basket::SIZE_MAX, "items": text() });
    Object::default()
        .required("instruments", members, "symbols of at least two instruments")
        .required("correlation", list_of(list_of(correlation)), "a row for each of them")
        .build()
}

fn venue() -> Value {
    let bands = ["static_percent", "dynamic_percent", "limit_percent"];
    let bands = bands
        .into_iter()
        .fold(Object::default(), |object, name| object.key(name, positive_decimal(), "distance in percent"));
    Object::default()
        .required("name", names(), "its name")
        .required("instruments", list_of(text()), "symbols of the instruments it lists")
        .key("fees", fees::fees(), "what the venue charges")
        .key("latency", latencies(), "added to the latency of each agent")
        .key("processing", duration(), "how long it takes over each command, one after another")
        .key(
            "matching",
            json!({ "enum": ["price_time", "pro_rata", "top_share"] }),
            "how orders at one price share an incoming order",
        )
        .key(
            "top_share_percent",
            json!({ "type": "integer", "minimum": 0, "maximum": 100 }),
            "share of the first order at a price",
        )
        .key("bands", bands.build(), "price bands; a trade beyond one halts the book")
        .key("halt", duration(), "how long a halt lasts")
        .key("reopening", duration(), "how long the auction after a halt lasts")
        .key("sessions", sessions(), "when it trades; without, from start to end")
        .build()
}

fn sessions() -> Value {
    let days =
        json!({ "type": "array", "items": { "enum": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] } });
    Object::default()
        .required("open", duration(), "when continuous trading begins, after midnight")
        .required("close", duration(), "when it ends")
        .key("opening_auction", duration(), "how long before the open the indicative price is published")
        .key("pre_open", duration(), "how long before the open orders are accepted")
        .key("closing_auction", duration(), "how long the closing auction lasts")
        .key("days", days, "days of the week")
        .key("holidays", json!({ "type": "array", "items": text() }), "days without a session")
        .build()
}

fn latencies() -> Value {
    let dist = |name: &str| Object::default().key("dist", json!({ "const": name }), "the distribution");
    let uniform = dist("uniform")
        .required("min", duration(), "least latency")
        .required("max", duration(), "greatest latency")
        .build();
    let sigma = json!({ "type": "number", "minimum": 0, "maximum": 2 });
    let lognormal = dist("lognormal")
        .required("median", duration(), "median latency")
        .required("sigma", sigma, "standard deviation of the logarithm")
        .build();
    let normal = dist("normal")
        .required("mean", duration(), "mean, before it is truncated")
        .required("sd", duration(), "standard deviation, before it is truncated")
        .key("min", duration(), "least latency")
        .build();
    let shape = json!({ "type": "number", "minimum": 0.1, "maximum": 1_000 });
    let gamma = dist("gamma")
        .required("mean", duration(), "mean latency, `min` included")
        .required("shape", shape, "shape of what is above `min`; 1 is exponential")
        .key("min", duration(), "least latency")
        .build();
    let list = json!({ "type": "array", "items": duration(), "minItems": 2 });
    let quantiles =
        Object::default().required("quantiles", list, "equally spaced quantiles, ascending").build();
    let file = Object::default().required("file", text(), "a file of measured latencies, one a line").build();
    let forms = [duration(), uniform, lognormal, normal, gamma, quantiles, file];
    let latency = || json!({ "oneOf": forms });
    let legs = Object::default()
        .key("entry", latency(), "from the agent to the venue: orders")
        .key("report", latency(), "from the venue to the agent: reports")
        .key("feed", latency(), "from the venue to the agent: market data")
        .build();
    let all: Vec<Value> = [legs].into_iter().chain(forms.iter().cloned()).collect();
    json!({ "oneOf": all })
}

fn margin() -> Value {
    let share = || json!({ "type": ["number", "string"], "exclusiveMinimum": 0, "maximum": 1 });
    let leverage = json!({ "type": ["number", "string"], "minimum": 1, "maximum": 100 });
    Object::default()
        .key("leverage", leverage, "how many times its equity it can hold: one by the initial margin")
        .key("initial", share(), "the share of what positions are worth that new ones take of its equity")
        .key("maintenance", share(), "the same of positions that are kept: below that they are closed")
        .either(["leverage", "initial"])
        .build()
}

fn agent() -> Value {
    let kinds: Vec<Value> = agent_kinds().map(agent_of_kind).collect();
    json!({ "oneOf": kinds })
}

fn agent_of_kind(kind: &AgentKind) -> Value {
    let quantities = || json!({ "type": "object", "additionalProperties": positive_decimal() });
    let financing = ["credit_bps", "debit_bps", "borrow_bps"]
        .into_iter()
        .fold(Object::default(), |object, name| object.key(name, decimal(), "basis points a year"));
    let object = match kind.name {
        "replay" | "ticks" => {
            Object::default().key("files", text(), "in the place of data: one replay for each file")
        }
        _ => Object::default(),
    };
    let object = object
        .required("kind", json!({ "const": kind.name }), kind.doc)
        .key("name", names(), "unique; members of a population are called name-1 and so on")
        .key("count", json!({ "type": "integer", "minimum": 1, "maximum": 1_000_000 }), "how many of them")
        .key("instrument", text(), "symbol of the instrument it trades")
        .key("venue", text(), "name of the venue where it trades")
        .key("cash", decimal(), "cash of each")
        .key("holdings", quantities(), "holdings of each, by symbol")
        .key("max_short", quantities(), "how far each may sell short, by symbol")
        .key("max_debit", decimal(), "how far below zero purchases may take the cash of each")
        .key("margin", margin(), "the terms of its margin account")
        .key("financing", financing.build(), "interest and borrow fees")
        .key("commission", fees::fees(), "what its broker charges, beside the venue")
        .key(
            "on_ruin",
            json!({ "enum": ON_RUIN.map(|(word, _)| word) }),
            "what happens when its equity is gone",
        )
        .key(
            "person",
            names(),
            "to whom it belongs: in auctions, one person's accounts do each other no favours",
        )
        .key("latency", latencies(), "latencies of its connection")
        .population(kind.params);
    if matches!(kind.name, "replay" | "ticks") {
        object.either(["data", "files"]).build()
    } else {
        object.build()
    }
}
