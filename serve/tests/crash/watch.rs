//! Watches the system calls of a process: the sync of a request comes before its answer.

use std::path::Path;
use std::process::{Command, Stdio};

/// How many requests are made, one after the other.
const REQUESTS: u64 = 40;

/// What the calls of a process show.
#[derive(Debug, Default)]
struct Seen {
    /// Requests that were answered after their sync.
    safe: u64,
    /// Requests that were answered before it.
    unsafe_: u64,
}

pub(crate) fn no_answer_leaves_before_its_sync() {
    if Command::new("strace").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        println!("SKIPPED: strace is not installed, so the order of system calls is not watched");
        return;
    }
    let seen = watch(false);
    assert_eq!((seen.unsafe_, seen.safe), (0, REQUESTS), "{seen:?}");
    // The control: a market that answers at once is caught.
    let relaxed = watch(true);
    assert!(relaxed.unsafe_ > REQUESTS / 2, "{relaxed:?}");
    println!(
        "watched {REQUESTS} answers: none before its sync; of a relaxed market {} were",
        relaxed.unsafe_
    );
}

fn watch(is_relaxed: bool) -> Seen {
    let directory = tempfile::tempdir().unwrap();
    let trace = directory.path().join("trace");
    let journal = directory.path().join("journal");
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-s", "100000", "-e", "trace=write,pwrite64,fdatasync,fsync", "-o"]);
    command.arg(&trace).arg(std::env::current_exe().unwrap());
    command.args(["child", journal.to_str().unwrap(), "0", &REQUESTS.to_string(), "1"]);
    command.args(is_relaxed.then_some("relaxed"));
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap();
    assert!(status.success());
    read(&trace)
}

/// Reads a trace: requests bear their client order id in the bytes of the journal, answers their number.
fn read(trace: &Path) -> Seen {
    let text = std::fs::read(trace).unwrap();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let mut seen = Seen::default();
    for number in 0..REQUESTS {
        let marker = format!("c-{number}-");
        let is_request = |line: &&str| line.contains("write") && line.contains(&marker);
        let is_answer = |line: &&str| line.contains("\"done ") && line.contains(&format!(" {number} "));
        let answered = lines.iter().position(is_answer).unwrap();
        let written = lines.iter().position(is_request);
        let is_safe =
            written.is_some_and(|written| written < answered && is_synced(&lines[written..answered]));
        if is_safe { seen.safe += 1 } else { seen.unsafe_ += 1 }
    }
    seen
}

/// Returns whether a sync begins and ends well in these calls. A call during which another thread calls is
/// told in two lines.
fn is_synced(lines: &[&str]) -> bool {
    let is_whole = |line: &&str| line.contains("sync(") && line.trim_end().ends_with("= 0");
    let begins = |line: &&str| line.contains("sync(") && line.contains("<unfinished");
    let ends = |line: &&str| line.contains("sync resumed>") && line.trim_end().ends_with("= 0");
    if lines.iter().any(is_whole) {
        return true;
    }
    let began = lines.iter().position(begins);
    began.is_some_and(|began| lines[began..].iter().any(ends))
}
