//! [`Template`]: what a letter says, with places for values.

use crate::domain::Language;

/// A text in English and in Spanish.
pub(super) type Phrase = [&'static str; 2];

/// The values of a letter, by the names of their places.
pub(super) type Values<'a> = &'a [(&'a str, String)];

/// What a letter says: a place for a value is written `{name}`.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) subject: Phrase,
    pub(super) paragraphs: &'static [Phrase],
}

/// A part of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Paragraph {
    /// A sentence or some.
    Plain(String),
    /// What is copied: a code.
    Code(String),
    /// One line for each thing that happened.
    Lines(Vec<String>),
}

/// What makes a paragraph a code.
const CODE: &str = "{code}";
/// What makes a paragraph a list.
const LINES: &str = "{lines}";
/// The longest value, in letters: what a strategy says may be long.
const VALUE_CHARS: usize = 400;

impl Template {
    /// Returns what it is about: on one line, since it becomes a header.
    pub(super) fn subject(&self, language: Language, values: Values<'_>) -> String {
        fill(in_language(&self.subject, language), values)
    }

    /// Returns what it says.
    pub(super) fn paragraphs(&self, language: Language, values: Values<'_>) -> Vec<Paragraph> {
        let value = |name: &str| values.iter().find(|(it, _)| *it == name).map(|(_, value)| value.as_str());
        let paragraph = |phrase: &Phrase| match in_language(phrase, language) {
            CODE => Paragraph::Code(clean(value("code").unwrap_or_default())),
            LINES => Paragraph::Lines(value("lines").unwrap_or_default().lines().map(clean).collect()),
            text => Paragraph::Plain(fill(text, values)),
        };
        self.paragraphs.iter().map(paragraph).collect()
    }
}

/// Returns the text of a language.
pub(super) const fn in_language(phrase: &Phrase, language: Language) -> &'static str {
    match language {
        Language::En => phrase[0],
        Language::Es => phrase[1],
    }
}

/// Puts values into their places. A value that looks like a place stays as it is.
pub(super) fn fill(text: &str, values: Values<'_>) -> String {
    let mut filled = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        let value = values.iter().find(|(it, _)| *it == name);
        filled.push_str(&value.map_or_else(|| format!("{{{name}}}"), |(_, value)| clean(value)));
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

/// Returns a value on one line and not too long: what others have written cannot look like a letter's own
/// lines.
fn clean(value: &str) -> String {
    let letters = value.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    let mut text: String = letters.clone().take(VALUE_CHARS).collect();
    if letters.count() > VALUE_CHARS {
        text.push_str("...");
    }
    text
}
