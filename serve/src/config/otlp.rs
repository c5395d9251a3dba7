//! [`OtlpEndpoint`]: where spans are sent to.

use std::str::FromStr;

use thiserror::Error;

/// A collector of OpenTelemetry that takes OTLP over HTTP, such as `http://127.0.0.1:4318`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtlpEndpoint {
    /// Its host.
    pub host: String,
    /// Its port: 4318, if none is said.
    pub port: u16,
    /// What its paths begin with, without a slash at the end.
    pub base: String,
}

/// A text that names no collector.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be the address of a collector that takes OTLP over plain HTTP, such as http://127.0.0.1:4318")]
pub struct BadOtlpEndpoint;

/// The port of collectors that take OTLP over HTTP.
const PORT: u16 = 4318;

impl OtlpEndpoint {
    /// Returns where traces are sent to.
    #[must_use]
    pub fn traces(&self) -> String {
        let Self { host, port, base } = self;
        format!("http://{host}:{port}{base}/v1/traces")
    }
}

impl FromStr for OtlpEndpoint {
    type Err = BadOtlpEndpoint;

    fn from_str(text: &str) -> Result<Self, BadOtlpEndpoint> {
        let rest = text.strip_prefix("http://").ok_or(BadOtlpEndpoint)?;
        let (authority, base) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        let (host, port) = match authority.rsplit_once(':') {
            // The colons of an address of IPv6 stand within brackets.
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| BadOtlpEndpoint)?),
            _ => (authority, PORT),
        };
        let is_fit = |byte: u8| byte.is_ascii_graphic() && !b"@?#".contains(&byte);
        if host.is_empty() || !authority.bytes().chain(base.bytes()).all(is_fit) {
            return Err(BadOtlpEndpoint);
        }
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { host: host.to_owned(), port, base })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_named_by_host_port_and_path() {
        for (text, traces) in [
            ("http://127.0.0.1", "http://127.0.0.1:4318/v1/traces"),
            ("http://collector:80/", "http://collector:80/v1/traces"),
            ("http://[::1]:9/a/b/", "http://[::1]:9/a/b/v1/traces"),
            ("http://[::1]", "http://[::1]:4318/v1/traces"),
        ] {
            assert_eq!(text.parse::<OtlpEndpoint>().unwrap().traces(), traces);
        }
        for text in [
            "",
            "collector:4318",
            "https://collector",
            "http://",
            "http://:1",
            "http://a:x",
            "http://u@a",
            "http://a b",
        ] {
            assert_eq!(text.parse::<OtlpEndpoint>(), Err(BadOtlpEndpoint), "{text}");
        }
    }
}
