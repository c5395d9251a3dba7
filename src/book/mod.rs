//! The order book and its matching.
