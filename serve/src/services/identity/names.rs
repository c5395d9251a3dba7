//! What names, mail addresses and passwords look like.

use crate::domain::{Problem, ProblemKind, Secret};

/// A name that a person goes by: 3 to 32 letters, digits and `_`, `.`, `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username(String);

/// Names that would pass for somebody else's.
const RESERVED: [&str; 6] = ["admin", "administrator", "root", "system", "bearpit", "house"];

impl Username {
    /// Reads one that a person chose.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn chosen(text: &str) -> Result<Self, Problem> {
        let name = Self::of_operator(text)?;
        if RESERVED.contains(&name.key().as_str()) {
            return Err(refused("username_taken", "this name is taken", "username"));
        }
        Ok(name)
    }

    /// Reads one that an operator chose, to whom all are open.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn of_operator(text: &str) -> Result<Self, Problem> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if (3..=32).contains(&text.len()) && begins && text.bytes().all(allowed) {
            return Ok(Self(text.to_owned()));
        }
        let message =
            "a name has 3 to 32 letters, digits and `_`, `.`, `-`, and begins with a letter or digit";
        Err(refused("invalid_username", message, "username"))
    }

    /// Returns it as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Returns it without differences of case.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// A mail address, without differences of case. No output of `Debug` has it.
#[derive(Clone, PartialEq, Eq)]
pub struct MailAddress(String);

impl MailAddress {
    /// Reads one: a local part, `@`, and a domain with a dot.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let message = "a mail address is written like anne@example.org, with up to 254 characters";
        let wrong = || refused("invalid_mail", message, "mail");
        let (local, domain) = text.split_once('@').ok_or_else(wrong)?;
        let in_local = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte);
        let is_local = (1..=64).contains(&local.len())
            && local.bytes().all(in_local)
            && local.split('.').all(|part| !part.is_empty());
        let in_label = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let is_label = |label: &str| {
            let is_length = (1..=63).contains(&label.len());
            is_length && label.bytes().all(in_label) && !label.starts_with('-') && !label.ends_with('-')
        };
        let is_domain = domain.contains('.') && domain.split('.').all(is_label);
        if is_local && is_domain && text.len() <= 254 {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err(wrong())
    }

    /// Returns its text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for MailAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MailAddress")
    }
}

/// The lengths that a password may have, in characters.
const PASSWORD: std::ops::RangeInclusive<usize> = 10..=256;

/// Checks a password that somebody chooses.
///
/// # Errors
/// What is wrong with it.
pub fn check_password(password: &Secret, name: &str, mail: Option<&MailAddress>) -> Result<(), Problem> {
    let text = password.expose();
    if !PASSWORD.contains(&text.chars().count()) {
        return Err(refused("invalid_password", "a password has 10 to 256 characters", "password"));
    }
    let lower = text.to_lowercase();
    let is_known = lower == name.to_lowercase() || mail.is_some_and(|mail| mail.text() == lower);
    let is_one = text.chars().all(|it| text.starts_with(it));
    if is_known || is_one {
        let message = "a password must not be the name, the mail address or one character";
        return Err(refused("invalid_password", message, "password"));
    }
    Ok(())
}

/// Returns up to so many bytes of a text, none of them part of a character: of what clients say about
/// themselves.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

pub(super) fn refused(code: &'static str, message: &str, field: &'static str) -> Problem {
    Problem::new(ProblemKind::Refused, code, message).at(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_compared_without_case() {
        for text in ["abc", "Anne.B-c_1", "0ab", &"x".repeat(32)] {
            assert_eq!(Username::chosen(text).unwrap().text(), text);
        }
        assert_eq!(Username::chosen("Anne").unwrap().key(), "anne");
        for text in ["", "ab", &"x".repeat(33), "a b", "änne", "a@b", "-ab", "_ab", ".ab", "ab\0", "Admin"] {
            assert!(Username::chosen(text).is_err(), "{text}");
        }
        assert!(Username::of_operator("admin").is_ok());
    }

    #[test]
    fn mail_addresses_are_read() {
        for text in ["a@b.co", "Anne.B+x@Mail.Example.org", "o'neil@x-y.de"] {
            assert_eq!(MailAddress::parse(text).unwrap().text(), text.to_ascii_lowercase());
        }
        let long = format!("{}@b.co", "x".repeat(65));
        for text in [
            "",
            "a",
            "@b.co",
            "a@",
            "a@b",
            "a@b..co",
            "a@-b.co",
            "a@b-.co",
            "a b@c.de",
            "a@b@c.de",
            ".a@b.co",
            "a..b@c.de",
            "a@b.co\r\nBcc: x@y.z",
            "a@[1.2.3.4]",
            &long,
        ] {
            assert!(MailAddress::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(format!("{:?}", MailAddress::parse("a@b.co").unwrap()), "MailAddress");
    }

    #[test]
    fn passwords_are_long_enough_and_not_the_name() {
        let mail = MailAddress::parse("anne@example.org").unwrap();
        let check = |text: &str| check_password(&Secret::new(text.to_owned()), "Anne.Example", Some(&mail));
        assert_eq!(check("ten chars!"), Ok(()));
        assert_eq!(check(&"äb".repeat(128)), Ok(()));
        for text in ["nine char", "", "anne.example", "ANNE@example.org", "aaaaaaaaaaaaaa", &"äb".repeat(129)]
        {
            assert_eq!(check(text).unwrap_err().field.as_deref(), Some("password"), "{text}");
        }
    }

    #[test]
    fn what_is_cut_stays_text() {
        assert_eq!((cut("äb", 1), cut("äb", 2), cut("äb", 9)), ("", "ä", "äb"));
    }
}
