//! The page of several runs: what they are, what each account made over all of them, and the markets they had.
//!
//! `overview` sums up, `account` draws: a fan and a histogram of many seeds, lines of few runs, and the list of all.

mod account;
mod lists;
mod overview;

use super::page::wrapped;
use super::sheet::{Sheet, put};
use super::text::{escape, number, whole};
use super::{Report, ReportError};
use crate::analysis::{RunOutline, RunSet};

/// How many accounts have figures of their own; the table has all.
const DRAWN_MAX: usize = RunOutline::CURVES_MAX;

/// From so many runs on, a batch is shown by its quantiles and not run by run.
const MANY: usize = 5;

/// Writes the whole page.
pub(super) fn page(several: &RunSet) -> Result<Report, ReportError> {
    let mut sheet = Sheet::default();
    let title = title(several);
    overview::overview(&mut sheet, several, &title);
    let owners = several.owners();
    for owner in owners.iter().take(DRAWN_MAX) {
        account::account(&mut sheet, several, owner)?;
    }
    if owners.len() > DRAWN_MAX {
        let total = whole(owners.len() as u64);
        put!(
            &mut sheet,
            "<p class=\"none\">{DRAWN_MAX} of {total} accounts have figures of their own on this page, strategies first; the table above has all.</p>"
        );
    }
    lists::markets(&mut sheet, several);
    let (body, figures) = sheet.finish();
    Ok(Report { page: wrapped(&format!("{title} · Bearpit"), &body), figures })
}

/// Returns what the page is called: HTML.
fn title(several: &RunSet) -> String {
    let count = several.runs().count();
    let runs = format!("{} run{}", whole(count as u64), if count == 1 { "" } else { "s" });
    let mut names: Vec<&str> = several.batches.iter().map(|batch| batch.scenario.as_str()).collect();
    names.dedup();
    match names.as_slice() {
        [name] => format!("{}, {runs}", escape(name)),
        _ => format!("{runs} of {} scenarios", names.len()),
    }
}

/// Writes an amount with its sign, and in the colour of gains or losses: HTML.
fn gain(value: f64) -> String {
    let shown = number(value, 2);
    match shown.chars().next() {
        Some('−') => format!("<span class=\"loss\">{shown}</span>"),
        _ if value > 0.0 && shown != "0.00" => format!("<span class=\"gain\">+{shown}</span>"),
        _ => shown,
    }
}

/// Writes the head of a table of these columns, and begins its body.
fn begin_table(sheet: &mut Sheet, columns: &[&str]) {
    let heads: String = columns.iter().map(|name| format!("<th>{name}</th>")).collect();
    put!(sheet, "<div class=\"scroll\"><table><thead><tr>{heads}</tr></thead><tbody>");
}

/// Writes a row whose first cell names it.
fn row(sheet: &mut Sheet, name: &str, cells: &[String]) {
    let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
    put!(sheet, "<tr><th>{name}</th>{cells}</tr>");
}

fn end_table(sheet: &mut Sheet) {
    put!(sheet, "</tbody></table></div>");
}
