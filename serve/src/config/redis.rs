//! [`RedisUrl`]: where Redis or Valkey is, without its password in any log.

use std::fmt;

use thiserror::Error;

use super::secrets::masked;

/// Where Redis or Valkey is. Written out, its password is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl(String);

/// A text is not the URL of a Redis, as the end of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be redis://USER:PASSWORD@HOST:PORT/NUMBER, of which all but the host may be left out")]
pub struct BadRedisUrl;

impl RedisUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`BadRedisUrl`], which says nothing of the text, since it may have a password.
    pub fn parse(text: &str) -> Result<Self, BadRedisUrl> {
        let is_plain = text.starts_with("redis://") && !text.contains(char::is_whitespace);
        let client = redis::Client::open(text).map_err(|_| BadRedisUrl)?;
        drop(client);
        if is_plain { Ok(Self(text.to_owned())) } else { Err(BadRedisUrl) }
    }

    /// Returns the whole of it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&masked(&self.0))
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_others_refused() {
        for good in ["redis://localhost", "redis://:secret@10.0.0.1:6380/2", "redis://[::1]:6379"] {
            assert!(RedisUrl::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "localhost:6379", "http://localhost", "redis://", "redis://h/x", "redis://h h"] {
            assert_eq!(RedisUrl::parse(bad), Err(BadRedisUrl), "{bad}");
        }
    }

    #[test]
    fn a_password_is_in_no_text_of_it() {
        let url = RedisUrl::parse("redis://me:s3cret@localhost").unwrap();
        let shown = format!("{url} {url:?}");
        assert!(!shown.contains("s3cret") && shown.contains("me:"), "{shown}");
    }
}
