//! `bearpit strategy`: lists what a strategy declares.

use std::path::Path;

use serde_json::{Value, json};

use super::args::{StrategyArguments, StrategyCommand};
use super::console::print;
use super::exit::Failure;
use super::strategy_file::load;
use super::strategy_test;
use crate::scenario::Strategy;
use crate::script::ParamValue;
use crate::script::{Callback, ParamDeclaration, ParamRange, declared_params};

/// Lists parameters, callbacks, feeds, imports and tests, or runs the tests.
///
/// # Errors
/// [`Failure::Input`] if the script does not compile, [`Failure::Run`] if a test fails.
pub(super) fn run(arguments: &StrategyArguments) -> Result<(), Failure> {
    match (&arguments.command, &arguments.file) {
        (Some(StrategyCommand::Test(arguments)), _) => strategy_test::run(arguments),
        (None, Some(file)) => list(file, arguments.json),
        (None, None) => Ok(()),
    }
}

fn list(file: &Path, as_json: bool) -> Result<(), Failure> {
    let strategy = load(file, as_json)?;
    print(&if as_json { to_json(file, &strategy).to_string() } else { describe(file, &strategy) })
}

/// Returns the feeds of a strategy, written as subscriptions, or with the callback that implies the
/// subscription.
fn feeds(strategy: &Strategy) -> Vec<String> {
    const FEEDS: [(Callback, &str); 5] = [
        (Callback::Bar, "bars("),
        (Callback::Quote, "quotes("),
        (Callback::Trade, "trades("),
        (Callback::Book, "book("),
        (Callback::Session, "phases("),
    ];
    let mut all = Vec::new();
    for (callback, call) in FEEDS {
        let subscribed: Vec<&String> = strategy.feeds.iter().filter(|feed| feed.starts_with(call)).collect();
        let has_callback = strategy.script.callbacks().any(|it| it == callback);
        match (subscribed.is_empty(), has_callback) {
            (true, true) => all.push(format!("{call}), since it has {}", callback.name())),
            (false, _) => all.extend(subscribed.into_iter().cloned()),
            (true, false) => {}
        }
    }
    all.extend(strategy.feeds.iter().filter(|feed| feed.starts_with("feed(")).cloned());
    all
}

fn describe(file: &Path, strategy: &Strategy) -> String {
    let script = &strategy.script;
    let params = declared_params(script);
    let mut text = file.display().to_string();
    let head = ["parameter", "default", "range", "meaning"].map(str::to_owned);
    let rows = params.iter().map(|it| [it.name.clone(), it.default.to_string(), range(it), it.about.clone()]);
    let rows: Vec<[String; 4]> = std::iter::once(head).chain(rows).collect();
    if params.is_empty() {
        text.push_str("\n\nno parameters");
    } else {
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let [name, default, range] = [0, 1, 2].map(width);
        text.push('\n');
        for row in &rows {
            let line = format!("\n  {:name$}  {:default$}  {:range$}  {}", row[0], row[1], row[2], row[3]);
            text.push_str(line.trim_end());
        }
    }
    let callbacks: Vec<&str> = script.callbacks().map(Callback::name).collect();
    let imports = script.source().modules.keys().map(|name| format!("{name}.rhai")).collect::<Vec<_>>();
    let lists = [
        ("callbacks", callbacks.join(", ")),
        ("feeds", feeds(strategy).join(", ")),
        ("imports", imports.join(", ")),
        ("tests", script.tests().join(", ")),
    ];
    text.push('\n');
    for (what, list) in lists {
        let list = if list.is_empty() { "none".to_owned() } else { list };
        text.push_str(&format!("\n{what:9}  {list}"));
    }
    text
}

fn range(param: &ParamDeclaration) -> String {
    match (&param.range, &param.default) {
        (ParamRange::Any, ParamValue::Bool(_)) => "true, false".to_owned(),
        (range, _) => range.to_string(),
    }
}

fn to_json(file: &Path, strategy: &Strategy) -> Value {
    let script = &strategy.script;
    let param = |it: &ParamDeclaration| {
        let range = match &it.range {
            ParamRange::Any => Value::Null,
            ParamRange::Whole(low, high) => json!([low, high]),
            ParamRange::Number(low, high) => json!([low, high]),
            ParamRange::Choice(words) => json!(words),
        };
        let default = match &it.default {
            ParamValue::Bool(value) => json!(value),
            ParamValue::Int(value) => json!(value),
            ParamValue::Float(value) => json!(value),
            ParamValue::Text(value) => json!(value),
        };
        json!({ "name": it.name, "default": default, "range": range, "about": it.about, "line": it.line })
    };
    let imports: Vec<&Path> = script.source().modules.values().map(|module| module.file.as_path()).collect();
    json!({
        "file": file,
        "valid": true,
        "params": declared_params(script).iter().map(param).collect::<Value>(),
        "callbacks": script.callbacks().map(Callback::name).collect::<Vec<_>>(),
        "feeds": feeds(strategy),
        "imports": imports,
        "tests": script.tests(),
        "findings": strategy.findings.to_json(),
    })
}
