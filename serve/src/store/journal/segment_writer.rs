//! [`SegmentWriter`]: what is to be appended to a segment.

use super::frame::{FrameKey, PayloadTooLarge};
use super::header::SegmentHeader;

/// Makes the bytes of a segment; it knows no file.
///
/// Who drives it takes the bytes, appends them to the file, syncs that, and says so:
///
/// ```
/// use bearpit_serve::store::journal::{SegmentHeader, SegmentWriter};
///
/// let header = SegmentHeader {
///     engine: "0.1.0".to_owned(),
///     scenario: String::new(),
///     changes: Vec::new(),
///     inputs: String::new(),
///     seed: 1,
///     day: 1,
///     day_name: "1".to_owned(),
///     opens: None,
///     opening: Vec::new(),
/// };
/// let mut segment = SegmentWriter::begin(&header);
/// let place = segment.push(b"buy 100")?;
/// let bytes = segment.take();
/// // Here they are written and synced.
/// segment.synced(bytes.len() as u64);
/// assert!(segment.is_synced(place));
/// # Ok::<(), bearpit_serve::store::journal::PayloadTooLarge>(())
/// ```
#[derive(Debug)]
pub struct SegmentWriter {
    key: FrameKey,
    /// What was pushed and not taken.
    waiting: Vec<u8>,
    /// The length of the segment with all that was pushed.
    end: u64,
    /// Up to where it is known to be on disk.
    synced: u64,
}

impl SegmentWriter {
    /// Begins a segment: the header is the first that is to be appended.
    #[must_use]
    pub fn begin(header: &SegmentHeader) -> Self {
        let waiting = header.to_bytes();
        Self { key: FrameKey::of(&waiting), end: waiting.len() as u64, waiting, synced: 0 }
    }

    /// Goes on with a segment that has been read to its end, cut off there, and synced.
    pub(super) const fn resume(key: FrameKey, end: u64) -> Self {
        Self { key, waiting: Vec::new(), end, synced: end }
    }

    /// Appends a frame; returns the length of the segment with it: it is on disk once that much is synced.
    ///
    /// # Errors
    /// [`PayloadTooLarge`] if the payload is empty, or has more than [`PAYLOAD_MAX`](super::PAYLOAD_MAX)
    /// bytes; nothing is appended then.
    pub fn push(&mut self, payload: &[u8]) -> Result<u64, PayloadTooLarge> {
        let before = self.waiting.len();
        self.key.append(&mut self.waiting, self.end, self.synced, payload)?;
        self.end += (self.waiting.len() - before) as u64;
        Ok(self.end)
    }

    /// Takes what is to be appended to the file.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.waiting)
    }

    /// Takes note that the segment is on disk up to a length.
    pub fn synced(&mut self, length: u64) {
        self.synced = self.synced.max(length.min(self.end));
    }

    /// Returns whether the segment is known to be on disk up to a place.
    #[must_use]
    pub const fn is_synced(&self, place: u64) -> bool {
        place <= self.synced
    }

    /// Returns the length of the segment with all that was pushed.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.end
    }
}
