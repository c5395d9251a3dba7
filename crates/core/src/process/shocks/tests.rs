//! When shocks come, what stays of them, and what goes on when they are changed between two days.

use super::*;
use crate::kernel::stream;
use crate::process::{ConfiguredProcess, Gbm, ProcessKind, ProcessSite, ProcessState, Value, ValueState};

const MINUTE: SimDuration = SimDuration::from_secs(60);

fn shocked(shocks: &[Shock]) -> Shocked {
    Shocked::new(Box::new(Gbm::new(100.0, 0.0, 0.0, 1_638.0)), shocks.into())
}

/// Returns the values of so many minutes.
fn path(value: &mut Shocked, minutes: i64) -> Vec<f64> {
    let mut rng = stream(Seed::new(1), "shocks");
    let at = |minute| SimTime::from_nanos(0) + SimDuration::from_secs(60 * minute);
    (1..=minutes).map(|minute| value.step(at(minute), MINUTE, &mut rng)).collect()
}

fn assert_near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    assert!(found.iter().zip(expected).all(|(a, b)| (a / b - 1.0).abs() < 1e-12), "{found:?}");
}

const FALL: Shock = Shock { after: SimDuration::from_secs(120), size: -0.19, half_life: None };
const BLIP: Shock = Shock { after: MINUTE, size: 0.21, half_life: Some(MINUTE) };

/// 0.81 halves, as a logarithm, to 0.9; 1.21 to 1.1.
#[test]
fn shocks_come_at_their_time_and_stay_or_fade() {
    assert_near(&path(&mut shocked(&[FALL]), 3), &[100.0, 81.0, 81.0]);
    assert_near(&path(&mut shocked(&[BLIP]), 2), &[121.0, 110.0]);
    assert_near(&path(&mut shocked(&[BLIP, FALL]), 2), &[121.0, 110.0 * 0.81]);
}

#[test]
fn the_closed_form_has_the_shocks() {
    let value = shocked(&[FALL, BLIP]);
    let moments = value.moments(SimDuration::from_secs(120));
    assert!((moments.mean.unwrap() - 110.0 * 0.81).abs() < 1e-9);
    assert!((moments.log_mean.unwrap() - libm::log(1.1 * 0.81)).abs() < 1e-12);
}

/// On the next day the fall is still there, the blip goes on fading, and both come again.
#[test]
fn what_is_left_of_a_shock_goes_on_the_next_day() {
    let mut today = shocked(&[FALL, BLIP]);
    path(&mut today, 2);
    let mut tomorrow = shocked(&[FALL, BLIP]);
    tomorrow.go_on(81.0 * 1.1, &today.closing_state());
    let quarter = libm::pow(1.21, 0.25);
    assert_near(&path(&mut tomorrow, 1), &[81.0 * quarter * 1.21]);
}

#[test]
fn a_shock_after_the_end_is_refused() {
    let process = crate::process::ProcessKind::named("gbm").unwrap();
    let values = Values::new().with("initial", 100.0).with("volatility", 0.0);
    let values = values.complete(process.params).unwrap();
    let calm = (process.configure)(&values, &crate::process::ProcessSite::default()).unwrap();
    let shock = Values::new().with("after", SimDuration::from_secs(7_200)).with("size", 0.1);
    let values = Values::new().with("shocks", vec![shock]).complete(&COMMON_PARAMS).unwrap();
    assert!(with_shocks(Arc::clone(&calm), &values, None).is_ok());
    let error = with_shocks(calm, &values, Some(SimDuration::from_secs(3_600))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "shock 1 comes 2h after the start, but the scenario ends 1h after it: it would never come"
    );
    let wrong = Values::new().with("after", MINUTE).with("size", -1.0);
    assert!(Values::new().with("shocks", vec![wrong]).complete(&COMMON_PARAMS).is_err());
}

