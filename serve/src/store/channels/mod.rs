//! What channels keep in the database: groups that send orders, and what could not be told.

pub(in crate::store) mod dead_letters;
pub(in crate::store) mod groups;

pub use dead_letters::{DeadLetter, Missing};
pub use groups::{AddGroupOutcome, Group, GroupState};
