//! The journal of a live market: append-only files, one a segment.
//!
//! A segment is a [header](SegmentHeader) and frames, each with its length and a checksum that is valid at
//! its place in its segment only. The market appends frames, and shows nothing of what follows from them
//! before they are [synced](JournalFile::sync).
//!
//! After a crash the end of the newest segment may be torn: of what was not synced, any sector may have
//! reached the disk or not, in any order. Nobody had seen what followed from it, so it is cut off. What had
//! been synced must be there: each frame says how many of the bytes before it were not known to be synced
//! when it was written, so a whole frame behind a broken one tells whether the broken one had been synced. If
//! so the disk has lost what was promised, and the segment is refused with file and offset.
//!
//! What frames hold is for the market to say; here they are bytes.

mod directory;
mod file;
mod frame;
mod header;
mod segment_reader;
mod segment_writer;

pub use directory::{Created, JournalDirectory, Newest, OpenError, Untrusted, segment_number, segments_in};
pub use file::{JournalFile, Medium};
pub use frame::{PAYLOAD_MAX, PayloadTooLarge};
pub use header::{HeaderFault, SegmentHeader};
pub use segment_reader::{SegmentEnd, SegmentFault, SegmentReader};
pub use segment_writer::SegmentWriter;

#[cfg(test)]
pub(crate) mod faulty_disk;
#[cfg(test)]
mod tests;
