//! What scenarios say of live markets.

use std::path::Path;

use serde_json::Value;

use crate::data::Zone;
use crate::scenario::{AfterOutage, Diagnostics, Durability, LiveClock, LiveConfig, Scenario};
use bearpit_core::kernel::Speed;
use bearpit_core::units::{Money, SimDuration};

const MARKET: &str = r#"[scenario]
name = "test"
start = 2025-03-03T09:30:00
end = 2025-03-03T16:00:00

[[instruments]]
symbol = "ACME"
tick_size = "0.01"

[[venues]]
name = "PIT"
instruments = ["ACME"]

"#;

fn load(text: &str, changes: &[&str]) -> Result<Scenario, Diagnostics> {
    let changes: Vec<_> = changes.iter().map(|change| change.parse().unwrap()).collect();
    Scenario::from_text(Path::new("t.toml"), text, &changes)
}

fn live(keys: &str) -> LiveConfig {
    let scenario = load(&format!("{MARKET}[live]\n{keys}\n"), &[]);
    scenario.unwrap_or_else(|found| panic!("{}", found.render(false))).live.unwrap()
}

/// Returns each error with its line and column, and its help.
fn said(text: &str) -> Vec<String> {
    let item = |it: &Value| {
        let help = it["help"].as_str().map_or_else(String::new, |help| format!(" | {help}"));
        format!("{}:{}: {}{help}", it["line"], it["column"], it["message"].as_str().unwrap())
    };
    load(text, &[]).unwrap_err().to_json().as_array().unwrap().iter().map(item).collect()
}

#[test]
fn without_the_table_a_scenario_is_not_live_and_an_empty_one_has_the_defaults() {
    assert_eq!(load(MARKET, &[]).unwrap().live, None);
    let after_outage = AfterOutage::Halt { beyond: SimDuration::from_secs(30) };
    let expected = LiveConfig {
        clock: LiveClock::Wall { zone: Zone::utc(), after_outage },
        starting_cash: Money::from_whole(100_000),
        durability: Durability::Synced,
        keep_days: 30,
        script_operations: 1_000_000,
    };
    assert_eq!(live(""), expected);
    assert_eq!(live("clock = \"wall\"\nafter_outage = \"halt\"\ndurability = \"synced\""), expected);
}

#[test]
fn each_key_says_what_it_says() {
    let wall = live(
        "zone = \"europe/madrid\"\nafter_outage = { halt = \"2m\" }\nstarting_cash = \"2500.50\"\n\
         durability = { relaxed = \"20ms\" }\nkeep_days = 7",
    );
    let after_outage = AfterOutage::Halt { beyond: SimDuration::from_secs(120) };
    let zone = Zone::named("Europe/Madrid").unwrap();
    assert_eq!(wall.clock, LiveClock::Wall { zone, after_outage });
    assert_eq!(wall.starting_cash, Money::from_decimal("2500.5".parse().unwrap()).unwrap());
    assert_eq!(wall.durability, Durability::Relaxed { loses_max: SimDuration::from_millis(20) });
    assert_eq!(wall.keep_days, 7);
    let catching_up = live("after_outage = \"catch_up\"").clock;
    assert_eq!(catching_up, LiveClock::Wall { zone: Zone::utc(), after_outage: AfterOutage::CatchUp });
    for (speed, thousandths) in
        [("60", 60_000), ("0.001", 1), ("1_000_000", 1_000_000_000), ("\"2.5\"", 2_500)]
    {
        let speed = live(&format!("clock = \"scaled\"\nspeed = {speed}")).clock;
        assert_eq!(speed, LiveClock::Scaled { speed: Speed::from_thousandths(thousandths).unwrap() });
    }
    assert_eq!(live("clock = \"scaled\"").clock, LiveClock::Scaled { speed: Speed::REAL_TIME });
}

/// Scripts have as much of a core whatever the speed.
#[test]
fn the_budget_of_scripts_follows_the_speed_unless_it_is_given() {
    for (keys, operations) in [
        ("clock = \"scaled\"\nspeed = 60", 16_666),
        ("clock = \"scaled\"\nspeed = 0.001", 1_000_000),
        ("clock = \"scaled\"\nspeed = 1000000", 1),
        ("clock = \"scaled\"\nspeed = 60\nscript_operations = 5", 5),
        ("script_operations = 1_000_000_000", 1_000_000_000),
    ] {
        assert_eq!(live(keys).script_operations, operations, "{keys}");
    }
}

#[test]
fn the_zone_of_the_scenario_is_that_of_its_days() {
    let own = MARKET.replace("name = \"test\"", "name = \"test\"\nzone = \"America/New_York\"");
    let new_york = Zone::named("America/New_York").unwrap();
    for live in ["", "zone = \"America/New_York\"\n"] {
        let config = load(&format!("{own}[live]\n{live}"), &[]).unwrap().live.unwrap();
        let after_outage = AfterOutage::DEFAULT;
        assert_eq!(config.clock, LiveClock::Wall { zone: new_york.clone(), after_outage });
    }
    assert_eq!(
        said(&format!("{own}[live]\nzone = \"Asia/Tokyo\"\n")),
        [
            "16:8: `zone` is Asia/Tokyo, but the zone of [scenario] is America/New_York | leave one of them out"
        ]
    );
}

