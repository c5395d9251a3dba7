//! Configuration: what an operator decides, whatever the scenario.
//!
//! One table, [`SETTINGS`], has every setting with its key, type, default and meaning; flags, environment
//! variables, the file's keys, `--help` and the table of `docs/live.md` all come from it. What says a thing
//! later in this list goes before what says it earlier:
//!
//! 1. the defaults of the table,
//! 2. the TOML file of `--config` (or of `BEARPIT_CONFIG`): `[log] format = "json"`,
//! 3. `.env` in the current directory: `BEARPIT_LOG_FORMAT=json`,
//! 4. the environment, by the same names,
//! 5. the command line: `--log-format json`.
//!
//! It is read as strictly as a scenario: all errors at once, each with its place and what is allowed. Nothing
//! here starts anything; what there is comes in as [`Sources`].

mod channel_settings;
mod channels;
mod database;
mod documentation;
mod environment;
mod estimate_settings;
mod feed_settings;
mod fix;
mod identity;
mod layers;
mod mail;
mod otlp;
mod outside;
mod payment_settings;
mod payments;
mod peers;
mod redis;
mod secrets;
mod settings;
mod unset;
mod values;
mod webhook_settings;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use bearpit::scenario::Diagnostics;

pub use channels::{
    BadBrokerAddress, BadMqttUrl, BrokerAddress, ChannelsConfig, KafkaConfig, KafkaSasl, MqttConfig, MqttUrl,
};
pub use database::{BadDatabaseUrl, DatabaseUrl};
pub use documentation::markdown_table;
pub use environment::Variable;
pub use estimate_settings::EstimatesConfig;
pub use fix::FixConfig;
pub use identity::{
    AttemptLimits, BadNetwork, BadOrigin, IdentityConfig, JwtAlgorithm, JwtSecret, Network,
    Origin as WebOrigin, PasswordConfig, Registration,
};
pub use layers::{Flag, Layer, Loaded, Origin, Sources, TextFile, load};
pub use mail::{
    BadMailServer, BadSender, MailConfig, MailProvider, MailServer, SendGridConfig, Sender, SmtpConfig,
    SmtpTls,
};
pub use otlp::{BadOtlpEndpoint, OtlpEndpoint};
pub use outside::{OutsideClient, OutsideProvider, is_trusted_address};
pub use payments::{BadBaseUrl, BaseUrl, PaymentProvider, PaymentsConfig, WebpayEnvironment, WithdrawalRule};
pub use redis::{BadRedisUrl, RedisUrl};
pub use settings::{SETTINGS, Setting};
pub use values::Kind;
pub use webhook_settings::WebhooksConfig;

/// What an operator decides. [`load`] makes it of all [`Sources`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where HTTP is served.
    pub listen: SocketAddr,
    /// Whether plain HTTP is served beyond this machine.
    pub insecure_http: bool,
    /// The directory of journals, and of what else outlives the process.
    pub data: PathBuf,
    /// The database, where one was named.
    pub database: Option<DatabaseUrl>,
    /// Where sessions are kept, if that is not the database.
    pub sessions: Option<RedisUrl>,
    /// How long the process may take to stop.
    pub shutdown_grace: Duration,
    /// What is written to the log.
    pub log: LogConfig,
    /// Where spans are sent to, if they are.
    pub otlp_endpoint: Option<OtlpEndpoint>,
    /// How much may wait.
    pub queue: QueueConfig,
    /// How many strategies of people may run.
    pub strategies: StrategiesConfig,
    /// What the HTTP server allows its clients.
    pub http: HttpConfig,
    /// The certificate of the server, in PEM.
    pub tls_cert: Option<PathBuf>,
    /// Its private key, in PEM.
    pub tls_key: Option<PathBuf>,
    /// Who is let in.
    pub identity: IdentityConfig,
    /// How mails leave.
    pub mail: MailConfig,
    /// Through whom money comes in and goes back.
    pub payments: PaymentsConfig,
    /// What is sent to servers that people have named.
    pub webhooks: WebhooksConfig,
    /// Whether and how FIX is served.
    pub fix: FixConfig,
    /// Which brokers of others are told what happens.
    pub channels: ChannelsConfig,
    /// The file of services that are asked what instruments are worth elsewhere.
    pub feeds: Option<PathBuf>,
    /// Who makes estimates, and how many people may ask for.
    pub estimates: EstimatesConfig,
}

/// What is written to the log, on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogConfig {
    /// How lines look.
    pub format: LogFormat,
    /// The least severe that is written.
    pub level: LogLevel,
}

/// How lines of the log look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// An object of JSON a line, for programs.
    Json,
}

/// How severe something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something failed that should not.
    Error,
    /// Somebody should look.
    Warn,
    /// What an operator wants to know: start, days, stop.
    Info,
    /// Each request.
    Debug,
    /// Everything.
    Trace,
}

/// How much may wait at most, in messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueConfig {
    /// Requests for the market thread; beyond that a request is refused as busy.
    pub requests: usize,
}

/// How many strategies of people may run at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StrategiesConfig {
    /// Of a person.
    pub per_user: u32,
    /// In all.
    pub total: u32,
}

/// What the HTTP server allows its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpConfig {
    /// Threads that serve.
    pub workers: usize,
    /// Connections at a time, of all clients.
    pub connections: usize,
    /// Bytes of a request's body at most.
    pub body_bytes_max: usize,
    /// How long a client may take to send the head of a request.
    pub request_timeout: Duration,
    /// How long a connection stays open between requests.
    pub keep_alive: Duration,
}

impl Config {
    /// Returns the defaults of the table.
    ///
    /// # Errors
    /// What is wrong with a default, which is a fault of the table.
    pub fn defaults() -> Result<Self, Diagnostics> {
        load(&Sources::default()).map(|loaded| loaded.config)
    }
}

#[cfg(test)]
mod tests;
