//! `bearpit strategy test`: runs the tests of a strategy.

use serde_json::{Value, json};

use super::args::{TestArguments, all_overrides};
use super::console::{print, print_error};
use super::exit::Failure;
use super::strategy_file::load;
use crate::mock::{MockConfig, TestOutcome, run_test};
use crate::script::{CompiledScript, check_params};
use bearpit_core::units::Money;

/// Runs the tests whose names contain the filter, and prints their results.
///
/// # Errors
/// [`Failure::Input`] if script, parameters or market are not valid or no test is named so, [`Failure::Run`]
/// if a test fails.
pub(super) fn run(arguments: &TestArguments) -> Result<(), Failure> {
    let script = load(&arguments.file, arguments.json)?.script;
    let config = mock_config(arguments, &script)?;
    let all = script.tests();
    let is_wanted =
        |name: &&String| arguments.filter.as_ref().is_none_or(|part| name.contains(part.as_str()));
    let wanted: Vec<&String> = all.iter().filter(is_wanted).collect();
    if let Some(part) = arguments.filter.as_ref().filter(|_| wanted.is_empty()) {
        return Err(invalid(&no_test(part, &all)));
    }
    if !arguments.json {
        let file = arguments.file.display();
        let what = if wanted.len() == 1 { "test" } else { "tests" };
        print(&format!("running {} {what} of {file}", wanted.len()))?;
    }
    let mut outcomes = Vec::new();
    for name in wanted {
        let outcome = run_test(&script, name, &config).map_err(|why| invalid(&why.to_string()))?;
        if !arguments.json {
            print(&format!("test {name} ... {}", if outcome.is_passed() { "ok" } else { "FAILED" }))?;
        }
        outcomes.push(outcome);
    }
    let failed = outcomes.iter().filter(|outcome| !outcome.is_passed()).count();
    if arguments.json {
        print(&outcomes.iter().map(to_json).collect::<Value>().to_string())?;
    } else {
        let mut text = String::new();
        for outcome in outcomes.iter().filter(|outcome| !outcome.is_passed()) {
            text.push_str(&failure_text(outcome, &script));
        }
        let passed = outcomes.len() - failed;
        let (verdict, left) = (if failed == 0 { "ok" } else { "FAILED" }, all.len() - outcomes.len());
        text.push_str(&format!(
            "\ntest result: {verdict}. {passed} passed; {failed} failed; {left} filtered out"
        ));
        if all.is_empty() {
            text.push_str(
                "\n\nTests are functions of the script whose names begin with `test_`, without parameters.",
            );
        }
        print(&text)?;
    }
    if failed == 0 { Ok(()) } else { Err(Failure::Run) }
}

/// Says that no test is named so, and which there are.
fn no_test(part: &str, all: &[String]) -> String {
    if all.is_empty() {
        return format!("no test is named `{part}`: the script has no tests");
    }
    let named: Vec<&str> = all.iter().map(String::as_str).collect();
    format!("no test has `{part}` in its name; {}", bearpit_core::units::suggest(part, &named))
}

fn invalid(why: &str) -> Failure {
    print_error(&format!("error: {why}"));
    Failure::Input
}

fn mock_config(arguments: &TestArguments, script: &CompiledScript) -> Result<MockConfig, Failure> {
    let mut config = MockConfig {
        tick_size: arguments.tick_size,
        lot_size: arguments.lot_size,
        cash: Money::from_whole(arguments.cash),
        ..MockConfig::default()
    };
    if !arguments.markets.is_empty() {
        config.markets.clone_from(&arguments.markets);
    }
    for change in all_overrides(&arguments.params, &arguments.overrides)? {
        let (name, value) = change.param().map_err(|why| invalid(&format!("--set {why}")))?;
        config.params.retain(|(known, _)| *known != name);
        config.params.push((name, value));
    }
    let problems = check_params(script, &config.params).map_err(|error| invalid(&error.to_string()))?;
    for problem in &problems {
        let help = problem.help.as_ref().map_or_else(String::new, |help| format!("; {help}"));
        print_error(&format!("error: --set {}: {}{help}", problem.name, problem.message));
    }
    if problems.is_empty() { Ok(config) } else { Err(Failure::Input) }
}

/// Describes a failed test.
fn failure_text(outcome: &TestOutcome, script: &CompiledScript) -> String {
    let mut text = format!("\n---- {} ----\n", outcome.name);
    if let Some(error) = &outcome.error {
        text.push_str(&format!("{error}\n"));
        if let Some(source) = script.source().text_of(&error.file) {
            text.push_str(&format!("{}\n", error.excerpt(source)));
        }
    }
    if let Some(failure) = &outcome.strategy {
        text.push_str(&format!("the strategy failed: {failure}\n"));
    }
    if !outcome.log.is_empty() {
        text.push_str(&format!("logged:\n  {}\n", outcome.log.join("\n  ")));
    }
    text
}

fn to_json(outcome: &TestOutcome) -> Value {
    let error = outcome.error.as_ref().map(|error| {
        json!({
            "file": error.file,
            "line": error.line,
            "column": error.column,
            "message": error.message,
            "help": error.help,
        })
    });
    json!({
        "name": outcome.name,
        "passed": outcome.is_passed(),
        "error": error,
        "strategy_failure": outcome.strategy,
        "log": outcome.log,
    })
}
