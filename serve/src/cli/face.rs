//! What the public server of a process answers with, put together.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tracing::warn;

use super::channels::{Prepared, Started};
use super::console::print;
use super::deliveries::{Outbox, outbox};
use super::estimates::{Making, Working, estimates};
use super::exit::Failure;
use super::payments::{Till, TillParts, base_of, till};
use super::serve::{JOURNAL, failed};
use crate::channels::Running;
use crate::config::Config;
use crate::domain::AccountId;
use crate::driver::{MarketHandle, ScenarioSource};
use crate::http::{Face, Server};
use crate::projector::Journal;
use crate::services::admin::{Admin, AdminParts, Announcements, AuditLog, Operations};
use crate::services::alerts::Alerts;
use crate::services::alpaca::{Alpaca, AlpacaParts};
use crate::services::auctions::Auctions;
use crate::services::contests::{Contests, ContestsParts};
use crate::services::deliveries::Deliverer;
use crate::services::estimates::{EstimateMetrics, EstimatesParts};
use crate::services::feeds::Feeds;
use crate::services::identity::{Identity, IdentityParts, Newcomers, system_clock};
use crate::services::mail::{Postman, mailer};
use crate::services::market_data::{DatabaseArchive, MarketData, MarketDataParts};
use crate::services::notifications::{NoticeBoard, Notifications, Notifier};
use crate::services::profiles::{Profiles, ProfilesParts};
use crate::services::strategies::{Strategies, StrategiesParts, StrategyOutputs};
use crate::services::trading::{Trading, TradingParts};
use crate::services::wallet::{Wallets, WalletsParts};
use crate::services::watchlists::Watchlists;
use crate::store::database::Database;
use crate::store::people::RedisSessions;
use crate::store::strategies::StrategyLimits;

/// The directory of days' replays within the data directory.
const REPLAYS: &str = "replays";

/// The directory of people's pictures within the data directory.
const IMAGES: &str = "images";

/// How often is deleted what is good for nothing any more.
const FORGET_EVERY: Duration = Duration::from_secs(60 * 60);

/// What the services are made of.
pub(super) struct Parts<'a> {
    pub(super) config: &'a Config,
    pub(super) source: ScenarioSource,
    pub(super) handle: MarketHandle,
    pub(super) database: Database,
    /// What keeps sessions in its place, if something does.
    pub(super) sessions: Option<RedisSessions>,
    pub(super) outputs: StrategyOutputs,
    pub(super) log: AuditLog,
    /// The file of the scenario.
    pub(super) path: &'a Path,
    /// What the addresses of the server begin with, if nobody says otherwise.
    pub(super) base: String,
    /// What channels keep on disk.
    pub(super) channels: Prepared,
    /// What polls quotes.
    pub(super) feeds: Arc<Feeds>,
    /// What is measured of estimates.
    pub(super) of_estimates: EstimateMetrics,
}

/// What the services were put together to.
pub(super) struct Built {
    pub(super) face: Face,
    /// What plays a provider of payments.
    pub(super) sandbox: Option<Server>,
    /// The channels.
    pub(super) running: Vec<Running>,
    /// What makes estimates in this process, if it does.
    pub(super) workers: Option<Working>,
}

