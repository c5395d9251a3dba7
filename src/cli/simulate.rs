//! `bearpit simulate`: from files to results.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::thread;

use actix::System;
use tokio::sync::oneshot;

use super::Failure;
use super::args::SimulateArguments;
use super::console::{colors_errors, complain, print};
use super::coordinator::{Coordinator, RunAll, StopFlag};
use super::job::{Job, JobOptions, Outcome, Verdict};
use super::progress::{Display, REFRESH};
use super::several;
use super::summary::{self, Group, Page};
use crate::record::RunDir;
use crate::scenario::Scenario;
use bearpit_core::units::Seed;

/// Runs the scenarios and writes what they leave behind.
///
/// # Errors
/// [`Failure::Input`] before anything runs or is written; the others after.
pub(super) fn run(arguments: &SimulateArguments) -> Result<(), Failure> {
    let scenarios = load(arguments)?;
    check_targets(arguments, &scenarios)?;
    let outcomes = run_all(arguments, scenarios)?;
    let groups = summary::groups(&outcomes);
    let pages = write_pages(arguments, &groups);
    if arguments.json {
        print(&summary::json(&groups, &pages)?)?;
    } else if !arguments.quiet {
        print(&summary::table(&groups, &pages))?;
    }
    let has_all_pages = pages.iter().flatten().all(Result::is_ok);
    pages
        .iter()
        .flatten()
        .filter_map(|page| page.as_ref().err())
        .for_each(|why| complain(&format!("error: {why}")));
    verdict(&outcomes, arguments.strict)?;
    if has_all_pages { Ok(()) } else { Err(Failure::Run) }
}

/// Writes one page for each scenario of which several runs finished: whole or not at all, as the runs themselves. Who
/// interrupted the runs wants no page of some of them.
fn write_pages(arguments: &SimulateArguments, groups: &[Group<'_>]) -> Vec<Page> {
    let page = |group: &Group<'_>| {
        let was_interrupted = group.outcomes.iter().any(|it| matches!(it.verdict, Verdict::Interrupted));
        let runs: Vec<PathBuf> = group.finished().map(|(_, result)| result.directory.clone()).collect();
        let target = page_of(arguments, group.name);
        (runs.len() > 1 && !was_interrupted).then(|| several::write(&runs, &target).map(|_| target))
    };
    groups.iter().map(page).collect()
}

/// Returns where the page of several runs of a scenario goes.
fn page_of(arguments: &SimulateArguments, scenario: &str) -> PathBuf {
    arguments.out.join(scenario).join(several::PAGE)
}

/// Loads all files, and says all that is wrong with any of them.
fn load(arguments: &SimulateArguments) -> Result<Vec<Scenario>, Failure> {
    let mut scenarios = Vec::new();
    let mut failed = false;
    for file in &arguments.files {
        match Scenario::load(file, &arguments.overrides) {
            Ok(mut scenario) => {
                if let Some(seed) = arguments.seed {
                    scenario.seed = Seed::new(seed);
                }
                match &arguments.seeds {
                    Some(seeds) => {
                        scenarios.extend(seeds.iter().map(|seed| Scenario { seed, ..scenario.clone() }));
                    }
                    None => scenarios.push(scenario),
                }
            }
            Err(diagnostics) => {
                failed = true;
                complain(diagnostics.render(colors_errors()).trim_end());
            }
        }
    }
    if failed { Err(Failure::Input) } else { Ok(scenarios) }
}

