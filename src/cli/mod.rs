//! The command line: arguments, progress, tables, exit codes.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | all went well (a failed strategy included, unless `--strict`) |
//! | 1 | a run or a test failed, a file could not be read or written, a book does not verify, or two runs differ |
//! | 2 | the input is not valid: nothing was run, nothing was written |
//! | 3 | with `--strict`: a strategy failed while running |
//! | 130 | interrupted |

mod args;
mod check;
mod compare;
mod console;
mod coordinator;
mod definitions;
mod files;
mod job;
mod new;
mod progress;
mod report;
mod seeds;
mod several;
mod simulate;
mod strategy;
mod summary;
mod test;
mod verify;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};

/// Why a command ends other than well; its number is the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Failure {
    /// A run or a test failed, a file could not be read or written, a book does not verify, or two runs
    /// differ.
    Run = 1,
    /// The input is not valid.
    Input = 2,
    /// A strategy failed, and that counts.
    Strategy = 3,
    /// Somebody pressed Ctrl-C.
    Interrupted = 130,
}

impl From<Failure> for ExitCode {
    fn from(failure: Failure) -> Self {
        Self::from(failure as u8)
    }
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Command::Simulate(arguments) => simulate::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Strategy(arguments) => strategy::run(&arguments),
        Command::New(arguments) => new::run(&arguments),
        Command::Definitions(arguments) => definitions::run(&arguments),
        Command::Report(arguments) => report::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::VerifyBook(arguments) => verify::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.into(),
    }
}
