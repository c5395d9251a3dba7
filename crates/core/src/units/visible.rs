//! [`visible`]: text from files and scripts as people can read it.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Returns whether a character is not seen but changes what is: control characters, which act on a terminal,
/// and those that turn the direction of text around or are of no width.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Returns a text in which [hidden](is_hidden) characters are escaped as JSON escapes them; line feeds and
/// tabs stay.
///
/// So a text that is JSON stays the same JSON.
///
/// ```
/// use bearpit_core::units::visible;
///
/// assert_eq!(visible("price\u{202e}\u{1b}[31m\n"), "price\\u202e\\u001b[31m\n");
/// assert_eq!(visible("caf\u{e9}\t\u{4ef7}"), "caf\u{e9}\t\u{4ef7}");
/// ```
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    let is_shown = |c: char| !is_hidden(c) || c == '\n' || c == '\t';
    if text.chars().all(is_shown) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_shown(c) {
            escaped.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            write!(escaped, "\\u{unit:04x}").ok();
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_is_what_is_not_seen() {
        for hidden in
            ['\u{0}', '\r', '\u{1b}', '\u{7f}', '\u{9b}', '\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}']
        {
            assert_eq!(visible(&hidden.to_string()), format!("\\u{:04x}", u32::from(hidden)));
        }
        for seen in ["a", "\u{e9}", "\u{5d0}", "\u{1f600}", "\u{200d}", "\n", "\t", "\u{a0}"] {
            assert_eq!(visible(seen), seen);
        }
        // Beyond 16 bits, JSON has two units.
        assert_eq!(visible("\u{e0041}"), "\\udb40\\udc41");
    }
}
