//! [`Reader`]: one client's place in one topic.

use std::rc::Rc;

use super::feed::{Bell, Feed, Found};
use super::frame::{Format, Frame};
use super::hub::Hub;
use super::market::LatestFeed;
use super::notices::NoticeFeed;
use super::outcome::Over;
use super::topic::Topic;
use crate::domain::{Problem, ProblemKind};
use crate::publication::{Position, SubscribeError};

/// One client's place in one topic.
#[derive(Debug)]
pub(in crate::http) enum Reader {
    /// In one with numbers.
    Numbered { feed: Rc<Feed>, next: Option<u64>, generation: u64 },
    /// In one of which only the newest state is sent.
    Latest { feed: Rc<LatestFeed>, version: u64 },
    /// In what a person is told, which nobody else follows.
    Notices(NoticeFeed),
}

impl Reader {
    /// Begins to follow a topic, from a place on if that is given.
    pub(in crate::http) fn begin(
        hub: &Hub,
        (topic, format): (&Topic, Format),
        from: Option<Position>,
        bell: &Rc<Bell>,
    ) -> Result<Self, Problem> {
        let has_numbers = !matches!(
            topic,
            Topic::Quote(_) | Topic::Market | Topic::Announcements | Topic::Notifications(_)
        );
        if !has_numbers && from.is_some() {
            let message = "this channel has no numbers: it begins with its newest state";
            return Err(Problem::new(ProblemKind::Refused, "invalid_field", message).at("from"));
        }
        if let Topic::Notifications(user) = topic {
            let parts = hub.notices().ok_or_else(unknown)?;
            return Ok(Self::Notices(NoticeFeed::begin(&parts.board, *user, bell)));
        }
        if !has_numbers {
            let feed = hub.latest(topic, format);
            feed.add_bell(bell);
            return Ok(Self::Latest { feed, version: 0 });
        }
        let feed = hub.feed(topic, format).ok_or_else(unknown)?;
        let (_, generation) = feed.epoch();
        let next = match from {
            Some(position) => {
                feed.can_resume(position).map_err(|error| match error {
                    SubscribeError::UnknownChannel => unknown(),
                    SubscribeError::StartOver { .. } => {
                        Problem::new(ProblemKind::Conflict, "start_over", error)
                            .at("from")
                            .hint("subscribe without `from`")
                    }
                })?;
                Some(position.next)
            }
            None => feed.start(),
        };
        feed.add_bell(bell);
        Ok(Self::Numbered { feed, next, generation })
    }

    /// Returns the epoch of the numbers and the number of the next update, as far as they are known.
    pub(super) fn place(&self) -> (Option<i64>, Option<u64>) {
        match self {
            Self::Numbered { feed, next, .. } => (Some(feed.epoch().0), *next),
            Self::Latest { .. } | Self::Notices(_) => (None, None),
        }
    }

    /// Returns the next message, if there is one.
    pub(in crate::http) fn read(&mut self, topic: &Topic) -> Result<Option<Frame>, Over> {
        loop {
            match self.read_any(topic)? {
                Some(Frame::Nothing) => {}
                other => return Ok(other),
            }
        }
    }

    fn read_any(&mut self, topic: &Topic) -> Result<Option<Frame>, Over> {
        match self {
            Self::Notices(feed) => feed.read(),
            Self::Latest { feed, version } => Ok(feed.newer_than(*version).map(|(newer, frame)| {
                *version = newer;
                frame
            })),
            Self::Numbered { feed, next, generation } => match feed.read(*next, *generation) {
                Found::Nothing => Ok(None),
                Found::Item(item) => {
                    *next = Some(item.next);
                    Ok(Some(item.frame))
                }
                Found::Reset { epoch, generation: newer } => {
                    *generation = newer;
                    *next = feed.start();
                    Ok(Some((feed.format().reset)(topic, epoch)))
                }
                Found::FellBehind => Err(Over::FellBehind),
            },
        }
    }

    /// Is woken no longer.
    pub(in crate::http) fn end(&self, bell: &Rc<Bell>) {
        match self {
            Self::Numbered { feed, .. } => feed.remove_bell(bell),
            Self::Latest { feed, .. } => feed.remove_bell(bell),
            Self::Notices(_) => {}
        }
    }
}

fn unknown() -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "unknown_channel",
        "there is no such channel: the market has not opened yet, or the account is not in it",
    )
}
