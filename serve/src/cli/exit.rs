//! [`Failure`]: how a command ends other than well.

use std::process::ExitCode;

/// How a command ends other than well; its number is the exit code, as those of `bearpit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// Something failed while it ran: a market, a file, an address.
    Run = 1,
    /// The input is not valid: nothing was started, nothing was written.
    Input = 2,
    /// A second signal ended it before it had stopped.
    Interrupted = 130,
}

/// All exit codes, for `--help`.
pub(super) const EXIT_CODES: [(u8, &str); 4] = [
    (0, "success; also of a market that was stopped by SIGTERM or Ctrl-C"),
    (1, "the market failed, the data directory is in use, or a file or an address cannot be used"),
    (2, "scenario, configuration or journal is not valid: nothing was started"),
    (130, "a second signal ended it before it had stopped"),
];

impl From<Failure> for ExitCode {
    fn from(failure: Failure) -> Self {
        Self::from(failure as u8)
    }
}
