//! [`Diagnostics`]: what is wrong with the input, where, and what is allowed.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde_json::{Value, json};

use bearpit_core::units::visible;

/// How many errors, and how many warnings, are kept: nobody reads on.
const ITEMS_MAX: usize = 100;
/// How many characters a message has at most.
const MESSAGE_CHARS_MAX: usize = 4_000;
/// How many bytes a line has at most that is drawn.
const LINE_BYTES_MAX: usize = 4_096;

/// A text that diagnostics point into: a file, or an option of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::scenario) struct Source {
    /// The file as it was named, or the option.
    pub(in crate::scenario) name: String,
    pub(in crate::scenario) text: String,
    /// The line of the file with which the text begins, from 1.
    first_line: usize,
    /// Whether nothing could be read, so that there is no line to show.
    is_unread: bool,
}

/// Some bytes of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSpan {
    /// Index of the source, as [`Diagnostics::add_source`] returned it.
    pub source: usize,
    /// Bytes of its text.
    pub span: Range<usize>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    place: SourceSpan,
    message: String,
    help: Option<String>,
    is_warning: bool,
}

/// Whether something is wrong, or only odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// It is wrong.
    Error,
    /// It is odd, but not wrong.
    Warning,
}

impl Diagnostic {
    const fn severity(&self) -> Severity {
        if self.is_warning { Severity::Warning } else { Severity::Error }
    }
}

/// An error or a warning with its location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Located<'a> {
    /// The file as it was named, or the option of the command line.
    pub source: &'a str,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: &'a str,
}

/// Everything that is wrong with one scenario and the files it names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics {
    sources: Vec<Source>,
    items: Vec<Diagnostic>,
    /// How many more there were.
    omitted: usize,
}

impl Diagnostics {
    /// Adds a text in which things may be wrong, and returns its index; `name` is how it is shown.
    pub fn add_source(&mut self, name: impl Into<String>, text: impl Into<String>) -> usize {
        self.add_excerpt(name, text, 1)
    }

    /// Adds a file of which nothing could be read: what is said of it has no place in it.
    pub fn add_unread(&mut self, name: impl Into<String>) -> SourceSpan {
        let (name, text) = (name.into(), String::new());
        self.sources.push(Source { name, text, first_line: 1, is_unread: true });
        SourceSpan { source: self.sources.len() - 1, span: 0..0 }
    }

    /// Adds a part of a file that begins with one of its lines, so that a long file need not be copied.
    pub(in crate::scenario) fn add_excerpt(
        &mut self,
        name: impl Into<String>,
        text: impl Into<String>,
        first_line: usize,
    ) -> usize {
        self.sources.push(Source { name: name.into(), text: text.into(), first_line, is_unread: false });
        self.sources.len() - 1
    }

    /// Keeps the first of what was found at one place in the same words, but for numbers: an entry that
    /// stands for many is read many times.
    pub(in crate::scenario) fn merge_repeated(&mut self) {
        let mut seen = std::collections::BTreeSet::new();
        self.items.retain(|item| {
            let words: String = item.message.chars().filter(|it| !it.is_ascii_digit()).collect();
            let SourceSpan { source, span } = &item.place;
            seen.insert((*source, span.start, span.end, words))
        });
    }

    /// Says something else in the place of the last error that says `message`; returns whether there is one.
    pub(in crate::scenario) fn replace(
        &mut self,
        message: &str,
        place: SourceSpan,
        other: &str,
        help: String,
    ) -> bool {
        let found = self.items.iter_mut().rfind(|item| item.message == message);
        let is_found = found.is_some();
        if let Some(item) = found {
            let (message, help) = (shortened(other.to_owned()), Some(shortened(help)));
            *item = Diagnostic { place, message, help, is_warning: false };
        }
        is_found
    }

    /// Forgets all but the first few errors, and counts the others.
    pub(in crate::scenario) fn keep_first(&mut self, count: usize) {
        self.omitted += self.items.len().saturating_sub(count);
        self.items.truncate(count);
    }

    /// Forgets everything, to say one thing about a file as a whole.
    pub(in crate::scenario) fn say_only(&mut self, name: impl Into<String>, message: impl Into<String>) {
        *self = Self::default();
        let place = self.add_unread(name);
        self.push(place, message, None);
    }

    /// Returns where the first error or warning is.
    pub(in crate::scenario) fn first_place(&self) -> Option<&SourceSpan> {
        self.items.first().map(|item| &item.place)
    }

    /// Keeps the warnings only, with the sources that they point into.
    pub(in crate::scenario) fn into_warnings(mut self) -> Self {
        self.items.retain(|item| item.is_warning);
        if self.items.is_empty() {
            self.sources.clear();
        }
        self
    }

