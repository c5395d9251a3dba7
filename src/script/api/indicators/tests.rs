//! The page about indicators matches what is registered, and errors of scripts are explained.

use std::cell::RefCell;
use std::rc::Rc;

use rhai::{CallFnOptions, Dynamic, Engine, Module, Scope};

use super::register;
use crate::script::api::objects;
use crate::script::api::registry::Registry;
use crate::script::host::Host;
use crate::script::value::views::BarView;

use crate::script::value::indicator::{HELD_MAX, OVERHEAD};

const PAGE: &str = include_str!("../../../../docs/indicators.md");

/// Makes an engine with indicators and bars, and what scripts log in it.
fn engine() -> (Engine, Rc<RefCell<Vec<String>>>) {
    // Sets the seed of Rhai's hashes before the first of them is made.
    crate::script::sandbox::hashing::fix_hashing_seed().unwrap();
    let mut engine = Engine::new();
    let host = Rc::new(RefCell::new(Host::vacant()));
    let mut module = Module::new();
    let mut api = Registry::new(&mut module, &host);
    objects::register(&mut api);
    register(&mut api);
    engine.register_global_module(module.into());
    let log = Rc::new(RefCell::new(Vec::new()));
    let lines = Rc::clone(&log);
    engine.register_fn("log", move |line: Dynamic| lines.borrow_mut().push(line.to_string()));
    let lines = Rc::clone(&log);
    engine.register_fn("log", move |line: f64| lines.borrow_mut().push(Dynamic::from(line).to_string()));
    (engine, log)
}

fn bar(step: u32) -> BarView {
    let close = f64::from(100 + (step * 7919) % 13);
    BarView::of_numbers([close, close + 1.0, close - 2.0, close], f64::from(step % 3 + 1))
}

/// A row of the table of constructors.
struct Row {
    call: String,
    fed: String,
    parts: Vec<String>,
    first: u32,
}

/// The words between backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn rows() -> Vec<Row> {
    let table = PAGE.lines().skip_while(|line| !line.starts_with("| constructor")).skip(2);
    let rows = table.take_while(|line| line.starts_with('|'));
    rows.map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let first = cells[6].parse().unwrap();
        Row { call: quoted(cells[1]).concat(), fed: cells[2].to_owned(), parts: quoted(cells[3]), first }
    })
    .collect()
}

fn blocks() -> Vec<&'static str> {
    PAGE.split("```rust\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn the_page_names_exactly_what_is_registered() {
    let table = PAGE.lines().skip_while(|line| !line.starts_with("| on every")).skip(2);
    let common = table.take_while(|line| line.starts_with('|')).map(|line| quoted(line)[0].clone());
    let calls = rows().into_iter().flat_map(|row| [vec![row.call], row.parts].concat());
    let mut listed: Vec<String> =
        common.chain(calls).map(|name| name.split('(').next().unwrap().to_owned()).collect();
    listed.sort_unstable();
    listed.dedup();
    let api = crate::script::api();
    let functions = api.functions.iter().filter(|entry| entry.group == "Indicators").map(|entry| entry.name);
    let mut names: Vec<&str> = functions.chain(api.fields_of("Indicator").map(|field| field.name)).collect();
    names.sort_unstable();
    // `adx` is a constructor, and a part of what it makes.
    names.dedup();
    assert_eq!(listed, names);
}

/// The ways to update an indicator of a row with a bar.
fn feeds(row: &Row) -> &'static [&'static str] {
    match row.fed.as_str() {
        "number" => &["bar.close", "bar.volume.to_int() + 1"],
        "x, y" => &["bar.close, bar.high"],
        "bar, or high, low" => &["bar", "bar.high, bar.low"],
        "bar, or high, low, close" => &["bar", "bar.high, bar.low, bar.close"],
        "bar, or close, volume" | "bar, or price, volume" => &["bar", "bar.close, bar.volume"],
        other => panic!("how is {} fed with {other}?", row.call),
    }
}

