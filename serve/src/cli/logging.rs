//! The log: lines on standard error, for people or for programs.

use std::io;

use tracing::level_filters::LevelFilter;
use tracing::subscriber::set_global_default;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::config::{LogConfig, LogFormat, LogLevel};

/// Begins to write the log. Only the first call of a process has an effect.
pub(super) fn begin(config: LogConfig) {
    let level = match config.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    // The HTTP server's own lines say of each start and stop what ours say.
    let targets = Targets::new().with_default(level.min(LevelFilter::WARN)).with_target("bearpit", level);
    let lines = fmt::layer().with_writer(io::stderr).with_ansi(false).with_target(false);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match config.format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    // Fails if there is a log already.
    set_global_default(Registry::default().with(lines.with_filter(targets))).ok();
}
