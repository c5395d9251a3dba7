//! The database of a process, what brings the market to it, and `bearpit-serve rebuild`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bearpit::scenario::{Durability, LiveConfig};
use prometheus_client::registry::Registry;
use tokio::task::JoinHandle;
use tracing::{error, info, warn};

use super::arguments::RebuildArguments;
use super::console::{chain, print, print_error};
use super::exit::Failure;
use super::serve::{JOURNAL, configuration, failed};
use super::signals::Signals;
use crate::config::{Config, DatabaseUrl, Flag};
use crate::projector::{
    Journal, LiveTerms, ProjectionSink, Projector, ProjectorConfig, ProjectorMetrics, RebuildError, rebuild,
};
use crate::store::database::{Database, StoreError};
use crate::store::journal::{JournalDirectory, OpenError};
use crate::store::people::RedisSessions;
use crate::store::spool::SpoolSize;

/// The file of the database within the data directory, where no other is named.
const FILE: &str = "bearpit.db";
/// The directory of the spool within the data directory.
const SPOOL: &str = "spool";

/// Returns where the database is.
pub(super) fn url(config: &Config) -> DatabaseUrl {
    config.database.clone().unwrap_or_else(|| DatabaseUrl::Sqlite(config.data.join(FILE)))
}

/// What keys in a Redis begin with.
const KEYS: &str = "bearpit:";

/// Returns what keeps sessions, if that is not the database; it is reached when it is first asked.
///
/// # Errors
/// [`StoreError::Fault`] if the URL is none.
pub(super) fn sessions(config: &Config) -> Result<Option<RedisSessions>, StoreError> {
    config.sessions.as_ref().map(|url| RedisSessions::new(url, KEYS, RedisSessions::PATIENCE)).transpose()
}

/// How often it is looked whether what keeps sessions is there.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// Returns what keeps sessions, if that is not the database, and has it watched.
///
/// # Errors
/// [`Failure::Run`], which is written to the log.
pub(super) fn watched_sessions(config: &Config) -> Result<Option<RedisSessions>, Failure> {
    let sessions = sessions(config).map_err(|error| failed("sessions cannot be kept", &error))?;
    if let Some(sessions) = sessions.clone() {
        tokio::spawn(watch(sessions));
    }
    Ok(sessions)
}

async fn watch(sessions: RedisSessions) {
    let mut times = tokio::time::interval(WATCH_EVERY);
    times.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        times.tick().await;
        sessions.look().await;
    }
}

/// How long a start waits for a database that is elsewhere: machines that start together are not ready
/// together.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long it waits between two attempts.
const PAUSE: Duration = Duration::from_secs(1);

/// Opens the database, and brings its tables up to date. One that is elsewhere, and away, is waited for, up
/// to a minute, or until a signal.
///
/// # Errors
/// [`Failure::Run`], which is written to the log.
pub(super) async fn open(config: &Config, signals: &mut Signals) -> Result<Database, Failure> {
    let url = url(config);
    let opening = open_patiently(&url);
    let database = tokio::select! {
        database = opening => database,
        signal = signals.next() => {
            error!(signal, database = %url, "ended while waiting for the database");
            return Err(Failure::Run);
        }
    };
    let database = database.map_err(|error| failed(&format!("{url} cannot be opened"), &error))?;
    info!(database = %url, kind = database.kind(), "the database is open");
    Ok(database)
}

async fn open_patiently(url: &DatabaseUrl) -> Result<Database, StoreError> {
    let attempts = async {
        let mut is_told = false;
        loop {
            match Database::open(url).await {
                Err(error) if error.is_away() && matches!(url, DatabaseUrl::Postgres(_)) => {
                    if !is_told {
                        let patience = PATIENCE.as_secs();
                        warn!(database = %url, cause = chain(&error), "waiting up to {patience} s for the database");
                        is_told = true;
                    }
                    tokio::time::sleep(PAUSE).await;
                }
                opened => return opened,
            }
        }
    };
    match tokio::time::timeout(PATIENCE, attempts).await {
        Ok(opened) => opened,
        // What it says now is the reason.
        Err(_) => Database::open(url).await,
    }
}

/// What brings the market to the database, at work.
#[derive(Debug)]
pub(super) struct Projecting {
    database: Database,
    task: JoinHandle<()>,
}

