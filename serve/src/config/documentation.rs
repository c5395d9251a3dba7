//! The table of settings as `docs/live.md` has it.

use super::settings::{SETTINGS, Setting};

/// Returns the table in Markdown.
#[must_use]
pub fn markdown_table() -> String {
    let head =
        "| key in the file | flag | variable | values | default | what it is |\n|---|---|---|---|---|---|\n";
    std::iter::once(head.to_owned()).chain(SETTINGS.iter().map(row)).collect()
}

fn row(setting: &Setting) -> String {
    let Setting { key, kind, default, doc, .. } = setting;
    let default = default.map_or_else(|| "none".to_owned(), |default| format!("`{default}`"));
    let (flag, variable) = (setting.flag(), setting.variable());
    format!("| `{key}` | `--{flag}` | `{variable}` | {kind} | {default} | {doc} |\n")
}
