//! The arguments, as clap reads them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::record::Format;
use crate::run::SeedList;
use crate::scenario::{Override, OverrideError};
use bearpit_core::units::Decimal;

/// An actor-based market simulator: price-time-priority matching in virtual time, strategies in Rhai,
/// exact P&L, the same digest for the same seed everywhere.
#[derive(Debug, Parser)]
#[command(name = "bearpit", version, arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run scenarios, and write their results and reports.
    Simulate(SimulateArguments),
    /// Say whether scenarios and strategies are valid; run nothing, write nothing.
    Check(CheckArguments),
    /// List what a strategy declares, or run its tests.
    Strategy(StrategyArguments),
    /// Write a start for something of one's own.
    New(NewArguments),
    /// Write what strategies can call as definitions for an editor.
    Definitions(DefinitionsArguments),
    /// Draw the report of a finished run anew, or one report of several runs.
    Report(ReportArguments),
    /// Say what differs between two runs: inputs, metrics, and where their tapes part.
    Compare(CompareArguments),
    /// Replay LOBSTER's messages, and compare the book with LOBSTER's after each of them.
    VerifyBook(VerifyBookArguments),
}

#[derive(Debug, Args)]
pub(super) struct SimulateArguments {
    /// Scenario files.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Seed to use instead of the scenarios' own.
    #[arg(long, value_name = "NUMBER")]
    pub(super) seed: Option<u64>,
    /// Run each scenario with many seeds, such as `1..100`, both included, or `1,2,7..9`; and write one
    /// report of them all to <DIR>/<scenario>/report.html.
    #[arg(long, value_name = "SEEDS", conflicts_with = "seed")]
    pub(super) seeds: Option<SeedList>,
    /// Directory for results: each run goes to <DIR>/<scenario>/<seed>.
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub(super) out: PathBuf,
    /// How many runs at once; as many as there are processors unless given.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,
    /// Change a scenario's value, such as `--set scenario.seed=7`, or a strategy's parameter, such as
    /// `--set ema.fast=5`; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse_override)]
    pub(super) overrides: Vec<Override>,
    /// Format of the tables instead of the scenarios' own: parquet, csv or ipc.
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<Format>,
    /// Leave out the report of each run; `bearpit report` draws it later.
    #[arg(long)]
    pub(super) no_report: bool,
    /// Replace results that exist.
    #[arg(long)]
    pub(super) force: bool,
    /// End with exit code 3 if a strategy failed while running.
    #[arg(long)]
    pub(super) strict: bool,
    /// Print nothing but errors.
    #[arg(long, short, conflicts_with = "json")]
    pub(super) quiet: bool,
    /// Print the outcome as JSON instead of a table.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// Scenario files, and strategies, whose names end in .rhai.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Change the scenarios' value first; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse_override)]
    pub(super) overrides: Vec<Override>,
    /// Print nothing but errors.
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// Print the findings as JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct StrategyArguments {
    #[command(subcommand)]
    pub(super) command: Option<StrategyCommand>,
    /// A strategy, such as strategies/ema_cross.rhai.
    #[arg(required = true)]
    pub(super) file: Option<PathBuf>,
    /// Print the list as JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum StrategyCommand {
    /// Run the functions of a strategy that are called `test_..`, each on a fresh market.
    Test(TestArguments),
}

