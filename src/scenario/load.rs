//! Loading: from a path to a [`Scenario`], or all that is wrong with it.

use std::path::Path;

use super::config::{AgentConfig, Scenario};
use super::document::{Diagnostics, Findings, Node, Override, SECTIONS, Section, parse};
use super::files::{Files, RunClock, expand, is_binary, utf8};
use super::inputs::Inputs;
use super::sections::{
    Head, KnownInstrument, MarketOutline, agents, auctions, baskets, events, head, instruments, live, record,
    venues,
};
use crate::data::{Zone, read_text_file};
use crate::record::RecordConfig;
use bearpit_agents::SiteSpan;
use bearpit_core::units::{SimDuration, nearest};

impl Scenario {
    /// Loads a scenario and every file it names, with `overrides` applied first.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the file.
    ///
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("day.toml");
    /// let text = r#"
    ///     [scenario]
    ///     name = "day"
    ///     start = 2025-03-03T09:30:00
    ///     end = 2025-03-03T10:30:00
    ///     [[instruments]]
    ///     symbol = "ACME"
    ///     tick_size = 0.01
    ///     [[venues]]
    ///     name = "PIT"
    ///     instruments = ["ACME"]
    /// "#;
    /// std::fs::write(&path, text)?;
    /// let scenario = bearpit::scenario::Scenario::load(&path, &["scenario.seed=7".parse()?])?;
    /// assert_eq!((scenario.name.as_str(), scenario.seed.get()), ("day", 7));
    ///
    /// std::fs::write(&path, text.replace("symbol", "simbol"))?;
    /// let errors = bearpit::scenario::Scenario::load(&path, &[]).unwrap_err();
    /// assert!(errors.to_string().contains("did you mean `symbol`?"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn load(path: &Path, overrides: &[Override]) -> Result<Self, Diagnostics> {
        let bytes = match read_text_file(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let mut diagnostics = Diagnostics::default();
                let place = diagnostics.add_unread(path.display().to_string());
                let message = format!("`{}` cannot be read: {error}", path.display());
                let help = "name a scenario file, such as scenarios/quickstart.toml".to_owned();
                diagnostics.push(place, message, Some(help));
                return Err(diagnostics);
            }
        };
        Self::of_bytes(path, bytes, overrides)
    }

    /// Reads a scenario from a text as if it stood in the file of `path`, which need not be there: files that
    /// it names are looked for beside that.
    ///
    /// # Errors
    /// As [`Scenario::load`].
    pub fn from_text(path: &Path, text: &str, overrides: &[Override]) -> Result<Self, Diagnostics> {
        Self::of_bytes(path, text.as_bytes().to_vec(), overrides)
    }

    fn of_bytes(path: &Path, bytes: Vec<u8>, overrides: &[Override]) -> Result<Self, Diagnostics> {
        let findings = Findings::default();
        let scenario = Self::read(path, bytes, overrides, &findings);
        let mut diagnostics = findings.into_inner();
        diagnostics.merge_repeated();
        match scenario {
            Some(scenario) if !diagnostics.has_errors() => {
                Ok(Self { warnings: diagnostics.into_warnings(), ..scenario })
            }
            _ => Err(diagnostics),
        }
    }

    fn read(path: &Path, bytes: Vec<u8>, overrides: &[Override], findings: &Findings) -> Option<Self> {
        let mut inputs = Inputs::default();
        inputs.set_scenario(&bytes);
        for change in overrides {
            inputs.add_change(&change.to_string());
        }
        let files = Files::new(path, inputs);
        if is_binary(&bytes) {
            let message = format!(
                "`{}` is no scenario: {}",
                path.display(),
                what_it_is(path, "it is no text in UTF-8")
            );
            findings.borrow_mut().say_only(path.display().to_string(), message);
            return None;
        }
        let text = utf8(path, bytes, findings)?;
        let tree = {
            let mut diagnostics = findings.borrow_mut();
            let name = path.display().to_string();
            let source = diagnostics.add_source(name.as_str(), text);
            let mut tree = parse(source, &mut diagnostics);
            if is_no_scenario(&tree, &diagnostics) {
                let message = format!("`{name}` is no scenario: {}", what_it_is(path, NO_TABLES));
                diagnostics.say_only(name, message);
                return None;
            }
            // After a syntax error, keys would seem to be missing.
            if !diagnostics.is_empty() {
                diagnostics.keep_first(SYNTAX_ERRORS_MAX);
                return None;
            }
            for change in overrides {
                change.apply(&mut tree, &mut diagnostics);
            }
            let directory = path.parent().unwrap_or_else(|| Path::new(""));
            expand(&mut tree, directory, &mut diagnostics);
            tree
        };
        let changes = overrides.iter().map(ToString::to_string).collect();
        Self::from_tree(path, &tree, &files, findings).map(|scenario| Self { changes, ..scenario })
    }

    fn from_tree(path: &Path, tree: &Node, files: &Files, findings: &Findings) -> Option<Self> {
        let root = Section::open("the scenario file", tree, tree.place.clone(), findings);
        let head = head(&root);
        *files.clock.borrow_mut() = head.as_ref().map_or_else(RunClock::default, |head| RunClock {
            span: Some(SiteSpan { start: head.start, end: head.end }),
            zone: head.zone.clone(),
            is_live: root.has("live"),
        });
        let record = record(&root, head.as_ref().map_or_else(Default::default, Head::record_defaults));
        let baskets = baskets(&root);
        let known = instruments(&root, files, &baskets);
        baskets.finish(&known);
        if let Some(symbol) = head.as_ref().and_then(|head| head.benchmark.as_deref()) {
            check_benchmark(&root, symbol, &known);
        }
        let venues = venues(&root, &known, files);
        let span = head.as_ref().map(|head| SiteSpan { start: head.start, end: head.end });
        let script_latency_min = head.as_ref().map_or(SimDuration::ZERO, |head| head.script_latency_min);
        let outline = MarketOutline { instruments: &known, venues: &venues, files, span, script_latency_min };
        let agents = agents(&root, &outline);
        let events = events(&root, &outline, &agents);
        let live = live(&root, head.as_ref());
        let auctions = auctions(&root);
        root.finish();
        let replays = |agent: &&AgentConfig| agent.configured.replays_orders();
        let order_replays = agents.iter().filter(replays).flat_map(AgentConfig::member_names);
        let order_replays = order_replays.collect();
        let Head { name, seed, start, end, bar_interval, sample_interval, benchmark, .. } = head?;
        Some(Self {
            path: path.to_path_buf(),
            name,
            seed,
            start,
            end,
            bar_interval,
            sample_interval,
            record: RecordConfig { benchmark, order_replays, ..record? },
            instruments: known.into_iter().map(|known| known.config).collect::<Option<Vec<_>>>()?,
            venues,
            agents,
            events,
            auctions: auctions?,
            live: live?,
            session_zone: Zone::utc(),
            changes: Vec::new(),
            warnings: Diagnostics::default(),
            inputs_digest: files.digest(),
        })
    }
}

