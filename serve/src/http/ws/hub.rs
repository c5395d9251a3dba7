//! [`Hub`]: the feeds of one worker of the server.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use super::feed::Feed;
use super::market::LatestFeed;
use super::topic::Topic;
use super::{Authenticator, WsConfig, WsParts};
use crate::services::market_data::MarketData;

/// The feeds of one worker: each is there as long as somebody follows it.
pub(super) struct Hub {
    parts: WsParts,
    feeds: RefCell<BTreeMap<Topic, Weak<Feed>>>,
    latest: RefCell<BTreeMap<Topic, Weak<LatestFeed>>>,
}

impl Hub {
    pub(super) const fn new(parts: WsParts) -> Self {
        let feeds = RefCell::new(BTreeMap::new());
        Self { parts, feeds, latest: RefCell::new(BTreeMap::new()) }
    }

    pub(super) const fn service(&self) -> &Arc<MarketData> {
        &self.parts.market_data
    }

    pub(super) fn config(&self) -> &WsConfig {
        &self.parts.config
    }

    pub(super) fn authenticator(&self) -> Option<&Arc<dyn Authenticator>> {
        self.parts.authenticator.as_ref()
    }

    /// Returns the feed of a topic that has numbers; absent if there is no such channel.
    pub(super) fn feed(&self, topic: &Topic) -> Option<Rc<Feed>> {
        let mut feeds = self.feeds.borrow_mut();
        if let Some(feed) = feeds.get(topic).and_then(Weak::upgrade) {
            return Some(feed);
        }
        feeds.retain(|_, feed| feed.strong_count() > 0);
        let feed = Feed::begin(self.service(), topic)?;
        feeds.insert(topic.clone(), Rc::downgrade(&feed));
        Some(feed)
    }

    /// Returns the feed of a topic of which only the newest state is sent.
    pub(super) fn latest(&self, topic: &Topic) -> Rc<LatestFeed> {
        let mut feeds = self.latest.borrow_mut();
        if let Some(feed) = feeds.get(topic).and_then(Weak::upgrade) {
            return feed;
        }
        feeds.retain(|_, feed| feed.strong_count() > 0);
        let feed = LatestFeed::begin(self.service(), topic);
        feeds.insert(topic.clone(), Rc::downgrade(&feed));
        feed
    }
}
