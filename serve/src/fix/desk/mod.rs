//! [`Desk`]: one session in a task of its own: its connection, its file, its account's feed, its requests.
//!
//! It lives while somebody is connected or an order is open. All that it does at a time is written to its
//! file at once, and sent then.

mod arriving;
mod following;
mod leaving;
mod requests;
mod steps;
mod work;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tracing::error;

use super::codec::{Body, Framed, Millis};
use super::link::Link;
use super::orders::{Said, prefix_of};
use super::session::{Numbers, Session};
use super::shared::{Arrival, Key, Shared};
use super::store::{FeedPlace, Record, SessionFile, StoreFault};
use crate::domain::Actor;
use crate::publication::{Closed, Subscription, Update};
use work::Done;

/// How often it is looked what is due.
const TICK: Duration = Duration::from_millis(250);
/// How many requests of a session may wait for the market.
const IN_FLIGHT_MAX: usize = 4_096;
/// How much is taken at once before it is written and sent.
const BATCH: usize = 256;
/// How many bytes a client may leave unread before it gets no more market data for now.
const QUEUE_SOFT: usize = 256 << 10;
/// How many bytes it may leave unread at all.
const QUEUE_MAX: usize = 8 << 20;
/// How many messages of market data wait for their session.
const NEWS: usize = 16;

/// A connection that has logged on.
struct Live {
    link: Link,
    actor: Actor,
    /// How many messages may come now, in thousandths.
    allowance: i64,
    counted_at: Millis,
    /// Whether nothing more is taken of it: it ends.
    is_over: bool,
}

/// One session.
pub(super) struct Desk {
    shared: Arc<Shared>,
    key: Key,
    /// What the names of its orders begin with in the market.
    prefix: String,
    session: Session,
    file: SessionFile,
    live: Option<Live>,
    feed: Option<Subscription>,
    /// Events up to this number may have been told before a power cut.
    doubtful_until: u64,
    /// Names of orders that are being entered.
    entering: HashSet<String>,
    in_flight: usize,
    done: (mpsc::UnboundedSender<Done>, mpsc::UnboundedReceiver<Done>),
    news: (mpsc::Sender<Said>, mpsc::Receiver<Said>),
    /// Subscriptions of the connection, by the names of their requests.
    subscriptions: BTreeMap<String, Vec<AbortHandle>>,
    /// Orders that are to be canceled since their connection has ended.
    to_cancel: BTreeSet<u64>,
    /// Whether orders that show up now are among them.
    cancels_new: bool,
    /// What was sent to nobody before the numbers were set back.
    undelivered: Vec<(String, Body)>,
    /// How far the feed has been told, where that is not written yet.
    place: Option<FeedPlace>,
    /// What is to be written, and then sent.
    records: Vec<Record>,
    wire: Vec<u8>,
    is_failed: bool,
}

/// What a desk waits for.
enum Event {
    Stop,
    Arrival(Box<Arrival>),
    Done(Done),
    Update(Result<Update, Closed>),
    Inbound(Option<Framed>),
    News(Said),
    Tick,
}

impl Desk {
    /// Returns where connections of a session go, whose task is started if there is none.
    ///
    /// # Errors
    /// In words, that there are too many, or that it cannot be kept.
    pub(super) fn of(shared: &Arc<Shared>, key: &Key) -> Result<mpsc::Sender<Arrival>, String> {
        if *shared.stopping.borrow() {
            return Err("the server stops: log on again later".to_owned());
        }
        let mut desks = shared.desks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(desk) = desks.get(key) {
            return Ok(desk.clone());
        }
        if desks.len() >= shared.config.sessions_max {
            return Err("there are too many sessions: log on again later".to_owned());
        }
        let desk = Self::new(shared, key.clone()).map_err(|fault| {
            error!(%fault, "a session of FIX cannot be kept");
            "the server cannot keep the session: its log says why".to_owned()
        })?;
        let (arrivals, arriving) = mpsc::channel(1);
        desks.insert(key.clone(), arrivals.clone());
        drop(desks);
        tokio::spawn(desk.run(arriving));
        Ok(arrivals)
    }

    /// Lets a session go on if it has open orders.
    ///
    /// # Errors
    /// That its file cannot be read.
    pub(super) fn resume(shared: &Arc<Shared>, key: Key) -> Result<(), StoreFault> {
        let mut desk = Self::new(shared, key.clone())?;
        if desk.file.state().orders.is_empty() {
            return desk.file.close();
        }
        let (arrivals, arriving) = mpsc::channel(1);
        shared.desks.lock().unwrap_or_else(PoisonError::into_inner).insert(key, arrivals);
        tokio::spawn(desk.run(arriving));
        Ok(())
    }

