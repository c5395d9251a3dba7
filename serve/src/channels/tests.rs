//! Channels without a broker: a peer within the test that can be stopped, slow, full, and refuse.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bearpit_core::market::{Instrument, Phase, Side, Trade};
use bearpit_core::units::{ActorId, ListingId, Money, OrderId, Price, Quantity, SimTime, TradeId};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{Semaphore, watch};

use super::*;
use crate::publication::ListingInfo;
use crate::store::channels::DeadLetter;

/// A peer within the test.
#[derive(Debug, Default)]
struct Loopback {
    taken: Mutex<Vec<String>>,
    is_away: AtomicBool,
    /// What is refused for good.
    refuses: Mutex<Option<String>>,
    connections: AtomicUsize,
    /// Lets messages through, where it is slow.
    gate: Mutex<Option<Arc<Semaphore>>>,
}

/// How a channel sees it.
struct Near(Arc<Loopback>);

impl Loopback {
    fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }

    async fn await_count(&self, count: usize) -> Vec<String> {
        await_fact(|| self.taken.lock().unwrap().len() >= count).await;
        self.taken()
    }
}

async fn await_fact(fact: impl Fn() -> bool) {
    let waiting = async {
        while !fact() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), waiting).await.unwrap();
}

impl Adapter for Near {
    fn connect(&mut self) -> Doing<'_, Result<(), AdapterError>> {
        Box::pin(async {
            if self.0.is_away.load(Ordering::SeqCst) {
                return Err(AdapterError::new("nobody is there"));
            }
            self.0.connections.fetch_add(1, Ordering::SeqCst);
            Ok(())
        })
    }

    fn send<'a>(&'a mut self, messages: &'a [Message]) -> Doing<'a, Result<Vec<Fate>, AdapterError>> {
        Box::pin(async move {
            let gate = self.0.gate.lock().unwrap().clone();
            let mut fates = Vec::new();
            for message in messages {
                if let Some(gate) = &gate {
                    gate.acquire().await.unwrap().forget();
                }
                if self.0.is_away.load(Ordering::SeqCst) {
                    return Err(AdapterError::new("the connection was lost"));
                }
                let text = String::from_utf8(message.payload.clone()).unwrap();
                if self.0.refuses.lock().unwrap().as_ref() == Some(&text) {
                    fates.push(Fate::Refused("it is too large".to_owned()));
                    continue;
                }
                self.0.taken.lock().unwrap().push(text);
                fates.push(Fate::Taken);
            }
            Ok(fates)
        })
    }

    fn broken(&mut self) -> Doing<'_, AdapterError> {
        Box::pin(std::future::pending())
    }

    fn close(&mut self) -> Doing<'_, ()> {
        Box::pin(async {})
    }
}

/// Tells the numbers of trades.
struct Numbers;

impl Teller for Numbers {
    fn tell(&mut self, news: &News) -> Vec<Message> {
        let payload = format!("{}-{}", news.segment, news.number).into_bytes();
        vec![Message { topic: "t".to_owned(), key: None, payload, is_retained: false }]
    }
}

fn listing() -> Arc<ListingInfo> {
    let instrument = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    Arc::new(ListingInfo { venue: "PIT".to_owned(), instrument, is_replayed: false })
}

fn trade() -> Trade {
    Trade {
        id: TradeId::new(1),
        listing: ListingId::new(0),
        price: Price::new(100),
        quantity: Quantity::new(1),
        aggressor: Side::Buy,
        phase: Phase::Continuous,
        maker_order: OrderId::new(1),
        maker: ActorId::new(1),
        maker_fee: Money::ZERO,
        maker_queue_ahead: Quantity::ZERO,
        taker_order: OrderId::new(2),
        taker: ActorId::new(2),
        taker_fee: Money::ZERO,
        clamped: 0,
    }
}

/// News of some numbers, which cover a stretch.
fn stretch(segment: u64, from: u64, to: u64) -> Stretch {
    let news = (from..to).map(|number| News {
        segment,
        number,
        at: SimTime::from_nanos(0),
        content: Content::Traded(listing(), Box::new(trade())),
    });
    Stretch { segment, voids: 0, from, to, news: news.collect(), is_end: false }
}

/// A channel with its peer.
struct Stage {
    news: Sender<Stretch>,
    running: Running,
    state: Arc<ChannelState>,
    letters: Receiver<DeadLetter>,
}

