//! A process of `bearpit-serve`, its log, and who asks it over HTTP.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// How long anything may take on a machine that has much else to do: a start alone waits a minute for a
/// database that is away.
const PATIENCE: Duration = Duration::from_secs(120);

/// A small market on a clock of its own, whose day lasts longer than any test.
const SCENARIO: &str = include_str!("../markets/small.toml");

/// A directory with a scenario, in which processes run.
pub(crate) struct Place {
    directory: TempDir,
}

/// A process that serves. It is killed when this is dropped.
pub(crate) struct Served {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
    pub(crate) address: SocketAddr,
}

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self { directory: tempfile::tempdir().unwrap() };
        place.write("small.toml", SCENARIO);
        place
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    pub(crate) fn scenario_with(&self, from: &str, to: &str) {
        assert!(SCENARIO.contains(from), "no {from} in the scenario");
        self.write("small.toml", &SCENARIO.replace(from, to));
    }

    /// Returns the newest segment of the journal.
    pub(crate) fn newest_segment(&self) -> PathBuf {
        let files = fs::read_dir(self.path().join("data/journal")).unwrap().map(|it| it.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|it| it == "journal")).max().unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bearpit-serve"));
        command.current_dir(self.path()).args(arguments).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("BEARPIT_") {
                command.env_remove(name);
            }
        }
        command
    }

    /// Runs a command that ends by itself.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with_input(arguments, "")
    }

    /// Runs a command that ends by itself, and reads something before.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Ended {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = Killed(command.spawn().unwrap());
        // One that reads nothing may have ended already.
        child.0.stdin.take().unwrap().write_all(input.as_bytes()).ok();
        await_exit(&mut child.0);
        let mut texts = [String::new(), String::new()];
        child.0.stdout.take().unwrap().read_to_string(&mut texts[0]).unwrap();
        child.0.stderr.take().unwrap().read_to_string(&mut texts[1]).unwrap();
        let [stdout, stderr] = texts;
        Ended { code: child.0.wait().unwrap().code(), stdout, stderr }
    }

    /// Starts a process, and waits until it says where it listens.
    pub(crate) fn start(&self) -> Served {
        self.start_with(&[])
    }

    /// Starts a process with further arguments, and waits until it says where it listens.
    pub(crate) fn start_with(&self, further: &[&str]) -> Served {
        let mut served = self.begin_with(further);
        let line = served.await_line("serving");
        served.address = line["address"].as_str().unwrap().parse().unwrap();
        served
    }

    /// Starts a process with further arguments, which may never come to listen.
    pub(crate) fn begin_with(&self, further: &[&str]) -> Served {
        let arguments = ["small.toml", "--listen", "127.0.0.1:0", "--log-format", "json"];
        self.begin(&[&arguments, further].concat(), &[])
    }

    /// Starts a process with arguments and variables.
    pub(crate) fn begin(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Served {
        let mut child = self
            .command(arguments)
            .envs(variables.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let (to_lines, lines) = mpsc::channel();
        thread::spawn(move || log.lines().map_while(Result::ok).try_for_each(|line| to_lines.send(line)));
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        Served { child, lines, seen: Vec::new(), address: nowhere }
    }

    /// Starts a process, and waits until its market takes orders.
    pub(crate) fn start_ready(&self) -> Served {
        let served = self.start();
        served.await_ready(200);
        served
    }

    pub(crate) fn admin(&self, arguments: &[&str]) -> Value {
        let ended = self.run(&[&["admin"], arguments].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        serde_json::from_str(&ended.stdout).unwrap()
    }
}

/// A command that has ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    #[track_caller]
    pub(crate) fn assert_fails(&self, code: i32, expected: &[&str]) {
        let Self { stdout, stderr, .. } = self;
        assert_eq!(self.code, Some(code), "{stdout}\n{stderr}");
        for text in expected {
            assert!(stderr.contains(text), "no {text:?} in\n{stderr}");
        }
    }
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

impl Served {
    /// Waits for a line of the log whose message begins so.
    pub(crate) fn await_line(&mut self, message: &str) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("no line {message:?} in the log:\n{}", self.seen.join("\n"));
            };
            self.seen.push(line.clone());
            let line: Value = serde_json::from_str(&line).unwrap_or_default();
            if line["message"].as_str().is_some_and(|it| it.starts_with(message)) {
                return line;
            }
        }
    }

    /// Waits until `/readyz` answers with a status, and returns the body.
    pub(crate) fn await_ready(&self, status: u16) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let (found, body) = self.get("/readyz");
            if found == status {
                return serde_json::from_str(&body).unwrap();
            }
            assert!(Instant::now() < until, "/readyz is still {found}: {body}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let (status, _, body) = self.ask("GET", path, "", "");
        (status, body)
    }

    /// Sends a request with more headers, each with its end of line; returns status, head and body.
    pub(crate) fn ask(&self, method: &str, path: &str, more: &str, body: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}");
        let of_body = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        let of_body = if body.is_empty() { "" } else { of_body.as_str() };
        write!(stream, "{head}{of_body}\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_owned(), body.to_owned())
    }

    /// Opens a WebSocket, and waits until it is open.
    pub(crate) fn open_web_socket(&self) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        write!(stream, "GET /ws HTTP/1.1\r\nHost: x\r\n{upgrade}\r\n").unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        assert_eq!(&status, b"HTTP/1.1 101");
        stream
    }

    /// Registers somebody, and returns the header that shows who it is.
    pub(crate) fn register(&self, name: &str) -> String {
        let person = json!({ "username": name, "mail": null, "password": "correct horse battery" });
        assert_eq!(self.ask("POST", "/register", "", &person.to_string()).0, 201);
        let (status, _, body) = self.ask("POST", "/login", "", &person_without_mail(name));
        assert_eq!(status, 200, "{body}");
        let body: Value = serde_json::from_str(&body).unwrap();
        format!("Authorization: Bearer {}\r\n", body["access_token"].as_str().unwrap())
    }

    /// Returns a figure of `/metrics`.
    pub(crate) fn figure(&self, name: &str) -> f64 {
        let (status, body) = self.get("/metrics");
        assert_eq!(status, 200, "{body}");
        let line = body.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in\n{body}")).parse().unwrap()
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let Output { status, .. } = Command::new("kill").args([name, &id]).output().unwrap();
        assert!(status.success(), "kill {name} {id}");
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> Option<i32> {
        self.signal("-TERM");
        self.await_exit()
    }

    /// Waits until it has ended.
    pub(crate) fn await_exit(&mut self) -> Option<i32> {
        await_exit(&mut self.child).code()
    }

    /// Ends it as a crash would.
    pub(crate) fn crash(mut self) {
        self.kill();
    }

    /// Ends it as a crash would, so that another can take its place.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn person_without_mail(name: &str) -> String {
    json!({ "username": name, "password": "correct horse battery" }).to_string()
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn await_exit(child: &mut Child) -> ExitStatus {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(Instant::now() < until, "the process has not ended");
        thread::sleep(Duration::from_millis(10));
    }
}
