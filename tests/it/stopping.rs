//! Runs that are stopped: by signals, by the clock on the wall, by another that writes to the same place.
#![expect(clippy::disallowed_methods, reason = "waits for other processes, for a bounded time")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::cli::{bearpit, run, scenario, wait, with_script};

/// How long a program may take to end when it is asked to.
const PROMPT: Duration = Duration::from_secs(1);

/// How long it may take where others keep the machine busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// Years of quickstart.
fn long_run(out: &Path, arguments: &[&str]) -> Command {
    let mut command = bearpit();
    command.arg("simulate").arg(scenario("quickstart")).args(["--set", "scenario.end=2027-03-03T09:40:00"]);
    command.arg("--out").arg(out).args(arguments).stderr(Stdio::null()).stdout(Stdio::null());
    command
}

fn wait_for(path: &Path) {
    let begin = Instant::now();
    while !path.exists() && begin.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(20));
    }
    assert!(path.exists(), "the run has begun");
}

/// Waits for the end of an interrupted program, and returns how long that took.
#[cfg(unix)]
fn interrupted(child: &mut Child) -> Duration {
    let begin = Instant::now();
    assert_eq!(wait(child, PATIENCE), Some(130));
    begin.elapsed()
}

/// Checks that a program ends within a time, which one of a few attempts must show: others work on the
/// machine, too.
#[cfg(unix)]
fn assert_prompt(limit: Duration, mut attempt: impl FnMut() -> Duration) {
    let took: Vec<Duration> = (0..5).map(|_| attempt()).take_while(|took| *took > limit).collect();
    assert!(took.len() < 5, "each took longer than {limit:?}: {took:?}");
}