fn stage(directory: &Path, bytes_max: u64, peer: &Arc<Loopback>) -> Stage {
    let state = Arc::new(ChannelState::new("loopback", "here".to_owned(), ChannelMetrics::default()));
    let outbox = Arc::new(Outbox::open(directory, bytes_max).unwrap());
    let (dead, letters) = DeadLetters::new();
    let (sender, news) = channel(4);
    let publisher = Publisher {
        adapter: Box::new(Near(Arc::clone(peer))),
        outbox: Some(Arc::clone(&outbox)),
        newest: None,
        pace: Pace { interval: Duration::from_millis(20), linger: Duration::from_millis(1) },
        state: Arc::clone(&state),
        dead: dead.clone(),
    };
    let spooler = Spooler { teller: Box::new(Numbers), outbox, state: Arc::clone(&state), dead };
    let channel =
        Channel { state: Arc::clone(&state), publisher, spooler: Some((spooler, news)), work: None };
    Stage { news: sender, running: channel.start().unwrap(), state, letters }
}

impl Stage {
    /// Ends the market, then the channel.
    async fn end(self) -> Receiver<DeadLetter> {
        drop(self.news);
        let running = self.running;
        tokio::task::spawn_blocking(move || running.join()).await.unwrap();
        self.letters
    }
}

fn numbers(segment: u64, from: u64, to: u64) -> Vec<String> {
    (from..to).map(|number| format!("{segment}-{number}")).collect()
}

#[tokio::test]
async fn news_are_told_in_order_once_and_a_process_goes_on_where_the_last_one_was() {
    let (directory, peer) = (tempfile::tempdir().unwrap(), Arc::<Loopback>::default());
    let first = stage(directory.path(), 1 << 20, &peer);
    first.news.send(stretch(1, 0, 5)).await.unwrap();
    first.news.send(stretch(1, 5, 8)).await.unwrap();
    assert_eq!(peer.await_count(8).await, numbers(1, 0, 8));
    let mut letters = first.end().await;
    assert!(letters.try_recv().is_err());
    // The day is shown from its beginning again.
    let second = stage(directory.path(), 1 << 20, &peer);
    second.news.send(stretch(1, 0, 10)).await.unwrap();
    second.news.send(Stretch { is_end: true, ..stretch(1, 10, 10) }).await.unwrap();
    second.news.send(stretch(2, 0, 2)).await.unwrap();
    assert_eq!(peer.await_count(12).await, [numbers(1, 0, 10), numbers(2, 0, 2)].concat());
    assert_eq!(second.state.status().sent, 4);
    assert!(second.end().await.try_recv().is_err());
}

#[tokio::test]
async fn what_a_stopped_peer_was_not_told_waits_on_disk_also_for_the_next_process() {
    let (directory, peer) = (tempfile::tempdir().unwrap(), Arc::<Loopback>::default());
    peer.is_away.store(true, Ordering::SeqCst);
    let first = stage(directory.path(), 1 << 20, &peer);
    first.news.send(stretch(1, 0, 20)).await.unwrap();
    await_fact(|| first.state.status().queued_bytes > 0).await;
    await_fact(|| first.state.status().last_error.is_some()).await;
    assert_eq!(first.state.status().connected_since, None);
    first.end().await;
    let second = stage(directory.path(), 1 << 20, &peer);
    peer.is_away.store(false, Ordering::SeqCst);
    assert_eq!(peer.await_count(20).await, numbers(1, 0, 20));
    await_fact(|| second.state.status().queued_bytes == 0).await;
    // It stops and comes back while it is used.
    peer.is_away.store(true, Ordering::SeqCst);
    second.news.send(stretch(1, 20, 25)).await.unwrap();
    await_fact(|| second.state.status().connected_since.is_none()).await;
    peer.is_away.store(false, Ordering::SeqCst);
    assert_eq!(peer.await_count(25).await, numbers(1, 0, 25));
    assert!(second.state.status().connections >= 2);
    second.end().await;
}

#[tokio::test]
async fn a_message_that_is_refused_for_good_is_a_dead_letter_and_others_go_on() {
    let (directory, peer) = (tempfile::tempdir().unwrap(), Arc::<Loopback>::default());
    *peer.refuses.lock().unwrap() = Some("1-3".to_owned());
    let stage = stage(directory.path(), 1 << 20, &peer);
    stage.news.send(stretch(1, 0, 6)).await.unwrap();
    let taken = peer.await_count(5).await;
    assert_eq!(taken, [numbers(1, 0, 3), numbers(1, 4, 6)].concat());
    let state = Arc::clone(&stage.state);
    let letter = stage.end().await.try_recv().unwrap();
    assert_eq!((letter.topic.as_deref(), letter.payload.as_slice()), (Some("t"), b"1-3".as_slice()));
    assert_eq!((letter.reason.as_str(), state.status().dead_letters), ("it is too large", 1));
}

