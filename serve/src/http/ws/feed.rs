//! [`Feed`]: the updates of one topic, each written once for all who follow it on this worker.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::rt;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::frame::{Format, Frame};
use super::topic::Topic;
use crate::publication::{CloseReason, Position, Publication, Subscription};
use crate::services::market_data::MarketData;

/// Wakes a client's task.
pub(in crate::http) type Bell = Notify;

/// An update as it is sent, and from where to where it leads.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// The number up to which a reader has all before it.
    from: u64,
    /// The number up to which a reader has all after it.
    pub(super) next: u64,
    pub(super) frame: Frame,
}

/// The updates of one topic of the publication.
#[derive(Debug)]
pub(in crate::http) struct Feed {
    service: std::sync::Arc<MarketData>,
    topic: Topic,
    format: Format,
    state: RefCell<State>,
    bells: RefCell<Vec<Weak<Bell>>>,
    task: RefCell<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct State {
    source: Option<Source>,
    /// The number up to which all has been taken; absent before the first update.
    next: Option<u64>,
    /// The last updates, in order; each begins where the one before ends.
    ring: VecDeque<Item>,
    ring_bytes: usize,
    /// How often numbers have begun anew.
    generation: u64,
}

#[derive(Debug)]
struct Source {
    publication: Publication,
    epoch: i64,
    subscription: Subscription,
}

/// How the updates of a feed are written.
struct Writing<'a> {
    service: &'a MarketData,
    topic: &'a Topic,
    format: &'a Format,
}

/// What a reader finds next.
#[derive(Debug)]
pub(super) enum Found {
    /// An update.
    Item(Item),
    /// Nothing new.
    Nothing,
    /// Numbers have begun anew, with this epoch.
    Reset { epoch: i64, generation: u64 },
    /// What it wants next is no longer kept.
    FellBehind,
}

/// How many updates stand ready for all, and how many bytes of them. Whoever needs older ones gets them from
/// the publication, written for it alone.
const ITEMS_MAX: usize = 256;
const BYTES_MAX: usize = 1 << 20;

/// How often it is looked whether a market that has ended has come back.
const LOOK: Duration = Duration::from_millis(100);

impl Feed {
    /// Begins to follow a topic; absent if the publication has no such channel.
    pub(super) fn begin(
        service: &std::sync::Arc<MarketData>,
        topic: &Topic,
        format: Format,
    ) -> Option<Rc<Self>> {
        let mut state =
            State { source: None, next: None, ring: VecDeque::new(), ring_bytes: 0, generation: 0 };
        state.begin(Source::begin(service, topic)?);
        let feed = Rc::new(Self {
            service: std::sync::Arc::clone(service),
            topic: topic.clone(),
            format,
            state: RefCell::new(state),
            bells: RefCell::default(),
            task: RefCell::default(),
        });
        let follow = follow(Rc::downgrade(&feed));
        feed.task.replace(Some(rt::spawn(follow)));
        Some(feed)
    }

    /// Has a client woken by news.
    pub(super) fn add_bell(&self, bell: &Rc<Bell>) {
        let mut bells = self.bells.borrow_mut();
        // Those of clients that have gone are taken out before the list would grow.
        if bells.len() == bells.capacity() {
            bells.retain(|bell| bell.strong_count() > 0);
        }
        bells.push(Rc::downgrade(bell));
    }

    /// No longer has a client woken.
    pub(super) fn remove_bell(&self, bell: &Rc<Bell>) {
        self.bells.borrow_mut().retain(|it| !std::ptr::eq(it.as_ptr(), Rc::as_ptr(bell)));
    }

    /// Returns the epoch of the numbers, and how often they have begun anew.
    pub(super) fn epoch(&self) -> (i64, u64) {
        let state = self.state.borrow();
        (state.source.as_ref().map_or(0, |source| source.epoch), state.generation)
    }

    /// Returns the number of the update to begin with if no snapshot comes first.
    pub(super) fn start(&self) -> Option<u64> {
        let (_, channel) = self.topic.channel(&self.service)?;
        let state = self.state.borrow();
        let fresh = state.source.as_ref()?.publication.subscribe(&channel, None).ok()?;
        fresh.position().map(|position| position.next)
    }

    /// Returns whether a reader can go on at a place.
    pub(super) fn can_resume(&self, position: Position) -> Result<(), crate::publication::SubscribeError> {
        let unknown = crate::publication::SubscribeError::UnknownChannel;
        let (_, channel) = self.topic.channel(&self.service).ok_or(unknown)?;
        let state = self.state.borrow();
        let source = state.source.as_ref().ok_or(unknown)?;
        source.publication.subscribe(&channel, Some(position)).map(drop)
    }

    /// Returns what comes next for a reader that has all before `next`; without a number, the snapshot.
    pub(super) fn read(&self, next: Option<u64>, generation: u64) -> Found {
        let mut state = self.state.borrow_mut();
        if state.generation != generation {
            let epoch = state.source.as_ref().map_or(0, |source| source.epoch);
            return Found::Reset { epoch, generation: state.generation };
        }
        if let Some(found) = next.and_then(|next| state.ready(next)) {
            return found;
        }
        // What is new by now is to be in the ring, so that whoever reads alone joins the others behind it.
        if state.pump(&self.writing()).is_some() {
            self.ring_all();
        }
        if let Some(found) = next.and_then(|next| state.ready(next)) {
            return found;
        }
        let Some(source) = &state.source else { return Found::Nothing };
        self.read_alone(source, next)
    }