#[test]
fn values_of_it_can_be_set() {
    let text = format!("{MARKET}[live]\nclock = \"scaled\"\n");
    let set = load(&text, &["live.speed=120", "live.keep_days=2"]).unwrap().live.unwrap();
    assert_eq!(set.clock, LiveClock::Scaled { speed: Speed::from_thousandths(120_000).unwrap() });
    assert_eq!(set.keep_days, 2);
    assert!(load(MARKET, &["live.clock=scaled"]).unwrap().live.is_some());
}

#[test]
fn each_fault_says_what_is_allowed() {
    let only_wall = "has a meaning only with clock = \"wall\": a scaled clock goes from the scenario's start as it is \
                     written, and stands still while the market does";
    for (keys, expected) in [
        ("clock = \"wal\"", "`clock` is `wal`, which does not exist; did you mean `wall`?"),
        ("clock = 5", "`clock` is a whole number (`5`), but must be one of wall, scaled"),
        (
            "zone = \"Mars/Olympus\"",
            "`zone` is no time zone: `Mars/Olympus` is not a time zone; write UTC, a name",
        ),
        (
            "speed = 2",
            "`speed` has a meaning only with clock = \"scaled\": the clock on the wall runs at its own speed",
        ),
        ("clock = \"scaled\"\nzone = \"UTC\"", only_wall),
        ("clock = \"scaled\"\nafter_outage = \"halt\"", only_wall),
        (
            "clock = \"scaled\"\nspeed = 0",
            "`speed` is `0`, but must be from 0.001 to 1000000 times real time",
        ),
        ("clock = \"scaled\"\nspeed = 0.0001", "with at most three decimal places"),
        ("clock = \"scaled\"\nspeed = 1000001", "but must be from 0.001 to 1000000"),
        ("clock = \"scaled\"\nspeed = \"fast\"", "but must be a decimal such as 0.01"),
        ("after_outage = \"stop\"", "`after_outage` is `stop`, which does not exist; "),
        ("after_outage = {}", "`after_outage` is a table, which must have the one key `halt`"),
        ("after_outage = { hold = \"1m\" }", "has the key `hold`, but must have `halt`"),
        (
            "after_outage = { halt = 60 }",
            "has a `halt` that lacks a unit: write it as a text, such as \"60ms\"",
        ),
        ("after_outage = { halt = \"0s\" }", "has a `halt` that is `0s`, but must be from 1ms to 1d"),
        ("starting_cash = -1", "`starting_cash` is `-1`, but must be money from 0 to 10^15"),
        ("durability = \"relaxed\"", "must say how much can be lost, such as { relaxed = \"50ms\" }"),
        ("durability = { relaxed = \"2m\" }", "has a `relaxed` that is `2m`, but must be from 1ms to 1m"),
        ("durability = true", "`durability` is a boolean (`true`), but must be one of synced"),
        ("keep_days = 0", "`keep_days` is 0, but must be a whole number from 1 to 36500"),
        (
            "script_operations = 0",
            "`script_operations` is 0, but must be a whole number from 1 to 1000000000",
        ),
        ("day = 5", "[live] has no key `day`"),
    ] {
        let found = said(&format!("{MARKET}[live]\n{keys}\n"));
        assert!(found.len() == 1 && found[0].contains(expected), "{keys}: {found:#?}");
    }
}

#[test]
fn all_faults_are_said_at_once_each_at_its_place() {
    let text = MARKET.replace("end = 2025-03-03T16:00:00", "end = 2025-03-04T10:00:00");
    let text = format!(
        "{text}[live]\nclock = \"scaled\"\nzone = \"UTC\"\nspeed = 0\nkeep_days = 0\nkept = 1\n\
         [[agents]]\nkind = \"noise\"\n"
    );
    let mut found = said(&text);
    found.sort_unstable_by_key(|it| it.split(':').next().unwrap().parse::<u32>().unwrap());
    let places: Vec<&str> = found.iter().map(|it| it.split(": ").next().unwrap()).collect();
    let expected = ["4:7", "16:8", "17:9", "18:13", "19:1", "20:1", "20:1"];
    assert_eq!(places, expected, "{found:#?}");
    assert_eq!(
        found[0],
        "4:7: `end` is 2025-03-04T10:00:00, but [live] has one day after the other, so that it can be \
         2025-03-04T09:30:00 at most"
    );
}

/// A file has data for its own days only.
#[test]
fn a_live_market_replays_no_files() {
    let directory = tempfile::tempdir().unwrap();
    let bars = "date,open,high,low,close\n2025-03-03T09:30:00,100,101,99,100.5\n";
    std::fs::write(directory.path().join("b.csv"), bars).unwrap();
    let process =
        "tick_size = \"0.01\"\nprocess = { kind = \"replay\", data = \"b.csv\", bar_length = \"1m\" }";
    let agent = "[[agents]]\nkind = \"replay\"\ndata = \"b.csv\"\nbar_length = \"1m\"\n";
    let path = directory.path().join("t.toml");
    for (text, what) in [
        (MARKET.replace("tick_size = \"0.01\"", process), "a process of this kind replays a file"),
        (format!("{MARKET}{agent}"), "an agent of this kind replays a file"),
    ] {
        let scaled = format!("{text}[live]\nclock = \"scaled\"\n");
        let is_agent = what.starts_with("an agent");
        assert_eq!(Scenario::from_text(&path, &scaled, &[]).is_ok(), is_agent, "{what}");
        Scenario::from_text(&path, &text, &[]).unwrap_or_else(|found| panic!("{}", found.render(false)));
        let found = Scenario::from_text(&path, &format!("{text}[live]\n"), &[]).unwrap_err().render(false);
        assert!(found.contains(what), "{found}");
    }
}
