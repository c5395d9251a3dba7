//! The rolling digest over every fact of a run.

use std::fmt;

/// The BLAKE3 digest of a run's facts: two runs are the same if and only if their digests are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Returns the 32 bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    /// Writes 64 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Collects encoded facts and hashes them.
///
/// Bytes are gathered in blocks of 64 KiB, since BLAKE3 hashes long inputs several times faster
/// than short ones; the block size does not show in the digest.
///
/// ```
/// use bearpit_core::kernel::DigestWriter;
///
/// let mut writer = DigestWriter::new();
/// writer.absorb(|out| out.extend_from_slice(b"a fact"));
/// let first = writer.digest();
/// writer.absorb(|out| out.extend_from_slice(b"another"));
/// assert_ne!(writer.digest(), first);
/// assert_eq!(first.to_string().len(), 64);
/// ```
#[derive(Debug)]
pub struct DigestWriter {
    hasher: blake3::Hasher,
    block: Vec<u8>,
}

const BLOCK_BYTES: usize = 64 * 1024;

impl DigestWriter {
    /// Starts an empty digest.
    #[must_use]
    pub fn new() -> Self {
        Self { hasher: blake3::Hasher::new(), block: Vec::with_capacity(BLOCK_BYTES + 512) }
    }

    /// Appends what `encode` writes into the buffer it is given.
    pub fn absorb(&mut self, encode: impl FnOnce(&mut Vec<u8>)) {
        encode(&mut self.block);
        if self.block.len() >= BLOCK_BYTES {
            self.hasher.update(&self.block);
            self.block.clear();
        }
    }

    /// Returns the digest of all that was absorbed so far.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut hasher = self.hasher.clone();
        hasher.update(&self.block);
        Digest(*hasher.finalize().as_bytes())
    }
}

impl Default for DigestWriter {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_whole_byte_stream() {
        let mut writer = DigestWriter::new();
        let mut all = Vec::new();
        for i in 0..40_000_u32 {
            writer.absorb(|out| out.extend_from_slice(&i.to_le_bytes()));
            all.extend_from_slice(&i.to_le_bytes());
        }
        assert_eq!(writer.digest().bytes(), blake3::hash(&all).as_bytes());
        assert_eq!(writer.digest().to_string(), blake3::hash(&all).to_hex().to_string());
    }
}
