//! [`Publisher`]: hands messages to a peer, and does so again after the peer has failed.

use std::future::{pending, ready};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::backoff::Backoff;
use super::dead_letters::{DeadLetters, Undelivered};
use super::message::Message;
use super::outbox::{Frame, Outbox};
use super::port::{Adapter, AdapterError, Fate, Newest};
use super::state::ChannelState;

/// How many messages are handed over together, at most, but for those of one frame.
const TOGETHER_MAX: usize = 1_000;
/// How long the last messages may take once the process stops; what is left waits on disk.
pub(super) const FAREWELL: Duration = Duration::from_secs(2);

/// How often messages go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How often the newest prices are sent.
    pub interval: Duration,
    /// For how long lasting messages come together.
    pub linger: Duration,
}

/// Hands messages to a peer, and connects to it again after it has failed.
pub struct Publisher {
    /// The peer.
    pub adapter: Box<dyn Adapter>,
    /// Lasting messages, if the channel has any.
    pub outbox: Option<Arc<Outbox>>,
    /// The newest prices, if the channel tells them.
    pub newest: Option<Box<dyn Newest>>,
    /// How often messages go out.
    pub pace: Pace,
    /// How the channel is.
    pub state: Arc<ChannelState>,
    /// Where it leaves what the peer refuses.
    pub dead: DeadLetters,
}

impl std::fmt::Debug for Publisher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Publisher").field("state", &self.state).finish_non_exhaustive()
    }
}

impl Publisher {
    /// Works until it is told to stop; then it sends what it can in a moment.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut backoff = Backoff::default();
        // What was taken from the outbox and not acknowledged.
        let mut held = Vec::new();
        while !*stop.borrow() {
            let connected = tokio::select! {
                connected = self.adapter.connect() => connected,
                _ = stop.changed() => break,
            };
            let ended = match connected {
                Ok(()) => {
                    self.state.connected();
                    self.serve(&mut held, &mut stop, &mut backoff).await
                }
                Err(error) => Err(error),
            };
            match ended {
                Ok(()) => {
                    timeout(FAREWELL, self.farewell(&mut held)).await.unwrap_or_default();
                    self.state.closed();
                }
                Err(error) => {
                    self.state.failed(&error.0);
                    tokio::select! {
                        () = sleep(backoff.wait()) => {}
                        _ = stop.changed() => break,
                    }
                }
            }
        }
    }

    /// Sends until it is told to stop.
    async fn serve(
        &mut self,
        held: &mut Vec<Frame>,
        stop: &mut watch::Receiver<bool>,
        backoff: &mut Backoff,
    ) -> Result<(), AdapterError> {
        if let Some(newest) = &mut self.newest {
            newest.forget();
        }
        let mut ticks = interval(self.pace.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.fill(held);
            let has_some = !held.is_empty();
            tokio::select! {
                biased;
                _ = stop.changed() => return Ok(()),
                _ = ticks.tick() => self.send_newest().await?,
                () = ready(()), if has_some => {
                    self.send_held(held).await?;
                    backoff.reset();
                }
                error = self.adapter.broken(), if !has_some => return Err(error),
                () = news(self.outbox.as_deref(), self.pace.linger), if !has_some => {}
            }
        }
    }

    async fn farewell(&mut self, held: &mut Vec<Frame>) {
        loop {
            self.fill(held);
            if held.is_empty() || self.send_held(held).await.is_err() {
                break;
            }
        }
        self.adapter.close().await;
    }

    /// Takes from the outbox what can be sent together.
    fn fill(&self, held: &mut Vec<Frame>) {
        let Some(outbox) = &self.outbox else { return };
        let mut count: usize = held.iter().map(|frame| frame.messages.len()).sum();
        while count < TOGETHER_MAX {
            match outbox.next() {
                Ok(Some(frame)) => {
                    count += frame.messages.len();
                    held.push(frame);
                }
                Ok(None) => break,
                Err(error) => {
                    self.state.warned(&format!("the spool cannot be read: {error}"));
                    break;
                }
            }
        }
    }

    async fn send_held(&mut self, held: &mut Vec<Frame>) -> Result<(), AdapterError> {
        let messages: Vec<Message> = held.iter().flat_map(|frame| frame.messages.iter().cloned()).collect();
        self.send(&messages).await?;
        let last = held.drain(..).map(|frame| frame.number).max();
        if let (Some(last), Some(outbox)) = (last, &self.outbox) {
            if let Err(error) = outbox.sent(last) {
                self.state.warned(&format!("what was sent cannot be written down: {error}"));
            }
            self.state.queued(outbox.bytes());
        }
        Ok(())
    }

    async fn send_newest(&mut self) -> Result<(), AdapterError> {
        let Some(newest) = &mut self.newest else { return Ok(()) };
        let messages = newest.messages();
        for together in messages.chunks(TOGETHER_MAX) {
            self.send(together).await?;
        }
        Ok(())
    }

    async fn send(&mut self, messages: &[Message]) -> Result<(), AdapterError> {
        let fates = self.adapter.send(messages).await?;
        let mut taken = 0;
        for (message, fate) in messages.iter().zip(&fates) {
            match fate {
                Fate::Taken => taken += 1,
                Fate::Refused(reason) => {
                    self.dead.leave(&self.state, Undelivered::Message(message), reason);
                }
            }
        }
        self.state.sent(taken);
        Ok(())
    }
}

/// Waits for lasting messages, and until they have come together.
async fn news(outbox: Option<&Outbox>, linger: Duration) {
    match outbox {
        Some(outbox) => {
            outbox.has_news().await;
            sleep(linger).await;
        }
        None => pending().await,
    }
}
