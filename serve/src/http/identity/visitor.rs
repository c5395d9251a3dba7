//! From where a request comes, as far as proxies are trusted.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::HttpRequest;
use actix_web::http::header::USER_AGENT;

use crate::config::{IdentityConfig, Network};
use crate::services::identity::Visitor;

/// Returns from where a request comes.
pub(super) fn visitor(request: &HttpRequest, config: &IdentityConfig) -> Visitor {
    let agent = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok()).map(str::to_owned);
    Visitor { address: address(request, &config.trusted_proxies), agent }
}

/// Returns whether a request came by TLS: to this server, or to a proxy that is trusted.
pub(super) fn is_secure(request: &HttpRequest, config: &IdentityConfig) -> bool {
    let forwarded = request.headers().get("X-Forwarded-Proto").and_then(|scheme| scheme.to_str().ok());
    let is_trusted = is_of(&config.trusted_proxies, peer(request));
    request.app_config().secure() || (is_trusted && forwarded.is_some_and(|it| it.trim() == "https"))
}

/// Returns the address of the client: the last one of `X-Forwarded-For` that is no proxy of ours, if the peer
/// is one. What stands before that could be made up by anybody.
fn address(request: &HttpRequest, proxies: &[Network]) -> IpAddr {
    let peer = peer(request);
    if !is_of(proxies, peer) {
        return peer;
    }
    let forwarded = request.headers().get_all("X-Forwarded-For").filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut last = peer;
    for hop in hops.into_iter().rev() {
        let Some(address) = hop_address(hop) else { break };
        last = address;
        if !is_of(proxies, address) {
            break;
        }
    }
    last
}

/// Reads an address, which some proxies write with a port.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse::<std::net::SocketAddr>().ok().map(|it| it.ip());
    hop.parse().ok().or_else(with_port)
}

fn is_of(proxies: &[Network], address: IpAddr) -> bool {
    proxies.iter().any(|proxy| proxy.contains(address))
}

fn peer(request: &HttpRequest) -> IpAddr {
    // Absent in tests without a socket only.
    request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let proxies = ["10.0.0.0/8", "fd00::/8"].map(|it| it.parse().unwrap());
        let mut request = TestRequest::default().peer_addr(peer.parse().unwrap());
        for value in forwarded {
            request = request.append_header(("X-Forwarded-For", *value));
        }
        address(&request.to_http_request(), &proxies).to_string()
    }

    #[test]
    fn only_proxies_that_are_trusted_say_who_asks() {
        for (peer, forwarded, expected) in [
            ("9.9.9.9:1", vec!["1.2.3.4"], "9.9.9.9"),
            ("10.0.0.1:1", vec![], "10.0.0.1"),
            ("10.0.0.1:1", vec!["1.2.3.4"], "1.2.3.4"),
            ("10.0.0.1:1", vec!["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
            ("10.0.0.1:1", vec!["6.6.6.6, 1.2.3.4, 10.0.0.2"], "1.2.3.4"),
            ("10.0.0.1:1", vec!["6.6.6.6", "1.2.3.4:4711"], "1.2.3.4"),
            ("10.0.0.1:1", vec!["1.2.3.4, unknown"], "10.0.0.1"),
            ("10.0.0.1:1", vec!["10.0.0.3"], "10.0.0.3"),
            ("[fd00::1]:1", vec!["[2001:db8::1]:80"], "2001:db8::1"),
        ] {
            assert_eq!(client(peer, &forwarded), expected, "{peer} {forwarded:?}");
        }
    }
}
