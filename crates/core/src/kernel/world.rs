//! [`World`]: owns the actors and the clock, and delivers events in order.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::sync::Arc;
use std::{fmt, mem};

use actix::{ActorState, Running};

use super::actor::SimActor;
use super::context::SimContext;
use super::domain::{Admission, Arrival, Domain};
use super::error::{ExchangeError, InjectError, ReplayError, WorldFault};
use super::instant_watch::InstantWatch;
use super::join::{AddError, Join, JoinRefusal, Reseat, is_fit_name};
use super::journal::Injected;
use super::moment::Moment;
use super::outside::Outside;
use crate::units::{ActorId, Seed, SimTime};

/// Why [`World::step`] returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepEnd {
    /// All events up to the requested time have been delivered, and the clock stands there.
    Reached,
    /// The number of events allowed has been delivered; more are due.
    Budget,
}

/// A world of actors over one clock and one queue.
///
/// ```
/// use actix::{Actor, Handler};
/// use bearpit_core::kernel::{StepEnd, Wakeup};
/// use bearpit_core::market::{ExecutionReport, Tape};
/// use bearpit_core::participant::{
///     Context, MarketConfig, MarketData, MarketState, MarketWorld, Role, Trader,
/// };
/// use bearpit_core::units::{Seed, SimDuration, SimTime};
///
/// /// Wakes each second.
/// struct Metronome;
///
/// impl Actor for Metronome {
///     type Context = Context;
///
///     fn started(&mut self, ctx: &mut Context) {
///         ctx.wake_after(SimDuration::from_secs(1), 0);
///     }
/// }
///
/// impl Handler<Wakeup> for Metronome {
///     type Result = ();
///
///     fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
///         ctx.wake_after(SimDuration::from_secs(1), 0);
///     }
/// }
///
/// bearpit_core::ignore_messages!(Metronome: ExecutionReport, MarketData);
///
/// let start: SimTime = "2025-03-03T09:30:00".parse()?;
/// let state = MarketState::new(MarketConfig::default(), Tape::new());
/// let mut world = MarketWorld::new(Seed::new(1), start, state);
/// world.add("metronome", &Role::House, Box::new(Trader(Metronome)))?;
/// world.start();
/// assert_eq!(world.step(start + SimDuration::from_secs(10), u64::MAX)?, StepEnd::Reached);
/// assert_eq!(world.events(), 10);
/// assert_eq!(world.next_event(), Some(start + SimDuration::from_secs(11)));
/// world.stop(|_| false)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct World<D: Domain> {
    actors: Vec<Box<dyn SimActor<D>>>,
    names: BTreeSet<Arc<str>>,
    ctx: SimContext<D>,
    events: u64,
    /// The last event delivered.
    last: Moment,
    stage: Stage,
    instant: InstantWatch,
    outside: Outside<D>,
    /// The recipients of alarms that have come near; kept to reuse its memory.
    near: Vec<ActorId>,
    /// The actors that keep something of those who send them messages.
    keepers: Vec<ActorId>,
}

/// So many actors have what they need for an event in the processor's caches, as a rule.
const CACHED_ACTORS: usize = 4_096;

/// How far a world has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    LaidOut,
    Running,
    Ended,
}

impl<D: Domain> fmt::Debug for World<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("names", &self.names)
            .field("events", &self.events)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

impl<D: Domain> World<D> {
    /// Makes a world without actors whose clock stands at `start`.
    #[must_use]
    pub fn new(seed: Seed, start: SimTime, domain: D) -> Self {
        Self::with_outside(seed, start, domain, Outside::default())
    }

    /// Makes a world that journals the requests it takes from outside, and whose actors may join later.
    #[must_use]
    pub fn with_outside(seed: Seed, start: SimTime, domain: D, outside: Outside<D>) -> Self {
        Self {
            actors: Vec::new(),
            names: BTreeSet::new(),
            ctx: SimContext::new(seed, start, domain),
            events: 0,
            last: Moment::FIRST,
            stage: Stage::LaidOut,
            instant: InstantWatch::default(),
            outside,
            near: Vec::new(),
            keepers: Vec::new(),
        }
    }

