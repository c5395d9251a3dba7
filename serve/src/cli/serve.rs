//! `bearpit-serve SCENARIO`: starts a market and its servers, and ends them in order.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bearpit::scenario::{Diagnostics, Override, Scenario};
use prometheus_client::registry::Registry;
use tracing::{error, info, warn};

use super::arguments::Arguments;
use super::console::{chain, print, print_diagnostics, print_error};
use super::database::{self, Projecting};
use super::estimates::Working;
use super::exit::Failure;
use super::figures::StatusFigures;
use super::market::Served;
use super::signals::Signals;
use super::{channels, check, face, feeds, fix, logging, payments};
use crate::config::{Config, Flag, HttpConfig, Loaded, Sources, load};
use crate::driver::{Driver, DriverConfig, MarketHandle, ScenarioSource, Stage, SystemClock, WrapFile};
use crate::fix::{FixMetrics, FixServer};
use crate::http::{AdminServer, Edge, Metrics, OperatorDesk, Server, ServerConfig};
use crate::load::{SlowFile, Syncs};
use crate::publication::PublicationConfig;
use crate::replay::{DayMetrics, DayWorker, ReplayCommand};
use crate::services::admin::{AuditLog, Operations};
use crate::services::estimates::EstimateMetrics;
use crate::services::feeds::{FeedConfig, FeedMetrics};
use crate::services::identity::system_clock;
use crate::services::market_data::MarketData;
use crate::services::payments::check_rate;
use crate::services::strategies::StrategyOutputs;
use crate::store::database::Database;

/// The directory of the tables and reports of days within the data directory.
const DAYS: &str = "days";

/// How often it is looked whether the market has failed.
const LOOK: Duration = Duration::from_millis(100);

/// The directory of the journal within the data directory.
pub(super) const JOURNAL: &str = "journal";

/// Runs until a signal, or checks.
///
/// # Errors
/// [`Failure`].
pub(super) fn run(arguments: &Arguments, flags: Vec<Flag>) -> Result<(), Failure> {
    let Some(path) = arguments.scenario.as_deref() else { return Err(Failure::Input) };
    // Both are read, so that all that is wrong is said at once.
    let loaded = configuration(flags, arguments.config.as_deref());
    let scenario = scenario(path, &arguments.set);
    let ((scenario, text), loaded) = (scenario?, loaded?);
    check_rate(&loaded.config.payments, MarketData::CURRENCY).map_err(|error| {
        print_error(&format!("error: {error}"));
        Failure::Input
    })?;
    let feeds = feeds::configured(&loaded.config, &scenario)?;
    if arguments.check {
        return checked(&scenario, path, &loaded);
    }
    // Ends last, so that what is written and sent until then is not lost.
    let _logging = logging::begin(&loaded.config);
    if loaded.config.otlp_endpoint.is_some() && !cfg!(feature = "otlp") {
        warn!("no spans are sent: `otlp_endpoint` needs a program that was built with `--features otlp`");
    }
    if scenario.live.is_none() {
        warn!(scenario = scenario.name, "the scenario has no [live]: it runs at the speed of the wall clock");
    }
    let sync_extra = Duration::from_millis(arguments.sync_extra);
    let source = ScenarioSource::new(scenario, text);
    serve(&loaded.config, &Market { source, path, feeds, sync_extra })
}

/// Reads the configuration, and says what is wrong or odd.
///
/// # Errors
/// [`Failure::Input`].
pub(super) fn configuration(flags: Vec<Flag>, file: Option<&Path>) -> Result<Loaded, Failure> {
    match Sources::of_process(flags, file).and_then(|sources| load(&sources)) {
        Ok(loaded) => {
            if !loaded.warnings.is_empty() {
                print_diagnostics(&loaded.warnings);
            }
            Ok(loaded)
        }
        Err(found) => {
            print_diagnostics(&found);
            Err(Failure::Input)
        }
    }
}

/// Reads a scenario and its text, and says what is wrong with it.
fn scenario(path: &Path, changes: &[Override]) -> Result<(Scenario, String), Failure> {
    let refuse = |found: &Diagnostics| {
        print_diagnostics(found);
        Failure::Input
    };
    // What cannot be read as text is said by the loader.
    let text = fs::read_to_string(path).unwrap_or_default();
    let loaded = if text.is_empty() {
        Scenario::load(path, changes)
    } else {
        Scenario::from_text(path, &text, changes)
    };
    let scenario = loaded.map_err(|found| refuse(&found))?;
    let found = scenario.check();
    if found.has_errors() {
        return Err(refuse(&found));
    }
    Ok((scenario, text))
}

