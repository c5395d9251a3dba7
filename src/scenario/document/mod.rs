//! The text of a scenario: parsed with locations, changed by `--set`, read table by table, errors collected.
//!
//! Nothing here knows what a scenario means; `sections` does. So other files of settings are read with it,
//! and as strictly: the configuration of the live exchange.

mod diagnostics;
mod overrides;
pub mod readers;
mod section;
mod toml_tree;

pub use diagnostics::{Diagnostic, Diagnostics, Located, Severity, SourceSpan};
pub use overrides::{Override, OverrideError, OverrideFileError};
pub use section::{Findings, Section};
pub use toml_tree::{KeyValue, Node, Value, parse};

pub(super) use overrides::SECTIONS;
