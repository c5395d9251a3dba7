//! The command line: parses arguments, calls the library, prints, and returns exit codes.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | success |
//! | 1 | a run or a test failed, a file could not be used, books or runs differ, markets show too little |
//! | 2 | the input is not valid: nothing was run, nothing was written |
//! | 3 | a strategy failed or was stopped while running; `--allow-failed` makes it 0 |
//! | 130 | interrupted; a program that a second signal ends, too |
//!
//! Runs are executed by [`run`](crate::run), which knows nothing of terminals. This is the only module of the
//! crate that prints.

mod args;
mod backtest;
mod check;
mod color;
mod compare;
mod completions;
mod console;
mod data;
mod definitions;
mod exit;
mod man;
mod new;
mod number_text;
mod outcome_table;
mod process;
mod progress;
mod report;
mod schema;
mod serve;
mod shown_log;
mod simulate;
mod stop;
mod strategy;
mod strategy_file;
mod strategy_test;
mod validate;
mod verify_book;

use std::env;
use std::process::ExitCode;

use clap::FromArgMatches;

use args::{Arguments, Command};

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let asked = color::asked_by(env::args_os());
    let matches = args::command().color(asked.into()).get_matches();
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    color::ask(arguments.color);
    let done = match arguments.command {
        Command::Simulate(arguments) => simulate::run(&arguments),
        Command::Backtest(arguments) => backtest::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Process(arguments) => process::run(&arguments),
        Command::Data(arguments) => data::run(&arguments),
        Command::Strategy(arguments) => strategy::run(&arguments),
        Command::New(arguments) => new::run(&arguments),
        Command::Definitions(arguments) => definitions::run(&arguments),
        Command::Schema => schema::run(),
        Command::Report(arguments) => report::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Validate(arguments) => validate::run(&arguments),
        Command::VerifyBook(arguments) => verify_book::run(&arguments),
        Command::Serve(arguments) => return serve::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.into(),
    }
}
