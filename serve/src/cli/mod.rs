//! The command line: arguments and configuration, start and stop, what is printed, exit codes.
//!
//! Results go to standard output, the log and what is wrong to standard error. [`driver`](crate::driver) and
//! [`http`](crate::http) do the work, and know no terminal; this is the only room that prints.

mod admin;
mod arguments;
mod bench;
mod channels;
mod check;
mod console;
mod database;
mod deliveries;
mod estimates;
mod exit;
mod face;
mod feeds;
mod figures;
mod fix;
mod journal;
mod json_lines;
mod logging;
mod market;
#[cfg(feature = "otlp")]
mod otlp;
mod payments;
mod people;
mod serve;
mod signals;
mod worker;

use std::process::ExitCode;

use arguments::Command;

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let matches = arguments::command().get_matches();
    let (arguments, flags) = arguments::parse(&matches).unwrap_or_else(|error| error.exit());
    let done = match arguments.command {
        None => serve::run(&arguments, flags),
        Some(Command::Admin(arguments)) => admin::run(&arguments),
        Some(Command::Replay(arguments)) => journal::replay(&arguments),
        Some(Command::Audit(arguments)) => journal::audited(&arguments),
        Some(Command::Repair(arguments)) => journal::repair(&arguments),
        Some(Command::Rebuild(arguments)) => database::rebuilt(&arguments),
        Some(Command::Bench(arguments)) => bench::run(&arguments),
        Some(Command::Worker(arguments)) => worker::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.into(),
    }
}
