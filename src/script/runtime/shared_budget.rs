//! [`SharedBudget`]: the operations that the scripts of users share, second by second of virtual time.
//!
//! A script whose operations are used up is not stopped: its callbacks wait, as on a slow machine. Nor is a
//! callback aborted in the middle, since an order may have been sent by then: it may take more than its
//! script has left, and the script waits until that is made up for.
//!
//! # The rule
//! Of the operations of a second each of k scripts has a share, one k-th. What the scripts that kept within
//! their shares left of them in the second before goes, in equal parts, to those that did not (max-min
//! fairness). Nothing is saved up; what was taken beyond a share is owed. A callback begins if its script
//! owes nothing, and one of two holds: it fits into what its script has left, as far as earlier calls of that
//! callback show; or the scripts together have not used up the second. So a script that keeps within its
//! share never waits for others, and callbacks that take long run one by one.
//!
//! Everything is counted, nothing timed: in a market that is replayed the same callbacks wait.

use std::cell::RefCell;
use std::rc::Rc;

use crate::script::value::callback::Callback;
use bearpit_core::units::SimTime;

const SECOND_NANOS: i64 = 1_000_000_000;

/// The operations that the scripts of users share in one world. Clones are the same.
#[derive(Debug, Clone)]
pub struct SharedBudget(Rc<RefCell<Pool>>);

impl SharedBudget {
    /// Makes a budget of so many operations, at least one, for each second of virtual time.
    #[must_use]
    pub fn new(operations: u64) -> Self {
        let per_second = i64::try_from(operations).unwrap_or(i64::MAX).max(1);
        let pool = Pool { per_second, second: i64::MIN, used: 0, level: 0, members: Vec::new() };
        Self(Rc::new(RefCell::new(pool)))
    }
}

/// What has been used of a second, and who has what left.
#[derive(Debug)]
struct Pool {
    per_second: i64,
    /// The second that is counted, from 1970.
    second: i64,
    /// What was used of it, and of earlier ones beyond what they had.
    used: i64,
    /// What each script has in this second that did not get by with its share in the last.
    level: i64,
    /// The scripts; nothing where one has left.
    members: Vec<Option<Member>>,
}

/// One script.
#[derive(Debug, Clone)]
struct Member {
    /// What it has left in this second; negative where it owes.
    left: i64,
    /// What it has used in this second.
    used: i64,
    /// Whether its share did not do in this second.
    is_hungry: bool,
    /// The most that each callback has taken; nothing before the first.
    most: [Option<i64>; Callback::COUNT],
}

impl Pool {
    fn share(&self) -> i64 {
        let scripts = self.members.iter().flatten().count();
        (self.per_second / i64::try_from(scripts).unwrap_or(i64::MAX).max(1)).max(1)
    }

    /// Begins a new second, if one has begun.
    fn renew(&mut self, now: SimTime) {
        let second = now.nanos().div_euclid(SECOND_NANOS);
        if second <= self.second {
            return;
        }
        let passed = second.saturating_sub(self.second);
        self.second = second;
        self.used = self.used.saturating_sub(self.per_second.saturating_mul(passed)).max(0);
        let share = self.share();
        let members = || self.members.iter().flatten();
        let hungry = members().filter(|member| member.is_hungry).count();
        let taken: i64 = members().filter(|member| !member.is_hungry).map(|member| member.used).sum();
        let left = self.per_second.saturating_sub(taken);
        self.level = i64::try_from(hungry).ok().and_then(|hungry| left.checked_div(hungry)).unwrap_or(0);
        self.level = self.level.max(share);
        for member in self.members.iter_mut().flatten() {
            let most = if member.is_hungry { self.level } else { share };
            member.left = member.left.min(0).saturating_add(most.saturating_mul(passed)).min(most);
            member.used = 0;
            // Whoever still owes goes without in this second too.
            member.is_hungry = member.left <= 0;
        }
    }
}

/// The place of one script in a [`SharedBudget`].
#[derive(Debug)]
pub(crate) struct BudgetPlace {
    budget: SharedBudget,
    /// Its number, while it takes part.
    index: Option<usize>,
}

impl BudgetPlace {
    pub(crate) fn new(budget: &SharedBudget) -> Self {
        Self { budget: budget.clone(), index: None }
    }

