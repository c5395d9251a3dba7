//! [`DeadLetters`]: where channels leave what they could not deliver.

use std::sync::Arc;

use tokio::sync::mpsc::{Receiver, Sender, channel};
use uuid::Uuid;

use super::message::Message;
use super::state::{ChannelState, now};
use crate::store::channels::{DeadLetter, Missing};
use crate::store::database::Database;

/// How many dead letters are kept; of all that there were, only the number.
const KEPT_MAX: u32 = 10_000;
/// How many may wait for the database.
const WAITING_MAX: usize = 1_000;
/// How many bytes of a message are kept.
const PAYLOAD_MAX: usize = 256;
/// How many characters of a topic, a key or a reason are kept.
const TEXT_MAX: usize = 256;

/// Something that was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undelivered<'a> {
    /// A message.
    Message(&'a Message),
    /// A message that came from the peer, by its topic and bytes.
    Received(&'a str, &'a [u8]),
    /// The news of a segment, from a number to the one behind the last.
    Stretch(u64, u64, u64),
}

/// Where channels leave what they could not deliver. They never wait for it: beyond what may wait, a dead
/// letter is counted and written to the log only.
#[derive(Debug, Clone)]
pub struct DeadLetters(Sender<DeadLetter>);

impl DeadLetters {
    /// Makes one, and what is to be [kept](keep).
    #[must_use]
    pub fn new() -> (Self, Receiver<DeadLetter>) {
        let (sender, receiver) = channel(WAITING_MAX);
        (Self(sender), receiver)
    }

    /// Leaves something there, with the reason.
    pub fn leave(&self, state: &Arc<ChannelState>, what: Undelivered<'_>, reason: &str) {
        state.gave_up();
        let letter = letter(state.name(), what, reason);
        tracing::warn!(
            channel = letter.channel, topic = letter.topic, key = letter.key, reason = letter.reason,
            missing = ?letter.missing, "a dead letter"
        );
        // Where too many wait it has been counted and logged, which must do.
        self.0.try_send(letter).unwrap_or_default();
    }
}

fn letter(channel: &str, what: Undelivered<'_>, reason: &str) -> DeadLetter {
    let (topic, key, missing, payload) = match what {
        Undelivered::Message(message) => {
            (Some(message.topic.as_str()), message.key.as_deref(), None, message.payload.as_slice())
        }
        Undelivered::Received(topic, payload) => (Some(topic), None, None, payload),
        Undelivered::Stretch(segment, from, to) => {
            let number = |number| i64::try_from(number).unwrap_or(i64::MAX);
            let missing = Missing { segment: number(segment), from: number(from), to: number(to) };
            (None, None, Some(missing), &[][..])
        }
    };
    DeadLetter {
        id: Uuid::now_v7(),
        channel: channel.to_owned(),
        topic: topic.map(clean),
        key: key.map(clean),
        reason: clean(reason),
        missing,
        payload: payload.iter().take(PAYLOAD_MAX).copied().collect(),
        created_at: now(),
    }
}

/// Takes what a database and a log can hold of a text that may be anything.
fn clean(text: &str) -> String {
    text.chars().filter(|it| !it.is_control()).take(TEXT_MAX).collect()
}

/// Keeps dead letters in a database, for as long as there is a channel.
pub async fn keep(database: Database, mut letters: Receiver<DeadLetter>) {
    while let Some(first) = letters.recv().await {
        let mut together = vec![first];
        while let Ok(next) = letters.try_recv() {
            together.push(next);
        }
        if let Err(error) = database.add_dead_letters(&together, KEPT_MAX).await {
            let count = together.len();
            tracing::warn!(%error, count, "dead letters are not in the database; they are in the log");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::ChannelMetrics;
    use crate::store::database::testing::on_each_database;

    #[tokio::test]
    async fn what_was_given_up_is_found_in_the_database_however_odd_it_was() {
        on_each_database(|database| async move {
            let state = Arc::new(ChannelState::new("mqtt", String::new(), ChannelMetrics::default()));
            let (dead, letters) = DeadLetters::new();
            let message = Message {
                topic: "up\0dates".to_owned(),
                key: Some("A".repeat(1_000)),
                payload: vec![0xff; 1_000],
                is_retained: false,
            };
            dead.leave(&state, Undelivered::Message(&message), "too\u{0} large");
            dead.leave(&state, Undelivered::Stretch(3, 5, u64::MAX), "no room");
            dead.leave(&state, Undelivered::Received("requests", b"{"), "malformed");
            drop(dead);
            keep(database.clone(), letters).await;
            let kept = database.dead_letters(10).await.unwrap();
            assert_eq!((kept.len(), state.status().dead_letters), (3, 3));
            let of = |reason: &str| kept.iter().find(|it| it.reason == reason).unwrap();
            let first = of("too large");
            assert_eq!((first.topic.as_deref(), first.payload.len()), (Some("updates"), PAYLOAD_MAX));
            assert_eq!(first.key.as_ref().unwrap().len(), TEXT_MAX);
            assert_eq!(of("no room").missing, Some(Missing { segment: 3, from: 5, to: i64::MAX }));
            assert_eq!(of("malformed").payload, b"{");
        })
        .await
        .unwrap();
    }
}
