//! A whole exchange in a directory of the test, and who asks it over sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bearpit::scenario::Scenario;
use prometheus_client::registry::Registry;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::config::{Config, DatabaseUrl, PasswordConfig};
use crate::domain::{AccountId, Actor, Credential, Role, Scope, Scopes, Secret, SessionId, UserId, WallTime};
use crate::driver::{Driver, DriverConfig, ScenarioSource, Stage, SyncPolicy, SystemClock};
use crate::http::{Face, Market, Metrics, Readiness, Server, ServerConfig};
use crate::outgoing::{Guarded, Reach};
use crate::projector::{Journal, LiveTerms, ProjectionSink, Projector, ProjectorConfig, ProjectorMetrics};
use crate::publication::PublicationConfig;
use crate::services::admin::{Admin, AdminParts, Announcements, AuditLog, Operations};
use crate::services::alerts::Alerts;
use crate::services::alpaca::{Alpaca, AlpacaParts};
use crate::services::auctions::Auctions;
use crate::services::channels::{Channels, Groups};
use crate::services::contests::{Contests, ContestsParts};
use crate::services::estimates::{Estimates, EstimatesParts};
use crate::services::identity::{
    Clock, Identity, IdentityParts, Login, Newcomers, Visitor, hash_password, system_clock,
};
use crate::services::market_data::{MarketData, MarketDataParts, NoArchive};
use crate::services::notifications::{NoticeBoard, Notifications};
use crate::services::payments::{Payments, PaymentsParts};
use crate::services::profiles::{Profiles, ProfilesParts};
use crate::services::push::{Push, Vapid};
use crate::services::strategies::{Strategies, StrategiesParts, StrategyOutputs};
use crate::services::trading::{Trading, TradingParts};
use crate::services::wallet::{Wallets, WalletsParts};
use crate::services::watchlists::Watchlists;
use crate::services::webhooks::{Webhooks, WebhooksParts};
use crate::store::database::Database;
use crate::store::people::{NewUser, People};
use crate::store::spool::SpoolSize;
use crate::store::strategies::StrategyLimits;

/// A maker, and a crowd that trades with it.
pub(super) const SCENARIO: &str = include_str!("../../../../tests/markets/small.toml");

const PASSWORD: &str = "correct horse battery";

const PASSWORDS: PasswordConfig = PasswordConfig { memory_kib: 64, passes: 1, threads: 2 };

/// No wait of a test takes longer.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// A key of somebody.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) secret: String,
}

/// A whole exchange.
pub(super) struct Exchange {
    pub(super) address: SocketAddr,
    pub(super) key: Key,
    pub(super) reader: Key,
    pub(super) database: Database,
    pub(super) people: People,
    running: Option<Running>,
    scenario: &'static str,
    runtime: Runtime,
    directory: tempfile::TempDir,
}

/// What is started, and stopped.
struct Running {
    driver: Driver,
    server: Server,
    projecting: JoinHandle<()>,
    identity: Arc<Identity>,
    people: People,
    database: Database,
}

#[derive(Debug)]
struct Always;

impl Market for Always {
    fn readiness(&self) -> Readiness {
        Readiness::Ready
    }
}

impl Newcomers for Always {
    fn registered(&self, _: AccountId) {}
}

