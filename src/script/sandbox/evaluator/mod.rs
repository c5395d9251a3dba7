//! The expression evaluator: reads, plain arithmetic and assignments to `this` without the interpreter.

pub(crate) mod arithmetic;
pub(crate) mod assignment;
pub(crate) mod field_access;
pub(crate) mod formula;
pub(crate) mod nodes;
