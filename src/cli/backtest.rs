//! `bearpit backtest`: makes a scenario of a strategy and files of data, and runs it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::args::{BacktestArguments, all_overrides};
use super::console::{print, print_diagnostics, print_error};
use super::exit::Failure;
use super::number_text::thousands;
use super::simulate::{check_free, run_scenarios};
use super::strategy_file::load as load_strategy;
use crate::run::write_atomically;
use crate::scenario::{
    Backtest, BacktestConfig, BacktestData, BacktestError, Diagnostics, FoundMarket, Override, Scenario,
    is_name,
};
use bearpit_core::units::Seed;

/// Makes the scenario, runs it and writes its results; with `--save` the scenario too.
///
/// # Errors
/// [`Failure::Input`] before anything is run or written; the others afterwards.
pub(super) fn run(arguments: &BacktestArguments) -> Result<(), Failure> {
    check_script(arguments)?;
    let config = config(arguments);
    let changes = changes(arguments, &config.agent())?;
    let backtest = Backtest::plan(&config).map_err(|error| report(&error))?;
    let scenario = scenario(arguments, &backtest, &changes)?;
    if !arguments.run.quiet {
        if !scenario.warnings.is_empty() {
            print_diagnostics(&scenario.warnings);
        }
        if !arguments.run.json {
            let lines: Vec<String> = backtest.markets().iter().map(describe).collect();
            print(&format!("{}\n", lines.join("\n")))?;
        }
    }
    run_scenarios(vec![scenario], &arguments.run, None)
}

/// Checks the strategy as `bearpit check` does, and that the files are not in its place.
fn check_script(arguments: &BacktestArguments) -> Result<(), Failure> {
    let is_script = |path: &Path| path.extension() == Some(OsStr::new("rhai"));
    let script = &arguments.script;
    if !is_script(script) && arguments.data.iter().any(|path| is_script(path)) {
        return Err(invalid("the strategy stands first, and then the data: bearpit backtest SCRIPT DATA..."));
    }
    let is_scenario = |path: &&PathBuf| path.extension() == Some(OsStr::new("toml"));
    if let Some(scenario) = arguments.data.iter().find(is_scenario) {
        let scenario = scenario.display();
        let message =
            format!("`{scenario}` is a scenario, not a file of data: `bearpit simulate {scenario}` runs it");
        return Err(invalid(&message));
    }
    if let Some(second) = arguments.data.iter().find(|path| is_script(path)) {
        let message = format!("`{}` is a strategy, but one is backtested at a time", second.display());
        return Err(invalid(&message));
    }
    let strategy = load_strategy(script, arguments.run.json)?;
    if strategy.findings.has_errors() {
        print_diagnostics(&strategy.findings);
        return Err(Failure::Input);
    }
    Ok(())
}

fn config(arguments: &BacktestArguments) -> BacktestConfig {
    let BacktestArguments { script, data, cash, fee_bps, participation, from, to, bars, .. } = arguments;
    let data = data.iter().map(|path| BacktestData::of(path)).collect();
    let stem = arguments.save.as_deref().and_then(Path::file_stem).map(|stem| stem.to_string_lossy());
    let of_file = stem.map(|stem| stem.into_owned()).filter(|stem| is_name(stem));
    BacktestConfig {
        name: arguments.name.clone().or(of_file),
        cash: *cash,
        fee_bps: *fee_bps,
        participation: *participation,
        from: *from,
        to: *to,
        bars: *bars,
        zone: arguments.zone.clone(),
        tick_size: arguments.tick_size,
        lot_size: arguments.lot_size,
        ..BacktestConfig::new(script, BacktestData::merged(data))
    }
}

/// Returns the changes of --params and --set; what has one part is a parameter of the strategy.
fn changes(arguments: &BacktestArguments, agent: &str) -> Result<Vec<Override>, Failure> {
    let all = all_overrides(&arguments.params, &arguments.overrides)?;
    Ok(all.into_iter().map(|change| change.of_agent(agent)).collect())
}

/// Returns the scenario, read from its file if it is saved; that is written only if there is nothing wrong
/// with it, and if it can be run.
fn scenario(
    arguments: &BacktestArguments,
    backtest: &Backtest,
    changes: &[Override],
) -> Result<Scenario, Failure> {
    let print_errors = |errors: Diagnostics| {
        print_diagnostics(&errors);
        Failure::Input
    };
    let with_seed = |scenario: Scenario| {
        let seed = arguments.run.seed.map_or(scenario.seed, Seed::new);
        Scenario { seed, ..scenario }
    };
    let here = PathBuf::from(format!("{}.toml", backtest.name()));
    let scenario =
        Scenario::from_text(&here, &backtest.text(Path::new("")), changes).map_err(print_errors)?;
    let Some(file) = &arguments.save else { return Ok(with_seed(scenario)) };
    if file.exists() && !arguments.run.force {
        let message =
            format!("`{}` exists already; add --force to replace it, or choose another name", file.display());
        return Err(invalid(&message));
    }
    check_free(&with_seed(scenario), &arguments.run)?;
    let directory = file.parent().unwrap_or_else(|| Path::new(""));
    save(file, &backtest.clone().with(changes).text(directory))?;
    Scenario::load(file, &[]).map(with_seed).map_err(print_errors)
}

fn save(file: &Path, text: &str) -> Result<(), Failure> {
    let directory = file
        .parent()
        .filter(|it| !it.as_os_str().is_empty())
        .map_or_else(|| PathBuf::from("."), Path::to_path_buf);
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
    let written = match name {
        Some(name) => {
            fs::create_dir_all(&directory).and_then(|()| write_atomically(&directory, &name, text.as_bytes()))
        }
        None => Err(std::io::Error::from(std::io::ErrorKind::IsADirectory)),
    };
    written.map_err(|error| {
        print_error(&format!("error: {}: cannot be written: {error}", file.display()));
        Failure::Run
    })
}

fn report(error: &BacktestError) -> Failure {
    match error {
        BacktestError::Data(files) => files.iter().for_each(print_diagnostics),
        BacktestError::NothingWithin { .. } => print_error(&format!("error: {error}; change --from or --to")),
        _ => print_error(&format!("error: {error}")),
    }
    Failure::Input
}

fn invalid(message: &str) -> Failure {
    print_error(&format!("error: {message}"));
    Failure::Input
}

/// Returns one line about what was found in the files of an instrument.
fn describe(market: &FoundMarket) -> String {
    let FoundMarket { symbol, kind, rows, first, last, interval, tick_size, lot_size } = market;
    let rows = thousands(u64::try_from(*rows).unwrap_or(u64::MAX));
    let of = interval.map_or_else(String::new, |interval| format!(" of {interval}"));
    let time =
        |time: &bearpit_core::units::SimTime| time.to_string().trim_end_matches("T00:00:00").to_owned();
    format!(
        "{symbol}: {rows} {kind}{of}, {} to {}, tick {tick_size}, lot {lot_size}",
        time(first),
        time(last)
    )
}
