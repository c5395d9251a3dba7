//! Actors in the world: from started to stopped, in one total order.

use std::cell::RefCell;
use std::rc::Rc;

use actix::{Actor, ActorContext, Handler, Running};
use bearpit::kernel::{AddError, StepEnd, Wakeup};
use bearpit::market::{ExecutionReport, Tape};
use bearpit::participant::{Context, MarketConfig, MarketData, MarketState, MarketWorld, Role, Trader};
use bearpit::units::{Seed, SimDuration, SimTime};

type Diary = Rc<RefCell<Vec<String>>>;

/// Records what happens to it; wakes three times at one instant, and stops on command.
struct Noter {
    diary: Diary,
    stops_at: u64,
    /// Whether it asks to go on once when it is stopped.
    lingers: bool,
}

impl Noter {
    fn note(&self, ctx: &Context, what: &str) {
        self.diary.borrow_mut().push(format!("{} {what} {}", ctx.name(), ctx.now().nanos()));
    }
}

impl Actor for Noter {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        self.note(ctx, "started");
        for tag in 0..3 {
            ctx.wake_at(SimTime::from_nanos(5), tag);
        }
        ctx.wake_at(SimTime::from_nanos(9), 3);
    }

    fn stopping(&mut self, ctx: &mut Context) -> Running {
        self.note(ctx, "stopping");
        if std::mem::take(&mut self.lingers) { Running::Continue } else { Running::Stop }
    }

    fn stopped(&mut self, ctx: &mut Context) {
        self.note(ctx, "stopped");
    }
}

impl Handler<Wakeup> for Noter {
    type Result = ();

    fn handle(&mut self, wakeup: Wakeup, ctx: &mut Context) {
        self.note(ctx, &format!("woke {}", wakeup.tag));
        if wakeup.tag == self.stops_at {
            ctx.stop();
        }
    }
}

bearpit::ignore_messages!(Noter: ExecutionReport, MarketData);

fn world(actors: &[(&str, u64, bool)]) -> (MarketWorld, Diary) {
    let diary = Diary::default();
    let mut world = MarketWorld::new(
        Seed::new(1),
        SimTime::from_nanos(0),
        MarketState::new(MarketConfig::default(), Tape::new()),
    );
    for (name, stops_at, lingers) in actors {
        let noter = Noter { diary: Rc::clone(&diary), stops_at: *stops_at, lingers: *lingers };
        world.add(name, &Role::House, Box::new(Trader(noter))).unwrap();
    }
    (world, diary)
}

#[test]
fn ties_are_broken_by_the_order_of_scheduling() {
    let (mut world, diary) = world(&[("a", 99, false), ("b", 99, false)]);
    world.start();
    assert_eq!(world.step(SimTime::from_nanos(7), 100), Ok(StepEnd::Reached));
    assert_eq!((world.now().nanos(), world.events()), (7, 6));
    world.stop(|_| false).unwrap();
    let expected = [
        "a started 0",
        "b started 0",
        "a woke 0 5",
        "a woke 1 5",
        "a woke 2 5",
        "b woke 0 5",
        "b woke 1 5",
        "b woke 2 5",
        "a stopping 7",
        "a stopped 7",
        "b stopping 7",
        "b stopped 7",
    ];
    assert_eq!(*diary.borrow(), expected);
}

#[test]
fn an_actor_that_stops_hears_no_more() {
    let (mut world, diary) = world(&[("a", 1, false)]);
    world.start();
    world.step(SimTime::from_nanos(20), 100).unwrap();
    world.stop(|_| false).unwrap();
    assert_eq!(*diary.borrow(), ["a started 0", "a woke 0 5", "a woke 1 5", "a stopping 5", "a stopped 5"]);
}

#[test]
fn an_actor_may_decline_to_stop_while_the_world_goes_on() {
    let (mut world, diary) = world(&[("a", 1, true)]);
    world.start();
    world.step(SimTime::from_nanos(20), 100).unwrap();
    world.stop(|_| false).unwrap();
    let expected = [
        "a started 0",
        "a woke 0 5",
        "a woke 1 5",
        "a stopping 5",
        "a woke 2 5",
        "a woke 3 9",
        "a stopping 20",
        "a stopped 20",
    ];
    assert_eq!(*diary.borrow(), expected);
}

#[test]
fn a_budget_of_events_is_kept() {
    let (mut world, _) = world(&[("a", 99, false)]);
    world.start();
    assert_eq!(world.step(SimTime::from_nanos(20), 2), Ok(StepEnd::Budget));
    assert_eq!((world.events(), world.now().nanos()), (2, 5));
    assert_eq!(world.step(SimTime::from_nanos(20), 2), Ok(StepEnd::Budget));
    assert_eq!(world.step(SimTime::from_nanos(20), 2), Ok(StepEnd::Reached));
    assert_eq!(world.now() - SimTime::from_nanos(0), SimDuration::from_nanos(20));
}

#[test]
fn two_actors_of_one_name_are_refused() {
    let (mut world, diary) = world(&[("a", 99, false)]);
    let noter = Noter { diary, stops_at: 0, lingers: false };
    let refused = world.add("a", &Role::House, Box::new(Trader(noter)));
    assert_eq!(refused, Err(AddError::DuplicateName("a".to_owned())));
}