#[test]
fn the_page_says_when_the_first_value_comes_and_its_parts() {
    let (engine, _) = engine();
    assert_eq!(rows().len(), 24);
    for row in rows() {
        let parts = row.parts.iter().map(|part| format!("it.{part}")).collect::<Vec<_>>().join(", ");
        for feed in feeds(&row) {
            let mut scope = Scope::new();
            scope.push("it", engine.eval::<Dynamic>(&row.call).unwrap());
            let step = engine.compile(format!("[it.update({feed}), it.value, {parts}]")).unwrap();
            for number in 1..60 {
                scope.set_value("bar", bar(number));
                let said: rhai::Array = engine.eval_ast_with_scope(&mut scope, &step).unwrap();
                let listing = format!("{} with {feed}, input {number}: {said:?}", row.call);
                assert!(said.iter().all(|it| it.is_unit() == (number < row.first)), "{listing}");
                // What update returns is the value, and that is the first part.
                let said: Vec<String> = said.iter().map(Dynamic::to_string).collect();
                assert!(said[0] == said[1] && said[1] == said[2], "{listing}");
                let ready = engine.eval_expression_with_scope::<bool>(&mut scope, "it.is_ready");
                assert_eq!(ready.unwrap(), number >= row.first, "{listing}");
            }
        }
    }
}

#[test]
fn an_indicator_as_text_shows_its_call_and_its_parts() {
    let (engine, _) = engine();
    for row in rows() {
        let fresh: String = engine.eval(&format!("`${{{}}}`", row.call)).unwrap();
        assert_eq!(fresh, format!("{}: not ready", row.call));
        let mut scope = Scope::new();
        scope.push("bar", bar(1));
        let script =
            format!("let it = {}; for i in 0..60 {{ it.update({}) }} `${{it}}`", row.call, feeds(&row)[0]);
        let shown: String = engine.eval_with_scope(&mut scope, &script).unwrap();
        let (call, parts) = shown.split_once(": ").unwrap();
        let parts: Vec<&str> = parts.split(", ").map(|part| part.split(' ').next().unwrap()).collect();
        assert_eq!(call, row.call);
        assert_eq!(parts, row.parts);
    }
}

#[test]
fn the_engine_of_strategies_has_them() {
    let engine = crate::script::api::language::Language::of_thread().engine();
    assert!(engine.eval::<bool>("let it = sma(2); it.update(1); it.update(2) == 1.5").unwrap());
}

#[test]
fn the_examples_log_what_stands_beside_them() {
    let mut checked = 0;
    for block in blocks().into_iter().filter(|block| !block.contains("fn ")) {
        let (engine, log) = engine();
        engine.run(block).unwrap_or_else(|error| panic!("{error} in\n{block}"));
        let logs = block.lines().filter(|line| line.contains("log("));
        let expected: Vec<String> =
            logs.map(|line| line.split_once("// ").map_or("", |it| it.1).trim().to_owned()).collect();
        assert_eq!(*log.borrow(), expected, "in\n{block}");
        checked += expected.len();
    }
    assert!(checked > 40, "{checked} lines are checked");
}

#[test]
fn the_strategy_on_the_page_runs() {
    let (engine, log) = engine();
    let ast = engine.compile(blocks()[0]).unwrap();
    let mut this = Dynamic::from_map(rhai::Map::new());
    let mut call = |name: &str, arguments: Vec<Dynamic>| {
        let options = CallFnOptions::new().bind_this_ptr(&mut this);
        let scope = &mut Scope::new();
        engine.call_fn_with_options::<()>(options, scope, &ast, name, arguments).unwrap();
    };
    call("on_start", vec![]);
    for close in [10.0, 11.0, 12.0, 13.0, 14.0, 9.0, 8.0] {
        call("on_bar", vec![Dynamic::from(BarView::of_numbers([close; 4], 1.0))]);
    }
    assert_eq!(*log.borrow(), ["long", "short", "short"]);
}

