//! The arguments, as clap reads them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::record::Format;
use crate::scenario::Override;

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
    /// Say whether scenarios are valid; run nothing, write nothing.
    Check(CheckArguments),
    /// Draw the report of finished runs anew.
    Report(ReportArguments),
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
    /// Format of the tables: parquet, csv or ipc.
    #[arg(long, value_name = "FORMAT", default_value_t = Format::Parquet)]
    pub(super) format: Format,
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
    /// Scenario files.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Change a scenario's value first; may be repeated.
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
pub(super) struct ReportArguments {
    /// Directories of finished runs, such as runs/quickstart/42.
    #[arg(required = true, value_name = "RUN")]
    pub(super) runs: Vec<PathBuf>,
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

fn parse_override(text: &str) -> Result<Override, String> {
    text.parse()
}
