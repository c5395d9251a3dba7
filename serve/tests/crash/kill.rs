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
const PATIENCE: Duration = Duration::from_secs(120);
/// A process that is not killed before makes so many requests.
const REQUESTS: u64 = 100_000;
/// One that ends in order makes so many.
const REQUESTS_IN_ORDER: u64 = 200;
/// So often one does, before the next kill. What has been killed is opened from the last that ended in
/// order: without any, each start would take longer than the one before.
const IN_ORDER_EACH: u32 = 20;
/// So many of the last requests are made again of each process: those of the last, and some before.
const AGAIN: usize = 1_000;
/// A market sees so many kills.
const KILLS_EACH: usize = 100;
/// After each so many kills it is said how it goes.
const SAY_EACH: u32 = 50;

/// What is known of the requests so far.
#[derive(Debug, Default)]
struct Known {
    /// The last requests, with their outcomes where those were told.
    outcomes: BTreeMap<u64, (usize, Option<String>)>,
    /// The number of the next.
    next: u64,
    /// How many outcomes were told.
    told: u64,
    /// How many orders they name.
    orders: u64,
    /// A bit for each order that was named.
    named: Vec<u64>,
}

impl Known {
    fn take(&mut self, line: &str) {
        let mut words = line.split_ascii_whitespace();
        let kind = words.next().unwrap();
        let asked = Asked::read(&mut words).unwrap();
        self.next = self.next.max(asked.number + 1);
        if kind == "undone" {
            self.outcomes.remove(&asked.number);
            return;
        }
        let known = self.outcomes.entry(asked.number).or_insert((asked.seat, None));
        let Some(outcome) = words.next().map(str::to_owned) else { return };
        match &known.1 {
            // Whoever was told an outcome is told the same again.
            Some(told) => assert_eq!(*told, outcome, "{kind}: request {}", asked.number),
            None => {
                if let Ok(order) = outcome.parse::<u64>() {
                    self.orders += 1;
                    let (word, bit) = (usize::try_from(order / 64).unwrap(), 1 << (order % 64));
                    self.named.resize(self.named.len().max(word + 1), 0);
                    assert!(self.named[word] & bit == 0, "order {order} was entered twice");
                    self.named[word] |= bit;
                }
                known.1 = Some(outcome);
                self.told += 1;
            }
        }
    }

    /// Returns the last requests, to be made again, and forgets those before: their outcomes were told, and
    /// told again.
    fn again(&mut self) -> Vec<(u64, usize)> {
        while self.outcomes.len() > AGAIN {
            let (number, (_, outcome)) = self.outcomes.pop_first().unwrap();
            assert!(outcome.is_some(), "what came of request {number} was never told");
        }
        self.outcomes.iter().rev().map(|(number, (seat, _))| (*number, *seat)).collect()
    }
}

/// Kills so many processes, and begins a new market after each hundred: a market remembers the ids of seven
/// days, so that each start takes longer than the one before.
pub(crate) fn what_was_acknowledged_survives_a_kill(kills: u32) {
    for done in (0..kills).step_by(KILLS_EACH) {
        let of_market = (kills - done).min(u32::try_from(KILLS_EACH).unwrap());
        kill_in_a_market(of_market);
        if done > 0 {
            println!("{} of {kills} killed", done + of_market);
        }
    }
}

fn kill_in_a_market(kills: u32) {
    let directory = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let mut known = Known::default();
    for kill in 0..kills {
        if kill % IN_ORDER_EACH == IN_ORDER_EACH - 1 {
            live(directory.path(), &mut known, End::InOrder);
        }
        // From at once, when the journal is being read, to under full load.
        let after = Duration::from_millis(u64::from(kill * 37 % 400));
        // Every fifth is killed while it may still read the journal.
        let end = if kill % 5 == 0 { End::KilledFromStart(after) } else { End::KilledFromLoad(after) };
        live(directory.path(), &mut known, end);
        check_accounts(directory.path());
        if (kill + 1) % SAY_EACH == 0 {
            let (Known { told, orders, .. }, secs) = (&known, began.elapsed().as_secs());
            println!("{} of {kills} killed in {secs} s: {told} outcomes told, {orders} orders", kill + 1);
        }
    }
    assert!(known.orders > 100, "the processes lived too short to acknowledge anything: {}", known.orders);
    println!("killed {kills} processes under load: {} outcomes told, none lost, none twice", known.told);
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
    let mut child =
        spawn(directory, known.next, if end == End::InOrder { REQUESTS_IN_ORDER } else { REQUESTS });
    let mut stdin = child.stdin.take().unwrap();
    let again = known.again();
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
