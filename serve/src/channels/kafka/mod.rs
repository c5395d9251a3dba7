//! Kafka's protocol: an [`Adapter`](super::Adapter) that produces records and waits until all replicas that
//! are in step have them. Records of a key go to one partition, the one that Kafka's own clients choose.

mod adapter;
mod murmur2;
#[cfg(test)]
mod tests;

pub use adapter::{KafkaAdapter, KafkaPeer};
pub use murmur2::partition_of;
