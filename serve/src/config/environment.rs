//! Environment variables, and files of them (`.env`).

use std::ops::Range;

use super::settings::is_ours;

/// A variable as the process has it; its value is no text where it is not UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value, if that is UTF-8.
    pub value: Option<String>,
}

/// An assignment in a file of variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Assignment {
    /// Its name.
    pub(super) name: String,
    /// Where the name stands.
    pub(super) name_place: Range<usize>,
    /// Its value, without quotes.
    pub(super) value: String,
    /// Where the value stands, with its quotes.
    pub(super) value_place: Range<usize>,
}

/// A line that is to be an assignment of ours, and is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadLine {
    /// Where it stands.
    pub(super) place: Range<usize>,
    /// What is wrong.
    pub(super) message: &'static str,
}

/// Reads the assignments of our variables: `NAME=VALUE` a line, `export` may stand before it, the value may
/// be in quotes, `#` begins a comment. Lines about other programs' variables are passed over, whatever they
/// are.
pub(super) fn assignments(text: &str) -> (Vec<Assignment>, Vec<BadLine>) {
    let (mut found, mut bad) = (Vec::new(), Vec::new());
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let at = start;
        start += line.len();
        let content = line.trim_start().strip_prefix("export ").unwrap_or(line).trim_start();
        if !is_ours(content.split('=').next().unwrap_or_default().trim()) {
            continue;
        }
        let content_at = at + line.len() - content.len();
        match assignment(content.trim_end(), content_at) {
            Ok(assignment) => found.push(assignment),
            Err(message) => {
                bad.push(BadLine { place: content_at..content_at + content.trim_end().len(), message });
            }
        }
    }
    (found, bad)
}

fn assignment(line: &str, at: usize) -> Result<Assignment, &'static str> {
    let (name, rest) = line.split_once('=').ok_or("the line is no assignment: write NAME=VALUE")?;
    let name_end = name.trim_end().len();
    let written = rest.trim_start();
    let value_at = at + line.len() - written.len();
    let (value, length) = match written.chars().next() {
        Some(quote @ ('"' | '\'')) => quoted(written, quote)?,
        _ => {
            let end = written.find(" #").unwrap_or(written.len());
            let value = written[..end].trim_end();
            (value.to_owned(), value.len())
        }
    };
    Ok(Assignment {
        name: name.trim_end().to_owned(),
        name_place: at..at + name_end,
        value,
        value_place: value_at..value_at + length,
    })
}

/// Reads a text in quotes at the beginning of `written`; returns it, and how many bytes it takes with them.
/// In double quotes a backslash stands before a quote, a backslash or `n`; single quotes know nothing
/// special.
fn quoted(written: &str, quote: char) -> Result<(String, usize), &'static str> {
    let mut value = String::new();
    let mut characters = written.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        if character == quote {
            let rest = written[at + 1..].trim_start();
            let is_end = rest.is_empty() || rest.starts_with('#');
            return if is_end { Ok((value, at + 1)) } else { Err("something stands behind the quote") };
        }
        if character != '\\' || quote == '\'' {
            value.push(character);
            continue;
        }
        match characters.next() {
            Some((_, escaped @ ('"' | '\\' | '$'))) => value.push(escaped),
            Some((_, 'n')) => value.push('\n'),
            _ => return Err("behind a backslash must stand `\"`, `\\`, `$` or `n`"),
        }
    }
    Err("the quote is not closed")
}

/// Returns whether a variable is one that Kubernetes sets in each container for a service that is called
/// `bearpit`: those say nothing about us.
pub(super) fn is_of_service(name: &str) -> bool {
    let ends = ["_SERVICE_HOST", "_PORT"];
    ends.iter().any(|end| name.ends_with(end))
        || ["_SERVICE_PORT", "_TCP", "_UDP"].iter().any(|part| name.contains(part))
        || name == "BEARPIT_PORT"
}

/// What the names of variables begin with that PostgreSQL's containers and their applications share.
pub(super) const POSTGRES_PREFIX: &str = "POSTGRES_";

