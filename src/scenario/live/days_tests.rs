//! The days of live markets: where clocks change, how they follow one another, what they draw.

use std::path::Path;

use proptest::prelude::*;

use super::{CivilDate, DayError, DaySpan, LiveDays, schedule};
use crate::data::Zone;
use crate::scenario::Scenario;
use bearpit_core::exchange::{Calendar, MarketEnd, Schedule};
use bearpit_core::market::BarInterval;
use bearpit_core::units::{Seed, SimDuration, SimTime};

const MARKET: &str = r#"[scenario]
name = "test"
seed = 7
start = START
end = END

[live]
LIVE

[[instruments]]
symbol = "ACME"
tick_size = "0.01"

[[venues]]
name = "PIT"
instruments = ["ACME"]
SESSIONS
"#;

fn scenario(start: &str, end: &str, live: &str, sessions: &str) -> Scenario {
    let sessions = if sessions.is_empty() { String::new() } else { format!("sessions = {{ {sessions} }}") };
    let text = MARKET.replace("START", start).replace("END", end).replace("LIVE", live);
    let loaded = Scenario::from_text(Path::new("t.toml"), &text.replace("SESSIONS", &sessions), &[]);
    loaded.unwrap_or_else(|found| panic!("{}", found.render(false)))
}

/// A market on the wall clock of a zone, from midnight to midnight.
fn whole_days(zone: &str) -> Scenario {
    scenario("2025-03-03", "2025-03-04", &format!("zone = \"{zone}\""), "")
}

fn date(text: &str) -> CivilDate {
    text.parse().unwrap()
}

fn at(text: &str) -> SimTime {
    text.parse().unwrap()
}

fn span(days: LiveDays<'_>, day: &str) -> String {
    let DaySpan { start, end } = days.span(date(day)).unwrap();
    format!("{start} {end} {}", end - start)
}

/// Returns the changes of phase of a day's first venue.
fn phases(scenario: &Scenario, day: &str) -> Vec<String> {
    let day = scenario.live_days().unwrap().scenario(date(day)).unwrap();
    let calendar = day.venues[0].rules.sessions.as_ref().unwrap();
    drawn(&schedule(calendar, &day.session_zone, day.start, day.end))
}

fn drawn(schedule: &Schedule) -> Vec<String> {
    schedule.iter().map(|(at, phase)| format!("{at} {phase}")).collect()
}

#[test]
fn a_day_has_the_hours_of_its_zone() {
    let market = scenario("2025-03-03T08:30:00", "2025-03-03T17:35:00", "zone = \"Europe/Madrid\"", "");
    let days = market.live_days().unwrap();
    assert_eq!(span(days, "2026-01-15"), "2026-01-15T07:30:00 2026-01-15T16:35:00 9h5m");
    assert_eq!(span(days, "2026-07-15"), "2026-07-15T06:30:00 2026-07-15T15:35:00 9h5m");
    // Before that of the file, too.
    assert_eq!(span(days, "2024-12-31"), "2024-12-31T07:30:00 2024-12-31T16:35:00 9h5m");
    assert_eq!(days.at(at("2026-07-15T06:29:59")), None);
    assert_eq!(days.at(at("2026-07-15T06:30:00")), Some(date("2026-07-15")));
}

#[test]
fn days_in_which_clocks_change_have_23_and_25_hours() {
    let new_york = whole_days("America/New_York");
    let days = new_york.live_days().unwrap();
    assert_eq!(span(days, "2026-03-07"), "2026-03-07T05:00:00 2026-03-08T05:00:00 1d");
    assert_eq!(span(days, "2026-03-08"), "2026-03-08T05:00:00 2026-03-09T04:00:00 23h");
    assert_eq!(span(days, "2026-11-01"), "2026-11-01T04:00:00 2026-11-02T05:00:00 1d1h");
    // Half an hour, and at midnight: forward, back.
    let lord_howe = whole_days("Australia/Lord_Howe");
    assert_eq!(span(lord_howe.live_days().unwrap(), "2026-10-04").split(' ').nth(2), Some("23h30m"));
    let beirut = whole_days("Asia/Beirut");
    assert_eq!(
        span(beirut.live_days().unwrap(), "2026-03-29"),
        "2026-03-28T22:00:00 2026-03-29T21:00:00 23h"
    );
    let havana = whole_days("America/Havana");
    assert_eq!(
        span(havana.live_days().unwrap(), "2024-11-03"),
        "2024-11-03T04:00:00 2024-11-04T05:00:00 1d1h"
    );
}

