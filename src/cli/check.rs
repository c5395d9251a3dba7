//! `bearpit check`: says whether scenarios are valid.

use serde_json::json;

use super::Failure;
use super::args::CheckArguments;
use super::console::{colors_errors, complain, print};
use crate::scenario::Scenario;

/// Checks the scenarios with all files they name; runs and writes nothing.
///
/// # Errors
/// [`Failure::Input`] if any is not valid.
pub(super) fn run(arguments: &CheckArguments) -> Result<(), Failure> {
    let mut failed = false;
    let mut findings = Vec::new();
    for file in &arguments.files {
        match Scenario::load(file, &arguments.overrides) {
            Ok(scenario) => {
                if arguments.json {
                    findings.push(json!({ "file": file, "valid": true, "scenario": scenario.name }));
                } else if !arguments.quiet {
                    print(&format!("{}: valid; {}", file.display(), describe(&scenario)))?;
                }
            }
            Err(diagnostics) => {
                failed = true;
                if arguments.json {
                    findings.push(json!({ "file": file, "valid": false, "errors": diagnostics.to_json() }));
                } else {
                    complain(diagnostics.render(colors_errors()).trim_end());
                }
            }
        }
    }
    if arguments.json {
        print(&serde_json::Value::from(findings).to_string())?;
    }
    if failed { Err(Failure::Input) } else { Ok(()) }
}

fn describe(scenario: &Scenario) -> String {
    let agents: u64 = scenario.agents.iter().map(|agent| u64::from(agent.count)).sum();
    let count = |number: u64, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
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
