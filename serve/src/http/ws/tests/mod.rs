//! The WebSocket, as clients see it.

mod client;
mod examples;
mod limits;
mod people;
mod streams;