    /// Takes part from now on.
    pub(crate) fn enter(&mut self, now: SimTime) {
        let mut pool = self.budget.0.borrow_mut();
        pool.renew(now);
        // The place of one that has left, if there is one: whoever comes and goes leaves none behind.
        let free = pool.members.iter().position(Option::is_none);
        let index = free.unwrap_or_else(|| {
            pool.members.push(None);
            pool.members.len() - 1
        });
        let member = Member { left: 0, used: 0, is_hungry: false, most: [None; Callback::COUNT] };
        pool.members[index] = Some(member);
        let left = pool.share();
        if let Some(member) = &mut pool.members[index] {
            member.left = left;
        }
        self.index = Some(index);
    }

    /// Takes no part any longer: its share goes to the others.
    pub(crate) fn leave(&mut self) {
        if let Some(index) = self.index.take() {
            self.budget.0.borrow_mut().members[index] = None;
        }
    }

    /// Returns whether a callback may begin.
    pub(crate) fn may_begin(&self, now: SimTime, callback: Callback) -> bool {
        let mut pool = self.budget.0.borrow_mut();
        pool.renew(now);
        let is_used_up = pool.used >= pool.per_second;
        let Some(member) = self.index.and_then(|index| pool.members[index].as_mut()) else { return true };
        // What one takes that has not been called is not known: it waits as one that takes long.
        let fits = member.most[callback as usize].is_some_and(|most| most <= member.left);
        member.is_hungry |= !fits;
        member.left > 0 && (fits || !is_used_up)
    }

    /// Counts what a callback took.
    pub(crate) fn took(&self, now: SimTime, callback: Callback, operations: u64) {
        let mut pool = self.budget.0.borrow_mut();
        pool.renew(now);
        let operations = i64::try_from(operations).unwrap_or(i64::MAX);
        pool.used = pool.used.saturating_add(operations);
        let Some(member) = self.index.and_then(|index| pool.members[index].as_mut()) else { return };
        member.used = member.used.saturating_add(operations);
        member.left = member.left.saturating_sub(operations);
        let most = &mut member.most[callback as usize];
        *most = Some(most.map_or(operations, |known| known.max(operations)));
    }

    /// Returns when to ask again after a callback could not begin: in the next second, or where more is owed
    /// than the scripts have together in one, after as many as that takes. Scripts ask at different times
    /// of a second, so that requests are taken between them.
    pub(crate) fn ask_again_at(&self, now: SimTime) -> SimTime {
        let mut pool = self.budget.0.borrow_mut();
        pool.renew(now);
        let index = self.index.unwrap_or(0);
        let owed = pool.members.get(index).and_then(Option::as_ref).map_or(0, |member| -member.left.min(0));
        let seconds = (owed / pool.per_second).max(1);
        let places = i64::try_from(pool.members.len()).unwrap_or(i64::MAX).max(1);
        let place = i64::try_from(index).unwrap_or(0);
        let within = SECOND_NANOS / places * place;
        let second = pool.second.saturating_add(seconds);
        SimTime::from_nanos(second.saturating_mul(SECOND_NANOS).saturating_add(within))
    }

    /// Returns what all scripts may take in a second.
    pub(crate) fn whole(&self) -> i64 {
        self.budget.0.borrow().per_second
    }