    fn new(shared: &Arc<Shared>, key: Key) -> Result<Self, StoreFault> {
        let file = SessionFile::open(&path_of(shared, &key), shared.config.cancel_on_disconnect)?;
        let state = file.state();
        let numbers = Numbers { incoming: state.incoming, outgoing: state.outgoing };
        // Whoever was here before has not come to it.
        let to_cancel = state.leaving.clone();
        let cancels_new = !to_cancel.is_empty();
        let session = Session::new(&shared.config.comp_id, &key.sender, numbers);
        let doubtful_until = if file.was_cut() { u64::MAX } else { 0 };
        let records = match state.away_from {
            // A process that was killed told nobody when its connections ended.
            None => vec![Record::Away(Some(numbers.outgoing))],
            Some(_) => Vec::new(),
        };
        Ok(Self {
            shared: Arc::clone(shared),
            prefix: prefix_of(&key.sender),
            key,
            session,
            file,
            live: None,
            feed: None,
            doubtful_until,
            entering: HashSet::new(),
            in_flight: 0,
            done: mpsc::unbounded_channel(),
            news: mpsc::channel(NEWS),
            subscriptions: BTreeMap::new(),
            to_cancel,
            cancels_new,
            undelivered: Vec::new(),
            place: None,
            records,
            wire: Vec::new(),
            is_failed: false,
        })
    }

    async fn run(mut self, mut arriving: mpsc::Receiver<Arrival>) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            match self.next(&mut arriving, &mut ticks).await {
                Event::Stop => {
                    self.stop().await;
                    break;
                }
                Event::Arrival(arrival) => self.arrive(*arrival).await,
                Event::Done(done) => self.take_done(done),
                Event::Update(update) => self.take_updates(update),
                Event::Inbound(framed) => self.take_inbound(framed),
                Event::News(said) => self.take_news(said),
                Event::Tick => self.tick().await,
            }
            self.commit();
            if self.is_failed || (self.is_idle() && arriving.is_empty()) {
                break;
            }
        }
        self.end(arriving);
    }

    async fn next(&mut self, arriving: &mut mpsc::Receiver<Arrival>, ticks: &mut Interval) -> Event {
        let takes = self.in_flight < IN_FLIGHT_MAX;
        let is_slow = self.live.as_ref().is_none_or(|live| live.link.queued() > QUEUE_SOFT);
        let mut stopping = self.shared.stopping.clone();
        tokio::select! {
            _ = stopping.wait_for(|is_over| *is_over) => Event::Stop,
            Some(arrival) = arriving.recv() => Event::Arrival(Box::new(arrival)),
            Some(done) = self.done.1.recv() => Event::Done(done),
            update = next_update(&mut self.feed) => Event::Update(update),
            framed = next_inbound(&mut self.live), if takes => Event::Inbound(framed),
            Some(said) = self.news.1.recv(), if !is_slow => Event::News(said),
            _ = ticks.tick() => Event::Tick,
        }
    }

    /// Returns whether there is nothing to do.
    fn is_idle(&self) -> bool {
        let has_orders = !self.file.state().orders.is_empty() || !self.to_cancel.is_empty();
        self.live.is_none() && !has_orders && self.in_flight == 0
    }

    /// Lets go of all that there is.
    fn end(mut self, mut arriving: mpsc::Receiver<Arrival>) {
        self.unsubscribe_all();
        arriving.close();
        if let Err(fault) = self.file.close() {
            error!(%fault, "a session of FIX is not on disk for sure");
        }
        self.shared.desks.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
        while let Ok(arrival) = arriving.try_recv() {
            self.shared.refuse(&arrival.link, &arrival.message, "the session has just ended: log on again");
        }
    }
}

fn path_of(shared: &Shared, key: &Key) -> PathBuf {
    shared.directory.join(format!("{}.{}", key.account, key.sender)).join("session.log")
}

async fn next_update(feed: &mut Option<Subscription>) -> Result<Update, Closed> {
    match feed {
        Some(feed) => feed.next().await,
        None => std::future::pending().await,
    }
}

async fn next_inbound(live: &mut Option<Live>) -> Option<Framed> {
    match live {
        Some(live) if !live.is_over => live.link.inbound.recv().await,
        _ => std::future::pending().await,
    }
}