#[tokio::test]
async fn a_slow_peer_holds_nobody_up_and_what_has_no_room_is_said_by_its_numbers() {
    let (directory, peer) = (tempfile::tempdir().unwrap(), Arc::<Loopback>::default());
    let gate = Arc::new(Semaphore::new(0));
    *peer.gate.lock().unwrap() = Some(Arc::clone(&gate));
    let mut stage = stage(directory.path(), 2_000, &peer);
    // The market offers and never waits, as its sink does; what is not taken is missing.
    let (mut offered, mut lost, mut from) = (Vec::new(), Vec::new(), 0);
    while lost.len() < 3 {
        let next = stretch(1, from, from + 10);
        match stage.news.try_send(next) {
            Ok(()) => offered.extend(numbers(1, from, from + 10)),
            Err(_) => lost.push(from),
        }
        from += 10;
        tokio::task::yield_now().await;
    }
    // Room again: the next stretch that is taken says what was missed.
    gate.add_permits(1_000_000);
    let last = from;
    let sender = stage.news.clone();
    sender.send(stretch(1, last, last + 10)).await.unwrap();
    offered.extend(numbers(1, last, last + 10));
    assert_eq!(peer.await_count(offered.len()).await, offered);
    let mut missing = 0;
    while missing < lost.len() as i64 * 10 {
        let letter = tokio::time::timeout(Duration::from_secs(120), stage.letters.recv()).await;
        let stretch = letter.unwrap().unwrap().missing.unwrap();
        missing += stretch.to - stretch.from;
    }
    assert_eq!(missing, lost.len() as i64 * 10);
    drop(sender);
    stage.end().await;
}

#[tokio::test]
async fn a_segment_whose_end_was_never_told_is_said() {
    let (directory, peer) = (tempfile::tempdir().unwrap(), Arc::<Loopback>::default());
    let stage = stage(directory.path(), 1 << 20, &peer);
    stage.news.send(stretch(1, 0, 3)).await.unwrap();
    stage.news.send(stretch(3, 0, 1)).await.unwrap();
    peer.await_count(4).await;
    let letter = stage.end().await.try_recv().unwrap();
    let missing = letter.missing.unwrap();
    assert_eq!((missing.segment, missing.from, missing.to), (1, 3, i64::MAX));
}

/// Tells a number that changes.
struct Ticker(Arc<AtomicUsize>, Option<usize>);

impl Newest for Ticker {
    fn messages(&mut self) -> Vec<Message> {
        let now = self.0.load(Ordering::SeqCst);
        if self.1.replace(now) == Some(now) {
            return Vec::new();
        }
        let payload = now.to_string().into_bytes();
        vec![Message { topic: "prices".to_owned(), key: None, payload, is_retained: true }]
    }

    fn forget(&mut self) {
        self.1 = None;
    }
}

#[tokio::test]
async fn of_prices_the_newest_wins_and_a_peer_that_comes_back_has_it_at_once() {
    let (peer, price) = (Arc::<Loopback>::default(), Arc::new(AtomicUsize::new(1)));
    let (dead, _letters) = DeadLetters::new();
    let state = Arc::new(ChannelState::new("loopback", String::new(), ChannelMetrics::default()));
    let publisher = Publisher {
        adapter: Box::new(Near(Arc::clone(&peer))),
        outbox: None,
        newest: Some(Box::new(Ticker(Arc::clone(&price), None))),
        pace: Pace { interval: Duration::from_millis(5), linger: Duration::ZERO },
        state: Arc::clone(&state),
        dead,
    };
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(publisher.run(stopped));
    assert_eq!(peer.await_count(1).await, ["1"]);
    peer.is_away.store(true, Ordering::SeqCst);
    price.store(2, Ordering::SeqCst);
    await_fact(|| state.status().last_error.is_some()).await;
    (3..100).for_each(|newer| price.store(newer, Ordering::SeqCst));
    peer.is_away.store(false, Ordering::SeqCst);
    assert_eq!(peer.await_count(2).await, ["1", "99"]);
    stop.send(true).unwrap();
    running.await.unwrap();
    assert_eq!(state.status().connected_since, None);
}
