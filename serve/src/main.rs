//! The `bearpit-serve` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    bearpit_serve::cli::main()
}
