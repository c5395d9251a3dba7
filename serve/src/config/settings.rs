//! [`SETTINGS`]: the one table of all settings.

use std::sync::LazyLock;
use std::time::Duration;

use bearpit::scenario::document::Node;
use bearpit::scenario::document::readers::{Read, flag, mistyped, one_of, text};

use super::channel_settings::CHANNELS;
use super::estimate_settings::ESTIMATES;
use super::feed_settings::FEEDS;
use super::fix::FIX;
use super::identity::{JwtAlgorithm, JwtSecret, Registration};
use super::mail::{MailProvider, SmtpTls};
use super::outside::{emulator, origin, project, project_of_credentials};
use super::payment_settings::{PAYMENTS, joined};
use super::peers::{collector, database, database_of_file, mail_server, redis, redis_of_file, sender};
use super::values::{
    Kind, address, count, first_line, path, secret_line, secret_text, span, texts, url, words,
};
use super::webhook_settings::WEBHOOKS;
use super::{Config, LogFormat, LogLevel};

/// What one setting is.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its key in the file; what stands before a dot is its table.
    pub key: &'static str,
    /// Its type, and what is allowed.
    pub kind: Kind,
    /// What holds where nobody says anything, as it would be written; none for what may be left out.
    pub default: Option<&'static str>,
    /// What it is for, in a sentence without its full stop.
    pub doc: &'static str,
    /// Whether its value may have a password: shown to nobody, and not taken from the command line with one.
    pub is_secret: bool,
    /// A variable of another name that says the same, as other programs of the kind know it.
    pub other_variable: Option<&'static str>,
    /// Reads a value and stores it.
    pub(super) set: fn(&mut Config, &Node) -> Read<()>,
}

impl Setting {
    /// Returns its flag without the dashes before it.
    #[must_use]
    pub fn flag(&self) -> &'static str {
        // What parses the command line wants names that live as long as the program.
        static FLAGS: LazyLock<Vec<String>> =
            LazyLock::new(|| SETTINGS.iter().map(|it| it.key.replace(['.', '_'], "-")).collect());
        let place = SETTINGS.iter().position(|it| it.key == self.key);
        place.and_then(|place| FLAGS.get(place)).map_or(self.key, String::as_str)
    }

    /// Returns whether a variable of the environment is one of its names.
    #[must_use]
    pub fn is_named(&self, variable: &str) -> bool {
        self.other_variable == Some(variable) || self.variable() == variable
    }

    /// Returns the name of its environment variable.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.key.replace('.', "_").to_ascii_uppercase())
    }
}

/// What the names of our environment variables begin with.
pub(super) const PREFIX: &str = "BEARPIT_";

/// Returns whether a variable of the environment is to say something to us.
pub(super) fn is_ours(variable: &str) -> bool {
    variable.starts_with(PREFIX) || SETTINGS.iter().any(|it| it.other_variable == Some(variable))
}

/// Returns the table in which a setting stands; none has no name.
pub(super) fn table_of(setting: &Setting) -> &'static str {
    setting.key.split_once('.').map_or("", |(table, _)| table)
}

/// Returns the key of a setting within its table.
pub(super) fn name_of(setting: &Setting) -> &'static str {
    setting.key.split_once('.').map_or(setting.key, |(_, name)| name)
}

/// What roles there are. They are parts of one process until they can be split.
const ROLES: &[&str] = &["all"];
const FORMATS: &[&str] = &["text", "json"];
const LEVELS: &[&str] = &["error", "warn", "info", "debug", "trace"];

pub(super) const fn setting(
    key: &'static str,
    kind: Kind,
    default: Option<&'static str>,
    doc: &'static str,
    set: fn(&mut Config, &Node) -> Read<()>,
) -> Setting {
    Setting { key, kind, default, doc, is_secret: false, other_variable: None, set }
}

pub(super) const fn secret(setting: Setting) -> Setting {
    Setting { is_secret: true, ..setting }
}

/// Gives a setting a variable of another name, which holds where ours says nothing.
const fn also(other: &'static str, setting: Setting) -> Setting {
    Setting { other_variable: Some(other), ..setting }
}

