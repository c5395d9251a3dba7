//! [`Spooler`]: brings news to an outbox, as messages.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

use super::dead_letters::{DeadLetters, Undelivered};
use super::message::Message;
use super::news::Stretch;
use super::outbox::{Outbox, Position};
use super::port::Teller;
use super::state::ChannelState;

/// How long to wait before a spool that is full or fails is tried again, if nothing is sent meanwhile.
const AGAIN: Duration = Duration::from_millis(250);

/// Brings news to an outbox, in order, as messages.
///
/// Where the outbox has no room it waits, and the market does not: what the channel's queue has no room for
/// then becomes a dead letter with its numbers, once there is room again.
pub struct Spooler {
    /// Gives news their form.
    pub teller: Box<dyn Teller>,
    /// Where messages wait.
    pub outbox: Arc<Outbox>,
    /// How the channel is.
    pub state: Arc<ChannelState>,
    /// Where it leaves what is missing.
    pub dead: DeadLetters,
}

impl std::fmt::Debug for Spooler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spooler").field("outbox", &self.outbox).finish_non_exhaustive()
    }
}

impl Spooler {
    /// Works until there are no more news.
    pub async fn run(mut self, mut news: Receiver<Stretch>) {
        while let Some(stretch) = news.recv().await {
            self.take(&stretch).await;
        }
        if let Err(error) = self.outbox.save() {
            self.state.warned(&format!("how far the channel has come cannot be written: {error}"));
        }
    }

    async fn take(&mut self, stretch: &Stretch) {
        let told = self.outbox.position().unwrap_or_default();
        let is_same = told.segment == stretch.segment;
        if told.segment > stretch.segment || (is_same && told.is_ended) {
            return;
        }
        let next = if is_same { told.next } else { 0 };
        self.look_for_gaps(told, stretch, next);
        let news = stretch.news.iter().filter(|news| news.number >= next);
        let messages: Vec<Message> = news.flat_map(|news| self.teller.tell(news)).collect();
        let Stretch { segment, voids, to, is_end, .. } = *stretch;
        let to = Position { segment, voids, next: next.max(to), is_ended: is_end };
        self.append(to, messages).await;
    }

    /// Says what is missing before a stretch, if anything is.
    fn look_for_gaps(&self, told: Position, stretch: &Stretch, next: u64) {
        let is_same = told.segment == stretch.segment;
        let gap = |segment, from, to, reason: &str| {
            self.dead.leave(&self.state, Undelivered::Stretch(segment, from, to), reason);
        };
        if !is_same && told != Position::default() && !told.is_ended {
            let reason =
                "the process ended before the end of this segment was told: something may be missing";
            gap(told.segment, told.next, u64::MAX, reason);
        }
        if stretch.from > next {
            let reason = "the channel was too slow, or its spool was full: nothing of this was told";
            gap(stretch.segment, next, stretch.from, reason);
        }
        if is_same && told.voids != stretch.voids {
            let reason = "the tape was made anew without a request: what was told of it before may be void";
            gap(stretch.segment, 0, told.next, reason);
        }
    }

    async fn append(&mut self, to: Position, messages: Vec<Message>) {
        loop {
            match self.outbox.append(to, &messages) {
                Ok(true) => break,
                Ok(false) => self.state.warned("the spool is full: its messages wait for the peer"),
                Err(error) => self.state.warned(&format!("the spool cannot be written: {error}")),
            }
            timeout(AGAIN, self.outbox.has_room()).await.unwrap_or_default();
        }
        self.state.queued(self.outbox.bytes());
    }
}
