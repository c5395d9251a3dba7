//! `bearpit simulate`: runs scenarios and writes their results.

use std::path::PathBuf;
use std::time::Instant;

use super::args::{RunArguments, SimulateArguments, all_overrides};
use super::color::is_plain_terminal;
use super::console::{
    print, print_diagnostics, print_error, report_conflict, report_error, report_page_error,
};
use super::exit::Failure;
use super::outcome_table::{self, Group, Page};
use super::progress::{Display, REFRESH};
use super::shown_log::ShownLog;
use super::stop;
use crate::record::AccountSummary;
use crate::run::{
    CancelToken, OutputConfig, Progress, RunError, RunEvent, RunOutcome, Running, Runs, chain,
    write_run_set_page,
};
use crate::scenario::Scenario;
use bearpit_core::units::Seed;

/// Runs the scenarios and writes their results.
///
/// # Errors
/// [`Failure::Input`] before anything is run or written; the others afterwards.
pub(super) fn run(arguments: &SimulateArguments) -> Result<(), Failure> {
    let scenarios = load(arguments)?;
    run_scenarios(scenarios, &arguments.run, arguments.jobs)
}

/// Runs scenarios, prints their results, and returns the most serious failure.
///
/// # Errors
/// As [`run`].
pub(super) fn run_scenarios(
    scenarios: Vec<Scenario>,
    arguments: &RunArguments,
    jobs: Option<u16>,
) -> Result<(), Failure> {
    let output = output(arguments);
    let log = arguments.log.as_deref().map(|filter| ShownLog::new(filter, scenarios.len()));
    let mut runs = Runs::of(scenarios).output(output.clone());
    if let Some(jobs) = jobs {
        runs = runs.threads(jobs.into());
    }
    let outcomes = run_all(arguments, runs, log.as_ref())?;
    if let Some(log) = &log {
        log.print(arguments.json)?;
    }
    let groups = outcome_table::groups(&outcomes);
    let pages: Vec<Page> = groups.iter().map(|group| write_page(&output, group)).collect();
    if arguments.json {
        print(&outcome_table::json(&groups, &pages)?)?;
    } else if !arguments.quiet {
        print(&outcome_table::table(&groups, &pages, announces(arguments)))?;
    }
    let errors = pages.iter().flatten().filter_map(|page| page.as_ref().err());
    let all_written = errors.clone().next().is_none();
    errors.for_each(report_page_error);
    verdict(&outcomes, arguments.allow_failed)?;
    if all_written { Ok(()) } else { Err(Failure::Run) }
}

/// What is said of a scenario that can be a live market.
const LIVE_UNUSED: &str = "[live] is for `bearpit serve`; a simulation does not use it";

/// Loads all files, and reports everything that is wrong with any of them.
fn load(arguments: &SimulateArguments) -> Result<Vec<Scenario>, Failure> {
    let overrides = all_overrides(&arguments.params, &arguments.overrides)?;
    let mut scenarios = Vec::new();
    let mut failed = false;
    for file in &arguments.files {
        match Scenario::load(file, &overrides) {
            Ok(scenario) => {
                if !arguments.run.quiet && !scenario.warnings.is_empty() {
                    print_diagnostics(&scenario.warnings);
                }
                if !arguments.run.quiet && scenario.live.is_some() {
                    print_error(&format!("note: {}: {LIVE_UNUSED}", file.display()));
                }
                match &arguments.seeds {
                    Some(seeds) => scenarios.extend(seeds.scenarios(&scenario)),
                    None => {
                        let seed = arguments.run.seed.map_or(scenario.seed, Seed::new);
                        scenarios.push(Scenario { seed, ..scenario });
                    }
                }
            }
            Err(diagnostics) => {
                failed = true;
                print_diagnostics(&diagnostics);
            }
        }
    }
    if failed { Err(Failure::Input) } else { Ok(scenarios) }
}

fn output(arguments: &RunArguments) -> OutputConfig {
    OutputConfig {
        directory: arguments.out.clone(),
        format: arguments.format,
        floats: arguments.floats,
        replace: arguments.force,
        report: !arguments.no_report,
    }
}

/// Writes one page of a scenario of which several runs finished, if there are to be reports. An interrupted
/// command writes no page of a part of its runs.
fn write_page(output: &OutputConfig, group: &Group<'_>) -> Page {
    let was_interrupted =
        group.outcomes.iter().any(|it| it.result.as_ref().is_err_and(RunError::is_interrupted));
    let runs: Vec<PathBuf> = group.finished().filter_map(|(_, result)| result.directory.clone()).collect();
    let target = output.run_set_page(group.name);
    (output.report && runs.len() > 1 && !was_interrupted)
        .then(|| write_run_set_page(&runs, &target).map(|_| target))
}

/// Reports what a run of a scenario would overwrite.
///
/// # Errors
/// [`Failure::Input`] if it would overwrite something.
pub(super) fn check_free(scenario: &Scenario, arguments: &RunArguments) -> Result<(), Failure> {
    refuse_conflicts(&Runs::of(vec![scenario.clone()]).output(output(arguments)))
}

fn refuse_conflicts(runs: &Runs) -> Result<(), Failure> {
    let conflicts = runs.conflicts();
    conflicts.iter().for_each(report_conflict);
    if conflicts.is_empty() { Ok(()) } else { Err(Failure::Input) }
}

