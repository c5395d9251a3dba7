//! `bearpit check`: checks scenarios and strategies without running them.

use std::path::Path;

use serde_json::{Value, json};

use super::args::{CheckArguments, all_overrides};
use super::console::{print, print_diagnostics};
use super::exit::Failure;
use crate::scenario::{Diagnostics, Override, Scenario, Severity, Strategy};
use crate::script::declared_params;

/// The result of checking one file.
struct Checked {
    /// Errors and warnings.
    findings: Diagnostics,
    /// A one-line description and the name, if the file is valid.
    valid: Option<(String, Value)>,
}

/// Checks files and every file they refer to; runs and writes nothing.
///
/// # Errors
/// [`Failure::Input`] if any of them is not valid.
pub(super) fn run(arguments: &CheckArguments) -> Result<(), Failure> {
    let overrides = all_overrides(&arguments.params, &arguments.overrides)?;
    let mut failed = false;
    let mut all = Vec::new();
    for file in &arguments.files {
        let is_script = file.extension().is_some_and(|extension| extension == "rhai");
        let checked = if is_script { strategy(file) } else { scenario(file, &overrides) };
        failed |= checked.valid.is_none();
        if arguments.json {
            all.push(to_json(file, &checked));
            continue;
        }
        let has_errors = checked.findings.has_errors();
        if !checked.findings.is_empty() && (has_errors || !arguments.quiet) {
            print_diagnostics(&checked.findings);
        }
        if let Some((what, _)) = checked.valid.filter(|_| !arguments.quiet) {
            print(&format!("{}: valid; {what}", file.display()))?;
        }
    }
    if arguments.json {
        print(&Value::from(all).to_string())?;
    }
    if failed { Err(Failure::Input) } else { Ok(()) }
}

fn scenario(file: &Path, overrides: &[Override]) -> Checked {
    match Scenario::load(file, overrides) {
        Err(findings) => Checked { findings, valid: None },
        Ok(scenario) => {
            let findings = scenario.check();
            let valid = (!findings.has_errors()).then(|| (describe(&scenario), json!(scenario.name)));
            Checked { findings, valid }
        }
    }
}

fn strategy(file: &Path) -> Checked {
    match Strategy::load(file) {
        Err(findings) => Checked { findings, valid: None },
        Ok(strategy) => {
            let params = declared_params(&strategy.script).len() as u64;
            let callbacks = strategy.script.callbacks().count() as u64;
            let tests = strategy.script.tests().len() as u64;
            let what = [count(params, "parameter"), count(callbacks, "callback"), count(tests, "test")];
            let name = file.file_stem().map(|stem| stem.to_string_lossy());
            let valid = (!strategy.findings.has_errors()).then(|| (what.join(", "), json!(name)));
            Checked { findings: strategy.findings, valid }
        }
    }
}

/// Returns the result as JSON, with the name under the key `scenario` or `strategy`.
fn to_json(file: &Path, checked: &Checked) -> Value {
    let kind = if file.extension().is_some_and(|it| it == "rhai") { "strategy" } else { "scenario" };
    let [errors, warnings] =
        [Severity::Error, Severity::Warning].map(|severity| checked.findings.to_json_of(severity));
    match &checked.valid {
        Some((_, name)) => json!({ "file": file, "valid": true, kind: name, "warnings": warnings }),
        None => json!({ "file": file, "valid": false, "errors": errors, "warnings": warnings }),
    }
}

fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn describe(scenario: &Scenario) -> String {
    let agents: u64 = scenario.agents.iter().map(|agent| u64::from(agent.count)).sum();
    format!(
        "`{}`, seed {}, {} to {}, {}, {}, {}",
        scenario.name,
        scenario.seed,
        scenario.start,
        scenario.end,
        count(scenario.instruments.len() as u64, "instrument"),
        count(scenario.venues.len() as u64, "venue"),
        count(agents, "agent"),
    )
}
