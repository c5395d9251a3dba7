//! HTML helpers for the page of a run set.

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
