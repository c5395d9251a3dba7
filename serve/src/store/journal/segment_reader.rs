//! [`SegmentReader`]: the frames of a segment, and how it ends.

use std::io::{self, BufReader, Read};

use thiserror::Error;

use super::frame::{FrameKey, Head, MAGIC, OVERHEAD};
use super::header::{HeaderFault, SegmentHeader};
use super::segment_writer::SegmentWriter;

/// Reads the frames of a segment, in order, up to its end.
#[derive(Debug)]
pub struct SegmentReader<R: Read> {
    from: BufReader<R>,
    header: SegmentHeader,
    key: FrameKey,
    /// Where the next frame begins.
    at: u64,
    /// The frame at hand.
    frame: Vec<u8>,
    end: Option<SegmentEnd>,
}

/// How a segment ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentEnd {
    /// With a whole frame.
    Whole,
    /// With bytes that were never synced, and of which nothing was shown to anybody: they are to be cut off.
    Torn {
        /// Where they begin.
        at: u64,
        /// How many there are.
        bytes: u64,
    },
}

/// Why a segment cannot be read to its end.
#[derive(Debug, Error)]
pub enum SegmentFault {
    /// A frame that had been synced is not whole, so what was promised is lost.
    #[error("the journal is damaged at byte {at}, where it had been written safely up to byte {synced}")]
    Damaged {
        /// Where the damaged frame begins.
        at: u64,
        /// Up to where a frame behind it says that the segment had been synced.
        synced: u64,
    },
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl<R: Read> SegmentReader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`HeaderFault`] if there is no whole one, or it is of another layout.
    pub fn open(from: R) -> Result<Self, HeaderFault> {
        let mut from = BufReader::new(from);
        let (header, bytes) = SegmentHeader::read(&mut from)?;
        let at = bytes.len() as u64;
        Ok(Self { from, header, key: FrameKey::of(&bytes), at, frame: Vec::new(), end: None })
    }

    /// Returns the header.
    #[must_use]
    pub const fn header(&self) -> &SegmentHeader {
        &self.header
    }

    /// Returns where the next frame begins.
    #[must_use]
    pub const fn at(&self) -> u64 {
        self.at
    }

    /// Reads the next frame, and returns its payload; nothing at the end.
    ///
    /// # Errors
    /// [`SegmentFault`] if a frame is damaged that had been synced, or the file cannot be read.
    pub fn next_frame(&mut self) -> Result<Option<&[u8]>, SegmentFault> {
        if self.end.is_some() {
            return Ok(None);
        }
        self.frame.clear();
        read_up_to(&mut self.from, OVERHEAD, &mut self.frame)?;
        if self.frame.is_empty() {
            self.end = Some(SegmentEnd::Whole);
            return Ok(None);
        }
        if let Some(head) = Head::read(&self.frame) {
            read_up_to(&mut self.from, head.length, &mut self.frame)?;
        }
        let Some(end) = self.key.read(&self.frame, self.at).map(|frame| frame.end) else {
            self.end = Some(self.torn()?);
            return Ok(None);
        };
        self.at = end;
        Ok(self.frame.get(OVERHEAD..))
    }

    /// Returns how the segment ends, once all frames are read.
    #[must_use]
    pub const fn end(&self) -> Option<SegmentEnd> {
        self.end
    }

    /// Goes on to write where the frames end; nothing before they are all read. The file must be cut off at
    /// [`SegmentReader::at`], and synced, before anything is appended to it.
    #[must_use]
    pub fn into_writer(self) -> Option<SegmentWriter> {
        self.end.map(|_| SegmentWriter::resume(self.key, self.at))
    }

    /// Returns a torn end, or the damage that it is.
    fn torn(&mut self) -> Result<SegmentEnd, SegmentFault> {
        let mut rest = std::mem::take(&mut self.frame);
        self.from.read_to_end(&mut rest)?;
        let at = self.at;
        // The broken frame itself cannot be a whole one.
        let behind = (1..rest.len()).filter(|from| rest[*from..].starts_with(&MAGIC));
        let whole = behind.filter_map(|from| self.key.read(&rest[from..], at + from as u64));
        match whole.map(|frame| frame.synced).max().filter(|synced| *synced > at) {
            Some(synced) => Err(SegmentFault::Damaged { at, synced }),
            None => Ok(SegmentEnd::Torn { at, bytes: rest.len() as u64 }),
        }
    }
}

/// Appends as many bytes, or fewer where the file ends.
fn read_up_to(from: &mut impl Read, bytes: usize, to: &mut Vec<u8>) -> io::Result<()> {
    from.take(bytes as u64).read_to_end(to).map(|_| ())
}