/// Puts the services together, and what plays a provider of payments; to be called within a runtime.
///
/// # Errors
/// [`Failure::Run`], which is written to the log.
pub(super) fn face(parts: Parts<'_>) -> Result<Built, Failure> {
    let market_data = market_data(&parts);
    let of_estimates = (parts.source.clone(), parts.of_estimates.clone());
    let Parts {
        config, source, handle, database, sessions, outputs, log, path, base, channels, feeds, ..
    } = parts;
    let journal = config.data.join(JOURNAL);
    let market = source.scenario().name.clone();
    let trading = Arc::new(Trading::new(TradingParts {
        handle: handle.clone(),
        source: source.clone(),
        data: Arc::clone(&market_data),
        database: database.clone(),
        journal: journal.clone(),
    }));
    let auctions = Arc::new(Auctions::new(Arc::clone(&trading)));
    let identity = identity(config, (database.clone(), sessions), &trading)?;
    let watchlists = Arc::new(Watchlists::new(database.clone(), Arc::clone(&market_data)));
    let strategies = strategies(config, (source, outputs), (&trading, &market_data), &database);
    let wallets = wallets(&trading, &handle, &database);
    let services = (&identity, &trading, &strategies);
    let profiles = profiles(config, services, (&wallets, &watchlists), &database);
    let Outbox { webhooks, push, deliverer, wake } = outbox(config, &database)?;
    tokio::spawn(forget_deliveries(deliverer));
    let of_contests = Journal { directory: journal, scenario: path.to_owned() };
    let contests = contests(&trading, &handle, of_contests, (&database, &log));
    let announcements = board(&database, &log);
    let told = told(&database, &market_data, wake);
    let services = (Arc::clone(&identity), Arc::clone(&trading), Arc::clone(&strategies));
    let admin = administration(services, &handle, (&database, &log), feeds);
    let Till { payments, sandbox, server } =
        till(TillParts { config, base, trading: Arc::clone(&trading), database: database.clone(), log })?;
    let Started { groups, channels, running } =
        channels.start(config, (&market_data, &auctions, &identity), &database)?;
    let services = (&trading, &market_data);
    let Making { estimates, workers } = making(config, services, of_estimates, (&database, path));
    let (of_trading, data) = (Arc::clone(&trading), Arc::clone(&market_data));
    let parts = AlpacaParts { market, handle, trading: of_trading, data, database };
    let alpaca = Arc::new(Alpaca::new(parts));
    let face = Face {
        identity,
        profiles,
        market_data,
        trading,
        auctions,
        wallets,
        strategies,
        contests,
        watchlists,
        webhooks,
        push,
        payments,
        sandbox,
        admin,
        announcements,
        notifications: told.notifications,
        board: told.board,
        alerts: told.alerts,
        groups,
        channels,
        estimates,
        alpaca,
    };
    Ok(Built { face, sandbox: server, running, workers })
}

fn strategies(
    config: &Config,
    (source, outputs): (ScenarioSource, StrategyOutputs),
    (trading, data): (&Arc<Trading>, &Arc<MarketData>),
    database: &Database,
) -> Arc<Strategies> {
    let strategies = Arc::new(Strategies::new(StrategiesParts {
        trading: Arc::clone(trading),
        source,
        data: Arc::clone(data),
        database: database.clone(),
        outputs,
        limits: limits(config),
    }));
    tokio::spawn(Arc::clone(&strategies).tidy_up());
    strategies
}

/// Takes estimates in, and begins to make them.
fn making(
    config: &Config,
    (trading, data): (&Arc<Trading>, &Arc<MarketData>),
    (source, metrics): (ScenarioSource, EstimateMetrics),
    (database, path): (&Database, &Path),
) -> Making {
    let parts = EstimatesParts {
        trading: Arc::clone(trading),
        data: Arc::clone(data),
        source,
        path: path.to_owned(),
        database: database.clone(),
        config: config.estimates.clone(),
        wake: Arc::new(Notify::new()),
    };
    estimates(parts, metrics)
}

fn profiles(
    config: &Config,
    (identity, trading, strategies): (&Arc<Identity>, &Arc<Trading>, &Arc<Strategies>),
    (wallets, watchlists): (&Arc<Wallets>, &Arc<Watchlists>),
    database: &Database,
) -> Arc<Profiles> {
    Arc::new(Profiles::new(ProfilesParts {
        identity: Arc::clone(identity),
        trading: Arc::clone(trading),
        strategies: Arc::clone(strategies),
        wallets: Arc::clone(wallets),
        watchlists: Arc::clone(watchlists),
        database: database.clone(),
        pictures: config.data.join(IMAGES),
    }))
}

