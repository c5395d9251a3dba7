//! Passwords in texts that people will see.

use std::borrow::Cow;
use std::ops::Range;

/// Returns a text with the passwords of its URLs (`scheme://user:PASSWORD@host`, `?password=PASSWORD`)
/// replaced by as many bytes of `*`, so that places in it stay what they are.
///
/// A password ends with the last `@` of its word: one that has `@` or `/` in it, though they should be
/// written as `%40` and `%2F`, is hidden as a whole all the same.
pub(super) fn masked(text: &str) -> Cow<'_, str> {
    let hidden: Vec<Range<usize>> = in_logins(text).chain(in_queries(text)).collect();
    if hidden.is_empty() {
        return Cow::Borrowed(text);
    }
    let is_hidden = |at: usize| hidden.iter().any(|range| range.contains(&at));
    let mut shown = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        if is_hidden(at) {
            shown.extend(std::iter::repeat_n('*', character.len_utf8()));
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Returns the rest of a word of a text: up to white space or a quote.
fn word_from(text: &str, at: usize) -> &str {
    let word = &text[at..];
    let end = word.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
    &word[..end.unwrap_or(word.len())]
}

fn in_logins(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices("://").filter_map(move |(at, scheme_end)| {
        let from = at + scheme_end.len();
        let (login, _) = word_from(text, from).rsplit_once('@')?;
        let (user, password) = login.split_once(':')?;
        let start = from + user.len() + 1;
        Some(start..start + password.len())
    })
}

fn in_queries(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices("password=").map(move |(at, key)| {
        let start = at + key.len();
        let value = word_from(text, start);
        start..start + value.find('&').unwrap_or(value.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_urls_are_hidden_and_nothing_else() {
        for (text, expected) in [
            ("a = 1", "a = 1"),
            ("see https://x.org/a:b", "see https://x.org/a:b"),
            ("d = \"postgres://u:pä@h/d\" # x", "d = \"postgres://u:***@h/d\" # x"),
            ("p://u:a@b@h q://v:c@h", "p://u:***@h q://v:*@h"),
            ("p://u:x://y:z@h", "p://u:*******@h"),
            ("p://u@h/a:b", "p://u@h/a:b"),
            ("p://h/d?password=abc&x=1", "p://h/d?password=***&x=1"),
            ("p://h/d?x=1&password=abc\" y", "p://h/d?x=1&password=***\" y"),
        ] {
            assert_eq!(masked(text), expected);
            assert_eq!(masked(text).len(), text.len());
        }
    }
}
