//! Tests of the whole room: recorded days of random markets, published in every way.

mod books;
mod days;
mod naive;
mod reader;
mod recorded;
mod recovery;
mod subscriptions;
