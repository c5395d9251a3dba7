//! Errors of scripts, told to those who wrote them.

use rhai::{EvalAltResult, ParseError, Position};
use thiserror::Error;

/// What is wrong with a script, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {message}{}", .help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default())]
pub struct ScriptError {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What could be done about it.
    pub help: Option<String>,
}

impl ScriptError {
    /// Tells of a script that does not compile.
    pub(super) fn syntax(error: &ParseError) -> Self {
        let (line, column) = line_and_column(error.position());
        Self { line, column, message: error.err_type().to_string(), help: None }
    }

    /// Tells of a script that failed while running; `names` are the functions there are, and `fallback`
    /// is where the callback stands, for errors without a place of their own.
    pub(super) fn running(error: &EvalAltResult, names: &[String], fallback: (usize, usize)) -> Self {
        let inner = error.unwrap_inner();
        let (message, help) = match inner {
            EvalAltResult::ErrorFunctionNotFound(signature, _) => {
                (format!("there is no function {signature}"), nearest_function(signature, names))
            }
            EvalAltResult::ErrorVariableNotFound(name, _) => (
                format!("there is no variable `{name}` here"),
                Some(
                    "a function sees its arguments, its own variables, `this`, `params` and constants"
                        .to_owned(),
                ),
            ),
            EvalAltResult::ErrorTooManyOperations(_) => (
                format!("the callback ran for more than {} operations", super::engine::OPERATIONS_MAX),
                Some("is there a loop without an end?".to_owned()),
            ),
            EvalAltResult::ErrorRuntime(value, _) => (value.to_string(), None),
            other => {
                // Rhai appends the position to its text; it is told apart here.
                let mut bare = other.to_string();
                if let Some(at) = bare.rfind(" (line ") {
                    bare.truncate(at);
                }
                (bare, None)
            }
        };
        // The innermost position is the script's own line; host functions have none.
        let position = [inner.position(), error.position()].into_iter().find(|it| !it.is_none());
        let (line, column) = position.map_or(fallback, line_and_column);
        Self { line, column, message, help }
    }
}

fn line_and_column(position: Position) -> (usize, usize) {
    (position.line().unwrap_or(1), position.position().unwrap_or(1))
}

fn nearest_function(signature: &str, names: &[String]) -> Option<String> {
    let called = signature.split([' ', '(']).next().unwrap_or(signature);
    if names.iter().any(|name| name == called) {
        return Some(format!("`{called}` exists, but not with these arguments"));
    }
    let near = names.iter().min_by_key(|name| strsim::damerau_levenshtein(called, name))?;
    (strsim::damerau_levenshtein(called, near) <= 2).then(|| format!("did you mean `{near}`?"))
}