#[cfg(unix)]
fn send(child: &Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

/// Returns the names of all files and directories below one.
fn all_below(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    found.extend(found.clone().iter().flat_map(|path| all_below(path)));
    found
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_ends_at_once_and_leaves_nothing() {
    for signal in ["-INT", "-TERM"] {
        assert_prompt(PROMPT, || {
            let out = TempDir::new().unwrap();
            let mut child = long_run(out.path(), &[]).spawn().unwrap();
            wait_for(&out.path().join("quickstart/42.partial"));
            send(&child, signal);
            let took = interrupted(&mut child);
            assert_eq!(all_below(out.path()), [""; 0].map(PathBuf::from), "{signal}");
            took
        });
    }
}

/// A run in which every quote costs as many operations as a callback may take.
#[cfg(unix)]
fn busy_run(here: &Path) -> (Child, PathBuf) {
    let path = with_script(here, "fn on_quote(quote) { let n = 0; while n < 200000 { n += 1; } }\n");
    let text = fs::read_to_string(&path).unwrap() + "operations = 2_000_000\n";
    fs::write(&path, text).unwrap();
    let out = here.join("out");
    let mut command = bearpit();
    command.arg("simulate").arg(&path).args(["--set", "scenario.end=2025-03-04T09:30:00", "--out"]).arg(&out);
    let child = command.stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    wait_for(&out.join("scripted/0.partial"));
    thread::sleep(Duration::from_millis(200));
    (child, out)
}

#[cfg(unix)]
#[test]
fn a_run_whose_events_cost_much_ends_as_soon() {
    assert_prompt(PROMPT, || {
        let here = TempDir::new().unwrap();
        let (mut child, out) = busy_run(here.path());
        send(&child, "-TERM");
        let took = interrupted(&mut child);
        assert_eq!(all_below(&out), [""; 0].map(PathBuf::from));
        took
    });
}

#[cfg(unix)]
#[test]
fn a_second_signal_ends_the_program_at_once() {
    // Within less than the moment that the first would give the run, which hears nothing for most of it.
    assert_prompt(Duration::from_millis(400), || {
        let here = TempDir::new().unwrap();
        let (mut child, out) = busy_run(here.path());
        send(&child, "-INT");
        thread::sleep(Duration::from_millis(50));
        send(&child, "-INT");
        let took = interrupted(&mut child);
        assert_eq!(all_below(&out), [""; 0].map(PathBuf::from));
        took
    });
}

#[cfg(unix)]
#[test]
fn a_result_that_was_to_be_replaced_stays_when_the_run_is_interrupted() {
    let out = TempDir::new().unwrap();
    let arguments = ["--set", "scenario.end=2025-03-03T09:31:00", "--no-report", "--quiet", "--out"];
    let mut command = bearpit();
    command.arg("simulate").arg(scenario("quickstart")).args(arguments).arg(out.path());
    assert_eq!(run(&mut command).0, 0);
    let before = fs::read(out.path().join("quickstart/42/manifest.json")).unwrap();
    let mut child = long_run(out.path(), &["--force"]).spawn().unwrap();
    wait_for(&out.path().join("quickstart/42.partial"));
    send(&child, "-INT");
    interrupted(&mut child);
    assert_eq!(fs::read(out.path().join("quickstart/42/manifest.json")).unwrap(), before);
    assert_eq!(fs::read_dir(out.path().join("quickstart")).unwrap().count(), 1);
}

#[test]
fn two_runs_into_one_place_do_not_disturb_each_other_and_the_second_names_the_first() {
    let out = TempDir::new().unwrap();
    let mut first = long_run(out.path(), &[]).spawn().unwrap();
    let partial = out.path().join("quickstart/42.partial");
    wait_for(&partial);
    for arguments in [&["--quiet"][..], &["--quiet", "--force"]] {
        let second = run(long_run(out.path(), arguments).stderr(Stdio::piped()).stdout(Stdio::piped()));
        assert_eq!(second.0, 1, "{second:?}");
        let holder = format!("process {} is writing a result there", first.id());
        assert!(second.2.contains(&holder), "{}", second.2);
        assert!(partial.exists() && first.try_wait().unwrap().is_none(), "the first goes on");
    }
    first.kill().unwrap();
    first.wait().unwrap();
    // What it left is no obstacle.
    let mut command = bearpit();
    command.arg("simulate").arg(scenario("quickstart"));
    command
        .args(["--set", "scenario.end=2025-03-03T09:31:00", "--no-report", "--quiet", "--out"])
        .arg(out.path());
    assert_eq!(run(&mut command).0, 0);
    let left: Vec<PathBuf> =
        fs::read_dir(out.path().join("quickstart")).unwrap().map(|it| it.unwrap().path()).collect();
    assert_eq!(left, [out.path().join("quickstart/42")]);
}

#[test]
fn a_run_may_take_so_long_on_the_clock_on_the_wall() {
    let out = TempDir::new().unwrap();
    let begin = Instant::now();
    let mut command = long_run(out.path(), &["--max-wall", "300ms"]);
    let (code, _, stderr) = run(command.stderr(Stdio::piped()).stdout(Stdio::piped()));
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("error: quickstart: it took longer than 0.3 s, and was stopped"), "{stderr}");
    assert!(begin.elapsed() < PATIENCE, "the run has years before it");
    assert_eq!(all_below(out.path()), [""; 0].map(PathBuf::from));
    for wrong in ["0s", "soon", "-1s"] {
        let mut command = long_run(out.path(), &[]);
        let (code, ..) = run(command.arg(format!("--max-wall={wrong}")));
        assert_eq!(code, 2, "{wrong}");
    }
}

#[test]
fn a_test_that_does_not_exist_is_an_error() {
    let here = TempDir::new().unwrap();
    let script = here.path().join("s.rhai");
    fs::write(&script, "fn on_start() { }\nfn test_buys() { }\n").unwrap();
    let test = |name: &str| run(bearpit().args(["strategy", "test"]).arg(&script).arg(name));
    assert_eq!(test("buys").0, 0);
    let (code, _, stderr) = test("test_bys");
    assert!(code == 2 && stderr.contains("did you mean `test_buys`?"), "{stderr}");
    let (code, _, stderr) = test("weather");
    assert!(
        code == 2 && stderr.contains("no test has `weather` in its name; allowed: `test_buys`"),
        "{stderr}"
    );
    fs::write(&script, "fn on_start() { }\n").unwrap();
    assert!(test("x").2.contains("the script has no tests"));
}
