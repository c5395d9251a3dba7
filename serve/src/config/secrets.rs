//! Passwords in texts that people will see.

use std::borrow::Cow;
use std::ops::Range;

use super::settings::{SETTINGS, name_of};
use super::values::Kind;

/// Returns a text with the passwords of its URLs (`scheme://user:PASSWORD@host`, `?password=PASSWORD`) and
/// what is assigned to a secret (`jwt_secret = SECRET`, `JWT_SECRET=SECRET`, `--jwt-secret SECRET`) replaced
/// by as many bytes of `*`, so that places in it stay what they are.
///
/// A password ends with the last `@` of its word: one that has `@` or `/` in it, though they should be
/// written as `%40` and `%2F`, is hidden as a whole all the same.
pub(super) fn masked(text: &str) -> Cow<'_, str> {
    hide(text, &in_logins(text).chain(in_queries(text)).chain(in_secrets(text)).collect::<Vec<_>>())
}

/// Returns a text with parts of it replaced by as many bytes of `*`, but for the ends of lines.
pub(super) fn hide<'a>(text: &'a str, hidden: &[Range<usize>]) -> Cow<'a, str> {
    if hidden.is_empty() {
        return Cow::Borrowed(text);
    }
    let is_hidden = |at: usize| hidden.iter().any(|range| range.contains(&at));
    let mut shown = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        if is_hidden(at) && character != '\n' {
            shown.extend(std::iter::repeat_n('*', character.len_utf8()));
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Returns the names of settings that are secret as a whole, each without its table, in lower case, and the
/// one of each provider of identity.
fn secret_names() -> impl Iterator<Item = String> {
    let secrets = SETTINGS.iter().filter(|it| it.kind == Kind::Secret);
    let names = secrets.flat_map(|it| [Some(name_of(it)), it.other_variable]);
    names.flatten().chain([CLIENT_SECRET]).map(str::to_ascii_lowercase)
}

/// What the names of secrets of clients at other providers of identity end in.
const CLIENT_SECRET: &str = "client_secret";

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

/// A secret that is assigned ends with its line, or with the quotes that go over several.
fn in_secrets(text: &str) -> impl Iterator<Item = Range<usize>> {
    let lower = text.to_ascii_lowercase().replace('-', "_");
    let ends_of =
        |name: String| -> Vec<usize> { lower.match_indices(&name).map(|(at, _)| at + name.len()).collect() };
    let places: Vec<usize> = secret_names().flat_map(ends_of).collect();
    places.into_iter().filter_map(move |from| {
        let rest = &text[from..];
        let value = rest.trim_start_matches(['"', '\'']).trim_start_matches([' ', '\t']);
        let value =
            value.strip_prefix('=').or_else(|| rest.strip_prefix(' '))?.trim_start_matches([' ', '\t']);
        let start = text.len() - value.len();
        let quotes = ["\"\"\"", "'''"].into_iter().find(|quotes| value.starts_with(quotes));
        let length = match quotes {
            Some(quotes) => value[3..].find(quotes).map_or(value.len(), |end| end + 3),
            None => value.find('\n').unwrap_or(value.len()),
        };
        // Quotes stay, so that what is read has the same places.
        let value = &value[..length];
        let inner = value.trim_end().trim_matches(['"', '\'']);
        let before = value.len() - value.trim_start_matches(['"', '\'']).len();
        Some(start + before..start + before + inner.len())
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
            ("jwt_secret = \"a b\"\nx = 1", "jwt_secret = \"***\"\nx = 1"),
            ("jwt_secret = \"\"\"a\nb\"\"\"\nx = 1", "jwt_secret = \"\"\"*\n*\"\"\"\nx = 1"),
            ("jwt_secret = \"ab", "jwt_secret = \"**"),
            ("JWT_SECRET=ab c\nX=1", "JWT_SECRET=****\nX=1"),
            ("BEARPIT_JWT_SECRET=ab", "BEARPIT_JWT_SECRET=**"),
            ("BEARPIT_OIDC_X_CLIENT_SECRET=ab", "BEARPIT_OIDC_X_CLIENT_SECRET=**"),
            ("client_secret = \"ab\"\nx = 1", "client_secret = \"**\"\nx = 1"),
            ("client_secret_file = \"ab\"", "client_secret_file = \"ab\""),
            ("FIREBASE_CREDENTIALS='{\"a\": 1}'", "FIREBASE_CREDENTIALS='********'"),
            ("--jwt-secret ab", "--jwt-secret **"),
            ("[mail]\nsmtp_password = \"ab\"", "[mail]\nsmtp_password = \"**\""),
            ("BEARPIT_MAIL_SENDGRID_KEY=ab", "BEARPIT_MAIL_SENDGRID_KEY=**"),
            ("SENDGRID_API_KEY=ab", "SENDGRID_API_KEY=**"),
            ("jwt_secret_file = \"ab\"", "jwt_secret_file = \"ab\""),
            ("api_key = 'ab'\napi_key_file = 'x'", "api_key = '**'\napi_key_file = 'x'"),
            ("BEARPIT_PAYMENTS_API_KEY=ab", "BEARPIT_PAYMENTS_API_KEY=**"),
            ("p://h/d?password=abc&x=1", "p://h/d?password=***&x=1"),
            ("p://h/d?x=1&password=abc\" y", "p://h/d?x=1&password=***\" y"),
        ] {
            assert_eq!(masked(text), expected);
            assert_eq!(masked(text).len(), text.len());
        }
    }
}
