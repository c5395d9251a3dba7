//! How a [`LiveMarket`] is rebuilt from its journal.

use std::io::Read;
use std::time::Duration;

use bearpit_core::kernel::{ActorSpec, Injected, ReplayError};
use bearpit_core::participant::{Request, RequestKind};
use bearpit_core::units::SimTime;

use super::client_orders::{ClientOrderId, owner_of};
use super::error::RecoverError;
use super::market::{LiveMarket, Start};
use super::output::Output;
use super::record::{Progress, Record};
use super::state::LaidOut;
use super::voids::Voids;
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
        mut show: impl FnMut(Output),
    ) -> Result<Self, RecoverError> {
        let wall = start.wall;
        let mut live = Self::open(laid_out, start)?;
        let mut records = 0;
        while let Some(payload) = segment.next_frame()? {
            let record = Record::from_bytes(payload)?;
            live.repeat(records, record, voids, wall)?;
            records += 1;
            live.show(&mut show);
        }
        if !live.is_settled {
            live.step_to(live.covered)?;
        }
        live.show(&mut show);
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
        self.journal.borrow_mut().push(&Record::Voided { record }).map_err(super::LiveError::from)?;
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
            Record::Control { progress, control } => {
                self.catch_up(progress, is_of_another)?;
                self.hold_outputs();
                self.controlled(wall, progress, control);
                Ok(())
            }
            Record::Voided { .. } | Record::Left(_) => Ok(()),
            Record::Settled { at, digest } => self.settle_again(at, digest, is_of_another),
        }
    }

    /// Steps as far as the market had come that wrote the journal.
    fn catch_up(&mut self, progress: Progress, is_of_another: bool) -> Result<(), RecoverError> {
        let Progress { at, events } = progress;
        self.covered = self.covered.max(at);
        self.step_to(at)?;
        let found = self.market.world().events();
        if found == events || is_of_another {
            return Ok(());
        }
        Err(diverged(at, format!("{events} events"), format!("{found} events")))
    }

    /// Takes a request in again, unless it is void.
    fn request_again(
        &mut self,
        number: u64,
        mut entry: Injected<Request>,
        client: Option<ClientOrderId>,
        voids: &Voids,
    ) -> Result<(), RecoverError> {
        let tag = entry.request.tag;
        self.covered = self.covered.max(entry.stamp);
        self.next_tag = self.next_tag.max(tag.map_or(0, |tag| tag.get() + 1));
        if voids.has(number) {
            self.hold_outputs();
            self.hold(tag.map(Output::Voided));
            match &mut entry.request {
                // Whoever joined later has its number, which later requests name: somebody sits there.
                Request { tag, kind: RequestKind::Join { spec, .. } } => {
                    *tag = None;
                    *spec = ActorSpec::new(DESK);
                }
                _ => return Ok(()),
            }
        } else if let Some(((owner, id), tag)) = owner_of(&entry.request.kind).zip(client).zip(tag) {
            self.clients.took(owner, id, &entry.request.kind, tag);
        }
        let is_of_another = voids.cover(number);
        if is_of_another {
            entry.after_events = self.market.world().events();
        }
        match self.market.replay(entry) {
            // It was fit for the market that had the void request.
            Err(ReplayError::Inject(_)) if is_of_another => {
                self.hold(tag.map(Output::Voided));
                Ok(())
            }
            taken => taken.map_err(|cause| RecoverError::Replay { record: number, cause }),
        }
    }

    fn settle_again(
        &mut self,
        at: SimTime,
        digest: [u8; 32],
        is_of_another: bool,
    ) -> Result<(), RecoverError> {
        self.step_to(at)?;
        self.settle_market()?;
        let found = self.market.digest();
        if *found.bytes() == digest || is_of_another {
            return Ok(());
        }
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let now = self.market.world().now();
        Err(diverged(now, format!("the digest {hex}"), format!("the digest {found}")))
    }

    fn show(&mut self, mut show: impl FnMut(Output)) {
        self.hold_outputs();
        while let Some(output) = self.held.next(|_| true) {
            show(output);
        }
    }

    fn hold_outputs(&mut self) {
        let outputs = self.take_outputs();
        self.hold(outputs);
    }
}

fn diverged(at: SimTime, journalled: String, rebuilt: String) -> RecoverError {
    RecoverError::Diverged { at, journalled, rebuilt }
}
