//! [`Voids`]: which requests of a journal are left away, and where that was written.

use std::io::Read;

use super::error::RecoverError;
use super::record::Record;
use crate::store::journal::SegmentReader;

/// The requests of a journal that were taken out of their market.
///
/// A journal is appended to only, so that a request is void stands behind it. The records in between were
/// written by a market that had the request: their requests are made again at their times, but how many
/// events had been delivered before them does not count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Voids(Vec<Void>);

/// A request that is void.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Void {
    /// The number of its record.
    record: u64,
    /// The number of the record that says so.
    said_by: u64,
}

impl Voids {
    /// Reads a segment to its end for them.
    ///
    /// # Errors
    /// [`RecoverError::Segment`] and [`RecoverError::Record`].
    pub fn read(mut segment: SegmentReader<impl Read>) -> Result<Self, RecoverError> {
        let mut voids = Vec::new();
        for number in 0.. {
            let Some(payload) = segment.next_frame()? else { break };
            if let Record::Voided { record } = Record::from_bytes(payload)? {
                voids.push(Void { record, said_by: number });
            }
        }
        Ok(Self(voids))
    }

    /// Adds a request that record number `said_by` is to take out.
    #[must_use]
    pub fn with(mut self, record: u64, said_by: u64) -> Self {
        self.0.push(Void { record, said_by });
        self
    }

    /// Returns how many requests are left away.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    /// Returns whether a record is a request that is left away.
    #[must_use]
    pub fn has(&self, record: u64) -> bool {
        self.0.iter().any(|void| void.record == record)
    }

    /// Returns whether a record was written by a market that had a request which is left away now.
    #[must_use]
    pub fn cover(&self, record: u64) -> bool {
        self.0.iter().any(|void| (void.record..void.said_by).contains(&record))
    }
}
