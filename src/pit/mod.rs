//! The pit: what all participants share.
