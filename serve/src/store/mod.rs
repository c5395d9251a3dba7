//! What outlives the process: so far the journal.

pub mod journal;
