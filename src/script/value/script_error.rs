//! [`ScriptError`]: what is wrong with a script, and where.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::script::value::foreign_syntax;
use crate::script::value::limits::{FUNCTIONS_MAX, NESTING_MAX};
use bearpit_core::units::visible;
use rhai::{LexError, ParseError, ParseErrorType, Position};

/// A position in a file of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SourcePosition {
    /// From 1.
    pub(crate) line: usize,
    /// In characters, from 1.
    pub(crate) column: usize,
}

impl SourcePosition {
    /// The first character: for errors that concern a file as a whole.
    pub(crate) const START: Self = Self { line: 1, column: 1 };
}

impl From<Position> for SourcePosition {
    fn from(position: Position) -> Self {
        Self { line: position.line().unwrap_or(1), column: position.position().unwrap_or(1) }
    }
}

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
    /// A suggestion how to fix it.
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

/// Returns a text with all characters escaped that look like nothing, spaces of other widths among them.
fn unseen(text: &str) -> String {
    let shown = |c: char| {
        if c != ' ' && c.is_whitespace() { c.escape_unicode().to_string() } else { c.to_string() }
    };
    visible(&text.chars().map(shown).collect::<String>()).into_owned()
}

/// How many characters of a long line are shown on each side of the position.
const EXCERPT_CHARS: usize = 60;

impl ScriptError {
    pub(crate) fn new(file: &Path, at: SourcePosition, message: String) -> Self {
        let SourcePosition { line, column } = at;
        Self { file: file.to_path_buf(), line, column, message, help: None }
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Makes an error that concerns a file as a whole.
    pub(crate) fn of_file(file: &Path, cause: &impl fmt::Display) -> Self {
        Self::new(file, SourcePosition::START, cause.to_string())
    }

    /// Makes the error of a script that does not parse.
    pub(crate) fn syntax(file: &Path, text: &str, error: &ParseError) -> Self {
        let message = match error.err_type() {
            ParseErrorType::ExprTooDeep => format!("expressions and blocks nest deeper than {NESTING_MAX}"),
            ParseErrorType::TooManyFunctions => format!("there are more than {FUNCTIONS_MAX} functions"),
            ParseErrorType::BadInput(LexError::UnexpectedInput(found)) => {
                format!("Unexpected '{}'", unseen(found))
            }
            other => other.to_string(),
        };
        let help = foreign_syntax::instead(text, error).map(str::to_owned);
        Self { help, ..Self::new(file, error.position().into(), message) }
    }

    /// Returns the line of `text` with a caret under the position of the error.
    #[must_use]
    pub fn excerpt(&self, text: &str) -> String {
        let line: Vec<char> = text.lines().nth(self.line.saturating_sub(1)).unwrap_or("").chars().collect();
        let at = self.column.saturating_sub(1).min(line.len());
        let from = at.saturating_sub(EXCERPT_CHARS);
        let until = line.len().min(at + EXCERPT_CHARS);
        let shown = |chars: &[char]| {
            let spaced = chars.iter().map(|c| if matches!(c, '\n' | '\t') { ' ' } else { *c });
            visible(&spaced.collect::<String>()).into_owned()
        };
        // What is escaped is wider than it was, so the caret stands below what is shown before its place.
        let (before, after) = (shown(&line[from..at]), shown(&line[at..until]));
        let margin = " ".repeat(self.line.to_string().len());
        format!("{} | {before}{after}\n{margin} | {}^", self.line, " ".repeat(before.chars().count()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_place_also_in_a_long_line() {
        let error =
            ScriptError::new(Path::new("s.rhai"), SourcePosition { line: 2, column: 3 }, "wrong".to_owned());
        assert_eq!(error.excerpt("a\nb c\n"), "2 | b c\n  |   ^");
        let long = ScriptError { line: 1, column: 1_001, ..error.clone() };
        let drawn = long.excerpt(&format!("{}x{}", "a".repeat(1_000), "\t".repeat(100_000)));
        let (above, below) = drawn.split_once('\n').unwrap();
        assert_eq!(above.chars().nth(below.find('^').unwrap()), Some('x'));
        assert!(drawn.len() < 300);
        let turned = ScriptError { line: 1, column: 3, ..error };
        assert_eq!(turned.excerpt("\u{202e}\tx\u{1b}"), "1 | \\u202e x\\u001b\n  |        ^");
    }
}
