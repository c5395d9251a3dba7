//! What a program says that it is, in a few words.
//!
//! A handful of names is enough to know one's own devices again. Libraries that know thousands are not kept
//! up any longer, or need a list of patterns at run time.

/// What stands in the text of a browser, and its name; the first that is found counts, since each claims to
/// be those behind it.
const BROWSERS: [(&str, &str); 11] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("HeadlessChrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
/// The same of systems.
const SYSTEMS: [(&str, &str); 8] = [
    ("Windows", "Windows"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
    ("X11", "Unix"),
];
/// The longest name of another program.
const NAME_CHARS: usize = 32;

/// Returns what a program is by its `User-Agent`: `Firefox on Linux`, or of other programs the name, as
/// `curl`.
pub(super) fn device(agent: &str) -> Option<String> {
    let named = |names: &[(&str, &'static str)]| {
        names.iter().find(|(part, _)| agent.contains(part)).map(|(_, name)| *name)
    };
    if agent.starts_with("Mozilla/") {
        return Some(match (named(&BROWSERS).unwrap_or("a browser"), named(&SYSTEMS)) {
            (browser, Some(system)) => format!("{browser} on {system}"),
            (browser, None) => browser.to_owned(),
        });
    }
    let name = agent.split(['/', ' ', '(']).next().unwrap_or_default();
    (!name.is_empty()).then(|| name.chars().take(NAME_CHARS).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_named_in_a_few_words() {
        let webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";
        for (agent, expected) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned(), "Firefox on Linux"),
            (format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {webkit} Chrome/141.0.0.0 Safari/537.36"), "Chrome on Windows"),
            (format!("Mozilla/5.0 (Windows NT 10.0) {webkit} Chrome/141.0.0.0 Safari/537.36 Edg/141.0"), "Edge on Windows"),
            (format!("Mozilla/5.0 (Linux; Android 10; K) {webkit} Chrome/141.0.0.0 Mobile Safari/537.36"), "Chrome on Android"),
            (format!("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {webkit} Chrome/141.0 Safari/537.36"), "Chrome on ChromeOS"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15".to_owned(), "Safari on macOS"),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/141.0 Mobile/15E148 Safari/604.1".to_owned(), "Chrome on iOS"),
            ("Mozilla/5.0 (compatible)".to_owned(), "a browser"),
            ("curl/8.5.0".to_owned(), "curl"),
            ("python-requests/2.32.3".to_owned(), "python-requests"),
            ("APCA-PY/0.44.0 (x)".to_owned(), "APCA-PY"),
            ("x".repeat(300), "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
        ] {
            assert_eq!(device(&agent).as_deref(), Some(expected), "{agent}");
        }
        assert_eq!((device(""), device("/1.0")), (None, None));
    }
}