fn wallets(trading: &Arc<Trading>, handle: &MarketHandle, database: &Database) -> Arc<Wallets> {
    let (trading, handle, database) = (Arc::clone(trading), handle.clone(), database.clone());
    let wallets = Arc::new(Wallets::new(WalletsParts { trading, handle, database }));
    tokio::spawn(Arc::clone(&wallets).settle_left());
    wallets
}

fn contests(
    trading: &Arc<Trading>,
    handle: &MarketHandle,
    journal: Journal,
    (database, log): (&Database, &AuditLog),
) -> Arc<Contests> {
    let contests = Arc::new(Contests::new(ContestsParts {
        trading: Arc::clone(trading),
        handle: handle.clone(),
        journal,
        database: database.clone(),
        audit: log.clone(),
    }));
    tokio::spawn(Arc::clone(&contests).look_after());
    contests
}

/// Returns how many strategies of people may run.
const fn limits(config: &Config) -> StrategyLimits {
    StrategyLimits { per_user: config.strategies.per_user, total: config.strategies.total }
}

/// Returns what everybody is told, which keeps itself up to date.
fn board(database: &Database, log: &AuditLog) -> Arc<Announcements> {
    let board = Arc::new(Announcements::new(database.clone(), log.clone(), system_clock()));
    tokio::spawn(Arc::clone(&board).keep_up());
    board
}

fn administration(
    (identity, trading, strategies): (Arc<Identity>, Arc<Trading>, Arc<Strategies>),
    handle: &MarketHandle,
    (database, log): (&Database, &AuditLog),
    feeds: Arc<Feeds>,
) -> Arc<Admin> {
    let admin = Arc::new(Admin::new(AdminParts {
        identity,
        trading,
        strategies,
        operations: Operations::new(handle.clone(), log.clone()),
        database: database.clone(),
        log: log.clone(),
        clock: system_clock(),
        feeds,
    }));
    tokio::spawn(Arc::clone(&admin).settle_left());
    admin
}

/// What people are told.
struct Told {
    notifications: Arc<Notifications>,
    board: Arc<NoticeBoard>,
    alerts: Arc<Alerts>,
}

/// Returns what people are told, and begins to tell them.
fn told(database: &Database, market_data: &Arc<MarketData>, wake: Arc<Notify>) -> Told {
    let board = Arc::new(NoticeBoard::new(database.clone(), system_clock()));
    let notifier = Notifier::new(database.clone(), Arc::clone(&board), system_clock()).waking(wake);
    let notifier = Arc::new(notifier);
    let alerts = Arc::new(Alerts::new(database.clone(), Arc::clone(market_data), system_clock()));
    tokio::spawn(Arc::clone(&board).keep_up());
    tokio::spawn(forget_notices(Arc::clone(&notifier)));
    tokio::spawn(notifier.run());
    tokio::spawn(Arc::clone(&alerts).watch());
    let notifications = Arc::new(Notifications::new(database.clone(), system_clock()));
    Told { notifications, board, alerts }
}

/// Deletes notices that are older than they are kept, now and then.
async fn forget_notices(notifier: Arc<Notifier>) {
    let mut times = tokio::time::interval(FORGET_EVERY);
    loop {
        times.tick().await;
        if let Err(error) = notifier.forget_old().await {
            warn!(%error, "old notices are deleted later");
        }
    }
}

fn market_data(parts: &Parts<'_>) -> Arc<MarketData> {
    let Parts { config, source, handle, database, .. } = parts;
    let instruments = source.scenario().instruments.iter().map(|it| &it.instrument);
    let archive = DatabaseArchive::new(database.clone(), instruments);
    Arc::new(MarketData::new(MarketDataParts {
        market: Box::new(handle.clone()),
        source: source.clone(),
        archive: Box::new(archive),
        journal: config.data.join(JOURNAL),
        replays: config.data.join(REPLAYS),
        currency: MarketData::CURRENCY.to_owned(),
    }))
}