/// Checks that no result would be overwritten, by another's or by one of these.
fn check_targets(arguments: &SimulateArguments, scenarios: &[Scenario]) -> Result<(), Failure> {
    let mut failed = false;
    let mut targets: BTreeMap<(&str, Seed), &PathBuf> = BTreeMap::new();
    let mut runs: BTreeMap<&str, usize> = BTreeMap::new();
    scenarios.iter().for_each(|scenario| *runs.entry(&scenario.name).or_default() += 1);
    for (name, _) in runs.into_iter().filter(|(_, count)| *count > 1) {
        if let Err(why) = several::check_free(&page_of(arguments, name), arguments.force) {
            failed = true;
            complain(&format!("error: {why}"));
        }
    }
    for scenario in scenarios {
        if let Some(other) = targets.insert((&scenario.name, scenario.seed), &scenario.path) {
            failed = true;
            complain(&format!(
                "error: {} and {} are both called `{}` and have seed {}: their results would go to one directory",
                other.display(),
                scenario.path.display(),
                scenario.name,
                scenario.seed,
            ));
        }
        if let Err(error) = RunDir::check_free(&arguments.out, &scenario.name, scenario.seed, arguments.force)
        {
            failed = true;
            complain(&format!("error: {error}"));
        }
    }
    if failed { Err(Failure::Input) } else { Ok(()) }
}

fn run_all(arguments: &SimulateArguments, scenarios: Vec<Scenario>) -> Result<Vec<Outcome>, Failure> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let threads = arguments.jobs.map_or(processors, usize::from).min(scenarios.len());
    let stop = StopFlag::default();
    let silent = arguments.quiet || arguments.json;
    let mut display = Display::new(silent, scenarios.len());
    let options = JobOptions {
        out: arguments.out.clone(),
        format: arguments.format,
        force: arguments.force,
        has_report: !arguments.no_report,
    };
    let job = |scenario: Scenario| {
        let gauge = display.add(&scenario.name, scenario.start, scenario.end);
        Job::new(scenario, options.clone(), gauge, stop.clone())
    };
    let jobs: Vec<Job> = scenarios.into_iter().map(job).collect();
    let announce: fn(&Outcome) = if silent || display.is_drawn() { |_| {} } else { announce };
    System::new().block_on(async {
        let (done, outcomes) = oneshot::channel();
        Coordinator::start(threads, announce).do_send(RunAll { jobs, done });
        watch(outcomes, &display, &stop).await
    })
}

/// Waits for the outcomes, drawing progress, and raises the flag when somebody wants to stop.
async fn watch(
    outcomes: oneshot::Receiver<Vec<Outcome>>,
    display: &Display,
    stop: &StopFlag,
) -> Result<Vec<Outcome>, Failure> {
    let mut outcomes = std::pin::pin!(outcomes);
    let mut ticks = tokio::time::interval(REFRESH);
    let mut interrupts = std::pin::pin!(interrupt());
    let done = loop {
        tokio::select! {
            done = &mut outcomes => break done,
            () = &mut interrupts, if !stop.is_raised() => stop.raise(),
            _ = ticks.tick() => display.refresh(),
        }
    };
    display.clear();
    done.map_err(|_| {
        complain("error: the runs ended without an answer");
        Failure::Run
    })
}

/// Ends when the user or the system asks the program to stop.
async fn interrupt() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Where signals cannot be heard, there is nothing to wait for.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn announce(outcome: &Outcome) {
    complain(&summary::line(outcome));
}

/// Complains of what failed, and picks the exit code: the gravest.
fn verdict(outcomes: &[Outcome], strict: bool) -> Result<(), Failure> {
    let mut failures = Vec::new();
    for outcome in outcomes {
        match &outcome.verdict {
            Verdict::Finished(result) => {
                for account in &result.manifest.accounts {
                    if let Some(failure) = &account.failure {
                        complain(&format!(
                            "strategy `{}` of {} failed: {failure}",
                            account.owner, outcome.name
                        ));
                        if strict {
                            failures.push(Failure::Strategy);
                        }
                    }
                }
            }
            Verdict::Interrupted => {
                complain(&format!("{}: interrupted; nothing was kept", outcome.name));
                failures.push(Failure::Interrupted);
            }
            Verdict::Failed(why) => {
                complain(&format!("error: {}: {why}", outcome.name));
                failures.push(Failure::Run);
            }
        }
    }
    let gravest =
        [Failure::Interrupted, Failure::Run, Failure::Strategy].into_iter().find(|it| failures.contains(it));
    gravest.map_or(Ok(()), Err)
}
