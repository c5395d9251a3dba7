//! Why something is missing from the page.

use crate::analysis::RunData;
use crate::record::Table;

/// Says why something is missing: a table that it needs was not recorded, or else the given reason.
pub(super) fn why_missing(data: &RunData, tables: &[Table], otherwise: &str) -> String {
    match tables.iter().find(|table| !data.manifest.has(**table)) {
        Some(table) => format!("the table <code>{}</code> was not recorded.", table.name()),
        None => otherwise.to_owned(),
    }
}
