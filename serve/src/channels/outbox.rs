//! [`Outbox`]: messages on disk until a peer has them, and how far the tape has come to them.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::message::Message;
use crate::store::spool::{Spool, SpoolSize};

/// The file of marks beside the spool.
const MARKS: &str = "marks.json";
/// When another file of the spool is begun: files are deleted as a whole.
const FILE_BYTES: u64 = 1 << 20;

/// How far the tape has come to a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Position {
    /// The segment of the journal.
    pub segment: u64,
    /// How many of its requests were void.
    pub voids: u32,
    /// The number of the next news.
    pub next: u64,
    /// Whether the segment has ended, and all of it was told.
    pub is_ended: bool,
}

/// Messages that go together: of a stretch of the tape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Frame {
    /// The number of the frame in the outbox.
    pub(super) number: u64,
    /// How far the tape has come with it.
    pub(super) to: Position,
    pub(super) messages: Vec<Message>,
}

/// How far the outbox has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Marks {
    /// How far the tape has come to it.
    told: Position,
    /// The number of the last frame that was appended.
    appended: u64,
    /// The number of the last frame that was sent.
    sent: u64,
}

/// Messages on disk until a peer has them.
///
/// Frames are written but never synced, as those of any [`Spool`]: what a power cut takes is told again,
/// since the marks come after the frames. After it a peer may get again what was sent in the last moments.
#[derive(Debug)]
pub struct Outbox {
    spool: Spool,
    marks: PathBuf,
    inner: Mutex<Marks>,
    /// Wakes the publisher.
    news: Notify,
    /// Wakes the spooler.
    room: Notify,
}