    /// Adds an actor under a unique `name`, before the start; ids are given from zero in the order of
    /// adding.
    ///
    /// # Errors
    /// [`AddError`] if the name is taken, the configuration does not fit, or the world has started.
    pub fn add(
        &mut self,
        name: &str,
        config: &D::Config,
        actor: Box<dyn SimActor<D>>,
    ) -> Result<ActorId, AddError<D::Unfit>> {
        if self.stage != Stage::LaidOut {
            return Err(AddError::Started(name.to_owned()));
        }
        self.check_name(name)?;
        self.admit(name, config, actor)
    }

    /// Starts all actors, in the order they were added; a world that has started already is left alone.
    pub fn start(&mut self) {
        if self.stage != Stage::LaidOut {
            return;
        }
        self.stage = Stage::Running;
        for (id, actor) in (0..).map(ActorId::new).zip(&mut self.actors) {
            start(id, actor.as_mut(), &mut self.ctx);
        }
    }

    /// Delivers the events due up to and including `until`, at most `budget` of them.
    ///
    /// # Errors
    /// [`WorldFault`] if an actor or the domain ended the run.
    pub fn step(&mut self, until: SimTime, budget: u64) -> Result<StepEnd, WorldFault<D::Fault>> {
        for _ in 0..budget {
            if self.ctx.queue.next_time().is_none_or(|time| time > until) {
                self.ctx.now = self.ctx.now.max(until);
                self.last = self.last.max(Moment::end_of(until));
                return self.catch_up().map(|()| StepEnd::Reached);
            }
            self.deliver_next();
            self.check()?;
        }
        self.catch_up().map(|()| StepEnd::Budget)
    }

    /// Takes in a request from outside, to arrive at `stamp`: this is the only way in. The journal has it
    /// before it takes effect.
    ///
    /// A world that is fed its own journal at the same event counts gives the same digest
    /// ([`World::replay`]).
    ///
    /// # Errors
    /// [`InjectError`] if the stamp is in the past, the actor unknown, the request unfit, the world not
    /// running, or the journal full; nothing is taken then.
    pub fn inject(
        &mut self,
        stamp: SimTime,
        request: D::Request,
    ) -> Result<(), InjectError<D::RequestError>> {
        if self.stage != Stage::Running {
            return Err(InjectError::NotRunning);
        }
        if stamp < self.ctx.now {
            return Err(InjectError::Late { stamp, now: self.ctx.now });
        }
        let arrival = self.ctx.domain().route(request.clone()).map_err(InjectError::Request)?;
        if let Arrival::Message { to, .. } = &arrival
            && to.index() >= self.actors.len()
        {
            return Err(InjectError::NoSuchActor(*to));
        }
        if let Some(journal) = &mut self.outside.journal {
            journal.append(&Injected { after_events: self.events, stamp, request })?;
        }
        self.ctx.queue.push(stamp, arrival);
        Ok(())
    }

    /// Takes in a journalled request: delivers as many events as had been delivered before it, then
    /// injects it.
    ///
    /// # Errors
    /// [`ReplayError`] if this is not the world that the journal was written in, or it cannot go on.
    pub fn replay(
        &mut self,
        entry: Injected<D::Request>,
    ) -> Result<(), ReplayError<D::RequestError, D::Fault>> {
        let Injected { after_events, stamp, request } = entry;
        let delivered = self.events;
        let due = after_events.checked_sub(delivered);
        let due = due.ok_or(ReplayError::Passed { after_events, delivered })?;
        if self.step(stamp, due).map_err(ReplayError::Fault)? == StepEnd::Reached {
            return Err(ReplayError::Diverged { after_events, delivered: self.events, stamp });
        }
        self.inject(stamp, request).map_err(ReplayError::Inject)
    }

