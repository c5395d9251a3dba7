//! [`MarketThread`]: the loop that drives a market.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use bearpit_core::kernel::RequestTag;
use bearpit_core::participant::RequestKind;
use bearpit_core::units::{ActorId, InstrumentId, ListingId};
use tokio::sync::oneshot;

use super::SettledHook;
use super::audience::Audience;
use super::clock::{WallClock, instant};
use super::days::{Days, DriveError, Next, OpenDay, Panic};
use super::handle::{Ask, Refused, ToMarket, What};
use super::listing_name::ListingName;
use super::look::{Look, Looks, Seen};
use super::metrics::Metrics;
use super::status::{DayStatus, MarketStatus, SharedStatus, Stage, Unavailable};
use super::sync_thread::{DiskReport, DiskTrouble, SyncThread};
use crate::live::{Control, ControlError, NotTaken, Taken, is_cancel};

/// How many messages are taken between two steps.
const MESSAGES_PER_STEP: usize = 4_096;

/// How long the thread sleeps at most: the journal says as often how far the market has come.
const SLEEP_MAX: Duration = Duration::from_secs(1);

/// How many outputs may wait for a disk that fails before virtual time waits too.
const OUTPUTS_MAX: usize = 1_000_000;

/// How far the system's clock may be from the market's before somebody must have set it.
const OFFSET_MAX: Duration = Duration::from_secs(1);

/// How long the system's clock must have been ahead before the market follows it: somebody may correct it.
const FOLLOW_AFTER: Duration = Duration::from_secs(60);

/// How often the status is renewed while nothing else changes.
const STATUS_EVERY: Duration = Duration::from_millis(100);

/// How long a stop waits for a disk that fails.
const STOP_WAIT: Duration = Duration::from_secs(10);

/// Drives markets, one day after the other, until it is told to stop.
pub(super) struct MarketThread {
    pub(super) messages: Receiver<ToMarket>,
    pub(super) clock: Box<dyn WallClock>,
    pub(super) days: Days,
    pub(super) sync: SyncThread,
    pub(super) audience: Audience,
    pub(super) settled: SettledHook,
    pub(super) status: SharedStatus,
    pub(super) metrics: Metrics,
    pub(super) desk: Desk,
}

/// What is kept between two passes of the loop.
#[derive(Debug, Default)]
pub(super) struct Desk {
    /// The seats that have been looked up.
    seats: HashMap<Arc<str>, ActorId>,
    /// What was looked at and is not told yet.
    looks: Looks,
    /// The number of the segment's file within this process.
    file: u64,
    /// Up to where it is on disk.
    synced: u64,
    disk: Option<DiskTrouble>,
    is_stopping: bool,
    /// When the status was renewed.
    told: Option<Instant>,
    /// How many events had been delivered when that was counted.
    events: u64,
    /// When the journal was last seen to say how far the market has come.
    noted: Option<Instant>,
    /// When a disk in trouble was last tried.
    probed: Option<Instant>,
    /// Since when the system's clock differs from the market's.
    off_since: Option<Duration>,
    /// What an operator changed while no market was open: it is done once the next is.
    controls: Vec<(Control, ControlReply)>,
}

/// Where an operator's change is answered.
type ControlReply = oneshot::Sender<Result<(), ControlError>>;

/// How the driving of a day ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    DayOver,
    Stopped,
}

impl MarketThread {
    /// Drives until it is told to stop, or cannot go on.
    pub(super) fn run(mut self) {
        let end = catch_unwind(AssertUnwindSafe(|| self.drive()));
        let stage = match end {
            Ok(Ok(())) => Stage::Stopped,
            Err(payload) => Stage::Failed(format!("it panicked: {}", message_of(payload.as_ref()))),
            Ok(Err(error)) => {
                tracing::error!(%error, "the market has stopped");
                Stage::Failed(error.to_string())
            }
        };
        self.status.change(|status| status.stage = stage);
        // What has come and was not taken was not done.
        while let Ok(message) = self.messages.try_recv() {
            self.take(None, message);
        }
        for (_, reply) in self.desk.controls.drain(..) {
            reply.send(Err(ControlError::NotOpen)).unwrap_or_default();
        }
        // Whoever waits is told by the end of the channel that the outcome is not known.
    }

