//! A server with identity, its database, its clock, and who asks it over sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::web;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::config::{Config, DatabaseUrl, IdentityConfig, PasswordConfig, RedisUrl};
use crate::domain::{AccountId, Role, Secret, UserId, WallTime};
use crate::http::edge::Edge;
use crate::http::endpoint::Endpoint;
use crate::http::instruments::Metrics;
use crate::http::server::{Server, ServerConfig};
use crate::services::identity::{Clock, Identity, IdentityParts, Newcomers, hash_password};
use crate::services::mail::{MailDirectory, Postman};
use crate::store::database::Database;
use crate::store::database::testing::{POSTGRES, Schema, ScratchFile};
use crate::store::people::{NewUser, People, RedisSessions};

const CONFIG: ServerConfig = ServerConfig {
    workers: 2,
    connections: 512,
    body_bytes_max: 4_096,
    request_timeout: Duration::from_secs(120),
    keep_alive: Duration::from_secs(60),
};

pub(super) const PASSWORD: &str = "correct horse battery";

/// What a server has of the world outside.
struct Outside<'a> {
    /// The URL of the Redis that keeps sessions, and how long it may take, if one does.
    redis: Option<(String, Duration)>,
    /// The directory of a certificate and its key.
    tls: Option<&'a Path>,
}

/// A server, and everything around it.
pub(super) struct Site {
    pub(super) address: SocketAddr,
    pub(super) identity: Arc<Identity>,
    pub(super) people: People,
    pub(super) database: Database,
    pub(super) newcomers: Arc<Noted>,
    server: Option<Server>,
    runtime: Runtime,
    millis: Arc<AtomicI64>,
    clock: Clock,
    schema: Option<Schema>,
    _file: ScratchFile,
    data: tempfile::TempDir,
}

/// Notes the accounts that were made.
#[derive(Debug, Default)]
pub(super) struct Noted(pub(super) Mutex<Vec<AccountId>>);

impl Newcomers for Noted {
    fn registered(&self, account: AccountId) {
        self.0.lock().unwrap().push(account);
    }
}

/// What a server answered.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn read(answer: &str) -> Self {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
        let status = head.split(' ').nth(1).unwrap_or_else(|| panic!("no status: {answer}"));
        Self { status: status.parse().unwrap(), head: head.to_owned(), body: body.to_owned() }
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.head, self.body))
    }

    pub(super) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(super) fn text(&self, field: &str) -> String {
        self.json()[field].as_str().unwrap_or_else(|| panic!("no {field} in {}", self.body)).to_owned()
    }

    /// Returns the values of a header.
    pub(super) fn headers(&self, name: &str) -> Vec<&str> {
        let of = |line: &'_ str| -> bool {
            line.split_once(':').is_some_and(|(it, _)| it.eq_ignore_ascii_case(name))
        };
        self.head
            .lines()
            .filter(|line| of(line))
            .filter_map(|line| Some(line.split_once(':')?.1.trim()))
            .collect()
    }
}

/// Returns the configuration of tests: the defaults, but with hashes that cost little.
pub(super) fn config() -> IdentityConfig {
    let mut config = Config::defaults().unwrap().identity;
    config.passwords = PasswordConfig { memory_kib: 64, passes: 1, threads: 2 };
    config
}

impl Site {
    pub(super) fn start() -> Self {
        Self::with(config())
    }

    /// Starts a server whose sessions are in a Redis, which may take so long.
    pub(super) fn with_redis(config: IdentityConfig, url: &str, patience: Duration) -> Self {
        let redis = Some((url.to_owned(), patience));
        Self::with_all(config, super::super::endpoints, Outside { redis, tls: None })
    }

    pub(super) fn with(config: IdentityConfig) -> Self {
        Self::with_endpoints(config, super::super::endpoints)
    }

    /// Starts a server with other endpoints.
    pub(super) fn with_endpoints(config: IdentityConfig, endpoints: fn() -> Vec<Endpoint>) -> Self {
        Self::with_all(config, endpoints, Outside { redis: redis(), tls: None })
    }

