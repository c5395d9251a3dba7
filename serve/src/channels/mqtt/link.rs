//! [`Link`]: a connection to a broker whose events are polled by a task of its own.

use std::sync::Arc;
use std::time::Duration;

use rumqttc::mqttbytes::v5::{DisconnectReasonCode, LastWill, Packet, Publish};
use rumqttc::{
    AckMode, AsyncClient, BrokerSessionResumePolicy, ConnectionError, Event, EventLoop, MqttOptions,
    PublishNotice, PublishNoticeError, PublishOptions, StateError, TlsConfiguration, Transport,
};
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::channels::message::Message;
use crate::channels::port::{AdapterError, Fate};
use crate::config::MqttConfig;
use crate::outgoing::tls_client;

/// How long a connection may take, until the broker has said that it is one.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// How long the broker may take to acknowledge a message.
pub(super) const ACKNOWLEDGE_MAX: Duration = Duration::from_secs(15);
/// How long it may take until it is known why a connection has ended, once that has lost a message.
const ENDING_MAX: Duration = Duration::from_secs(1);
/// How many messages may be on their way at a time, in either direction.
pub(super) const WINDOW: u16 = 1_024;
/// The longest packet that is taken, in bytes: a broker drops longer ones.
const PACKET_MAX: u32 = 64 << 10;
/// How often the broker is asked whether it is there, in seconds.
const KEEP_ALIVE_SECS: u16 = 15;

/// A broker, and who we are to it.
#[derive(Debug, Clone)]
pub struct MqttPeer {
    config: MqttConfig,
    host: String,
    port: u16,
    has_tls: bool,
}

impl MqttPeer {
    /// Makes one of what is configured; nothing if there is no broker.
    #[must_use]
    pub fn new(config: &MqttConfig) -> Option<Self> {
        let url = config.url.as_ref()?;
        let (host, port, has_tls) = (url.host().to_owned(), url.port(), url.has_tls());
        Some(Self { config: config.clone(), host, port, has_tls })
    }

    /// Returns where it is.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}://{}:{}", if self.has_tls { "mqtts" } else { "mqtt" }, self.host, self.port)
    }

    /// Returns a topic with the prefix of the channel.
    pub(super) fn topic(&self, topic: &str) -> String {
        format!("{}{topic}", self.config.prefix)
    }

    /// Returns the name of a session in which requests to our topics wait: with other topics it is another.
    pub(super) fn session(&self) -> String {
        let digest = blake3::hash(self.config.prefix.as_bytes()).to_hex();
        format!("{}-requests-{}", self.config.client_id, &digest[..8])
    }

    /// Returns the name of a client that does one thing.
    pub(super) fn client(&self, purpose: &str) -> String {
        format!("{}-{purpose}", self.config.client_id)
    }

    /// Returns the options of a connection in the name of a client.
    pub(super) fn options(&self, client: String) -> Result<MqttOptions, AdapterError> {
        let mut options = MqttOptions::new(client, (self.host.clone(), self.port));
        options.set_keep_alive(KEEP_ALIVE_SECS);
        options.set_connect_timeout(CONNECT_MAX);
        options.set_outgoing_inflight_upper_limit(WINDOW);
        options.set_receive_maximum(Some(WINDOW));
        options.set_max_packet_size(Some(PACKET_MAX));
        // Otherwise an answer waits until the broker has acknowledged the bytes before it: 40 ms, often.
        let mut network = options.network_options();
        network.set_tcp_nodelay(true);
        options.set_network_options(network);
        if self.has_tls {
            let tls = tls_client().map_err(|error| AdapterError::new(format!("there is no TLS: {error}")))?;
            options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(Arc::new(tls))));
        }
        match (&self.config.user, &self.config.password) {
            (Some(user), Some(password)) => {
                options.set_credentials(user.clone(), password.expose().to_owned());
            }
            (Some(user), None) => {
                options.set_username(user.clone());
            }
            _ => {}
        }
        Ok(options)
    }
}

/// Has a broker publish something for us once we are gone without a word.
pub(super) fn with_will(options: &mut MqttOptions, topic: String, payload: Vec<u8>) {
    let will = LastWill::new(topic, payload, rumqttc::QoS::AtLeastOnce, true, None);
    options.set_last_will(will);
}

/// Has a broker keep what is published for us, also while we are away, until we have acknowledged it.
pub(super) fn with_session(options: &mut MqttOptions) {
    options.set_clean_start(false);
    options.set_session_expiry_interval(Some(u32::MAX));
    // What is on its way is known to nobody after a restart of this process; it is only acknowledged here.
    options.set_broker_session_resume_policy(BrokerSessionResumePolicy::AllowBrokerOnly);
    options.set_ack_mode(AckMode::Manual);
}

/// Why a connection has ended.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) error: AdapterError,
    /// Whether that may be for the sake of one message, which the broker would not take again.
    pub(super) is_of_message: bool,
}

impl Ending {
    fn new(error: impl std::fmt::Display) -> Self {
        Self { error: AdapterError::new(error), is_of_message: false }
    }

    /// Some brokers refuse a message with a code that MQTT has not for that, as Mosquitto does where one is
    /// too long, or end the connection.
    fn of_client(error: &ConnectionError) -> Self {
        let is_of_message = match error {
            ConnectionError::MqttState(StateError::ServerDisconnect { reason_code, .. }) => {
                is_of_message(*reason_code)
            }
            ConnectionError::MqttState(
                StateError::Deserialization(_) | StateError::OutgoingPacketTooLarge { .. },
            ) => true,
            _ => false,
        };
        Self { is_of_message, ..Self::new(error) }
    }
}

