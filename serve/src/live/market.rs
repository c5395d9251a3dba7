//! [`LiveMarket`]: a market, its journal, and what waits for the disk.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use bearpit_core::exchange::Market;
use bearpit_core::kernel::{Pacer, RequestTag, Speed, StepEnd};
use bearpit_core::participant::{Answer, Request, RequestKind};
use bearpit_core::units::{ActorId, OrderId, SimDuration, SimTime};

use super::canceling::{Canceling, is_cancel};
use super::client_orders::{ClientOrders, Lookup, owner_of};
use super::error::{ControlError, LiveError, NotTaken};
use super::journal::{Facts, Journal, Requests};
use super::outage::Outage;
use super::output::{Held, Output};
use super::record::{Control, PaceChange, Progress, Record};
use super::sending::{Asked, Sending};
use super::state::{LaidOut, LeftPace, LiveState, open_market};
use crate::domain::ClientOrderId;
use crate::store::journal::SegmentWriter;

/// How much of what a market leaves is in one record.
const LEFT_PART_MAX: usize = 8 << 20;

/// How a market keeps in step with the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pacing {
    /// What virtual time is to the wall clock.
    pub clock: Clock,
    /// How far the market steps at once when it is behind; requests are taken in between.
    pub step_max: SimDuration,
    /// What is shown when.
    pub durability: Durability,
}

/// How, and when, a market begins to keep in step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// How.
    pub pacing: Pacing,
    /// The wall time.
    pub wall: Duration,
}

/// What virtual time is to the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The same: wall times are given since 1970.
    Wall {
        /// How far virtual time may be behind before trading is halted for what is missing; however far,
        /// where nothing is said.
        halt_beyond: Option<SimDuration>,
    },
    /// It runs at a speed, from whatever wall time the market opens at.
    Scaled(Speed),
}

impl Clock {
    /// Returns how fast virtual time runs at first.
    const fn speed(self) -> Speed {
        match self {
            Self::Wall { .. } => Speed::REAL_TIME,
            Self::Scaled(speed) => speed,
        }
    }
}

/// What is shown when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Nothing before it is on disk.
    Synced,
    /// All at once: what is not on disk is lost in a crash, though it was seen.
    Relaxed,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It was taken; its answer bears this tag.
    New(RequestTag),
    /// It had been made before under the same id; the answer to that one bears this tag, and is given again.
    Repeated(RequestTag),
}

/// A market that runs, with its journal.
///
/// Whoever drives it does four things again and again: passes requests in ([`LiveMarket::request`]), lets
/// time pass ([`LiveMarket::advance`]), appends to the journal's file what there is to append and syncs it
/// ([`LiveMarket::take_appended`], [`LiveMarket::synced`]), and shows what may be shown
/// ([`LiveMarket::next_output`]). Nothing is shown before all that it follows from is synced.
#[derive(Debug)]
pub struct LiveMarket {
    pub(super) market: Market,
    pub(super) pacing: Pacing,
    pub(super) pacer: Pacer,
    pub(super) journal: Rc<RefCell<Journal>>,
    facts: Rc<RefCell<Vec<Output>>>,
    pub(super) held: Held,
    pub(super) clients: ClientOrders,
    pub(super) sending: Sending,
    pub(super) canceling: Canceling,
    pub(super) next_tag: u64,
    /// Up to when the journal says that the market was stepped.
    pub(super) covered: SimTime,
    pub(super) is_settled: bool,
    pub(super) outage: Outage,
    /// Up to when what happened was last known to be on disk.
    durable_to: SimTime,
    /// What it leaves, once it has settled.
    left: Option<Vec<u8>>,
}

impl LiveMarket {
    /// Opens a market, with a segment that has been begun for it.
    ///
    /// # Errors
    /// [`LiveError`] if it cannot be opened.
    pub fn begin(laid_out: LaidOut, segment: SegmentWriter, start: Start) -> Result<Self, LiveError> {
        let mut live = Self::open(laid_out, start)?;
        live.journal.borrow_mut().segment = Some(segment);
        live.collect()?;
        Ok(live)
    }

