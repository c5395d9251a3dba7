//! `bearpit serve`: which program it starts, and what goes through to it.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "waits for other processes, for a bounded time")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::cli::run;

/// A directory with a copy of `bearpit`, beside which tests put what they like.
struct Installed {
    directory: TempDir,
}

impl Installed {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        fs::copy(env!("CARGO_BIN_EXE_bearpit"), directory.path().join("bearpit")).unwrap();
        fs::create_dir(directory.path().join("path")).unwrap();
        Self { directory }
    }

    /// Writes a program that says which it is and what its arguments are.
    fn program(&self, file: &str, text: &str) -> PathBuf {
        let file = self.directory.path().join(file);
        fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        file
    }

    fn serve(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.directory.path().join("bearpit"));
        command.arg("serve").args(arguments).env("PATH", self.directory.path().join("path"));
        command.stdin(Stdio::null());
        command
    }
}

const SAYS: &str = "printf '%s\\n' \"$0\" \"$@\"; echo aside >&2; exit 7";

#[test]
fn all_arguments_go_to_the_program_beside_it_and_its_exit_code_comes_back() {
    let installed = Installed::new();
    let beside = installed.program("bearpit-serve", SAYS);
    installed.program("path/bearpit-serve", "exit 9");
    let said = |arguments: &[&str]| {
        let (code, stdout, stderr) = run(&mut installed.serve(arguments));
        assert_eq!((code, stderr.as_str()), (7, "aside\n"));
        let lines: Vec<String> = stdout.lines().map(str::to_owned).collect();
        assert_eq!(lines[0], beside.display().to_string());
        lines[1..].to_vec()
    };
    assert_eq!(said(&[]), [""; 0]);
    let all = ["day.toml", "--listen", "127.0.0.1:0", "--check", "-x", "two words", "--help", "--", "-"];
    assert_eq!(said(&all), all);
    assert_eq!(said(&["--data", "./data", "day.toml", "--color", "never"])[..2], ["--data", "./data"]);
    assert_eq!(said(&["replay", "journal/1", "--version"]), ["replay", "journal/1", "--version"]);
    // Its own help is told apart.
    assert_eq!(said(&["--", "--help"]), ["--help"]);
}

#[test]
fn without_one_beside_it_the_first_on_the_path_is_started() {
    let installed = Installed::new();
    let on_path = installed.program("path/bearpit-serve", SAYS);
    // What cannot be executed is no program.
    let beside = installed.program("bearpit-serve", SAYS);
    fs::set_permissions(&beside, fs::Permissions::from_mode(0o644)).unwrap();
    let (code, stdout, _) = run(&mut installed.serve(&["day.toml"]));
    assert_eq!((code, stdout), (7, format!("{}\nday.toml\n", on_path.display())));
}

#[test]
fn without_the_program_it_says_how_to_get_it() {
    let installed = Installed::new();
    fs::create_dir(installed.directory.path().join("bearpit-serve")).unwrap();
    for path in [installed.directory.path().join("path"), PathBuf::new()] {
        let (code, stdout, stderr) = run(installed.serve(&["day.toml"]).env("PATH", path));
        assert_eq!((code, stdout.as_str()), (1, ""));
        let expected = "error: `bearpit-serve`, the live exchange, is neither beside this program nor on the path; \
                        `cargo build --release -p bearpit-serve` builds it\n";
        assert_eq!(stderr, expected);
    }
    // A program in the working directory is none of the path.
    installed.program("path/bearpit-serve", SAYS);
    let here = installed.directory.path().join("path");
    assert_eq!(run(installed.serve(&[]).env("PATH", "").current_dir(here)).0, 1);
    // A script whose interpreter is missing.
    fs::remove_dir(installed.directory.path().join("bearpit-serve")).unwrap();
    let broken = installed.program("bearpit-serve", "");
    fs::write(&broken, "#!/nowhere/sh\n").unwrap();
    let (code, _, stderr) = run(&mut installed.serve(&[]));
    assert!(code == 1 && stderr.contains("bearpit-serve` cannot be started: "), "{stderr}");
}

#[test]
fn its_help_says_where_the_options_are_explained() {
    let installed = Installed::new();
    let (code, stdout, _) = run(&mut installed.serve(&["--help"]));
    assert!(code == 0 && stdout.contains("`bearpit-serve --help` explains its arguments"), "{stdout}");
}

#[test]
fn a_signal_reaches_the_program() {
    let installed = Installed::new();
    installed.program("bearpit-serve", "trap 'exit 9' TERM\necho ready\nwhile :; do sleep 0.05; done");
    let mut command = installed.serve(&["day.toml"]);
    // The script needs `sleep`.
    let mut child = command.env("PATH", "/usr/bin:/bin").stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    for _ in 0..400 {
        if let Some(status) = child.try_wait().unwrap() {
            assert_eq!(status.code(), Some(9));
            return;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    panic!("the program goes on after SIGTERM: {}", Path::new("bearpit-serve").display());
}
