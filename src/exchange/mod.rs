//! The exchange actor.
