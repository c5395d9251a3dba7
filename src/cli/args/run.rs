//! The arguments of the commands that run scenarios.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{parse_override, parse_wall_max};
use crate::record::Format;
use crate::run::SeedList;
use crate::scenario::Override;

#[derive(Debug, Args)]
pub(in crate::cli) struct SimulateArguments {
    /// Scenario files, such as scenarios/quickstart.toml.
    #[arg(required = true, value_name = "FILE")]
    pub(in crate::cli) files: Vec<PathBuf>,
    /// Run each scenario with several seeds, such as `1..100` (both ends included) or `1,2,7..9`, and write
    /// one report of all of them to <DIR>/<scenario>/report.html.
    #[arg(long, value_name = "SEEDS", conflicts_with = "seed")]
    pub(in crate::cli) seeds: Option<SeedList>,
    /// Number of runs executed in parallel [default: number of processors].
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(in crate::cli) jobs: Option<u16>,
    /// Override a value of the scenario, such as `--set scenario.seed=7`, or a parameter of a strategy, such
    /// as `--set ema.fast=5`; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse_override)]
    pub(in crate::cli) overrides: Vec<Override>,
    /// A TOML file of such values, before those of --set; may be repeated.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) params: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) run: RunArguments,
}

/// What can be asked of any run.
#[derive(Debug, Args)]
pub(in crate::cli) struct RunArguments {
    /// Use this seed instead of the scenario's own.
    #[arg(long, value_name = "NUMBER")]
    pub(in crate::cli) seed: Option<u64>,
    /// Directory for results; each run is written to <DIR>/<scenario>/<seed>.
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub(in crate::cli) out: PathBuf,
    /// Show what strategies log, at the end: all lines, or those in which `TIME STRATEGY: LINE` has this
    /// text.
    #[arg(long, value_name = "TEXT", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(in crate::cli) log: Option<String>,
    /// Table format instead of the scenario's own: parquet, csv or ipc.
    #[arg(long, value_name = "FORMAT")]
    pub(in crate::cli) format: Option<Format>,
    /// Write money as doubles in Parquet and IPC, not as exact decimals: pandas, say, reads decimals as
    /// objects.
    #[arg(long)]
    pub(in crate::cli) floats: bool,
    /// Write no reports, neither of each run nor of all; `bearpit report` can draw them later.
    #[arg(long)]
    pub(in crate::cli) no_report: bool,
    /// Replace existing results.
    #[arg(long)]
    pub(in crate::cli) force: bool,
    /// Exit with code 0 even if a strategy failed or was stopped while running, instead of 3.
    #[arg(long)]
    pub(in crate::cli) allow_failed: bool,
    /// Stop each run that has taken this long on the clock on the wall, such as `10m`; it counts as failed.
    #[arg(long, value_name = "DURATION", value_parser = parse_wall_max)]
    pub(in crate::cli) max_wall: Option<Duration>,
    /// Print only errors, and with --json the results.
    #[arg(long, short)]
    pub(in crate::cli) quiet: bool,
    /// Print the results as JSON instead of a table.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
