//! What is built on scripts: the agent kind, the checks of `bearpit check`, definitions for editors.

pub(crate) mod definitions;
pub(crate) mod kind;
pub(crate) mod lint;
