//! [`ParsedFile`]: a script's file and its syntax tree.

use std::path::Path;
use std::sync::Arc;

use rhai::{AST, OptimizationLevel};

use crate::script::runtime::compiled_script::parse;
use crate::script::runtime::source::ScriptSource;
use crate::script::sandbox::confinement::{language, with_room};
use crate::script::sandbox::outline::Outline;
use crate::script::value::script_error::ScriptError;

/// One file of a script, parsed.
pub(super) struct ParsedFile<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a Arc<str>,
    pub(super) ast: AST,
    /// What stands outside of functions, then each function.
    pub(super) outlines: Vec<Outline>,
    pub(super) is_main: bool,
}

/// Parses the script and its imports; a file that does not parse is an error, and is left out.
pub(super) fn parse_all<'a>(source: &'a ScriptSource, errors: &mut Vec<ScriptError>) -> Vec<ParsedFile<'a>> {
    let language = match language() {
        // As it is written: Rhai's optimizer would compute `1 / 2`, and drop what cannot be reached.
        Ok(mut language) => {
            language.set_optimization_level(OptimizationLevel::None);
            language
        }
        Err(error) => {
            errors.push(ScriptError::of_file(&source.file, &error));
            return Vec::new();
        }
    };
    let modules = source.modules.values().map(|module| (module.file.as_path(), &module.text, false));
    let all = std::iter::once((source.file.as_path(), &source.text, true)).chain(modules);
    let mut files = Vec::new();
    for (path, text, is_main) in all {
        match parse(&language, path, text) {
            Ok(ast) => {
                let outlines = with_room(|| Outline::all(&ast));
                files.push(ParsedFile { path, text, ast, outlines, is_main });
            }
            Err(error) => errors.push(error),
        }
    }
    files
}