fn run_all(arguments: &RunArguments, runs: Runs, log: Option<&ShownLog>) -> Result<Vec<RunOutcome>, Failure> {
    let cancel = CancelToken::default();
    let mut runs = runs.cancel(&cancel);
    if let Some(most) = arguments.max_wall {
        runs = runs.wall_max(most);
    }
    if let Some(log) = log {
        runs = runs.log(log.reader());
    }
    refuse_conflicts(&runs)?;
    let is_silent = arguments.quiet || arguments.json;
    let display = Display::new(is_silent, runs.scenarios());
    let announces = announces(arguments);
    let gauges = display.gauges();
    let runs = runs.progress(move |progress: Progress| {
        let Progress { run, event } = progress;
        let Some(gauge) = gauges.get(run.index) else { return };
        match event {
            RunEvent::Started { .. } => gauge.begin(now()),
            RunEvent::Advanced { events, now } => gauge.set(events, now),
            ended => {
                gauge.end(now());
                if announces {
                    print_error(&outcome_table::line(&run.scenario, run.seed, &ended));
                }
            }
        }
    });
    let failed = |error: &dyn std::error::Error| {
        report_error(error);
        Failure::Run
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| failed(&error))?;
    stop::on_signals(&cancel, runs.unfinished()).map_err(|error| failed(&error))?;
    let running = runs.start().map_err(|error| failed(&error))?;
    let outcomes = runtime.block_on(watch(running, &display));
    display.clear();
    outcomes.map_err(|error| failed(&error))
}

/// Returns whether runs are announced as they end: on a terminal that cannot draw bars. Elsewhere their lines
/// stand in the closing table alone.
fn announces(arguments: &RunArguments) -> bool {
    !arguments.quiet && !arguments.json && is_plain_terminal()
}

#[expect(clippy::disallowed_methods, reason = "people read how long a run takes; no run does")]
fn now() -> Instant {
    Instant::now()
}

/// Waits for the outcomes, and draws progress meanwhile.
async fn watch(running: Running, display: &Display) -> Result<Vec<RunOutcome>, crate::run::PoolError> {
    let mut running = running;
    let mut ticks = tokio::time::interval(REFRESH);
    loop {
        tokio::select! {
            outcomes = &mut running => return outcomes,
            _ = ticks.tick() => display.refresh(now()),
        }
    }
}

/// Reports what failed, and returns the most serious failure.
fn verdict(outcomes: &[RunOutcome], allows_failed: bool) -> Result<(), Failure> {
    let mut failures = Vec::new();
    for outcome in outcomes {
        let name = &outcome.scenario;
        match &outcome.result {
            Ok(result) => {
                let accounts = &result.manifest.accounts;
                let lines = stopped_lines(name, accounts);
                failures.extend((!allows_failed && !lines.is_empty()).then_some(Failure::Strategy));
                lines.iter().for_each(|line| print_error(line));
            }
            Err(RunError::Interrupted) => {
                print_error(&format!("{name}: interrupted; nothing was kept"));
                failures.push(Failure::Interrupted);
            }
            Err(error) => {
                print_error(&format!("error: {name}: {}", chain(error)));
                failures.push(Failure::Run);
            }
        }
    }
    let gravest =
        [Failure::Interrupted, Failure::Run, Failure::Strategy].into_iter().find(|it| failures.contains(it));
    gravest.map_or(Ok(()), Err)
}

/// How many strategies of a run are told of that were stopped.
const STOPPED_SHOWN_MAX: usize = 5;

/// Says which strategies of a run were stopped, why, and what that means.
fn stopped_lines(scenario: &str, accounts: &[AccountSummary]) -> Vec<String> {
    let failed = accounts.iter().filter_map(|it| Some((&it.owner, it.failure.as_ref()?)));
    let mut lines: Vec<String> =
        failed.map(|(owner, why)| format!("strategy `{owner}` of {scenario} failed: {why}")).collect();
    let total = lines.len();
    if total > STOPPED_SHOWN_MAX {
        lines.truncate(STOPPED_SHOWN_MAX);
        lines.push(format!("{} more strategies of {scenario} failed", total - STOPPED_SHOWN_MAX));
    }
    let (whose, pronoun) = if total == 1 { ("its", "it") } else { ("their", "them") };
    if total > 0 {
        lines.push(format!(
            "{whose} entries were canceled, and nothing of {pronoun} was called again: mend the script; `on_error` says what \
             becomes of positions and exits"
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_strategies_that_were_stopped_a_few_are_named() {
        let account = |number: usize| AccountSummary {
            failure: (number != 1).then(|| "s.rhai:1:1: no".to_owned()),
            owner: format!("s-{number}"),
            ..AccountSummary::default()
        };
        let lines = |count: usize| stopped_lines("day", &(1..=count).map(account).collect::<Vec<_>>());
        assert_eq!(lines(1), [""; 0]);
        assert_eq!(lines(2)[0], "strategy `s-2` of day failed: s.rhai:1:1: no");
        assert!(lines(2)[1].starts_with("its entries were canceled"));
        let many = lines(101);
        assert_eq!((many.len(), many[5].as_str()), (7, "95 more strategies of day failed"));
        assert!(many[6].starts_with("their entries were canceled"));
    }
}
