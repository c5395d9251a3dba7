//! The size from which a batch is summarized.

/// A batch of at least this many runs is drawn as quantiles instead of run by run.
pub(super) const MANY: usize = 5;
