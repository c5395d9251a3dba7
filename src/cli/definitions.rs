//! `bearpit definitions`: writes the script API as definitions for editors.

use std::fs;

use super::args::DefinitionsArguments;
use super::console::{print, print_error};
use super::exit::Failure;
use crate::run::write_atomically;
use crate::script::definitions;

const FILE: &str = "bearpit.d.rhai";

/// Writes the definitions, replacing an older file.
///
/// # Errors
/// [`Failure::Run`] if they cannot be written.
pub(super) fn run(arguments: &DefinitionsArguments) -> Result<(), Failure> {
    let directory = &arguments.dir;
    let file = directory.join(FILE).display().to_string();
    let definitions = definitions();
    let written = fs::create_dir_all(directory)
        .and_then(|()| write_atomically(directory, FILE, definitions.as_bytes()));
    match written {
        Ok(()) => print(&file),
        Err(error) => {
            print_error(&format!("error: {file}: cannot be written: {error}"));
            Err(Failure::Run)
        }
    }
}
