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
/// One that ends in order makes so many.
const REQUESTS_IN_ORDER: u64 = 200;
/// So often one does, before the next kill. What has been killed is opened from the last that ended in
/// order: without any, each start would take longer than the one before.
const IN_ORDER_EACH: u32 = 20;

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
        if kill % IN_ORDER_EACH == IN_ORDER_EACH - 1 {
            live(directory.path(), &mut known, End::InOrder);
        }
        // From at once, when the journal is being read, to under full load.
        let after = Duration::from_millis(u64::from(kill * 37 % 400));
        // Every fifth is killed while it may still read the journal.
        let end = if kill % 5 == 0 { End::KilledFromStart(after) } else { End::KilledFromLoad(after) };
        live(directory.path(), &mut known, end);
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

/// How a process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It is killed so long after it was started.
    KilledFromStart(Duration),
    /// It is killed so long after it has answered what was asked before, and makes new requests.
    KilledFromLoad(Duration),
    /// It ends by itself, after some requests: the next one opens a new segment.
    InOrder,
}

/// Starts a process, which is asked again for what was asked before, and sees it end.
fn live(directory: &Path, known: &mut Known, end: End) {
    let first = known.outcomes.last_key_value().map_or(0, |(number, _)| number + 1);
    let mut child = spawn(directory, first, if end == End::InOrder { REQUESTS_IN_ORDER } else { REQUESTS });
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
    let mut deadline = match end {
        End::KilledFromStart(after) => Some(began + after),
        End::KilledFromLoad(_) | End::InOrder => None,
    };
    loop {
        let wait = deadline.map_or(PATIENCE, |it: Instant| it.saturating_duration_since(Instant::now()));
        if wait.is_zero() {
            break;
        }
        let Ok(line) = told.recv_timeout(wait) else { break };
        if let End::KilledFromLoad(after) = end
            && deadline.is_none()
            && line.starts_with("asked")
        {
            deadline = Some(Instant::now() + after);
        }
        known.take(&line);
        assert!(began.elapsed() < PATIENCE, "the process hangs");
    }
    if end == End::InOrder {
        // Its output has ended, so it is about to.
        assert!(child.wait().unwrap().success(), "a process that ends in order has failed");
    } else {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    feeder.join().unwrap();
    reader.join().unwrap();
    let mut rest: Vec<String> = told.try_iter().collect();
    if end != End::InOrder {
        // A line that was cut short tells nothing.
        rest.pop();
    }
    rest.iter().for_each(|line| known.take(line));
}

fn spawn(directory: &Path, first: u64, requests: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["child", directory.to_str().unwrap(), &first.to_string(), &requests.to_string(), "64"])
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
