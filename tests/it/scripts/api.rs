//! The language of strategies and its reference page: the same names, and examples that run.

#![expect(clippy::panic, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;

use bearpit::script::{Callback, api};

use super::logged;

const PAGE: &str = include_str!("../../../docs/strategies.md");

/// Returns the tables of the page, as they are to stand below their headings.
fn tables() -> Vec<(&'static str, String)> {
    let cell = |text: &str| text.replace('|', "\\|");
    let callbacks = Callback::all()
        .map(|it| format!("| `{}({})` | {} |", it.name(), it.arguments().join(", "), it.about()));
    let api = api();
    let fields = api
        .fields
        .iter()
        .filter(|it| it.owner != "Indicator")
        .map(|it| format!("| `{}` | `{}` | {} | {} |", it.owner, it.name, cell(it.value), it.about));
    let mut tables = vec![
        ("Callbacks", table("| callback | when |\n|---|---|", callbacks)),
        ("Objects", table("| object | field | is | meaning |\n|---|---|---|---|", fields)),
    ];
    let groups: BTreeSet<&str> = api.functions.iter().map(|entry| entry.group).collect();
    for group in groups {
        let entries = api.functions.iter().filter(|entry| entry.group == group).map(|entry| {
            let market = if entry.on_markets { "yes" } else { "" };
            let (signature, example) = (cell(entry.signature), cell(entry.example));
            format!("| `{}{signature}` | {} | {market} | `{example}` |", entry.name, entry.about)
        });
        let head = "| function | what it does | on markets | example |\n|---|---|---|---|";
        tables.push((group, table(head, entries)));
    }
    tables
}

fn table(head: &str, rows: impl Iterator<Item = String>) -> String {
    let rows: Vec<String> = rows.collect();
    format!("{head}\n{}\n", rows.join("\n"))
}

/// Returns where the first table below a heading stands in the page.
fn place(page: &str, heading: &str) -> std::ops::Range<usize> {
    let title = format!("\n## {heading}\n");
    let section = page.find(&title).unwrap_or_else(|| panic!("the page has no heading `{heading}`"));
    let start = section + page[section..].find("\n|").unwrap_or_else(|| panic!("{heading}: no table")) + 1;
    let length: usize =
        page[start..].split_inclusive('\n').take_while(|line| line.starts_with('|')).map(str::len).sum();
    start..start + length
}

#[test]
fn the_page_lists_what_there_is() {
    for (heading, table) in tables() {
        let listed = &PAGE[place(PAGE, heading)];
        assert_eq!(listed, table, "docs/strategies.md, {heading}; `write_the_tables` writes it");
    }
}

/// `cargo test --release --test it -- --ignored write_the_tables`, after a change of the language.
#[test]
#[ignore = "writes into the sources"]
fn write_the_tables() {
    let mut page = PAGE.to_owned();
    for (heading, table) in tables() {
        page.replace_range(place(&page, heading), &table);
    }
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/strategies.md"), page).unwrap();
}

#[test]
fn every_example_runs() {
    for entry in api().functions {
        let example = entry.example;
        let source = if entry.name == "param" {
            format!("{example}\nfn on_stop() {{ log(\"ran\"); }}")
        } else {
            format!(
                "fn on_start() {{ bars(); book(10); set_timer(\"go\", \"5s\"); }}\n\
                 fn on_timer(name) {{ if name == \"go\" {{ let x = {example}; log(\"ran\"); }} }}"
            )
        };
        let lines = logged(&source);
        assert_eq!(lines.last().map(String::as_str), Some("ran"), "{example}: {lines:?}");
        assert!(!lines.iter().any(|line| line.starts_with("FAILED")), "{example}: {lines:?}");
    }
}

/// Names of types of this program and of its parts, and rows of zeros: nothing that a writer of strategies
/// knows.
const JARGON: [&str; 12] = [
    "::",
    "i64",
    "f64",
    "INT",
    "FLOAT",
    "Dynamic",
    "FnPtr",
    "ImmutableString",
    "alloc",
    "struct",
    "Option<",
    "0000000000000000000000000",
];

#[test]
fn no_error_of_a_function_is_in_names_of_this_program() {
    let mut errors = 0;
    for (number, entry) in api().functions.into_iter().enumerate() {
        let arguments = entry.signature.split(" -> ").next().unwrap().matches(':').count();
        let values =
            ["1e300", "\"x\"", "()", "[1, #{}]", "|x| x", "percent(1.0)", "-7", "9223372036854775807"];
        // Each function is given some of them, and each of them to some functions.
        for value in values.into_iter().skip(number % 4).step_by(4) {
            let given = vec![value; arguments].join(", ");
            let call = format!("{}({given})", entry.name);
            let source = format!(
                "fn on_start() {{ set_timer(\"go\", \"5s\"); }}\nfn on_timer(name) {{ let x = {call}; log(`${{x}}`); }}"
            );
            let lines = logged(&source);
            errors += lines.iter().filter(|line| line.starts_with("FAILED")).count();
            let found = JARGON.iter().find(|word| lines.iter().any(|line| line.contains(**word)));
            assert_eq!(found, None, "{call}: {lines:?}");
        }
    }
    assert!(errors > 100, "{errors}");
}

#[test]
fn the_scripts_of_the_page_run() {
    let scripts: Vec<&str> =
        PAGE.split("```rust\n").skip(1).filter_map(|it| it.split("```").next()).collect();
    assert!(scripts.len() >= 2, "the page has lost its scripts");
    for script in scripts {
        let lines = logged(script);
        assert!(!lines.iter().any(|line| line.starts_with("FAILED")), "{script}: {lines:?}");
    }
}

#[test]
fn every_entry_is_written_down_once_and_whole() {
    let api = api();
    let names: BTreeSet<&str> = api.functions.iter().map(|entry| entry.name).collect();
    assert_eq!(names.len(), api.functions.len(), "a name stands twice");
    for entry in &api.functions {
        assert!(entry.signature.starts_with('(') && entry.signature.contains(") -> "), "{}", entry.name);
        assert!(entry.about.ends_with('.') && !entry.group.is_empty(), "{}", entry.name);
        assert!(entry.example.contains(entry.name), "{}: {}", entry.name, entry.example);
    }
}
