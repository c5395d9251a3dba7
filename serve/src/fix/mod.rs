//! FIX 4.4 for desks that trade by it: an acceptor on a port of its own, on the same services as HTTP.
//!
//! | room | what it is |
//! |---|---|
//! | `codec` | bytes to messages and back |
//! | `session` | numbers, silence, what comes again: a state machine without sockets, files or clocks |
//! | `orders`, `feeds` | messages of the application to the services and back |
//! | `store` | what a session keeps beyond a connection and a process |
//! | `link` | a connection: its socket, its TLS, what waits to be read |
//! | `desk` | a session in a task of its own, with all of these |
//! | `server`, `shared` | who comes in, and what all have |
//!
//! What is told of orders follows from the feed of the account, whose events have the same numbers after a
//! restart. A message is written to the file of its session, with the place in that feed that it stands for,
//! before it is sent: so nothing is lost and nothing is told twice, whoever ends when.
//!
//! Crates that speak FIX keep files and a runtime of their own, and answer before our journal has synced:
//! that is why the session is written here.
//!
//! Deliberately absent: what orders mean, who may trade: services.

mod codec;
mod desk;
mod feeds;
mod link;
mod metrics;
mod orders;
mod server;
mod session;
mod shared;
mod store;

pub use metrics::FixMetrics;
pub use server::{FixParts, FixServer};
