//! [`LiveMarket`]: a market, its journal, and what waits for the disk.

use std::cell::RefCell;
use std::io::Read;
use std::rc::Rc;
use std::time::Duration;

use bearpit_core::exchange::{BuildError, Market, MarketBuilder, MarketError};
use bearpit_core::kernel::{
    InjectError, Injected, JournalError, JournalSink, Pacer, ReplayError, RequestTag, Speed, StepEnd,
};
use bearpit_core::market::{Fact, SinkError, Stamped, TapeSink};
use bearpit_core::participant::{MarketFault, Request, RequestError, RequestKind};
use bearpit_core::units::{SimDuration, SimTime};
use thiserror::Error;

use super::output::{Held, Output};
use super::record::{Record, UnknownRecord};
use crate::store::journal::{PayloadTooLarge, SegmentFault, SegmentHeader, SegmentReader, SegmentWriter};

/// How a market keeps in step with the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pacing {
    /// How fast virtual time runs.
    pub speed: Speed,
    /// How far the market steps at once when it is behind; requests are taken in between.
    pub step_max: SimDuration,
}

/// Why a live market cannot go on.
#[derive(Debug, Error)]
pub enum LiveError {
    /// The market itself cannot.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// A record does not fit into the journal.
    #[error(transparent)]
    Record(#[from] PayloadTooLarge),
    /// The market cannot be opened.
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// Why a market cannot be rebuilt from its journal.
#[derive(Debug, Error)]
pub enum RecoverError {
    /// The journal is damaged, or cannot be read.
    #[error(transparent)]
    Segment(#[from] SegmentFault),
    /// The journal was written by another version of this program.
    #[error(transparent)]
    Record(#[from] UnknownRecord),
    /// A request does not fit the market that the header describes.
    #[error(transparent)]
    Replay(#[from] ReplayError<RequestError, MarketFault>),
    /// The market did not become what it was: this is a fault of the program, or another program's journal.
    #[error("by {at} the journalled market had {journalled}, but the one that was rebuilt has {rebuilt}")]
    Diverged {
        /// When.
        at: SimTime,
        /// What the journal says.
        journalled: String,
        /// What was found.
        rebuilt: String,
    },
    /// The market cannot go on.
    #[error(transparent)]
    Live(#[from] LiveError),
}

/// A market that runs, with its journal.
///
/// Whoever drives it does four things again and again: passes requests in ([`LiveMarket::request`]), lets
/// time pass ([`LiveMarket::advance`]), appends to the journal's file what there is to append and syncs it
/// ([`LiveMarket::take_appended`], [`LiveMarket::synced`]), and shows what may be shown
/// ([`LiveMarket::next_output`]). Nothing is shown before all that it follows from is synced.
#[derive(Debug)]
pub struct LiveMarket {
    market: Market,
    pacer: Pacer,
    journal: Rc<RefCell<Journal>>,
    facts: Rc<RefCell<Vec<Output>>>,
    held: Held,
    next_tag: u64,
    /// Up to when the journal says that the market was stepped.
    covered: SimTime,
    is_settled: bool,
}

/// The journal as the market writes it.
#[derive(Debug)]
struct Journal {
    /// None while the market is rebuilt from it.
    segment: Option<SegmentWriter>,
}

impl Journal {
    fn push(&mut self, record: &Record) -> Result<(), PayloadTooLarge> {
        if let Some(segment) = &mut self.segment {
            segment.push(&record.to_bytes())?;
        }
        Ok(())
    }

    /// Returns how long the segment is with all that was pushed.
    fn end(&self) -> u64 {
        self.segment.as_ref().map_or(0, SegmentWriter::end)
    }
}

/// Journals the requests of a market.
struct Requests(Rc<RefCell<Journal>>);

impl JournalSink<Request> for Requests {
    fn append(&mut self, entry: &Injected<Request>) -> Result<(), JournalError> {
        self.0.borrow_mut().push(&Record::Request(Box::new(entry.clone()))).map_err(JournalError::new)
    }
}

/// Collects the facts of a market.
struct Facts(Rc<RefCell<Vec<Output>>>);

impl TapeSink for Facts {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        let Stamped { at, sequence, fact } = stamped;
        self.0.borrow_mut().push(Output::Fact { sequence, at, fact: Fact::clone(fact) });
        Ok(())
    }
}

impl LiveMarket {
    /// Opens a market at wall time `wall`, and begins its segment.
    ///
    /// # Errors
    /// [`LiveError`] if it cannot be opened.
    pub fn begin(
        builder: MarketBuilder,
        header: &SegmentHeader,
        pacing: Pacing,
        wall: Duration,
    ) -> Result<Self, LiveError> {
        let mut live = Self::open(builder, pacing, wall)?;
        live.journal.borrow_mut().segment = Some(SegmentWriter::begin(header));
        live.collect()?;
        Ok(live)
    }

    /// Rebuilds a market from its segment, up to the last that anybody may have seen, at wall time `wall`.
    /// All outputs come again, from the first of the day.
    ///
    /// # Errors
    /// [`RecoverError`] if the segment is damaged, or is of another market.
    pub fn recover(
        builder: MarketBuilder,
        mut segment: SegmentReader<impl Read>,
        pacing: Pacing,
        wall: Duration,
    ) -> Result<Self, RecoverError> {
        let mut live = Self::open(builder, pacing, wall)?;
        while let Some(payload) = segment.next_frame()? {
            live.replay(Record::from_bytes(payload)?)?;
        }
        if !live.is_settled {
            live.step_to(live.covered)?;
        }
        live.journal.borrow_mut().segment = segment.into_writer();
        live.pacer.rebase(wall, live.market.world().now());
        // All of this is on disk once its torn end is cut off, as the journal has it now.
        let outputs = live.take_outputs();
        live.hold(outputs);
        Ok(live)
    }

    fn open(mut builder: MarketBuilder, pacing: Pacing, wall: Duration) -> Result<Self, LiveError> {
        let journal = Rc::new(RefCell::new(Journal { segment: None }));
        let facts = Rc::new(RefCell::new(Vec::new()));
        builder.journal(Requests(Rc::clone(&journal)));
        builder.sink(Box::new(Facts(Rc::clone(&facts))));
        let mut market = builder.open()?;
        market.start();
        let now = market.world().now();
        let pacer = Pacer::new(wall, now, pacing.speed, pacing.step_max);
        Ok(Self {
            market,
            pacer,
            journal,
            facts,
            held: Held::default(),
            next_tag: 0,
            covered: now,
            is_settled: false,
        })
    }

    /// Does again what a record says.
    fn replay(&mut self, record: Record) -> Result<(), RecoverError> {
        match record {
            Record::Request(entry) => {
                self.covered = self.covered.max(entry.stamp);
                if let Some(tag) = entry.request.tag {
                    self.next_tag = self.next_tag.max(tag.get() + 1);
                }
                self.market.replay(*entry)?;
            }
            Record::Clock { at, events } => {
                self.covered = self.covered.max(at);
                self.step_to(at)?;
                let found = self.market.world().events();
                if found != events {
                    return Err(diverged(at, format!("{events} events"), format!("{found} events")));
                }
            }
            Record::Settled { digest } => {
                self.settle_market()?;
                let found = self.market.digest();
                if *found.bytes() != digest {
                    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
                    let now = self.market.world().now();
                    return Err(diverged(now, format!("the digest {hex}"), format!("the digest {found}")));
                }
            }
        }
        Ok(())
    }

    /// Takes a request in at wall time `wall`. It is in the journal when this returns, and its answer, with
    /// the tag that is returned, is among the outputs once the market has been stepped.
    ///
    /// # Errors
    /// [`InjectError`] if the day is over, the request names no participant, or it does not fit into the
    /// journal; nothing was done then.
    pub fn request(
        &mut self,
        wall: Duration,
        kind: RequestKind,
    ) -> Result<RequestTag, InjectError<RequestError>> {
        let tag = RequestTag::new(self.next_tag);
        let stamp = self.time_at(wall);
        self.market.request(stamp, Request { tag: Some(tag), kind })?;
        self.next_tag += 1;
        self.covered = self.covered.max(stamp);
        Ok(tag)
    }

    /// Steps the market to where it should be at wall time `wall`, or as far as it goes at once. Returns how
    /// long to sleep then, unless a request comes; nothing where only a request can change anything.
    ///
    /// # Errors
    /// [`LiveError`] if the market cannot go on.
    pub fn advance(&mut self, wall: Duration) -> Result<Option<Duration>, LiveError> {
        let world = self.market.world();
        let pace = self.pacer.pace(wall, world.now(), world.next_event());
        self.step_to(pace.step_to)?;
        self.collect()?;
        Ok(pace.sleep)
    }

    /// Returns whether the day is over, so that it can be settled.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.market.world().now() >= self.market.close()
    }

    /// Settles the day: the last of its records. A second time nothing happens.
    ///
    /// # Errors
    /// [`LiveError`] if something is not conserved.
    pub fn settle(&mut self) -> Result<(), LiveError> {
        if self.is_settled {
            return Ok(());
        }
        self.step_to(self.market.close())?;
        self.settle_market()?;
        self.journal.borrow_mut().push(&Record::Settled { digest: *self.market.digest().bytes() })?;
        let outputs = self.take_outputs();
        self.hold(outputs);
        Ok(())
    }

    /// Takes what is to be appended to the journal's file.
    pub fn take_appended(&mut self) -> Vec<u8> {
        self.journal.borrow_mut().segment.as_mut().map_or_else(Vec::new, SegmentWriter::take)
    }

    /// Takes note that the journal's file is on disk up to a length.
    pub fn synced(&mut self, length: u64) {
        if let Some(segment) = &mut self.journal.borrow_mut().segment {
            segment.synced(length);
        }
    }

    /// Takes the next output that may be shown, in the order in which things happened.
    pub fn next_output(&mut self) -> Option<Output> {
        let journal = self.journal.borrow();
        let segment = journal.segment.as_ref();
        self.held.next(|place| segment.is_none_or(|segment| segment.is_synced(place)))
    }

    /// Returns how many outputs wait for the disk, or to be taken.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.held.len()
    }

    /// Returns how long the journal is with all that has been taken in.
    #[must_use]
    pub fn journal_end(&self) -> u64 {
        self.journal.borrow().end()
    }

    /// Returns the market.
    #[must_use]
    pub const fn market(&self) -> &Market {
        &self.market
    }

    /// Returns the virtual time that a request is stamped with that comes in at wall time `wall`.
    fn time_at(&self, wall: Duration) -> SimTime {
        self.pacer.time_at(wall).min(self.market.close()).max(self.market.world().now())
    }

    fn step_to(&mut self, time: SimTime) -> Result<(), LiveError> {
        while self.market.step(time, u64::MAX)? == StepEnd::Budget {}
        Ok(())
    }

    fn settle_market(&mut self) -> Result<(), LiveError> {
        self.is_settled = true;
        Ok(self.market.settle()?)
    }

    /// Holds what has happened, and sees to it that the journal says how far the market has come.
    fn collect(&mut self) -> Result<(), LiveError> {
        let outputs = self.take_outputs();
        if outputs.is_empty() {
            return Ok(());
        }
        let world = self.market.world();
        let (at, events) = (world.now(), world.events());
        // A market that is rebuilt is stepped to the last stamp of a request without being told.
        if at > self.covered {
            self.journal.borrow_mut().push(&Record::Clock { at, events })?;
            self.covered = at;
        }
        self.hold(outputs);
        Ok(())
    }

    /// Holds outputs until all that is in the journal is synced.
    fn hold(&mut self, outputs: Vec<Output>) {
        self.held.push(self.journal.borrow().end(), outputs.into_iter());
    }

    /// Takes facts and answers, in the order in which they were written.
    fn take_outputs(&mut self) -> Vec<Output> {
        let facts = std::mem::take(&mut *self.facts.borrow_mut());
        let mut answers = self.market.take_answers().peekable();
        let mut outputs = Vec::with_capacity(facts.len());
        for fact in facts {
            if let Output::Fact { sequence, .. } = fact {
                while let Some(answer) = answers.next_if(|answer| answer.facts <= sequence) {
                    outputs.push(Output::Answer(answer));
                }
            }
            outputs.push(fact);
        }
        outputs.extend(answers.map(Output::Answer));
        outputs
    }
}

fn diverged(at: SimTime, journalled: String, rebuilt: String) -> RecoverError {
    RecoverError::Diverged { at, journalled, rebuilt }
}