#[derive(Debug, Args)]
pub(super) struct TestArguments {
    /// The strategy.
    pub(super) file: PathBuf,
    /// Run only tests whose names contain this.
    pub(super) filter: Option<String>,
    /// Give the strategy a parameter, such as `--set fast=5`; may be repeated.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse_override)]
    pub(super) params: Vec<Override>,
    /// A market that there is, MOCK@PIT unless given; may be repeated, and the first is the strategy's own.
    #[arg(long = "market", value_name = "SYMBOL@VENUE", value_parser = parse_market)]
    pub(super) markets: Vec<(String, String)>,
    /// The smallest step of prices.
    #[arg(long, value_name = "SIZE", default_value = "0.01")]
    pub(super) tick_size: Decimal,
    /// The smallest step of quantities.
    #[arg(long, value_name = "SIZE", default_value = "1")]
    pub(super) lot_size: Decimal,
    /// The cash with which the strategy begins.
    #[arg(long, value_name = "AMOUNT", default_value_t = 1_000_000, value_parser = clap::value_parser!(i64).range(0..=1_000_000_000_000))]
    pub(super) cash: i64,
    /// Print the outcome as JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct NewArguments {
    #[command(subcommand)]
    pub(super) what: NewCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum NewCommand {
    /// Write a strategy that trades, with comments and tests.
    Strategy(NewStrategyArguments),
}

#[derive(Debug, Args)]
pub(super) struct NewStrategyArguments {
    /// Its name: small letters, digits and `_`.
    pub(super) name: String,
    /// Where the strategy goes.
    #[arg(long, value_name = "DIR", default_value = "strategies")]
    pub(super) dir: PathBuf,
    /// Write scenarios/NAME.toml too, which runs it.
    #[arg(long)]
    pub(super) scenario: bool,
}

#[derive(Debug, Args)]
pub(super) struct DefinitionsArguments {
    /// Where they go.
    #[arg(long, value_name = "DIR", default_value = "definitions")]
    pub(super) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct ReportArguments {
    /// Directories of finished runs, such as runs/quickstart/42, or directories that hold such, such as
    /// runs/quickstart.
    #[arg(required = true, value_name = "RUN")]
    pub(super) runs: Vec<PathBuf>,
    /// Where the page goes. Unless given, a run's goes into its directory, anew; that of several runs goes to
    /// report.html in the directory that holds them all.
    #[arg(long, value_name = "FILE", conflicts_with = "each")]
    pub(super) out: Option<PathBuf>,
    /// Replace a page that exists.
    #[arg(long)]
    pub(super) force: bool,
    /// Draw each run's own report anew instead of one report of all.
    #[arg(long)]
    pub(super) each: bool,
    /// Write the figures as files, too: to <DIR>, or with --each to <DIR>/<scenario>/<seed>.
    #[arg(long, value_name = "DIR")]
    pub(super) figures: Option<PathBuf>,
    /// Write the figures as PNG besides SVG. Needs a build with the Cargo feature `png`.
    #[arg(long, requires = "figures")]
    pub(super) png: bool,
}

#[derive(Debug, Args)]
pub(super) struct CompareArguments {
    /// Directory of a finished run, such as runs/quickstart/1.
    pub(super) run_a: PathBuf,
    /// Directory of another one.
    pub(super) run_b: PathBuf,
    /// Show all metrics that differ.
    #[arg(long)]
    pub(super) all: bool,
    /// Print the outcome as JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct VerifyBookArguments {
    /// LOBSTER's message file.
    pub(super) messages: PathBuf,
    /// LOBSTER's orderbook file: as many rows as there are messages.
    pub(super) orderbook: PathBuf,
    /// The book before the first message, as one orderbook row; else it is the first row less the first
    /// message.
    #[arg(long, value_name = "FILE")]
    pub(super) initial: Option<PathBuf>,
    /// How many levels of each side to compare; all of the file's unless given.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) depth: Option<u16>,
    /// Print the outcome as JSON.
    #[arg(long)]
    pub(super) json: bool,
}

fn parse_override(text: &str) -> Result<Override, OverrideError> {
    text.parse()
}

fn parse_market(text: &str) -> Result<(String, String), String> {
    let is_name = |name: &str| {
        !name.is_empty() && name.len() <= 64 && !name.contains(|c: char| c.is_control() || c.is_whitespace())
    };
    let (symbol, venue) = text.split_once('@').unwrap_or((text, "PIT"));
    if is_name(symbol) && is_name(venue) {
        Ok((symbol.to_owned(), venue.to_owned()))
    } else {
        Err("write SYMBOL or SYMBOL@VENUE, such as ACME@NORTH".to_owned())
    }
}