    /// Ends the world: what `settles` of the messages still on their way reaches the domain (not the
    /// actors), all others are dropped, and every actor that still runs is stopped.
    ///
    /// # Errors
    /// [`WorldFault`] if the domain or an actor finds something wrong.
    pub fn stop(&mut self, settles: impl Fn(&D::Message) -> bool) -> Result<(), WorldFault<D::Fault>> {
        self.stage = Stage::Ended;
        let settled = self.ctx.domain.catch_up(Moment::LAST);
        self.ctx.fail_on(settled);
        while let Some((_, arrival)) = self.ctx.queue.pop() {
            match arrival {
                Arrival::Message { to, message } if settles(&message) => {
                    let at = Moment::end_of(self.ctx.now);
                    let shown = self.ctx.domain.before_delivery(at, to, &message);
                    self.ctx.fail_on(shown);
                }
                Arrival::Message { to, message } => {
                    self.ctx.domain.undelivered(self.ctx.now, to, &message);
                }
                Arrival::Join(join) => self.answer_join(&join, Err(JoinRefusal::Ended)),
                Arrival::Reseat(reseat) => self.answer_reseat(&reseat, Err(JoinRefusal::Ended)),
            }
        }
        for (id, actor) in (0..).map(ActorId::new).zip(&mut self.actors) {
            end(id, actor.as_mut(), &mut self.ctx);
        }
        self.check()
    }

    /// Returns the virtual time.
    #[must_use]
    pub const fn now(&self) -> SimTime {
        self.ctx.now
    }

    /// Returns when the next event is due, if any is.
    #[must_use]
    pub fn next_event(&self) -> Option<SimTime> {
        self.ctx.queue.next_time()
    }

    /// Returns how many events have been delivered.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// Returns the name of an actor, if there is such an actor.
    #[must_use]
    pub fn name_of(&self, actor: ActorId) -> Option<&str> {
        self.ctx.names.get(actor.index()).map(|name| &**name)
    }

