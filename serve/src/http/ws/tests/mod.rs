//! The WebSocket, as clients see it.

mod auctions;
mod client;
mod examples;
mod hostile;
mod limits;
mod notices;
mod people;
mod streams;
