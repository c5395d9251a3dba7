//! Writing to standard output and standard error.

use std::error::Error;
use std::io::{self, IsTerminal, Write};

use bearpit::scenario::Diagnostics;
use bearpit_core::units::visible;

use super::exit::Failure;

/// Prints a line on standard output. A reader that has closed the pipe is not an error.
///
/// # Errors
/// [`Failure::Run`] if standard output cannot be written for another reason.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let line = format!("{}\n", visible(text));
    match out.write_all(line.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            print_error(&format!("error: cannot write to standard output: {error}"));
            Err(Failure::Run)
        }
        _ => Ok(()),
    }
}

/// Prints a line on standard error; if that fails, nothing can be done.
pub(super) fn print_error(text: &str) {
    as_is(&visible(text));
}

fn as_is(text: &str) {
    let mut out = io::stderr().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).ok();
}

/// Prints what is wrong or odd about an input on standard error, in color on a terminal.
pub(super) fn print_diagnostics(diagnostics: &Diagnostics) {
    let is_colored = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    // What comes from files is escaped there; colors are escape sequences.
    as_is(diagnostics.render(is_colored).trim_end());
}

/// Writes an error with its causes.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        // A transparent error says what its cause says.
        if !text.ends_with(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}
