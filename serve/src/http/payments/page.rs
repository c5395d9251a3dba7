//! [`Page`]: a small page for a browser, without scripts, that fits a telephone.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};

/// How it looks.
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:24rem;margin:2rem auto;padding:0 1rem}\
    button{font:inherit;display:block;width:100%;padding:.75rem;margin:.5rem 0}\
    dt{font-weight:bold}dd{margin:0 0 .5rem;overflow-wrap:anywhere}";

/// A small page for a browser.
pub(super) struct Page {
    /// The status of the answer.
    pub(super) status: StatusCode,
    /// What is written above.
    pub(super) title: &'static str,
    /// What follows, as HTML.
    pub(super) body: String,
    /// Where its forms may lead to, besides this server.
    pub(super) leads_to: Option<String>,
}

impl Page {
    /// Answers with it. Nothing of it is kept, framed, or loaded from elsewhere.
    pub(super) fn answer(self) -> HttpResponse {
        let Self { status, title, body, leads_to } = self;
        let nonce = uuid::Uuid::new_v4().simple();
        let to =
            leads_to.as_deref().and_then(origin_of).map(|origin| format!(" {origin}")).unwrap_or_default();
        let policy = format!(
            "default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'{to}; frame-ancestors 'none'; \
             base-uri 'none'"
        );
        let html = format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
             <style nonce=\"{nonce}\">{STYLE}</style></head><body><h1>{title}</h1>{body}</body></html>"
        );
        HttpResponse::build(status)
            .content_type("text/html; charset=utf-8")
            .insert_header((header::CONTENT_SECURITY_POLICY, policy))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::REFERRER_POLICY, "no-referrer"))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .body(html)
    }
}

/// Returns the origin of an address, if it is one that can stand in a policy.
fn origin_of(url: &str) -> Option<&str> {
    let scheme = url.find("://")?;
    let end = url[scheme + 3..].find(['/', '?', '#']).map_or(url.len(), |end| scheme + 3 + end);
    let origin = &url[..end];
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]/_".contains(&byte);
    origin.bytes().all(is_fit).then_some(origin)
}

/// Returns a text as it stands in HTML.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Returns a field of a form, or of what stands behind the question mark of a path; the first, if it is
/// there more than once.
pub(super) fn field(form: &[u8], name: &str) -> Option<String> {
    let mut fields = form_urlencoded::parse(form).filter(|(field, _)| field == name);
    fields.next().map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_has_the_origin_and_nothing_that_ends_it() {
        for (url, expected) in [
            ("https://a.example:8443/x?y", Some("https://a.example:8443")),
            ("http://127.0.0.1:80", Some("http://127.0.0.1:80")),
            ("https://a; script-src *", None),
            ("none", None),
        ] {
            assert_eq!(origin_of(url), expected);
        }
        assert_eq!(escaped("<a b='\"&'>"), "&lt;a b=&#39;&quot;&amp;&#39;&gt;");
        assert_eq!(field(b"a=1&b=%3C&a=2", "a").as_deref(), Some("1"));
        assert_eq!(field(b"a=1", "c"), None);
    }
}
