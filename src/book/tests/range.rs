//! Prices of the whole legal range.