    /// Returns what each script may take in a second, if all use up their shares.
    pub(crate) fn share(&self) -> i64 {
        self.budget.0.borrow().share()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit_core::units::SimDuration;

    const EACH_SECOND: u64 = 10_000;
    const SECOND: SimDuration = SimDuration::from_secs(1);

    fn at(millis: i64) -> SimTime {
        SimTime::from_nanos(millis * 1_000_000)
    }

    #[test]
    fn whoever_comes_and_goes_leaves_no_place_behind() {
        let mut kept = places(2);
        let budget = kept[0].budget.clone();
        for second in 0..1_000 {
            let mut place = BudgetPlace::new(&budget);
            place.enter(at(second * 1_000));
            assert_eq!(place.share(), 3_333);
            place.leave();
        }
        assert_eq!(budget.0.borrow().members.len(), 3);
        kept[0].leave();
        let mut next = BudgetPlace::new(&budget);
        next.enter(at(1_000_000));
        assert_eq!(next.index, Some(0), "the place of one that has left");
    }

    fn places(count: usize) -> Vec<BudgetPlace> {
        let budget = SharedBudget::new(EACH_SECOND);
        let mut places: Vec<_> = (0..count).map(|_| BudgetPlace::new(&budget)).collect();
        places.iter_mut().for_each(|place| place.enter(at(0)));
        places
    }

    /// A script that wants to run a callback of so many operations each so many milliseconds.
    struct Wish {
        operations: u64,
        every_millis: i64,
    }

    /// Lets scripts run for some seconds; returns what each took, and how often it had to wait.
    fn run(wishes: &[Wish], seconds: i64) -> Vec<(u64, u64)> {
        let places = places(wishes.len());
        let mut taken = vec![(0, 0); wishes.len()];
        for millis in 0..seconds * 1_000 {
            for ((wish, place), (took, waited)) in wishes.iter().zip(&places).zip(&mut taken) {
                if millis % wish.every_millis != 0 {
                    continue;
                }
                if place.may_begin(at(millis), Callback::Timer) {
                    place.took(at(millis), Callback::Timer, wish.operations);
                    *took += wish.operations;
                } else {
                    *waited += 1;
                }
            }
        }
        taken
    }

    #[test]
    fn one_script_has_all_of_it_and_no_more() {
        let taken = run(&[Wish { operations: 100, every_millis: 1 }], 20);
        assert_eq!(taken[0].0, 20 * EACH_SECOND);
    }

    #[test]
    fn what_light_scripts_leave_is_shared_equally_by_the_others() {
        let light = || Wish { operations: 30, every_millis: 100 };
        let heavy = || Wish { operations: 700, every_millis: 1 };
        let taken = run(&[light(), heavy(), light(), heavy(), heavy(), light()], 100);
        for light in [0, 2, 5] {
            // The first call of a callback may take anything, so it may have to wait.
            assert!(taken[light].1 <= 10 && taken[light].0 >= 30 * 990, "{taken:?}");
        }
        let whole: u64 = taken.iter().map(|(took, _)| took).sum();
        assert!((990_000..=1_001_000).contains(&whole), "{taken:?}");
        let equal = (1_000_000 - 3 * 30 * 1_000) / 3;
        for heavy in [1, 3, 4] {
            assert!(taken[heavy].0.abs_diff(equal) < 5_000, "{taken:?}, not {equal}");
        }
    }

    /// Two hundred callbacks of what a scenario allows at most are due at once: they run one by one.
    #[test]
    fn callbacks_that_take_more_than_all_have_run_one_by_one() {
        let places = places(200);
        let mut began = 0;
        for place in &places {
            if place.may_begin(at(5), Callback::Start) {
                place.took(at(5), Callback::Start, 3 * EACH_SECOND);
                began += 1;
            }
        }
        assert_eq!(began, 1);
        let first_after = |millis| places.iter().position(|it| it.may_begin(at(millis), Callback::Start));
        assert_eq!([first_after(1_000), first_after(2_000)], [None, None], "the first is paid off");
        assert_eq!(first_after(3_000), Some(1));
    }

    /// Nineteen scripts take what they get; a twentieth, which takes little, is called for something new.
    #[test]
    fn a_first_callback_waits_for_a_second_that_is_not_used_up_and_not_for_ever() {
        let places = places(20);
        let (modest, hungry) = places.split_last().unwrap();
        let mut ask_at = at(5_000);
        let mut began = None;
        for millis in 0..15_000 {
            for place in hungry {
                if place.may_begin(at(millis), Callback::Timer) {
                    place.took(at(millis), Callback::Timer, 700);
                }
            }
            if millis % 100 == 0 && modest.may_begin(at(millis), Callback::Timer) {
                modest.took(at(millis), Callback::Timer, 20);
            }
            if began.is_none() && at(millis) >= ask_at {
                if modest.may_begin(at(millis), Callback::Bar) {
                    began = Some(millis);
                }
                ask_at = modest.ask_again_at(at(millis));
            }
        }
        let began = began.unwrap();
        assert!((5_000..=8_000).contains(&began), "it began after {began} ms");
    }

    #[test]
    fn who_owes_is_asked_again_when_that_can_be_paid_at_the_earliest() {
        let mut places = places(2);
        places[1].took(at(500), Callback::Bar, 4 * EACH_SECOND);
        assert_eq!(places[0].ask_again_at(at(500)), at(1_000));
        // A half, since half of the second's share was its own.
        assert_eq!(places[1].ask_again_at(at(500)), at(3_500));
        places[0].leave();
        assert_eq!(places[1].share(), 10_000);
        assert!(!places[1].may_begin(at(3_999), Callback::Bar));
        assert!(places[1].may_begin(at(3_999) + SECOND, Callback::Bar));
    }
}
