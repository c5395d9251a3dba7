//! `bearpit serve`: starts the program of the live exchange, as git and cargo start theirs.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use super::args::ServeArguments;
use super::console::print_error;
use super::exit::Failure;

/// The program, without the ending that a system gives to programs.
const PROGRAM: &str = "bearpit-serve";

/// Starts the program in the place of this one; returns its exit code where it runs beside it.
pub(super) fn run(arguments: &ServeArguments) -> ExitCode {
    let own = env::current_exe().ok();
    let beside = own.as_deref().and_then(Path::parent);
    let Some(program) = find(beside, env::var_os("PATH").as_deref()) else {
        print_error(&format!(
            "error: `{PROGRAM}`, the live exchange, is neither beside this program nor on the path; \
             `cargo build --release -p {PROGRAM}` builds it"
        ));
        return Failure::Run.into();
    };
    let mut command = Command::new(&program);
    command.args(&arguments.arguments);
    start(command).unwrap_or_else(|error| {
        print_error(&format!("error: `{}` cannot be started: {error}", program.display()));
        Failure::Run.into()
    })
}

/// Finds the program: beside this one, or else in the first directory of the path that has it.
fn find(beside: Option<&Path>, path: Option<&OsStr>) -> Option<PathBuf> {
    let directories = path.into_iter().flat_map(env::split_paths);
    let all = beside.map(Path::to_path_buf).into_iter().chain(directories);
    let mut candidates = all.map(|directory| directory.join(format!("{PROGRAM}{}", env::consts::EXE_SUFFIX)));
    // An empty part of the path is the working directory, where anybody may have put anything.
    candidates.find(|program| program.is_absolute() && is_program(program))
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(file).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|found| found.is_file())
}

/// Becomes the program, so that it gets the signals that are sent to this process, and its exit code is this
/// one's.
///
/// # Errors
/// The program cannot be started.
#[cfg(unix)]
fn start(mut command: Command) -> io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(command.exec())
}

/// Runs the program, and returns its exit code. Ctrl-C reaches all programs of a console.
///
/// # Errors
/// The program cannot be started.
#[cfg(not(unix))]
fn start(mut command: Command) -> io::Result<ExitCode> {
    let code = command.status()?.code();
    let code = code.map_or(Some(Failure::Run as u8), |code| u8::try_from(code).ok());
    Ok(code.unwrap_or(u8::MAX).into())
}