    /// Reads from the publication, for one reader.
    fn read_alone(&self, source: &Source, next: Option<u64>) -> Found {
        let Some((_, channel)) = self.topic.channel(&self.service) else { return Found::Nothing };
        let position =
            next.map(|next| Position { epoch: bearpit_core::units::SimTime::from_nanos(source.epoch), next });
        let subscribed = source.publication.subscribe(&channel, position);
        let subscribed = match subscribed {
            // The newest book, quote or phase is as good as all that led to it.
            Err(_) if self.topic.is_conflated() => source.publication.subscribe(&channel, None),
            other => other,
        };
        let Ok(mut subscription) = subscribed else { return Found::FellBehind };
        match subscription.try_next() {
            Some(Ok(update)) => {
                let frame = (self.format.update)(&self.service, &self.topic, source.epoch, &update);
                Found::Item(Item { from: update.numbers.start, next: update.numbers.end, frame })
            }
            Some(Err(closed)) if closed.reason == CloseReason::FellBehind => Found::FellBehind,
            Some(Err(_)) | None => Found::Nothing,
        }
    }

    /// Returns the form of the messages.
    pub(super) const fn format(&self) -> &Format {
        &self.format
    }

    fn writing(&self) -> Writing<'_> {
        Writing { service: &self.service, topic: &self.topic, format: &self.format }
    }

    fn ring_all(&self) {
        self.bells.borrow().iter().filter_map(Weak::upgrade).for_each(|bell| bell.notify_one());
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

impl Source {
    fn begin(service: &MarketData, topic: &Topic) -> Option<Self> {
        let (publication, channel) = topic.channel(service)?;
        let subscription = publication.subscribe(&channel, None).ok()?;
        Some(Self { epoch: publication.epoch().nanos(), publication, subscription })
    }
}

impl State {
    fn begin(&mut self, source: Source) {
        self.next = source.subscription.position().map(|position| position.next);
        self.source = Some(source);
    }

    /// Returns what is known without a look at the publication.
    fn ready(&self, next: u64) -> Option<Found> {
        if self.next == Some(next) {
            return Some(Found::Nothing);
        }
        let place = self.ring.partition_point(|item| item.from < next);
        let item = self.ring.get(place).filter(|item| item.from == next)?;
        Some(Found::Item(item.clone()))
    }

    /// Takes all that is new, and returns how many updates that were. `None` if nothing was.
    fn pump(&mut self, writing: &Writing<'_>) -> Option<usize> {
        let mut count = 0;
        loop {
            let read = self.source.as_mut()?.subscription.try_next();
            match read {
                Some(Ok(update)) => self.push(writing, &update),
                Some(Err(closed)) => {
                    self.lose(closed.reason, writing);
                    return Some(count);
                }
                None => return (count > 0).then_some(count),
            }
            count += 1;
        }
    }

    fn push(&mut self, writing: &Writing<'_>, update: &crate::publication::Update) {
        let Some(source) = &self.source else { return };
        let next = update.numbers.end;
        // The first one is the snapshot of this worker. Each reader begins with its own, which is newer.
        let Some(from) = self.next.replace(next) else { return };
        let frame = (writing.format.update)(writing.service, writing.topic, source.epoch, update);
        self.ring_bytes += frame.len();
        self.ring.push_back(Item { from, next, frame });
        while self.ring.len() > ITEMS_MAX || (self.ring_bytes > BYTES_MAX && self.ring.len() > 1) {
            let dropped = self.ring.pop_front();
            self.ring_bytes -= dropped.map_or(0, |item| item.frame.len());
        }
    }

    /// The subscription is over: another one is begun, where there is one.
    fn lose(&mut self, reason: CloseReason, writing: &Writing<'_>) {
        self.ring.clear();
        self.ring_bytes = 0;
        match reason {
            // This worker has been away for longer than updates are kept. Its readers see by themselves
            // whether they have missed something.
            CloseReason::FellBehind => match Source::begin(writing.service, writing.topic) {
                Some(source) => self.begin(source),
                None => self.source = None,
            },
            // The market is rebuilt, or stops; that is found out later.
            CloseReason::Ended => self.source = None,
        }
    }

    /// Looks whether there is a publication again.
    fn revive(&mut self, writing: &Writing<'_>) -> bool {
        let Some(source) = Source::begin(writing.service, writing.topic) else { return false };
        self.begin(source);
        let is_over = {
            let first = self.source.as_mut().and_then(|source| source.subscription.try_next());
            if let Some(Ok(update)) = &first {
                self.push(writing, update);
            }
            matches!(first, Some(Err(_)))
        };
        if is_over {
            self.source = None;
            return false;
        }
        self.generation += 1;
        true
    }
}

/// Takes updates as they come, as long as there is a feed.
async fn follow(feed: Weak<Feed>) {
    loop {
        let is_over = std::future::poll_fn(|cx| poll(&feed, cx)).await;
        if is_over {
            return;
        }
        rt::time::sleep(LOOK).await;
        let Some(feed) = feed.upgrade() else { return };
        let is_back = feed.state.borrow_mut().revive(&feed.writing());
        if is_back {
            feed.ring_all();
        }
    }
}

/// Takes what is new; ready once there is no feed, or nothing to follow: then whether it is the former.
fn poll(feed: &Weak<Feed>, cx: &mut Context<'_>) -> Poll<bool> {
    let Some(feed) = feed.upgrade() else { return Poll::Ready(true) };
    let mut state = feed.state.borrow_mut();
    let mut is_news = false;
    loop {
        let Some(source) = &mut state.source else { return Poll::Ready(false) };
        match source.subscription.poll_next(cx) {
            Poll::Pending => break,
            Poll::Ready(Ok(update)) => state.push(&feed.writing(), &update),
            Poll::Ready(Err(closed)) => state.lose(closed.reason, &feed.writing()),
        }
        is_news = true;
    }
    if is_news {
        feed.ring_all();
    }
    Poll::Pending
}
