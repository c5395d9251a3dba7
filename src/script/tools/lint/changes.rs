//! Finds changes that have no effect: those of what is declared outside of functions, which functions see as
//! a constant. Assigning to it is an error at run time; changing a part of it changes a copy.

use crate::script::sandbox::outline::{Change, ChangeKind, Outline};
use crate::script::tools::lint::known_names::functions;
use crate::script::tools::lint::parsed_file::ParsedFile;
use crate::script::value::script_error::ScriptError;

/// Rhai's functions that change the array, map or text that they are called on, sorted.
const CHANGING_FUNCTIONS: [&str; 26] = [
    "append",
    "chop",
    "clear",
    "crop",
    "dedup",
    "drain",
    "fill_with",
    "insert",
    "make_lower",
    "make_upper",
    "mixin",
    "pad",
    "pop",
    "push",
    "remove",
    "replace",
    "retain",
    "reverse",
    "set",
    "shift",
    "sort",
    "sort_by",
    "sort_desc",
    "splice",
    "trim",
    "truncate",
];

/// Reports the changes of constants in the functions of a file.
pub(crate) fn lost_changes(file: &ParsedFile<'_>) -> Vec<ScriptError> {
    let Some((top, in_functions)) = file.outlines.split_first() else { return Vec::new() };
    let own = functions(&file.ast);
    let is_global = |outline: &Outline, name: &str| {
        let is_argument =
            outline.function.iter().flat_map(|it| &it.arguments).any(|argument| argument == name);
        let is_outside = top.declared.contains(name) || name == "params";
        is_outside && !is_argument && !outline.declared.contains(name)
    };
    let has_effect = |change: &Change| match &change.kind {
        ChangeKind::Assigned | ChangeKind::PartAssigned => false,
        ChangeKind::Called(name) => {
            own.contains_key(name) || CHANGING_FUNCTIONS.binary_search(&name.as_str()).is_err()
        }
    };
    let mut errors = Vec::new();
    for outline in in_functions {
        let lost = outline.changes.iter().filter(|it| !has_effect(it) && is_global(outline, &it.name));
        errors.extend(lost.map(|change| explain(file, change)));
    }
    errors
}

fn explain(file: &ParsedFile<'_>, change: &Change) -> ScriptError {
    let name = &change.name;
    let message = match &change.kind {
        ChangeKind::Assigned => format!("`{name}` is a constant in functions: it cannot be assigned to"),
        ChangeKind::PartAssigned => format!("`{name}` is a constant in functions: this would change a copy"),
        ChangeKind::Called(function) => {
            format!("`{name}` is a constant in functions: `{function}` would change a copy")
        }
    };
    ScriptError::new(file.path, change.position, message).with_help(keep_in_this(name))
}

/// Returns the advice for what changes from callback to callback.
fn keep_in_this(name: &str) -> String {
    format!("keep what changes in `this`: set this.{name} in on_init or on_start, and write this.{name} here")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order() {
        assert!(CHANGING_FUNCTIONS.is_sorted());
    }
}
