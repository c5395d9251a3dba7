//! Metrics of a recorded run.
