//! Strategies written in Rhai.
