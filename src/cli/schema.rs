//! `bearpit schema`: prints the JSON schema of scenario files, for editors.

use super::console::print;
use super::exit::Failure;
use crate::scenario::json_schema;

/// Prints the schema.
///
/// # Errors
/// [`Failure::Run`] if it cannot be printed.
pub(super) fn run() -> Result<(), Failure> {
    print(&format!("{:#}", json_schema()))
}