/// Returns the URL of the database that `POSTGRES_USER`, `POSTGRES_PASSWORD`, `POSTGRES_DB`, `POSTGRES_HOST`
/// and `POSTGRES_PORT` name: the first and the third are needed, the host is this machine otherwise.
pub(super) fn postgres_url(environment: &[Variable]) -> Option<String> {
    let of = |part: &str| {
        let name = format!("{POSTGRES_PREFIX}{part}");
        let found = environment.iter().find(|it| it.name == name)?.value.as_deref()?;
        (!found.is_empty()).then(|| percent_encoded(found))
    };
    let (user, database) = (of("USER")?, of("DB")?);
    let password = of("PASSWORD").map(|it| format!(":{it}")).unwrap_or_default();
    let host = of("HOST").unwrap_or_else(|| "localhost".to_owned());
    let port = of("PORT").map(|it| format!(":{it}")).unwrap_or_default();
    Some(format!("postgres://{user}{password}@{host}{port}/{database}"))
}

/// Writes a part of a URL: a password may have any character.
fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let written = |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(written).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<(String, String)> {
        let (found, bad) = assignments(text);
        assert_eq!(bad, []);
        for it in &found {
            assert_eq!(&text[it.name_place.clone()], it.name);
            assert!(
                text[it.value_place.clone()].contains(it.value.split('\n').next().unwrap())
                    || it.value.contains('"')
            );
        }
        found.into_iter().map(|it| (it.name, it.value)).collect()
    }

    #[test]
    fn lines_are_read_as_shells_read_them() {
        let text = "# c\n\nBEARPIT_A=1\r\nexport BEARPIT_B = two words # c\nBEARPIT_C='x # $y'\n\
                    BEARPIT_D=\"q\\\"r\\n\" # c\nBEARPIT_E=\nOTHER=\"not closed\n  BEARPIT_F=a#b\n";
        let expected =
            [("A", "1"), ("B", "two words"), ("C", "x # $y"), ("D", "q\"r\n"), ("E", ""), ("F", "a#b")];
        let expected = expected.map(|(name, value)| (format!("BEARPIT_{name}"), value.to_owned()));
        assert_eq!(values(text), expected);
    }

    #[test]
    fn a_line_of_ours_that_cannot_be_read_is_said_with_its_place() {
        for (line, message) in [
            ("BEARPIT_A", "no assignment"),
            ("BEARPIT_A=\"x", "not closed"),
            ("BEARPIT_A=\"x\" y", "behind the quote"),
            ("BEARPIT_A=\"\\t\"", "backslash"),
        ] {
            let text = format!("X=1\n  {line}\n");
            let (found, bad) = assignments(&text);
            assert!(found.is_empty() && bad[0].message.contains(message), "{line}: {bad:?}");
            assert_eq!(&text[bad[0].place.clone()], line);
        }
    }

    #[test]
    fn the_variables_of_postgresql_name_a_database() {
        let variables = |given: &[(&str, &str)]| {
            let variable = |(name, value): &(&str, &str)| Variable {
                name: (*name).into(),
                value: Some((*value).into()),
            };
            postgres_url(&given.iter().map(variable).collect::<Vec<_>>())
        };
        let (user, database) = (("POSTGRES_USER", "bear"), ("POSTGRES_DB", "pit"));
        assert_eq!(variables(&[user, database]).as_deref(), Some("postgres://bear@localhost/pit"));
        let more = [user, ("POSTGRES_PASSWORD", "p@/:x"), database, ("POSTGRES_HOST", "db")];
        assert_eq!(variables(&more).as_deref(), Some("postgres://bear:p%40%2F%3Ax@db/pit"));
        let port = [user, database, ("POSTGRES_HOST", "db"), ("POSTGRES_PORT", "5433")];
        assert_eq!(variables(&port).as_deref(), Some("postgres://bear@db:5433/pit"));
        assert_eq!(variables(&[user, ("POSTGRES_DB", "")]), None);
    }

    #[test]
    fn variables_of_a_service_in_a_cluster_are_known() {
        for name in [
            "BEARPIT_SERVICE_HOST",
            "BEARPIT_PORT",
            "BEARPIT_PORT_8080_TCP_ADDR",
            "BEARPIT_SERVICE_PORT_HTTP",
        ] {
            assert!(is_of_service(name), "{name}");
        }
        assert!(!is_of_service("BEARPIT_LISTEN"));
    }
}
