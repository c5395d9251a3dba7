//! The journal and the tape, as a live market is connected with them.

use std::cell::RefCell;
use std::rc::Rc;

use bearpit_core::kernel::{Injected, JournalError, JournalSink};
use bearpit_core::market::{Fact, SinkError, Stamped, TapeSink};
use bearpit_core::participant::Request;

use super::output::Output;
use super::record::Record;
use crate::domain::ClientOrderId;
use crate::store::journal::{PayloadTooLarge, SegmentWriter};

/// The journal as the market writes it.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// None while the market is rebuilt from it.
    pub(super) segment: Option<SegmentWriter>,
    /// The id of the request that is being taken in.
    pub(super) client: Option<ClientOrderId>,
    /// How many records it has.
    pub(super) records: u64,
}

impl Journal {
    pub(super) fn push(&mut self, record: &Record) -> Result<(), PayloadTooLarge> {
        if let Some(segment) = &mut self.segment {
            segment.push(&record.to_bytes())?;
            self.records += 1;
        }
        Ok(())
    }

    /// Returns how long the segment is with all that was pushed.
    pub(super) fn end(&self) -> u64 {
        self.segment.as_ref().map_or(0, SegmentWriter::end)
    }
}

/// Journals the requests of a market.
pub(super) struct Requests(pub(super) Rc<RefCell<Journal>>);

impl JournalSink<Request> for Requests {
    fn append(&mut self, entry: &Injected<Request>) -> Result<(), JournalError> {
        let mut journal = self.0.borrow_mut();
        let client = journal.client.take();
        let record = Record::Request { entry: Box::new(entry.clone()), client };
        journal.push(&record).map_err(JournalError::new)
    }
}

/// Collects the facts of a market.
pub(super) struct Facts(pub(super) Rc<RefCell<Vec<Output>>>);

impl TapeSink for Facts {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        let Stamped { at, sequence, fact } = stamped;
        self.0.borrow_mut().push(Output::Fact { sequence, at, fact: Fact::clone(fact) });
        Ok(())
    }
}
