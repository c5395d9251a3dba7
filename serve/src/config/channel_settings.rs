//! The settings of channels.

use bearpit::scenario::document::Node;
use bearpit::scenario::document::readers::{Read, ValueError, disallowed, flag, one_of, text};

use super::channels::{BadMqttUrl, KafkaSasl, MqttUrl};
use super::peers::{redis, redis_of_file};
use super::settings::{Setting, number_of, put, secret, setting, span_of};
use super::values::{Kind, secret_line, secret_text, texts};

const SPOOL: Kind = Kind::Count(1, 1 << 20);
const INTERVAL: Kind = Kind::Span(10, 60_000);
const REQUESTS: Kind = Kind::Count(1, 1_000_000);
const AGE: Kind = Kind::Span(1_000, 3_600_000);
const PARTITIONS: Kind = Kind::Count(1, 1_000);
const REPLICAS: Kind = Kind::Count(1, 100);
const SASL: Kind = Kind::Choice(&["plain", "scram-sha-256", "scram-sha-512"]);

/// All of them, in the order of the documentation.
pub(super) const CHANNELS: [Setting; 23] = [
    setting(
        "channels.spool_mib",
        SPOOL,
        Some("256"),
        "How much may wait on disk for the peer of each channel, in MiB; more becomes dead letters",
        |config, node| put(&mut config.channels.spool_mib, number_of(SPOOL, node)),
    ),
    setting(
        "channels.interval",
        INTERVAL,
        Some("1s"),
        "How often channels send the newest prices",
        |config, node| put(&mut config.channels.interval, span_of(INTERVAL, node)),
    ),
    setting(
        "channels.mqtt_url",
        Kind::Text("`mqtt://HOST:PORT`, `mqtts://HOST:PORT`"),
        None,
        "A broker of MQTT 5 that is told prices and listings, and over which groups send orders",
        |config, node| put(&mut config.channels.mqtt.url, mqtt_url(node).map(Some)),
    ),
    setting("channels.mqtt_user", Kind::Text("name"), None, "Our name at the broker", |config, node| {
        put(&mut config.channels.mqtt.user, text(node).map(|it| Some(it.to_owned())))
    }),
    secret(setting(
        "channels.mqtt_password",
        Kind::Secret,
        None,
        "The password of that name",
        |config, node| put(&mut config.channels.mqtt.password, secret_text(node).map(Some)),
    )),
    setting(
        "channels.mqtt_password_file",
        Kind::Path,
        None,
        "A file whose first line is that password",
        |config, node| put(&mut config.channels.mqtt.password, secret_line(node).map(Some)),
    ),
    setting(
        "channels.mqtt_client_id",
        Kind::Text("1 to 64 letters, digits, `-`, `_`"),
        Some("bearpit"),
        "What the names of our connections begin with: two servers at one broker have two",
        |config, node| put(&mut config.channels.mqtt.client_id, client_id(node)),
    ),
    setting(
        "channels.mqtt_prefix",
        Kind::Text("text"),
        Some("stocks/"),
        "What the topics at the broker begin with",
        |config, node| put(&mut config.channels.mqtt.prefix, text(node)),
    ),
    setting(
        "channels.mqtt_allow_keys",
        Kind::Switch,
        Some("false"),
        "Whether requests may show an API key in place of a group's signature: whoever can read the topic can read the key",
        |config, node| put(&mut config.channels.mqtt.allow_keys, flag(node)),
    ),
    setting(
        "channels.mqtt_requests_per_second",
        REQUESTS,
        Some("200"),
        "How many requests a group may make in a second",
        |config, node| put(&mut config.channels.mqtt.requests_per_second, number_of(REQUESTS, node)),
    ),
    setting(
        "channels.mqtt_request_age",
        AGE,
        Some("5m"),
        "How old a signed request may be, so that nobody enters it anew later",
        |config, node| put(&mut config.channels.mqtt.request_age, span_of(AGE, node)),
    ),
    setting(
        "channels.kafka_brokers",
        Kind::Texts("hosts and ports, such as `kafka.example.org:9092`"),
        None,
        "Brokers that speak Kafka's protocol, and are told prices and trades",
        |config, node| put(&mut config.channels.kafka.brokers, texts(node)),
    ),
    setting(
        "channels.kafka_tls",
        Kind::Switch,
        Some("false"),
        "Whether those brokers are reached by TLS",
        |config, node| put(&mut config.channels.kafka.has_tls, flag(node)),
    ),
    setting("channels.kafka_user", Kind::Text("name"), None, "Our name there", |config, node| {
        put(&mut config.channels.kafka.user, text(node).map(|it| Some(it.to_owned())))
    }),
    secret(setting(
        "channels.kafka_password",
        Kind::Secret,
        None,
        "The password of that name",
        |config, node| put(&mut config.channels.kafka.password, secret_text(node).map(Some)),
    )),
    setting(
        "channels.kafka_password_file",
        Kind::Path,
        None,
        "A file whose first line is that password",
        |config, node| put(&mut config.channels.kafka.password, secret_line(node).map(Some)),
    ),
    setting(
        "channels.kafka_sasl",
        SASL,
        Some("plain"),
        "How the password is shown there: as it is, or by a proof that we know it",
        |config, node| {
            let kinds = [
                ("plain", KafkaSasl::Plain),
                ("scram-sha-256", KafkaSasl::ScramSha256),
                ("scram-sha-512", KafkaSasl::ScramSha512),
            ];
            put(&mut config.channels.kafka.sasl, one_of(&kinds)(node))
        },
    ),
    setting(
        "channels.kafka_prefix",
        Kind::Text("text"),
        None,
        "What the names of the topics begin with; they are `stock-prices` and `trades` without one",
        |config, node| put(&mut config.channels.kafka.prefix, text(node).map(|it| Some(it.to_owned()))),
    ),
    setting(
        "channels.kafka_partitions",
        PARTITIONS,
        Some("3"),
        "How many partitions a topic gets that is not there",
        |config, node| put(&mut config.channels.kafka.partitions, number_of(PARTITIONS, node)),
    ),
    setting(
        "channels.kafka_replication",
        REPLICAS,
        Some("1"),
        "How many replicas its partitions get",
        |config, node| put(&mut config.channels.kafka.replication, number_of(REPLICAS, node)),
    ),
    secret(setting(
        "channels.redis",
        Kind::Redis,
        None,
        "A Redis or Valkey that has the last price of each symbol",
        |config, node| put(&mut config.channels.redis, redis(node).map(Some)),
    )),
    setting(
        "channels.redis_file",
        Kind::Path,
        None,
        "A file whose first line is `channels.redis`",
        |config, node| put(&mut config.channels.redis, redis_of_file(node).map(Some)),
    ),
    setting(
        "channels.redis_prefix",
        Kind::Text("text"),
        Some("bearpit:"),
        "What its keys begin with",
        |config, node| put(&mut config.channels.redis_prefix, text(node)),
    ),
];

fn mqtt_url(node: &Node) -> Read<MqttUrl> {
    text(node)?.parse().map_err(|error: BadMqttUrl| ValueError::new(error.to_string()))
}

/// Reads what names of connections begin with: brokers take other characters, too, but not each of them.
fn client_id(node: &Node) -> Read<String> {
    let written = text(node)?;
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if (1..=64).contains(&written.len()) && written.bytes().all(is_fit) {
        return Ok(written.to_owned());
    }
    Err(disallowed(node, "1 to 64 letters, digits, `-` or `_`"))
}
