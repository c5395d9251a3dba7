//! A book rebuilt from the tape is the book itself, after every command of random traffic.

use std::cell::RefCell;
use std::rc::Rc;

use actix::Running;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::ListingConfig;
use super::listed::ListedBook;
use crate::book::tests::traffic::{Profile, SMALL, Step, config, rng, step};
use crate::book::{BookConfig, MatchingEngine};
use crate::kernel::{SimActor, StepEnd, Wakeup};
use crate::market::{
    Instrument, Ladders, Listing, Phase, SentCommand, Side, SinkError, Stamped, Tape, TapeSink, VisibleBook,
};
use crate::participant::{Context, Interest, MarketConfig, MarketState, MarketWorld, Message, Role};
use crate::units::{ActorId, InstrumentId, ListingId, Seed, SimDuration, SimTime, VenueId};

const LISTING: ListingId = ListingId::new(0);
const NEXT_STEP: u64 = u64::MAX;

/// Rebuilds the visible book from the facts of a tape.
struct Reader(Rc<RefCell<VisibleBook>>);

impl TapeSink for Reader {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        self.0.borrow_mut().follow(stamped.fact);
        Ok(())
    }
}

/// A venue of one book that takes one step each time it is woken, and then compares.
struct Venue {
    listed: ListedBook,
    steps: std::vec::IntoIter<Step>,
    shown: Rc<RefCell<VisibleBook>>,
}

impl Venue {
    fn take_step(&mut self, ctx: &mut Context, step: &Step) {
        let mut events = Vec::new();
        match step {
            Step::Execute(command) => {
                let sent = SentCommand { command: *command, sent_at: ctx.now(), splits: 0 };
                self.listed.operate(ctx, Some(&sent), &mut events, |book, now, out| {
                    book.execute(now, command, out);
                });
            }
            Step::Enter(phase) => {
                self.listed
                    .operate(ctx, None, &mut events, |book, now, out| book.enter_phase(now, *phase, out));
            }
            Step::Pass => {
                self.listed.operate(ctx, None, &mut events, |book, now, out| book.advance(now, out))
            }
        }
    }

    fn difference(&self, step: &Step) -> Option<String> {
        let (book, shown) = (&self.listed.book, self.shown.borrow());
        for side in Side::BOTH {
            let (held, taped) = (book.levels(side), shown.levels(side, usize::MAX));
            if held != taped {
                return Some(format!("{step:?}: {side}: the book holds {held:?}, the tape shows {taped:?}"));
            }
        }
        let published = self.listed.visible_levels(3);
        let is_open = book.phase() == Phase::Continuous;
        if published != shown.ladders(3) || (!is_open && published != Ladders::default()) {
            return Some(format!("{step:?}: published is {published:?}, shown {:?}", shown.ladders(3)));
        }
        None
    }
}

impl SimActor<MarketState> for Venue {
    fn started(&mut self, ctx: &mut Context) {
        ctx.wake_after(SimDuration::from_nanos(1), NEXT_STEP);
    }

    fn interest(&self) -> Interest {
        Interest::ALL
    }

    fn deliver(&mut self, message: Message, ctx: &mut Context) {
        // The book's own alarms are left alone: the steps lead through time and phases.
        if message != Message::Wakeup(Wakeup { tag: NEXT_STEP }) {
            return;
        }
        let Some(step) = self.steps.next() else { return };
        self.take_step(ctx, &step);
        if let Some(difference) = self.difference(&step) {
            ctx.fail(difference);
        }
        ctx.wake_after(SimDuration::from_nanos(1), NEXT_STEP);
    }

    fn stopping(&mut self, _: &mut Context) -> Running {
        Running::Stop
    }

    fn stopped(&mut self, ctx: &mut Context) {
        if self.steps.len() > 0 {
            ctx.fail("steps are left");
        }
    }
}

/// Returns a market of one listing, whose tape goes to `reader`. It has no venue, so that no reports are
/// sent: there are no accounts that they could be booked in.
fn market(reader: Reader) -> MarketState {
    let instrument = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let listing = Listing {
        instrument: InstrumentId::new(0),
        venue: VenueId::new(0),
        exchange: ActorId::new(0),
        reference: None,
        replay: None,
    };
    let mut tape = Tape::new();
    tape.add_sink(Box::new(reader));
    let config = MarketConfig {
        instruments: vec![(instrument, None)],
        venues: Vec::new(),
        listings: vec![listing],
        bar_interval: SimDuration::from_secs(1).into(),
        ..MarketConfig::default()
    };
    MarketState::new(config, tape)
}

fn run(steps: Vec<Step>, book: BookConfig) -> TestCaseResult {
    let shown = Rc::new(RefCell::new(VisibleBook::new(LISTING)));
    let start = SimTime::from_nanos(0);
    let mut world = MarketWorld::new(Seed::new(1), start, market(Reader(Rc::clone(&shown))));
    // Halts last beyond the end: the steps lead from phase to phase.
    let eternity = SimDuration::from_secs(1_000_000);
    let rules =
        ListingConfig { book, schedule: Vec::new(), halt: eternity, reopening: eternity, replay: None };
    let listed = ListedBook::new(LISTING, rules);
    let end = start + SimDuration::from_nanos(i64::try_from(steps.len()).unwrap() + 1);
    let venue = Venue { listed, steps: steps.into_iter(), shown };
    world.add("venue", &Role::House, Box::new(venue)).unwrap();
    world.start();
    prop_assert_eq!(world.step(end, u64::MAX), Ok(StepEnd::Reached));
    prop_assert_eq!(world.stop(|_| false), Ok(()));
    Ok(())
}

fn sequence(profile: Profile) -> impl Strategy<Value = Vec<Step>> {
    let steps = if cfg!(debug_assertions) { 200 } else { 600 };
    prop::collection::vec(any::<u64>(), steps).prop_map(move |seeds| {
        let steps = seeds.into_iter().enumerate();
        steps.map(|(index, seed)| step(&mut rng(seed), &profile, index as u64)).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 50 } else { 500 }))]

    #[test]
    fn prop_the_tape_shows_what_the_book_displays(steps in sequence(SMALL), rules in 0..64_u64) {
        run(steps, config(rules))?;
    }

    #[test]
    fn prop_the_tape_shows_what_a_deep_book_displays(
        steps in sequence(Profile { spread: 40, ids: 100, ids_grow: true, changes: 350, ..SMALL }),
        rules in 0..64_u64,
    ) {
        run(steps, config(rules))?;
    }
}
