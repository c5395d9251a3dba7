//! The WebSocket, as clients see it.

mod client;
mod examples;
mod hostile;
mod limits;
mod people;
mod streams;