    pub(super) fn open(laid_out: LaidOut, start: Start) -> Result<Self, LiveError> {
        let Start { pacing, wall } = start;
        let LaidOut { mut builder, left } = laid_out;
        let outage = if left.is_some() { Outage::None } else { Outage::NeverInStep };
        let (closing, next_tag, remembered, pace) = match left {
            Some(LiveState { market, next_tag, remembered, pace }) => {
                (Some(market), next_tag, remembered, pace)
            }
            None => (None, 0, Vec::new(), LeftPace::default()),
        };
        let journal = Rc::new(RefCell::new(Journal::default()));
        let facts = Rc::new(RefCell::new(Vec::new()));
        builder.journal(Requests(Rc::clone(&journal)));
        builder.sink(Box::new(Facts(Rc::clone(&facts))));
        let mut market = open_market(builder, closing)?;
        market.start();
        let now = market.world().now();
        let mut clients = ClientOrders::default();
        clients.recall(remembered, &market);
        let mut live = Self {
            market,
            pacing,
            pacer: Pacer::new(wall, now, pacing.clock.speed(), pacing.step_max),
            journal,
            facts,
            held: Held::default(),
            clients,
            sending: Sending::default(),
            canceling: Canceling::default(),
            next_tag,
            covered: now,
            is_settled: false,
            outage,
            durable_to: now,
            left: None,
        };
        pace.apply(wall, &mut live.pacer, pacing.clock.speed());
        live.keep_step(wall);
        let named = live.clients.open_orders(&live.market).into_iter();
        live.hold(named.map(|(owner, order, client)| Output::Named { owner, order, client }));
        Ok(live)
    }

    /// Makes virtual time go on from here at wall time `wall`, or be the wall clock where it is that.
    pub(super) fn keep_step(&mut self, wall: Duration) {
        match self.pacing.clock {
            Clock::Wall { .. } if !self.pacer.is_paused() => {
                // A clock that was set back meanwhile cannot take the market back: it goes on from here.
                let now = self.market.world().now();
                self.pacer.rebase(wall_of(now).min(wall), now);
            }
            _ => self.pacer.rebase(wall, self.market.world().now()),
        }
    }

    /// Takes a request in at wall time `wall`. It is in the journal when this returns, and its answer, with
    /// the tag that is returned, is among the outputs once the market has been stepped.
    ///
    /// A request with the id and content of one that was taken before is not taken again: the first one's
    /// answer is among the outputs, as [`Output::Again`] if it had been given.
    ///
    /// # Errors
    /// [`NotTaken`] if the day is over, the market paused, the request names no participant, does not fit
    /// into the journal, or has the id of another; nothing was done then.
    pub fn request(
        &mut self,
        wall: Duration,
        kind: RequestKind,
        client: Option<ClientOrderId>,
    ) -> Result<Taken, NotTaken> {
        let owned = owner_of(&kind).zip(client);
        if let Some((owner, id)) = &owned {
            match self.clients.look_up(*owner, id, &kind) {
                Lookup::Free => {}
                Lookup::Other => return Err(NotTaken::IdInUse(id.clone())),
                Lookup::Same(known) => {
                    let (tag, answer) = (known.tag, known.answer.clone());
                    self.hold(answer.map(Output::Again));
                    return Ok(Taken::Repeated(tag));
                }
            }
        }
        if self.pacer.is_paused() && !is_cancel(&kind) {
            return Err(NotTaken::Paused);
        }
        let tag = RequestTag::new(self.next_tag);
        let stamp = self.time_at(wall);
        let content = owned.as_ref().map(|_| kind.clone());
        if self.pacer.is_paused() {
            self.canceling.took(&kind, stamp);
        }
        let asked = Asked::of(&kind, owned.as_ref().map(|(_, id)| id));
        self.journal.borrow_mut().client = owned.as_ref().map(|(_, id)| id.clone());
        let taken = self.market.request(stamp, Request { tag: Some(tag), kind });
        self.journal.borrow_mut().client = None;
        taken?;
        self.next_tag += 1;
        self.covered = self.covered.max(stamp);
        if let Some(asked) = asked {
            self.sending.took(tag, asked);
        }
        if let Some(((owner, id), kind)) = owned.zip(content) {
            self.clients.took(owner, id, &kind, tag);
        }
        Ok(Taken::New(tag))
    }

    /// Changes at wall time `wall` how the market keeps in step with the wall clock. It is in the journal
    /// when this returns.
    ///
    /// # Errors
    /// [`ControlError`] if the clock is the wall clock and a speed is asked for, or the market cannot go on.
    pub fn control(&mut self, wall: Duration, control: Control) -> Result<(), ControlError> {
        if matches!((control, self.pacing.clock), (Control::Speed(_), Clock::Wall { .. })) {
            return Err(ControlError::WallClock);
        }
        self.change_pace(wall, PaceChange::Operator(control))?;
        Ok(())
    }