    pub(in crate::scenario) fn source(&self, index: usize) -> &Source {
        &self.sources[index]
    }

    /// Adds an error, with what may help.
    pub fn push(&mut self, place: SourceSpan, message: impl Into<String>, help: Option<String>) {
        self.add(Diagnostic { place, message: message.into(), help, is_warning: false });
    }

    fn add(&mut self, item: Diagnostic) {
        if self.items.iter().filter(|known| known.is_warning == item.is_warning).count() >= ITEMS_MAX {
            self.omitted += 1;
            return;
        }
        let Diagnostic { message, help, .. } = item;
        self.items.push(Diagnostic { message: shortened(message), help: help.map(shortened), ..item });
    }

    /// Adds a warning: something that is odd, but not wrong.
    pub fn warn(&mut self, place: SourceSpan, message: impl Into<String>, help: Option<String>) {
        self.add(Diagnostic { place, message: message.into(), help, is_warning: true });
    }

    /// Returns whether there are errors, and not only warnings.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.items.iter().any(|item| !item.is_warning)
    }

    /// Returns whether there are neither errors nor warnings.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Returns the number of errors and warnings.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.items.len()
    }

    /// Returns each error and warning with its location.
    pub fn iter(&self) -> impl Iterator<Item = Located<'_>> {
        self.items.iter().map(|item| {
            let (line, column) = self.line_and_column(&item.place);
            Located { source: &self.sources[item.place.source].name, line, column, message: &item.message }
        })
    }

    /// Draws everything with its lines of source and carets, in color if asked.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let mut drawn: Vec<String> = self.items.iter().map(|item| self.draw(&renderer, item)).collect();
        if self.omitted > 0 {
            let more = format!("there are {} more errors and warnings", self.omitted);
            drawn.push(renderer.render(&[Level::NOTE.primary_title(more).element(
                Level::HELP.message("what is wrong further on often follows from what is wrong above"),
            )]));
        }
        drawn.join("\n\n")
    }

    /// Returns everything as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        self.items.iter().map(|item| self.item_to_json(item)).collect()
    }

    /// Returns the errors, or the warnings, as JSON.
    #[must_use]
    pub fn to_json_of(&self, severity: Severity) -> Value {
        let items = self.items.iter().filter(|item| item.severity() == severity);
        items.map(|item| self.item_to_json(item)).collect()
    }

    fn item_to_json(&self, item: &Diagnostic) -> Value {
        let (line, column) = self.line_and_column(&item.place);
        json!({
            "file": self.sources[item.place.source].name,
            "line": line,
            "column": column,
            "message": item.message,
            "help": item.help,
            "severity": if item.is_warning { "warning" } else { "error" },
        })
    }

    fn draw(&self, renderer: &Renderer, item: &Diagnostic) -> String {
        let source = &self.sources[item.place.source];
        let level = if item.is_warning { Level::WARNING } else { Level::ERROR };
        let title = level.primary_title(visible(&item.message));
        let with_help = |group: Group<'_>| {
            renderer.render(&[match &item.help {
                Some(help) => group.element(Level::HELP.message(visible(help))),
                None => group,
            }])
        };
        let (line, column) = self.line_and_column(&item.place);
        let (text, start) = line_around(&source.text, item.place.span.start);
        if source.is_unread {
            return with_help(Group::with_title(title));
        }
        // There is no line to show, or nobody would read it.
        if source.text.is_empty() || text.len() > LINE_BYTES_MAX {
            let place = Origin::path(visible(&source.name)).line(line).char_column(column);
            return with_help(title.element(place));
        }
        // Whole characters within the drawn line, whatever the span is.
        let from = floor_boundary(text, item.place.span.start.saturating_sub(start));
        let until = ceil_boundary(text, item.place.span.end.saturating_sub(start)).max(from);
        // What is escaped is longer; the place moves with it.
        let moved = |at: usize| visible(&text[..at]).len();
        let snippet = Snippet::source(visible(text))
            .line_start(line)
            .path(visible(&source.name))
            .annotation(AnnotationKind::Primary.span(moved(from)..moved(until)));
        with_help(title.element(snippet))
    }

    /// Returns line and column, both from 1; columns count characters.
    fn line_and_column(&self, place: &SourceSpan) -> (usize, usize) {
        let Source { text, first_line, .. } = &self.sources[place.source];
        let at = floor_boundary(text, place.span.start);
        let before = &text[..at];
        let line_start = before.rfind('\n').map_or(0, |index| index + 1);
        (
            before.bytes().filter(|byte| *byte == b'\n').count() + first_line,
            before[line_start..].chars().count() + 1,
        )
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

/// Cuts a text that nobody would read to its end.
fn shortened(text: String) -> String {
    match text.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((at, _)) => format!("{}\u{2026}", &text[..at]),
        None => text,
    }
}