const fn is_of_message(reason: DisconnectReasonCode) -> bool {
    use DisconnectReasonCode as Code;
    matches!(reason, Code::PacketTooLarge | Code::PayloadFormatInvalid | Code::TopicNameInvalid)
}

/// A connection.
pub(super) struct Link {
    pub(super) client: AsyncClient,
    /// Whether the broker has gone on with a session of before.
    pub(super) has_session: bool,
    /// Polls the connection, and returns why it ended.
    polling: JoinHandle<Ending>,
    /// Whether it was said why.
    is_over: bool,
}

impl Link {
    /// Connects; what is published for us goes to `publishes`.
    pub(super) async fn open(
        options: MqttOptions,
        publishes: Option<Sender<Publish>>,
    ) -> Result<Self, AdapterError> {
        let (client, mut events) = AsyncClient::builder(options).capacity(usize::from(WINDOW)).build();
        let connecting = timeout(CONNECT_MAX, accepted(&mut events)).await;
        let late = |_| AdapterError::new(format!("the broker says nothing for {} s", CONNECT_MAX.as_secs()));
        let has_session = connecting.map_err(late)??;
        let publishes = publishes.unwrap_or_else(|| channel(1).0);
        let polling = tokio::spawn(poll(events, publishes));
        Ok(Self { client, has_session, polling, is_over: false })
    }

    /// Publishes a message; what becomes of it is known later.
    pub(super) async fn publish(&self, topic: String, message: &Message) -> Publishing {
        let options = PublishOptions::at_least_once().retain(message.is_retained);
        match self.client.publish_tracked(topic, message.payload.clone(), options).await {
            Ok(notice) => Publishing::Begun(notice),
            // It is our message that is unfit, or the connection that has ended.
            Err(_) if self.polling.is_finished() => Publishing::Lost,
            Err(error) => Publishing::Unfit(error.to_string()),
        }
    }

    /// Waits until the connection has ended, and returns why.
    pub(super) async fn broken(&mut self) -> AdapterError {
        self.ending().await.error
    }

    async fn ending(&mut self) -> Ending {
        if self.is_over {
            return Ending::new("the connection was lost");
        }
        let ending = (&mut self.polling).await;
        self.is_over = true;
        ending.unwrap_or_else(|error| Ending::new(format!("the connection cannot go on: {error}")))
    }

    /// Returns why the connection has ended, if it has, once a message is known to be lost.
    pub(super) async fn ended(&mut self) -> Option<Ending> {
        timeout(ENDING_MAX, self.ending()).await.ok()
    }

    /// Ends the connection in good order.
    pub(super) async fn close(mut self) {
        self.client.disconnect_with_timeout(Duration::from_secs(1)).await.unwrap_or_default();
        timeout(Duration::from_secs(1), self.broken()).await.map(drop).unwrap_or_default();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.polling.abort();
    }
}

/// A message on its way to a broker.
pub(super) enum Publishing {
    Begun(PublishNotice),
    Unfit(String),
    Lost,
}

impl Publishing {
    /// Waits until its fate is known.
    pub(super) async fn fate(self) -> Result<Fate, AdapterError> {
        let notice = match self {
            Self::Begun(notice) => notice,
            Self::Unfit(why) => return Ok(Fate::Refused(why)),
            Self::Lost => return Err(AdapterError::new("the connection was lost")),
        };
        let late = |_| {
            let seconds = ACKNOWLEDGE_MAX.as_secs();
            AdapterError::new(format!("the broker has acknowledged nothing for {seconds} s"))
        };
        match timeout(ACKNOWLEDGE_MAX, notice.wait_completion_async()).await.map_err(late)? {
            Ok(()) => Ok(Fate::Taken),
            Err(error) => of_notice(&error),
        }
    }
}

/// Tells a refusal of one message from a connection that cannot go on.
fn of_notice(error: &PublishNoticeError) -> Result<Fate, AdapterError> {
    use rumqttc::mqttbytes::v5::PubAckReason;
    match error {
        // A quota may be met later.
        PublishNoticeError::V5PubAck(PubAckReason::QuotaExceeded) => {
            Err(AdapterError::new("the broker takes no more: its quota is exceeded"))
        }
        PublishNoticeError::V5PubAck(reason) => {
            Ok(Fate::Refused(format!("the broker refuses it: {reason:?}")))
        }
        PublishNoticeError::RetainNotSupported => Ok(Fate::Refused(error.to_string())),
        _ => Err(AdapterError::new(error)),
    }
}

/// Waits until the broker has accepted the connection; returns whether it goes on with a session.
async fn accepted(events: &mut EventLoop) -> Result<bool, AdapterError> {
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(accepted))) => return Ok(accepted.session_present),
            Ok(_) => {}
            Err(error) => return Err(AdapterError::new(error)),
        }
    }
}

async fn poll(mut events: EventLoop, publishes: Sender<Publish>) -> Ending {
    loop {
        match events.poll().await {
            // There is room for as many as the broker sends without acknowledgement.
            Ok(Event::Incoming(Packet::Publish(publish))) => {
                if publishes.send(publish).await.is_err() {
                    return Ending::new("nobody takes what the broker sends");
                }
            }
            Ok(Event::Incoming(Packet::Disconnect(disconnect))) => {
                let reason = disconnect.reason_code;
                let ending = Ending::new(format!("the broker ends it: {reason:?}"));
                return Ending { is_of_message: is_of_message(reason), ..ending };
            }
            Ok(_) => {}
            Err(error) => return Ending::of_client(&error),
        }
    }
}
