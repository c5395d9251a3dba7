//! The HTML document around the body of a report.

use crate::report::figures::dark_rules;

const STYLE: &str = include_str!("style.css");
/// Values at the pointer and longer tables in pages; the page reads without it.
const SCRIPT: &str = include_str!("page.js");

/// Wraps the body of a page in an HTML document with its style sheet and script; `title` is HTML.
pub(crate) fn html_document(title: &str, body: &str) -> String {
    let dark = dark_rules();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}\
         @media screen and (prefers-color-scheme: dark) {{\n{dark}}}\n</style>\n</head>\n<body>\n<main>\n{body}\
         </main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n"
    )
}
