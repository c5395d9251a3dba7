//! [`Failure`]: how a command ends other than well.

use std::process::ExitCode;

/// How a command ends other than well; its number is the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Failure {
    /// A run or a test failed, a file could not be read or written, a book does not verify, or two runs
    /// differ.
    Run = 1,
    /// The input is not valid.
    Input = 2,
    /// A strategy failed or was stopped, and `--allow-failed` was not given.
    Strategy = 3,
    /// The user interrupted it.
    Interrupted = 130,
}

impl From<Failure> for ExitCode {
    fn from(failure: Failure) -> Self {
        Self::from(failure as u8)
    }
}
