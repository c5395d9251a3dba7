//! What is said of wrong input: once, at its place, with what to write, and in words of scenarios.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, process};

use serde_json::Value;
use tempfile::TempDir;

use super::{Diagnostics, Override, Scenario, Strategy, agent_kinds, inspect_data, json_schema};
use crate::data::ReadOptions;

const MARKET: &str = r#"[scenario]
name = "test"
start = 2025-03-03T09:30:00
end = 2025-03-03T10:30:00

[[instruments]]
symbol = "ACME"
tick_size = "0.01"
process = { kind = "ou", initial = 100, mean = 100, half_life = "2h", volatility = 0.2 }

[[venues]]
name = "PIT"
instruments = ["ACME"]
"#;

const NOISE: &str = "[[agents]]\nkind = \"noise\"\nmax_quantity = 10\ndepth = \"0.05\"\n";
const SCRIPT: &str = "[[agents]]\nname = \"s\"\nkind = \"script\"\nfile = \"s.rhai\"\n";

/// Loads a text beside a script and a file of bars.
fn load(text: &str, changes: &[&str]) -> Result<Scenario, Diagnostics> {
    let directory = directory_without_words();
    let bars = "date,open,high,low,close\n2025-03-03T09:30:00,100,101,99,100.5\n";
    let trades = "time,price,quantity\n2025-03-03T09:30:00,100.00,50\n";
    let script = "const N = param(\"n\", 2.0, [0.0, 9.0]);\nfn on_bar(bar) { log(N); }\n";
    for (name, text) in [("t.toml", text), ("b.csv", bars), ("t.csv", trades), ("s.rhai", script)] {
        fs::write(directory.path().join(name), text).unwrap();
    }
    let changes: Vec<Override> = changes.iter().map(|change| change.parse().unwrap()).collect();
    Scenario::load(&directory.path().join("t.toml"), &changes)
}

/// Returns a directory of its own whose name has no letters at random: messages name it, and they are read
/// for words.
fn directory_without_words() -> TempDir {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let name = format!("messages-{}-{number}", process::id());
    tempfile::Builder::new().prefix(&name).rand_bytes(0).tempdir().unwrap()
}

/// Returns each error with its line, and its help.
fn said(result: Result<Scenario, Diagnostics>) -> Vec<String> {
    let Err(errors) = result else { return Vec::new() };
    let item = |it: &Value| {
        let help = it["help"].as_str().map_or_else(String::new, |help| format!(" | {help}"));
        format!("{}: {}{help}", it["line"], it["message"].as_str().unwrap())
    };
    errors.to_json().as_array().unwrap().iter().map(item).collect()
}

#[test]
fn a_short_set_of_what_is_no_script_says_what_to_write() {
    let text = format!("{MARKET}{NOISE}{SCRIPT}");
    for (change, expected) in [
        (
            "noise.count=10",
            "1: `noise` is an agent of the kind `noise`, which has no parameters of its own | write `agents.noise.count=10`",
        ),
        (
            "noise.latency.entry=1ms",
            "1: `noise` is an agent of the kind `noise`, which has no parameters of its own | write \
             `agents.noise.latency.entry=1ms`",
        ),
        ("s.latency.entry=1ms", "1: `s` is one of the agents | write `agents.s.latency.entry=1ms`"),
        (
            "ACME.tick_size=0.05",
            "1: `ACME` is one of the instruments | write `instruments.ACME.tick_size=0.05`",
        ),
        ("PIT.halt=5s", "1: `PIT` is one of the venues | write `venues.PIT.halt=5s`"),
        ("seed=7", "1: `seed` does not say what it is a key of | write `scenario.seed=7`"),
        (
            "n=3",
            "1: `n` does not say what it is a key of | write `s.n=3`, or a section such as `scenario` before it",
        ),
        (
            "s.cash=5",
            "1: the script has no parameter `cash` | `cash` is a key of the agent itself: write it beside `params`, not \
             in it",
        ),
    ] {
        assert_eq!(said(load(&text, &[change])), [expected]);
    }
    for change in ["agents.noise.count=10", "agents.s.latency.entry=1ms", "scenario.seed=7", "s.n=3"] {
        assert_eq!(said(load(&text, &[change])), [""; 0], "{change}");
    }
}