/// Configures a process of a kind with these numbers, and with shocks.
fn configured(kind: &str, numbers: &[(&'static str, f64)], shocks: &[Shock]) -> Arc<dyn ConfiguredProcess> {
    let kind = ProcessKind::named(kind).unwrap();
    let values = numbers.iter().fold(Values::new(), |values, (name, number)| values.with(name, *number));
    let values = values.complete(kind.params).unwrap();
    super::shocked((kind.configure)(&values, &ProcessSite::default()).unwrap(), shocks.to_vec())
}

fn calm(shocks: &[Shock]) -> Arc<dyn ConfiguredProcess> {
    configured("gbm", &[("initial", 100.0), ("volatility", 0.0)], shocks)
}

fn value(process: &dyn ConfiguredProcess, start: SimTime) -> Value {
    let seed = Seed::new(1);
    Value::new(process.start(seed), process.initial(), start, process.step(), Value::stream(seed, "ACME"))
}

const HOUR: SimDuration = SimDuration::from_secs(3_600);
const DAY: SimDuration = SimDuration::from_secs(86_400);
const MONDAY: SimTime = SimTime::from_nanos(0);

/// Returns what a process leaves after an hour of a day, and the value a minute into the next, when the
/// scenario has another process for it.
fn over_night(before: &dyn ConfiguredProcess, after: &dyn ConfiguredProcess) -> (f64, f64) {
    let state = value(before, MONDAY).state(MONDAY + HOUR);
    (state.value, next_minute(&state, after))
}

fn next_minute(state: &ValueState, process: &dyn ConfiguredProcess) -> f64 {
    let mut value = value(process, MONDAY + DAY);
    value.restore(state);
    value.at(MONDAY + DAY + MINUTE)
}

const LATE: Shock = Shock { after: HOUR, size: -0.5, half_life: None };

#[test]
fn shocks_that_are_added_or_removed_between_two_days_leave_the_value_where_it_is() {
    let found = [over_night(&*calm(&[]), &*calm(&[LATE])), over_night(&*calm(&[FALL]), &*calm(&[]))];
    assert_near(&[found[0].0, found[0].1, found[1].0, found[1].1], &[100.0, 100.0, 81.0, 81.0]);
    // One of two goes, and another comes.
    let other = Shock { after: HOUR, size: 3.0, half_life: Some(HOUR) };
    let (before, after) = over_night(&*calm(&[BLIP, FALL]), &*calm(&[other, LATE]));
    assert_near(&[after], &[before]);
    // What stays goes on as it did: the fall is not applied twice, the blip goes on fading.
    let blip = Shock { half_life: Some(HOUR), after: HOUR, ..BLIP };
    let (before, after) = over_night(&*calm(&[FALL, blip]), &*calm(&[blip]));
    assert_near(&[before, after], &[81.0 * 1.21, 81.0 * libm::pow(1.21, libm::exp2(-1.0 / 60.0))]);
}

#[test]
fn values_of_every_kind_go_on_when_their_shocks_change() {
    let common = [("initial", 100.0), ("volatility", 0.01)];
    let heston = [("initial", 100.0), ("kappa", 2.0), ("theta", 1e-4), ("xi", 0.01), ("rho", 0.0)];
    let garch = [common[0], common[1], ("alpha", 0.05), ("beta", 0.9)];
    let kou = [
        ("jumps_per_year", 1.0),
        ("up_probability", 0.5),
        ("eta_up", 1e4),
        ("eta_down", 1e4),
        common[0],
        common[1],
    ];
    for (kind, numbers) in [("gbm", &common[..]), ("heston", &heston), ("garch", &garch), ("kou", &kou)] {
        let with = |shocks: &[Shock]| configured(kind, numbers, shocks);
        let sets: [&[Shock]; 3] = [&[], &[FALL], &[FALL, LATE]];
        for (before, after) in sets.into_iter().flat_map(|a| sets.map(|b| (a, b))) {
            if before == after {
                continue;
            }
            // The late one comes at the end of the hour; the other after two minutes.
            let (before, after) = over_night(&*with(before), &*with(after));
            assert!((after / before - 1.0).abs() < 0.01, "{kind}: {before} {after}");
        }
    }
}

/// As of a process that had no shocks.
#[test]
fn a_state_without_a_record_leaves_the_value_where_it_is() {
    let process = ProcessState { numbers: vec![81.0], ..ProcessState::default() };
    assert_near(&[next_minute(&ValueState { value: 81.0, process }, &*calm(&[LATE]))], &[81.0]);
}

/// An inner process takes its own shocks, whatever is around it.
#[test]
fn shocks_within_shocks_go_on_each_by_its_own() {
    let blip = Shock { half_life: Some(HOUR), after: HOUR, ..BLIP };
    let both = || super::shocked(calm(&[blip]), vec![FALL]);
    let faded = libm::pow(1.21, libm::exp2(-1.0 / 60.0));
    let (before, after) = over_night(&*both(), &*both());
    assert_near(&[before, after], &[81.0 * 1.21, 81.0 * faded]);
    // The outer one is removed: what it left stays, and the inner one goes on fading.
    let (_, after) = over_night(&*both(), &*calm(&[blip]));
    assert_near(&[after], &[81.0 * faded]);
}

#[test]
fn shocks_that_add_up_day_after_day_leave_the_value_finite() {
    let boom = [Shock { after: MINUTE, size: 1e6, half_life: None }; 60];
    for process in [calm(&boom), calm(&[Shock { size: -0.999_999, ..boom[0] }; 60])] {
        let mut state: Option<ValueState> = None;
        for day in 0..3 {
            let start = MONDAY + SimDuration::from_secs(86_400 * day);
            let mut value = value(&*process, start);
            if let Some(state) = &state {
                value.restore(state);
            }
            let left = value.state(start + HOUR);
            assert!(left.value.is_finite() && left.value > 0.0, "{left:?}");
            state = Some(left);
        }
    }
}

#[test]
fn shocks_beyond_what_a_value_can_bear_are_refused() {
    let shock = |size: f64| Values::new().with("after", MINUTE).with("size", size);
    let of = |size: f64, count: usize| {
        let values = Values::new().with("shocks", vec![shock(size); count]).complete(&COMMON_PARAMS).unwrap();
        with_shocks(calm(&[]), &values, None).map(|_| ())
    };
    assert!(of(1e6, 3).is_ok() && of(-0.5, 72).is_ok());
    assert!(of(-0.5, 73).is_err());
    assert_eq!(
        of(1e6, 4).unwrap_err().to_string(),
        "the sizes of `shocks` add up to 55.26 as logarithms, `|ln(1 + size)|`, but must add up to at most 50: the \
         value would be out of range"
    );
}

/// Returns the value at a time of a day: that of a market which is not stopped, and that of one which is.
fn over_a_stop(
    process: &Arc<dyn ConfiguredProcess>,
    [stop, resume]: [SimDuration; 2],
    until: SimDuration,
) -> [f64; 2] {
    let mut whole = value(&**process, MONDAY);
    let state = value(&**process, MONDAY).state(MONDAY + stop);
    let rest = process.resumed(resume).unwrap_or_else(|| Arc::clone(process));
    let mut rest = value(&*rest, MONDAY + resume);
    rest.restore(&state);
    [whole.at(MONDAY + until), rest.at(MONDAY + until)]
}

/// A shock comes once in a day, at its time, whenever the market is stopped and goes on.
#[test]
fn a_market_that_goes_on_within_a_day_has_each_shock_once_at_its_time() {
    let lasting = Shock { after: HOUR, size: -0.05, half_life: None };
    let fading = Shock { after: HOUR, size: 0.21, half_life: Some(HOUR) };
    let minutes = |minutes: i64| SimDuration::from_secs(60 * minutes);
    for stops in [[30, 30], [90, 90], [60, 60], [30, 59], [60, 61]] {
        for until in [91, 100, 200] {
            let stops = stops.map(minutes);
            let [whole, rest] = over_a_stop(&calm(&[lasting]), stops, minutes(until));
            assert_near(&[whole, rest], &[95.0, 95.0]);
        }
    }
    for stops in [[30, 30], [60, 60], [90, 90]] {
        let [whole, rest] = over_a_stop(&calm(&[fading, lasting]), stops.map(minutes), minutes(120));
        assert_near(&[rest], &[whole]);
        assert_near(&[rest], &[95.0 * 1.1]);
    }
    // It came due while the market stood still: it comes when that goes on, and none of it is forgotten yet.
    let [_, rest] = over_a_stop(&calm(&[lasting]), [30, 90].map(minutes), minutes(91));
    assert_near(&[rest], &[95.0]);
    let [_, rest] = over_a_stop(&calm(&[fading]), [30, 300].map(minutes), minutes(360));
    assert_near(&[rest], &[110.0]);
    // The next day begins with what is left, and has it at its time.
    let resumed = calm(&[lasting]).resumed(minutes(90)).unwrap();
    let mut evening = value(&*resumed, MONDAY + minutes(90));
    evening.restore(&value(&*calm(&[lasting]), MONDAY).state(MONDAY + minutes(90)));
    let state = evening.state(MONDAY + minutes(400));
    let mut tuesday = value(&*calm(&[lasting]), MONDAY + DAY);
    tuesday.restore(&state);
    let found = [59, 60].map(|minute| tuesday.at(MONDAY + DAY + minutes(minute)));
    assert_near(&found, &[95.0, 90.25]);
}

/// What follows another value follows it when the shocks of that one change, too.
#[test]
fn a_linked_value_follows_its_leader_when_shocks_change() {
    let kind = ProcessKind::named("linked").unwrap();
    let linked = |leader: &Arc<dyn ConfiguredProcess>, shocks: &[Shock]| {
        let values = Values::new().with("leader", "LEAD").with("ratio", 0.5).with("half_life", HOUR);
        let values = values.with("volatility", 0.0).complete(kind.params).unwrap();
        let earlier = [EarlierInstrument { symbol: "LEAD".to_owned(), process: Some(Arc::clone(leader)) }];
        let site = ProcessSite { earlier: &earlier, length: None };
        super::shocked((kind.configure)(&values, &site).unwrap(), shocks.to_vec())
    };
    let sets: [&[Shock]; 3] = [&[], &[FALL], &[FALL, LATE]];
    for (before, after) in sets.into_iter().flat_map(|a| sets.map(|b| (a, b))) {
        let leaders = [before, after].map(calm);
        for own in [before, after] {
            let (before, after) = over_night(&*linked(&leaders[0], own), &*linked(&leaders[1], &[FALL]));
            // What a shock of its own left becomes a gap, which closes by a sixtieth of its half-life.
            assert!((after / before - 1.0).abs() < 0.02, "{before} {after}");
        }
        let (_, leader) = over_night(&*leaders[0], &*leaders[1]);
        let (_, follower) = over_night(&*linked(&leaders[0], &[]), &*linked(&leaders[1], &[]));
        assert_near(&[follower], &[leader / 2.0]);
    }
}
