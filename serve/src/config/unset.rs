//! A configuration before anything is read into it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::channels::ChannelsConfig;
use super::fix::FixConfig;
use super::identity::{AttemptLimits, IdentityConfig, PasswordConfig, Registration};
use super::mail::{MailConfig, MailProvider, SendGridConfig, Sender, SmtpConfig, SmtpTls};
use super::payments::PaymentsConfig;
use super::{
    Config, EstimatesConfig, HttpConfig, LogConfig, LogFormat, LogLevel, QueueConfig, StrategiesConfig,
    WebhooksConfig,
};

/// A configuration before the defaults of the table are read into it: every field has one, or is optional.
pub(super) fn unset() -> Config {
    Config {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        insecure_http: false,
        data: PathBuf::new(),
        database: None,
        sessions: None,
        shutdown_grace: Duration::ZERO,
        log: LogConfig { format: LogFormat::Text, level: LogLevel::Info },
        otlp_endpoint: None,
        queue: QueueConfig { requests: 0 },
        strategies: StrategiesConfig { per_user: 0, total: 0 },
        http: HttpConfig {
            workers: 0,
            connections: 0,
            body_bytes_max: 0,
            request_timeout: Duration::ZERO,
            keep_alive: Duration::ZERO,
        },
        tls_cert: None,
        tls_key: None,
        identity: unset_identity(),
        mail: MailConfig {
            provider: MailProvider::Directory,
            directory: None,
            from: Sender::UNSET,
            smtp: SmtpConfig { server: None, tls: SmtpTls::StartTls, user: None, password: None },
            sendgrid: SendGridConfig { url: String::new(), key: None },
        },
        payments: PaymentsConfig::UNSET,
        webhooks: WebhooksConfig { allow_private: false },
        fix: FixConfig::UNSET,
        channels: ChannelsConfig::UNSET,
        feeds: None,
        estimates: EstimatesConfig::UNSET,
    }
}

const fn unset_identity() -> IdentityConfig {
    IdentityConfig {
        jwt_secret: None,
        jwt_algo: None,
        access_token: Duration::ZERO,
        refresh_token: Duration::ZERO,
        refresh_grace: Duration::ZERO,
        cors_origins: Vec::new(),
        trusted_proxies: Vec::new(),
        registration: Registration::Open,
        require_verified_mail: false,
        passwords: PasswordConfig { memory_kib: 0, passes: 0, threads: 0 },
        limits: AttemptLimits { account_attempts: 0, address_attempts: 0 },
        public_url: None,
        firebase_project: None,
        firebase_emulator: None,
        outside: Vec::new(),
    }
}