    /// Starts a server with TLS, by the files of a directory.
    pub(super) fn with_tls(pem: &Path) -> Self {
        Self::with_all(config(), super::super::endpoints, Outside { redis: redis(), tls: Some(pem) })
    }

    fn with_all(config: IdentityConfig, endpoints: fn() -> Vec<Endpoint>, outside: Outside<'_>) -> Self {
        let Outside { redis, tls } = outside;
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let file = ScratchFile::new();
        let schema = runtime.block_on(schema());
        let database = runtime.block_on(async {
            match &schema {
                Some(schema) => schema.open().await,
                None => Database::open(&DatabaseUrl::Sqlite(file.path())).await,
            }
        });
        let database = database.unwrap();
        let sessions = runtime.block_on(async { redis.map(|(url, patience)| sessions(&url, patience)) });
        let millis = Arc::new(AtomicI64::new(1_764_424_800_000));
        let now = Arc::clone(&millis);
        let clock: Clock = Arc::new(move || WallTime::from_nanos(now.load(Ordering::SeqCst) * 1_000_000));
        let data = tempfile::tempdir().unwrap();
        let newcomers = Arc::<Noted>::default();
        let parts = IdentityParts {
            config: config.clone(),
            data: data.path(),
            database: database.clone(),
            sessions: sessions.clone(),
            clock: Arc::clone(&clock),
            newcomers: Arc::clone(&newcomers) as Arc<dyn Newcomers>,
        };
        let identity = Arc::new(Identity::new(parts).unwrap());
        let shared = Arc::clone(&identity);
        let routes = move |config: &mut web::ServiceConfig| {
            super::super::configure(config, &shared);
            for endpoint in endpoints() {
                endpoint.register(config);
            }
        };
        let mut of_server = Config::defaults().unwrap();
        of_server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        if let Some(pem) = tls {
            of_server.tls_cert = Some(pem.join("cert.pem"));
            of_server.tls_key = Some(pem.join("key.pem"));
        }
        of_server.identity = config;
        let edge = Edge::open(&of_server).unwrap();
        let metrics = Arc::new(Metrics::new(Registry::default()));
        let server = Server::with_routes(edge, CONFIG, metrics, routes).unwrap();
        let (address, people) = (server.address(), People::with_sessions(database.clone(), sessions));
        let server = Some(server);
        Self {
            address,
            identity,
            people,
            database,
            newcomers,
            server,
            runtime,
            millis,
            clock,
            schema,
            _file: file,
            data,
        }
    }

    /// Returns the data directory.
    pub(super) fn data(&self) -> &Path {
        self.data.path()
    }

    /// Sends what waits in the outbox, and returns all mails that were ever sent to an address, the oldest
    /// first.
    pub(super) fn mails_to(&self, address: &str) -> Vec<String> {
        let directory = self.data().join("mails");
        let from = "Bearpit <bearpit@localhost>".parse().unwrap();
        let mailer = Arc::new(MailDirectory::new(directory.clone()));
        let postman = Postman::new(self.database.clone(), mailer, &from, Arc::clone(&self.clock)).unwrap();
        self.block_on(async { while postman.deliver().await.unwrap() > 0 {} });
        let Ok(files) = std::fs::read_dir(directory) else { return Vec::new() };
        let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        let mails = files.iter().map(|path| std::fs::read_to_string(path).unwrap());
        mails.filter(|mail| mail.contains(&format!("To: {address}\r\n"))).collect()
    }

