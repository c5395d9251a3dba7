//! What scenarios say of a replay's sessions, and of the finer bars within its bars.

use super::{Scenario, Severity};
use bearpit_core::replay::{Days, ReplayBar, ReplayConfig};
use bearpit_core::units::{SimDuration, SimTime};

/// A scenario with a replay of `data.csv`, beside which are `files`, with these keys.
fn load(head: &str, keys: &str, files: &[(&str, &str)]) -> Result<Scenario, Vec<String>> {
    let directory = tempfile::tempdir().unwrap();
    for (name, rows) in files {
        let text = format!("date,open,high,low,close,volume\n{rows}");
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    let path = directory.path().join("t.toml");
    let text = format!(
        "[scenario]\nname = \"t\"\nstart = 2024-03-01\nend = 2024-03-31\n{head}\n\
         [[instruments]]\nsymbol = \"X\"\ntick_size = \"0.01\"\n\
         [[venues]]\nname = \"V\"\ninstruments = [\"X\"]\n\
         [[agents]]\nkind = \"replay\"\ndata = \"data.csv\"\n{keys}\n"
    );
    std::fs::write(&path, text).unwrap();
    Scenario::load(&path, &[]).map_err(|found| messages(&found.to_json_of(Severity::Error)))
}

fn messages(found: &serde_json::Value) -> Vec<String> {
    let text = |item: &serde_json::Value| item["message"].as_str().unwrap().to_owned();
    found.as_array().unwrap().iter().map(text).collect()
}

fn replay(scenario: &Scenario) -> &ReplayConfig {
    scenario.agents[0].configured.replay().unwrap()
}

fn warnings(scenario: &Scenario) -> Vec<String> {
    messages(&scenario.warnings.to_json_of(Severity::Warning))
}

/// Rows of one price that begin then.
fn rows(times: &[&str]) -> String {
    times.iter().map(|time| format!("{time},10,10,10,10,9\n")).collect()
}

/// Days as a list has them: each time with its day, or none.
fn days(bars: &[ReplayBar], list: &[(&str, Option<&str>)]) -> Days {
    let time = |text: &str| text.parse::<SimTime>().unwrap();
    Days::by(bars, |start| {
        let (_, day) = list.iter().find(|(at, _)| time(at) == start).unwrap();
        day.map(time)
    })
}

const NEW_YORK: &str =
    "bar_length = \"1h\"\nsession = { zone = \"America/New_York\", open = \"09:30\", close = \"16:00\" }";

#[test]
fn a_session_is_that_of_its_zone_whatever_its_clocks_do() {
    // Clocks went forward on 10 March: half past nine is 14:30 before and 13:30 after.
    let list = [
        ("2024-03-08T13:30:00", None),
        ("2024-03-08T14:30:00", Some("2024-03-08")),
        ("2024-03-08T20:30:00", Some("2024-03-08")),
        ("2024-03-11T12:30:00", None),
        ("2024-03-11T13:30:00", Some("2024-03-11")),
        ("2024-03-11T19:30:00", Some("2024-03-11")),
        ("2024-03-11T20:00:00", None),
    ];
    let times = list.map(|(time, _)| time);
    // The last two are half an hour apart.
    let keys = NEW_YORK.replace("1h", "30m");
    let loaded = load("zone = \"UTC\"", &keys, &[("data.csv", &rows(&times))]).unwrap();
    let config = replay(&loaded);
    assert_eq!(config.days, days(&config.bars, &list));
    assert_ne!(config.days, Days::by_date(&config.bars));
    let found = warnings(&loaded);
    assert!(found.len() == 1 && found[0].contains("3 of 7 bars begin outside of `session`"), "{found:?}");
    // Its clock is another one: hours are counted from midnight.
    assert_eq!(loaded.bar_interval.anchor(), SimDuration::ZERO);
}

#[test]
fn a_session_overnight_belongs_to_the_day_on_which_it_closes() {
    let list = [
        ("2024-03-04T16:00:00", Some("2024-03-04")),
        ("2024-03-04T17:00:00", None),
        ("2024-03-04T18:00:00", Some("2024-03-05")),
        ("2024-03-05T09:00:00", Some("2024-03-05")),
        ("2024-03-05T16:00:00", Some("2024-03-05")),
    ];
    let keys = "bar_length = \"1h\"\nsession = { open = \"18:00\", close = \"17:00\" }";
    let loaded = load("", keys, &[("data.csv", &rows(&list.map(|(time, _)| time)))]).unwrap();
    let config = replay(&loaded);
    assert_eq!(config.days, days(&config.bars, &list));
}

#[test]
fn hours_are_counted_from_the_open_of_the_session_unless_the_scenario_says_otherwise() {
    let data = rows(&["2024-03-08T10:00:00", "2024-03-08T11:00:00"]);
    let anchor = |head: &str| {
        let loaded = load(head, NEW_YORK, &[("data.csv", &data)]).unwrap();
        loaded.bar_interval.anchor()
    };
    assert_eq!(anchor("zone = \"America/New_York\""), SimDuration::from_secs(34_200));
    assert_eq!(anchor("zone = \"America/New_York\"\nanchor = \"1h\""), SimDuration::from_secs(3_600));
}

#[test]
fn what_is_wrong_with_a_session_is_said() {
    let data = rows(&["2024-03-08T10:00:00", "2024-03-08T11:00:00"]);
    for (head, keys, part) in [
        ("", NEW_YORK, "the scenario does not say in which zone its clock is"),
        (
            "zone = \"UTC\"",
            &*NEW_YORK.replace("America/New_York", "America/NewYork"),
            "`America/NewYork` is not a time zone",
        ),
        ("zone = \"UTC\"", &*NEW_YORK.replace("09:30", "9h30m"), "`open` of `session` is `9h30m`"),
        ("zone = \"UTC\"", &*NEW_YORK.replace("16:00", "25:00"), "`close` of `session` is `25:00`"),
        ("zone = \"Asia/Tokyo\"", NEW_YORK, "no bar of `data` begins within `session`"),
        ("", "bar_length = \"1h\"\nsession = { open = \"09:00\" }", "`close`"),
        ("", "bar_length = \"1h\"\nday_begins = \"18h\"", "has no key `day_begins` any more"),
    ] {
        let found = load(head, keys, &[("data.csv", &data)]).unwrap_err();
        assert!(found.iter().any(|message| message.contains(part)), "{keys}: {found:?}");
    }
}

const DAYS: &str = "2024-03-04,10,12,8,11,900\n2024-03-05,11,13,9,12,900\n";
const WITH_FINER: &str = "bar_open = \"9h\"\nbar_length = \"3h\"\nfiner = \"hours.csv\"";

fn with_hours(hours: &str) -> Result<Scenario, Vec<String>> {
    load("", WITH_FINER, &[("data.csv", DAYS), ("hours.csv", hours)])
}

#[test]
fn finer_bars_are_taken_where_they_lie_within_the_bars() {
    // The hours before the open and after the close of a day are part of none.
    let hours = "2024-03-04T08:00:00,10,19,1,10,1\n2024-03-04T09:00:00,10,12,9,12,1\n\
                 2024-03-04T11:00:00,12,12,8,11,1\n2024-03-04T12:00:00,10,19,1,10,1\n";
    let loaded = with_hours(hours).unwrap();
    let finer: Vec<String> =
        replay(&loaded).finer.iter().map(|bar| bar.start.to_string()[..16].to_owned()).collect();
    assert_eq!(finer, ["2024-03-04T09:00", "2024-03-04T11:00"]);
    let found = warnings(&loaded);
    assert!(found.len() == 1, "{found:?}");
    assert!(
        found[0]
            .contains("1 of 2 bars have no bars of `finer` within them, the first that of 2024-03-05T09:00")
    );
}

#[test]
fn finer_bars_that_do_not_fit_are_errors_with_their_times() {
    let beyond = "2024-03-04T09:00:00,10,12,9,12,1\n2024-03-04T10:00:00,12,12.5,8,11,1\n";
    let late = "2024-03-04T09:00:00,10,12,9,12,1\n2024-03-04T11:30:00,12,12,8,11,1\n";
    let coarse = "2024-03-04T09:00:00,10,12,9,12,1\n2024-03-05T09:00:00,12,12,9,11,1\n";
    let elsewhere = "2024-03-04T13:00:00,10,12,9,12,1\n2024-03-04T14:00:00,12,12,8,11,1\n";
    for (hours, part) in [
        (
            beyond,
            "the bar of 2024-03-04T10:00:00 in `finer` goes from 8 to 12.5, outside of the bar of 2024-03-04T09:00:00",
        ),
        (late, "the bar of 2024-03-04T11:30:00 in `finer` lasts until 2024-03-04T14:00:00"),
        (coarse, "they are no finer than those of `data`"),
        (elsewhere, "no bar of `finer` lies within one of `data`"),
    ] {
        let found = with_hours(hours).unwrap_err();
        assert!(found.iter().any(|message| message.contains(part)), "{part}: {found:?}");
    }
}