/// What was answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Exchange {
    pub(super) fn open() -> Self {
        Self::open_with(SCENARIO)
    }

    /// Opens the exchange of a scenario.
    pub(super) fn open_with(scenario: &'static str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let (runtime, directory) = (runtime.unwrap(), tempfile::tempdir().unwrap());
        let running = start(directory.path(), scenario, &runtime);
        let actor = actor();
        runtime.block_on(running.people.add(&person(&actor))).unwrap();
        let key = |scopes: &[Scope]| {
            let scopes: Scopes = scopes.iter().copied().collect();
            let made = runtime.block_on(running.identity.create_key(&actor, "bot", scopes)).unwrap();
            Key { id: made.id.to_string(), secret: made.secret.expose().to_owned() }
        };
        let (key, reader) = (key(&[Scope::Read, Scope::Trade]), key(&[Scope::Read]));
        let (address, database) = (running.server.address(), running.database.clone());
        let (people, running) = (running.people.clone(), Some(running));
        let exchange = Self { address, key, reader, database, people, running, scenario, runtime, directory };
        exchange.await_quotes();
        exchange
    }

    /// Stops it in good order, and starts it again on the same data: the day goes on.
    pub(super) fn restart(&mut self) {
        self.stop();
        let running = start(self.directory.path(), self.scenario, &self.runtime);
        (self.address, self.database) = (running.server.address(), running.database.clone());
        self.running = Some(running);
        self.await_quotes();
    }

    fn stop(&mut self) {
        let Some(Running { driver, server, projecting, database, .. }) = self.running.take() else { return };
        self.runtime.block_on(server.stop(Duration::from_secs(10))).unwrap();
        driver.handle.stop();
        driver.join();
        self.runtime.block_on(async { tokio::time::timeout(PATIENCE, projecting).await }).unwrap().unwrap();
        self.runtime.block_on(database.close());
    }

    /// Returns the directory of the journal.
    pub(super) fn journal(&self) -> std::path::PathBuf {
        self.directory.path().join("journal")
    }

    /// Returns the scenario of its days.
    pub(super) fn source(&self) -> ScenarioSource {
        let scenario = Scenario::from_text(Path::new("small.toml"), self.scenario, &[]);
        ScenarioSource::new(scenario.map_err(|error| error.render(false)).unwrap(), self.scenario.to_owned())
    }

    /// Waits for something outside the exchange.
    pub(super) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Asks until something holds.
    pub(super) fn until(&self, mut holds: impl FnMut(&Self) -> bool, what: &str) {
        // As long as the patience, at least.
        for _ in 0..12_000 {
            if holds(self) {
                return;
            }
            self.runtime.block_on(async { tokio::time::sleep(Duration::from_millis(10)).await });
        }
        panic!("{what}");
    }

    fn await_quotes(&self) {
        let driver = &self.running.as_ref().unwrap().driver;
        let is_there = || {
            let snapshots = driver.handle.publication().snapshots();
            let has_quote = snapshots.first().is_some_and(|it| it.bid().is_some() && it.ask().is_some());
            driver.handle.status().stage == Stage::Open && has_quote
        };
        let waits = async {
            while !is_there() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        self.runtime.block_on(async { tokio::time::timeout(PATIENCE, waits).await }).unwrap();
    }

    /// Returns the headers of a key.
    pub(super) fn keys(key: &Key) -> String {
        format!("APCA-API-KEY-ID: {}\r\nAPCA-API-SECRET-KEY: {}\r\n", key.id, key.secret)
    }

    /// Asks, with headers as lines that end in CRLF.
    pub(super) fn ask_as(&self, headers: &str, method: &str, path: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             {headers}Content-Length: {length}\r\n\r\n{body}",
            self.address
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let body = serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned()));
        Answer { status, body }
    }

    pub(super) fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        self.ask_as(&Self::keys(&self.key), method, path, body)
    }

    pub(super) fn get(&self, path: &str) -> Value {
        let Answer { status, body } = self.ask("GET", path, "");
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Adds somebody who can log in, and returns their account.
    pub(super) fn add_person(&self, name: &str, role: Role) -> NewUser {
        let hash = hash_password(PASSWORDS, &Secret::new(PASSWORD.to_owned())).unwrap();
        let actor = Actor { role, ..actor() };
        let (username, username_key) = (name.to_owned(), name.to_owned());
        let person = NewUser { username, username_key, password_hash: Some(hash), ..person(&actor) };
        self.block_on(self.people.add(&person)).unwrap();
        person
    }

    /// Logs somebody in as of a time ago, and returns the access token.
    pub(super) fn log_in(&self, name: &str, ago: Duration) -> String {
        let ago = i64::try_from(ago.as_nanos()).unwrap();
        let clock: Clock = Arc::new(move || WallTime::from_nanos(system_clock()().nanos() - ago));
        let then = identity(self.directory.path(), &self.database, clock);
        let password = Secret::new(PASSWORD.to_owned());
        let login = Login { username: name.to_owned(), password, code: None };
        let visitor = Visitor { address: [127, 0, 0, 1].into(), agent: None };
        let tokens = self.block_on(then.log_in(&login, &visitor)).unwrap();
        tokens.access.expose().to_owned()
    }

    /// Enters an order.
    pub(super) fn enter(&self, order: &Value) -> Value {
        let Answer { status, body } = self.ask("POST", "/v2/orders", &order.to_string());
        assert_eq!(status, 200, "{order}: {body}");
        body
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.stop();
    }
}

fn start(directory: &Path, text: &'static str, runtime: &Runtime) -> Running {
    let scenario = Scenario::from_text(Path::new("small.toml"), text, &[]);
    let scenario = scenario.map_err(|error| error.render(false)).unwrap();
    let source = ScenarioSource::new(scenario, text.to_owned());
    let url = DatabaseUrl::Sqlite(directory.join("bearpit.db"));
    let database = runtime.block_on(Database::open(&url)).unwrap();
    let (projector, sink) = projector(directory, text, database.clone());
    let projecting = runtime.spawn(projector.run());
    let driver = driver(directory, &source, sink);
    let (face, identity, people) = runtime.block_on(face(directory, &driver, source, database.clone()));
    let metrics = Arc::new(Metrics::new(Registry::default()));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = ServerConfig {
        workers: 1,
        connections: 200,
        body_bytes_max: 10_000,
        request_timeout: PATIENCE,
        keep_alive: Duration::from_secs(60),
    };
    let server = Server::start(listener, config, metrics, Arc::new(Always), Some(face)).unwrap();
    Running { driver, server, projecting, identity, people, database }
}

