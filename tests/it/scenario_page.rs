//! The reference pages of scenarios and of agents: their tables of kinds are those of the lists in the code,
//! and the examples of agents run.

#![expect(clippy::panic, reason = "a test that cannot go on has failed")]

use std::ops::Range;
use std::path::Path;

use bearpit::params::{ParamSpec, ParamType};
use bearpit::process::KINDS;
use bearpit::scenario::{Scenario, agent_kinds};

/// The pages, by their names in `docs`.
const PAGES: [(&str, &str); 2] = [
    ("scenarios.md", include_str!("../../docs/scenarios.md")),
    ("agents.md", include_str!("../../docs/agents.md")),
];

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

/// Returns where a part stands in a page, without its marks, if it has it.
fn place(page: &str, mark: &str) -> Option<Range<usize>> {
    let opening = format!("<!-- {mark}: written by `write_the_kinds` -->\n");
    let start = page.find(&opening)? + opening.len();
    let length = page[start..].find("<!-- end -->").unwrap_or_else(|| panic!("{mark} has no end"));
    Some(start..start + length)
}

#[test]
fn the_pages_list_the_kinds_that_there_are() {
    for Part { mark, text } in parts() {
        let found: Vec<(&str, &str)> =
            PAGES.iter().filter_map(|(name, page)| Some((*name, &page[place(page, &mark)?]))).collect();
        let [(name, found)] = found[..] else { panic!("{} pages have the mark `{mark}`", found.len()) };
        assert_eq!(found, text, "docs/{name}, {mark}; `write_the_kinds` writes it");
    }
}

/// `cargo test --test it -- --ignored write_the_kinds`, after a change of a kind.
#[test]
#[ignore = "writes into the sources"]
fn write_the_kinds() {
    for (name, page) in PAGES {
        let mut page = page.to_owned();
        for Part { mark, text } in parts() {
            if let Some(place) = place(&page, &mark) {
                page.replace_range(place, &text);
            }
        }
        std::fs::write(format!("{}/docs/{name}", env!("CARGO_MANIFEST_DIR")), page).unwrap();
    }
}

const MARKET: &str = r#"[scenario]
name = "example"
start = 2025-03-03T09:30:00
end = 2025-03-03T09:36:00
[[instruments]]
symbol = "ACME"
tick_size = "0.01"
process = { kind = "ou", initial = 100, half_life = "2h", volatility = 0.2 }
"#;

/// A market with a maker and some noise at each of its venues.
fn market(venues: &[&str]) -> String {
    let mut text = MARKET.to_owned();
    for venue in venues {
        text += &format!("[[venues]]\nname = \"{venue}\"\ninstruments = [\"ACME\"]\n");
    }
    for venue in venues {
        text += &format!(
            "[[agents]]\nname = \"maker-{venue}\"\nkind = \"market_maker\"\nvenue = \"{venue}\"\n\
             max_short = {{ ACME = 50_000 }}\nhalf_spread = \"0.02\"\nquantity = 200\nmax_inventory = 20_000\n\
             [[agents]]\nname = \"crowd-{venue}\"\nkind = \"noise\"\nvenue = \"{venue}\"\ncount = 30\n\
             holdings = {{ ACME = 500 }}\ninterval = \"5s\"\nmax_quantity = 10\ndepth = \"0.05\"\n"
        );
    }
    text
}

#[test]
fn the_examples_of_agents_are_valid_and_trade() {
    let (_, page) = PAGES[1];
    let examples: Vec<&str> =
        page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() >= 22, "{}", examples.len());
    for example in examples {
        let is_routed = ["other =", "venues ="].iter().any(|key| example.contains(key));
        let venues: &[&str] = if is_routed { &["PIT", "NORTH"] } else { &["PIT"] };
        let text = format!("{}{example}", market(venues));
        let scenario = Scenario::from_text(Path::new("example.toml"), &text, &[])
            .unwrap_or_else(|errors| panic!("{example}\n{errors}"));
        let own: Vec<String> =
            scenario.agents.iter().skip(2 * venues.len()).flat_map(|it| it.member_names()).collect();
        let mut market = scenario.lay_out().unwrap().open().unwrap();
        market.run().unwrap();
        let orders: u64 = own
            .iter()
            .map(|name| {
                let id = market.participant(name).unwrap().id;
                market.world().domain().account(id).unwrap().fills()
            })
            .sum();
        assert!(orders > 0, "nothing was filled:\n{example}");
    }
}
