//! Hostile scripts: each ends with a named error or does no harm, and no other actor is affected.

mod cases;
mod timed;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fs;
use std::rc::Rc;
use std::time::Duration;

use allocation_counter::AllocationInfo;
use bearpit::market::{Fact, SinkError, Stamped, TapeSink};
use bearpit::participant::ParticipantConfig;
use bearpit::script::{OnError, ScriptConfig};
use bearpit::script::{ScriptSource, ScriptTrader, compile};
use bearpit::units::{ActorId, ListingId, OrderId};

use crate::market::{account, crowd};
use cases::Case;
use timed::Timed;

/// What an infested run may take in memory beyond one in which the script does nothing.
const BYTES_MAX: u64 = 64 << 20;
/// What a callback may take in time.
const TIME_MAX: Duration = Duration::from_millis(100);
/// How often a run is tried that takes longer, since others work on the machine too.
const TRIES: usize = 5;

/// What the scripts of a run said, and what happened to all others.
#[derive(Debug, Default)]
struct Seen {
    lines: Vec<String>,
    others: Vec<String>,
    /// The actor that runs the script, and its orders that a venue accepted.
    script: Option<ActorId>,
    own: BTreeSet<OrderId>,
}

#[derive(Debug)]
struct Watch(Rc<RefCell<Seen>>);

impl TapeSink for Watch {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        let mut seen = self.0.borrow_mut();
        let script = seen.script;
        match stamped.fact {
            Fact::Logged { text, .. } => seen.lines.push(text.to_string()),
            Fact::StrategyFailed { text, .. } => seen.lines.push(format!("FAILED {text}")),
            Fact::OrderAccepted { owner, order, .. } if Some(*owner) == script => {
                seen.own.insert(*order);
            }
            Fact::OrderCanceled { order, .. } if seen.own.contains(order) => {}
            Fact::OrderRejected { owner, .. }
            | Fact::OrderRefused { owner, .. }
            | Fact::CommandRejected { owner, .. }
                if Some(*owner) == script => {}
            Fact::Plotted { .. } | Fact::Recorded { .. } => {}
            other => seen.others.push(format!("{:?} {}", stamped.at, without_ids(&format!("{other:?}")))),
        }
        Ok(())
    }
}

/// Returns a fact without the numbers of orders, which count those of all.
fn without_ids(fact: &str) -> String {
    let mut parts = fact.split("OrderId(");
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit()));
    rest.fold(first, |all, part| all + part)
}

/// A run with a script in it.
struct Run {
    seen: Seen,
    memory: AllocationInfo,
    /// The longest that the script was busy at a time.
    longest: Duration,
}

fn run(source: ScriptSource, on_error: OnError) -> Run {
    let seen = Rc::new(RefCell::new(Seen::default()));
    let longest = Rc::new(Cell::new(Duration::ZERO));
    let memory = allocation_counter::measure(|| {
        let mut builder = crowd(4, 6);
        let config = ScriptConfig { on_error, ..ScriptConfig::new(source, ListingId::new(0)) };
        let trader = Timed { actor: ScriptTrader::new(config), longest: Rc::clone(&longest) };
        builder
            .agent("script", ParticipantConfig::new("script").with_account(account(1_000_000, &[])), trader)
            .unwrap();
        builder.sink(Box::new(Watch(Rc::clone(&seen))));
        let mut market = builder.open().unwrap();
        seen.borrow_mut().script = Some(market.participant("script").unwrap().id);
        market.run().unwrap();
    });
    Run { seen: Rc::try_unwrap(seen).unwrap().into_inner(), memory, longest: longest.get() }
}