fn projector(directory: &Path, text: &str, database: Database) -> (Projector, ProjectionSink) {
    let scenario = directory.join("small.toml");
    std::fs::write(&scenario, text).unwrap();
    let config = ProjectorConfig {
        journal: Journal { directory: directory.join("journal"), scenario },
        spool: directory.join("spool"),
        size: SpoolSize::default(),
        live: LiveTerms { keep_days: 30, is_relaxed: false },
        metrics: ProjectorMetrics::register(&mut Registry::default()),
    };
    Projector::new(database, config).unwrap()
}

fn driver(directory: &Path, source: &ScenarioSource, sink: ProjectionSink) -> Driver {
    let driver = Driver::start(DriverConfig {
        journal: directory.join("journal"),
        sync: SyncPolicy::AtOnce,
        queue: 1_000,
        clock: Box::new(SystemClock::new()),
        source: Box::new(source.clone()),
        wrap: Box::new(|file| Box::new(file)),
        publication: PublicationConfig::default(),
        sinks: vec![Box::new(sink)],
        settled: Box::new(|_| {}),
        metrics: crate::driver::Metrics::default(),
    });
    driver.unwrap()
}

fn market_data(directory: &Path, driver: &Driver, source: ScenarioSource) -> Arc<MarketData> {
    Arc::new(MarketData::new(MarketDataParts {
        market: Box::new(driver.handle.clone()),
        source,
        archive: Box::new(NoArchive),
        journal: directory.join("journal"),
        replays: directory.join("replays"),
        currency: MarketData::CURRENCY.to_owned(),
    }))
}

async fn face(
    directory: &Path,
    driver: &Driver,
    source: ScenarioSource,
    database: Database,
) -> (Face, Arc<Identity>, People) {
    let handle = driver.handle.clone();
    let journal = directory.join("journal");
    let market_data = market_data(directory, driver, source.clone());
    let (data, of_trading) = (Arc::clone(&market_data), database.clone());
    let parts =
        TradingParts { handle: handle.clone(), source: source.clone(), data, database: of_trading, journal };
    let trading = Arc::new(Trading::new(parts));
    let of_estimates = source.clone();
    let identity = Arc::new(identity(directory, &database, system_clock()));
    let (of_trading, data) = (Arc::clone(&trading), Arc::clone(&market_data));
    let (market, of_alpaca) = ("small".to_owned(), database.clone());
    let parts = AlpacaParts { market, handle, trading: of_trading, data, database: of_alpaca };
    let alpaca = Arc::new(Alpaca::new(parts));
    let strategies = Arc::new(Strategies::new(StrategiesParts {
        trading: Arc::clone(&trading),
        source,
        data: Arc::clone(&market_data),
        database: database.clone(),
        outputs: StrategyOutputs::default(),
        limits: StrategyLimits { per_user: 1, total: 1 },
    }));
    let watchlists = Arc::new(Watchlists::new(database.clone(), Arc::clone(&market_data)));
    let wallets = wallets(driver, &trading, &database);
    let parts = (Arc::clone(&identity), Arc::clone(&trading), Arc::clone(&strategies));
    let pictures = directory.join("images");
    let profiles = profiles(parts.clone(), (&wallets, &watchlists), &database, pictures);
    let (admin, announcements) = administration(driver, &database, parts);
    let contests = contests(directory, driver, &trading, &database);
    let payments = payments(&trading, &database);
    let board = Arc::new(NoticeBoard::new(database.clone(), system_clock()));
    let alerts = Arc::new(Alerts::new(database.clone(), Arc::clone(&market_data), system_clock()));
    let (webhooks, push) = outbox(directory, &database);
    let groups = Arc::new(Groups::new(database.clone(), false, system_clock()));
    let channels = Arc::new(Channels::new(Vec::new(), database.clone()));
    let estimates = estimates(directory, (&trading, &market_data), of_estimates, &database);
    let face = Face {
        identity: Arc::clone(&identity),
        profiles,
        market_data,
        auctions: Arc::new(Auctions::new(Arc::clone(&trading))),
        trading,
        wallets,
        strategies,
        contests,
        watchlists,
        webhooks,
        push,
        payments,
        sandbox: None,
        admin,
        announcements,
        notifications: Arc::new(Notifications::new(database.clone(), system_clock())),
        board,
        alerts,
        groups,
        channels,
        estimates,
        alpaca,
    };
    (face, identity, People::new(database))
}

