//! The gate, rule by rule.