    /// Changes how the market keeps in step, and writes it down.
    pub(super) fn change_pace(&mut self, wall: Duration, change: PaceChange) -> Result<(), LiveError> {
        // What is due now has happened before, as it will have for a market that is rebuilt.
        self.step_to(self.market.world().now())?;
        self.collect()?;
        let progress = self.progress();
        self.journal.borrow_mut().push(&Record::Pace { progress, change })?;
        self.changed_pace(wall, progress, change);
        Ok(())
    }

    /// Carries out a change of pace.
    pub(super) fn changed_pace(&mut self, wall: Duration, progress: Progress, change: PaceChange) {
        self.covered = self.covered.max(progress.at);
        match change {
            PaceChange::Operator(Control::Pause) => self.pacer.pause(wall),
            PaceChange::Operator(Control::Resume) => {
                self.canceling.clear();
                self.pacer.resume(wall);
                self.keep_step(wall);
            }
            PaceChange::Operator(Control::Speed(speed)) => self.pacer.set_speed(wall, speed),
            PaceChange::InStep | PaceChange::OutageEnded => self.outage = Outage::None,
            PaceChange::OutageBegan => self.outage = Outage::Halted { is_sent: false },
        }
        self.hold([Output::Pace { at: progress.at, change }]);
    }

    /// Steps the market to where it should be at wall time `wall`, or as far as it goes at once. Returns how
    /// long to sleep then, unless a request comes; nothing where only a request can change anything.
    ///
    /// # Errors
    /// [`LiveError`] if the market cannot go on.
    pub fn advance(&mut self, wall: Duration) -> Result<Option<Duration>, LiveError> {
        self.look_for_outage(wall)?;
        let world = self.market.world();
        let pace = self.pacer.pace(wall, world.now(), world.next_event());
        self.step_to(pace.step_to)?;
        self.collect()?;
        if pace.behind.is_zero() {
            self.caught_up(wall)?;
            if self.carry_cancels_out(wall)? {
                return Ok(Some(Duration::ZERO));
            }
        }
        Ok(pace.sleep)
    }

    /// Steps the market to a virtual time, whatever the wall clock says; of what happens nothing is shown.
    ///
    /// # Errors
    /// [`LiveError`] if the market cannot go on.
    pub fn reach(&mut self, time: SimTime) -> Result<(), LiveError> {
        self.step_to(time)
    }

    /// Returns the virtual time that the next [`LiveMarket::advance`] steps to at most.
    #[must_use]
    pub fn target(&self, wall: Duration) -> SimTime {
        let world = self.market.world();
        self.pacer.pace(wall, world.now(), world.next_event()).step_to
    }

    /// Returns how far virtual time is behind where it should be at wall time `wall`.
    #[must_use]
    pub fn behind(&self, wall: Duration) -> SimDuration {
        let behind = self.time_at(wall) - self.market.world().now();
        behind.max(SimDuration::ZERO)
    }

    /// Sees to it that the journal says how far the market has come, although nothing was shown.
    ///
    /// # Errors
    /// [`LiveError`] if the journal does not take it.
    pub fn note_clock(&mut self) -> Result<(), LiveError> {
        let progress = self.progress();
        if progress.at > self.covered && !self.is_settled {
            self.journal.borrow_mut().push(&Record::Clock(progress))?;
            self.covered = progress.at;
        }
        Ok(())
    }

