//! Sessions of browsers: cookies, CSRF, pages of other origins.

use serde_json::{Value, json};

use super::harness::{Answer, PASSWORD, Site, access, config};

/// The cookies that an answer sets, as a browser keeps them.
struct Jar {
    cookies: Vec<(String, String)>,
}

impl Jar {
    fn of(answer: &Answer) -> Self {
        let set = answer.headers("Set-Cookie");
        let pair = |it: &&str| {
            it.split(';')
                .next()
                .and_then(|pair| pair.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        Self { cookies: set.iter().filter_map(pair).collect() }
    }

    fn value(&self, name: &str) -> &str {
        &self.cookies.iter().find(|(it, _)| it == name).unwrap_or_else(|| panic!("no {name}")).1
    }

    fn header(&self) -> String {
        let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("Cookie: {}\r\n", pairs.join("; "))
    }

    fn with_csrf(&self) -> String {
        format!("{}X-CSRF-Token: {}\r\n", self.header(), self.value("bearpit_csrf"))
    }
}

fn log_in(site: &Site, headers: &str) -> Answer {
    site.post(
        "/api/auth/login",
        headers,
        &json!({ "username": "anne", "password": PASSWORD, "cookie": true }),
    )
}

#[test]
fn cookies_have_the_tokens_and_scripts_see_the_csrf_token_only() {
    let site = Site::start();
    site.register("anne");
    let answer = log_in(&site, "");
    let body = answer.json();
    assert_eq!((answer.status, &body["token_type"]), (200, &json!("cookie")), "{}", answer.body);
    assert!(body.get("access_token").is_none() && body.get("refresh_token").is_none(), "{body}");
    let set = answer.headers("Set-Cookie");
    assert_eq!(set.len(), 3);
    for cookie in set {
        let is_csrf = cookie.starts_with("bearpit_csrf=");
        assert_eq!(cookie.contains("HttpOnly"), !is_csrf, "{cookie}");
        assert!(cookie.contains("Path=/") && !cookie.contains("Domain"), "{cookie}");
        let site = if cookie.starts_with("bearpit_access=") { "SameSite=Lax" } else { "SameSite=Strict" };
        // Plain HTTP: a browser would not send back one that is `Secure`.
        assert!(cookie.contains(site) && !cookie.contains("Secure"), "{cookie}");
    }
    let jar = Jar::of(&answer);
    assert_eq!(body["csrf_token"], jar.value("bearpit_csrf"));
    assert_eq!(site.me(&jar.header()).status, 200);
    let by_query = site.post("/login?cookie=true", "", &json!({ "username": "anne", "password": PASSWORD }));
    assert_eq!(by_query.headers("Set-Cookie").len(), 3);
}

#[test]
fn by_tls_the_cookies_are_of_this_host_alone() {
    let mut behind = config();
    behind.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    let site = Site::with(behind);
    site.register("anne");
    let answer = log_in(&site, "X-Forwarded-Proto: https\r\n");
    for cookie in answer.headers("Set-Cookie") {
        assert!(cookie.starts_with("__Host-bearpit_") && cookie.contains("; Secure"), "{cookie}");
    }
    let jar = Jar::of(&answer);
    assert_eq!(site.me(&format!("{}X-Forwarded-Proto: https\r\n", jar.header())).status, 200);
    // A name that plain HTTP could have set is none by TLS, and the other way round.
    assert_eq!(site.me(&jar.header()).status, 401);
    let plain = Jar::of(&log_in(&site, ""));
    assert_eq!(site.me(&format!("{}X-Forwarded-Proto: https\r\n", plain.header())).status, 401);
}

#[test]
fn what_changes_something_needs_the_csrf_token_of_its_session() {
    let site = Site::start();
    site.register("anne");
    let jar = Jar::of(&log_in(&site, ""));
    let other = Jar::of(&log_in(&site, ""));
    let body = json!({ "name": "bot", "scopes": ["read"] });
    let make = |headers: &str| site.post("/api/keys", headers, &body);
    let csrf = |token: &str| format!("{}X-CSRF-Token: {token}\r\n", jar.header());
    for headers in [
        jar.header(),
        csrf(""),
        csrf("x"),
        csrf(other.value("bearpit_csrf")),
        format!("{}X-CSRF-Token: {}\r\n", other.header(), jar.value("bearpit_csrf")),
    ] {
        let answer = make(&headers);
        assert_eq!((answer.status, answer.code().as_str()), (403, "csrf"), "{headers}");
    }
    assert_eq!(make(&jar.with_csrf()).status, 201);
    // Whoever shows a token in a header need not.
    let bearer = access(&site.log_in("anne").json());
    assert_eq!(make(&bearer).status, 201);
    assert_eq!(make(&format!("{}{bearer}", jar.header())).status, 201);
}

#[test]
fn cookies_count_for_pages_of_this_server_and_of_allowed_origins() {
    let mut allowing = config();
    allowing.cors_origins = vec!["https://app.example.org".parse().unwrap()];
    let site = Site::with(allowing);
    site.register("anne");
    let jar = Jar::of(&log_in(&site, ""));
    let own = format!("Origin: http://{}\r\n", site.address);
    for (origin, status) in [
        (own.as_str(), 201),
        ("Origin: https://app.example.org\r\n", 201),
        ("Origin: https://evil.example.org\r\n", 403),
        ("Origin: null\r\n", 403),
        ("Sec-Fetch-Site: cross-site\r\n", 403),
        ("Sec-Fetch-Site: same-origin\r\n", 201),
    ] {
        let body = json!({ "name": "bot", "scopes": ["read"] });
        let answer = site.post("/api/keys", &format!("{}{origin}", jar.with_csrf()), &body);
        assert_eq!(answer.status, status, "{origin}: {}", answer.body);
        // Nobody is logged in by another page either, nor is a session of theirs refreshed.
        assert_eq!(log_in(&site, origin).status, if status == 403 { 403 } else { 200 }, "{origin}");
        if status == 403 {
            let headers = format!("{}{origin}", jar.with_csrf());
            assert_eq!(site.post("/api/auth/refresh", &headers, &Value::Null).code(), "other_origin");
        }
    }
}

#[test]
fn cookies_are_refreshed_with_the_csrf_token_and_forgotten_at_the_logout() {
    let site = Site::start();
    site.register("anne");
    let first = Jar::of(&log_in(&site, ""));
    let refresh = |headers: &str| site.post("/api/auth/refresh", headers, &Value::Null);
    assert_eq!(refresh(&first.header()).code(), "csrf");
    assert_eq!(refresh("").code(), "no_credentials");
    let answer = refresh(&first.with_csrf());
    assert_eq!((answer.status, answer.text("token_type").as_str()), (200, "cookie"), "{}", answer.body);
    let second = Jar::of(&answer);
    assert_ne!(second.value("bearpit_refresh"), first.value("bearpit_refresh"));
    assert_eq!(site.me(&second.header()).status, 200);
    let out = site.post("/api/auth/logout", &second.with_csrf(), &Value::Null);
    assert_eq!(out.status, 204);
    let forgotten = out.headers("Set-Cookie");
    assert_eq!(forgotten.len(), 3);
    assert!(forgotten.iter().all(|cookie| cookie.contains("Max-Age=0")), "{forgotten:?}");
    assert_eq!(site.me(&second.header()).status, 401);
}

#[test]
fn a_login_never_goes_on_with_a_session_that_the_browser_brought() {
    let site = Site::start();
    site.register("anne");
    site.register("mallory");
    let planted =
        site.post("/login?cookie=true", "", &json!({ "username": "mallory", "password": PASSWORD }));
    let jar = Jar::of(&planted);
    let answer = log_in(&site, &jar.header());
    let fresh = Jar::of(&answer);
    assert_ne!(answer.json()["session_id"], planted.json()["session_id"]);
    for name in ["bearpit_access", "bearpit_refresh", "bearpit_csrf"] {
        assert_ne!(fresh.value(name), jar.value(name), "{name}");
    }
    assert_eq!(site.me(&fresh.header()).text("username"), "anne");
    assert_eq!(site.me(&jar.header()).text("username"), "mallory");
}

#[test]
fn browsers_are_told_which_pages_may_ask() {
    let preflight = |site: &Site, origin: &str| {
        let headers = format!(
            "Origin: {origin}\r\nAccess-Control-Request-Method: POST\r\n\
             Access-Control-Request-Headers: authorization,content-type,x-csrf-token\r\n"
        );
        site.ask("OPTIONS", "/api/keys", &headers, &Value::Null)
    };
    let mut allowing = config();
    allowing.cors_origins = vec!["https://app.example.org".parse().unwrap()];
    let site = Site::with(allowing);
    let answer = preflight(&site, "https://app.example.org");
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.headers("Access-Control-Allow-Origin"), ["https://app.example.org"]);
    assert_eq!(answer.headers("Access-Control-Allow-Credentials"), ["true"]);
    let other = preflight(&site, "https://evil.example.org");
    assert!(other.headers("Access-Control-Allow-Origin").is_empty(), "{}", other.head);

    let mut open = config();
    open.cors_origins = vec!["*".parse().unwrap()];
    let site = Site::with(open);
    let answer = preflight(&site, "https://any.example.org");
    assert_eq!(answer.headers("Access-Control-Allow-Origin"), ["*"]);
    assert!(answer.headers("Access-Control-Allow-Credentials").is_empty(), "{}", answer.head);

    let site = Site::start();
    let answer = preflight(&site, "https://app.example.org");
    assert!(answer.headers("Access-Control-Allow-Origin").is_empty(), "{}", answer.head);
}
