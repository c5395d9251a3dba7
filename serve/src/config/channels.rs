//! [`ChannelsConfig`]: which brokers of others are told what happens, and how.

use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

use super::payments::Fault;
use super::redis::RedisUrl;
use super::values::is_this_machine;
use crate::domain::Secret;

/// Which brokers of others are told what happens, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelsConfig {
    /// How much may wait on disk for each channel, in MiB.
    pub spool_mib: u32,
    /// How often the newest prices are sent.
    pub interval: Duration,
    /// MQTT.
    pub mqtt: MqttConfig,
    /// Kafka's protocol.
    pub kafka: KafkaConfig,
    /// A Redis or Valkey that has the last prices.
    pub redis: Option<RedisUrl>,
    /// What its keys begin with.
    pub redis_prefix: String,
}

/// A broker of MQTT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MqttConfig {
    /// Where it is; there is no such channel without.
    pub url: Option<MqttUrl>,
    /// Our name there, if we sign in.
    pub user: Option<String>,
    /// The password of that name.
    pub password: Option<Secret>,
    /// What the names of our connections begin with: two servers at one broker have two.
    pub client_id: String,
    /// What topics begin with.
    pub prefix: String,
    /// Whether requests may show an API key in place of a signature.
    pub allow_keys: bool,
    /// How many requests a group may make in a second.
    pub requests_per_second: u32,
    /// How old a signed request may be.
    pub request_age: Duration,
}

/// How a password is shown to brokers that speak Kafka's protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KafkaSasl {
    /// As it is (RFC 4616).
    Plain,
    /// By a proof with SHA-256 that one knows it (RFC 7677).
    ScramSha256,
    /// By a proof with SHA-512.
    ScramSha512,
}

/// Brokers that speak Kafka's protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KafkaConfig {
    /// Some of them; there is no such channel without.
    pub brokers: Vec<BrokerAddress>,
    /// Whether they are reached by TLS.
    pub has_tls: bool,
    /// Our name there, if we sign in.
    pub user: Option<String>,
    /// The password of that name.
    pub password: Option<Secret>,
    /// How it is shown.
    pub sasl: KafkaSasl,
    /// What the names of topics begin with.
    pub prefix: Option<String>,
    /// How many partitions a topic gets that is not there.
    pub partitions: u32,
    /// How many replicas.
    pub replication: u32,
}

impl ChannelsConfig {
    /// One before the defaults of the table are read into it.
    pub(super) const UNSET: Self = Self {
        spool_mib: 0,
        interval: Duration::ZERO,
        mqtt: MqttConfig {
            url: None,
            user: None,
            password: None,
            client_id: String::new(),
            prefix: String::new(),
            allow_keys: false,
            requests_per_second: 0,
            request_age: Duration::ZERO,
        },
        kafka: KafkaConfig {
            brokers: Vec::new(),
            has_tls: false,
            user: None,
            password: None,
            sasl: KafkaSasl::Plain,
            prefix: None,
            partitions: 0,
            replication: 0,
        },
        redis: None,
        redis_prefix: String::new(),
    };
}

/// Where a broker of MQTT is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MqttUrl {
    host: String,
    port: u16,
    has_tls: bool,
}

/// A text names no broker of MQTT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be mqtt://HOST:PORT, or mqtts://HOST:PORT with TLS; the port is 1883 or 8883 without one")]
pub struct BadMqttUrl;

impl MqttUrl {
    /// Returns the host, by whose name a certificate is checked.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Returns whether it is reached by TLS.
    #[must_use]
    pub const fn has_tls(&self) -> bool {
        self.has_tls
    }

    /// Returns whether nobody reads on the way to it: by TLS, or since it is on this machine.
    fn is_private(&self) -> bool {
        self.has_tls || is_this_machine(&self.host)
    }
}

impl FromStr for MqttUrl {
    type Err = BadMqttUrl;

    fn from_str(text: &str) -> Result<Self, BadMqttUrl> {
        let (scheme, rest) = text.trim().split_once("://").ok_or(BadMqttUrl)?;
        let (has_tls, usual) = match scheme {
            "mqtt" => (false, 1_883),
            "mqtts" => (true, 8_883),
            _ => return Err(BadMqttUrl),
        };
        let (host, port) = host_and_port(rest.trim_end_matches('/')).ok_or(BadMqttUrl)?;
        let host = host.trim_matches(['[', ']']).to_owned();
        Ok(Self { host, port: port.unwrap_or(usual), has_tls })
    }
}

/// Where a broker is that speaks Kafka's protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerAddress(String);

/// A text names no broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a host and a port, such as kafka.example.org:9092")]
pub struct BadBrokerAddress;

impl BrokerAddress {
    /// Returns its text: host and port.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    fn is_near(&self) -> bool {
        self.0.rsplit_once(':').is_some_and(|(host, _)| is_this_machine(host))
    }
}

impl FromStr for BrokerAddress {
    type Err = BadBrokerAddress;

    fn from_str(text: &str) -> Result<Self, BadBrokerAddress> {
        match host_and_port(text.trim()) {
            Some((_, Some(_))) => Ok(Self(text.trim().to_owned())),
            _ => Err(BadBrokerAddress),
        }
    }
}

/// Reads a host, and a port if there is one.
fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let port = match port {
        Some(port) => Some(port.parse().ok().filter(|port| *port > 0)?),
        None => None,
    };
    let is_bracketed = host.starts_with('[') && host.ends_with(']');
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let is_host = !host.is_empty() && (is_bracketed || host.bytes().all(is_fit));
    is_host.then_some((host, port))
}

