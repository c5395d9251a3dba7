//! Errors of scripts, told to those who wrote them.

use std::fmt;
use std::path::{Path, PathBuf};

use rhai::{EvalAltResult, ParseError, ParseErrorType, Position};

use super::api::Api;
use super::host::printable;
use super::limits::{
    CALLS_MAX, ENTRIES_MAX, FUNCTIONS_MAX, ITEMS_MAX, NESTING_MAX, TEXT_BYTES_MAX, VARIABLES_MAX,
};
use bearpit_core::units::nearest;

/// What is wrong with a script, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptError {
    /// The file: the script, or what it imports.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What could be done about it.
    pub help: Option<String>,
}

impl std::error::Error for ScriptError {}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, message, help } = self;
        write!(f, "{}:{line}:{column}: {message}", file.display())?;
        help.as_ref().map_or(Ok(()), |help| write!(f, " ({help})"))
    }
}

/// How much of a long line is shown on each side of the place.
const EXCERPT_CHARS: usize = 60;
const MESSAGE_CHARS_MAX: usize = 2_000;

impl ScriptError {
    pub(super) fn new(file: &Path, (line, column): (usize, usize), message: String) -> Self {
        Self { file: file.to_path_buf(), line, column, message, help: None }
    }

    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Tells of a script that does not parse.
    pub(super) fn syntax(file: &Path, error: &ParseError) -> Self {
        let message = match error.err_type() {
            ParseErrorType::ExprTooDeep => format!("expressions and blocks nest deeper than {NESTING_MAX}"),
            ParseErrorType::TooManyFunctions => format!("there are more than {FUNCTIONS_MAX} functions"),
            ParseErrorType::LiteralTooLarge(what, _) => too_large(what),
            other => other.to_string(),
        };
        Self::new(file, line_and_column(error.position()), message)
    }

    /// Draws the line of `text` with a caret under the place.
    #[must_use]
    pub fn excerpt(&self, text: &str) -> String {
        let line: Vec<char> = text.lines().nth(self.line.saturating_sub(1)).unwrap_or("").chars().collect();
        let at = self.column.saturating_sub(1).min(line.len());
        let from = at.saturating_sub(EXCERPT_CHARS);
        let until = line.len().min(at + EXCERPT_CHARS);
        let shown = |c: &char| if c.is_control() { ' ' } else { *c };
        let part: String = line[from..until].iter().map(shown).collect();
        let margin = " ".repeat(self.line.to_string().len());
        format!("{} | {part}\n{margin} | {}^", self.line, " ".repeat(at - from))
    }
}

/// What there is in a script, to say what was meant by what is not.
pub(super) struct Known<'a> {
    pub(super) api: &'a Api,
    /// The script's own functions, with the number of their arguments.
    pub(super) functions: Vec<(String, usize)>,
    /// Constants, parameters and the arguments of callbacks.
    pub(super) variables: Vec<String>,
    /// What is kept in `this`.
    pub(super) state: Vec<String>,
}

