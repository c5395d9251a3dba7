//! `bearpit process`: draws what the processes of a scenario do.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::{ProcessArguments, all_overrides};
use super::console::{new_table, print, print_diagnostics, print_error, report_page_error};
use super::exit::Failure;
use super::number_text::thousands;
use crate::analysis::{MomentRow, PathPlan, ProcessPaths};
use crate::report::{ProcessHeader, Report, render_processes};
use crate::run::{ReportFileError, check_page_free, write_figures, write_page};
use crate::scenario::Scenario;
use bearpit_core::units::Seed;

/// Draws paths of each process, prints their moments beside those of theory, and writes a page if requested.
///
/// # Errors
/// [`Failure::Input`] if the scenario is not valid or has no process; [`Failure::Run`] if a page cannot be
/// written.
pub(super) fn run(arguments: &ProcessArguments) -> Result<(), Failure> {
    let overrides = all_overrides(&arguments.params, &arguments.overrides)?;
    let scenario = match Scenario::load(&arguments.file, &overrides) {
        Ok(scenario) => scenario,
        Err(findings) if arguments.json => {
            print(&json!({ "valid": false, "errors": findings.to_json() }).to_string())?;
            return Err(Failure::Input);
        }
        Err(findings) => {
            print_diagnostics(&findings);
            return Err(Failure::Input);
        }
    };
    if !scenario.warnings.is_empty() && !arguments.json {
        print_diagnostics(&scenario.warnings);
    }
    let target = arguments.out.join(&scenario.name).join(PAGE);
    if arguments.plot {
        check_page_free(&target, arguments.force).map_err(|error| failed(&error))?;
    }
    let seed = arguments.seed.map_or(scenario.seed, Seed::new);
    let plan = PathPlan { start: scenario.start, end: scenario.end, seed, count: arguments.paths };
    if let Some(error) = what_is_missing(arguments, &scenario) {
        if arguments.json {
            print(&json!({ "valid": false, "errors": [{ "message": error }] }).to_string())?;
        } else {
            print_error(&format!("error: {error}"));
        }
        return Err(Failure::Input);
    }
    let processes: Vec<ProcessPaths> = scenario
        .instruments
        .iter()
        .zip(scenario.processes())
        .filter_map(|(it, process)| Some((it.instrument.symbol(), process?)))
        .filter(|(symbol, _)| arguments.instruments.is_empty() || is_named(arguments, symbol))
        .map(|(symbol, process)| ProcessPaths::draw(symbol, &*process, plan))
        .collect();
    let page = if arguments.plot {
        Some(write(arguments, &scenario, plan, (&processes[..], target.as_path()))?)
    } else {
        None
    };
    if arguments.json {
        return print(&outcome(&scenario, plan, &processes, page.as_deref()).to_string());
    }
    for process in &processes {
        print(&describe(process, plan))?;
    }
    page.map_or(Ok(()), |page| print(&page.display().to_string()))
}

/// The page's name, beside the runs of the scenario.
const PAGE: &str = "processes.html";

fn is_named(arguments: &ProcessArguments, symbol: &str) -> bool {
    arguments.instruments.iter().any(|it| it == symbol)
}

fn failed(error: &ReportFileError) -> Failure {
    report_page_error(error);
    Failure::Run
}

/// Says what is asked for and has no process, if anything is.
fn what_is_missing(arguments: &ProcessArguments, scenario: &Scenario) -> Option<String> {
    let with_process = scenario.instruments.iter().filter(|it| it.process.is_some());
    let symbols: Vec<&str> = with_process.map(|it| it.instrument.symbol()).collect();
    let file = arguments.file.display();
    if symbols.is_empty() {
        return Some(format!(
            "no instrument of {file} has a process; write one, such as `process = {{ kind = \"gbm\", initial = 100, \
             volatility = 0.2 }}`"
        ));
    }
    let wanted = arguments.instruments.iter().find(|it| !symbols.contains(&it.as_str()))?;
    let help = bearpit_core::units::suggest(wanted, &symbols);
    Some(format!("no instrument of {file} that has a process is called `{wanted}`; {help}"))
}