    /// Returns what of an actor can be read from outside, if it is of that type.
    pub(crate) fn read<T: 'static>(&self, actor: ActorId) -> Option<&T> {
        self.actors.get(actor.index())?.readable()?.downcast_ref()
    }

    /// Returns what the actors share.
    #[must_use]
    pub const fn domain(&self) -> &D {
        self.ctx.domain()
    }

    /// Returns what the actors share, to be changed between steps.
    pub(crate) const fn domain_mut(&mut self) -> &mut D {
        self.ctx.domain_mut()
    }

    /// Exchanges the context, set to an actor, for a vacant one, and back: between two steps, a test can
    /// then read the market and act as that actor does.
    ///
    /// # Errors
    /// [`ExchangeError`] if the world is journalled, or there is no such actor; nothing is exchanged then.
    pub fn exchange_context(
        &mut self,
        actor: ActorId,
        other: &mut SimContext<D>,
    ) -> Result<(), ExchangeError> {
        if self.outside.journal.is_some() {
            return Err(ExchangeError::Journalled);
        }
        if self.stage == Stage::LaidOut {
            return Err(ExchangeError::NotStarted);
        }
        if actor.index() >= self.actors.len() {
            return Err(ExchangeError::NoSuchActor(actor));
        }
        self.ctx.current = actor;
        other.current = actor;
        mem::swap(&mut self.ctx, other);
        Ok(())
    }

    fn check_name(&self, name: &str) -> Result<(), AddError<D::Unfit>> {
        if self.names.contains(name) { Err(AddError::DuplicateName(name.to_owned())) } else { Ok(()) }
    }

    /// Adds an actor whose name has been checked.
    fn admit(
        &mut self,
        name: &str,
        config: &D::Config,
        actor: Box<dyn SimActor<D>>,
    ) -> Result<ActorId, AddError<D::Unfit>> {
        let id = u32::try_from(self.actors.len()).map(ActorId::new).map_err(|_| AddError::TooManyActors)?;
        let admission = Admission { seed: self.ctx.seed(), id, name, config, interest: actor.interest() };
        let admitted = self.ctx.domain_mut().admit(&admission);
        admitted.map_err(|cause| AddError::Unfit { name: name.to_owned(), cause })?;
        self.names.insert(name.into());
        if actor.keeps_of_senders() {
            self.keepers.push(id);
        }
        self.actors.push(actor);
        self.ctx.add_slot(name);
        Ok(id)
    }

    /// Delivers the earliest event.
    ///
    /// Messages are large, so one is moved once only, from the queue to its actor: the domain reads it while
    /// it still waits, the actor is found before it is taken out, and the `match` moves it in every arm.
    fn deliver_next(&mut self) {
        let Some((moment, arrival)) = self.ctx.queue.first() else { return };
        let time = moment.time;
        debug_assert!(time >= self.ctx.now, "time runs forward");
        let answers_max = self.ctx.domain.instant_answers_max();
        let is_watched = self.instant.count_event(time > self.ctx.now, answers_max);
        self.ctx.now = time;
        self.last = moment;
        self.events += 1;
        let Arrival::Message { to, message } = arrival else { return self.take_undelivered() };
        let to = *to;
        self.ctx.current = to;
        let shown = self.ctx.domain.before_delivery(moment, to, message);
        self.ctx.fail_on(shown);
        let running = self.ctx.is_running(to);
        let Some(actor) = self.actors.get_mut(to.index()).filter(|_| running) else {
            return self.take_for_stopped(to);
        };
        if is_watched {
            return self.deliver_watched(to);
        }
        match self.ctx.queue.pop() {
            Some((_, Arrival::Message { message, .. })) => {
                actor.deliver(message, &mut self.ctx);
                settle(actor.as_mut(), &mut self.ctx);
            }
            Some((_, Arrival::Join(join))) => self.join(&join),
            Some((_, Arrival::Reseat(reseat))) => self.reseat(&reseat),
            None => {}
        }
        if self.ctx.queue.has_prefetch() && self.actors.len() > CACHED_ACTORS {
            self.fetch_ahead();
        }
    }

    /// Has the processor fetch what the recipients of the alarms that have come near need: with many actors
    /// little of it is in its caches. Misses that overlap take as long as one of them; met one by one when an
    /// alarm is due, each would take as long.
    #[cold]
    fn fetch_ahead(&mut self) {
        let (near, actors) = (&mut self.near, &self.actors);
        near.clear();
        self.ctx.queue.take_prefetch(|arrival| match arrival {
            Arrival::Message { to, message } if to.index() < actors.len() => {
                // Of a message that takes two lines, who gets it is in one, and what it is in the other.
                black_box(mem::discriminant(message));
                near.push(*to);
            }
            _ => {}
        });
        for actor in &*near {
            actors[actor.index()].fetch();
            self.ctx.slots[actor.index()].fetch();
        }
        self.ctx.domain.fetch_ahead(near);
        for keeper in &self.keepers {
            actors[keeper.index()].fetch_for(near, &self.ctx.domain);
        }
    }

    /// Delivers the earliest event, a message, and ends the run if its recipient answers without end.
    #[cold]
    fn deliver_watched(&mut self, to: ActorId) {
        let Some((_, Arrival::Message { message, .. })) = self.ctx.queue.pop() else { return };
        let kind = D::answerable(&message);
        let before = self.ctx.sent_at_once;
        let actor = self.actors[to.index()].as_mut();
        actor.deliver(message, &mut self.ctx);
        settle(actor, &mut self.ctx);
        let Some(kind) = kind.filter(|_| self.ctx.sent_at_once > before) else { return };
        let answers_max = self.ctx.domain.instant_answers_max();
        if let Some(answers) = self.instant.count_answer(to, kind, answers_max) {
            let fault = D::endless(&self.ctx.names[to.index()], &answers);
            self.ctx.fail(fault);
        }
    }

    /// Takes the earliest event, whose recipient has stopped, or is not there.
    #[cold]
    fn take_for_stopped(&mut self, to: ActorId) {
        let reaches = match self.ctx.queue.first() {
            Some((_, Arrival::Message { message, .. })) => self.ctx.domain.outlives(message),
            _ => false,
        };
        let Some(actor) = self.actors.get_mut(to.index()).filter(|_| reaches) else {
            return self.take_undelivered();
        };
        if let Some((_, Arrival::Message { message, .. })) = self.ctx.queue.pop() {
            actor.deliver(message, &mut self.ctx);
        }
    }

    /// Takes the earliest event, which no actor receives: one joins, or the message's recipient has stopped.
    #[cold]
    fn take_undelivered(&mut self) {
        match self.ctx.queue.pop() {
            Some((time, Arrival::Message { to, message })) => {
                self.ctx.domain.undelivered(time, to, &message);
            }
            Some((_, Arrival::Join(join))) => self.join(&join),
            Some((_, Arrival::Reseat(reseat))) => self.reseat(&reseat),
            None => {}
        }
    }

    /// Lets an actor join, or refuses it.
    fn join(&mut self, join: &Join<D::Config>) {
        let joined = self.admit_late(join);
        let newcomer = joined.as_ref().ok().copied();
        self.answer_join(join, joined);
        if let Some(id) = newcomer {
            start(id, self.actors[id.index()].as_mut(), &mut self.ctx);
        }
    }

    fn admit_late(&mut self, join: &Join<D::Config>) -> Result<ActorId, JoinRefusal<D::Unfit>> {
        if !is_fit_name(&join.name) {
            return Err(JoinRefusal::NameUnfit);
        }
        self.check_name(&join.name)?;
        let factory = self.outside.factory.as_mut().ok_or(JoinRefusal::NoFactory)?;
        let actor = factory.build(&join.name, &join.spec)?;
        Ok(self.admit(&join.name, &join.config, actor)?)
    }

    fn answer_join(&mut self, join: &Join<D::Config>, outcome: Result<ActorId, JoinRefusal<D::Unfit>>) {
        let answered = self.ctx.domain.joined(self.ctx.now, join, outcome);
        self.ctx.fail_on(answered);
    }

    /// Has another actor take an actor's place, which is stopped if it still runs; or refuses that.
    fn reseat(&mut self, reseat: &Reseat) {
        let id = reseat.actor;
        let Some(name) = self.ctx.names.get(id.index()).cloned() else { return };
        let built = match &mut self.outside.factory {
            Some(factory) => factory.build(&name, &reseat.spec).map_err(JoinRefusal::from),
            None => Err(JoinRefusal::NoFactory),
        };
        match built {
            Ok(actor) => {
                end(id, self.actors[id.index()].as_mut(), &mut self.ctx);
                let interest = actor.interest();
                self.actors[id.index()] = actor;
                self.answer_reseat(reseat, Ok(interest));
                start(id, self.actors[id.index()].as_mut(), &mut self.ctx);
            }
            Err(refusal) => self.answer_reseat(reseat, Err(refusal)),
        }
    }

    fn answer_reseat(&mut self, reseat: &Reseat, outcome: Result<D::Interest, JoinRefusal<D::Unfit>>) {
        let answered = self.ctx.domain.reseated(self.ctx.now, reseat, outcome);
        self.ctx.fail_on(answered);
    }

    /// Has the domain do what it put off, so that its state can be looked at.
    fn catch_up(&mut self) -> Result<(), WorldFault<D::Fault>> {
        let caught_up = self.ctx.domain.catch_up(self.last);
        self.ctx.fail_on(caught_up);
        self.check()
    }

    #[inline]
    fn check(&mut self) -> Result<(), WorldFault<D::Fault>> {
        // After every event: nothing is moved where nothing is wrong.
        if self.ctx.fault.is_none() {
            return Ok(());
        }
        match self.ctx.fault.take() {
            None => Ok(()),
            Some(cause) => Err(WorldFault { at: self.ctx.now, cause }),
        }
    }
}