impl Known<'_> {
    /// Tells of a script that failed while running; `place` is for errors that have none of their own.
    pub(super) fn explain(&self, file: &Path, error: &EvalAltResult, place: (usize, usize)) -> ScriptError {
        let (inner, file) = innermost(error, file);
        let (message, help) = self.describe(inner);
        let position = [inner.position(), error.position()].into_iter().find(|it| !it.is_none());
        let place = position.map_or(place, line_and_column);
        let message = printable(&message, MESSAGE_CHARS_MAX);
        ScriptError { help, ..ScriptError::new(&file, place, message) }
    }

    fn describe(&self, error: &EvalAltResult) -> (String, Option<String>) {
        match error {
            EvalAltResult::ErrorFunctionNotFound(signature, _) => self.no_function(signature),
            EvalAltResult::ErrorVariableNotFound(name, _) => self.no_variable(name),
            EvalAltResult::ErrorPropertyNotFound(name, _) => self.no_property(name),
            EvalAltResult::ErrorDotExpr(text, _) => self.no_field(text),
            EvalAltResult::ErrorTerminated(value, _) => (value.to_string(), None),
            EvalAltResult::ErrorDataTooLarge(what, _) => (too_large(what), None),
            EvalAltResult::ErrorStackOverflow(_) => (
                format!("calls nest deeper than {CALLS_MAX}"),
                Some("does a function call itself?".to_owned()),
            ),
            EvalAltResult::ErrorTooManyVariables(_) => {
                (format!("there are more than {VARIABLES_MAX} variables"), None)
            }
            EvalAltResult::ErrorModuleNotFound(name, _) => (
                format!("there is no module `{name}`"),
                Some(
                    "import takes a text that stands in the script, such as import \"lib/helpers\" as h;"
                        .to_owned(),
                ),
            ),
            EvalAltResult::ErrorUnboundThis(_) => (
                "`this` is not there".to_owned(),
                Some("a function sees it if it is called on it, as in this.helper(1)".to_owned()),
            ),
            EvalAltResult::ErrorRuntime(value, _) => (value.to_string(), None),
            other => (bare(other), None),
        }
    }

    fn no_function(&self, signature: &str) -> (String, Option<String>) {
        let (name, given) = signature.split_once(" (").unwrap_or((signature, ""));
        let given: Vec<&str> =
            given.trim_end_matches(')').split(", ").filter(|it| !it.is_empty()).map(type_word).collect();
        let given_text = given.join(", ");
        if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            let help = "what is absent is (); compare it with == () first".to_owned();
            return (
                format!("`{name}` does not go with {given_text}"),
                given.contains(&"()").then_some(help),
            );
        }
        if let Some(entry) = self.api.function(name) {
            let given =
                given.strip_prefix(&["Market"]).filter(|_| entry.on_markets).unwrap_or(&given).join(", ");
            return (format!("`{name}` takes {}, but is given ({given})", entry.arguments()), None);
        }
        if let Some((_, count)) = self.functions.iter().find(|(own, _)| own == name) {
            return (format!("`{name}` takes {count} arguments, but is given ({given_text})"), None);
        }
        let own = self.functions.iter().map(|(name, _)| name.as_str());
        let all = self.api.functions.iter().map(|entry| entry.name).chain(own).chain(RHAI_FUNCTIONS);
        let help = nearest(name, all).map(|near| format!("did you mean `{near}`?"));
        (format!("there is no function `{name}` for ({given_text})"), help)
    }

    fn no_variable(&self, name: &str) -> (String, Option<String>) {
        let message = format!("there is no variable `{name}` here");
        if self.api.function(name).is_some() {
            return (message, Some(format!("`{name}` is a function: write {name}()")));
        }
        let known = self.variables.iter().map(String::as_str).chain(["this", "params"]);
        let help = nearest(name, known).map_or_else(
            || "a function sees its arguments, its own variables, `this`, `params` and constants".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        (message, Some(help))
    }

    fn no_property(&self, name: &str) -> (String, Option<String>) {
        let message = format!("there is nothing called `{name}` in that map");
        let help = match nearest(name, self.state.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("set it first, in on_init or on_start: this.{name} = .."),
        };
        (message, Some(help))
    }

    /// Explains what Rhai says of `object.field` where there is no such field, or it cannot be set.
    fn no_field(&self, text: &str) -> (String, Option<String>) {
        let mut quoted = text.split('\'').skip(1).step_by(2);
        let (Some(name), Some(owner)) = (quoted.next(), quoted.next()) else {
            return (text.to_owned(), None);
        };
        let fields: Vec<&str> = self.api.fields_of(owner).map(|field| field.name).collect();
        if owner == "()" {
            let message = format!("`.{name}` of what is absent, ()");
            return (message, Some("compare it with == () first".to_owned()));
        }
        if text.contains("setter") && (fields.contains(&name) || fields.is_empty()) {
            return (format!("the field `{name}` of the type {owner} cannot be set"), None);
        }
        let message = format!("the type {} has no field `{name}`", type_word(owner));
        let near = nearest(name, fields.iter().copied());
        let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        let help = format!("{near}there is: {}", fields.join(", "));
        (message, (!fields.is_empty()).then_some(help))
    }
}

/// Functions of Rhai's own that are often misspelt.
const RHAI_FUNCTIONS: [&str; 16] = [
    "abs",
    "floor",
    "ceiling",
    "round",
    "sqrt",
    "min",
    "max",
    "push",
    "pop",
    "shift",
    "remove",
    "len",
    "contains",
    "keys",
    "values",
    "to_string",
];

/// Returns the error at the bottom of nested calls, and the file in which it happened.
fn innermost<'e>(error: &'e EvalAltResult, file: &Path) -> (&'e EvalAltResult, PathBuf) {
    let (mut error, mut file) = (error, file.to_path_buf());
    loop {
        match error {
            EvalAltResult::ErrorInFunctionCall(_, source, inner, _) => {
                if !source.is_empty() {
                    file = PathBuf::from(source);
                }
                error = inner;
            }
            EvalAltResult::ErrorInModule(source, inner, _) => {
                file = PathBuf::from(source);
                error = inner;
            }
            _ => return (error, file),
        }
    }
}

/// Says which of the sizes of values is exceeded.
fn too_large(what: &str) -> String {
    if what.contains("string") {
        return format!("a text, or all texts in one value, have more than {TEXT_BYTES_MAX} bytes");
    }
    if what.contains("map") {
        return format!("a map, with all in it, has more than {ENTRIES_MAX} entries");
    }
    format!("an array, with all in it, has more than {ITEMS_MAX} items")
}

/// Returns the error's text without the position that Rhai appends.
fn bare(error: &EvalAltResult) -> String {
    let mut text = error.to_string();
    if let Some(at) = text.rfind(" (line ") {
        text.truncate(at);
    }
    text
}

pub(super) fn line_and_column(position: Position) -> (usize, usize) {
    (position.line().unwrap_or(1), position.position().unwrap_or(1))
}

/// Returns what a type is called to those who write scripts.
fn type_word(name: &str) -> &str {
    match name {
        "i64" | "f64" => "number",
        "&str | ImmutableString | String" | "string" => "text",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_place_also_in_a_long_line() {
        let error = ScriptError::new(Path::new("s.rhai"), (2, 3), "wrong".to_owned());
        assert_eq!(error.excerpt("a\nb c\n"), "2 | b c\n  |   ^");
        let long = ScriptError { line: 1, column: 1_001, ..error };
        let drawn = long.excerpt(&format!("{}x{}", "a".repeat(1_000), "\t".repeat(100_000)));
        let (above, below) = drawn.split_once('\n').unwrap();
        assert_eq!(above.chars().nth(below.find('^').unwrap()), Some('x'));
        assert!(drawn.len() < 300);
    }
}