    fn drive(&mut self) -> Result<(), DriveError> {
        loop {
            self.status.change(|status| status.stage = Stage::Opening);
            let wall = self.clock.now();
            self.desk.seats.clear();
            self.desk.looks.clear();
            self.desk.events = 0;
            let next = self.days.next(wall, &mut self.audience)?;
            match next {
                Next::Open(mut day, file) => {
                    self.desk.file += 1;
                    self.desk.synced = file.synced();
                    self.sync.file(self.desk.file, file);
                    let name = &day.segment.header.day_name;
                    tracing::info!(day = %name, path = %day.segment.path.display(), "the market is open");
                    if self.trade(&mut day)? == End::Stopped {
                        return Ok(());
                    }
                    self.days.ended(*day);
                }
                Next::Wait(day) => {
                    let opens_at = day.opens_at.unwrap_or(wall);
                    if self.wait_for_day(opens_at) == End::Stopped {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Drives a market until its day is over and on disk, or it is told to stop.
    fn trade(&mut self, day: &mut OpenDay) -> Result<End, DriveError> {
        self.sync.probe();
        loop {
            for (control, reply) in std::mem::take(&mut self.desk.controls) {
                reply.send(day.live.control(self.clock.now(), control)).unwrap_or_default();
            }
            self.look_at_clock(day.live.is_on_wall_clock());
            let sleep = self.pass(day)?;
            if day.live.is_over() || self.desk.is_stopping {
                return self.close(day);
            }
            match self.messages.recv_timeout(sleep.unwrap_or(SLEEP_MAX).min(SLEEP_MAX)) {
                Ok(message) => self.take(Some(day), message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => self.desk.is_stopping = true,
            }
        }
    }

    /// Takes what came, steps, writes and shows. Returns how long to sleep.
    fn pass(&mut self, day: &mut OpenDay) -> Result<Option<Duration>, DriveError> {
        for _ in 0..MESSAGES_PER_STEP {
            let Ok(message) = self.messages.try_recv() else { break };
            self.take(Some(day), message);
        }
        let wall = self.clock.now();
        let sleep = if day.live.waiting() < OUTPUTS_MAX { self.step(day, wall)? } else { Some(SLEEP_MAX) };
        self.write(day)?;
        self.show(day);
        self.tell(day, wall);
        Ok(sleep)
    }

    /// Steps the market. If it panics it is rebuilt without the request that made it.
    fn step(&mut self, day: &mut OpenDay, wall: Duration) -> Result<Option<Duration>, DriveError> {
        let until = day.live.target(wall);
        let step = || {
            let sleep = day.live.advance(wall)?;
            Ok(sleep)
        };
        match catch_unwind(AssertUnwindSafe(step)) {
            Ok(sleep) => sleep,
            Err(payload) => {
                let panic = Panic { until, message: message_of(payload.as_ref()) };
                tracing::error!(until = %panic.until, message = %panic.message, "the market panicked");
                self.rebuild(day, &panic, wall)?;
                Ok(Some(Duration::ZERO))
            }
        }
    }

    fn rebuild(&mut self, day: &mut OpenDay, panic: &Panic, wall: Duration) -> Result<(), DriveError> {
        self.status.change(|status| status.stage = Stage::Opening);
        // How far it has come is not noted: it stands in the middle of an event.
        self.append(day);
        self.await_disk(day, None);
        let (live, voided) = self.days.rebuild_without_culprit(day, panic, wall, &mut self.audience)?;
        day.live = live;
        self.desk.events = 0;
        match voided {
            Some(record) => {
                self.metrics.voided.inc();
                tracing::error!(record, "the market was rebuilt without a request");
            }
            None => tracing::warn!("the market was rebuilt, and did not panic again"),
        }
        Ok(())
    }

    /// Closes the books of a market: all of it is on disk when this returns, unless the disk fails while it
    /// is told to stop.
    fn close(&mut self, day: &mut OpenDay) -> Result<End, DriveError> {
        let end = if day.live.is_over() { End::DayOver } else { End::Stopped };
        if end == End::Stopped {
            self.status.change(|status| status.stage = Stage::Stopping);
        }
        day.live.settle()?;
        self.write(day)?;
        let is_safe = self.await_disk(day, (end == End::Stopped).then_some(STOP_WAIT));
        self.show(day);
        self.audience.end(day.live.left().filter(|_| is_safe));
        if is_safe {
            (self.settled)(&day.segment.path);
        } else {
            tracing::error!("the end of the day is not on disk: the next start rebuilds the market instead");
        }
        tracing::info!(day = %day.segment.header.day_name, digest = %day.live.market().digest(), "the market is closed");
        Ok(if self.desk.is_stopping { End::Stopped } else { end })
    }

    /// Waits until all that was appended is on disk, for as long as is allowed; whoever asks something
    /// meanwhile is refused. Returns whether it is.
    fn await_disk(&mut self, day: &mut OpenDay, most: Option<Duration>) -> bool {
        let began = instant();
        while self.desk.synced < day.live.journal_end() {
            if most.is_some_and(|most| began.elapsed() > most) {
                return false;
            }
            if let Ok(message) = self.messages.recv_timeout(SLEEP_MAX) {
                self.take(None, message);
            }
        }
        day.live.synced(self.desk.synced);
        true
    }

    /// Waits for a day to begin.
    fn wait_for_day(&mut self, opens_at: Duration) -> End {
        self.status.change(|status| status.stage = Stage::BetweenDays { opens_at });
        loop {
            // Nothing has happened yet that time could contradict.
            self.clock.adopt_system();
            let now = self.clock.now();
            if self.desk.is_stopping {
                return End::Stopped;
            }
            if now >= opens_at {
                return End::DayOver;
            }
            match self.messages.recv_timeout((opens_at - now).min(SLEEP_MAX)) {
                Ok(message) => self.take(None, message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return End::Stopped,
            }
        }
    }

    /// Takes a message; without an open day whoever asks is refused.
    fn take(&mut self, day: Option<&mut OpenDay>, message: ToMarket) {
        match message {
            ToMarket::Disk(report) => return self.take_report(day, report),
            ToMarket::Stop => {
                self.desk.is_stopping = true;
                return;
            }
            ToMarket::Ask { ask, mut reply } => match self.ask(day, ask) {
                Ok(tag) => {
                    reply.trace.taken(tag);
                    self.audience.await_answer(tag, reply);
                }
                Err(refused) => {
                    self.metrics.refused.inc();
                    // Who asked may have gone.
                    reply.reply.send(Err(refused)).unwrap_or_default();
                }
            },
            ToMarket::Look { seat, look, reply } => self.look(day, &seat, &look, reply),
            ToMarket::Control { control, reply } => match day {
                Some(day) => reply.send(day.live.control(self.clock.now(), control)).unwrap_or_default(),
                // The next day opens at once, or there is none for now.
                None if self.is_turning() => self.desk.controls.push((control, reply)),
                None => reply.send(Err(ControlError::NotOpen)).unwrap_or_default(),
            },
        }
        self.metrics.queue.dec();
    }

    /// Returns whether one day has ended and the next is about to open.
    fn is_turning(&self) -> bool {
        !self.desk.is_stopping && matches!(self.status.get().stage, Stage::Open | Stage::Opening)
    }

    /// Returns why nothing is taken while no day is open.
    fn closed(&self) -> Unavailable {
        let turning = if self.desk.is_stopping { Unavailable::Stopped } else { Unavailable::BetweenDays };
        // Of a day that is being closed the status still says that it is open.
        self.status.get().unavailable().filter(|why| *why != Unavailable::Paused).unwrap_or(turning)
    }

    fn look(
        &mut self,
        day: Option<&mut OpenDay>,
        seat: &Arc<str>,
        look: &Look,
        reply: oneshot::Sender<Result<Seen, Refused>>,
    ) {
        match self.see(day, seat, look) {
            Ok((place, seen)) => self.desk.looks.hold(place, seen, reply),
            // Who asked may have gone.
            Err(refused) => reply.send(Err(refused)).unwrap_or_default(),
        }
    }

    /// Looks at something; returns up to where the journal must be synced before it is told.
    fn see(
        &mut self,
        day: Option<&mut OpenDay>,
        seat: &Arc<str>,
        look: &Look,
    ) -> Result<(u64, Seen), Refused> {
        let day = day.ok_or_else(|| self.closed())?;
        if let Some(trouble) = &self.desk.disk {
            return Err(Unavailable::Disk(trouble.clone()).into());
        }
        let owner = self.seat(day, seat).ok_or_else(|| Refused::NoSuchSeat(Arc::clone(seat)))?;
        // What is seen may have followed from no request: whoever rebuilds the market comes as far.
        day.live.note_clock().map_err(|error| Unavailable::Failed(error.to_string()))?;
        let seen = look.at(&day.live, seat, owner)?;
        Ok((day.live.journal_end(), seen))
    }

    fn ask(&mut self, day: Option<&mut OpenDay>, ask: Ask) -> Result<RequestTag, Refused> {
        let day = day.ok_or_else(|| self.closed())?;
        if !day.live.has_been_in_step() {
            return Err(Unavailable::Opening.into());
        }
        let seat = self.seat(day, &ask.seat);
        let known = seat.ok_or_else(|| Refused::NoSuchSeat(Arc::clone(&ask.seat)));
        let kind = match ask.what {
            What::Instruct(instruction) => RequestKind::Instruct { participant: known?, instruction },
            What::Fund(funding) => RequestKind::Fund { participant: known?, funding },
            What::Join { spec, config } => {
                RequestKind::Join { name: ask.seat.to_string(), spec, config: *config }
            }
            What::Transfer { to, funding } => {
                let found = self.seat(day, &to).ok_or(Refused::NoSuchSeat(to))?;
                RequestKind::Transfer { from: known?, to: found, funding }
            }
            What::Reseat(spec) => RequestKind::Reseat { participant: known?, spec },
            What::Block(reason) => RequestKind::Block { participant: known?, reason },
            What::Unblock => RequestKind::Unblock { participant: known? },
            What::Limit(limits) => RequestKind::Limit { participant: known?, limits },
            What::Identify(person) => RequestKind::Identify { participant: known?, person },
            What::Halt { listing } => RequestKind::Halt { listing: find(day, listing)? },
            What::Reopen { listing, auction } => {
                RequestKind::Reopen { listing: find(day, listing)?, auction }
            }
            What::Quote { symbol, quote, is_forced } => {
                let instrument = instrument(day, &symbol).ok_or(Refused::NoSuchInstrument(symbol))?;
                RequestKind::Quote { instrument, quote, is_forced }
            }
        };
        match &self.desk.disk {
            Some(DiskTrouble::Full) if is_cancel(&kind) => {}
            Some(trouble) => return Err(Unavailable::Disk(trouble.clone()).into()),
            None => {}
        }
        let taken = day.live.request(self.clock.now(), kind, ask.client).map_err(|error| match error {
            NotTaken::Paused => Unavailable::Paused.into(),
            error => Refused::from(error),
        })?;
        self.metrics.requests.inc();
        Ok(match taken {
            Taken::New(tag) | Taken::Repeated(tag) => tag,
        })
    }

    /// Returns who sits at a seat.
    fn seat(&mut self, day: &OpenDay, name: &Arc<str>) -> Option<ActorId> {
        if let Some(seat) = self.desk.seats.get(name) {
            return Some(*seat);
        }
        let market = day.live.market();
        let participants = market.participants();
        if participants.len() > self.desk.seats.len() {
            let seats = participants.iter().map(|it| (Arc::from(it.name.as_str()), it.id));
            self.desk.seats = seats.collect();
        }
        self.desk.seats.get(name).copied()
    }

    fn take_report(&mut self, day: Option<&mut OpenDay>, report: DiskReport) {
        if report.file != self.desk.file {
            return;
        }
        self.metrics.sync.observe(report.took.as_secs_f64());
        self.desk.synced = report.length;
        if let Some(day) = day {
            day.live.synced(report.length);
        }
        if report.trouble != self.desk.disk {
            match &report.trouble {
                Some(trouble) => tracing::error!(%trouble, "the journal's disk is in trouble"),
                None => tracing::info!("the journal's disk is well again"),
            }
        }
        if matches!(report.trouble, Some(DiskTrouble::Failing(_))) {
            self.metrics.sync_failures.inc();
        }
        if let Some(trouble) = &report.trouble {
            self.desk.looks.refuse(&trouble.clone().into());
        }
        self.desk.disk = report.trouble;
    }

    /// Appends to the journal what there is to append, at least once a second.
    fn write(&mut self, day: &mut OpenDay) -> Result<(), DriveError> {
        if self.desk.noted.is_none_or(|noted| noted.elapsed() >= SLEEP_MAX) {
            day.live.note_clock()?;
            self.desk.noted = Some(instant());
        }
        self.append(day);
        Ok(())
    }

    /// Appends to the journal what there is to append; if there is nothing, a disk in trouble is tried.
    fn append(&mut self, day: &mut OpenDay) {
        let bytes = day.live.take_appended();
        if !bytes.is_empty() {
            self.sync.append(bytes);
            self.audience.appended();
        } else if self.desk.disk.is_some() && self.desk.probed.is_none_or(|it| it.elapsed() >= SLEEP_MAX) {
            self.sync.probe();
            self.desk.probed = Some(instant());
        }
    }

    /// Shows what is on disk.
    fn show(&mut self, day: &mut OpenDay) {
        while let Some(output) = day.live.next_output() {
            self.audience.show(&output);
        }
        let synced = self.desk.synced;
        let is_relaxed = day.live.is_relaxed();
        self.desk.looks.tell(|place| is_relaxed || place <= synced);
        self.audience.flush(day.live.durable_to());
    }

    /// Renews the status and what is measured.
    fn tell(&mut self, day: &OpenDay, wall: Duration) {
        let stage = if day.live.has_been_in_step() { Stage::Open } else { Stage::Opening };
        let is_new = self.status.get().stage != stage || self.status.get().disk != self.desk.disk;
        if !is_new && self.desk.told.is_some_and(|told| told.elapsed() < STATUS_EVERY) {
            return;
        }
        self.desk.told = Some(instant());
        let market = day.live.market();
        let status = DayStatus {
            number: day.segment.header.day,
            name: day.segment.header.day_name.clone(),
            now: market.world().now(),
            close: market.close(),
            speed: day.live.speed(),
            is_paused: day.live.is_paused(),
            behind: day.live.behind(wall),
            is_in_outage: day.live.is_in_outage(),
            events: market.world().events(),
        };
        let metrics = &self.metrics;
        metrics.lag.set(status.behind.secs_f64());
        metrics.outputs.set(i64::try_from(day.live.waiting()).unwrap_or(i64::MAX));
        metrics.journal.set(i64::try_from(day.live.journal_end()).unwrap_or(i64::MAX));
        metrics.events.inc_by(status.events.saturating_sub(self.desk.events));
        metrics.day.set(i64::from(status.number));
        self.desk.events = status.events;
        let disk = self.desk.disk.clone();
        self.status.set(MarketStatus { stage, disk, day: Some(status) });
    }

    /// Compares the market's clock with the system's. If that is ahead for long, as after the machine was
    /// suspended, a market on the wall clock follows, which is an outage. Whoever sets it back does not move
    /// the market: it goes on at its pace, as one with a clock of its own does in any case.
    fn look_at_clock(&mut self, may_follow: bool) {
        let (own, system) = (self.clock.now(), self.clock.system());
        let (ahead, behind) = (system.saturating_sub(own), own.saturating_sub(system));
        self.metrics.clock_offset.set(ahead.as_secs_f64() - behind.as_secs_f64());
        let is_off = ahead.max(behind) > OFFSET_MAX;
        let seconds = ahead.as_secs_f64() - behind.as_secs_f64();
        match self.desk.off_since {
            None if is_off => {
                self.desk.off_since = Some(own);
                tracing::warn!(seconds, "the clock of the system differs from the market's");
            }
            Some(since) if may_follow && ahead > OFFSET_MAX && own.saturating_sub(since) > FOLLOW_AFTER => {
                self.clock.adopt_system();
                self.desk.off_since = None;
                tracing::warn!(seconds, "the market follows the clock of the system");
            }
            Some(_) if !is_off => self.desk.off_since = None,
            _ => {}
        }
    }
}

/// Returns what a panic said.
fn message_of(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// Returns the instrument of a symbol.
fn instrument(day: &OpenDay, symbol: &str) -> Option<InstrumentId> {
    let state = day.live.market().world().domain();
    let mut known = (0..).map(InstrumentId::new).zip(state.instruments());
    known.find(|(_, it)| it.symbol() == symbol).map(|(id, _)| id)
}

/// Returns the listing that is named, if any is.
fn find(day: &OpenDay, listing: Option<ListingName>) -> Result<Option<ListingId>, Refused> {
    let market = day.live.market().world().domain();
    let found = |name: ListingName| name.find(market).ok_or(Refused::NoSuchListing(name));
    listing.map(found).transpose()
}
