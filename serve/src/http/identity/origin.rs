//! From which page a request comes.

use actix_web::HttpRequest;

use crate::config::WebOrigin;
use crate::domain::{Problem, ProblemKind};

/// Checks that a request whose cookies count comes from a page of this server or of an allowed origin, as far
/// as the browser says.
///
/// # Errors
/// That it comes from another page.
pub(in crate::http) fn check(request: &HttpRequest, allowed: &[WebOrigin]) -> Result<(), Problem> {
    let header = |name| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    let is_ours = match (header("Origin"), header("Sec-Fetch-Site")) {
        (Some(origin), _) => is_own(origin, header("Host")) || is_allowed(origin, allowed),
        (None, Some(site)) => matches!(site, "same-origin" | "none"),
        // No browser, or an old one; the CSRF token is checked all the same.
        (None, None) => true,
    };
    if is_ours {
        return Ok(());
    }
    let message = "the request comes from a page of another origin, which is not allowed";
    let problem = Problem::new(ProblemKind::Forbidden, "other_origin", message);
    Err(problem.hint("allow it by `cors_origins`, or send a token instead of cookies"))
}

/// The scheme is not compared, since a proxy may have TLS.
fn is_own(origin: &str, host: Option<&str>) -> bool {
    let own = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    own.zip(host).is_some_and(|(own, host)| own.eq_ignore_ascii_case(host))
}

fn is_allowed(origin: &str, allowed: &[WebOrigin]) -> bool {
    allowed.iter().any(|it| !it.is_any() && it.text().eq_ignore_ascii_case(origin))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn pages_of_other_origins_are_told_apart() {
        let allowed = ["https://app.example.org", "*"].map(|it| it.parse().unwrap());
        for (headers, expected) in [
            (vec![], true),
            (vec![("Origin", "https://trade.example.org")], true),
            (vec![("Origin", "http://Trade.example.org")], true),
            (vec![("Origin", "https://app.example.org"), ("Sec-Fetch-Site", "cross-site")], true),
            (vec![("Origin", "https://evil.example.org")], false),
            (vec![("Origin", "https://trade.example.org.evil.org")], false),
            (vec![("Origin", "https://trade.example.org:8443")], false),
            (vec![("Origin", "null")], false),
            (vec![("Origin", "")], false),
            (vec![("Sec-Fetch-Site", "same-origin")], true),
            (vec![("Sec-Fetch-Site", "cross-site")], false),
            (vec![("Sec-Fetch-Site", "same-site")], false),
        ] {
            let mut request = TestRequest::default().insert_header(("Host", "trade.example.org"));
            for header in headers.clone() {
                request = request.insert_header(header);
            }
            assert_eq!(check(&request.to_http_request(), &allowed).is_ok(), expected, "{headers:?}");
        }
    }
}