impl Outbox {
    /// Opens the outbox of a directory, which may have so many bytes.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(directory: &Path, bytes_max: u64) -> io::Result<Self> {
        let size = SpoolSize { bytes_max, file_bytes: FILE_BYTES.min(bytes_max / 2) };
        let mut marks = Marks::default();
        let file = directory.join(MARKS);
        // Without them all that is in the spool is sent again, and the day is told from its beginning.
        if let Ok(bytes) = std::fs::read(&file) {
            marks = serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                tracing::warn!(%error, file = %file.display(), "the marks of a channel cannot be read");
                Marks::default()
            });
        }
        let spool = Spool::open(directory, size)?;
        while let Some(bytes) = spool.next()? {
            // A frame of another version was told by that; nothing of it is known here.
            let Ok(frame) = postcard::from_bytes::<Frame>(&bytes) else { continue };
            if frame.number > marks.appended {
                (marks.appended, marks.told) = (frame.number, frame.to);
            }
        }
        drop(spool);
        let spool = Spool::open(directory, size)?;
        let (news, room) = (Notify::new(), Notify::new());
        Ok(Self { spool, marks: file, inner: Mutex::new(marks), news, room })
    }

    /// Returns how far the tape has come to it; nothing if nothing was ever told.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        Some(self.lock().told).filter(|told| *told != Position::default())
    }

    /// Returns how many bytes wait.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.spool.bytes()
    }

    /// Appends messages with which the tape has come to a position. False, and nothing was done, if there is
    /// no room.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn append(&self, to: Position, messages: &[Message]) -> io::Result<bool> {
        let mut marks = self.lock();
        if messages.is_empty() {
            marks.told = to;
            return Ok(true);
        }
        let number = marks.appended + 1;
        // As a `Frame` is written. Fails for sequences of unknown length only, which no frame has.
        let bytes = postcard::to_stdvec(&(number, to, messages)).unwrap_or_default();
        if !self.spool.append(&bytes)? {
            return Ok(false);
        }
        (marks.appended, marks.told) = (number, to);
        drop(marks);
        self.news.notify_one();
        Ok(true)
    }

    /// Takes the next frame that was not sent, if there is one.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn next(&self) -> io::Result<Option<Frame>> {
        loop {
            let Some(bytes) = self.spool.next()? else { return Ok(None) };
            match postcard::from_bytes::<Frame>(&bytes) {
                Ok(frame) if frame.number <= self.lock().sent => {}
                Ok(frame) => return Ok(Some(frame)),
                Err(error) => tracing::warn!(%error, "the spool of a channel has a frame of another version"),
            }
        }
    }

    /// Notes that the peer has all frames up to a number, which are all that were taken so far.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn sent(&self, number: u64) -> io::Result<()> {
        self.lock().sent = number;
        self.save()?;
        self.spool.forget_read()?;
        self.room.notify_one();
        Ok(())
    }

    /// Writes down how far it has come.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn save(&self) -> io::Result<()> {
        let marks = *self.lock();
        // Fails for maps with keys that are no texts only.
        replace(&self.marks, &serde_json::to_vec(&marks).unwrap_or_default())
    }

    /// Waits until something was appended.
    pub(super) async fn has_news(&self) {
        self.news.notified().await;
    }

    /// Waits until something was sent.
    pub(super) async fn has_room(&self) {
        self.room.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Marks> {
        // Numbers: whole at any time.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes a file in place of the one before, which is not synced: a power cut may leave neither.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("part");
    std::fs::write(&unfinished, bytes)?;
    std::fs::rename(&unfinished, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> Message {
        Message { topic: "t".to_owned(), key: None, payload: text.as_bytes().to_vec(), is_retained: false }
    }

    fn at(next: u64) -> Position {
        Position { segment: 1, voids: 0, next, is_ended: false }
    }

    fn frame(outbox: &Outbox) -> Option<(u64, Vec<u8>)> {
        let frame = outbox.next().unwrap()?;
        Some((frame.number, frame.messages[0].payload.clone()))
    }

    #[test]
    fn what_was_not_sent_comes_again_and_what_was_does_not() {
        let directory = tempfile::tempdir().unwrap();
        let open = || Outbox::open(directory.path(), 1 << 20).unwrap();
        let first = open();
        assert_eq!(first.position(), None);
        for (next, text) in [(1, "a"), (2, "b"), (3, "c")] {
            assert!(first.append(at(next), &[message(text)]).unwrap());
        }
        assert_eq!(frame(&first), Some((1, b"a".to_vec())));
        first.sent(1).unwrap();
        assert_eq!(frame(&first), Some((2, b"b".to_vec())));
        drop(first);
        let second = open();
        assert_eq!(second.position(), Some(at(3)));
        assert_eq!(frame(&second), Some((2, b"b".to_vec())));
        assert_eq!(frame(&second), Some((3, b"c".to_vec())));
        second.sent(3).unwrap();
        assert_eq!((frame(&second), second.bytes()), (None, 0));
        assert!(second.append(at(9), &[]).unwrap() && second.append(at(10), &[message("d")]).unwrap());
        assert_eq!((open().position(), frame(&open())), (Some(at(10)), Some((4, b"d".to_vec()))));
    }

    #[test]
    fn a_full_one_takes_nothing_and_says_so_until_something_was_sent() {
        let directory = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(directory.path(), 300).unwrap();
        let mut appended = 0;
        while outbox.append(at(appended + 1), &[message(&"x".repeat(60))]).unwrap() {
            appended += 1;
        }
        assert!((2..5).contains(&appended), "{appended}");
        assert_eq!(outbox.position(), Some(at(appended)));
        while outbox.next().unwrap().is_some() {}
        outbox.sent(appended).unwrap();
        assert!(outbox.append(at(9), &[message("y")]).unwrap());
    }

    #[test]
    fn damaged_marks_are_no_reason_not_to_start() {
        let directory = tempfile::tempdir().unwrap();
        let first = Outbox::open(directory.path(), 1 << 20).unwrap();
        first.append(at(4), &[message("a")]).unwrap();
        first.save().unwrap();
        drop(first);
        std::fs::write(directory.path().join(MARKS), b"{\"told\":").unwrap();
        let second = Outbox::open(directory.path(), 1 << 20).unwrap();
        assert_eq!((second.position(), frame(&second)), (Some(at(4)), Some((1, b"a".to_vec()))));
    }
}
