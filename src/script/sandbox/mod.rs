//! The sandbox: how Rhai is confined, how a script's work is metered, and how it is evaluated.

pub(crate) mod ast_nodes;
pub(crate) mod confinement;
#[cfg(test)]
mod equivalence_tests;
pub(crate) mod execution;
pub(crate) mod hashing;
pub(crate) mod metered_script;
pub(crate) mod metering;
pub(crate) mod outline;
pub(crate) mod portable_math;
pub(crate) mod sort;