/// Returns what is wrong with what is said of channels.
pub(super) fn faults(channels: &ChannelsConfig) -> Vec<Fault> {
    let (mqtt, kafka) = (&channels.mqtt, &channels.kafka);
    let mut faults = Vec::new();
    let mut fault = |is_wrong: bool, keys: &'static [&'static str], message: &str, help: &str| {
        if is_wrong {
            faults.push(Fault { keys, message: message.to_owned(), help: Some(help.to_owned()) });
        }
    };
    let is_open = mqtt.url.as_ref().is_some_and(|url| !url.is_private());
    let keys = &["channels.mqtt_allow_keys"];
    let message = "`channels.mqtt_allow_keys` is for a broker with TLS, or on this machine";
    fault(
        mqtt.allow_keys && is_open,
        keys,
        message,
        "everybody on the way could read the keys: use mqtts://",
    );
    let keys = &["channels.mqtt_password", "channels.mqtt_password_file"];
    let message = "a password goes to a broker with TLS only, or on this machine: `channels.mqtt_password`";
    fault(mqtt.password.is_some() && is_open, keys, message, "use mqtts:// in `channels.mqtt_url`");
    let message = "`channels.mqtt_password` is given without `channels.mqtt_user`";
    fault(mqtt.password.is_some() && mqtt.user.is_none(), keys, message, "name the user, too");
    let keys = &["channels.kafka_user", "channels.kafka_password", "channels.kafka_password_file"];
    let message = "`channels.kafka_user` and `channels.kafka_password` go together";
    fault(kafka.user.is_some() != kafka.password.is_some(), keys, message, "give both, or none");
    let is_open = !kafka.has_tls && kafka.brokers.iter().any(|broker| !broker.is_near());
    let message = "a password goes to brokers with TLS only, or on this machine: `channels.kafka_password`";
    fault(kafka.password.is_some() && is_open, keys, message, "set `channels.kafka_tls = true`");
    let is_topic = |text: &str| text.bytes().all(|it| it.is_ascii_alphanumeric() || b"._-".contains(&it));
    let is_unfit = kafka.prefix.as_deref().is_some_and(|prefix| prefix.len() > 200 || !is_topic(prefix));
    let message = "`channels.kafka_prefix` has letters, digits, `.`, `_` and `-`, 200 at most";
    fault(is_unfit, &["channels.kafka_prefix"], message, "such as `bearpit.`");
    let is_unfit = mqtt.prefix.len() > 200 || mqtt.prefix.contains(['#', '+', '$']);
    let is_unfit = is_unfit || mqtt.prefix.chars().any(char::is_control);
    let message = "`channels.mqtt_prefix` has neither `#`, `+` nor `$`, and 200 bytes at most";
    fault(is_unfit, &["channels.mqtt_prefix"], message, "such as `stocks/`");
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_are_named_by_scheme_host_and_port() {
        for (text, host, port, has_tls) in [
            ("mqtt://localhost", "localhost", 1_883, false),
            ("mqtts://broker.example.org/", "broker.example.org", 8_883, true),
            ("mqtt://[::1]:18830", "::1", 18_830, false),
            ("mqtt://[::1]", "::1", 1_883, false),
        ] {
            let url: MqttUrl = text.parse().unwrap();
            assert_eq!((url.host(), url.port(), url.has_tls()), (host, port, has_tls), "{text}");
        }
        for text in ["", "localhost:1883", "http://h", "mqtt://", "mqtt://h:0", "mqtt://u:p@h", "mqtt://h h"]
        {
            assert_eq!(text.parse::<MqttUrl>(), Err(BadMqttUrl), "{text}");
        }
        assert_eq!(
            "kafka.example.org:9092".parse::<BrokerAddress>().unwrap().text(),
            "kafka.example.org:9092"
        );
        for text in ["", "kafka", "kafka:x", "a b:9092", ":9092"] {
            assert_eq!(text.parse::<BrokerAddress>(), Err(BadBrokerAddress), "{text}");
        }
    }

    #[test]
    fn nothing_secret_goes_where_others_can_read_it() {
        let mut channels = ChannelsConfig::UNSET;
        assert!(faults(&channels).is_empty());
        channels.mqtt.allow_keys = true;
        channels.mqtt.user = Some("u".to_owned());
        channels.mqtt.password = Some(Secret::new("p".to_owned()));
        for (url, expected) in [("mqtts://b.example.org", 0), ("mqtt://127.0.0.1", 0), ("mqtt://10.0.0.1", 2)]
        {
            channels.mqtt.url = Some(url.parse().unwrap());
            assert_eq!(faults(&channels).len(), expected, "{url}");
        }
        channels = ChannelsConfig::UNSET;
        channels.kafka.user = Some("u".to_owned());
        assert_eq!(faults(&channels).len(), 1);
        channels.kafka.password = Some(Secret::new("p".to_owned()));
        channels.kafka.brokers = vec!["10.0.0.1:9092".parse().unwrap()];
        assert_eq!(faults(&channels).len(), 1);
        channels.kafka.has_tls = true;
        assert_eq!(faults(&channels).len(), 0);
        channels.kafka.prefix = Some("a b".to_owned());
        channels.mqtt.prefix = "a/#".to_owned();
        assert_eq!(faults(&channels).len(), 2);
    }
}
