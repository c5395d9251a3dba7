//! Markets that behave like real ones: which stylized facts shipped scenarios show, and which of their parts
//! bring them.

use std::fmt::Write;
use std::path::Path;

use bearpit::analysis::{StylizedFactKind, Verdict};
use bearpit::run::Run;
use bearpit::scenario::Scenario;

const FACTS: usize = StylizedFactKind::ALL.len();
const REALISTIC: &str = include_str!("../../scenarios/realistic_day.toml");
const QUICKSTART: &str = include_str!("../../scenarios/quickstart.toml");
const PAGE: &str = include_str!("../../docs/realism.md");

/// Runs a scenario with a seed, and returns for each fact, in order, the number that stands for it, and
/// what is judged of it.
fn facts(text: &str, seed: u64) -> [(Option<f64>, Verdict); FACTS] {
    let seed = format!("scenario.seed={seed}").parse().unwrap();
    // A strategy's file is found from the directory of the scenario.
    let scenario = Scenario::from_text(Path::new("scenarios/x.toml"), text, &[seed]).unwrap();
    let data = Run::of(&scenario).run().unwrap().data;
    let facts = &data.listings[0].stylized;
    StylizedFactKind::ALL.map(|kind| {
        let fact = facts.facts.iter().find(|fact| fact.fact == kind).unwrap();
        let value = fact.statistics.first().map(|statistic| statistic.value);
        (value, fact.verdict)
    })
}

/// Returns which facts a market shows, in order.
fn shown(text: &str, seed: u64) -> [bool; FACTS] {
    facts(text, seed).map(|(_, verdict)| verdict == Verdict::Seen)
}

fn count(shown: [bool; FACTS]) -> usize {
    shown.into_iter().filter(|is_shown| *is_shown).count()
}

/// Returns how many of the seeds from 1 show at least twelve facts.
fn with_twelve(text: &str, seeds: u64) -> usize {
    (1..=seeds).filter(|seed| count(shown(text, *seed)) >= 12).count()
}

#[test]
fn the_realistic_day_and_quickstart_show_twelve_facts() {
    assert_eq!(with_twelve(REALISTIC, 3), 3);
    assert_eq!(with_twelve(QUICKSTART, 2), 2);
}

/// `cargo test --release --test it -- --ignored twenty_seeds`
#[test]
#[ignore = "forty days of markets take half a minute"]
fn they_do_on_eighteen_of_twenty_seeds() {
    for text in [REALISTIC, QUICKSTART] {
        let found = with_twelve(text, 20);
        assert!(found >= 18, "{found} of 20");
    }
}

/// Orders at random and nothing else: two of the literature's models, each alone.
#[test]
fn zero_intelligence_alone_has_no_clustering_and_no_memory() {
    let head = "[scenario]\nname = \"zero\"\nstart = 2025-03-03T09:30:00\nend = 2025-03-03T16:00:00\n\
                [[instruments]]\nsymbol = \"ACME\"\ntick_size = \"0.01\"\n\
                [[venues]]\nname = \"PIT\"\ninstruments = [\"ACME\"]\n[[agents]]\n";
    for agent in [
        "kind = \"farmer_patelli_zovko\"\nalpha = 0.02\nmu = 0.5\ndelta = 0.02\nwidth = 50\nquantity = 10\ninitial = 100\n",
        "kind = \"cont_stoikov_talreja\"\nlambda = [1.85, 1.51, 1.09, 0.88, 0.77]\nmu = 0.94\n\
         theta = [0.71, 0.81, 0.68, 0.56, 0.47]\nquantity = 10\ninitial = 100\n",
    ] {
        for seed in 1..=3 {
            let found = facts(&format!("{head}{agent}"), seed);
            for kind in [StylizedFactKind::VolatilityClustering, StylizedFactKind::LongMemoryOfSigns] {
                let place = StylizedFactKind::ALL.iter().position(|it| *it == kind).unwrap();
                // Not for want of data: it is looked for, and is not there.
                assert_eq!(found[place].1, Verdict::NotSeen, "{agent}, seed {seed}: {kind:?}");
            }
        }
    }
}

/// A part of the realistic day, and what is left without it.
struct Without {
    name: &'static str,
    text: String,
}

/// Returns the realistic day without the agents of a kind.
fn without_agents(kind: &str) -> String {
    let blocks: Vec<&str> = REALISTIC.split("[[agents]]\n").collect();
    let left: Vec<&str> =
        blocks.iter().copied().filter(|block| !block.starts_with(&format!("kind = \"{kind}\""))).collect();
    assert_eq!(left.len() + 1, blocks.len(), "{kind}");
    left.join("[[agents]]\n")
}

/// Returns the realistic day with something else in the place of each of some lines.
fn with_lines(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(REALISTIC.to_owned(), |text, (from, to)| {
        let is_changed = |line: &&str| line.starts_with(from);
        assert!(text.lines().any(|line| is_changed(&line)), "{from}");
        text.lines()
            .map(|line| if is_changed(&line) { to } else { line })
            .fold(String::new(), |text, line| text + line + "\n")
    })
}