fn profiles(
    (identity, trading, strategies): (Arc<Identity>, Arc<Trading>, Arc<Strategies>),
    (wallets, watchlists): (&Arc<Wallets>, &Arc<Watchlists>),
    database: &Database,
    pictures: PathBuf,
) -> Arc<Profiles> {
    let (wallets, watchlists, database) = (Arc::clone(wallets), Arc::clone(watchlists), database.clone());
    let parts = ProfilesParts { identity, trading, strategies, wallets, watchlists, database, pictures };
    Arc::new(Profiles::new(parts))
}

fn estimates(
    directory: &Path,
    (trading, data): (&Arc<Trading>, &Arc<MarketData>),
    source: ScenarioSource,
    database: &Database,
) -> Arc<Estimates> {
    let parts = EstimatesParts {
        trading: Arc::clone(trading),
        data: Arc::clone(data),
        source,
        path: directory.join("small.toml"),
        database: database.clone(),
        config: Config::defaults().unwrap().estimates,
        wake: Arc::default(),
    };
    Arc::new(Estimates::new(parts, system_clock()))
}

fn outbox(directory: &Path, database: &Database) -> (Arc<Webhooks>, Arc<Push>) {
    let guarded = Guarded::new(Reach::Public).unwrap();
    let vapid = Arc::new(Vapid::of(directory, "mailto:bearpit@localhost".to_owned()).unwrap());
    let parts = WebhooksParts { database: database.clone(), guarded: guarded.clone(), wake: Arc::default() };
    let push = Push::new(database.clone(), guarded, vapid, system_clock());
    (Arc::new(Webhooks::new(parts, system_clock())), Arc::new(push))
}

fn wallets(driver: &Driver, trading: &Arc<Trading>, database: &Database) -> Arc<Wallets> {
    let (trading, handle, database) = (Arc::clone(trading), driver.handle.clone(), database.clone());
    Arc::new(Wallets::new(WalletsParts { trading, handle, database }))
}

fn contests(directory: &Path, driver: &Driver, trading: &Arc<Trading>, database: &Database) -> Arc<Contests> {
    Arc::new(Contests::new(ContestsParts {
        trading: Arc::clone(trading),
        handle: driver.handle.clone(),
        journal: Journal { directory: directory.join("journal"), scenario: directory.join("small.toml") },
        database: database.clone(),
        audit: AuditLog::new(database.clone(), system_clock()),
    }))
}

fn payments(trading: &Arc<Trading>, database: &Database) -> Arc<Payments> {
    let payments = Payments::new(PaymentsParts {
        config: Config::defaults().unwrap().payments,
        provider: None,
        public_url: "http://localhost".to_owned(),
        trading: Arc::clone(trading),
        database: database.clone(),
        log: AuditLog::new(database.clone(), system_clock()),
        clock: system_clock(),
    });
    Arc::new(payments.unwrap())
}

fn identity(directory: &Path, database: &Database, clock: Clock) -> Identity {
    let mut config = Config::defaults().unwrap().identity;
    config.passwords = PASSWORDS;
    let (database, newcomers) = (database.clone(), Arc::new(Always));
    Identity::new(IdentityParts { config, data: directory, database, sessions: None, clock, newcomers })
        .unwrap()
}

type Services = (Arc<Identity>, Arc<Trading>, Arc<Strategies>);

fn administration(
    driver: &Driver,
    database: &Database,
    (identity, trading, strategies): Services,
) -> (Arc<Admin>, Arc<Announcements>) {
    let log = AuditLog::new(database.clone(), system_clock());
    let announcements = Announcements::new(database.clone(), log.clone(), system_clock());
    let admin = Admin::new(AdminParts {
        identity,
        trading,
        strategies,
        operations: Operations::new(driver.handle.clone(), log.clone()),
        database: database.clone(),
        log,
        clock: system_clock(),
        feeds: Arc::default(),
    });
    (Arc::new(admin), Arc::new(announcements))
}

fn actor() -> Actor {
    Actor {
        user: UserId::draw(),
        account: AccountId::draw(),
        role: Role::User,
        scopes: Scopes::of_role(Role::User),
        credential: Credential::Session(SessionId::draw()),
    }
}

fn person(actor: &Actor) -> NewUser {
    NewUser {
        id: actor.user,
        account: actor.account,
        username: "anne".to_owned(),
        username_key: "anne".to_owned(),
        mail: None,
        is_verified: false,
        role: actor.role,
        password_hash: Some("none".to_owned()),
        now: WallTime::from_nanos(1),
    }
}
