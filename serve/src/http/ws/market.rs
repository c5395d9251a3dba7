//! [`LatestFeed`]: quotes and the market's status, of which only the newest is sent.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use serde::Serialize;
use tokio::task::JoinHandle;

use super::WsParts;
use super::feed::Bell;
use super::frame::{Format, Frame};
use super::message::text_of;
use super::topic::Topic;
use crate::domain::Number;
use crate::publication::ListingSnapshot;
use crate::services::admin::{Announcements, AnnouncementsView};
use crate::services::market_data::{MarketData, MarketDayView, QuoteView, StageName};

/// The newest state of a topic, written once for all who follow it on this worker.
#[derive(Debug)]
pub(in crate::http) struct LatestFeed {
    service: Arc<MarketData>,
    board: Option<Arc<Announcements>>,
    topic: Topic,
    format: Format,
    state: RefCell<State>,
    bells: RefCell<Vec<Weak<Bell>>>,
    task: RefCell<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct State {
    /// How many states there have been.
    version: u64,
    frame: Frame,
    /// What was looked at last, so that the same is not written again.
    seen: Option<Arc<ListingSnapshot>>,
    quote: Option<QuoteView>,
}

/// How often it is looked whether there is a newer state: people read no faster.
const LOOK: Duration = Duration::from_millis(50);

/// What the market is doing, as it is sent.
#[derive(Debug, Serialize)]
struct MarketMessage {
    #[serde(rename = "type")]
    kind: &'static str,
    channel: &'static str,
    stage: StageName,
    takes_orders: bool,
    reason: Option<String>,
    message: Option<String>,
    day: Option<MarketDayView>,
    speed: Number,
    is_paused: bool,
}

/// What everybody is told, as it is sent.
#[derive(Debug, Serialize)]
struct BoardMessage {
    #[serde(rename = "type")]
    kind: &'static str,
    channel: &'static str,
    #[serde(flatten)]
    body: AnnouncementsView,
}

impl LatestFeed {
    pub(super) fn begin(parts: &WsParts, topic: &Topic, format: Format) -> Rc<Self> {
        let state = State { version: 0, frame: Frame::Nothing, seen: None, quote: None };
        let feed = Rc::new(Self {
            service: Arc::clone(&parts.market_data),
            board: parts.announcements.clone(),
            topic: topic.clone(),
            format,
            state: RefCell::new(state),
            bells: RefCell::default(),
            task: RefCell::default(),
        });
        feed.look();
        let weak = Rc::downgrade(&feed);
        let follow = async move {
            loop {
                rt::time::sleep(LOOK).await;
                let Some(feed) = weak.upgrade() else { return };
                if feed.look() {
                    let bells = feed.bells.borrow();
                    bells.iter().filter_map(Weak::upgrade).for_each(|bell| bell.notify_one());
                }
            }
        };
        feed.task.replace(Some(rt::spawn(follow)));
        feed
    }

    pub(super) fn add_bell(&self, bell: &Rc<Bell>) {
        let mut bells = self.bells.borrow_mut();
        if bells.len() == bells.capacity() {
            bells.retain(|bell| bell.strong_count() > 0);
        }
        bells.push(Rc::downgrade(bell));
    }

    pub(super) fn remove_bell(&self, bell: &Rc<Bell>) {
        self.bells.borrow_mut().retain(|it| !std::ptr::eq(it.as_ptr(), Rc::as_ptr(bell)));
    }

    /// Returns the newest state, and its version, if that is another than a reader has.
    pub(super) fn newer_than(&self, version: u64) -> Option<(u64, Frame)> {
        let state = self.state.borrow();
        (state.version != version).then(|| (state.version, state.frame.clone()))
    }

    /// Looks whether there is another state.
    fn look(&self) -> bool {
        match &self.topic {
            Topic::Market => self.look_at_market(),
            Topic::Announcements => self.look_at_board(),
            topic => {
                topic.listing().is_some_and(|it| self.look_at_quote(&format!("{}@{}", it.symbol, it.venue)))
            }
        }
    }

    fn look_at_quote(&self, listing: &str) -> bool {
        let Ok((_, snapshot)) = self.service.find(listing) else { return false };
        let mut state = self.state.borrow_mut();
        if state.seen.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, &snapshot)) {
            return false;
        }
        let quote = self.service.quote_of(&snapshot);
        state.seen = Some(snapshot);
        // That time has passed is no news.
        let is_same =
            state.quote.as_ref().is_some_and(|old| *old == QuoteView { at: old.at, ..quote.clone() });
        if is_same {
            return false;
        }
        state.frame = (self.format.quote)(&self.service, &quote);
        state.quote = Some(quote);
        state.version += 1;
        true
    }

    fn look_at_market(&self) -> bool {
        let (status, clock) = (self.service.market_status(), self.service.clock());
        let frame = Frame::Text(text_of(&MarketMessage {
            kind: "market",
            channel: "status",
            stage: status.stage,
            takes_orders: status.takes_orders,
            reason: status.reason,
            message: status.message,
            day: status.day,
            speed: clock.speed,
            is_paused: clock.is_paused,
        }));
        self.show(frame)
    }

    fn look_at_board(&self) -> bool {
        let none = || AnnouncementsView { announcements: Vec::new() };
        let body = self.board.as_ref().map_or_else(none, |board| board.shown());
        let message = BoardMessage { kind: "announcements", channel: "announcements", body };
        self.show(Frame::Text(text_of(&message)))
    }

    /// Takes a state, if it is another than the last.
    fn show(&self, frame: Frame) -> bool {
        let mut state = self.state.borrow_mut();
        if state.frame == frame {
            return false;
        }
        state.frame = frame;
        state.version += 1;
        true
    }
}

impl Drop for LatestFeed {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}