const WORKERS: Kind = Kind::Count(1, 64);
const CONNECTIONS: Kind = Kind::Count(1, 100_000);
const BODY_BYTES: Kind = Kind::Count(1_024, 16 << 20);
const STRATEGIES: Kind = Kind::Count(0, 100_000);
const REQUESTS: Kind = Kind::Count(1, 1 << 20);
const REQUEST_TIMEOUT: Kind = Kind::Span(100, 60_000);
const KEEP_ALIVE: Kind = Kind::Span(1_000, 600_000);
const GRACE: Kind = Kind::Span(1_000, 600_000);
const ACCESS_MINUTES: Kind = Kind::Count(1, 1_440);
const REFRESH_DAYS: Kind = Kind::Count(1, 365);
const REFRESH_GRACE: Kind = Kind::Span(0, 60_000);
const ATTEMPTS: Kind = Kind::Count(1, 1_000_000);
const MEMORY_KIB: Kind = Kind::Count(8, 4 << 20);
const PASSES: Kind = Kind::Count(1, 100);
const PASSWORD_THREADS: Kind = Kind::Count(1, 64);
const ALGORITHMS: &[&str] = &["EdDSA", "HS256"];
const PROVIDERS: &[&str] = &["directory", "log", "smtp", "sendgrid"];
const SMTP_TLS: &[&str] = &["starttls", "implicit", "none"];
const REGISTRATIONS: &[&str] = &["open", "closed"];

/// All settings, in the order of the documentation.
pub static SETTINGS: &[Setting] = &joined::<{ FIFTH.len() + ESTIMATES.len() }>(&FIFTH, &ESTIMATES);

const FIFTH: [Setting; FOURTH.len() + FEEDS.len()] = joined(&FOURTH, &FEEDS);
const FOURTH: [Setting; THIRD.len() + CHANNELS.len()] = joined(&THIRD, &CHANNELS);
const THIRD: [Setting; SECOND.len() + FIX.len()] = joined(&SECOND, &FIX);
const SECOND: [Setting; LEADING.len() + WEBHOOKS.len()] = joined(&LEADING, &WEBHOOKS);
const LEADING: [Setting; FIRST.len() + PAYMENTS.len()] = joined(FIRST, &PAYMENTS);

