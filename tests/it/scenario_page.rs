//! The reference page of scenarios: its tables of kinds are those of the lists in the code.

#![expect(clippy::panic, reason = "a test that cannot go on has failed")]

use std::ops::Range;

use bearpit::params::{ParamSpec, ParamType};
use bearpit::process::KINDS;
use bearpit::scenario::agent_kinds;

const PAGE: &str = include_str!("../../docs/scenarios.md");

/// A part of the page between two marks, and what is to stand there.
struct Part {
    mark: String,
    text: String,
}

fn parts() -> Vec<Part> {
    let section = |level: &str, name: &str, doc: &str, params: &[ParamSpec]| {
        format!("{level} `{name}`\n\n{doc}\n\n{}", table(params))
    };
    let processes = KINDS.iter().map(|kind| section("###", kind.name, kind.doc, kind.params));
    let processes =
        Part { mark: "kinds of processes".to_owned(), text: processes.collect::<Vec<_>>().join("\n") };
    let agents = agent_kinds().map(|kind| Part {
        mark: format!("kind {}", kind.name),
        text: section("###", kind.name, kind.doc, kind.params),
    });
    std::iter::once(processes).chain(agents).collect()
}

fn table(params: &[ParamSpec]) -> String {
    let rows: Vec<String> = params.iter().map(row).collect();
    format!("| key | value | default | meaning |\n|---|---|---|---|\n{}\n", rows.join("\n"))
}

fn row(spec: &ParamSpec) -> String {
    let unit = spec.unit.map_or_else(String::new, |unit| format!(", in {unit}"));
    let choices = match spec.value {
        ParamType::Choice(choices) => {
            let choices: Vec<String> =
                choices.iter().map(|choice| format!("`{}`: {}", word(choice.name), choice.doc)).collect();
            format!(": {}", choices.join("; "))
        }
        _ => String::new(),
    };
    let value = match spec.value {
        ParamType::Choice(_) => "one of these words".to_owned(),
        value => format!("{value}{unit}"),
    };
    format!("| `{}` | {value} | {} | {}{choices} |", spec.name, spec.default, spec.doc)
}

/// Writes a word in quotes; a bar would end the cell of the table.
fn word(name: &str) -> String {
    format!("{name:?}").replace('|', "\\|")
}

/// Returns where a part stands in the page, without its marks.
fn place(page: &str, mark: &str) -> Range<usize> {
    let opening = format!("<!-- {mark}: written by `write_the_kinds` -->\n");
    let start =
        page.find(&opening).unwrap_or_else(|| panic!("the page has no mark `{mark}`")) + opening.len();
    let length = page[start..].find("<!-- end -->").unwrap_or_else(|| panic!("{mark} has no end"));
    start..start + length
}

#[test]
fn the_page_lists_the_kinds_that_there_are() {
    for Part { mark, text } in parts() {
        assert_eq!(&PAGE[place(PAGE, &mark)], text, "docs/scenarios.md, {mark}; `write_the_kinds` writes it");
    }
}

/// `cargo test --test it -- --ignored write_the_kinds`, after a change of a kind.
#[test]
#[ignore = "writes into the sources"]
fn write_the_kinds() {
    let mut page = PAGE.to_owned();
    for Part { mark, text } in parts() {
        page.replace_range(place(&page, &mark), &text);
    }
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/scenarios.md"), page).unwrap();
}
