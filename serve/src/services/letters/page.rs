//! What a letter looks like: as text, and as a page.

use std::fmt::Write;

use super::template::Paragraph;
use crate::domain::Language;

/// How long a line of text is at most, if its words are not longer: lines are sent as they are.
const LINE_CHARS: usize = 72;

/// Returns a letter as text.
pub(super) fn text(paragraphs: &[Paragraph]) -> String {
    let mut text = String::new();
    for paragraph in paragraphs {
        if !text.is_empty() {
            text.push('\n');
        }
        match paragraph {
            Paragraph::Plain(plain) => plain.lines().for_each(|line| wrap(line, &mut text)),
            Paragraph::Code(code) => {
                text.push_str(code);
                text.push('\n');
            }
            Paragraph::Lines(lines) => lines.iter().for_each(|line| wrap(&format!("- {line}"), &mut text)),
        }
    }
    text
}

fn wrap(plain: &str, text: &mut String) {
    let mut length = 0;
    for word in plain.split_whitespace() {
        let chars = word.chars().count();
        if length > 0 && length + 1 + chars > LINE_CHARS {
            text.push('\n');
            length = 0;
        } else if length > 0 {
            text.push(' ');
            length += 1;
        }
        text.push_str(word);
        length += chars;
    }
    text.push('\n');
}

/// Returns a letter as a page that needs nothing from elsewhere.
pub(super) fn html(language: Language, subject: &str, paragraphs: &[Paragraph]) -> String {
    let word = match language {
        Language::En => "en",
        Language::Es => "es",
    };
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"{word}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n</head>\n\
         <body style=\"margin:0;padding:16px;background:#ffffff;color:#1a1a1a;\
         font:16px/1.5 sans-serif\">\n\
         <div style=\"max-width:560px;margin:0 auto;overflow-wrap:anywhere\">\n",
        escaped(subject)
    );
    for paragraph in paragraphs {
        // A text takes whatever is written to it.
        match paragraph {
            Paragraph::Plain(plain) => writeln!(page, "<p>{}</p>", escaped(plain)),
            Paragraph::Code(code) => writeln!(
                page,
                "<p style=\"font:bold 24px/1.5 monospace;letter-spacing:2px\">{}</p>",
                escaped(code)
            ),
            Paragraph::Lines(lines) => {
                let items: String =
                    lines.iter().map(|line| format!("<li>{}</li>\n", escaped(line))).collect();
                writeln!(page, "<ul style=\"padding-left:20px\">\n{items}</ul>")
            }
        }
        .unwrap_or_default();
    }
    page.push_str("</div>\n</body>\n</html>\n");
    page
}

/// Returns a text as a page shows it: none of it is taken for a tag.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
