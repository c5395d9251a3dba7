//! `bearpit definitions`: writes what strategies can call, for editors.

use std::fs;

use super::Failure;
use super::args::DefinitionsArguments;
use super::console::{complain, print};
use super::files::write_whole;
use crate::script::definitions;

const FILE: &str = "bearpit.d.rhai";

/// Writes the definitions, in the place of older ones.
///
/// # Errors
/// [`Failure::Run`] if they cannot be written.
pub(super) fn run(arguments: &DefinitionsArguments) -> Result<(), Failure> {
    let directory = &arguments.dir;
    let written =
        fs::create_dir_all(directory).and_then(|()| write_whole(directory, FILE, definitions().as_bytes()));
    match written {
        Ok(()) => print(&directory.join(FILE).display().to_string()),
        Err(error) => {
            complain(&format!("error: {}: cannot be written: {error}", directory.join(FILE).display()));
            Err(Failure::Run)
        }
    }
}