fn identity(
    config: &Config,
    (database, sessions): (Database, Option<RedisSessions>),
    trading: &Arc<Trading>,
) -> Result<Arc<Identity>, Failure> {
    let newcomers = Arc::new(Seating { trading: Arc::clone(trading), runtime: Handle::current() });
    let data: &Path = &config.data;
    let postman = postman(config, database.clone())?;
    let identity = Identity::new(IdentityParts {
        config: config.identity.clone(),
        data,
        database,
        sessions,
        clock: system_clock(),
        newcomers,
    });
    let identity = identity.map(Arc::new).map_err(|error| failed("nobody can be let in", &error))?;
    tokio::spawn(forget(Arc::clone(&identity), Arc::clone(&postman)));
    tokio::spawn(postman.run());
    Ok(identity)
}

fn postman(config: &Config, database: Database) -> Result<Arc<Postman>, Failure> {
    let mailer =
        mailer(&config.mail, &config.data).map_err(|error| failed("no mails can be sent", &error))?;
    let postman = Postman::new(database, mailer, &config.mail.from, system_clock());
    postman.map(Arc::new).map_err(|error| failed("no mails can be sent", &error))
}

/// Deletes tokens, codes and mails that are good for nothing any more, now and then.
async fn forget(identity: Arc<Identity>, postman: Arc<Postman>) {
    let mut times = tokio::time::interval(FORGET_EVERY);
    loop {
        times.tick().await;
        if let Err(problem) = identity.forget_expired().await {
            warn!(%problem, "tokens that have expired are deleted later");
        }
        if let Err(error) = postman.forget_old().await {
            warn!(%error, "mails that were sent are deleted later");
        }
    }
}

/// Deletes what was sent or given up long ago, now and then.
async fn forget_deliveries(deliverer: Arc<Deliverer>) {
    let mut times = tokio::time::interval(FORGET_EVERY);
    loop {
        times.tick().await;
        if let Err(error) = deliverer.forget_old().await {
            warn!(%error, "what was sent to webhooks is deleted later");
        }
    }
}

/// Opens the accounts of those who have registered.
#[derive(Debug)]
struct Seating {
    trading: Arc<Trading>,
    runtime: Handle,
}

impl Newcomers for Seating {
    fn registered(&self, account: AccountId) {
        let trading = Arc::clone(&self.trading);
        self.runtime.spawn(async move {
            // Where the market takes nothing, the account is opened with what is asked first in its name.
            if let Err(problem) = trading.open(account).await {
                warn!(%problem, "an account is opened later");
            }
        });
    }
}

/// Says where the server is, and how a stranger begins.
///
/// # Errors
/// [`Failure`] if nothing can be printed.
pub(super) fn print_welcome(server: &Server, has_tls: bool) -> Result<(), Failure> {
    let base = base_of(server.address(), has_tls);
    let json = "-H 'Content-Type: application/json'";
    for line in [
        format!("market  {base}/api/quotes"),
        format!("docs    {base}/docs"),
        "A stranger begins with these (the second prints a token):".to_owned(),
        format!(
            "  curl -s {base}/api/auth/register {json} \
             -d '{{\"username\":\"anne\",\"mail\":\"anne@example.com\",\"password\":\"correct horse battery\"}}'"
        ),
        format!(
            "  TOKEN=$(curl -s {base}/api/auth/login {json} \
             -d '{{\"username\":\"anne\",\"password\":\"correct horse battery\"}}' \
             | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/'); echo $TOKEN"
        ),
        format!(
            "  curl -s '{base}/api/orders?wait=venue' -H \"Authorization: Bearer $TOKEN\" {json} \
             -d '{{\"symbol\":\"ALFA\",\"side\":\"buy\",\"quantity\":10}}'"
        ),
    ] {
        print(&line)?;
    }
    Ok(())
}