    /// Returns the code that was sent to an address last.
    pub(super) fn code_to(&self, address: &str) -> String {
        let mail = self.mails_to(address).pop().unwrap_or_else(|| panic!("no mail to {address}"));
        let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|it| it.is_ascii_digit());
        mail.lines().find(is_code).unwrap_or_else(|| panic!("no code in {mail}")).to_owned()
    }

    /// Shows that an address is theirs, by the code that was sent there at registration.
    pub(super) fn verify(&self, tokens: &Value, address: &str) {
        let body = json!({ "code": self.code_to(address) });
        let answer = self.post("/api/auth/mail/confirm", &access(tokens), &body);
        assert_eq!(answer.status, 204, "{}", answer.body);
    }

    /// Lets time pass.
    pub(super) fn pass(&self, time: Duration) {
        self.millis.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub(super) fn now(&self) -> WallTime {
        WallTime::from_nanos(self.millis.load(Ordering::SeqCst) * 1_000_000)
    }

    pub(super) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Sends a request, and returns what is answered.
    pub(super) fn send(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        Answer::read(&answer)
    }

    /// Asks, with headers as lines that end in CRLF.
    pub(super) fn ask(&self, method: &str, path: &str, headers: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let form = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
        self.send(&format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{form}{headers}Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        ))
    }

    pub(super) fn post(&self, path: &str, headers: &str, body: &Value) -> Answer {
        self.ask("POST", path, headers, body)
    }

    pub(super) fn get(&self, path: &str, headers: &str) -> Answer {
        self.ask("GET", path, headers, &Value::Null)
    }

    pub(super) fn register(&self, name: &str) -> Answer {
        let body = json!({ "username": name, "mail": format!("{name}@example.org"), "password": PASSWORD });
        self.post("/api/auth/register", "", &body)
    }

    pub(super) fn log_in(&self, name: &str) -> Answer {
        self.post("/api/auth/login", "", &json!({ "username": name, "password": PASSWORD }))
    }

    /// Registers and logs in, and returns the tokens.
    pub(super) fn newcomer(&self, name: &str) -> Value {
        let registered = self.register(name);
        assert_eq!(registered.status, 201, "{}", registered.body);
        let answer = self.log_in(name);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// Makes a key, and returns its id and secret.
    pub(super) fn key(&self, token: &str, scopes: &[&str]) -> Value {
        let made = self.post("/api/keys", &bearer(token), &json!({ "name": "bot", "scopes": scopes }));
        assert_eq!(made.status, 201, "{}", made.body);
        made.json()
    }

    pub(super) fn me(&self, headers: &str) -> Answer {
        self.get("/api/auth/me", headers)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.stop(Duration::from_secs(10))).unwrap();
        }
        self.runtime.block_on(self.database.close());
        if let Some(schema) = self.schema.take() {
            self.runtime.block_on(schema.drop()).unwrap();
        }
    }
}

/// Says that sites have PostgreSQL, of [`POSTGRES`]: for [`super::postgres`].
pub(super) const SITES: &str = "BEARPIT_TEST_SITES_POSTGRES";

/// Says where the Redis is in which sites have sessions: for [`super::redis`].
pub(super) const REDIS_SITES: &str = "BEARPIT_TEST_SITES_REDIS";
/// How long a Redis may take that is there, on a machine that has much else to do.
pub(super) const REDIS_PATIENCE: Duration = Duration::from_mins(1);

/// Returns whether sessions of sites are in a Redis.
pub(super) fn has_redis() -> bool {
    redis().is_some()
}

fn redis() -> Option<(String, Duration)> {
    Some((std::env::var(REDIS_SITES).ok()?, REDIS_PATIENCE))
}

/// Returns sessions with keys of their own.
fn sessions(url: &str, patience: Duration) -> RedisSessions {
    let prefix = format!("bearpit-test:{}:", UserId::draw());
    RedisSessions::new(&RedisUrl::parse(url).unwrap(), &prefix, patience).unwrap()
}

async fn schema() -> Option<Schema> {
    std::env::var_os(SITES)?;
    Some(Schema::new(&std::env::var(POSTGRES).unwrap()).await.unwrap())
}

/// Returns the header of a token.
pub(super) fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

/// Returns the header of the access token of a login.
pub(super) fn access(tokens: &Value) -> String {
    bearer(tokens["access_token"].as_str().unwrap())
}

/// Returns a person of a role, to be added by hand.
pub(super) fn person(site: &Site, name: &str, role: Role) -> NewUser {
    let password = Secret::new(PASSWORD.to_owned());
    NewUser {
        id: UserId::draw(),
        account: AccountId::draw(),
        username: name.to_owned(),
        username_key: name.to_owned(),
        mail: None,
        is_verified: false,
        role,
        password_hash: Some(hash_password(config().passwords, &password).unwrap()),
        now: site.now(),
    }
}