fn check(cases: &[Case]) {
    let idle = run(ScriptSource::alone("s.rhai", "fn on_stop() { }"), OnError::Halt);
    assert!(idle.seen.others.len() > 100);
    let found: Vec<String> = cases.iter().flat_map(|case| complaints(case, &idle)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Returns what is wrong with how a script ended.
fn complaints(Case { name, source, expected }: &Case, idle: &Run) -> Vec<String> {
    let done = run(ScriptSource::alone("s.rhai", source.as_str()), OnError::Halt);
    let lines = &done.seen.lines;
    let mut found = Vec::new();
    if !lines.iter().any(|line| line.contains(expected)) {
        let last = lines.last().map_or("nothing", |line| line.get(..300).unwrap_or(line));
        found.push(format!("{name}: it said {last}, and not {expected}"));
    }
    if lines.iter().any(|line| line == "SURVIVED") {
        found.push(format!("{name}: it went on"));
    }
    if !lines.iter().all(|line| line.chars().all(|c| !c.is_control() || c == '\n')) {
        found.push(format!("{name}: control characters are logged"));
    }
    if done.seen.others != idle.seen.others {
        let differs = |(one, two): &(&String, &String)| one != two;
        let first = done.seen.others.iter().zip(&idle.seen.others).find(differs);
        found.push(format!("{name}: the others noticed: {first:?}"));
    }
    let more = done.memory.bytes_max.saturating_sub(idle.memory.bytes_max);
    if more > BYTES_MAX {
        found.push(format!("{name}: {more} bytes more"));
    }
    let again = || run(ScriptSource::alone("s.rhai", source.as_str()), OnError::Halt).longest;
    let mut longest = done.longest;
    for _ in 1..TRIES {
        if longest > TIME_MAX {
            longest = longest.min(again());
        }
    }
    // Without optimisation only the counts are bounded.
    if !cfg!(debug_assertions) && longest > TIME_MAX {
        found.push(format!("{name}: a callback took {longest:?}"));
    }
    found
}

#[test]
fn scripts_without_an_end_are_ended() {
    check(&cases::endless());
}

#[test]
fn work_on_what_is_large_counts() {
    check(&cases::large());
}

#[test]
fn ordinary_scripts_meet_no_limit() {
    check(&cases::ordinary());
}

#[test]
fn scripts_that_nest_are_refused_before_the_stack_ends() {
    check(&cases::nested());
}

#[test]
fn scripts_that_grow_are_ended_before_memory_does() {
    check(&cases::growing());
}

#[test]
fn scripts_that_reach_out_find_nothing() {
    check(&cases::reaching());
}

#[test]
fn numbers_beyond_all_range_are_errors() {
    check(&cases::numbers());
}

#[test]
fn scripts_that_flood_the_market_are_ended() {
    check(&cases::floods());
}

#[test]
fn no_text_takes_the_compiler_down() {
    for (name, text, expected) in [
        (
            "10 MiB in a line",
            "x".repeat(10 << 20),
            "the script has 10485760 bytes; at most 262144 are allowed",
        ),
        ("a huge literal", format!("fn on_stop() {{ {} }}", "9".repeat(10_000)), ""),
        ("a huge exponent", "fn on_stop() { 1e999999999 }".to_owned(), ""),
        (
            "a typed function",
            "fn int.twice() { this * 2 }".to_owned(),
            "the function `twice` is defined for one type",
        ),
        ("a name of 10,000", format!("fn on_stop() {{ {} }}", "n".repeat(10_000)), ""),
        ("a text of 10,000", format!("fn on_stop() {{ \"{}\" }}", "n".repeat(10_000)), ""),
        ("endless comment", "/*".repeat(10_000), ""),
        (
            "many functions",
            (0..300).map(|n| format!("fn f{n}() {{ }}\n")).collect(),
            "there are more than 250 functions",
        ),
    ] {
        let compiled = compile(&ScriptSource::alone("s.rhai", text.as_str()));
        if !expected.is_empty() {
            assert!(
                compiled.as_ref().unwrap_err().to_string().contains(expected),
                "{name}: {:?}",
                compiled.err()
            );
        }
    }
}

#[test]
fn no_import_leaves_the_folder() {
    let here = tempfile::tempdir().unwrap();
    let file = here.path().join("s.rhai");
    fs::write(here.path().join("large.rhai"), "x".repeat(300_000)).unwrap();
    fs::write(here.path().join("broken.rhai"), [0xff, 0xfe, 0x00]).unwrap();
    for (import, expected) in [
        ("../secret", "`../secret` cannot be imported"),
        ("/etc/passwd", "`/etc/passwd` cannot be imported"),
        ("a/../../b", "cannot be imported"),
        ("C:\\\\boot", "cannot be imported"),
        ("large", "has more than 262144 bytes"),
        ("broken", "is not UTF-8 text"),
    ] {
        let text = format!("import \"{import}\" as x; fn on_start() {{ }}");
        let error = ScriptSource::gather(file.as_path(), text).unwrap_err().to_string();
        assert!(error.contains(expected), "{import}: {error}");
    }
}

#[test]
fn a_failure_at_either_end_is_reported_like_any_other() {
    for callback in ["on_init(params)", "on_start()", "on_stop()"] {
        for on_error in [OnError::Halt, OnError::Flatten] {
            let source = format!("fn {callback} {{ loop {{ }} }}");
            let done = run(ScriptSource::alone("s.rhai", source), on_error);
            assert_eq!(done.seen.lines.len(), 1, "{callback}: {:?}", done.seen.lines);
            assert!(done.seen.lines[0].contains("the callback ran for more than 200000 operations"));
            let name = callback.split('(').next().unwrap();
            assert!(done.seen.lines[0].contains(&format!("in {name} at ")), "{:?}", done.seen.lines);
        }
    }
}

mod property_tests {
    use proptest::prelude::*;

    use super::*;

    /// Words of the language, put together without sense.
    const WORDS: [&str; 48] = [
        "fn",
        "on_start",
        "on_stop",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        "#{",
        "let",
        "x",
        "y",
        "this",
        ".",
        "=",
        "+=",
        "1",
        "-1",
        "9223372036854775807",
        "1e308",
        "\"s\"",
        "`${",
        "}`",
        ";",
        ",",
        "if",
        "else",
        "loop",
        "while",
        "for",
        "in",
        "0..",
        "try",
        "catch",
        "throw",
        "return",
        "break",
        "switch",
        "=>",
        "|",
        "buy",
        "limit",
        "history",
        "ema",
        "push",
        "call",
        "Fn",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

        #[test]
        fn prop_any_words_compile_or_are_refused(words in prop::collection::vec(0..WORDS.len(), 0..60)) {
            let text: Vec<&str> = words.into_iter().map(|word| WORDS[word]).collect();
            let script = format!("fn on_start() {{ {} }}", text.join(" "));
            if let Err(error) = compile(&ScriptSource::alone("s.rhai", script)) {
                prop_assert!(!error.message.is_empty());
            }
        }

        #[test]
        fn prop_any_text_compiles_or_is_refused(text in "\\PC{0,200}") {
            if let Err(error) = compile(&ScriptSource::alone("s.rhai", text)) {
                prop_assert!(!error.message.is_empty());
            }
        }
    }
}
