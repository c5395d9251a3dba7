//! How a [`LiveMarket`] is rebuilt from its journal.

use std::io::Read;
use std::time::Duration;

use bearpit_core::exchange::Market;
use bearpit_core::kernel::{ActorSpec, Injected, ReplayError, StepEnd};
use bearpit_core::participant::{Request, RequestKind};
use bearpit_core::units::SimTime;

use super::client_orders::owner_of;
use super::error::{LiveError, RecoverError};
use super::market::{LiveMarket, Start};
use super::output::{Output, Viewer};
use super::record::{Progress, Record};
use super::sending::Asked;
use super::state::LaidOut;
use super::voids::Voids;
use crate::domain::ClientOrderId;
use crate::store::journal::SegmentReader;

/// The kind of an agent that does nothing by itself, which every live market can seat.
const DESK: &str = "desk";

impl LiveMarket {
    /// Rebuilds a market from its segment, up to the last that anybody may have seen, at wall time `wall`,
    /// without the requests that are void. All outputs are shown again, from the first of the day.
    ///
    /// The segment must have been cut off where it is torn, and synced, since what follows from it is shown.
    ///
    /// # Errors
    /// [`RecoverError`] if the segment is damaged, or is of another market.
    pub fn recover(
        laid_out: LaidOut,
        mut segment: SegmentReader<impl Read>,
        voids: &Voids,
        start: Start,
        mut viewer: impl Viewer,
    ) -> Result<Self, RecoverError> {
        let wall = start.wall;
        let mut live = Self::open(laid_out, start)?;
        viewer.begin(&live.market);
        let mut records = 0;
        while let Some(payload) = segment.next_frame()? {
            let record = Record::from_bytes(payload)?;
            live.repeat(records, record, voids, wall)?;
            records += 1;
            live.show(&mut viewer);
        }
        if !live.is_settled {
            live.step_to(live.covered)?;
        }
        live.show(&mut viewer);
        {
            let mut journal = live.journal.borrow_mut();
            journal.segment = segment.into_writer();
            journal.records = records;
        }
        live.keep_step(wall);
        Ok(live)
    }

    /// Takes a request out of a market that was rebuilt without it. It is in the journal when this returns.
    ///
    /// # Errors
    /// [`RecoverError::Live`] if the journal does not take it.
    pub fn void(&mut self, record: u64) -> Result<(), RecoverError> {
        self.journal.borrow_mut().push(&Record::Voided { record }).map_err(LiveError::from)?;
        Ok(())
    }

    /// Does again what a record says.
    fn repeat(
        &mut self,
        number: u64,
        record: Record,
        voids: &Voids,
        wall: Duration,
    ) -> Result<(), RecoverError> {
        let is_of_another = voids.cover(number);
        match record {
            Record::Request { entry, client } => self.request_again(number, *entry, client, voids),
            Record::Clock(progress) => self.catch_up(progress, is_of_another),
            Record::Pace { progress, change } => {
                self.catch_up(progress, is_of_another)?;
                self.hold_outputs();
                self.changed_pace(wall, progress, change);
                Ok(())
            }
            Record::Voided { .. } | Record::Left(_) => Ok(()),
            Record::Settled { at, digest } => self.settle_again(at, digest, is_of_another),
        }
    }

    /// Steps as far as the market had come that wrote the journal.
    fn catch_up(&mut self, progress: Progress, is_of_another: bool) -> Result<(), RecoverError> {
        self.covered = self.covered.max(progress.at);
        repeat_progress(&mut self.market, progress, is_of_another)
    }

    /// Takes a request in again, unless it is void.
    fn request_again(
        &mut self,
        number: u64,
        entry: Injected<Request>,
        client: Option<ClientOrderId>,
        voids: &Voids,
    ) -> Result<(), RecoverError> {
        let tag = entry.request.tag;
        self.covered = self.covered.max(entry.stamp);
        self.next_tag = self.next_tag.max(tag.map_or(0, |tag| tag.get() + 1));
        let asked = tag.map(|tag| (tag, entry.request.kind.clone()));
        if self.pacer.is_paused() {
            self.canceling.took(&entry.request.kind, entry.stamp);
        }
        if repeat_request(&mut self.market, number, entry, voids)? {
            if let Some((tag, kind)) = asked {
                if let Some(asked) = Asked::of(&kind, client.as_ref()) {
                    self.sending.took(tag, asked);
                }
                if let Some((owner, id)) = owner_of(&kind).zip(client) {
                    self.clients.took(owner, id, &kind, tag);
                }
            }
        } else {
            self.hold_outputs();
            self.hold(tag.map(Output::Voided));
        }
        Ok(())
    }

    fn settle_again(
        &mut self,
        at: SimTime,
        digest: [u8; 32],
        is_of_another: bool,
    ) -> Result<(), RecoverError> {
        self.step_to(at)?;
        self.settle_market()?;
        if is_of_another { Ok(()) } else { check_digest(&self.market, digest) }
    }

    fn show(&mut self, viewer: &mut impl Viewer) {
        self.hold_outputs();
        while let Some(output) = self.held.next(|_| true) {
            viewer.show(output);
        }
    }

    fn hold_outputs(&mut self) {
        let outputs = self.take_outputs();
        self.hold(outputs);
    }
}

/// Takes a journalled request in again, unless it is void; returns whether it was taken.
///
/// # Errors
/// [`RecoverError::Replay`] if it does not fit the market.
pub fn repeat_request(
    market: &mut Market,
    number: u64,
    mut entry: Injected<Request>,
    voids: &Voids,
) -> Result<bool, RecoverError> {
    let is_void = voids.has(number);
    if is_void {
        match &mut entry.request {
            // Whoever joined later has its number, which later requests name: somebody sits there.
            Request { tag, kind: RequestKind::Join { spec, .. } } => {
                *tag = None;
                *spec = ActorSpec::new(DESK);
            }
            _ => return Ok(false),
        }
    }
    let is_of_another = voids.cover(number);
    if is_of_another {
        entry.after_events = market.world().events();
    }
    match market.replay(entry) {
        Ok(()) => Ok(!is_void),
        // It was fit for the market that had the void request.
        Err(ReplayError::Inject(_)) if is_of_another => Ok(false),
        Err(cause) => Err(RecoverError::Replay { record: number, cause }),
    }
}

/// Steps a market as far as the journalled one had come.
///
/// # Errors
/// [`RecoverError`] if it does not come as far by the same events.
pub fn repeat_progress(
    market: &mut Market,
    progress: Progress,
    is_of_another: bool,
) -> Result<(), RecoverError> {
    let Progress { at, events } = progress;
    while market.step(at, u64::MAX).map_err(LiveError::from)? == StepEnd::Budget {}
    let found = market.world().events();
    if found == events || is_of_another {
        return Ok(());
    }
    Err(diverged(at, format!("{events} events"), format!("{found} events")))
}

/// Compares the digest of a market that has settled with the journalled one.
///
/// # Errors
/// [`RecoverError::Diverged`] if it is another.
pub fn check_digest(market: &Market, digest: [u8; 32]) -> Result<(), RecoverError> {
    let found = market.digest();
    if *found.bytes() == digest {
        return Ok(());
    }
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let now = market.world().now();
    Err(diverged(now, format!("the digest {hex}"), format!("the digest {found}")))
}

fn diverged(at: SimTime, journalled: String, rebuilt: String) -> RecoverError {
    RecoverError::Diverged { at, journalled, rebuilt }
}
