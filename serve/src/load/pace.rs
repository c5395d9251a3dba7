//! [`open_loop`]: requests that are made when they are due, whatever the answers before them take.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{LocalSet, spawn_local, yield_now};

use super::affinity::Cores;
use super::client::Client;
use super::clock::now;
use super::error::BenchError;

/// How many are due in a second, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pub(super) rate: u32,
    pub(super) seconds: u32,
}

impl Pace {
    pub(super) const fn count(self) -> u32 {
        self.rate * self.seconds
    }

    /// Returns when one is due.
    pub(super) fn due(self, started: Instant, number: u32) -> Instant {
        let nanos = u64::from(number) * 1_000_000_000 / u64::from(self.rate);
        started + Duration::from_nanos(nanos)
    }
}

/// A request that is due.
#[derive(Debug, Clone, Copy)]
struct Due {
    number: u32,
    at: Instant,
}

/// How long each took from when it was due, and all of them.
#[derive(Debug, Default)]
pub(super) struct Took {
    pub(super) delays: Vec<Duration>,
    pub(super) took: Duration,
}

/// Writes the request of a number that a client makes, by the client's place among all.
pub(super) type Make = Rc<dyn Fn(usize, u32) -> Vec<u8>>;

/// Where the pacing loop gives up the processor: the clock of the runtime counts milliseconds.
const COARSE: Duration = Duration::from_millis(3);

/// For how many seconds requests are made before it is measured.
const WARM_UP_SECS: u32 = 1;

/// Makes requests at a pace over some connections, in turn: each waits for the answers before it on its own
/// connection, and its time runs.
pub(super) async fn open_loop(pace: Pace, clients: Vec<Client>, make: Make) -> Result<Took, BenchError> {
    let warm_up = Pace { seconds: WARM_UP_SECS.min(pace.seconds), ..pace }.count();
    let all = Pace { seconds: pace.seconds + WARM_UP_SECS.min(pace.seconds), ..pace };
    let delays = Rc::new(RefCell::new(Vec::new()));
    let (mut senders, mut tasks) = (Vec::new(), Vec::new());
    for (place, client) in clients.into_iter().enumerate() {
        let (sender, due) = unbounded_channel();
        senders.push(sender);
        let worker = Worker { client, place, make: Rc::clone(&make), delays: Rc::clone(&delays), warm_up };
        tasks.push(spawn_local(worker.run(due)));
    }
    let started = now() + COARSE;
    send(all, started, &senders).await;
    drop(senders);
    for task in tasks {
        task.await.map_err(std::io::Error::other)??;
    }
    let took = all.due(started, warm_up).elapsed();
    Ok(Took { delays: delays.take(), took })
}

async fn send(pace: Pace, started: Instant, senders: &[UnboundedSender<Due>]) {
    let mut turn = senders.iter().cycle();
    for number in 0..pace.count() {
        let at = pace.due(started, number);
        wait_until(at).await;
        if let Some(sender) = turn.next() {
            // Of one that has failed the others are told at the end.
            sender.send(Due { number, at }).unwrap_or_default();
        }
    }
}

/// Waits until a moment, to some microseconds.
pub(super) async fn wait_until(at: Instant) {
    loop {
        let left = at.saturating_duration_since(now());
        if left.is_zero() {
            return;
        }
        match left.checked_sub(COARSE) {
            Some(coarse) => tokio::time::sleep(coarse).await,
            None => yield_now().await,
        }
    }
}

struct Worker {
    client: Client,
    place: usize,
    make: Make,
    delays: Rc<RefCell<Vec<Duration>>>,
    warm_up: u32,
}

impl Worker {
    async fn run(mut self, mut due: UnboundedReceiver<Due>) -> Result<(), BenchError> {
        while let Some(Due { number, at }) = due.recv().await {
            let request = (self.make)(self.place, number);
            let answer = self.client.ask(&request).await?;
            if !(200..300).contains(&answer.status) {
                let body = String::from_utf8_lossy(answer.body).into_owned();
                return Err(BenchError::Answer { what: "a request", status: answer.status, body });
            }
            if number >= self.warm_up {
                self.delays.borrow_mut().push(at.elapsed());
            }
        }
        Ok(())
    }
}

/// Runs what loads a server, on a thread and a processor of its own.
pub(super) fn on_load_core<T: Send, F: Future<Output = Result<T, BenchError>>>(
    cores: Option<Cores>,
    load: impl FnOnce() -> F + Send,
) -> Result<T, BenchError> {
    let run = || {
        if let Some(cores) = cores {
            cores.take_load();
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        LocalSet::new().block_on(&runtime, load())
    };
    std::thread::scope(|scope| {
        let ended = scope.spawn(run).join();
        ended.unwrap_or_else(|_| Err(BenchError::Missing("what loads the server panicked".to_owned())))
    })
}