#[test]
fn one_fault_is_one_error() {
    let text = format!("{MARKET}fees = {{ taker_bps = 1 }}\n{NOISE}{SCRIPT}");
    for (from, to, expected) in [
        ("taker_bps = 1", "taker_bps = \"x\"", "14: `taker_bps` is `x`, but must be a decimal such as 0.01"),
        (
            "kind = \"noise\"",
            "kind = \"nosie\"",
            "16: `kind` is `nosie`, which does not exist; did you mean `noise`? allowed: `market_maker`, `noise`, `value`",
        ),
        (
            "kind = \"noise\"",
            "kimd = \"noise\"",
            "16: agent 1 has no key `kimd` | did you mean `kind`? allowed: `kind`",
        ),
        (
            "max_quantity = 10",
            "max_quanttiy = 10",
            "17: agent 1 has no key `max_quanttiy` | did you mean `max_quantity`? allowed: ",
        ),
        (
            "kind = \"ou\"",
            "kind = \"uo\"",
            "9: `kind` is `uo`, which does not exist; did you mean `ou`? allowed: ",
        ),
        (
            "volatility = 0.2",
            "volatilty = 0.2",
            "9: the process has no key `volatilty` | did you mean `volatility`? allowed: ",
        ),
        (
            "symbol = \"ACME\"",
            "simbol = \"ACME\"",
            "7: instrument 1 has no key `simbol` | did you mean `symbol`? allowed: ",
        ),
        (
            "[[instruments]]\n",
            "[instruments]\n",
            "6: `instruments` is a table, but must be a list: write [[instruments]]",
        ),
        ("[[venues]]\n", "[venues]\n", "11: `venues` is a table, but must be a list: write [[venues]]"),
        (
            "tick_size = \"0.01\"",
            "tick_size = 1e300",
            "8: `tick_size` is `1e300`, but must be a decimal such as 0.01, without an exponent",
        ),
        (
            "[scenario]\n",
            "[scenario]\nseed = \"x\"\n",
            "2: `seed` is a text (`x`), but must be a whole number from 0",
        ),
    ] {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        let found = said(load(&text.replace(from, to), &[]));
        assert!(found.len() == 1 && found[0].starts_with(expected), "{to}: {found:#?}");
    }
}

#[test]
fn a_header_that_is_missing_or_misspelt_is_one_error() {
    let text = format!("{MARKET}{NOISE}{SCRIPT}");
    for (from, to, expected) in [
        ("[[venues]]\n", "[[venue]]\n", "11: the scenario file has no key `venue` | did you mean `venues`?"),
        (
            "[[instruments]]\n",
            "[[instrument]]\n",
            "6: the scenario file has no key `instrument` | did you mean `instruments`?",
        ),
        (
            "[scenario]\n",
            "[scenari]\n",
            "1: the scenario file has no key `scenari` | did you mean `scenario`?",
        ),
        (
            "[scenario]\n",
            "",
            "1: the table [scenario] is missing, of which `name` is a key | write [scenario] in the line above its first key",
        ),
        (
            "[[agents]]\nkind = \"noise\"",
            "[[agent]]\nkind = \"noise\"",
            "14: the scenario file has no key `agent` | did you mean",
        ),
    ] {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        let found = said(load(&text.replace(from, to), &[]));
        assert!(found.len() == 1 && found[0].starts_with(expected), "{to}: {found:#?}");
    }
}

#[test]
fn a_latency_may_be_one_for_all_three_ways() {
    use bearpit_core::kernel::LatencyModel;
    let latencies = |latency: &str| {
        let scenario = load(&format!("{MARKET}{NOISE}latency = {latency}\n"), &[]);
        scenario.map(|scenario| scenario.agents[0].latencies.clone())
    };
    let same = latencies("{ entry = \"5ms\", report = \"5ms\", feed = \"5ms\" }").unwrap();
    assert_eq!(latencies("\"5ms\"").unwrap(), same);
    let uniform = latencies("{ min = \"1ms\", max = \"2ms\" }").unwrap();
    assert!(matches!(uniform.feed, LatencyModel::Uniform { .. }) && uniform.entry == uniform.feed);
    for (wrong, expected) in [
        ("5", "18: `latency` lacks a unit: write it as a text, such as \"5ms\" or \"5s\""),
        ("true", "18: `latency` is a boolean (`true`), but must be \"50us\", { min = "),
        ("[]", "18: `latency` is a list, but must be \"50us\", { min = "),
        ("{ min = \"1ms\" }", "18: `latency` has the keys min, but must be \"50us\", { min = "),
        ("{ enty = \"1ms\" }", "18: the latency has no key `enty` | did you mean `entry`?"),
    ] {
        let found = said(load(&format!("{MARKET}{NOISE}latency = {wrong}\n"), &[]));
        assert!(found.len() == 1 && found[0].starts_with(expected), "{wrong}: {found:#?}");
    }
    let venue = format!("{MARKET}latency = \"1ms\"\n{NOISE}");
    assert_eq!(load(&venue, &[]).unwrap().venues[0].latencies, latencies("\"1ms\"").unwrap());
}

