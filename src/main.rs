//! The `bearpit` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    bearpit::cli::main()
}
