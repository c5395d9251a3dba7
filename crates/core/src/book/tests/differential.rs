//! The engine equals the reference in every event and every field.

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::audit::Auditor;
use super::traffic::{Profile, SMALL, Step, apply, config, rng, step};
use super::*;
use crate::market::QuoteLevel;

/// Both engines side by side, and an auditor of their events.
#[derive(Clone)]
pub(super) struct Twins {
    pub(super) engine: OrderBook,
    pub(super) reference: ReferenceBook,
    auditor: Auditor,
    /// The events of the last step.
    pub(super) events: Vec<BookEvent>,
    expected: Vec<BookEvent>,
    pub(super) now: i64,
}

impl Twins {
    pub(super) fn new(config: BookConfig, reference: ReferenceBook) -> Self {
        Self {
            engine: OrderBook::new(config),
            reference,
            auditor: Auditor::new(config.matching),
            events: Vec::new(),
            expected: Vec::new(),
            now: 0,
        }
    }

    /// Applies a step to both; `deep` also compares all orders and checks all invariants.
    pub(super) fn follow(&mut self, step: &Step, deep: bool) -> TestCaseResult {
        self.now += 1;
        // Expiries come first, so that the auditor knows the book to which the step is applied.
        if self.engine.next_expiry().is_some_and(|date| date <= at(self.now)) {
            self.do_step(&Step::Pass, deep)?;
        }
        self.do_step(step, deep)
    }

    pub(super) fn do_step(&mut self, step: &Step, deep: bool) -> TestCaseResult {
        let before = if deep { self.engine.open_orders() } else { Vec::new() };
        apply(&mut self.engine, self.now, step, &mut self.events);
        apply(&mut self.reference, self.now, step, &mut self.expected);
        prop_assert_eq!(&self.events, &self.expected, "{:?}", step);
        prop_assert_eq!(self.engine.quote(), self.reference.quote());
        prop_assert_eq!(self.engine.phase(), self.reference.phase());
        let audited = self.auditor.follow(step, &before, &self.events);
        prop_assert_eq!(audited, Ok(()), "{:?} gave {:?}", step, self.events);
        if deep {
            prop_assert_eq!(self.engine.open_orders(), self.reference.open_orders(), "after {:?}", step);
            prop_assert_eq!(self.engine.indicative(), self.reference.indicative(), "after {:?}", step);
            for side in Side::BOTH {
                let levels: Vec<QuoteLevel> = self.engine.levels(side);
                prop_assert_eq!(levels, self.reference.levels(side));
            }
            prop_assert_eq!(check_invariants(&self.engine), Ok(()), "after {:?}", step);
            let audited = self.auditor.check(step, &self.events, &before, &self.engine);
            prop_assert_eq!(audited, Ok(()), "after {:?}", step);
        }
        Ok(())
    }
}

fn run(steps: &[Step], number: u64) -> TestCaseResult {
    let config = config(number);
    let mut twins = Twins::new(config, ReferenceBook::new(config));
    steps.iter().try_for_each(|step| twins.follow(step, true))
}

/// Sequences of steps, each from a number of its own, so that a counter-example shrinks step by step.
fn sequence() -> impl Strategy<Value = Vec<Step>> {
    let steps = if cfg!(debug_assertions) { 300 } else { 1_000 };
    prop::collection::vec(any::<u64>(), steps).prop_map(|seeds| {
        seeds
            .into_iter()
            .enumerate()
            .map(|(index, seed)| step(&mut rng(seed), &SMALL, index as u64))
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 50 } else { 2_000 }))]

    #[test]
    fn prop_the_engine_does_what_the_reference_does(steps in sequence(), number in 0..64_u64) {
        run(&steps, number)?;
    }
}

/// A long run of one kind of traffic; all orders are compared every so many steps.
fn run_long(profile: &Profile, number: u64) {
    let steps = if cfg!(debug_assertions) { 10_000 } else { 1_000_000 };
    let config = config(number);
    let mut twins = Twins::new(config, ReferenceBook::new(config));
    let mut rng = rng(number);
    for index in 0..steps {
        let step = step(&mut rng, profile, index);
        if let Err(error) = twins.follow(&step, index % 500 == 0) {
            panic!("step {index}: {error}");
        }
    }
}

#[test]
fn a_million_steps_of_calm_traffic_agree() {
    let calm = Profile {
        spread: 25,
        ids: 150,
        ids_grow: true,
        quantity_max: 100,
        phases: 0,
        special: 60,
        changes: 480,
    };
    run_long(&calm, 8);
}

#[test]
fn a_million_steps_of_thin_traffic_agree() {
    let thin = Profile {
        spread: 60,
        ids: 12,
        ids_grow: true,
        quantity_max: 20,
        phases: 2,
        special: 300,
        changes: 400,
    };
    run_long(&thin, 4);
}

#[test]
fn a_million_steps_of_adversarial_traffic_agree() {
    let adversarial = Profile { ids: 100, ids_grow: true, phases: 20, special: 800, ..SMALL };
    run_long(&adversarial, 2);
}

/// The engine that takes several commands at a time does what it does with one.
#[test]
fn commands_taken_together_have_the_events_of_single_ones() {
    for number in 0..8 {
        let config = config(number);
        let (mut single, mut together) = (OrderBook::new(config), OrderBook::new(config));
        let mut rng = rng(number);
        let profile = Profile { ids_grow: true, phases: 0, ..SMALL };
        for batch in 0..200 {
            let steps = (0..batch % 70).map(|index| step(&mut rng, &profile, batch * 70 + index));
            let commands: Vec<_> = steps
                .filter_map(|step| match step {
                    Step::Execute(command) => Some(command),
                    _ => None,
                })
                .collect();
            let now = at(i64::try_from(batch * 70).unwrap());
            let (mut events, mut expected) = (Vec::new(), Vec::new());
            together.execute_all(now, &commands, &mut events);
            commands.iter().for_each(|command| single.execute(now, command, &mut expected));
            assert_eq!(events, expected);
        }
        assert_eq!(single.open_orders(), together.open_orders());
    }
}
