//! The logs of accounts.

use crate::analysis::{AccountData, OwnerLog, RunData};
use crate::report::page::{PageBuilder, put};
use crate::report::text::{count_text, escape, time_text};

/// Writes the logs of accounts without a section of their own, `most` at most.
pub(super) fn other_logs(page: &mut PageBuilder, data: &RunData, drawn: &[&AccountData], most: usize) {
    let has_section = |log: &OwnerLog| drawn.iter().any(|account| account.summary.owner == log.owner);
    let others: Vec<&OwnerLog> = data.logs.iter().filter(|log| !has_section(log)).collect();
    if others.is_empty() {
        return;
    }
    put!(page, "<section><h2>Other logs</h2>");
    others.iter().take(most).for_each(|log| put_log(page, log));
    if others.len() > most {
        let total = count_text(others.len() as u64);
        put!(
            page,
            "<p class=\"note\">{most} of {total} logs are shown; the table <code>log</code> contains all.</p>"
        );
    }
    put!(page, "</section>");
}

/// Writes one log.
pub(super) fn put_log(page: &mut PageBuilder, log: &OwnerLog) {
    let shown = log.lines.len() as u64;
    put!(page, "<h3>Log of {}</h3>", escape(&log.owner));
    if shown < log.total {
        let (shown, total) = (count_text(shown), count_text(log.total));
        put!(
            page,
            "<p class=\"note\">The last {shown} of {total} lines; the table <code>log</code> contains all.</p>"
        );
    }
    put!(page, "<div class=\"scroll\"><table class=\"log\"><tbody>");
    for line in &log.lines {
        let class = if line.is_error { " class=\"loss\"" } else { "" };
        let at = time_text(&line.at.to_string());
        put!(page, "<tr><td>{at}</td><td{class}>{}</td></tr>", escape(&line.text));
    }
    put!(page, "</tbody></table></div>");
}
