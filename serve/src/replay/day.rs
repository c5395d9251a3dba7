//! [`replay`]: the tables and the report of a journalled day.

use std::fs::File;
use std::path::Path;

use bearpit::run::{Advance, Finished, MarketSource as Drive, OutputConfig, Run, RunError, SourceError};
use bearpit::scenario::Scenario;
use bearpit_core::exchange::Market;
use bearpit_core::kernel::StepEnd;
use bearpit_core::units::{SimDuration, SimTime};
use thiserror::Error;

use crate::driver::{self, DriveError, ScenarioSource, Segment};
use crate::live::{
    LaidOut, Record, RecoverError, Voids, check_digest, open_market, repeat_progress, repeat_request,
};
use crate::store::journal::SegmentReader;

/// Why a day cannot be replayed.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The journal cannot be read, or is of another scenario or engine.
    #[error(transparent)]
    Drive(#[from] DriveError),
    /// The day did not become what it was, or its results cannot be written.
    #[error(transparent)]
    Run(Box<RunError>),
}

/// Replays the day of a segment to its digest, with the tables and the report that a simulation gives.
///
/// A day that was not settled is replayed as far as its journal comes, and settled there.
///
/// # Errors
/// [`ReplayError`] if the journal cannot be read, or the day does not become what it was.
pub fn replay(
    path: &Path,
    source: &ScenarioSource,
    output: Option<OutputConfig>,
) -> Result<Finished, ReplayError> {
    let (scenario, day) = part(path, source)?;
    let mut run = Run::of(&scenario).driven_by(day);
    if let Some(output) = output {
        run = run.output(output);
    }
    run.run().map_err(|error| ReplayError::Run(Box::new(error)))
}

/// Returns what drives the market of a segment, and its scenario, which ends where the segment does.
pub(super) fn part(path: &Path, source: &ScenarioSource) -> Result<(Scenario, Day), ReplayError> {
    let segment = Segment::open(path)?;
    segment.check_engine()?;
    let scan = segment.scan()?;
    let mut scenario = source.scenario_of(&segment.header).map_err(DriveError::from)?;
    if let Some(at) = scan.settled {
        // The tables of a day that was stopped end there; one that was stopped as it began has an instant.
        scenario.end = at.max(scenario.start + SimDuration::from_nanos(1));
    }
    let laid_out = driver::lay_out(source, &segment.header)?;
    let records = Records { reader: driver::read_segment(path)?, voids: scan.voids, number: 0 };
    let day = Day { laid_out: Some(laid_out), records, covered: scenario.start, settled: None };
    Ok((scenario, day))
}

/// The records of a segment, in order.
struct Records {
    reader: SegmentReader<File>,
    voids: Voids,
    /// The number of the next one.
    number: u64,
}

impl Records {
    fn next(&mut self) -> Result<Option<(u64, Record)>, RecoverError> {
        let Some(payload) = self.reader.next_frame()? else { return Ok(None) };
        let record = Record::from_bytes(payload)?;
        self.number += 1;
        Ok(Some((self.number - 1, record)))
    }
}

/// Drives the market of a run by the records of a segment.
pub(super) struct Day {
    /// The market, until it is opened.
    laid_out: Option<LaidOut>,
    records: Records,
    covered: SimTime,
    /// The digest that the settled market had.
    settled: Option<[u8; 32]>,
}

impl Drive for Day {
    fn open(&mut self, _: &Scenario) -> Result<Market, SourceError> {
        let LaidOut { builder, left } = self.laid_out.take().ok_or("a day is opened once")?;
        Ok(open_market(builder, left.map(|left| left.market))?)
    }

    fn advance(&mut self, market: &mut Market) -> Result<Advance, SourceError> {
        let Some((number, record)) = self.records.next()? else {
            self.step(market, self.covered)?;
            return Ok(Advance::Ended);
        };
        let is_of_another = self.records.voids.cover(number);
        match record {
            Record::Request { entry, .. } => {
                self.covered = self.covered.max(entry.stamp);
                repeat_request(market, number, *entry, &self.records.voids)?;
            }
            Record::Clock(progress) | Record::Pace { progress, .. } => {
                self.covered = self.covered.max(progress.at);
                repeat_progress(market, progress, is_of_another)?;
            }
            Record::Voided { .. } | Record::Left(_) => {}
            Record::Settled { at, digest } => {
                self.step(market, at)?;
                self.settled = (!is_of_another).then_some(digest);
                return Ok(Advance::Ended);
            }
        }
        Ok(Advance::More)
    }

    fn check(&mut self, market: &Market) -> Result<(), SourceError> {
        match self.settled {
            Some(digest) => Ok(check_digest(market, digest)?),
            None => Ok(()),
        }
    }
}

impl Day {
    fn step(&self, market: &mut Market, to: SimTime) -> Result<(), SourceError> {
        while market.step(to, u64::MAX)? == StepEnd::Budget {}
        Ok(())
    }
}
