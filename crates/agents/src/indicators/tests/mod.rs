//! Indicators against published references, against plain recomputation, and at their edges.

mod edges;
mod fixtures;
mod property_tests;
mod recomputed;
