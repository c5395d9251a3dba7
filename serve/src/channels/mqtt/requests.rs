//! [`MqttRequests`]: takes requests from a broker, and acknowledges each once its outcome was published.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;
use std::task::Poll;

use rumqttc::ManualAck;
use rumqttc::mqttbytes::QoS;
use rumqttc::mqttbytes::v5::Publish;
use tokio::sync::mpsc::channel;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::link::{Link, MqttPeer, WINDOW, with_session};
use crate::channels::backoff::Backoff;
use crate::channels::dead_letters::{DeadLetters, Undelivered};
use crate::channels::message::Message;
use crate::channels::port::{AdapterError, Doing, Fate};
use crate::channels::state::ChannelState;

/// A message that came over a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The topic, without the prefix of the channel.
    pub topic: String,
    /// Its bytes.
    pub payload: Vec<u8>,
    /// The properties that its sender gave it.
    pub properties: Vec<(String, String)>,
}

/// Carries out requests.
pub trait Requests: Send + Sync {
    /// The topics on which requests come.
    fn topics(&self) -> &'static [&'static str];

    /// Looks who asks, and begins with a request: what is done is carried on by what this returns, which
    /// ends with the message that says what came of it, if one is owed.
    ///
    /// It is called for one request after the other. What is carried on may be so at the same time, but is
    /// begun in order.
    fn take(&self, received: Received) -> Doing<'_, Begun>;
}

/// A request that was begun, and is carried on.
pub struct Begun(pub Doing<'static, Outcome>);

impl std::fmt::Debug for Begun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Begun")
    }
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// This is to be published.
    Answered(Message),
    /// Nobody can be told anything, for a reason.
    Unanswerable(String),
}

/// Takes requests from a broker.
pub struct MqttRequests {
    /// The broker.
    pub peer: MqttPeer,
    /// What carries them out.
    pub requests: Arc<dyn Requests>,
    /// How the channel is.
    pub state: Arc<ChannelState>,
    /// Where it leaves what cannot be answered.
    pub dead: DeadLetters,
}

impl std::fmt::Debug for MqttRequests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MqttRequests").field("peer", &self.peer.place()).finish_non_exhaustive()
    }
}

/// A request that is carried out, with what acknowledges it.
struct Carried {
    /// Absent where the sender asked for no acknowledgement.
    ack: Option<ManualAck>,
    done: JoinHandle<Result<(), AdapterError>>,
}

impl MqttRequests {
    /// Works until it is told to stop. What is not acknowledged by then comes again.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut backoff = Backoff::default();
        while !*stop.borrow() {
            tokio::select! {
                error = self.serve(&mut backoff) => {
                    self.state.warned(&format!("requests are not taken: {error}"));
                    tokio::select! {
                        () = sleep(backoff.wait()) => {}
                        _ = stop.changed() => {}
                    }
                }
                _ = stop.changed() => {}
            }
        }
    }

    /// Takes requests until something fails.
    async fn serve(&self, backoff: &mut Backoff) -> AdapterError {
        match self.carry_on(backoff).await {
            Ok(never) => match never {},
            Err(error) => error,
        }
    }

    async fn carry_on(&self, backoff: &mut Backoff) -> Result<std::convert::Infallible, AdapterError> {
        let answers = self.peer.options(self.peer.client("validation"))?;
        let answers = Arc::new(Link::open(answers, None).await?);
        let (sender, mut publishes) = channel(usize::from(WINDOW));
        let mut options = self.peer.options(self.peer.session())?;
        with_session(&mut options);
        let mut link = Link::open(options, Some(sender)).await?;
        self.subscribe(&link).await?;
        let mut carried: VecDeque<Carried> = VecDeque::new();
        loop {
            tokio::select! {
                // Acknowledgements go out in the order of what they acknowledge.
                done = first(&mut carried) => {
                    done?;
                    backoff.reset();
                    let ack = carried.pop_front().and_then(|mut carried| carried.ack.take());
                    if let Some(ack) = ack {
                        link.client.manual_ack(ack).await.map_err(AdapterError::new)?;
                    }
                }
                Some(publish) = publishes.recv() => {
                    let ack = link.client.prepare_ack(&publish);
                    let done = self.begin(publish, Arc::clone(&answers)).await;
                    carried.push_back(Carried { ack, done });
                }
                error = link.broken() => return Err(error),
            }
        }
    }

    async fn subscribe(&self, link: &Link) -> Result<(), AdapterError> {
        // A session that goes on has its subscriptions; its name says which.
        if link.has_session {
            return Ok(());
        }
        for topic in self.requests.topics() {
            let topic = self.peer.topic(topic);
            let subscribed = link.client.subscribe_tracked(topic.as_str(), QoS::AtLeastOnce).await;
            let notice = subscribed.map_err(AdapterError::new)?;
            let refused = |error| AdapterError::new(format!("the broker refuses `{topic}`: {error}"));
            notice.wait_completion_async().await.map_err(refused)?;
        }
        Ok(())
    }

    /// Begins to carry out a request; what follows goes on by itself.
    async fn begin(&self, publish: Publish, answers: Arc<Link>) -> JoinHandle<Result<(), AdapterError>> {
        self.state.received();
        let received = received(&self.peer, &publish);
        let (topic, payload) = (received.topic.clone(), publish.payload);
        let Begun(mut work) = self.requests.take(received).await;
        // As far as it comes without waiting, so that requests come to the market in their order.
        let begun = std::future::poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await;
        let (peer, state, dead) = (self.peer.clone(), Arc::clone(&self.state), self.dead.clone());
        tokio::spawn(async move {
            let outcome = match begun {
                Poll::Ready(outcome) => outcome,
                Poll::Pending => work.await,
            };
            match outcome {
                Outcome::Answered(message) => {
                    match answers.publish(peer.topic(&message.topic), &message).await.fate().await? {
                        Fate::Taken => state.sent(1),
                        Fate::Refused(why) => dead.leave(&state, Undelivered::Message(&message), &why),
                    }
                }
                Outcome::Unanswerable(why) => {
                    dead.leave(&state, Undelivered::Received(&topic, &payload), &why)
                }
            }
            Ok(())
        })
    }
}

impl Drop for Carried {
    fn drop(&mut self) {
        // The broker delivers the request again, and the same follows.
        self.done.abort();
    }
}

/// Waits for the first of those that are carried out.
async fn first(carried: &mut VecDeque<Carried>) -> Result<(), AdapterError> {
    match carried.front_mut() {
        Some(first) => (&mut first.done).await.unwrap_or_else(|error| Err(AdapterError::new(error))),
        None => pending().await,
    }
}

fn received(peer: &MqttPeer, publish: &Publish) -> Received {
    let topic = String::from_utf8_lossy(&publish.topic).into_owned();
    let prefix = peer.topic("");
    let topic = topic.strip_prefix(&prefix).unwrap_or(&topic).to_owned();
    let properties = publish.properties.as_ref().map(|it| it.user_properties.clone()).unwrap_or_default();
    Received { topic, payload: publish.payload.to_vec(), properties }
}
