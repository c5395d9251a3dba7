//! The header of a segment: what its frames are requests to.

use std::io::{self, BufRead, Read};

use bearpit_core::units::SimTime;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What a segment begins with.
const MAGIC: [u8; 8] = *b"BPJOURNL";

/// The layout of segments; others are refused.
const LAYOUT: u32 = 1;

/// The most bytes of a header: a scenario, and the accounts and open orders of a large market.
const HEADER_MAX: u32 = 1 << 30;

/// What a market was that a segment belongs to: enough to open the same market again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentHeader {
    /// The version of the engine that wrote the segment; no other version replays it.
    pub engine: String,
    /// The scenario, as it was read.
    pub scenario: String,
    /// The changes made to it on the command line, as they were written.
    pub changes: Vec<String>,
    /// The digest of the scenario, its changes and all files that it names.
    pub inputs: String,
    /// The seed of the day.
    pub seed: u64,
    /// The number of the day in its market, from one.
    pub day: u32,
    /// The name of the day: its date, where days are dates.
    pub day_name: String,
    /// Where the market opens later than its day, after a stop within it: when.
    pub opens: Option<SimTime>,
    /// The state that the market opened with, in the market's own form; empty for the first day.
    pub opening: Vec<u8>,
}

/// Why a file does not begin with a whole header.
#[derive(Debug, Error)]
pub enum HeaderFault {
    /// It is empty or zero throughout, or ends within the header.
    #[error("the file has no whole header")]
    NotWhole,
    /// The header is there, but not as it was written.
    #[error("the header of the journal is damaged")]
    Damaged,
    /// It is another file.
    #[error("the file is no journal: it does not begin with BPJOURNL")]
    NoJournal,
    /// It is a journal of a later program.
    #[error("the journal has the layout {0}; this program reads layout {LAYOUT}")]
    Layout(u32),
    /// It cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl SegmentHeader {
    /// Writes it as the beginning of a segment.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        // Writing to memory fails for lengths that are not known only, and all are.
        let body = postcard::to_stdvec(self).unwrap_or_default();
        let mut bytes = Vec::with_capacity(body.len() + 48);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&LAYOUT.to_le_bytes());
        bytes.extend_from_slice(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend_from_slice(&body);
        let checksum = blake3::hash(&bytes);
        bytes.extend_from_slice(checksum.as_bytes());
        bytes
    }

    /// Reads it, and returns its bytes too.
    pub(super) fn read(from: &mut impl BufRead) -> Result<(Self, Vec<u8>), HeaderFault> {
        let mut bytes = vec![0; MAGIC.len() + 8];
        fill(from, &mut bytes)?;
        if bytes[..MAGIC.len()] != MAGIC {
            return Err(HeaderFault::of_other(from, &bytes)?);
        }
        let number = |at: usize| {
            let mut digits = [0; 4];
            digits.copy_from_slice(&bytes[at..at + 4]);
            u32::from_le_bytes(digits)
        };
        let (layout, length) = (number(8), number(12));
        if layout != LAYOUT {
            return Err(HeaderFault::Layout(layout));
        }
        if length > HEADER_MAX {
            return Err(HeaderFault::Damaged);
        }
        // Not reserved before it is there: the length may be damaged.
        let length = u64::from(length);
        from.by_ref().take(length).read_to_end(&mut bytes)?;
        let mut checksum = [0; 32];
        fill(from, &mut checksum)?;
        let is_as_written = *blake3::hash(&bytes).as_bytes() == checksum;
        let body = bytes.get(MAGIC.len() + 8..).filter(|_| is_as_written).ok_or(HeaderFault::Damaged)?;
        let header = postcard::from_bytes(body).map_err(|_| HeaderFault::Damaged)?;
        bytes.extend_from_slice(&checksum);
        Ok((header, bytes))
    }
}

impl HeaderFault {
    /// Says what a file is that begins with other bytes. A disk that has lost what was never synced gives
    /// zeros.
    fn of_other(from: &mut impl BufRead, head: &[u8]) -> io::Result<Self> {
        if head.iter().any(|byte| *byte != 0) {
            return Ok(Self::NoJournal);
        }
        loop {
            let bytes = from.fill_buf()?;
            if bytes.is_empty() {
                return Ok(Self::NotWhole);
            }
            if bytes.iter().any(|byte| *byte != 0) {
                return Ok(Self::Damaged);
            }
            let read = bytes.len();
            from.consume(read);
        }
    }
}

/// Reads as many bytes, or says that the header is not whole.
fn fill(from: &mut impl Read, bytes: &mut [u8]) -> Result<(), HeaderFault> {
    from.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => HeaderFault::NotWhole,
        _ => HeaderFault::Io(error),
    })
}
