//! The page: what ran, who made what, and the figures.

use super::figures::dark_rules;
use super::sheet::{Sheet, put};
use super::text::{escape, readable, whole};
use super::{Report, ReportError, account, market, overview};
use crate::analysis::{AccountData, OwnerLog, RunData};
use crate::record::Table;

const STYLE: &str = include_str!("style.css");

/// How many accounts and markets have figures of their own; the tables have all.
const DRAWN_MAX: usize = 8;

/// Writes the whole page.
pub(super) fn page(data: &RunData) -> Result<Report, ReportError> {
    let mut sheet = Sheet::default();
    overview::overview(&mut sheet, data)?;
    let mut drawn = ranked(data);
    drawn.truncate(DRAWN_MAX);
    left_out(&mut sheet, drawn.len(), data.accounts.len(), "accounts");
    for account in &drawn {
        account::account(&mut sheet, data, account)?;
    }
    for listing in data.listings.iter().take(DRAWN_MAX) {
        market::market(&mut sheet, data, listing)?;
    }
    left_out(&mut sheet, DRAWN_MAX, data.listings.len(), "markets");
    other_logs(&mut sheet, data, &drawn);
    let (body, figures) = sheet.finish();
    let title = format!("{}, seed {} · Bearpit", escape(&data.manifest.scenario), data.manifest.seed);
    Ok(Report { page: wrapped(&title, &body), figures })
}

/// Puts what a page needs around its body.
pub(super) fn wrapped(title: &str, body: &str) -> String {
    let dark = dark_rules();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}\
         @media screen and (prefers-color-scheme: dark) {{\n{dark}}}\n</style>\n</head>\n<body>\n<main>\n{body}\
         </main>\n</body>\n</html>\n"
    )
}

/// Returns the accounts in the order in which one wants to see them: strategies before market makers, each in the
/// scenario's order.
pub(super) fn ranked(data: &RunData) -> Vec<&AccountData> {
    let mut ranked: Vec<&AccountData> = data.accounts.iter().collect();
    ranked.sort_by_key(|account| account.summary.kind == "market_maker");
    ranked
}

/// Says why something is absent: since a table that it needs was not recorded, or for the reason that is given.
pub(super) fn absent(data: &RunData, tables: &[Table], otherwise: &str) -> String {
    match tables.iter().find(|table| !data.manifest.has(**table)) {
        Some(table) => format!("the table <code>{}</code> was not recorded.", table.name()),
        None => otherwise.to_owned(),
    }
}

fn left_out(sheet: &mut Sheet, drawn: usize, total: usize, what: &str) {
    if drawn < total {
        let (drawn, total) = (whole(drawn as u64), whole(total as u64));
        put!(
            sheet,
            "<p class=\"none\">{drawn} of {total} {what} have figures of their own on this page; the table above has all."
        );
        put!(sheet, "The recorded tables have the rest.</p>");
    }
}

/// Writes the logs of those who have no section of their own.
fn other_logs(sheet: &mut Sheet, data: &RunData, drawn: &[&AccountData]) {
    let has_section = |log: &OwnerLog| drawn.iter().any(|account| account.summary.owner == log.owner);
    let others: Vec<&OwnerLog> = data.logs.iter().filter(|log| !has_section(log)).collect();
    if others.is_empty() {
        return;
    }
    put!(sheet, "<section><h2>Other logs</h2>");
    others.iter().take(DRAWN_MAX).for_each(|log| put_log(sheet, log));
    if others.len() > DRAWN_MAX {
        let total = whole(others.len() as u64);
        put!(
            sheet,
            "<p class=\"note\">{DRAWN_MAX} of {total} logs are shown; the table <code>log</code> has all.</p>"
        );
    }
    put!(sheet, "</section>");
}

/// Writes one log.
pub(super) fn put_log(sheet: &mut Sheet, log: &OwnerLog) {
    let shown = log.lines.len() as u64;
    put!(sheet, "<h3>Log of {}</h3>", escape(&log.owner));
    if shown < log.total {
        let (shown, total) = (whole(shown), whole(log.total));
        put!(
            sheet,
            "<p class=\"note\">The last {shown} of {total} lines; the table <code>log</code> has all.</p>"
        );
    }
    put!(sheet, "<div class=\"scroll\"><table class=\"log\"><tbody>");
    for line in &log.lines {
        let class = if line.is_error { " class=\"loss\"" } else { "" };
        let at = readable(&line.at.to_string());
        put!(sheet, "<tr><td>{at}</td><td{class}>{}</td></tr>", escape(&line.text));
    }
    put!(sheet, "</tbody></table></div>");
}
