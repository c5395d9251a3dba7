//! Estimates over Celery: jobs as messages of its protocol (version 2) in the lists of a Redis, as kombu
//! writes them, results under the keys where its clients look.
//!
//! [`Broker`] speaks with the Redis: for a server it sends a job and waits for the result, for a
//! [`CeleryWorker`] it takes messages. A message that was taken is kept among those that are not acknowledged
//! until its result is written; one whose worker has died comes back after a while.

mod broker;
mod message;
#[cfg(test)]
mod tests;
mod worker;

pub use broker::{Broker, BrokerError};
pub use message::{QUEUE, TASK};
pub use worker::{CeleryWorker, CeleryWorkerParts};