/// Starts an actor.
fn start<D: Domain>(id: ActorId, actor: &mut dyn SimActor<D>, ctx: &mut SimContext<D>) {
    ctx.current = id;
    ctx.slots[id.index()].state = ActorState::Running;
    actor.started(ctx);
    settle(actor, ctx);
}

/// Stops an actor that still runs, whether it wishes to go on or not.
fn end<D: Domain>(id: ActorId, actor: &mut dyn SimActor<D>, ctx: &mut SimContext<D>) {
    ctx.current = id;
    if ctx.slots[id.index()].state == ActorState::Running {
        ctx.slots[id.index()].state = ActorState::Stopping;
        actor.stopping(ctx);
        ctx.slots[id.index()].state = ActorState::Stopped;
        actor.stopped(ctx);
    }
}

/// Carries out a stop that the actor asked for while it handled a message.
fn settle<D: Domain>(actor: &mut dyn SimActor<D>, ctx: &mut SimContext<D>) {
    let index = ctx.current.index();
    if ctx.slots[index].state == ActorState::Stopping {
        ctx.slots[index].state = match actor.stopping(ctx) {
            Running::Stop => ActorState::Stopped,
            Running::Continue => ActorState::Running,
        };
    }
    if ctx.slots[index].state == ActorState::Stopped {
        actor.stopped(ctx);
    }
}
