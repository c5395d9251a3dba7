//! [`Target`]: an address that a person has named, and that may be asked.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;
use thiserror::Error;

use super::public_address::is_public;

/// The longest address, in bytes.
const URL_MAX: usize = 2_048;
/// The first port that everybody may serve on.
const FREE_PORTS: u16 = 1_024;
/// What names end with that are nobody's on the internet.
const NEAR_NAMES: [&str; 5] = ["localhost", "local", "internal", "home.arpa", "onion"];

/// Which addresses may be asked that people have named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Those on the internet, by HTTPS.
    Public,
    /// Those of this machine and of private networks too, and by plain HTTP: for tests.
    Private,
}

/// A text is no address that may be asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadTarget {
    /// It is no address, or has parts that no such address has.
    #[error(
        "an address is written like https://hooks.example.org/bearpit, without a name, a password or `#`"
    )]
    Unreadable,
    /// It is too long.
    #[error("an address has at most {URL_MAX} bytes")]
    TooLong,
    /// It does not begin with `https://`.
    #[error("an address begins with https://")]
    NotHttps,
    /// It names a port that is not asked.
    #[error("port {0} is not asked: it must be 443, or {FREE_PORTS} or above")]
    Port(u16),
    /// It names this machine, or a network that is not public.
    #[error("`{0}` is not on the internet: an address must be one that everybody can reach")]
    Near(String),
}

/// An address that a person has named, and that may be asked: what its name leads to is checked when it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Target(Url);

impl fmt::Debug for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What stands behind the host may be a secret.
        write!(formatter, "Target({})", self.origin())
    }
}

impl Target {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with it, and what is allowed.
    pub fn parse(text: &str, reach: Reach) -> Result<Self, BadTarget> {
        if text.len() > URL_MAX {
            return Err(BadTarget::TooLong);
        }
        if text.trim() != text || text.chars().any(char::is_control) {
            return Err(BadTarget::Unreadable);
        }
        let url = Url::parse(text).map_err(|_| BadTarget::Unreadable)?;
        match (url.scheme(), reach) {
            ("https", _) | ("http", Reach::Private) => {}
            _ => return Err(BadTarget::NotHttps),
        }
        let has_more = !url.username().is_empty() || url.password().is_some() || url.fragment().is_some();
        let host =
            url.host_str().filter(|host| !host.is_empty() && !has_more).ok_or(BadTarget::Unreadable)?;
        let port = url.port_or_known_default().unwrap_or_default();
        if port != 443 && port < FREE_PORTS && !(reach == Reach::Private && port == 80) {
            return Err(BadTarget::Port(port));
        }
        if reach == Reach::Public && is_near(host) {
            return Err(BadTarget::Near(host.to_owned()));
        }
        Ok(Self(url))
    }

    /// Returns its text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.as_str()
    }

    /// Returns scheme, host and port, as `https://hooks.example.org`; a port that goes without saying is not
    /// said.
    #[must_use]
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    pub(super) const fn url(&self) -> &Url {
        &self.0
    }
}

/// Returns whether a host is an address that is not public, or a name that is nobody's on the internet.
fn is_near(host: &str) -> bool {
    // Of the forms that an address of IPv4 has, such as 0x7f.1, one is left by now.
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = literal.parse::<IpAddr>() {
        return !is_public(address);
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let is_below =
        |near: &&str| name.strip_suffix(*near).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    name.is_empty() || NEAR_NAMES.iter().any(is_below)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> Result<String, BadTarget> {
        Target::parse(text, Reach::Public).map(|target| target.origin())
    }

    #[test]
    fn an_address_on_the_internet_is_taken() {
        for (text, origin) in [
            ("https://hooks.example.org/bearpit?x=1", "https://hooks.example.org"),
            ("https://hooks.example.org:443", "https://hooks.example.org"),
            ("https://hooks.example.org:8443/a", "https://hooks.example.org:8443"),
            ("https://8.8.8.8:1024/", "https://8.8.8.8:1024"),
            ("https://[2606:4700:4700::1111]/", "https://[2606:4700:4700::1111]"),
            ("HTTPS://Notlocalhost.Example/", "https://notlocalhost.example"),
        ] {
            assert_eq!(public(text).as_deref(), Ok(origin), "{text}");
        }
    }

    #[test]
    fn an_address_near_this_machine_is_refused_however_it_is_written() {
        for text in [
            "https://localhost/",
            "https://LOCALHOST./",
            "https://a.localhost/",
            "https://printer.local/",
            "https://metadata.google.internal/",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://017700000001/",
            "https://0/",
            "https://10.0.0.1:8443/",
            "https://169.254.169.254/latest/meta-data",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://[fd00::1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://\u{ff11}27.0.0.1/",
        ] {
            assert!(matches!(public(text), Err(BadTarget::Near(_))), "{text}: {:?}", public(text));
        }
    }

    #[test]
    fn what_is_no_such_address_is_refused_and_says_why() {
        for (text, expected) in [
            ("", BadTarget::Unreadable),
            ("hooks.example.org", BadTarget::Unreadable),
            (" https://hooks.example.org", BadTarget::Unreadable),
            ("https://hooks.example\n.org", BadTarget::Unreadable),
            ("https://anne@hooks.example.org/", BadTarget::Unreadable),
            ("https://:x@hooks.example.org/", BadTarget::Unreadable),
            ("https://hooks.example.org/#a", BadTarget::Unreadable),
            ("https://", BadTarget::Unreadable),
            ("http://hooks.example.org/", BadTarget::NotHttps),
            ("ftp://hooks.example.org/", BadTarget::NotHttps),
            ("file:///etc/passwd", BadTarget::NotHttps),
            ("javascript:alert(1)", BadTarget::NotHttps),
            ("https://hooks.example.org:22/", BadTarget::Port(22)),
            ("https://hooks.example.org:0/", BadTarget::Port(0)),
            ("https://hooks.example.org:80/", BadTarget::Port(80)),
        ] {
            assert_eq!(public(text), Err(expected), "{text}");
        }
        assert_eq!(public(&format!("https://a.example/{}", "x".repeat(URL_MAX))), Err(BadTarget::TooLong));
    }

    #[test]
    fn private_networks_are_reached_where_that_is_allowed() {
        for text in ["http://127.0.0.1:8080/", "http://localhost/", "https://[::1]:8443/", "http://10.0.0.1/"]
        {
            assert!(Target::parse(text, Reach::Private).is_ok(), "{text}");
        }
        assert_eq!(Target::parse("http://127.0.0.1:25/", Reach::Private), Err(BadTarget::Port(25)));
        assert_eq!(Target::parse("ftp://127.0.0.1/", Reach::Private), Err(BadTarget::NotHttps));
    }

    #[test]
    fn what_stands_behind_the_host_is_in_no_debug_output() {
        let target = Target::parse("https://push.example/secret", Reach::Public).unwrap();
        assert_eq!(format!("{target:?}"), "Target(https://push.example)");
    }
}
