//! [`NoticeFeed`]: the new notices of one person, for one client.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use serde::Serialize;
use tokio::task::JoinHandle;

use super::feed::Bell;
use super::frame::Frame;
use super::message::text_of;
use super::outcome::Over;
use crate::domain::UserId;
use crate::services::notifications::{NoticeBoard, NoticeView};

/// How many messages wait for a client that reads nothing.
const WAITING_MAX: usize = 256;
/// After what time it is tried again to begin, while the database is away.
const AGAIN: Duration = Duration::from_secs(1);

/// The new notices of one person, for one client.
#[derive(Debug)]
pub(in crate::http) struct NoticeFeed {
    waiting: Rc<RefCell<Waiting>>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Waiting {
    frames: VecDeque<Frame>,
    /// Whether the client has missed something.
    has_missed: bool,
}

/// How many notices are not read, as it is sent first.
#[derive(Debug, Serialize)]
struct UnreadMessage {
    #[serde(rename = "type")]
    kind: &'static str,
    channel: &'static str,
    unread: u32,
}

/// A new notice, as it is sent.
#[derive(Debug, Serialize)]
struct NoticeMessage {
    #[serde(rename = "type")]
    kind: &'static str,
    channel: &'static str,
    notification: NoticeView,
    unread: u32,
}

/// The name of the channel.
pub(super) const CHANNEL: &str = "notifications";

impl NoticeFeed {
    pub(super) fn begin(board: &Arc<NoticeBoard>, user: UserId, bell: &Rc<Bell>) -> Self {
        let waiting = Rc::new(RefCell::new(Waiting::default()));
        let (board, bell, shared) = (Arc::clone(board), Rc::clone(bell), Rc::clone(&waiting));
        let task = rt::spawn(async move {
            follow(&board, user, |frame| {
                let goes_on = shared.borrow_mut().push(frame);
                bell.notify_one();
                goes_on
            })
            .await;
        });
        Self { waiting, task }
    }

    /// Returns the next message, if there is one.
    pub(super) fn read(&self) -> Result<Option<Frame>, Over> {
        let mut waiting = self.waiting.borrow_mut();
        match waiting.frames.pop_front() {
            None if waiting.has_missed => Err(Over::FellBehind),
            frame => Ok(frame),
        }
    }
}

impl Drop for NoticeFeed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Waiting {
    /// Takes a message, or notes that one was missed; returns whether there can be more.
    fn push(&mut self, frame: Option<Frame>) -> bool {
        match frame.filter(|_| self.frames.len() < WAITING_MAX) {
            Some(frame) => self.frames.push_back(frame),
            None => self.has_missed = true,
        }
        !self.has_missed
    }
}

/// Gives what there is and comes, until nobody takes it or something was missed.
async fn follow(board: &NoticeBoard, user: UserId, take: impl Fn(Option<Frame>) -> bool) {
    let mut listening = loop {
        match board.listen(user).await {
            Ok(listening) => break listening,
            // It was said already that the database is away.
            Err(_) => rt::time::sleep(AGAIN).await,
        }
    };
    let first = UnreadMessage { kind: "unread", channel: CHANNEL, unread: listening.unread };
    if !take(Some(Frame::Text(text_of(&first)))) {
        return;
    }
    loop {
        let frame = listening.next().await.ok().map(|shown| {
            let (notification, unread) = (NoticeView::from(&*shown.notice), shown.unread);
            let message = NoticeMessage { kind: "notification", channel: CHANNEL, notification, unread };
            Frame::Text(text_of(&message))
        });
        if !take(frame) {
            return;
        }
    }
}
