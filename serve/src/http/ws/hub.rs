//! [`Hub`]: the feeds of one worker of the server.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use super::feed::Feed;
use super::frame::Format;
use super::market::LatestFeed;
use super::topic::Topic;
use super::{Authenticator, NoticeParts, WsConfig, WsParts};
use crate::services::market_data::MarketData;

/// The feeds of one worker: each is there as long as somebody follows it.
pub(in crate::http) struct Hub {
    parts: WsParts,
    feeds: RefCell<BTreeMap<(Topic, u8), Weak<Feed>>>,
    latest: RefCell<BTreeMap<(Topic, u8), Weak<LatestFeed>>>,
}

impl Hub {
    pub(super) const fn new(parts: WsParts) -> Self {
        let feeds = RefCell::new(BTreeMap::new());
        Self { parts, feeds, latest: RefCell::new(BTreeMap::new()) }
    }

    pub(in crate::http) const fn service(&self) -> &Arc<MarketData> {
        &self.parts.market_data
    }

    pub(in crate::http) fn config(&self) -> &WsConfig {
        &self.parts.config
    }

    pub(super) const fn notices(&self) -> Option<&NoticeParts> {
        self.parts.notices.as_ref()
    }

    pub(in crate::http) fn authenticator(&self) -> Option<&Arc<dyn Authenticator>> {
        self.parts.authenticator.as_ref()
    }

    /// Returns the feed of a topic that has numbers; absent if there is no such channel.
    pub(super) fn feed(&self, topic: &Topic, format: Format) -> Option<Rc<Feed>> {
        let mut feeds = self.feeds.borrow_mut();
        if let Some(feed) = feeds.get(&(topic.clone(), format.id)).and_then(Weak::upgrade) {
            return Some(feed);
        }
        feeds.retain(|_, feed| feed.strong_count() > 0);
        let feed = Feed::begin(self.service(), topic, format)?;
        feeds.insert((topic.clone(), format.id), Rc::downgrade(&feed));
        Some(feed)
    }

    /// Returns the feed of a topic of which only the newest state is sent.
    pub(super) fn latest(&self, topic: &Topic, format: Format) -> Rc<LatestFeed> {
        let mut feeds = self.latest.borrow_mut();
        if let Some(feed) = feeds.get(&(topic.clone(), format.id)).and_then(Weak::upgrade) {
            return feed;
        }
        feeds.retain(|_, feed| feed.strong_count() > 0);
        let feed = LatestFeed::begin(&self.parts, topic, format);
        feeds.insert((topic.clone(), format.id), Rc::downgrade(&feed));
        feed
    }
}
