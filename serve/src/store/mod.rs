//! What outlives the process: the journal, and the database.

pub mod database;
pub mod journal;
