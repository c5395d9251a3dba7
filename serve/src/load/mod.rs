//! Load: how much a machine and a disk take, and how long answers take then.
//!
//! | room | what it measures |
//! |---|---|
//! | `market` | requests of a market without a server, as fast as it takes them |
//! | `orders`, `books`, `fan_out`, `logins` | a server process over its sockets, beside a plain partner |
//!
//! A server process has one processor, what loads it another, where the system lets them be chosen
//! ([`Cores`]). Requests are sent when they are due, whatever the answers before them take (an open loop),
//! and the time of an answer counts from then: a server that stalls is seen by every request that was due
//! meanwhile.

mod affinity;
mod books;
mod client;
mod clock;
mod error;
mod fan_out;
mod latency;
mod logins;
mod market;
mod orders;
mod pace;
mod plain;
mod process;
mod slow_file;
mod stage;

pub use affinity::Cores;
pub use books::books;
pub use error::BenchError;
pub use fan_out::fan_out;
pub use latency::Line;
pub use logins::logins;
pub use market::{Load, LoadError, durable, market, submit};
pub use orders::orders;
pub use slow_file::{SlowFile, Syncs};
pub use stage::BenchConfig;
