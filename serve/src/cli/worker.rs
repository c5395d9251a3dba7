//! `bearpit-serve worker SCENARIO`: makes estimates for a server, in a process of its own.

use std::sync::Arc;

use prometheus_client::registry::Registry;
use tracing::info;

use super::arguments::WorkerArguments;
use super::console::print_error;
use super::exit::Failure;
use super::serve::{configuration, failed};
use super::signals::Signals;
use super::{database, logging};
use crate::config::{Config, Flag};
use crate::services::estimates::celery::{Broker, CeleryWorker, CeleryWorkerParts};
use crate::services::estimates::{Engine, EstimateMetrics, Worker, WorkerParts};
use crate::services::identity::system_clock;

/// Works until a signal: what it is at is given back then.
///
/// # Errors
/// [`Failure`].
pub(super) fn run(arguments: &WorkerArguments) -> Result<(), Failure> {
    let given = [("database", &arguments.database), ("estimates.celery", &arguments.celery)];
    let flag = |(key, value): (&'static str, &Option<String>)| Some(Flag { key, value: value.clone()? });
    let flags = given.into_iter().filter_map(flag).collect();
    let config = configuration(flags, arguments.config.as_deref())?.config;
    if !arguments.scenario.is_file() {
        let path = arguments.scenario.display();
        print_error(&format!("error: there is no file {path}: name the scenario of the server"));
        return Err(Failure::Input);
    }
    if config.database.is_none() && config.estimates.celery.is_none() {
        print_error(
            "error: a worker needs to know where estimates wait: name the database of the server by --database, or \
             the Redis of Celery's queue by --celery",
        );
        return Err(Failure::Input);
    }
    let _logging = logging::begin(&config);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| failed("the system has no resources left", &error))?;
    let outcome = runtime.block_on(work(arguments, &config));
    // A path that is under way after a second signal is not waited for.
    runtime.shutdown_background();
    outcome
}

async fn work(arguments: &WorkerArguments, config: &Config) -> Result<(), Failure> {
    let mut signals = Signals::begin().map_err(|error| failed("signals cannot be waited for", &error))?;
    let metrics = EstimateMetrics::register(&mut Registry::default());
    let WorkerArguments { scenario, slots, name, .. } = arguments;
    let process = std::process::id();
    if let Some(url) = &config.estimates.celery {
        let broker = Arc::new(Broker::new(url.clone(), system_clock()));
        let parts = CeleryWorkerParts { broker, base: scenario.clone(), slots: *slots, metrics };
        let worker = Arc::new(CeleryWorker::new(parts));
        info!(broker = %url, slots, process, "working");
        let working = tokio::spawn(Arc::clone(&worker).run());
        return until_signal(&mut signals, working, || worker.stop()).await;
    }
    let parts = WorkerParts {
        database: database::open(config, &mut signals).await?,
        engine: Engine::Local(scenario.clone()),
        name: name.clone(),
        slots: *slots,
        wake: Arc::default(),
        metrics,
    };
    let worker = Arc::new(Worker::new(parts, system_clock()));
    info!(slots, process, "working");
    let working = tokio::spawn(Arc::clone(&worker).run());
    until_signal(&mut signals, working, || worker.stop()).await
}

/// Waits for a signal, has the worker end, and waits until it has given back what it had, or for another.
async fn until_signal(
    signals: &mut Signals,
    mut working: tokio::task::JoinHandle<()>,
    stop: impl Fn(),
) -> Result<(), Failure> {
    let signal = tokio::select! {
        signal = signals.next() => signal,
        ended = &mut working => {
            return ended.map_err(|error| failed("the worker has failed", &error));
        }
    };
    info!(signal, "stopping");
    stop();
    tokio::select! {
        ended = &mut working => ended.map_err(|error| failed("the worker has failed", &error))?,
        _ = signals.next() => return Err(Failure::Interrupted),
    }
    info!("stopped");
    Ok(())
}
