//! The text of a scenario: parsed with locations, changed by `--set`, read table by table, errors collected.
//!
//! Nothing here knows what a scenario means; `sections` does.

mod diagnostics;
mod overrides;
pub(super) mod readers;
mod section;
mod toml_tree;

pub use diagnostics::{Diagnostic, Diagnostics, Located, Severity};
pub use overrides::{Override, OverrideError, OverrideFileError};

pub(super) use diagnostics::SourceSpan;
pub(super) use overrides::SECTIONS;
pub(super) use section::{Findings, Section};
pub(super) use toml_tree::{KeyValue, Node, Value, parse};
