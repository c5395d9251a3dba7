//! [`MqttAdapter`]: publishes messages with QoS 1.

use super::link::{Ending, Link, MqttPeer, with_will};
use crate::channels::message::Message;
use crate::channels::port::{Adapter, AdapterError, Doing, Fate};

/// The topic that says whether we are there, and what it says.
const STATUS: &str = "status";
const ONLINE: &[u8] = br#"{"online":true}"#;
const OFFLINE: &[u8] = br#"{"online":false}"#;

/// Publishes messages with QoS 1.
pub struct MqttAdapter {
    peer: MqttPeer,
    link: Option<Link>,
}

impl std::fmt::Debug for MqttAdapter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MqttAdapter").field("peer", &self.peer.place()).finish_non_exhaustive()
    }
}

impl MqttAdapter {
    /// Makes one that is not connected.
    #[must_use]
    pub const fn new(peer: MqttPeer) -> Self {
        Self { peer, link: None }
    }

    async fn open(&mut self) -> Result<(), AdapterError> {
        self.link = None;
        let mut options = self.peer.options(self.peer.client("prices"))?;
        with_will(&mut options, self.peer.topic(STATUS), OFFLINE.to_vec());
        let link = Link::open(options, None).await?;
        // A broker that keeps nothing, or lets us say nothing there, can be told all else.
        link.publish(self.peer.topic(STATUS), &status(ONLINE)).await.fate().await?;
        self.link = Some(link);
        Ok(())
    }

    /// Publishes messages; where the broker may have ended the connection for the sake of one of them, that
    /// one is found by publishing them one by one.
    async fn publish(&mut self, messages: &[Message]) -> Result<Vec<Fate>, AdapterError> {
        match self.together(messages).await {
            Err(ending) if ending.is_of_message => self.one_by_one(messages).await,
            fates => fates.map_err(|ending| ending.error),
        }
    }

    async fn one_by_one(&mut self, messages: &[Message]) -> Result<Vec<Fate>, AdapterError> {
        self.open().await?;
        let mut fates = Vec::with_capacity(messages.len());
        for message in messages {
            match self.together(std::slice::from_ref(message)).await {
                Ok(fate) => fates.extend(fate),
                Err(ending) if ending.is_of_message => {
                    let why =
                        format!("the broker ended the connection twice because of it: {}", ending.error);
                    fates.push(Fate::Refused(why));
                    self.open().await?;
                }
                Err(ending) => return Err(ending.error),
            }
        }
        Ok(fates)
    }

    async fn together(&mut self, messages: &[Message]) -> Result<Vec<Fate>, Ending> {
        let error = match self.send_all(messages).await {
            Ok(fates) => return Ok(fates),
            Err(error) => error,
        };
        // What a message says of its end is less than what the connection says, if that has ended.
        let ended = match &mut self.link {
            Some(link) => link.ended().await,
            None => None,
        };
        Err(ended.unwrap_or(Ending { error, is_of_message: false }))
    }

    async fn send_all(&self, messages: &[Message]) -> Result<Vec<Fate>, AdapterError> {
        let Some(link) = &self.link else { return Err(AdapterError::new("there is no connection")) };
        let mut begun = Vec::with_capacity(messages.len());
        for message in messages {
            begun.push(link.publish(self.peer.topic(&message.topic), message).await);
        }
        let mut fates = Vec::with_capacity(begun.len());
        for publishing in begun {
            fates.push(publishing.fate().await?);
        }
        Ok(fates)
    }
}

fn status(payload: &[u8]) -> Message {
    Message { topic: STATUS.to_owned(), key: None, payload: payload.to_vec(), is_retained: true }
}

impl Adapter for MqttAdapter {
    fn connect(&mut self) -> Doing<'_, Result<(), AdapterError>> {
        Box::pin(self.open())
    }

    fn send<'a>(&'a mut self, messages: &'a [Message]) -> Doing<'a, Result<Vec<Fate>, AdapterError>> {
        Box::pin(self.publish(messages))
    }

    fn broken(&mut self) -> Doing<'_, AdapterError> {
        match &mut self.link {
            Some(link) => Box::pin(link.broken()),
            None => Box::pin(async { AdapterError::new("there is no connection") }),
        }
    }

    fn close(&mut self) -> Doing<'_, ()> {
        Box::pin(async {
            if let Some(link) = self.link.take() {
                // A connection that ends in good order has no last will.
                let topic = self.peer.topic(STATUS);
                link.publish(topic, &status(OFFLINE)).await.fate().await.map(drop).unwrap_or_default();
                link.close().await;
            }
        })
    }
}