/// Samoa went over the date line: its clocks skipped 30 December 2011.
#[test]
fn a_date_that_clocks_skipped_has_no_day() {
    let apia = whole_days("Pacific/Apia");
    let days = apia.live_days().unwrap();
    let skipped = date("2011-12-30");
    assert_eq!(days.span(skipped), Err(DayError::Skipped(skipped)));
    assert_eq!(days.scenario(skipped).unwrap_err(), DayError::Skipped(skipped));
    assert!(!days.is_trading_day(skipped));
    assert_eq!(days.next(date("2011-12-29")), Ok(date("2011-12-31")));
    assert_eq!(span(days, "2011-12-29"), "2011-12-29T10:00:00 2011-12-30T10:00:00 1d");
    assert_eq!(span(days, "2011-12-31"), "2011-12-30T10:00:00 2011-12-31T10:00:00 1d");
}

/// Madrid's clocks go from 2:00 to 3:00 on 29 March 2026, and from 3:00 to 2:00 on 25 October.
#[test]
fn what_clocks_skip_begins_when_they_do_and_what_they_show_twice_begins_the_first_time() {
    let zone = "zone = \"Europe/Madrid\"";
    let days = "days = [\"sun\"]";
    let night =
        scenario("2025-03-03", "2025-03-04", zone, &format!("open = \"2h30m\", close = \"5h\", {days}"));
    assert_eq!(
        phases(&night, "2026-03-29"),
        ["2026-03-28T23:00:00 closed", "2026-03-29T01:00:00 continuous", "2026-03-29T03:00:00 closed"]
    );
    assert_eq!(
        phases(&night, "2026-10-25"),
        ["2026-10-24T22:00:00 closed", "2026-10-25T00:30:00 continuous", "2026-10-25T04:00:00 closed"]
    );
    // What lies in the hour that is skipped does not take place.
    let keys = "open = \"2h50m\", close = \"5h\", opening_auction = \"20m\", pre_open = \"40m\"";
    let auction = scenario("2025-03-03", "2025-03-04", zone, &format!("{keys}, {days}"));
    assert_eq!(
        phases(&auction, "2026-03-29"),
        ["2026-03-28T23:00:00 closed", "2026-03-29T01:00:00 continuous", "2026-03-29T03:00:00 closed"]
    );
    // A day may begin and end in such hours.
    let within = scenario("2025-03-03T02:15:00", "2025-03-03T02:45:00", zone, "");
    let days = within.live_days().unwrap();
    assert_eq!(days.span(date("2026-03-29")), Err(DayError::Skipped(date("2026-03-29"))));
    assert_eq!(span(days, "2026-10-25"), "2026-10-25T00:15:00 2026-10-25T00:45:00 30m");
}

