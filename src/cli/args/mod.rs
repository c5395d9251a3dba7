//! The arguments, parsed by clap; their docs are the texts of `--help`.

mod backtest;
mod data;
mod run;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use thiserror::Error;

use super::color::Color;
use super::console::print_error;
use super::exit::Failure;
use crate::data::{ColumnRef, OnBadRow, Order, Role, UnknownZone, Zone};
use crate::scenario::{Override, OverrideError};
use bearpit_core::units::{Decimal, SimDuration};

use self::data::{parse_column, parse_separator};
pub(in crate::cli) use backtest::BacktestArguments;
pub(in crate::cli) use run::{RunArguments, SimulateArguments};

/// Actor-based market simulator: price-time-priority matching in virtual time, strategies in Rhai, exact
/// P&L, and identical results for identical seeds on every machine.
#[derive(Debug, Parser)]
#[command(name = "bearpit", version, arg_required_else_help = true)]
pub(in crate::cli) struct Arguments {
    /// When errors are colored; NO_COLOR, CLICOLOR_FORCE and TERM=dumb hold for `auto`.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, global = true)]
    pub(in crate::cli) color: Color,
    #[command(subcommand)]
    pub(in crate::cli) command: Command,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Run scenarios and write their results and reports.
    Simulate(SimulateArguments),
    /// Backtest a strategy on files of bars, trades or quotes: makes the scenario, and runs it.
    Backtest(Box<BacktestArguments>),
    /// Check scenarios and strategies for errors without running them.
    Check(CheckArguments),
    /// Draw paths of the price processes of a scenario, with their moments beside closed forms.
    Process(ProcessArguments),
    /// Show what files of historical bars, trades or quotes contain, as a scenario would read them.
    Data(DataArguments),
    /// Show the parameters, callbacks and feeds of a strategy, or run its tests.
    Strategy(StrategyArguments),
    /// Create a strategy or a scenario from a template.
    New(NewArguments),
    /// Write the script API as definitions for code completion in editors.
    Definitions(DefinitionsArguments),
    /// Print the JSON schema of scenario files, for validation and completion in editors.
    Schema,
    /// Redraw the report of a finished run, or draw one report of several runs.
    Report(ReportArguments),
    /// Compare two runs: inputs, metrics, and the first difference of their tapes.
    Compare(CompareArguments),
    /// Compare the markets of finished runs, or recorded order flow, with what is known of real markets.
    Validate(ValidateArguments),
    /// Replay LOBSTER messages and compare the order book with LOBSTER's after each message.
    VerifyBook(VerifyBookArguments),
    /// Run a scenario as a live exchange: starts the program `bearpit-serve` with these arguments.
    ///
    /// The program is looked for beside this one, and then on the path; `cargo build --release -p
    /// bearpit-serve` builds it. `bearpit-serve --help` explains its arguments. The exit code is that of
    /// the program, or 1 if there is none.
    Serve(ServeArguments),
    /// Print a script with which a shell completes commands and options.
    Completions(CompletionsArguments),
    /// Print the manual page, or write one for each command.
    Man(ManArguments),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ServeArguments {
    /// Arguments of bearpit-serve, such as scenarios/live/open_market.toml --listen 127.0.0.1:8080.
    #[arg(value_name = "ARGS", trailing_var_arg = true, allow_hyphen_values = true)]
    pub(in crate::cli) arguments: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CompletionsArguments {
    /// The shell.
    #[arg(value_enum)]
    pub(in crate::cli) shell: Shell,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ManArguments {
    /// Write a page for each command into this directory.
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: Option<PathBuf>,
}

/// The exit codes of all commands, and what they mean.
pub(in crate::cli) const EXIT_CODES: [(u8, &str); 5] = [
    (0, "success"),
    (
        1,
        "a run or a test failed, a file could not be read or written, a book or two runs differ, or markets show too few facts",
    ),
    (2, "the input is not valid: nothing was run, nothing was written"),
    (3, "a strategy failed or was stopped while running, without --allow-failed"),
    (130, "interrupted"),
];

/// Returns the description of the command line, with the exit codes on every page of help.
pub(in crate::cli) fn command() -> clap::Command {
    with_exit_codes(Arguments::command())
}

fn with_exit_codes(command: clap::Command) -> clap::Command {
    let lines = EXIT_CODES.map(|(code, meaning)| format!("  {code:<3}  {meaning}"));
    let text = format!("Exit codes:\n{}", lines.join("\n"));
    command.after_long_help(text).mut_subcommands(with_exit_codes)
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CheckArguments {
    /// Scenario files, and strategy files (names ending in .rhai).
    #[arg(required = true, value_name = "FILE")]
    pub(in crate::cli) files: Vec<PathBuf>,
    /// Override a value of the scenarios before checking; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse_override)]
    pub(in crate::cli) overrides: Vec<Override>,
    /// A TOML file of such values, before those of --set; may be repeated.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) params: Vec<PathBuf>,
    /// Print only errors.
    #[arg(long, short)]
    pub(in crate::cli) quiet: bool,
    /// Print errors and warnings as JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ProcessArguments {
    /// The scenario file, such as scenarios/quickstart.toml.
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,
    /// Number of paths, 1 to 100000; path k has the value that a run with the k-th seed has.
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(in crate::cli) paths: u32,
    /// Use this seed for the first path instead of the scenario's own; the others have those that follow.
    #[arg(long, value_name = "NUMBER")]
    pub(in crate::cli) seed: Option<u64>,
    /// Draw only the process of this instrument; may be repeated.
    #[arg(long = "instrument", value_name = "SYMBOL")]
    pub(in crate::cli) instruments: Vec<String>,
    /// Write a page with a fan chart, sample paths and the distribution at the end to
    /// <DIR>/<scenario>/processes.html.
    #[arg(long)]
    pub(in crate::cli) plot: bool,
    /// Directory for the page.
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub(in crate::cli) out: PathBuf,
    /// Also write the figures as SVG files to <DIR>.
    #[arg(long, value_name = "DIR", requires = "plot")]
    pub(in crate::cli) figures: Option<PathBuf>,
    /// Replace an existing page.
    #[arg(long)]
    pub(in crate::cli) force: bool,
    /// Override a value of the scenario, such as `--set instruments.ACME.process.volatility=0.4`; may be
    /// repeated.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse_override)]
    pub(in crate::cli) overrides: Vec<Override>,
    /// A TOML file of such values, before those of --set; may be repeated.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) params: Vec<PathBuf>,
    /// Print the results as JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct DataArguments {
    /// Files of historical data: text with separators, Parquet or Arrow IPC.
    #[arg(required = true, value_name = "FILE")]
    pub(in crate::cli) files: Vec<PathBuf>,
    /// Take a column by its name or its number, such as `--columns time=when,close=5`; may be repeated.
    #[arg(long, value_name = "ROLE=COLUMN", value_delimiter = ',', value_parser = parse_column)]
    pub(in crate::cli) columns: Vec<(Role, ColumnRef)>,
    /// What stands between cells: one character, or `tab`.
    #[arg(long, value_name = "CHARACTER", value_parser = parse_separator)]
    pub(in crate::cli) separator: Option<u8>,
    /// How times are written: a pattern such as `%d.%m.%Y %H:%M`, or s, ms, us or ns since 1970.
    #[arg(long, value_name = "FORMAT")]
    pub(in crate::cli) time_format: Option<String>,
    /// The zone of times that have no offset, such as America/New_York.
    #[arg(long, value_name = "ZONE", value_parser = parse_zone)]
    pub(in crate::cli) zone: Option<Zone>,
    /// The zone to which times are converted: the `zone` of the scenario [default: UTC].
    #[arg(long, value_name = "ZONE", value_parser = parse_zone)]
    pub(in crate::cli) to_zone: Option<Zone>,
    /// Whether the first row has the names of the columns.
    #[arg(long, value_name = "BOOLEAN")]
    pub(in crate::cli) header: Option<bool>,
    /// The order of rows: ascending, descending or any.
    #[arg(long, value_name = "ORDER", value_parser = parse_order)]
    pub(in crate::cli) order: Option<Order>,
    /// Rows that cannot be read: error or skip.
    #[arg(long, value_name = "ACTION", value_parser = parse_on_bad_row)]
    pub(in crate::cli) on_bad_row: Option<OnBadRow>,
    /// What stands before decimals.
    #[arg(long, value_name = "CHARACTER")]
    pub(in crate::cli) decimal: Option<char>,
    /// What may stand between thousands.
    #[arg(long, value_name = "CHARACTER")]
    pub(in crate::cli) thousands: Option<char>,
    /// Accept prices at or below 0.
    #[arg(long)]
    pub(in crate::cli) negative_prices: bool,
    /// Print as JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(in crate::cli) struct StrategyArguments {
    #[command(subcommand)]
    pub(in crate::cli) command: Option<StrategyCommand>,
    /// The strategy file, such as strategies/ema_cross.rhai.
    #[arg(required = true)]
    pub(in crate::cli) file: Option<PathBuf>,
    /// Print as JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum StrategyCommand {
    /// Run the test functions of a strategy (`test_...`), each on a fresh mock market.
    Test(TestArguments),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct TestArguments {
    /// The strategy file.
    pub(in crate::cli) file: PathBuf,
    /// Run only tests whose names contain this text.
    pub(in crate::cli) filter: Option<String>,
    /// Set a parameter of the strategy, such as `--set fast=5`; may be repeated.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse_override)]
    pub(in crate::cli) overrides: Vec<Override>,
    /// A TOML file of parameters, before those of --set; may be repeated.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) params: Vec<PathBuf>,
    /// A market to simulate; may be repeated, and the first is the strategy's own [default: MOCK@PIT].
    #[arg(long = "market", value_name = "SYMBOL@VENUE", value_parser = parse_market)]
    pub(in crate::cli) markets: Vec<(String, String)>,
    /// Tick size: the smallest price increment.
    #[arg(long, value_name = "SIZE", default_value = "0.01")]
    pub(in crate::cli) tick_size: Decimal,
    /// Lot size: the smallest quantity increment.
    #[arg(long, value_name = "SIZE", default_value = "1")]
    pub(in crate::cli) lot_size: Decimal,
    /// Initial cash of the strategy.
    #[arg(long, value_name = "AMOUNT", default_value_t = 1_000_000, value_parser = clap::value_parser!(i64).range(0..=1_000_000_000_000))]
    pub(in crate::cli) cash: i64,
    /// Print the results as JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct NewArguments {
    #[command(subcommand)]
    pub(in crate::cli) what: NewCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum NewCommand {
    /// Create a commented strategy that trades, with tests.
    Strategy(NewStrategyArguments),
    /// Create a commented scenario: a market maker and a hundred traders, and a strategy if one is named.
    Scenario(NewScenarioArguments),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct NewScenarioArguments {
    /// Name of the scenario: lowercase letters, digits and `_`.
    pub(in crate::cli) name: String,
    /// Directory for the scenario file.
    #[arg(long, value_name = "DIR", default_value = "scenarios")]
    pub(in crate::cli) dir: PathBuf,
    /// A strategy that trades in it, such as strategies/ema_cross.rhai.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) strategy: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct NewStrategyArguments {
    /// Name of the strategy: lowercase letters, digits and `_`.
    pub(in crate::cli) name: String,
    /// Directory for the strategy file.
    #[arg(long, value_name = "DIR", default_value = "strategies")]
    pub(in crate::cli) dir: PathBuf,
    /// Also create scenarios/NAME.toml, which runs the strategy.
    #[arg(long)]
    pub(in crate::cli) scenario: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct DefinitionsArguments {
    /// Directory for the definitions file.
    #[arg(long, value_name = "DIR", default_value = "definitions")]
    pub(in crate::cli) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ReportArguments {
    /// Directories of finished runs, such as runs/quickstart/42, or directories that contain runs, such as
    /// runs/quickstart.
    #[arg(required = true, value_name = "RUN")]
    pub(in crate::cli) runs: Vec<PathBuf>,
    /// Output file [default: report.html in the run's directory, which is replaced; for several runs,
    /// report.html in the directory that contains all of them].
    #[arg(long, value_name = "FILE", conflicts_with = "each")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Replace an existing page.
    #[arg(long)]
    pub(in crate::cli) force: bool,
    /// Redraw the report of each run instead of drawing one report of all runs.
    #[arg(long)]
    pub(in crate::cli) each: bool,
    /// Also write the figures as SVG files to <DIR>, or with --each to <DIR>/<scenario>/<seed>.
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) figures: Option<PathBuf>,
    /// Also write the figures as PNG. Needs a build with the Cargo feature `png`.
    #[arg(long, requires = "figures")]
    pub(in crate::cli) png: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CompareArguments {
    /// Directory of a finished run, such as runs/quickstart/1.
    pub(in crate::cli) run_a: PathBuf,
    /// Directory of another finished run.
    pub(in crate::cli) run_b: PathBuf,
    /// Show all metrics that differ, not only the most important.
    #[arg(long)]
    pub(in crate::cli) all: bool,
    /// Print the results as JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ValidateArguments {
    /// Directories of finished runs, such as runs/quickstart/42, or directories that contain runs.
    #[arg(required_unless_present = "lobster", value_name = "RUN")]
    pub(in crate::cli) runs: Vec<PathBuf>,
    /// Look at a LOBSTER message file and its orderbook file instead.
    #[arg(long, num_args = 2, value_names = ["MESSAGES", "ORDERBOOK"], conflicts_with = "runs")]
    pub(in crate::cli) lobster: Option<Vec<PathBuf>>,
    /// Fail unless each market shows so many of the facts.
    #[arg(long, value_name = "FACTS", value_parser = clap::value_parser!(u8).range(1..=15))]
    pub(in crate::cli) at_least: Option<u8>,
    /// Fail only if fewer markets than this show so many.
    #[arg(long = "in", value_name = "MARKETS", requires = "at_least", value_parser = clap::value_parser!(u16).range(1..))]
    pub(in crate::cli) markets: Option<u16>,
    /// Print the results as JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyBookArguments {
    /// LOBSTER message file.
    pub(in crate::cli) messages: PathBuf,
    /// LOBSTER orderbook file, with one row per message.
    pub(in crate::cli) orderbook: PathBuf,
    /// File with one orderbook row: the book before the first message [default: derived from the first row
    /// and the first message].
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) initial: Option<PathBuf>,
    /// Number of levels per side to compare [default: all levels of the file].
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    pub(in crate::cli) depth: Option<u16>,
    /// Print the results as JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

fn parse_override(text: &str) -> Result<Override, OverrideError> {
    text.parse()
}

fn parse_wall_max(text: &str) -> Result<Duration, String> {
    let most: SimDuration = text.parse().map_err(|error| format!("{error}"))?;
    match most.nanos() {
        1.. => Ok(Duration::from_nanos(most.nanos().unsigned_abs())),
        _ => Err("it must be above 0".to_owned()),
    }
}

/// Returns the changes of files, and then those of the command line, which come later and so prevail.
///
/// # Errors
/// The first file that cannot be read; the error is printed.
pub(in crate::cli) fn all_overrides(files: &[PathBuf], given: &[Override]) -> Result<Vec<Override>, Failure> {
    let mut all = Vec::new();
    for file in files {
        all.extend(Override::all_of(file).map_err(|error| {
            print_error(&format!("error: --params {error}"));
            Failure::Input
        })?);
    }
    all.extend_from_slice(given);
    Ok(all)
}

fn parse_zone(text: &str) -> Result<Zone, UnknownZone> {
    Zone::named(text)
}

fn parse_order(text: &str) -> Result<Order, &'static str> {
    Order::from_name(text).ok_or("write ascending, descending or any")
}

fn parse_on_bad_row(text: &str) -> Result<OnBadRow, &'static str> {
    OnBadRow::from_name(text).ok_or("write error or skip")
}

/// A text does not name a market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("write SYMBOL or SYMBOL@VENUE, such as ACME@NORTH")]
struct MarketNameError;

fn parse_market(text: &str) -> Result<(String, String), MarketNameError> {
    let is_name = |name: &str| {
        !name.is_empty() && name.len() <= 64 && !name.contains(|c: char| c.is_control() || c.is_whitespace())
    };
    let (symbol, venue) = text.split_once('@').unwrap_or((text, "PIT"));
    if is_name(symbol) && is_name(venue) {
        Ok((symbol.to_owned(), venue.to_owned()))
    } else {
        Err(MarketNameError)
    }
}