fn checked(scenario: &Scenario, path: &Path, loaded: &Loaded) -> Result<(), Failure> {
    print(&format!("{}: valid; {}", path.display(), check::describe(scenario)))?;
    let given = check::given(loaded);
    let of_defaults = if given.is_empty() { "; all defaults" } else { "; not the defaults:" };
    print(&format!("configuration: valid{of_defaults}"))?;
    given.iter().try_for_each(|line| print(line))?;
    let data = &loaded.config.data;
    match check::data(data, &data.join(JOURNAL)) {
        Ok(found) => print(&format!("{}: usable; {found}", data.display())),
        Err(fault) => {
            print_error(&format!("error: {}", chain(&fault)));
            Err(if fault.is_of_input() { Failure::Input } else { Failure::Run })
        }
    }
}

/// The market that is served.
struct Market<'a> {
    source: ScenarioSource,
    /// The file of its scenario.
    path: &'a Path,
    /// What is asked what instruments are worth elsewhere.
    feeds: Vec<FeedConfig>,
    /// How much longer each sync of its journal takes: a bench plays a slower disk.
    sync_extra: Duration,
}

/// What runs.
struct Running {
    driver: Driver,
    server: Server,
    /// What plays a provider of payments.
    sandbox: Option<Server>,
    fix: Option<FixServer>,
    admin: AdminServer,
    projecting: Projecting,
    worker: DayWorker,
    channels: Vec<crate::channels::Running>,
    /// What makes estimates in this process.
    workers: Option<Working>,
}

fn serve(config: &Config, market: &Market<'_>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| failed("the system has no resources left", &error))?;
    let outcome = runtime.block_on(async {
        // Before anything is started, so that no signal ends it half-way.
        let mut signals = Signals::begin().map_err(|error| failed("signals cannot be waited for", &error))?;
        // An address that is taken is the most frequent fault, and is known before anything is opened.
        let edge = Edge::open(config).map_err(|error| failed("HTTP cannot be served", &error))?;
        let fix = fix::listen(config)?;
        let opened = database::open(config, &mut signals).await?;
        let running = start(config, market, Outside { edge, fix, opened }).await?;
        run_until_signal(config, running, signals).await
    });
    // A thread that does not end, after a second signal, is not waited for.
    runtime.shutdown_background();
    outcome
}

/// What a process has of the world outside before its market is started.
struct Outside {
    edge: Edge,
    /// Where FIX is served, if it is.
    fix: Option<TcpListener>,
    opened: Database,
}

async fn start(config: &Config, market: &Market<'_>, outside: Outside) -> Result<Running, Failure> {
    let Market { source, path, feeds, sync_extra } = market;
    let Outside { edge, fix, opened } = outside;
    let (has_tls, tls) = (edge.has_tls(), edge.tls());
    let address = edge.address().map_err(|error| failed("HTTP cannot be served", &error))?;
    let journal = config.data.join(JOURNAL);
    let mut registry = Registry::with_prefix("bearpit");
    let (projecting, sink) = database::project(config, opened.clone(), path, source.live(), &mut registry)?;
    let worker = worker(config, source, path, &mut registry)?;
    let outputs = StrategyOutputs::default();
    let (prepared, channel_sink) = channels::prepare(config, &mut registry)?;
    let driver = Driver::start(DriverConfig {
        journal: journal.clone(),
        sync: source.sync_policy(),
        queue: config.queue.requests,
        clock: Box::new(SystemClock::new()),
        source: Box::new(source.clone()),
        wrap: medium(*sync_extra),
        publication: PublicationConfig::default(),
        sinks: vec![Box::new(sink), outputs.sink(), Box::new(channel_sink)],
        settled: worker.hook(),
        metrics: crate::driver::Metrics::register(&mut registry),
    });
    let driver = driver.map_err(|error| failed("the market cannot be started", &error))?;
    // Those that a process had no time for.
    worker.catch_up(&journal).map_err(|error| failed("the journal cannot be listed", &error))?;
    registry.register_collector(Box::new(StatusFigures(driver.handle.clone())));
    let of_fix = FixMetrics::register(&mut registry);
    let of_feeds = FeedMetrics::register(&mut registry);
    let of_estimates = EstimateMetrics::register(&mut registry);
    let metrics = Arc::new(Metrics::new(registry));
    let sessions = database::watched_sessions(config)?;
    let served = Arc::new(Served { handle: driver.handle.clone(), sessions: sessions.clone() });
    let log = AuditLog::new(opened.clone(), system_clock());
    let operations = Operations::new(driver.handle.clone(), log.clone());
    let parts = face::Parts {
        config,
        source: source.clone(),
        handle: driver.handle.clone(),
        database: opened,
        sessions,
        outputs,
        log,
        path,
        base: payments::base_of(address, has_tls),
        channels: prepared,
        feeds: feeds::start(feeds.clone(), &driver.handle, &of_feeds)?,
        of_estimates,
    };
    let face::Built { face, sandbox, running, workers } = face::face(parts)?;
    let operator = OperatorDesk { operations, channels: Arc::clone(&face.channels) };
    let fix = fix::start(config, fix.map(|listener| (listener, tls)), &face, of_fix)?;
    let config_of_server = server_config(config.http);
    let server = Server::start(edge, config_of_server, Arc::clone(&metrics), served, Some(face));
    let server = server.map_err(|error| failed("HTTP cannot be served", &error))?;
    let admin = AdminServer::start(&config.data, metrics, Arc::new(operator));
    let admin = admin.map_err(|error| failed("the operator's server cannot be started", &error))?;
    let (address, data) = (server.address(), config.data.display());
    info!(%address, %data, version = env!("CARGO_PKG_VERSION"), process = std::process::id(), "serving");
    face::print_welcome(&server, has_tls)?;
    Ok(Running { driver, server, sandbox, fix, admin, projecting, worker, channels: running, workers })
}