#[test]
fn what_is_not_there_has_no_frame() {
    let nowhere = Path::new("/nowhere/x");
    let script = Strategy::load(nowhere).unwrap_err();
    let data = inspect_data(nowhere, &ReadOptions::default()).findings;
    for found in [Scenario::load(nowhere, &[]).unwrap_err(), script, data] {
        let drawn = found.render(false);
        assert!(drawn.starts_with("error: `/nowhere/x` cannot be read: "), "{drawn}");
        assert!(!drawn.contains("1 |") && !drawn.contains("-->"), "{drawn}");
    }
}

#[test]
fn a_path_from_elsewhere_is_told_as_it_should_be() {
    // The directory in which tests run is that of the package; what is built may go elsewhere.
    fs::create_dir_all("target").unwrap();
    let directory = TempDir::new_in("target").unwrap();
    let folder = Path::new("target").join(directory.path().file_name().unwrap());
    fs::write(folder.join("b.csv"), "date,open,high,low,close\n2025-03-03T09:30:00,1,1,1,1\n").unwrap();
    let named = folder.join("b.csv").display().to_string();
    let agent = format!("[[agents]]\nkind = \"replay\"\ndata = \"{named}\"\nbar_length = \"1m\"\n");
    fs::write(folder.join("t.toml"), format!("{MARKET}{agent}")).unwrap();
    let found = said(Scenario::load(&folder.join("t.toml"), &[]));
    let rule = "paths are relative to the scenario's own directory";
    assert!(found.len() == 1 && found[0].ends_with(&format!(" | write \"b.csv\": {rule}")), "{found:#?}");
    fs::remove_file(folder.join("b.csv")).unwrap();
    let found = said(Scenario::load(&folder.join("t.toml"), &[]));
    assert!(found[0].ends_with(&format!(" | {rule}")), "{found:#?}");
}

#[test]
fn a_file_that_is_no_scenario_is_told_in_a_line() {
    let directory = TempDir::new().unwrap();
    let prose = "# Title\n\nA text of many lines, with a [link] and\n\n- a list\n".repeat(40);
    let manifest = "[package]\nname = \"x\"\n[dependencies]\na = \"1\"\n";
    let csv = "date,open,high,low,close\n2025-03-03,1,1,1,1\n";
    for (name, text, expected) in [
        (
            "a.md",
            prose.as_str(),
            "it has none of the tables [scenario], [[instruments]], [[venues]] and [[agents]]",
        ),
        ("a.toml", manifest, "it has none of the tables"),
        ("a.json", "{ \"a\": [1, 2, { \"b\": null }] }\n", "it has none of the tables"),
        ("empty.toml", "", "it has none of the tables"),
        ("page.md", &format!("{prose}{MARKET}"), "it has none of the tables"),
        ("b.csv", csv, "it is a file of data; `bearpit data "),
        ("s.rhai", "fn on_bar(bar) { }\n", "it is a script; `bearpit backtest "),
        ("program", "\u{7f}ELF\0\u{1}", "it is no text in UTF-8"),
        ("d.parquet", "PAR1\0PAR1", "it is a file of data; `bearpit data "),
    ] {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        let drawn = Scenario::load(&path, &[]).unwrap_err().render(false);
        let expected = format!("error: `{}` is no scenario: {expected}", path.display());
        assert!(drawn.starts_with(&expected) && drawn.lines().count() == 1, "{drawn}");
    }
}

#[test]
fn a_file_that_is_no_script_is_told_in_a_line() {
    let directory = TempDir::new().unwrap();
    for (name, content, expected) in [
        ("t.toml", MARKET.as_bytes(), "is no script: it is a scenario; `bearpit simulate "),
        ("b.csv", b"date,close\n", "is no script: it is a file of data; `bearpit data "),
        ("s.rhai", b"\x7fELF\0\xff", "is no text in UTF-8"),
    ] {
        let path = directory.path().join(name);
        fs::write(&path, content).unwrap();
        let drawn = Strategy::load(&path).unwrap_err().render(false);
        let expected = format!("error: `{}` {expected}", path.display());
        assert!(drawn.starts_with(&expected) && drawn.lines().count() == 1, "{drawn}");
    }
}

#[test]
fn of_errors_of_syntax_the_first_few_are_told() {
    let broken = format!("{MARKET}{}", "a b c\n".repeat(50));
    let drawn = load(&broken, &[]).unwrap_err().render(false);
    assert_eq!(drawn.matches("error: ").count(), 5, "{drawn}");
    assert!(drawn.contains("note: there are 45 more errors") && drawn.contains("t.toml:14:"), "{drawn}");
}

