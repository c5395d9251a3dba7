//! HTML helpers for the page of a run set.

use crate::report::page::{PageBuilder, put};
use crate::report::text::number;

/// Formats an amount with its sign, in the color of gains or losses, as HTML.
pub(super) fn gain(value: f64) -> String {
    let shown = number(value, 2);
    match shown.chars().next() {
        Some('−') => format!("<span class=\"loss\">{shown}</span>"),
        _ if value > 0.0 && shown != "0.00" => format!("<span class=\"gain\">+{shown}</span>"),
        _ => shown,
    }
}

/// Begins a table with these column heads.
pub(super) fn begin_table(page: &mut PageBuilder, columns: &[&str]) {
    let heads: String = columns.iter().map(|name| format!("<th>{name}</th>")).collect();
    put!(page, "<div class=\"scroll\"><table><thead><tr>{heads}</tr></thead><tbody>");
}

/// Writes a table row; its first cell is a header.
pub(super) fn row(page: &mut PageBuilder, name: &str, cells: &[String]) {
    let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
    put!(page, "<tr><th>{name}</th>{cells}</tr>");
}

/// Ends a table.
pub(super) fn end_table(page: &mut PageBuilder) {
    put!(page, "</tbody></table></div>");
}
