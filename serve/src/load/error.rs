//! [`BenchError`]: why a server process was not measured.

use std::io;

use thiserror::Error;

/// Why a server process was not measured.
#[derive(Debug, Error)]
pub enum BenchError {
    /// The system refused something.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The server has ended, or does not get ready.
    #[error("the server is not ready: {0}")]
    NotReady(String),
    /// It answered something else than what was asked for.
    #[error("{what}: the server answered {status}: {body}")]
    Answer {
        /// What was asked for.
        what: &'static str,
        /// The status.
        status: u16,
        /// The body, as text.
        body: String,
    },
    /// Something that was due did not come.
    #[error("{0}")]
    Missing(String),
}
