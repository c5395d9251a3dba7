//! Loading a strategy for the commands about strategies.

use std::path::Path;

use serde_json::json;

use super::console::{print, print_diagnostics};
use super::exit::Failure;
use crate::scenario::{Diagnostics, Strategy};

/// Loads a strategy, or prints what is wrong with it.
///
/// # Errors
/// [`Failure::Input`] if it does not compile.
pub(super) fn load(file: &Path, as_json: bool) -> Result<Strategy, Failure> {
    let print_errors = |diagnostics: Diagnostics| {
        if as_json {
            print(&json!({ "valid": false, "errors": diagnostics.to_json() }).to_string())?;
        } else {
            print_diagnostics(&diagnostics);
        }
        Err(Failure::Input)
    };
    Strategy::load(file).or_else(print_errors)
}