/// The realistic day without each of its parts in turn.
fn removed() -> Vec<Without> {
    let gbm = [
        ("kind = \"heston\"", "kind = \"gbm\""),
        ("kappa = 34_000", "volatility = 0.3"),
        ("theta", ""),
        ("xi", ""),
        ("rho", ""),
    ];
    [
        ("nothing", REALISTIC.to_owned()),
        ("makers", without_agents("market_maker")),
        ("value traders", without_agents("value")),
        ("metaorders", without_agents("metaorders")),
        ("their pieces", with_lines(&[("alpha", "alpha = 1.4\nmax_pieces = 1")])),
        ("noise", without_agents("noise")),
        ("the U", with_lines(&[("activity", "")])),
        ("changing volatility", with_lines(&gbm)),
        ("its correlation", with_lines(&[("rho", "rho = 0")])),
    ]
    .map(|(name, text)| Without { name, text })
    .into()
}

/// Returns the values of each fact on twenty seeds, and on how many it is shown, of both scenarios.
fn values() -> String {
    let texts = [REALISTIC, QUICKSTART];
    let runs = texts.map(|text| (1..=20).map(|seed| facts(text, seed)).collect::<Vec<_>>());
    let mut text =
        "| fact | realistic day | seeds | quickstart | seeds | real markets |\n|---|---|---|---|---|---|\n"
            .to_owned();
    for (place, kind) in StylizedFactKind::ALL.iter().enumerate() {
        let cells = runs.each_ref().map(|runs| {
            let values = runs.iter().filter_map(|run| run[place].0);
            let (low, high) =
                values.fold((f64::MAX, f64::MIN), |(low, high), it| (low.min(it), high.max(it)));
            format!(
                "{low:.2} to {high:.2} | {}",
                runs.iter().filter(|run| run[place].1 == Verdict::Seen).count()
            )
        });
        let [least, most] = kind.band();
        let band =
            if most.is_finite() { format!("{least:.2} to {most:.2}") } else { format!("above {least:.0}") };
        // A bar would end the cell of the table.
        let measured = kind.measured().replace('|', "\\|");
        writeln!(text, "| {}: {measured} | {} | {band} |", kind.name(), cells.join(" | ")).unwrap();
    }
    let cells = runs.each_ref().map(|runs| {
        let counts: Vec<usize> =
            runs.iter().map(|run| run.iter().filter(|(_, it)| *it == Verdict::Seen).count()).collect();
        let twelve = counts.iter().filter(|count| **count >= 12).count();
        format!("{} to {} | {twelve}", counts.iter().min().unwrap(), counts.iter().max().unwrap())
    });
    writeln!(text, "| *number of facts, and seeds with twelve* | {} | |", cells.join(" | ")).unwrap();
    text
}

const VALUES: &str = "<!-- values: written by `write_what_each_part_brings` -->\n";
const OPENING: &str = "<!-- removed: written by `write_what_each_part_brings` -->\n";
const SEEDS: u64 = 10;

fn table() -> String {
    let parts = removed();
    let columns: Vec<Vec<[bool; FACTS]>> =
        parts.iter().map(|part| (1..=SEEDS).map(|seed| shown(&part.text, seed)).collect()).collect();
    let names: Vec<&str> = parts.iter().map(|part| part.name).collect();
    let mut text = format!("| fact | {} |\n|---{}|\n", names.join(" | "), "|---".repeat(names.len()));
    for (place, kind) in StylizedFactKind::ALL.iter().enumerate() {
        let seeds = |runs: &Vec<[bool; FACTS]>| runs.iter().filter(|run| run[place]).count().to_string();
        let cells: Vec<String> = columns.iter().map(seeds).collect();
        writeln!(text, "| {} | {} |", kind.name(), cells.join(" | ")).unwrap();
    }
    let mean = |runs: &Vec<[bool; FACTS]>| {
        let tenths = runs.iter().map(|run| count(*run)).sum::<usize>() * 10 / runs.len();
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    let cells: Vec<String> = columns.iter().map(mean).collect();
    writeln!(text, "| *mean number of facts* | {} |", cells.join(" | ")).unwrap();
    text
}

/// `cargo test --release --test it -- --ignored write_what_each_part_brings`, after a change of the scenario
/// or of an agent.
#[test]
#[ignore = "writes into the sources; 130 days of markets take minutes"]
fn write_what_each_part_brings() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/realism.md");
    let mut page = std::fs::read_to_string(path).unwrap();
    for (opening, text) in [(VALUES, values()), (OPENING, table())] {
        let start = page.find(opening).unwrap() + opening.len();
        let end = start + page[start..].find("<!-- end -->").unwrap();
        page.replace_range(start..end, &text);
    }
    std::fs::write(path, page).unwrap();
}

#[test]
fn every_part_can_be_removed_and_the_page_has_a_column_for_each() {
    let names: Vec<&str> = removed()
        .iter()
        .map(|part| {
            Scenario::from_text(Path::new("scenarios/x.toml"), &part.text, &[]).unwrap();
            part.name
        })
        .collect();
    assert!(PAGE.contains(&format!("{OPENING}| fact | {} |\n", names.join(" | "))), "{names:?}");
}
