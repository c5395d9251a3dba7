//! The page of a run set: the runs, the results of each account over all of them, and the markets.
//!
//! `overview` summarizes; `account` draws a fan chart and histograms of many seeds, or lines of a few runs,
//! and lists all runs.

use super::{account, overview, tables};
use crate::analysis::{RunOutline, RunSet};
use crate::report::page::{PageBuilder, Report, ReportError, html_document, put};
use crate::report::text::{count_text, escape};

/// How many accounts have a section of their own; the table lists all.
const DRAWN_MAX: usize = RunOutline::CURVES_MAX;

/// Builds the page.
pub(in crate::report) fn page(several: &RunSet) -> Result<Report, ReportError> {
    let mut page = PageBuilder::default();
    let title = title(several);
    overview::overview(&mut page, several, &title);
    let owners = several.owners();
    for owner in owners.iter().take(DRAWN_MAX) {
        account::account(&mut page, several, owner)?;
    }
    if owners.len() > DRAWN_MAX {
        let total = count_text(owners.len() as u64);
        put!(
            &mut page,
            "<p class=\"none\">{DRAWN_MAX} of {total} accounts have their own section on this page, strategies first; the table above lists all.</p>"
        );
    }
    tables::markets(&mut page, several);
    let (body, figures) = page.finish();
    Ok(Report { page: html_document(&format!("{title} · Bearpit"), &body), figures })
}

/// Returns the title of the page, as HTML.
fn title(several: &RunSet) -> String {
    let count = several.runs().count();
    let runs = format!("{} run{}", count_text(count as u64), if count == 1 { "" } else { "s" });
    let mut names: Vec<&str> = several.batches.iter().map(|batch| batch.scenario.as_str()).collect();
    names.dedup();
    match names.as_slice() {
        [name] => format!("{}, {runs}", escape(name)),
        _ => format!("{runs} of {} scenarios", names.len()),
    }
}
