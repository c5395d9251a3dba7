//! Use cases: what faces ask for, in the words of the outside, whatever the face.
//!
//! A service knows the market, its publication and the database by traits of its own; none knows HTTP.

pub mod identity;
pub mod market_data;
