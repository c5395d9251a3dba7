//! Frames: bytes with their length and checksum.

use thiserror::Error;

/// The most bytes that a frame holds: 16 MiB.
pub const PAYLOAD_MAX: usize = 1 << 24;

/// What each frame begins with, so that frames can be found behind a broken one.
pub(super) const MAGIC: [u8; 4] = *b"\xf2BPJ";

/// Bytes of a frame before its payload: magic, length, bytes before it that were not synced, checksum.
pub(super) const OVERHEAD: usize = 20;

/// A payload does not fit into a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a journal record of {bytes} bytes is too large: it has 1 to {PAYLOAD_MAX} bytes")]
pub struct PayloadTooLarge {
    /// Its bytes.
    pub bytes: usize,
}

/// What makes checksums valid in one segment only: bytes of another file are no frames here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FrameKey([u8; 32]);

/// A whole frame that was found at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) payload: &'a [u8],
    /// Up to where the segment was known to be synced when the frame was written.
    pub(super) synced: u64,
    /// Where the next one begins.
    pub(super) end: u64,
}

impl FrameKey {
    /// Makes the key of a segment from its header's bytes.
    pub(super) fn of(header: &[u8]) -> Self {
        Self(blake3::derive_key("bearpit journal segment 1", header))
    }

    /// Returns the checksum of a frame at its place.
    fn checksum(&self, at: u64, unsynced: u32, payload: &[u8]) -> [u8; 8] {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(&at.to_le_bytes()).update(&unsynced.to_le_bytes()).update(payload);
        let mut sum = [0; 8];
        sum.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        sum
    }

    /// Appends the frame that is to stand at `at` of a segment that is synced up to `synced`.
    ///
    /// # Errors
    /// [`PayloadTooLarge`] if the payload is empty, or has more than [`PAYLOAD_MAX`] bytes.
    pub(super) fn append(
        &self,
        out: &mut Vec<u8>,
        at: u64,
        synced: u64,
        payload: &[u8],
    ) -> Result<(), PayloadTooLarge> {
        let bytes = payload.len();
        let length = u32::try_from(bytes).ok().filter(|_| (1..=PAYLOAD_MAX).contains(&bytes));
        let length = length.ok_or(PayloadTooLarge { bytes })?;
        // Beyond 4 GiB without a sync less is promised, and nothing wrong.
        let unsynced = u32::try_from(at.saturating_sub(synced)).unwrap_or(u32::MAX);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&unsynced.to_le_bytes());
        out.extend_from_slice(&self.checksum(at, unsynced, payload));
        out.extend_from_slice(payload);
        Ok(())
    }

    /// Returns the frame at the beginning of `bytes`, which stand at `at`, if there is a whole one.
    pub(super) fn read<'a>(&self, bytes: &'a [u8], at: u64) -> Option<Frame<'a>> {
        let head = Head::read(bytes)?;
        let payload = bytes.get(OVERHEAD..OVERHEAD + head.length)?;
        if self.checksum(at, head.unsynced, payload) != head.checksum {
            return None;
        }
        let synced = if head.unsynced == u32::MAX { 0 } else { at.saturating_sub(head.unsynced.into()) };
        Some(Frame { payload, synced, end: at + (OVERHEAD + head.length) as u64 })
    }
}

/// What stands before a payload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) length: usize,
    unsynced: u32,
    checksum: [u8; 8],
}

impl Head {
    /// Reads the head of what may be a frame.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&MAGIC)?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (unsynced, rest) = rest.split_first_chunk::<4>()?;
        let checksum = *rest.first_chunk::<8>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let is_length = (1..=PAYLOAD_MAX).contains(&length);
        is_length.then_some(Self { length, unsynced: u32::from_le_bytes(*unsynced), checksum })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_at_its_place_in_its_segment_only() {
        let key = FrameKey::of(b"one");
        let mut bytes = Vec::new();
        key.append(&mut bytes, 100, 70, b"buy").unwrap();
        assert_eq!(bytes.len(), OVERHEAD + 3);
        let frame = Frame { payload: b"buy", synced: 70, end: 123 };
        assert_eq!(key.read(&bytes, 100), Some(frame));
        assert_eq!(key.read(&bytes, 101), None);
        assert_eq!(FrameKey::of(b"two").read(&bytes, 100), None);
    }

    #[test]
    fn no_bit_of_a_frame_can_change_unnoticed() {
        let key = FrameKey::of(b"one");
        let mut bytes = Vec::new();
        key.append(&mut bytes, 0, 0, b"sell 10").unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.read(&changed, 0), None, "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert_eq!(key.read(&bytes[..length], 0), None, "{length} bytes");
        }
    }

    #[test]
    fn payloads_have_one_to_sixteen_million_bytes() {
        let key = FrameKey::of(b"one");
        for bytes in [0, PAYLOAD_MAX + 1] {
            assert_eq!(key.append(&mut Vec::new(), 0, 0, &vec![0; bytes]), Err(PayloadTooLarge { bytes }));
        }
        let mut frame = Vec::new();
        key.append(&mut frame, 0, 0, &vec![7; PAYLOAD_MAX]).unwrap();
        assert_eq!(key.read(&frame, 0).unwrap().payload.len(), PAYLOAD_MAX);
    }

    #[test]
    fn what_was_synced_longer_ago_than_four_gibibytes_is_not_promised() {
        let key = FrameKey::of(b"one");
        let mut frame = Vec::new();
        let at = 1 << 40;
        key.append(&mut frame, at, 1, b"x").unwrap();
        assert_eq!(key.read(&frame, at).unwrap().synced, 0);
    }
}