/// Where it is day while it is still yesterday in UTC.
#[test]
fn sessions_are_told_by_the_clock_of_the_zone() {
    let keys = "pre_open = \"1h\", opening_auction = \"10m\", open = \"9h\", close = \"15h30m\", closing_auction = \"5m\"";
    let holidays = "holidays = [2026-01-02]";
    let tokyo = scenario(
        "2025-03-03T07:00:00",
        "2025-03-03T16:00:00",
        "zone = \"Asia/Tokyo\"",
        &format!("{keys}, {holidays}"),
    );
    assert_eq!(
        phases(&tokyo, "2026-01-05"),
        [
            "2026-01-04T22:00:00 closed",
            "2026-01-04T23:00:00 pre_open",
            "2026-01-04T23:50:00 opening_auction",
            "2026-01-05T00:00:00 continuous",
            "2026-01-05T06:30:00 closing_auction",
            "2026-01-05T06:35:00 closed",
        ]
    );
    let days = tokyo.live_days().unwrap();
    assert_eq!(days.next(date("2026-01-01")), Ok(date("2026-01-05")), "over a holiday and a weekend");
    let trading = ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05"];
    assert_eq!(trading.map(|day| days.is_trading_day(date(day))), [true, false, false, false, true]);
    // Before the day, at its beginning, and just after that.
    for (now, next) in [
        ("2026-01-01T22:30:00", "2026-01-05"),
        ("2026-01-04T22:00:00", "2026-01-05"),
        ("2026-01-04T22:00:01", "2026-01-06"),
    ] {
        assert_eq!(days.next_from(at(now)), Ok(date(next)), "{now}");
    }
}

#[test]
fn a_day_may_last_into_the_next() {
    let zone = "zone = \"America/Chicago\"";
    let keys = "open = \"17h\", close = \"40h\", days = [\"sun\", \"mon\", \"tue\", \"wed\", \"thu\"]";
    let futures = scenario("2025-03-03T16:45:00", "2025-03-04T16:15:00", zone, keys);
    let days = futures.live_days().unwrap();
    assert_eq!(span(days, "2026-01-04"), "2026-01-04T22:45:00 2026-01-05T22:15:00 23h30m");
    assert_eq!(
        phases(&futures, "2026-01-04"),
        ["2026-01-04T22:45:00 closed", "2026-01-04T23:00:00 continuous", "2026-01-05T22:00:00 closed"]
    );
    assert_eq!(days.at(at("2026-01-05T22:14:59")), Some(date("2026-01-04")));
    assert_eq!(days.at(at("2026-01-05T22:15:00")), None);
    assert_eq!(days.at(at("2026-01-05T22:45:00")), Some(date("2026-01-05")));
    assert_eq!(days.next(date("2026-01-08")), Ok(date("2026-01-11")), "no session on Friday and Saturday");
}

#[test]
fn the_days_of_a_market_without_sessions_adjoin_in_every_zone() {
    for zone in
        ["UTC", "America/New_York", "Asia/Kathmandu", "Asia/Beirut", "America/Havana", "Australia/Lord_Howe"]
    {
        let market = whole_days(zone);
        let days = market.live_days().unwrap();
        let mut day = date("2026-01-01");
        for _ in 0..400 {
            let DaySpan { start, end } = days.span(day).unwrap();
            let nanosecond = SimDuration::from_nanos(1);
            assert_eq!([start, end - nanosecond].map(|time| days.at(time)), [Some(day); 2], "{zone} {day}");
            let next = days.next(day).unwrap();
            assert_eq!(
                (days.span(next).unwrap().start, days.next_from(end)),
                (end, Ok(next)),
                "{zone} {day}"
            );
            day = next;
        }
    }
}

#[test]
fn scaled_days_follow_one_another_from_the_scenarios_own() {
    let keys = "open = \"9h30m\", close = \"16h\"";
    let friday =
        scenario("2025-03-07T09:00:00", "2025-03-07T16:30:00", "clock = \"scaled\"\nspeed = 60", keys);
    let days = friday.live_days().unwrap();
    assert_eq!(days.numbered(0), Err(DayError::Zero));
    assert_eq!(days.numbered(1), Ok(days.first()));
    assert_eq!(days.numbered(u32::MAX), Err(DayError::OutOfRange));
    let first = days.scenario(days.first()).unwrap();
    assert_eq!(
        (first.start, first.end, first.seed, &first.session_zone),
        (friday.start, friday.end, friday.seed, &friday.session_zone)
    );
    let saturday = days.numbered(2).unwrap();
    assert_eq!((days.next(days.first()), saturday), (Ok(saturday), date("2025-03-08")));
    assert_eq!(phases(&friday, "2025-03-08"), ["2025-03-08T09:00:00 closed"]);
    assert!(!days.is_trading_day(saturday));
    let early = date("2025-03-06");
    assert_eq!(days.span(early), Err(DayError::TooEarly(early, days.first())));
    assert_eq!(days.next_from(at("1999-01-01")), Ok(days.first()));
    assert_eq!(days.at(at("2025-03-10T10:00:00")), Some(days.numbered(4).unwrap()));
    assert_eq!(days.next_from(at("2199-12-31T10:00:00")), Err(DayError::OutOfRange));
}