/// Values of every type, most of them wrong anywhere.
const VALUES: [&str; 16] = [
    "true",
    "0",
    "-7",
    "99999999999999999999",
    "1e300",
    "-1e-300",
    "nan",
    "\"\"",
    "\"word\"",
    "\"5ms\"",
    "2025-03-03T09:30:00",
    "[]",
    "[1, \"x\", {}]",
    "{}",
    "{ a = 1 }",
    "[[{ a = { b = [true] } }]]",
];

/// Returns all keys of a schema of a table, those of tables in it joined by dots.
fn keys(schema: &Value) -> Vec<String> {
    let options = schema["oneOf"].as_array().map_or(&[][..], Vec::as_slice);
    let tables = options.iter().chain([schema]).filter_map(|it| it["properties"].as_object());
    let mut found = Vec::new();
    for (key, value) in tables.flatten() {
        found.push(key.clone());
        found.extend(keys(value).into_iter().map(|inner| format!("{key}.{inner}")));
    }
    found.sort();
    found.dedup();
    found
}

/// Returns what a message says that a reader of scenarios should not see, if anything: names of types in this
/// program, and rows of zeros. What stands between backticks was written by the reader.
fn jargon(message: &str) -> Option<&str> {
    let words = [
        "::",
        "struct ",
        "enum ",
        "Option",
        "Some(",
        "None)",
        "Ok(",
        "Err(",
        "invalid type",
        "internally tagged",
    ];
    let types = ["i64", "u64", "u32", "f64", "usize", "&str", "serde", "toml::", "rhai::"];
    if let Some(found) = words.iter().chain(&types).find(|it| message.contains(**it)) {
        return Some(found);
    }
    if message.contains(&"0".repeat(25)) {
        return Some("a row of zeros");
    }
    let outside = message.split('`').step_by(2);
    let camel = |word: &&str| {
        let letters: Vec<char> = word.chars().collect();
        letters.windows(2).any(|it| it[0].is_lowercase() && it[1].is_uppercase())
    };
    outside.flat_map(|text| text.split(|c: char| !c.is_alphanumeric())).find(camel)
}

#[test]
fn jargon_is_recognized() {
    for message in ["expected struct Foo", "a BarInterval is", "alloc::string::String", &"0".repeat(30)] {
        assert!(jargon(message).is_some(), "{message}");
    }
    assert_eq!(jargon("`BarInterval` is of the S&P, from 0 to 1000000"), None);
}

#[test]
fn no_wrong_value_of_any_key_is_answered_in_names_of_this_program() {
    let schema = json_schema();
    let mut cases: Vec<(String, String)> = Vec::new();
    let base = format!("{MARKET}{NOISE}");
    let section = |name: &str, at: &str, schema: &Value| {
        let change = move |key: String| format!("{name}{at}.{key}");
        keys(schema).into_iter().map(change).collect::<Vec<_>>()
    };
    let properties = &schema["properties"];
    for name in ["scenario", "record"] {
        cases.extend(section(name, "", &properties[name]).into_iter().map(|key| (base.clone(), key)));
    }
    for name in ["instruments", "venues"] {
        cases.extend(
            section(name, ".0", &properties[name]["items"]).into_iter().map(|key| (base.clone(), key)),
        );
    }
    let data = [("replay", "b.csv"), ("ticks", "t.csv"), ("order_flow", "t.csv")];
    for (kind, schema) in agent_kinds().zip(properties["agents"]["items"]["oneOf"].as_array().unwrap()) {
        let file = data.iter().find(|(name, _)| *name == kind.name).map_or("s.rhai", |(_, file)| file);
        let key = if kind.name == "script" { "file" } else { "data" };
        let text = format!("{MARKET}[[agents]]\nkind = \"{}\"\n{key} = \"{file}\"\n", kind.name);
        cases.extend(section("agents", ".0", schema).into_iter().map(|key| (text.clone(), key)));
    }
    assert!(cases.len() > 200, "{}", cases.len());
    // Each key has some of the values, and each value some of the keys; an optimized build has all.
    let step = if cfg!(debug_assertions) { 5 } else { 1 };
    let mut refused = 0;
    for (number, (text, key)) in cases.into_iter().enumerate() {
        let before = said(load(&text, &[])).len();
        for value in VALUES.into_iter().skip(number % step).step_by(step) {
            let found = said(load(&text, &[&format!("{key}={value}")]));
            refused += usize::from(!found.is_empty());
            if let Some((message, word)) = found.iter().find_map(|it| Some((it, jargon(it)?))) {
                panic!("{key}={value}: `{word}` in {message}");
            }
            assert!(found.len() <= before + 3, "{key}={value}: {found:#?}");
        }
    }
    assert!(refused > 2_000 / step, "{refused}");
}
