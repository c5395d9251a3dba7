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
                    tokio::select! {
                        ended = self.serve(&mut held, stop.clone(), &mut backoff) => ended,
                        () = overdue(stop.clone()) => Err(AdapterError::new("it was not waited for any longer")),
                    }
                }
                Err(error) => Err(error),
            };
            match ended {
                Ok(()) => {
                    timeout(FAREWELL, self.farewell(&mut held)).await.unwrap_or_default();
                    self.state.closed();
                    break;
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
        mut stop: watch::Receiver<bool>,
        backoff: &mut Backoff,
    ) -> Result<(), AdapterError> {
        if let Some(newest) = &mut self.newest {
            newest.forget();
        }
        let mut ticks = interval(self.pace.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !*stop.borrow_and_update() {
            self.fill(held);
            let has_some = !held.is_empty();
            tokio::select! {
                biased;
                _ = stop.changed() => break,
                _ = ticks.tick() => {
                    if self.send_newest().await? {
                        backoff.reset();
                    }
                }
                () = ready(()), if has_some => {
                    self.send_held(held).await?;
                    backoff.reset();
                }
                error = self.adapter.broken(), if !has_some => return Err(error),
                () = news(self.outbox.as_deref(), self.pace.linger), if !has_some => {}
            }
        }
        Ok(())
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
        while count < self.adapter.together_max() {
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
        let refused = self.send(&messages).await?;
        for (message, reason) in refused {
            self.dead.leave(&self.state, Undelivered::Message(message), &reason);
        }
        let last = held.drain(..).map(|frame| frame.number).max();
        if let (Some(last), Some(outbox)) = (last, &self.outbox) {
            if let Err(error) = outbox.sent(last) {
                self.state.warned(&format!("what was sent cannot be written down: {error}"));
            }
            self.state.queued(outbox.bytes());
        }
        Ok(())
    }

    /// Sends the newest prices; returns whether there were any to be sent.
    async fn send_newest(&mut self) -> Result<bool, AdapterError> {
        let Some(newest) = &mut self.newest else { return Ok(false) };
        let messages = newest.messages();
        for together in messages.chunks(self.adapter.together_max()) {
            // The next ones are newer: nothing is missing that anybody could want back.
            for (message, reason) in self.send(together).await? {
                self.state.warned(&format!("`{}`: {reason}", message.topic));
            }
        }
        Ok(!messages.is_empty())
    }

    /// Sends messages, and returns those that were refused for good, with the reason.
    async fn send<'a>(
        &mut self,
        messages: &'a [Message],
    ) -> Result<Vec<(&'a Message, String)>, AdapterError> {
        let fates = self.adapter.send(messages).await?;
        let (mut taken, mut refused) = (0, Vec::new());
        for (message, fate) in messages.iter().zip(fates) {
            match fate {
                Fate::Taken => taken += 1,
                Fate::Refused(reason) => refused.push((message, reason)),
            }
        }
        self.state.sent(taken);
        Ok(refused)
    }
}

/// Waits until what is asked of the peer takes longer than a process that stops has time for.
async fn overdue(mut stop: watch::Receiver<bool>) {
    // An error says that nobody is left who could stop it.
    stop.wait_for(|is_stopped| *is_stopped).await.map(drop).unwrap_or_default();
    sleep(FAREWELL).await;
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