/// How many errors of syntax are reported: those further on tend to follow from the first.
const SYNTAX_ERRORS_MAX: usize = 5;

/// Returns whether a file has nothing that a scenario has: then all that could be said of its parts is noise.
fn is_no_scenario(tree: &Node, errors: &Diagnostics) -> bool {
    let mut sections = tree.entries().iter().filter(|entry| nearest(&entry.key, SECTIONS).is_some());
    let first = sections.next().map(|entry| entry.place.span.start);
    first.is_none_or(|first| {
        let is_prose = errors.len() > 2 * SYNTAX_ERRORS_MAX;
        is_prose && errors.first_place().is_some_and(|error| error.span.start < first)
    })
}

/// What is said of a text that has nothing of a scenario.
const NO_TABLES: &str = "it has none of the tables [scenario], [[instruments]], [[venues]] and [[agents]]";

/// Says what a file is that is no scenario, as far as its name tells, or else `other`.
fn what_it_is(path: &Path, other: &str) -> String {
    let name = path.display();
    let extension = path.extension().and_then(|it| it.to_str()).unwrap_or_default().to_ascii_lowercase();
    match extension.as_str() {
        "rhai" => format!("it is a script; `bearpit backtest {name} DATA` runs it on a file of data"),
        "csv" | "tsv" | "txt" | "parquet" | "arrow" | "ipc" | "feather" => {
            format!("it is a file of data; `bearpit data {name}` says what is in it")
        }
        _ => other.to_owned(),
    }
}

/// Checks that the benchmark is one of the instruments.
fn check_benchmark(root: &Section<'_>, symbol: &str, known: &[KnownInstrument]) {
    if known.iter().any(|it| it.symbol == symbol) {
        return;
    }
    let Some(section) = root.table("scenario", "[scenario]") else { return };
    let symbols: Vec<&str> = known.iter().map(|it| it.symbol.as_str()).take(5).collect();
    let message = format!("`benchmark` is `{symbol}`, which is none of the instruments");
    section.report("benchmark", message, Some(format!("name one of them, such as {}", symbols.join(", "))));
}