/// A market that runs over years draws the same as ever.
#[test]
fn each_day_has_a_seed_of_its_own_which_never_changes() {
    let market = whole_days("UTC");
    let days = market.live_days().unwrap();
    let own = days.scenario(date("2025-03-03")).unwrap().seed;
    let next = days.scenario(date("2025-03-04")).unwrap().seed;
    let noon = days.rest(date("2025-03-03"), at("2025-03-03T12:00:00")).unwrap();
    assert_eq!(own, Seed::new(7));
    assert_eq!([next, noon.seed], [Seed::new(NEXT), Seed::new(NOON)]);
    let other = Scenario { seed: Seed::new(8), ..market.clone() };
    let other = other.live_days().unwrap().scenario(date("2025-03-04")).unwrap().seed;
    assert!(other != next);
    assert_eq!((noon.start, noon.end), (at("2025-03-03T12:00:00"), at("2025-03-04")));
    let (day, end) = (date("2025-03-03"), at("2025-03-04"));
    assert_eq!(days.rest(day, end).unwrap_err(), DayError::Over(day, end));
    let whole = days.rest(day, at("2025-03-03")).unwrap();
    assert_eq!((whole.start, whole.seed), (at("2025-03-03"), own));
}

/// Returns the value a second before and at an hour of a day that was stopped at noon and goes on.
fn around(shock: &str, hour: &str) -> [String; 2] {
    let market = MARKET.replace("START", "2025-03-03T09:30:00").replace("END", "2025-03-03T16:00:00");
    let process = format!(
        "tick_size = \"0.01\"\nprocess = {{ kind = \"gbm\", initial = 100, volatility = 0, shocks = [{{ {shock} }}] }}"
    );
    let text = market.replace("LIVE", "clock = \"scaled\"").replace("SESSIONS", "");
    let text = text.replace("tick_size = \"0.01\"", &process);
    let scenario = Scenario::from_text(Path::new("t.toml"), &text, &[]);
    let scenario = scenario.unwrap_or_else(|found| panic!("{}", found.render(false)));
    let (days, noon) = (scenario.live_days().unwrap(), at("2025-03-03T12:00:00"));
    let mut builder = days.scenario(days.first()).unwrap().lay_out_live().unwrap();
    builder.goes_on();
    let mut morning = builder.open().unwrap();
    morning.start();
    morning.step(noon, u64::MAX).unwrap();
    morning.settle().unwrap();
    let left = morning.closing_state().unwrap().clone();
    assert_eq!((left.at, left.end), (noon, MarketEnd::Stopped));
    let value = |until: SimTime| {
        let mut builder = days.rest(days.first(), noon).unwrap().lay_out_live().unwrap();
        builder.goes_on();
        builder.opening(left.clone());
        let mut market = builder.open().unwrap();
        market.start();
        market.step(until, u64::MAX).unwrap();
        market.settle().unwrap();
        market.closing_state().unwrap().instruments[0].value.as_ref().unwrap().value
    };
    let hour = at(&format!("2025-03-03T{hour}:00"));
    [hour - SimDuration::from_secs(1), hour].map(|until| format!("{:.6}", value(until)))
}