/// Starts what brings the market to the database; the sink is for the driver.
///
/// # Errors
/// [`Failure::Run`], which is written to the log.
pub(super) fn project(
    config: &Config,
    database: Database,
    scenario: &Path,
    live: &LiveConfig,
    registry: &mut Registry,
) -> Result<(Projecting, ProjectionSink), Failure> {
    let of_projector = ProjectorConfig {
        journal: journal(&config.data, scenario),
        spool: config.data.join(SPOOL),
        size: SpoolSize::default(),
        live: LiveTerms {
            keep_days: live.keep_days,
            is_relaxed: matches!(live.durability, Durability::Relaxed { .. }),
        },
        metrics: ProjectorMetrics::register(registry),
    };
    let started = Projector::new(database.clone(), of_projector);
    let (projector, sink) = started.map_err(|error| failed("the spool cannot be opened", &error))?;
    Ok((Projecting { database, task: tokio::spawn(projector.run()) }, sink))
}

fn journal(data: &Path, scenario: &Path) -> Journal {
    Journal { directory: data.join(JOURNAL), scenario: scenario.to_owned() }
}

impl Projecting {
    /// Waits until all that the market has shown is in the database, but not for longer than `patience`.
    pub(super) async fn end(self, patience: Duration) {
        if tokio::time::timeout(patience, self.task).await.is_err() {
            warn!("the database has not all that happened: the next start brings the rest");
        }
        self.database.close().await;
    }
}

/// Returns the database of a process that does not run; nothing if none is named, by flags, the environment
/// or a file.
///
/// # Errors
/// [`Failure::Input`] if the configuration cannot be read, or a file that is named is not there.
pub(super) fn named(
    data: Option<&PathBuf>,
    database: Option<&String>,
    config: Option<&Path>,
) -> Result<Option<DatabaseUrl>, Failure> {
    let path = |path: &PathBuf| path.to_string_lossy().into_owned();
    let flags = [("data", data.map(path)), ("database", database.cloned())];
    let flags = flags.into_iter().filter_map(|(key, value)| Some(Flag { key, value: value? })).collect();
    let config = configuration(flags, config)?.config;
    if config.database.is_none() && data.is_none() {
        return Ok(None);
    }
    let url = url(&config);
    if let DatabaseUrl::Sqlite(path) = &url
        && !path.is_file()
    {
        print_error(&format!("error: {}: there is no database", path.display()));
        return Err(Failure::Input);
    }
    Ok(Some(url))
}

/// Makes all that follows from the journal anew in the database.
///
/// # Errors
/// [`Failure::Run`] if a market runs, or the database or the journal cannot be read; [`Failure::Input`] if a
/// segment is damaged, or is of another version of the engine.
pub(super) fn rebuilt(arguments: &RebuildArguments) -> Result<(), Failure> {
    let RebuildArguments { data, database, config, scenario } = arguments;
    let path = |path: &PathBuf| path.to_string_lossy().into_owned();
    let flags = [("data", data.as_ref().map(path)), ("database", database.clone())];
    let flags = flags.into_iter().filter_map(|(key, value)| Some(Flag { key, value: value? })).collect();
    let config = configuration(flags, config.as_deref())?.config;
    let refused = |error: &dyn std::error::Error, failure| {
        print_error(&format!("error: {}: {}", config.data.display(), chain(error)));
        failure
    };
    // Nobody else writes as long as this is held.
    let _lock = JournalDirectory::open(&config.data.join(JOURNAL))
        .map_err(|error: OpenError| refused(&error, Failure::Run))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| refused(&error, Failure::Run))?;
    let url = url(&config);
    let scenario = scenario.clone().unwrap_or_else(|| PathBuf::from("scenario.toml"));
    let rebuilt = runtime.block_on(async {
        let opened = Database::open(&url).await?;
        let rebuilt = rebuild(opened.clone(), journal(&config.data, &scenario)).await?;
        opened.close().await;
        Ok::<_, RebuildError>(rebuilt)
    });
    let rebuilt = rebuilt.map_err(|error| {
        let is_of_run = matches!(error, RebuildError::Store(StoreError::Away(_)));
        refused(&error, if is_of_run { Failure::Run } else { Failure::Input })
    })?;
    let position = rebuilt.position;
    print(&format!(
        "{url}: {} changes written, up to fact {} of segment {}",
        rebuilt.rows, position.sequence, position.segment
    ))
}
