//! The page of a run: an overview, then a section per account and market.

use super::order::makers_last;
use super::{account, log, market, overview};
use crate::analysis::RunData;
use crate::report::page::{PageBuilder, Report, ReportError, html_document, put};
use crate::report::text::{count_text, escape};

/// How many accounts and markets have a section of their own; the tables list all.
const DRAWN_MAX: usize = 8;

/// Builds the page.
pub(in crate::report) fn page(data: &RunData) -> Result<Report, ReportError> {
    let mut page = PageBuilder::default();
    overview::overview(&mut page, data)?;
    let mut drawn = makers_last(data);
    drawn.truncate(DRAWN_MAX);
    left_out(&mut page, drawn.len(), data.accounts.len(), "accounts");
    for account in &drawn {
        account::account(&mut page, data, account)?;
    }
    for listing in data.listings.iter().take(DRAWN_MAX) {
        market::market(&mut page, data, listing)?;
    }
    left_out(&mut page, DRAWN_MAX, data.listings.len(), "markets");
    log::other_logs(&mut page, data, &drawn, DRAWN_MAX);
    let (body, figures) = page.finish();
    let title = format!("{}, seed {} · Bearpit", escape(&data.manifest.scenario), data.manifest.seed);
    Ok(Report { page: html_document(&title, &body), figures })
}

fn left_out(page: &mut PageBuilder, drawn: usize, total: usize, what: &str) {
    if drawn < total {
        let (drawn, total) = (count_text(drawn as u64), count_text(total as u64));
        put!(
            page,
            "<p class=\"none\">{drawn} of {total} {what} have their own section on this page; the table above lists all."
        );
        put!(page, "The recorded tables contain everything.</p>");
    }
}