/// Draws the page and its figures into files.
fn write(
    arguments: &ProcessArguments,
    scenario: &Scenario,
    plan: PathPlan,
    (processes, target): (&[ProcessPaths], &Path),
) -> Result<PathBuf, Failure> {
    let header =
        ProcessHeader { scenario: &scenario.name, seed: plan.seed.get(), span: [plan.start, plan.end] };
    let Report { page, figures } = render_processes(&header, processes).map_err(|error| {
        super::console::report_error(&error);
        Failure::Run
    })?;
    write_page(target, &page).map_err(|error| failed(&error))?;
    if let Some(directory) = &arguments.figures {
        write_figures(directory, &figures, false).map_err(|error| failed(&error))?;
    }
    Ok(target.to_path_buf())
}

/// Returns the moments of a process as a table.
fn describe(process: &ProcessPaths, plan: PathPlan) -> String {
    let count = u64::from(plan.count);
    let seeds = match count {
        1 => format!("seed {}", plan.seed),
        _ => format!("seeds {} to {}", plan.seed, plan.seed.get().wrapping_add(count - 1)),
    };
    let paths = if count == 1 { "path" } else { "paths" };
    let head = format!(
        "{}: {} {paths} of {} steps, {seeds}",
        process.symbol,
        thousands(count),
        thousands(process.steps)
    );
    let mut table = new_table(&["at the end", "sample", "standard error", "closed form", "errors off"], 1);
    for row in &process.moments {
        let shown = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), six_digits);
        table.add_row([
            format!("{}, {}", row.of, row.name),
            six_digits(row.sample),
            shown(row.error),
            shown(row.theory),
            row.errors_off().map_or_else(|| "-".to_owned(), |off| format!("{off:.2}")),
        ]);
    }
    format!("{head}\n{table}\n")
}

/// Formats a number with six significant digits.
fn six_digits(value: f64) -> String {
    let digits = format!("{value:.5e}");
    let exponent: i32 = digits.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
    match usize::try_from(5 - exponent) {
        Ok(decimals) if exponent >= -5 => format!("{value:.decimals$}"),
        _ => digits,
    }
}

/// Returns the result as JSON.
fn outcome(scenario: &Scenario, plan: PathPlan, processes: &[ProcessPaths], page: Option<&Path>) -> Value {
    let moment = |row: &MomentRow| {
        json!({
            "of": row.of,
            "name": row.name,
            "sample": row.sample,
            "standard_error": row.error,
            "closed_form": row.theory,
            "errors_off": row.errors_off(),
        })
    };
    let process = |it: &ProcessPaths| {
        let last = it.fan.last().map(|(_, quantiles)| {
            let names = ["p5", "p25", "p50", "p75", "p95"];
            names.into_iter().zip(quantiles).map(|(name, value)| (name.to_owned(), json!(value))).collect()
        });
        json!({
            "symbol": it.symbol,
            "steps": it.steps,
            "moments": it.moments.iter().map(moment).collect::<Vec<_>>(),
            "end_quantiles": last.map(Value::Object),
        })
    };
    json!({
        "valid": true,
        "warnings": scenario.warnings.to_json(),
        "scenario": scenario.name,
        "start": plan.start.to_string(),
        "end": plan.end.to_string(),
        "seed": plan.seed.get(),
        "paths": plan.count,
        "processes": processes.iter().map(process).collect::<Vec<_>>(),
        "page": page,
    })
}

#[cfg(test)]
mod tests {
    use super::six_digits;

    #[test]
    fn numbers_keep_six_digits() {
        for (value, text) in [
            (0.0, "0.00000"),
            (100.123_456_7, "100.123"),
            (-0.001_234_567_8, "-0.00123457"),
            (1.234_567_89e-7, "1.23457e-7"),
            (123_456_789.0, "1.23457e8"),
        ] {
            assert_eq!(six_digits(value), text);
        }
    }
}