const FIRST: &[Setting] = &[
    setting(
        "listen",
        Kind::Address,
        Some("127.0.0.1:8080"),
        "Where HTTP is served; port 0 lets the system choose, and the log says what it chose",
        |config, node| put(&mut config.listen, address(node)),
    ),
    setting(
        "insecure_http",
        Kind::Switch,
        Some("false"),
        "Allows `listen` to be reached from other machines, without TLS: for what stands behind a proxy that has it",
        |config, node| put(&mut config.insecure_http, flag(node)),
    ),
    setting(
        "tls_cert",
        Kind::Path,
        None,
        "The certificate of the server in PEM, with those up to its root: HTTP is served by TLS then",
        |config, node| put(&mut config.tls_cert, path(node).map(Some)),
    ),
    setting("tls_key", Kind::Path, None, "The private key of the certificate, in PEM", |config, node| {
        put(&mut config.tls_key, path(node).map(Some))
    }),
    setting(
        "data",
        Kind::Path,
        Some("./data"),
        "The directory of journals, and of what else outlives the process; made if it is not there",
        |config, node| put(&mut config.data, path(node)),
    ),
    secret(setting(
        "database",
        Kind::Database,
        None,
        "The database; without one it is `bearpit.db` in the data directory",
        |config, node| put(&mut config.database, database(node).map(Some)),
    )),
    setting(
        "database_file",
        Kind::Path,
        None,
        "A file whose first line is the URL of the database, for secrets that are mounted as files",
        |config, node| put(&mut config.database, database_of_file(node).map(Some)),
    ),
    secret(setting(
        "sessions.redis",
        Kind::Redis,
        None,
        "A Redis or Valkey that keeps the sessions of people; without one the database does",
        |config, node| put(&mut config.sessions, redis(node).map(Some)),
    )),
    setting(
        "sessions.redis_file",
        Kind::Path,
        None,
        "A file whose first line is `sessions.redis`",
        |config, node| put(&mut config.sessions, redis_of_file(node).map(Some)),
    ),
    setting(
        "role",
        Kind::Words(ROLES),
        Some("all"),
        "Which parts this process runs; one process runs all so far",
        |_, node| words(node, ROLES).map(|_| ()),
    ),
    setting(
        "shutdown_grace",
        GRACE,
        Some("10s"),
        "How long requests may take to end once the process is asked to stop",
        |config, node| put(&mut config.shutdown_grace, span_of(GRACE, node)),
    ),
    setting(
        "log.format",
        Kind::Choice(FORMATS),
        Some("text"),
        "How lines of the log look",
        |config, node| {
            let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
            put(&mut config.log.format, one_of(&formats)(node))
        },
    ),
    setting(
        "log.level",
        Kind::Choice(LEVELS),
        Some("info"),
        "The least severe that is written to the log",
        |config, node| {
            let levels = [
                ("error", LogLevel::Error),
                ("warn", LogLevel::Warn),
                ("info", LogLevel::Info),
                ("debug", LogLevel::Debug),
                ("trace", LogLevel::Trace),
            ];
            put(&mut config.log.level, one_of(&levels)(node))
        },
    ),
    also(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        setting(
            "otlp_endpoint",
            Kind::Collector,
            None,
            "The collector of OpenTelemetry that spans are sent to, by OTLP over plain HTTP; needs a program that was built with the feature `otlp`",
            |config, node| put(&mut config.otlp_endpoint, collector(node).map(Some)),
        ),
    ),
    setting(
        "queue.requests",
        REQUESTS,
        Some("4096"),
        "How many requests may wait for the market; beyond that they are refused as busy",
        |config, node| put(&mut config.queue.requests, count_of(REQUESTS, node)),
    ),
    setting(
        "strategies.per_user",
        STRATEGIES,
        Some("3"),
        "How many strategies of a person may run at a time",
        |config, node| put(&mut config.strategies.per_user, number_of(STRATEGIES, node)),
    ),
    setting(
        "strategies.total",
        STRATEGIES,
        Some("200"),
        "How many strategies of people may run at a time in all; they share `script_operations` of the scenario",
        |config, node| put(&mut config.strategies.total, number_of(STRATEGIES, node)),
    ),
    setting("http.workers", WORKERS, Some("2"), "Threads that serve HTTP", |config, node| {
        put(&mut config.http.workers, count_of(WORKERS, node))
    }),
    setting(
        "http.connections",
        CONNECTIONS,
        Some("4096"),
        "Connections at a time, of all clients",
        |config, node| put(&mut config.http.connections, count_of(CONNECTIONS, node)),
    ),
    setting(
        "http.body_bytes_max",
        BODY_BYTES,
        Some("524288"),
        "Bytes of the body of a request; a longer one is refused with 413",
        |config, node| put(&mut config.http.body_bytes_max, count_of(BODY_BYTES, node)),
    ),
    setting(
        "http.request_timeout",
        REQUEST_TIMEOUT,
        Some("5s"),
        "How long a client may take to send the head of a request",
        |config, node| put(&mut config.http.request_timeout, span_of(REQUEST_TIMEOUT, node)),
    ),
    setting(
        "http.keep_alive",
        KEEP_ALIVE,
        Some("75s"),
        "How long a connection stays open between requests",
        |config, node| put(&mut config.http.keep_alive, span_of(KEEP_ALIVE, node)),
    ),
    also(
        "JWT_SECRET",
        secret(setting(
            "jwt_secret",
            Kind::Secret,
            None,
            "Signs access tokens by HS256; off loopback it must have 32 bytes and stand in no tutorial",
            |config, node| {
                let secret = secret_text(node).map(|it| Some(JwtSecret::new(it.expose().to_owned())));
                put(&mut config.identity.jwt_secret, secret)
            },
        )),
    ),
    setting(
        "jwt_secret_file",
        Kind::Path,
        None,
        "A file whose first line is the `jwt_secret`",
        |config, node| {
            put(&mut config.identity.jwt_secret, first_line(node).map(|it| Some(JwtSecret::new(it))))
        },
    ),
    also(
        "JWT_ALGO",
        setting(
            "jwt_algo",
            Kind::Choice(ALGORITHMS),
            None,
            "How access tokens are signed: without it by HS256 if there is a `jwt_secret`, else by EdDSA with a key that is drawn at the first start and kept in `identity.key` of the data directory",
            |config, node| {
                let algorithms = [("EdDSA", JwtAlgorithm::EdDsa), ("HS256", JwtAlgorithm::Hs256)];
                put(&mut config.identity.jwt_algo, one_of(&algorithms)(node).map(Some))
            },
        ),
    ),
    also(
        "ACCESS_TOKEN_EXPIRE_MINUTES",
        setting(
            "access_token_minutes",
            ACCESS_MINUTES,
            Some("15"),
            "How long an access token is good for; a logout, a block or a new password ends it at once all the same",
            |config, node| {
                put(&mut config.identity.access_token, count_of(ACCESS_MINUTES, node).map(minutes))
            },
        ),
    ),
    setting(
        "refresh_token_days",
        REFRESH_DAYS,
        Some("30"),
        "How long a session goes on without being used",
        |config, node| put(&mut config.identity.refresh_token, count_of(REFRESH_DAYS, node).map(days)),
    ),
    setting(
        "refresh_grace",
        REFRESH_GRACE,
        Some("0s"),
        "For how long after its first use a refresh token may be used again, for answers that are lost; after that it ends the session",
        |config, node| put(&mut config.identity.refresh_grace, span_of(REFRESH_GRACE, node)),
    ),
    also(
        "BACKEND_CORS_ORIGINS",
        setting(
            "cors_origins",
            Kind::Texts("origins, such as `https://trade.example.org`; `*` for all"),
            None,
            "Pages of which other origins may use the API from a browser; cookies are never sent for `*`",
            |config, node| put(&mut config.identity.cors_origins, texts(node)),
        ),
    ),
    setting(
        "trusted_proxies",
        Kind::Texts("addresses and networks, such as `10.0.0.0/8`"),
        None,
        "Whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed; nobody else's are",
        |config, node| put(&mut config.identity.trusted_proxies, texts(node)),
    ),
    setting(
        "public_url",
        Kind::Origin,
        None,
        "Where people reach this server: what providers of identity and of payments send them back to; without it, what their browser asked for, or the address of `listen`",
        |config, node| put(&mut config.identity.public_url, origin(node).map(Some)),
    ),
    setting(
        "firebase_project",
        Kind::Project,
        None,
        "The project of Firebase whose ID tokens are taken as credentials",
        |config, node| put(&mut config.identity.firebase_project, project(node).map(Some)),
    ),
    also(
        "FIREBASE_CREDENTIALS",
        secret(setting(
            "firebase_credentials",
            Kind::Secret,
            None,
            "A service account of Firebase, as JSON or as the path of its file; only its `project_id` is read, in place of `firebase_project`",
            |config, node| put(&mut config.identity.firebase_project, project_of_credentials(node).map(Some)),
        )),
    ),
    also(
        "FIREBASE_AUTH_EMULATOR_HOST",
        setting(
            "firebase_emulator",
            Kind::Address,
            None,
            "Firebase's emulator on this machine, which signs nothing: for a program that was built for tests, with `--features firebase-emulator`",
            |config, node| put(&mut config.identity.firebase_emulator, emulator(node).map(Some)),
        ),
    ),
    setting(
        "registration",
        Kind::Choice(REGISTRATIONS),
        Some("open"),
        "Whether people register themselves, or an operator makes every account",
        |config, node| {
            let kinds = [("open", Registration::Open), ("closed", Registration::Closed)];
            put(&mut config.identity.registration, one_of(&kinds)(node))
        },
    ),
    setting(
        "require_verified_mail",
        Kind::Switch,
        Some("false"),
        "Whether only those trade whose mail address was verified",
        |config, node| put(&mut config.identity.require_verified_mail, flag(node)),
    ),
    setting(
        "limits.account_attempts",
        ATTEMPTS,
        Some("10"),
        "Wrong passwords a minute for one account",
        |config, node| put(&mut config.identity.limits.account_attempts, number_of(ATTEMPTS, node)),
    ),
    setting(
        "limits.address_attempts",
        ATTEMPTS,
        Some("600"),
        "Registrations, logins, refreshes and resets a minute from one address, behind which there may be a class",
        |config, node| put(&mut config.identity.limits.address_attempts, number_of(ATTEMPTS, node)),
    ),
    setting(
        "passwords.memory_kib",
        MEMORY_KIB,
        Some("19456"),
        "Memory of one hash of a password (argon2id), in KiB",
        |config, node| put(&mut config.identity.passwords.memory_kib, number_of(MEMORY_KIB, node)),
    ),
    setting("passwords.passes", PASSES, Some("2"), "Passes of one hash over its memory", |config, node| {
        put(&mut config.identity.passwords.passes, number_of(PASSES, node))
    }),
    setting(
        "passwords.threads",
        PASSWORD_THREADS,
        Some("1"),
        "Hashes that are computed at a time; whoever logs in meanwhile waits",
        |config, node| put(&mut config.identity.passwords.threads, count_of(PASSWORD_THREADS, node)),
    ),
    setting(
        "mail.provider",
        Kind::Choice(PROVIDERS),
        Some("directory"),
        "What becomes of mails: each is a file of `mail.directory`, or a line of the log, codes and addresses included, or sent by a mail server or by SendGrid",
        |config, node| {
            let providers = [
                ("directory", MailProvider::Directory),
                ("log", MailProvider::Log),
                ("smtp", MailProvider::Smtp),
                ("sendgrid", MailProvider::SendGrid),
            ];
            put(&mut config.mail.provider, one_of(&providers)(node))
        },
    ),
    setting(
        "mail.directory",
        Kind::Path,
        None,
        "The directory of mails; without one it is `mails` in the data directory",
        |config, node| put(&mut config.mail.directory, path(node).map(Some)),
    ),
    setting(
        "mail.from",
        Kind::Sender,
        Some("Bearpit <bearpit@localhost>"),
        "Whom mails are from",
        |config, node| put(&mut config.mail.from, sender(node)),
    ),
    setting(
        "mail.smtp_server",
        Kind::Text("`HOST:PORT`"),
        None,
        "The mail server of the provider `smtp`",
        |config, node| put(&mut config.mail.smtp.server, mail_server(node).map(Some)),
    ),
    setting(
        "mail.smtp_tls",
        Kind::Choice(SMTP_TLS),
        Some("starttls"),
        "How the connection to the mail server is protected: from a plain one on, from its beginning on, or not at all, which is for this machine only",
        |config, node| {
            let kinds =
                [("starttls", SmtpTls::StartTls), ("implicit", SmtpTls::Implicit), ("none", SmtpTls::Plain)];
            put(&mut config.mail.smtp.tls, one_of(&kinds)(node))
        },
    ),
    setting(
        "mail.smtp_user",
        Kind::Text("name"),
        None,
        "The name under which mails are given to the mail server; without one nobody signs in there",
        |config, node| put(&mut config.mail.smtp.user, text(node).map(|it| Some(it.to_owned()))),
    ),
    secret(setting("mail.smtp_password", Kind::Secret, None, "The password of that name", |config, node| {
        put(&mut config.mail.smtp.password, secret_text(node).map(Some))
    })),
    setting(
        "mail.smtp_password_file",
        Kind::Path,
        None,
        "A file whose first line is that password",
        |config, node| put(&mut config.mail.smtp.password, secret_line(node).map(Some)),
    ),
    setting(
        "mail.sendgrid_url",
        Kind::Url,
        Some("https://api.sendgrid.com"),
        "Where SendGrid's API is; another one for accounts of the European Union",
        |config, node| put(&mut config.mail.sendgrid.url, url(node)),
    ),
    also(
        "SENDGRID_API_KEY",
        secret(setting(
            "mail.sendgrid_key",
            Kind::Secret,
            None,
            "The API key of the provider `sendgrid`, with the right to send mails",
            |config, node| put(&mut config.mail.sendgrid.key, secret_text(node).map(Some)),
        )),
    ),
    setting(
        "mail.sendgrid_key_file",
        Kind::Path,
        None,
        "A file whose first line is that key",
        |config, node| put(&mut config.mail.sendgrid.key, secret_line(node).map(Some)),
    ),
];

fn minutes(count: usize) -> Duration {
    Duration::from_mins(count as u64)
}

fn days(count: usize) -> Duration {
    Duration::from_hours(24 * count as u64)
}

pub(super) fn put<T>(place: &mut T, read: Read<T>) -> Read<()> {
    *place = read?;
    Ok(())
}

fn count_of(kind: Kind, node: &Node) -> Read<usize> {
    let Kind::Count(min, max) = kind else { return Err(mistyped(node, "a number")) };
    count(node, min, max)
}

pub(super) fn number_of(kind: Kind, node: &Node) -> Read<u32> {
    let number = count_of(kind, node)?;
    u32::try_from(number).map_err(|_| mistyped(node, "a number"))
}

pub(super) fn span_of(kind: Kind, node: &Node) -> Read<Duration> {
    let Kind::Span(min, max) = kind else { return Err(mistyped(node, "a duration")) };
    span(node, min, max)
}
