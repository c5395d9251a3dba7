//! `bearpit completions`: writes what shells need to complete commands and options.

use clap_complete::generate;

use super::args::{CompletionsArguments, command};
use super::console::print_raw;
use super::exit::Failure;

/// Prints a script for a shell.
///
/// # Errors
/// [`Failure::Run`] if standard output cannot be written.
pub(super) fn run(arguments: &CompletionsArguments) -> Result<(), Failure> {
    let mut script = Vec::new();
    let mut command = command();
    generate(arguments.shell, &mut command, "bearpit", &mut script);
    print_raw(&script)
}