/// Returns what makes the medium of a journal from its file.
fn medium(sync_extra: Duration) -> WrapFile {
    if sync_extra.is_zero() {
        return Box::new(|file| Box::new(file));
    }
    Box::new(move |file| Box::new(SlowFile::new(file, sync_extra, Syncs::default())))
}

/// Starts what makes the tables of days.
fn worker(
    config: &Config,
    source: &ScenarioSource,
    scenario: &Path,
    registry: &mut Registry,
) -> Result<DayWorker, Failure> {
    // Where the program is not known, they are made in this process.
    let command = std::env::current_exe().ok();
    let command = command.map(|program| ReplayCommand { program, scenario: scenario.to_owned() });
    let metrics = DayMetrics::register(registry);
    let worker = DayWorker::start(source.clone(), config.data.join(DAYS), command, metrics);
    worker.map_err(|error| failed("the tables of days cannot be made", &error))
}

const fn server_config(http: HttpConfig) -> ServerConfig {
    let HttpConfig { workers, connections, body_bytes_max, request_timeout, keep_alive } = http;
    ServerConfig { workers, connections, body_bytes_max, request_timeout, keep_alive }
}

async fn run_until_signal(config: &Config, running: Running, mut signals: Signals) -> Result<(), Failure> {
    let mut watch = Watch { handle: running.driver.handle.clone(), was_open: false };
    let mut looks = tokio::time::interval(LOOK);
    let signal = loop {
        tokio::select! {
            signal = signals.next() => break signal,
            _ = looks.tick() => {
                if !watch.goes_on() {
                    return Err(Failure::Run);
                }
            }
        }
    };
    info!(signal, "stopping");
    let Running { driver, server, sandbox, fix, admin, projecting, worker, channels, workers } = running;
    let handle = driver.handle.clone();
    server.begin_stopping();
    let giving_back = workers.map(Working::stop);
    // Before the market: what was told is told, and the sessions say why they end.
    if let Some(fix) = fix {
        fix.stop().await;
    }
    let stopped = tokio::task::spawn_blocking(move || {
        driver.handle.stop();
        driver.join();
    });
    tokio::select! {
        signal = signals.next() => {
            error!(signal, "ended before the market had stopped: it is rebuilt from its journal");
            return Err(Failure::Interrupted);
        }
        _ = stopped => {}
    }
    // All that the market has shown is with them by now.
    channels.iter().for_each(crate::channels::Running::begin_stopping);
    // At most as long as a process takes to be ended.
    worker.stop();
    let grace = config.shutdown_grace;
    for stopped in [server.stop(grace).await, admin.stop(grace).await] {
        stopped.unwrap_or_else(|error| warn!(%error, "a server had failed"));
    }
    if let Some(sandbox) = sandbox {
        sandbox.stop(grace).await.unwrap_or_else(|error| warn!(%error, "a server had failed"));
    }
    if let Some(giving_back) = giving_back {
        let ended = tokio::time::timeout(grace, giving_back).await;
        ended.unwrap_or_else(|_| warn!("an estimate was not given back: another worker takes it over"));
    }
    projecting.end(grace).await;
    // They take a few seconds at most for what they have not sent.
    let ended = tokio::task::spawn_blocking(|| channels.into_iter().for_each(crate::channels::Running::join));
    ended.await.unwrap_or_else(|error| warn!(%error, "a channel had failed"));
    match &handle.status().stage {
        Stage::Failed(why) => {
            error!(why, "the market had failed");
            Err(Failure::Run)
        }
        _ => {
            info!("stopped");
            Ok(())
        }
    }
}

/// Sees to it that a process whose market cannot be opened ends.
struct Watch {
    handle: MarketHandle,
    was_open: bool,
}

impl Watch {
    /// Returns whether the process is to go on. A market that fails before it was ever open is of use to
    /// nobody; one that was open can still be read, and its operator asked.
    fn goes_on(&mut self) -> bool {
        match &self.handle.status().stage {
            Stage::Failed(why) if !self.was_open => {
                error!(why, "the market cannot be opened");
                return false;
            }
            Stage::Opening | Stage::Failed(_) => {}
            _ => self.was_open = true,
        }
        true
    }
}

/// Writes to the log why something does not start.
pub(super) fn failed(what: &str, cause: &dyn std::error::Error) -> Failure {
    error!(cause = chain(cause), "{what}");
    Failure::Run
}
