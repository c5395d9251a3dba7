//! MQTT 5: an [`Adapter`](super::Adapter) that publishes with QoS 1, and [`MqttRequests`], which takes
//! requests and publishes what came of them.
//!
//! They have connections of their own. What is told is repeated by this process until the broker has
//! acknowledged it, so its session is a new one each time. Requests wait in the broker while this process is
//! away, in a session that goes on; a client whose session goes on and who has forgotten its part of it may
//! not publish there. So what came of a request goes over a third connection.
//!
//! A request is acknowledged once the broker has acknowledged its validation, which is published once its
//! outcome is durable: whatever is lost on the way, the broker delivers the request again, and the same
//! outcome follows. Acknowledgements go out in the order of the requests, as the standard asks.

mod adapter;
mod link;
#[doc(hidden)]
pub mod peer;
mod requests;
#[cfg(test)]
mod tests;

pub use adapter::MqttAdapter;
pub use link::MqttPeer;
pub use requests::{Begun, MqttRequests, Outcome, Received, Requests};