/// Returns the line in which a byte lies, and where the line starts.
///
/// Only the line is drawn, so that a diagnostic about a long file costs no more than one about a short.
fn line_around(text: &str, at: usize) -> (&str, usize) {
    let at = floor_boundary(text, at);
    let start = text[..at].rfind('\n').map_or(0, |index| index + 1);
    let end = text[at..].find('\n').map_or(text.len(), |index| at + index);
    (text[start..end].trim_end_matches('\r'), start)
}

fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|index| text.is_char_boundary(*index)).unwrap_or(0)
}

fn ceil_boundary(text: &str, at: usize) -> usize {
    (at..text.len()).find(|index| text.is_char_boundary(*index)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_in_characters() {
        let mut diagnostics = Diagnostics::default();
        let source = diagnostics.add_source("x.toml", "a = 1\nß = 22\n");
        diagnostics.push(SourceSpan { source, span: 11..13 }, "wrong", Some("help".into()));
        assert_eq!(
            diagnostics.iter().next(),
            Some(Located { source: "x.toml", line: 2, column: 5, message: "wrong" })
        );
        let drawn = diagnostics.render(false);
        assert!(
            drawn.contains("x.toml:2:5") && drawn.contains("ß = 22") && drawn.contains("help"),
            "{drawn}"
        );
    }

    #[test]
    fn what_is_not_seen_is_drawn_escaped_and_the_caret_moves_with_it() {
        let mut diagnostics = Diagnostics::default();
        let source = diagnostics.add_source("x\u{1b}.csv", "a\u{202e}b\u{1b}[31m,c\n");
        diagnostics.push(SourceSpan { source, span: 10..11 }, "no \u{2066}", Some("\u{feff}".into()));
        let drawn = diagnostics.render(false);
        assert!(drawn.starts_with("error: no \\u2066\n --> x\\u001b.csv:1:19\n"), "{drawn}");
        let caret = format!("\n  | {}^\n", " ".repeat(18));
        assert!(drawn.contains("\n1 | a\\u202eb\\u001b[31m,c\n") && drawn.contains(&caret), "{drawn}");
        assert!(drawn.ends_with("help: \\ufeff"), "{drawn}");
    }

    #[test]
    fn a_place_in_a_wide_character_is_drawn_under_all_of_it() {
        let mut diagnostics = Diagnostics::default();
        let source = diagnostics.add_source("x.rhai", "log(\u{201c}x\u{201d});");
        diagnostics.push(SourceSpan { source, span: 4..5 }, "wrong", None);
        let drawn = diagnostics.render(false);
        assert!(drawn.contains("x.rhai:1:5") && drawn.ends_with("    ^"), "{drawn}");
    }

    #[test]
    fn what_nobody_reads_is_cut() {
        let mut diagnostics = Diagnostics::default();
        let source = diagnostics.add_source("x.toml", format!("a\nb{}\n", "x".repeat(10 << 20)));
        for _ in 0..100_000 {
            diagnostics.push(SourceSpan { source, span: 3..4 }, "y".repeat(5_000), None);
        }
        let drawn = diagnostics.render(false);
        assert!(drawn.contains("\n--> x.toml:2:2\n") && !drawn.contains("xxxxx"), "{}", &drawn[..9_000]);
        assert!(drawn.contains("note: there are 99900 more errors and warnings"));
        assert_eq!((drawn.matches('y').count(), diagnostics.len()), (4_000 * 100, 100));
    }

    proptest! {
        #[test]
        fn prop_any_place_in_any_text_is_drawn(
            text in "[ax \t\r\n\u{0}\u{a0}\u{e9}\u{301}\u{200b}\u{201c}\u{feff}\u{1f600}]{0,12}",
            start in 0_usize..50,
            length in 0_usize..20,
            is_reversed in any::<bool>(),
        ) {
            let mut diagnostics = Diagnostics::default();
            let source = diagnostics.add_source("x", text.as_str());
            let end = if is_reversed { start.saturating_sub(length) } else { start + length };
            diagnostics.push(SourceSpan { source, span: start..end }, "wrong", None);
            prop_assert!(diagnostics.render(false).contains("wrong"));
            prop_assert!(diagnostics.to_json()[0]["line"].as_u64() > Some(0));
        }
    }

    #[test]
    fn a_place_beyond_the_text_is_drawn_at_its_end() {
        let mut diagnostics = Diagnostics::default();
        let source = diagnostics.add_source("x.toml", "");
        diagnostics.push(SourceSpan { source, span: 70..90 }, "wrong", None);
        assert!(diagnostics.render(false).contains("wrong"));
    }
}
