//! Kills processes, and compares what they had said with what the next one knows.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bearpit_serve::driver::Segment;
use bearpit_serve::replay::audit;
use bearpit_serve::store::journal::JournalDirectory;

use crate::child::{Asked, source};

/// No process needs longer to open its journal and make requests.
const PATIENCE: Duration = Duration::from_secs(60);
/// A process that is not killed before makes so many requests.
const REQUESTS: u64 = 100_000;

/// What is known of the requests so far: their outcomes, where those were told.
#[derive(Debug, Default)]
struct Known {
    outcomes: BTreeMap<u64, (usize, Option<String>)>,
}

impl Known {
    fn take(&mut self, line: &str) {
        let mut words = line.split_ascii_whitespace();
        let kind = words.next().unwrap();
        let asked = Asked::read(&mut words).unwrap();
        let known = self.outcomes.entry(asked.number).or_insert((asked.seat, None));
        let Some(outcome) = words.next().map(str::to_owned) else { return };
        match &known.1 {
            // Whoever was told an outcome is told the same again.
            Some(told) => assert_eq!(*told, outcome, "{kind}: request {}", asked.number),
            None => known.1 = Some(outcome),
        }
    }
}

pub(crate) fn what_was_acknowledged_survives_a_kill(kills: u32) {
    let directory = tempfile::tempdir().unwrap();
    let mut known = Known::default();
    let mut acknowledged = 0;
    for kill in 0..kills {
        let before = known.outcomes.len();
        // From at once, when the journal is being read, to under full load.
        let after = Duration::from_millis(u64::from(kill * 37 % 400));
        // Every fifth is killed while it may still read the journal.
        live_and_die(directory.path(), &mut known, after, kill % 5 == 0);
        check_accounts(directory.path());
        let told = known.outcomes.values().filter(|(_, outcome)| outcome.is_some()).count();
        assert!(told >= acknowledged, "nothing that was told is forgotten");
        acknowledged = told;
        assert!(known.outcomes.len() >= before);
    }
    let orders: Vec<&String> = known.outcomes.values().filter_map(|(_, outcome)| outcome.as_ref()).collect();
    let accepted = orders.iter().filter(|it| **it != "refused").count();
    let mut ids: Vec<_> = orders.into_iter().filter(|it| *it != "refused").collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), accepted, "each order was entered once");
    assert!(accepted > 100, "the processes lived too short to acknowledge anything: {accepted}");
    println!("killed {kills} processes under load: {acknowledged} outcomes told, none lost, none twice");
}

/// Starts a process, which is asked again for what was asked before, and kills it a while after it was
/// started, or after it has answered that.
fn live_and_die(directory: &Path, known: &mut Known, after: Duration, at_once: bool) {
    let first = known.outcomes.last_key_value().map_or(0, |(number, _)| number + 1);
    let mut child = spawn(directory, first);
    let mut stdin = child.stdin.take().unwrap();
    // The last thousand of them: those of the last process, and some of the ones before.
    let again: Vec<(u64, usize)> =
        known.outcomes.iter().rev().take(1_000).map(|(number, (seat, _))| (*number, *seat)).collect();
    let feeder = std::thread::spawn(move || {
        for (number, seat) in again {
            if writeln!(stdin, "{seat} {number}").is_err() {
                return;
            }
        }
    });
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let (lines, told) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                return;
            }
        }
    });
    let began = Instant::now();
    let mut deadline = at_once.then(|| began + after);
    loop {
        let wait = deadline.map_or(PATIENCE, |it: Instant| it.saturating_duration_since(Instant::now()));
        if wait.is_zero() {
            break;
        }
        let Ok(line) = told.recv_timeout(wait) else { break };
        if line.starts_with("asked") && deadline.is_none() {
            deadline = Some(Instant::now() + after);
        }
        known.take(&line);
        assert!(began.elapsed() < PATIENCE, "the process hangs");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    feeder.join().unwrap();
    reader.join().unwrap();
    // A line that was cut short tells nothing.
    let mut rest: Vec<String> = told.try_iter().collect();
    rest.pop();
    rest.iter().for_each(|line| known.take(line));
}

fn spawn(directory: &Path, first: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["child", directory.to_str().unwrap(), &first.to_string(), &REQUESTS.to_string(), "64"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Adds the accounts of the newest segment up from its facts.
fn check_accounts(directory: &Path) {
    let newest = JournalDirectory::open(directory).unwrap().newest().unwrap();
    if let Some(newest) = newest {
        audit(&Segment::open(&newest.path).unwrap(), &source(false)).unwrap();
    }
}