/// The day begins at 9:30, and is stopped and goes on at noon.
#[test]
fn shocks_of_a_day_that_was_stopped_come_once_and_at_their_time() {
    let before = "after = \"2h\", size = -0.05";
    for hour in ["12:01", "14:00", "15:59"] {
        assert_eq!(around(before, hour), ["95.000000"; 2], "{hour}");
    }
    assert_eq!(around("after = \"3h30m\", size = -0.05", "13:00"), ["100.000000", "95.000000"]);
    assert_eq!(around("after = \"3h30m\", size = -0.05", "15:30"), ["95.000000"; 2]);
}

const NEXT: u64 = 4_864_650_253_909_519_723;
const NOON: u64 = 7_628_201_347_156_844_899;

#[test]
fn bars_are_counted_from_the_same_hour_of_the_zones_clock() {
    let mut market = scenario("2025-03-03T09:30:00", "2025-03-03T16:00:00", "zone = \"Asia/Kathmandu\"", "");
    let interval = |anchor: &str| {
        let hours: BarInterval = SimDuration::from_secs(7_200).into();
        hours.anchored(anchor.parse().unwrap())
    };
    market.bar_interval = interval("9h30m");
    market.record.bar_interval = interval("9h30m");
    market.record.bars = vec![interval("9h30m")];
    // Kathmandu is 5:45 before UTC.
    let day = market.live_days().unwrap().scenario(date("2026-01-15")).unwrap();
    assert_eq!(day.start, at("2026-01-15T03:45:00"));
    assert_eq!(day.bar_interval, interval("3h45m"));
    assert_eq!((day.record.bar_interval, day.record.bars), (interval("3h45m"), vec![interval("3h45m")]));
}

/// Seats change nothing for a market that nobody joins, and the first scaled day is the scenario.
#[test]
fn a_scaled_day_that_nobody_joins_is_the_simulation() {
    let changes = ["scenario.end=2025-03-03T09:35:00", "live.clock=scaled"].map(|it| it.parse().unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/quickstart.toml");
    let scenario = Scenario::load(&path, &changes).unwrap();
    let days = scenario.live_days().unwrap();
    let day = |number| days.scenario(days.numbered(number).unwrap()).unwrap();
    let digest = |mut market: bearpit_core::exchange::Market| {
        market.run().unwrap();
        market.digest().to_string()
    };
    let simulated = digest(scenario.lay_out().unwrap().open().unwrap());
    assert_eq!(digest(day(1).lay_out_live().unwrap().open().unwrap()), simulated);
    assert_ne!(digest(day(2).lay_out_live().unwrap().open().unwrap()), simulated);
}

proptest! {
    /// Whatever the zone, the date and the hours.
    #[test]
    fn prop_phases_of_a_day_come_in_order_and_within_it(
        zone in prop::sample::select(vec!["UTC", "America/New_York", "Europe/Madrid", "Asia/Beirut", "America/Havana",
                                          "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "+09:30"]),
        day in 14_000_u32..22_000,
        hours in (0..1_440_i64, 1..1_400_i64, 0..120_i64, 0..60_i64, 0..60_i64),
    ) {
        let minutes = |minutes: i64| SimDuration::from_secs(60 * minutes);
        let (open, length, pre, auction, closing) = hours;
        // What a scenario may have.
        prop_assume!(length + pre + auction + closing <= 1_440);
        let calendar = Calendar {
            open: minutes(open),
            close: minutes(open + length),
            pre_open: minutes(pre + auction),
            opening_auction: minutes(auction),
            closing_auction: minutes(closing),
            weekdays: [true; 7],
            holidays: Default::default(),
        };
        let market = whole_days(zone);
        let day = date("1970-01-01").days_later(day).unwrap();
        if let Ok(DaySpan { start, end }) = market.live_days().unwrap().span(day) {
            let phases = schedule(&calendar, &Zone::named(zone).unwrap(), start, end);
            prop_assert_eq!(phases[0].0, start);
            prop_assert!(phases.iter().all(|(at, _)| *at < end));
            let in_order = phases.windows(2).all(|pair| pair[0].0 < pair[1].0);
            // In UTC the calendar's own schedule is taken, which has phases without length.
            prop_assert!(in_order || zone == "UTC");
        }
    }
}
