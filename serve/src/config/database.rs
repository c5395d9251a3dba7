//! [`DatabaseUrl`]: where a database is, without its password in any log.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

use super::secrets::masked;

/// What URLs of PostgreSQL begin with; the last is how a library of Python is told which driver to use.
const POSTGRES: [&str; 3] = ["postgres://", "postgresql://", "postgresql+psycopg2://"];

/// Where the database is. Written out, its password is not shown.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file of this machine.
    Sqlite(PathBuf),
    /// A PostgreSQL server, by its whole URL.
    Postgres(String),
}

/// A text is not the URL of a database, as the end of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadDatabaseUrl {
    /// Another scheme, or none.
    #[error("must begin with `postgres://` or `sqlite:`")]
    Scheme,
    /// A server without name or database.
    #[error("must be postgres://USER:PASSWORD@HOST/DATABASE")]
    Server,
    /// A file without a path.
    #[error("must be sqlite:PATH, with the path of a file")]
    File,
}

impl DatabaseUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`BadDatabaseUrl`], which says nothing of the text, since it may have a password.
    pub fn parse(text: &str) -> Result<Self, BadDatabaseUrl> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() { Err(BadDatabaseUrl::File) } else { Ok(Self::Sqlite(path.into())) };
        }
        let rest =
            POSTGRES.iter().find_map(|scheme| text.strip_prefix(scheme)).ok_or(BadDatabaseUrl::Scheme)?;
        let (server, database) = rest.split_once('/').ok_or(BadDatabaseUrl::Server)?;
        let host = server.rsplit_once('@').map_or(server, |(_, host)| host);
        let name = database.split('?').next().unwrap_or_default();
        let is_whole = !host.is_empty() && !name.is_empty() && !text.contains(char::is_whitespace);
        if is_whole { Ok(Self::Postgres(format!("postgres://{rest}"))) } else { Err(BadDatabaseUrl::Server) }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => f.write_str(&masked(url)),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_both_kinds_are_read_and_others_refused() {
        for good in [
            "postgres://u:p@h/d",
            "postgresql://h:5432/d?sslmode=require",
            "postgresql+psycopg2://u:p@h/d",
            "sqlite:///var/x.db",
            "sqlite:x.db",
        ] {
            assert!(DatabaseUrl::parse(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("", BadDatabaseUrl::Scheme),
            ("mysql://h/d", BadDatabaseUrl::Scheme),
            ("postgres:h/d", BadDatabaseUrl::Scheme),
            ("postgres://h", BadDatabaseUrl::Server),
            ("postgres://u:p@/d", BadDatabaseUrl::Server),
            ("postgres://h/?x=1", BadDatabaseUrl::Server),
            ("postgres://h/d e", BadDatabaseUrl::Server),
            ("sqlite:", BadDatabaseUrl::File),
        ] {
            assert_eq!(DatabaseUrl::parse(bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn a_password_is_in_no_text_of_it() {
        let url = DatabaseUrl::parse("postgres://me:s3cr@t/word@h/d").unwrap();
        let shown = format!("{url} {url:?} {:?}", Some(&url));
        assert!(!shown.contains("s3cr") && !shown.contains("word") && shown.contains("me:"), "{shown}");
    }
}
