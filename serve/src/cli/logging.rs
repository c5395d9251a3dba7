//! The log: lines on standard error, for people or for programs; and spans for a collector, if one is named.

use std::io;

use tracing::level_filters::LevelFilter;
use tracing::subscriber::set_global_default;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry, fmt};

use super::json_lines::JsonLines;
use crate::config::{Config, LogConfig, LogFormat, LogLevel};

/// Where the log and spans go to, until this is dropped: then those that wait are sent.
pub(super) struct Logging {
    #[cfg(feature = "otlp")]
    _spans: Option<super::otlp::Spans>,
}

/// Begins to write the log, and to send spans. Only the first call of a process has an effect.
pub(super) fn begin(config: &Config) -> Logging {
    let registry = Registry::default().with(lines(config.log, io::stderr));
    #[cfg(feature = "otlp")]
    let (spans, registry) = {
        let (layer, spans) = config.otlp_endpoint.as_ref().map(super::otlp::begin).unzip();
        (spans, registry.with(layer))
    };
    // Fails if there is a log already.
    set_global_default(registry).ok();
    Logging {
        #[cfg(feature = "otlp")]
        _spans: spans,
    }
}

/// Returns what writes lines.
fn lines<S, W>(config: LogConfig, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    let level = match config.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    // The HTTP server's own lines say of each start and stop what ours say.
    let targets = Targets::new().with_default(level.min(LevelFilter::WARN)).with_target("bearpit", level);
    let lines = fmt::layer().with_writer(writer).with_ansi(false).with_target(false);
    match config.format {
        LogFormat::Text => lines.with_filter(targets).boxed(),
        LogFormat::Json => {
            lines.fmt_fields(JsonFields::new()).event_format(JsonLines).with_filter(targets).boxed()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use tracing::{debug_span, error_span, info, info_span};

    use super::*;
    use crate::testing::KeptLog;

    fn written(format: LogFormat, level: LogLevel, write: impl FnOnce()) -> String {
        let kept = KeptLog::default();
        let writer = kept.clone();
        let lines = lines(LogConfig { format, level }, move || writer.clone());
        tracing::subscriber::with_default(Registry::default().with(lines), write);
        kept.text()
    }

    #[test]
    fn a_line_of_json_has_its_fields_and_those_of_its_spans() {
        let text = written(LogFormat::Json, LogLevel::Debug, || {
            let request = error_span!("request", request_id = "a-1", path = "/x");
            let _in_request = request.enter();
            let _in_service = debug_span!("trading", what = "submit", path = "inner").entered();
            info!(user = "u\"1", count = 3, ratio = 0.5, is_done = true, "logged in");
        });
        let line: Value = serde_json::from_str(&text).unwrap();
        let expected = [
            ("level", Value::from("INFO")),
            ("message", Value::from("logged in")),
            ("request_id", Value::from("a-1")),
            // The inner one goes before the outer one.
            ("path", Value::from("inner")),
            ("what", Value::from("submit")),
            ("user", Value::from("u\"1")),
            ("count", Value::from(3)),
            ("ratio", Value::from(0.5)),
            ("is_done", Value::from(true)),
            ("span", Value::from("trading")),
        ];
        for (name, value) in expected {
            assert_eq!(line[name], value, "{name} of {text}");
        }
        assert!(line["timestamp"].as_str().is_some_and(|at| at.ends_with('Z')), "{text}");
        assert_eq!(text.matches('\n').count(), 1, "{text}");
    }

    #[test]
    fn lines_of_every_level_have_the_id_of_their_request() {
        for (format, expected) in
            [(LogFormat::Json, "\"request_id\":\"a-1\""), (LogFormat::Text, "request_id=\"a-1\"")]
        {
            let text = written(format, LogLevel::Error, || {
                let request = error_span!("request", request_id = "a-1");
                let _in_request = request.enter();
                let _in_service = info_span!("trading").entered();
                tracing::error!("failed");
                info!("not written");
            });
            assert!(text.contains(expected) && text.contains("failed"), "{text}");
            assert!(!text.contains("not written"), "{text}");
        }
    }
}
