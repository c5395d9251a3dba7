//! Tools for those who write scripts: the checks of `bearpit check`, and definitions for editors.

pub(crate) mod definitions;
pub(crate) mod lint;
