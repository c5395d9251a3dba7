//! The arguments, parsed by clap; those of settings come from the table of [`config`](crate::config).

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use bearpit::scenario::Override;
use bearpit_core::units::SimDuration;

use super::exit::EXIT_CODES;
use crate::config::{Flag, Kind, SETTINGS, Setting};

/// Bearpit on the wall clock: runs a scenario as a live market that people and programs trade in.
#[derive(Debug, Parser)]
#[command(
    name = "bearpit-serve",
    version,
    arg_required_else_help = true,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub(super) struct Arguments {
    /// The scenario: a TOML file with `[live]`.
    #[arg(required = true)]
    pub(super) scenario: Option<PathBuf>,
    /// Override a value of the scenario, such as `--set live.speed=60`; can be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<Override>,
    /// A TOML file of settings [env: BEARPIT_CONFIG].
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Check scenario, configuration and data directory; start nothing, write nothing.
    #[arg(long)]
    pub(super) check: bool,
    /// How much longer each sync of the journal takes, for `bench`.
    #[arg(long, value_name = "MILLISECONDS", hide = true, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=1_000))]
    pub(super) sync_extra: u64,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// What else there is to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Change the market of a running process, or ask how it is.
    Admin(AdminArguments),
    /// Rebuild the market of a journal, and compare it with what the journal says.
    Replay(ReplayArguments),
    /// Add the accounts of a journal up from its facts, and print what each has.
    Audit(AuditArguments),
    /// Take a request out of a market that cannot be rebuilt with it.
    Repair(RepairArguments),
    /// Make orders, fills, accounts over time and candles anew in the database, from the journal.
    Rebuild(RebuildArguments),
    /// Measure how much this machine and disk take: a market, or a server under load.
    Bench(BenchArguments),
    /// Make estimates for a server, from its database or from Celery's queue.
    Worker(WorkerArguments),
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum BenchWhat {
    /// Requests of a market without a server, as fast as it takes them, each on disk before its answer.
    Market,
    /// Orders over HTTP: on disk before their answers, on a slower disk, and without waiting for it.
    Orders,
    /// Books over HTTP while a crowd trades.
    Books,
    /// Trades to a thousand clients of the WebSocket, also beside a hundred that read nothing.
    FanOut,
    /// Logins, and what orders notice of them.
    Logins,
}

#[derive(Debug, Args)]
pub(super) struct ReplayArguments {
    #[command(flatten)]
    pub(super) of: JournalArguments,
    /// Write the tables and the report of the day, as `bearpit simulate` does.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct BenchArguments {
    /// What is measured; the market, if nothing is said. Servers are processes of their own, and are
    /// loaded in an open loop.
    #[arg(value_name = "WHAT")]
    pub(super) what: Vec<BenchWhat>,
    /// The directory in which data are written, and deleted again: on the disk that is to be measured.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) data: PathBuf,
    /// For how many seconds a server is loaded, each time.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub(super) seconds: u32,
    /// How much is asked of a server in a second; by default as much as is promised.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(super) rate: Option<u32>,
    /// How many agents trade meanwhile.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub(super) crowd: u32,
    /// How many requests are made of the market.
    #[arg(long, default_value_t = 300_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(super) requests: u32,
    /// How much longer each sync of the market takes, to see what a slower disk would give.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=1_000))]
    pub(super) sync_extra: u64,
}

#[derive(Debug, Args)]
pub(super) struct JournalArguments {
    /// The file of the journal: a segment.
    pub(super) journal: PathBuf,
    /// The scenario file, if it names others, which are looked for beside it; its text is in the journal.
    #[arg(long, value_name = "FILE")]
    pub(super) scenario: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct AuditArguments {
    #[command(flatten)]
    pub(super) of: JournalArguments,
    /// Print the accounts as JSON.
    #[arg(long)]
    pub(super) json: bool,
    /// The data directory, whose database is compared; without one, and without a database, that of the
    /// configuration is, if it names one [env: BEARPIT_DATA].
    #[arg(long, value_name = "PATH")]
    pub(super) data: Option<PathBuf>,
    /// The database whose ledger is compared [env: BEARPIT_DATABASE].
    #[arg(long, value_name = "URL")]
    pub(super) database: Option<String>,
    /// A TOML file of settings [env: BEARPIT_CONFIG].
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct RepairArguments {
    #[command(flatten)]
    pub(super) of: JournalArguments,
    /// The number of the request's record, from 0, as the failed start said it.
    #[arg(long, value_name = "NUMBER", required = true)]
    pub(super) void: u64,
}

#[derive(Debug, Args)]
pub(super) struct RebuildArguments {
    /// The data directory; no market may run with it [env: BEARPIT_DATA] [default: ./data].
    #[arg(long, value_name = "PATH")]
    pub(super) data: Option<PathBuf>,
    /// The database [env: BEARPIT_DATABASE] [default: bearpit.db in the data directory].
    #[arg(long, value_name = "URL")]
    pub(super) database: Option<String>,
    /// A TOML file of settings [env: BEARPIT_CONFIG].
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The scenario file, if it names others, which are looked for beside it; its text is in the journal.
    #[arg(long, value_name = "FILE")]
    pub(super) scenario: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct WorkerArguments {
    /// The scenario file of the server, beside which those are that it names; its text comes with each
    /// estimate.
    pub(super) scenario: PathBuf,
    /// How many estimates are made at a time.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(super) slots: u32,
    /// What the worker is called in `GET /heartbeat`.
    #[arg(long, value_name = "NAME", default_value = "worker")]
    pub(super) name: String,
    /// The database of the server [env: BEARPIT_DATABASE].
    #[arg(long, value_name = "URL")]
    pub(super) database: Option<String>,
    /// The Redis of Celery's queue, in place of a database [env: BEARPIT_ESTIMATES_CELERY].
    #[arg(long, value_name = "URL")]
    pub(super) celery: Option<String>,
    /// A TOML file of settings [env: BEARPIT_CONFIG].
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct AdminArguments {
    /// The data directory of the process [env: BEARPIT_DATA] [default: ./data].
    #[arg(long, value_name = "PATH")]
    pub(super) data: Option<PathBuf>,
    #[command(subcommand)]
    pub(super) action: AdminAction,
}

#[derive(Debug, Subcommand)]
pub(super) enum AdminAction {
    /// Print how the market is, as JSON.
    Status,
    /// Print how the channels are, and what they could not deliver, as JSON.
    Channels,
    /// Let virtual time stand still: orders can be canceled, but not entered.
    Pause,
    /// Let virtual time go on.
    Resume,
    /// Change how fast virtual time runs; a market on the wall clock refuses.
    Speed {
        /// How many times as fast as the wall clock, such as 60 or 0.5.
        factor: String,
    },
    /// Halt a listing, or all: nothing trades there, and orders can only be canceled.
    Halt {
        /// SYMBOL, or SYMBOL@VENUE.
        listing: Option<String>,
    },
    /// Say what an instrument is worth elsewhere, whose value follows a feed.
    Quote {
        /// Its symbol.
        symbol: String,
        /// What it is worth.
        value: String,
        /// The best bid there.
        #[arg(long, value_name = "PRICE")]
        bid: Option<String>,
        /// The best ask there.
        #[arg(long, value_name = "PRICE")]
        ask: Option<String>,
        /// Take it although it is further from the last one than `max_jump` of the process allows.
        #[arg(long)]
        force: bool,
    },
    /// End a halt by an auction.
    Reopen {
        /// SYMBOL, or SYMBOL@VENUE.
        listing: Option<String>,
        /// How long orders can be entered and canceled before the auction, in virtual time.
        #[arg(long, value_name = "TIME", default_value = "60s")]
        auction: SimDuration,
    },
    /// Make a person, by default an operator; the password is read from standard input, or from
    /// BEARPIT_ADMIN_PASSWORD.
    Create {
        /// The name.
        name: String,
        /// The mail address, which is taken as theirs.
        #[arg(long, value_name = "ADDRESS")]
        mail: Option<String>,
        /// What the person is.
        #[arg(long, value_name = "ROLE", default_value = "admin", value_parser = PossibleValuesParser::new(["admin", "user"]))]
        role: String,
    },
    /// Print what a person can choose a new password with, once, for half an hour.
    ResetPassword {
        /// The name.
        user: String,
    },
    /// Remove the second factor of a person who has lost it: a login needs the password alone.
    RemoveSecondFactor {
        /// The name.
        user: String,
    },
    /// Shut a person out: their sessions and keys are good for nothing within a second.
    Block {
        /// The name.
        user: String,
    },
    /// Let a person in again.
    Unblock {
        /// The name.
        user: String,
    },
    /// Take the mail address of a person as theirs.
    Verify {
        /// The name.
        user: String,
    },
}

/// The name of the heading under which flags of settings stand in `--help`.
const HEADING: &str = "Settings, also in the file of --config and in the environment";

/// Returns the description of the command line.
pub(super) fn command() -> clap::Command {
    let lines = EXIT_CODES.map(|(code, meaning)| format!("  {code:<3}  {meaning}"));
    let exit_codes = format!("Exit codes:\n{}", lines.join("\n"));
    Arguments::command().args(SETTINGS.iter().map(flag)).after_long_help(exit_codes)
}

/// Returns the arguments, and the flags of settings that were given.
pub(super) fn parse(matches: &ArgMatches) -> Result<(Arguments, Vec<Flag>), clap::Error> {
    let arguments = Arguments::from_arg_matches(matches)?;
    let given = |setting: &Setting| {
        let value = matches.get_one::<String>(setting.key)?;
        Some(Flag { key: setting.key, value: value.clone() })
    };
    Ok((arguments, SETTINGS.iter().filter_map(given).collect()))
}

fn flag(setting: &Setting) -> Arg {
    let default = setting.default.map(|default| format!(" [default: {default}]"));
    let help = format!("{}{} [env: {}]", setting.doc, default.unwrap_or_default(), setting.variable());
    let arg = Arg::new(setting.key)
        .long(setting.flag())
        .help(help)
        .help_heading(HEADING)
        .value_name(setting.kind.placeholder())
        .action(ArgAction::Set);
    match setting.kind {
        Kind::Switch => arg.num_args(0..=1).default_missing_value("true").require_equals(true),
        // Shown, and completed by shells; what else is wrong is said with all that is.
        Kind::Choice(words) => arg.value_parser(PossibleValuesParser::new(words)),
        _ => arg,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(arguments: &[&str]) -> Result<Vec<(&'static str, String)>, String> {
        let line = std::iter::once("bearpit-serve").chain(arguments.iter().copied());
        let matches = command().try_get_matches_from(line).map_err(|error| error.to_string())?;
        let (_, flags) = parse(&matches).map_err(|error| error.to_string())?;
        Ok(flags.into_iter().map(|flag| (flag.key, flag.value)).collect())
    }

    #[test]
    fn the_description_is_sound_and_has_every_setting() {
        command().debug_assert();
        let help = command().render_long_help().to_string();
        for setting in SETTINGS {
            assert!(help.contains(&format!("--{}", setting.flag())), "{}", setting.key);
            assert!(help.contains(&setting.variable()), "{}", setting.key);
        }
        assert!(help.contains("Exit codes:\n  0  "), "{help}");
    }

    #[test]
    fn flags_are_keys_of_settings() {
        let given = flags(&["x.toml", "--listen", "127.0.0.1:1", "--insecure-http", "--log-format", "json"]);
        let expected = [("listen", "127.0.0.1:1"), ("insecure_http", "true"), ("log.format", "json")];
        assert_eq!(given, Ok(expected.map(|(key, value)| (key, value.to_owned())).to_vec()));
        assert_eq!(flags(&["--insecure-http", "x.toml"]).map(|flags| flags.len()), Ok(1));
    }

    #[test]
    fn a_scenario_or_a_command_is_needed_and_not_both() {
        assert!(flags(&["--check"]).is_err_and(|error| error.contains("required")));
        assert!(flags(&["admin", "status"]).is_ok());
        assert!(flags(&["x.toml", "admin", "status"]).is_err());
    }
}
