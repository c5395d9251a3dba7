//! [`begin`]: spans for a collector of OpenTelemetry, by OTLP over HTTP.
//!
//! Collectors stand beside what they collect from, so there is no TLS here: a span is protobuf in a POST, for
//! which the standard library is enough. The clients that `opentelemetry-otlp` offers would bring a second
//! stack of HTTP along: reqwest and hyper, or tonic.

use std::future::Future;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::pin::Pin;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::level_filters::LevelFilter;
use tracing::warn;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

use crate::config::OtlpEndpoint;

/// How long a collector may take; what it does not take then is dropped, and delays nobody.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The longest answer that is read.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// What sends spans; those that wait are sent when it is dropped.
pub(super) struct Spans(SdkTracerProvider);

impl Drop for Spans {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown_with_timeout(TIMEOUT) {
            warn!(%error, "the last spans may not have come to their collector");
        }
    }
}

/// Begins to send the spans of this program, of all levels up to `debug`, whatever lines the log has.
pub(super) fn begin<S>(endpoint: &OtlpEndpoint) -> (Box<dyn Layer<S> + Send + Sync>, Spans)
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Collector(endpoint.clone()))
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(endpoint.traces())
        .with_timeout(TIMEOUT)
        .build();
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_service_name("bearpit-serve").with_attribute(version).build();
    let provider = SdkTracerProvider::builder().with_resource(resource);
    let provider = match exporter {
        Ok(exporter) => provider.with_batch_exporter(exporter),
        Err(error) => {
            // There is no log yet.
            super::console::print_error(&format!("warning: no spans are sent: {error}"));
            provider
        }
    };
    let provider = provider.build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("bearpit"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_context_activation(false)
        .with_filter(Targets::new().with_target("bearpit", LevelFilter::DEBUG));
    (layer.boxed(), Spans(provider))
}

/// A collector.
#[derive(Debug)]
struct Collector(OtlpEndpoint);

type Sending<'a> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'a>>;

impl HttpClient for Collector {
    /// Waits within the first poll: the exporter has a thread of its own.
    fn send_bytes<'a, 'b>(&'a self, request: Request<Bytes>) -> Sending<'b>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move { Ok(self.post(&request)?) })
    }
}

impl Collector {
    fn post(&self, request: &Request<Bytes>) -> io::Result<Response<Bytes>> {
        let OtlpEndpoint { host, port, .. } = &self.0;
        let mut stream = connect(&format!("{host}:{port}"))?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        let (path, length) = (request.uri().path(), request.body().len());
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {length}\r\nConnection: close\r\n"
        );
        stream.write_all(head.as_bytes())?;
        for (name, value) in request.headers() {
            stream.write_all(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat())?;
        }
        stream.write_all(b"\r\n")?;
        stream.write_all(request.body())?;
        let mut answer = Vec::new();
        stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer)?;
        let strange = || io::Error::other("the collector has answered something else than HTTP");
        let line = answer.split(|byte| *byte == b'\r').next().and_then(|line| std::str::from_utf8(line).ok());
        let status = line.and_then(|line| line.split(' ').nth(1)?.parse::<u16>().ok()).ok_or_else(strange)?;
        // What it says beyond its status is not needed.
        Response::builder().status(status).body(Bytes::new()).map_err(|_| strange())
    }
}

/// Connects to the first of a collector's addresses that answers: `localhost` has two.
fn connect(place: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::other("the collector has no address");
    for address in place.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, TIMEOUT) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_collector_is_reached_by_a_name_with_several_addresses_and_by_one_in_brackets() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(connect(&format!("localhost:{port}")).is_ok());
        // Machines without the sixth version have no such address to listen at.
        if let Ok(listener) = TcpListener::bind(("::1", 0)) {
            let port = listener.local_addr().unwrap().port();
            assert!(connect(&format!("[::1]:{port}")).is_ok());
        }
    }
}