#[test]
fn errors_say_what_is_allowed() {
    let (engine, _) = engine();
    for (script, expected) in [
        ("sma(0)", "sma(0): a period of 0 is not allowed; it must be a whole number from 1 to 100000"),
        ("sma(100001)", "sma: a period of 100001 is not allowed"),
        ("sma(-3)", "sma: a period of -3 is not allowed"),
        ("sma(2.5)", "sma: a period of 2.5 is not allowed"),
        ("sma(0.0/0.0)", "sma: a period of NaN is not allowed"),
        ("sma(\"ten\")", "sma: the period must be a number, but is a text (ten)"),
        ("linreg(1)", "linreg(1): a period of 1 is not allowed; it must be a whole number from 2 to 100000"),
        (
            "macd(26, 12, 9)",
            "macd(26, 12, 9): a fast period of 26 is not allowed; it must be below the slow one",
        ),
        ("bollinger(20, 0)", "bollinger(20, 0.0): a width of 0 is not allowed; it must be above 0"),
        ("ewma_vol(0)", "ewma_vol(0.0): a lambda of 0 is not allowed"),
        ("kalman(1, -1)", "kalman(1.0, -1.0): a measurement variance of -1 is not allowed"),
        ("sma(3).update(0.0/0.0)", "sma(3): an input of NaN is not allowed; it must be finite"),
        ("atr(3).update(1, 2, 1.5)", "atr(3): a high of 1 is not allowed; it must be at or above the low"),
        ("sma(3).update(())", "sma(3): update takes one number (of a bar, write bar.close), not ()"),
        ("sma(3).update(bar)", "sma(3): update takes one number (of a bar, write bar.close)"),
        ("sma(3).update(1, 2)", "sma(3): update takes one number"),
        ("atr(3).update(1)", "atr(3): update takes a bar, or three numbers: high, low and close"),
        ("obv().update(1, \"x\")", "obv(): the input must be a number, but is a text (x)"),
        ("sma(3).upper", "sma(3): there is no `upper`; there is value"),
        ("macd(1, 2, 3).upper", "macd(1, 2, 3): there is no `upper`; there is line, signal, histogram"),
    ] {
        let mut scope = Scope::new();
        scope.push("bar", bar(1));
        let error = engine.eval_with_scope::<Dynamic>(&mut scope, script).unwrap_err().to_string();
        assert!(error.contains(expected), "{script}: {error}");
    }
}

#[test]
fn a_whole_number_may_be_written_with_a_fraction() {
    let (engine, _) = engine();
    assert!(engine.eval::<bool>("let it = sma(2.0); it.update(1); it.update(2) == 1.5").unwrap());
}

#[test]
fn two_names_of_an_indicator_mean_that_one() {
    let (engine, _) = engine();
    let script = "
        fn feed(it, x) { it.update(x); }
        let kept = #{ average: sma(2) };
        let name = kept.average;
        feed(name, 1);
        kept.average.update(4);
        name.value == 2.5";
    assert!(engine.eval::<bool>(script).unwrap());
}

#[test]
fn a_script_holds_so_many_inputs_and_no_more() {
    let (engine, _) = engine();
    let fitting = HELD_MAX / (10_000 + OVERHEAD);
    let keep =
        |count: u32| format!("let all = []; for i in 0..{count} {{ all.push(sma(10000)); }} all.len()");
    assert_eq!(engine.eval::<i64>(&keep(fitting)).unwrap(), i64::from(fitting));
    let error = engine.eval::<i64>(&keep(fitting + 1)).unwrap_err().to_string();
    assert!(
        error.contains("sma(10000): the indicators of a script may hold 1000000 inputs together"),
        "{error}"
    );
    // Indicators that were dropped have returned their part of the budget.
    let passing = "let it = (); for i in 0..1000 { it = rolling_min(100000); } it.is_ready";
    assert!(!engine.eval::<bool>(passing).unwrap());
}
