//! The table of settings as `docs/live.md` has it.

use super::settings::{SETTINGS, Setting};
use super::values::Kind;

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
    let variable = format!("`{}`", setting.variable());
    let variable = setting.other_variable.map_or(variable.clone(), |other| format!("{variable}, `{other}`"));
    // A secret on the command line would be read by all users of the machine.
    let flag = if *kind == Kind::Secret { "none".to_owned() } else { format!("`--{}`", setting.flag()) };
    format!("| `{key}` | {flag} | {variable} | {kind} | {default} | {doc} |\n")
}