    /// Returns whether the day is over, so that it can be settled.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.market.world().now() >= self.market.close()
    }

    /// Returns whether the accounts were settled: no request is taken since.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        self.is_settled
    }

    /// Returns whether virtual time is that of the wall clock.
    #[must_use]
    pub const fn is_on_wall_clock(&self) -> bool {
        matches!(self.pacing.clock, Clock::Wall { .. })
    }

    /// Returns whether all is shown at once, whether it is on disk or not.
    #[must_use]
    pub fn is_relaxed(&self) -> bool {
        self.pacing.durability == Durability::Relaxed
    }

    /// Returns whether virtual time stands still.
    #[must_use]
    pub const fn is_paused(&self) -> bool {
        self.pacer.is_paused()
    }

    /// Returns how fast virtual time runs.
    #[must_use]
    pub const fn speed(&self) -> Speed {
        self.pacer.speed()
    }

    /// Settles the market where it stands, at the end of its day or before: the last of its records. A second
    /// time nothing happens.
    ///
    /// # Errors
    /// [`LiveError`] if something is not conserved.
    pub fn settle(&mut self) -> Result<(), LiveError> {
        if self.is_settled {
            return Ok(());
        }
        // A request may be stamped ahead of the market.
        self.step_to(self.covered)?;
        self.settle_market()?;
        let at = self.market.world().now();
        let pace = LeftPace::of(&self.pacer, self.pacing.clock.speed());
        let left = LiveState::of(&self.market, &self.clients, self.next_tag, pace);
        let bytes = left.as_ref().map_or_else(Vec::new, LiveState::to_bytes);
        {
            let mut journal = self.journal.borrow_mut();
            for part in bytes.chunks(LEFT_PART_MAX) {
                journal.push(&Record::Left(part.to_vec()))?;
            }
            journal.push(&Record::Settled { at, digest: *self.market.digest().bytes() })?;
        }
        self.left = Some(bytes);
        self.collect()
    }

    /// Returns what a market that has settled leaves to the next, as [`LiveState::from_bytes`] reads it.
    #[must_use]
    pub fn left(&self) -> Option<&[u8]> {
        self.left.as_deref()
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
        let is_relaxed = self.pacing.durability == Durability::Relaxed;
        self.held.next(|place| is_relaxed || segment.is_none_or(|segment| segment.is_synced(place)))
    }

    /// Returns up to when the market's journal, and so what happened in it, is on disk.
    pub fn durable_to(&mut self) -> SimTime {
        let is_whole = {
            let journal = self.journal.borrow();
            journal.segment.as_ref().is_none_or(|segment| segment.is_synced(segment.end()))
        };
        if is_whole || self.pacing.durability == Durability::Relaxed {
            self.durable_to = self.covered.min(self.market.world().now());
        }
        self.durable_to
    }

    /// Takes the next output of a market whose journal is only read, whether it is on disk or not.
    pub fn settled_output(&mut self) -> Option<Output> {
        self.held.next(|_| true)
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

    /// Returns how many records the journal has: the number of the next one.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.journal.borrow().records
    }

    /// Returns what a participant asked for under an id: the tag of the request, and its answer if it has
    /// been given. It may not be on disk yet.
    #[must_use]
    pub fn known(&self, owner: ActorId, id: &ClientOrderId) -> Option<(RequestTag, Option<&Answer>)> {
        self.clients.get(owner, id).map(|known| (known.tag, known.answer.as_ref()))
    }

    /// Returns the id that the owner of an order gave it, if it is one of today, or is remembered.
    #[must_use]
    pub fn client_of(&self, order: OrderId) -> Option<&ClientOrderId> {
        self.clients.of_order(order)
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

    fn progress(&self) -> Progress {
        let world = self.market.world();
        Progress { at: world.now(), events: world.events() }
    }

    pub(super) fn step_to(&mut self, time: SimTime) -> Result<(), LiveError> {
        while self.market.step(time, u64::MAX)? == StepEnd::Budget {}
        Ok(())
    }

    pub(super) fn settle_market(&mut self) -> Result<(), LiveError> {
        self.is_settled = true;
        Ok(self.market.settle()?)
    }

    /// Holds what has happened, and sees to it that the journal says how far the market has come.
    pub(super) fn collect(&mut self) -> Result<(), LiveError> {
        let outputs = self.take_outputs();
        if outputs.is_empty() {
            return Ok(());
        }
        // A market that is rebuilt is stepped to the last stamp of a request without being told.
        self.note_clock()?;
        self.hold(outputs);
        Ok(())
    }

    /// Holds outputs until all that is in the journal is synced.
    pub(super) fn hold(&mut self, outputs: impl IntoIterator<Item = Output>) {
        self.held.push(self.journal.borrow().end(), outputs);
    }

    /// Takes facts and answers, in the order in which they were written.
    pub(super) fn take_outputs(&mut self) -> Vec<Output> {
        let facts = std::mem::take(&mut *self.facts.borrow_mut());
        let mut answers = self.market.take_answers().inspect(|it| self.clients.answered(it)).peekable();
        let sending = &mut self.sending;
        let mut outputs = Vec::with_capacity(facts.len());
        for output in facts {
            if let Output::Fact { sequence, ref fact, .. } = output {
                while let Some(answer) = answers.next_if(|answer| answer.facts <= sequence) {
                    outputs.extend(sending.answered(&answer).map(Output::Sent));
                    outputs.push(Output::Answer(answer));
                }
                let refused = sending.refused((sequence, fact), answers.peek());
                outputs.extend(refused.map(|it| Output::Refused(Box::new(it))));
            }
            outputs.push(output);
        }
        for answer in answers {
            outputs.extend(sending.answered(&answer).map(Output::Sent));
            outputs.push(Output::Answer(answer));
        }
        outputs
    }
}

/// Returns the wall time that a virtual time is where both are the same; before 1970 there is none.
fn wall_of(time: SimTime) -> Duration {
    Duration::from_nanos(u64::try_from(time.nanos()).unwrap_or(0))
}
