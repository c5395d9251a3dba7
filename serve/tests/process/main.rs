//! `bearpit-serve` from outside: real processes, started, watched, stopped and killed.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed; it waits for other processes"
)]

#[cfg(target_os = "linux")]
mod admin;
#[cfg(target_os = "linux")]
mod alpaca_paths;
mod auctions;
#[cfg(target_os = "linux")]
mod away;
mod contests;
#[cfg(target_os = "linux")]
mod described;
#[cfg(target_os = "linux")]
mod dice;
mod estimates;
mod feeds;
#[cfg(target_os = "linux")]
mod fix;
#[cfg(target_os = "linux")]
mod fix_limits;
mod harness;
#[cfg(target_os = "linux")]
mod malformed;
mod observe;
mod payments;
mod people;
mod profiles;
#[cfg(target_os = "linux")]
mod proxy;
mod refusals;
mod replayed;
mod sessions;
#[cfg(feature = "otlp")]
mod spans;
mod strategies;
mod wallet;
mod webhooks;
#[cfg(target_os = "linux")]
mod wire;

use std::fs;

use harness::Place;
use serde_json::json;

#[test]
fn a_market_is_served_and_ends_in_order_and_goes_on() {
    let place = Place::new();
    let mut served = place.start_ready();
    assert_eq!(served.get("/healthz").0, 200);
    assert!(served.figure("bearpit_takes_orders") > 0.0);
    assert!(served.figure("bearpit_stage{stage=\"open\"}") > 0.0);
    assert!((served.figure("bearpit_day") - 1.0).abs() < 0.5);
    assert!((served.figure("bearpit_speed_ratio") - 10.0).abs() < 1e-9);
    for name in ["bearpit_pacing_lag_seconds", "bearpit_requests_waiting", "bearpit_outputs_waiting"] {
        assert!(served.figure(name) >= 0.0, "{name}");
    }
    served.figure("bearpit_journal_sync_duration_seconds_count");
    served.figure("bearpit_command_latency_seconds_count");

    assert_eq!(place.admin(&["pause"]), json!({ "done": { "action": "pause" } }));
    let body = served.await_ready(503);
    assert_eq!((&body["reason"], &body["status"]), (&json!("paused"), &json!("not_ready")));
    let paused = place.admin(&["status"]);
    assert_eq!((&paused["day"]["paused"], &paused["takes_orders"]), (&json!(true), &json!(false)));
    place.admin(&["speed", "2.5"]);
    place.admin(&["resume"]);
    served.await_ready(200);
    let status = place.admin(&["status"]);
    assert_eq!((&status["stage"], &status["day"]["speed"]), (&json!("open"), &json!(2.5)));

    served.signal("-TERM");
    served.await_line("stopping");
    served.await_line("stopped");
    assert_eq!(served.await_exit(), Some(0));
    assert!(!place.path().join("data/admin.json").exists());
    let checked = place.run(&["small.toml", "--check"]);
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
    assert!(checked.stdout.contains("ended in order at 2025-03-03T00:"), "{}", checked.stdout);

    // The same day goes on from where it stood, in a segment of its own.
    let served = place.start_ready();
    let later = place.admin(&["status"]);
    assert_eq!(later["day"]["number"], json!(1));
    assert!(later["day"]["now"].as_str() >= status["day"]["now"].as_str(), "{status} {later}");
    assert!(place.newest_segment().ends_with("00000002.journal"));
    assert_eq!(served.stop(), Some(0));
}

#[test]
fn a_market_that_was_killed_is_rebuilt() {
    let place = Place::new();
    let served = place.start_ready();
    // What happened in the last moment, and nobody was promised, may be lost.
    while served.figure("bearpit_events_total") < 200.0 {}
    let before = place.admin(&["status"]);
    served.crash();
    let checked = place.run(&["small.toml", "--check"]);
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
    assert!(checked.stdout.contains("to be rebuilt"), "{}", checked.stdout);
    let served = place.start_ready();
    let after = place.admin(&["status"]);
    assert!(place.newest_segment().ends_with("00000001.journal"), "it is the same segment");
    assert!(after["day"]["events"].as_u64() >= Some(100), "{before} {after}");
    assert_eq!(served.stop(), Some(0));
}

#[test]
fn what_happens_comes_to_the_database_and_can_be_made_anew() {
    let place = Place::new();
    let served = place.start_ready();
    place.run(&["rebuild"]).assert_fails(1, &["another process has this journal open"]);
    while served.figure("bearpit_projection_rows_total") < 10.0 {}
    served.crash();
    assert!(place.path().join("data/bearpit.db").exists());
    let served = place.start_ready();
    while served.figure("bearpit_projection_rows_total") < 10.0 {}
    assert_eq!(served.stop(), Some(0));
    for _ in 0..2 {
        let rebuilt = place.run(&["rebuild"]);
        assert_eq!(rebuilt.code, Some(0), "{}", rebuilt.stderr);
        assert!(rebuilt.stdout.contains("data/bearpit.db: ") && rebuilt.stdout.contains(" of segment 1"));
    }
    assert_eq!(place.start_ready().stop(), Some(0));
    let away = ["small.toml", "--listen", "127.0.0.1:0", "--database", "postgres://nobody@127.0.0.1:1/none"];
    place.run(&away).assert_fails(1, &["postgres://nobody@127.0.0.1:1/none cannot be opened"]);
}

#[test]
fn two_processes_do_not_share_a_directory() {
    let place = Place::new();
    let served = place.start_ready();
    let second = place.run(&["small.toml", "--listen", "127.0.0.1:0"]);
    second.assert_fails(1, &["another process has this journal open"]);
    place.run(&["small.toml", "--check"]).assert_fails(1, &["another process has this journal open"]);
    assert_eq!(served.get("/readyz").0, 200);
    let address = served.address.to_string();
    let third = place.run(&["small.toml", "--listen", &address, "--data", "other"]);
    third.assert_fails(1, &["cannot listen on", &address]);
    assert!(!place.path().join("other").exists());
    assert_eq!(served.stop(), Some(0));
}

#[test]
fn a_start_waits_for_a_database_that_is_elsewhere() {
    let place = Place::new();
    // A port at which nothing listens.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    drop(taken);
    let mut served = place.begin_with(&["--database", &format!("postgres://anne@127.0.0.1:{port}/bearpit")]);
    let line = served.await_line("waiting up to 60 s for the database");
    assert!(line["cause"].as_str().unwrap().contains("the database is away"), "{line}");
    assert_eq!(served.stop(), Some(1), "a signal ends the wait");
}

#[test]
fn a_second_signal_ends_it_at_once_or_it_has_ended() {
    let place = Place::new();
    let mut served = place.start_ready();
    served.signal("-TERM");
    served.signal("-INT");
    let code = served.await_exit();
    assert!(matches!(code, Some(0 | 130)), "{code:?}");
    // However it ended, the market is there again.
    assert_eq!(place.start_ready().stop(), Some(0));
}

#[test]
fn all_that_is_wrong_is_said_at_once_and_nothing_is_made() {
    let place = Place::new();
    place.scenario_with("speed = 10", "speeed = 10");
    place.write("serve.toml", "listen = \"8080\"\n[queue]\nrequest = 1\n");
    place.write(".env", "BEARPIT_LOG_LEVEL=loud\n");
    let arguments = ["small.toml", "--config", "serve.toml", "--http-workers", "0", "--check"];
    for arguments in [&arguments[..], &arguments[..5]] {
        let ended = place.run(arguments);
        let expected = [
            "serve.toml:1:10",
            "[queue] has no key `request`",
            "did you mean `requests`?",
            ".env:1:19",
            "`--http-workers` is 0, but must be a whole number from 1 to 64",
            "small.toml:10:1",
            "did you mean `speed`?",
        ];
        ended.assert_fails(2, &expected);
        assert!(!place.path().join("data").exists());
    }
    place.run(&["none.toml"]).assert_fails(2, &["`none.toml` cannot be read"]);
    place.run(&["small.toml", "--config", "none.toml"]).assert_fails(2, &["`none.toml` cannot be read"]);
    place.run(&["small.toml", "--listen"]).assert_fails(2, &["--listen"]);
    place.run(&[]).assert_fails(2, &["Usage: bearpit-serve"]);
}

#[test]
fn a_check_starts_nothing_and_says_what_holds() {
    let place = Place::new();
    place.write("serve.toml", "database = \"postgres://bear:hunter2@db/pit\"\n[log]\nlevel = \"warn\"\n");
    let checked = place.run(&["small.toml", "--config", "serve.toml", "--check", "--http-workers", "3"]);
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
    for expected in [
        "small.toml: valid; `small`, a clock of its own x10, 1 instruments, 1 venues, 6 agents",
        "  database = postgres://bear:*******@db/pit (file)",
        "  log.level = warn (file)",
        "  http.workers = 3 (command line)",
        "./data: usable; it has no journal yet",
    ] {
        assert!(checked.stdout.contains(expected), "no {expected:?} in\n{}", checked.stdout);
    }
    assert!(!place.path().join("data").exists());
    place.write("file", "");
    place.run(&["small.toml", "--check", "--data", "file/data"]).assert_fails(1, &["file"]);
}

#[test]
fn a_journal_of_another_scenario_or_a_damaged_one_is_refused() {
    let place = Place::new();
    let served = place.start_ready();
    while served.figure("bearpit_events_total") < 200.0 {}
    served.crash();
    place.scenario_with("seed = 7", "seed = 8");
    let other = place.run(&["small.toml", "--listen", "127.0.0.1:0"]);
    other.assert_fails(1, &["is not what the market of 2025-03-03 began with", "put it back"]);
    place.scenario_with("seed = 7", "seed = 7");

    let segment = place.newest_segment();
    let mut bytes = fs::read(&segment).unwrap();
    let whole = bytes.clone();
    // The header has the scenario, and ends behind it; the records follow.
    let records = whole.len() - (whole.len() - 2_000) / 2;
    bytes[records] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    for (arguments, code) in
        [(&["small.toml", "--check"][..], 2), (&["small.toml", "--listen", "127.0.0.1:0"], 1)]
    {
        place.run(arguments).assert_fails(code, &["00000001.journal", "damaged at byte"]);
    }
    fs::write(&segment, &whole).unwrap();
    assert_eq!(place.start_ready().stop(), Some(0));
}

#[test]
fn a_repair_refuses_what_is_no_request() {
    let place = Place::new();
    let served = place.start_ready();
    place.admin(&["pause"]);
    served.crash();
    let segment = place.newest_segment();
    let path = segment.to_str().unwrap();
    place.run(&["repair", path, "--void", "0"]).assert_fails(2, &["record 0 is no request"]);
    place.run(&["repair", path, "--void", "1000000"]).assert_fails(2, &["record 1000000 is no request"]);
    place.run(&["repair", "small.toml", "--void", "0"]).assert_fails(2, &["the file is no journal"]);
    place.run(&["repair", path]).assert_fails(2, &["--void"]);
    // It is paused still: that is in the journal as well.
    let served = place.start();
    while served.await_ready(503)["reason"] != "paused" {}
    place.admin(&["resume"]);
    served.await_ready(200);
    place.run(&["repair", path, "--void", "0"]).assert_fails(1, &["another process has this journal open"]);
    assert_eq!(served.stop(), Some(0));
    place.run(&["repair", path, "--void", "0"]).assert_fails(2, &["has been settled"]);
}

#[test]
fn an_operator_without_a_process_is_told_so() {
    let place = Place::new();
    place.run(&["admin", "status"]).assert_fails(1, &["no process runs with ./data"]);
    place.run(&["admin", "--data", "x", "pause"]).assert_fails(1, &["no process runs with x"]);
    place.run(&["admin", "stop"]).assert_fails(2, &["unrecognized subcommand"]);
}

#[test]
fn an_operator_halts_and_reopens_and_the_journal_adds_up() {
    let place = Place::new();
    let served = place.start_ready();
    place.admin(&["speed", "1000"]);
    let halted = place.admin(&["halt", "ACME@PIT"]);
    assert_eq!(halted, json!({ "done": { "action": "halt", "listing": "ACME@PIT" } }));
    place.run(&["admin", "halt", "NONE"]).assert_fails(1, &["there is no listing NONE"]);
    place.run(&["admin", "halt", "@"]).assert_fails(1, &["write SYMBOL or SYMBOL@VENUE"]);
    place.run(&["admin", "reopen", "--auction", "1us"]).assert_fails(2, &["whole milliseconds"]);
    place.admin(&["reopen", "--auction", "10s"]);
    while served.figure("bearpit_events_total") < 2_000.0 {}
    served.crash();
    let segment = place.newest_segment();
    let path = segment.to_str().unwrap();
    let replayed = place.run(&["replay", path]);
    assert_eq!(replayed.code, Some(0), "{}", replayed.stderr);
    assert!(replayed.stdout.contains("day 2025-03-03") && replayed.stdout.contains("not settled"));
    assert_eq!(place.start_ready().stop(), Some(0));
    let replayed = place.run(&["replay", path]);
    assert_eq!(replayed.code, Some(0), "{}", replayed.stderr);
    assert!(replayed.stdout.contains("settled, with the digest of the journal"), "{}", replayed.stdout);
    let audited = place.run(&["audit", path]);
    assert_eq!(audited.code, Some(0), "{}", audited.stderr);
    assert!(audited.stdout.contains("their facts add up to what they have"), "{}", audited.stdout);
    let audited = place.run(&["audit", path, "--json"]);
    let accounts: serde_json::Value = serde_json::from_str(&audited.stdout).unwrap();
    assert_eq!(accounts["settled"], json!(true));
    assert!(accounts["accounts"].as_array().is_some_and(|all| all.len() >= 6), "{accounts}");
    place.run(&["replay", "none.journal"]).assert_fails(1, &["none.journal"]);
    place.run(&["replay", "small.toml"]).assert_fails(2, &["the file is no journal"]);
}

#[test]
fn values_of_the_scenario_are_set_for_the_process_and_for_its_journal() {
    let place = Place::new();
    place.run(&["small.toml", "--check", "--set", "live.speeed=20"]).assert_fails(2, &["speeed"]);
    place.run(&["small.toml", "--check", "--set", "live.speed=0"]).assert_fails(2, &["`speed` is `0`"]);
    place.run(&["small.toml", "--check", "--set", "live.speed"]).assert_fails(2, &["live.speed"]);
    let served = place.start_with(&["--set", "live.speed=20", "--set", "scenario.seed=9"]);
    served.await_ready(200);
    assert_eq!(place.admin(&["status"])["day"]["speed"], json!(20.0));
    let segment = place.newest_segment();
    assert_eq!(served.stop(), Some(0));
    // What was set is in the journal: the day is replayed without being told.
    let replayed = place.run(&["replay", segment.to_str().unwrap()]);
    assert_eq!(replayed.code, Some(0), "{}", replayed.stderr);
    assert!(replayed.stdout.contains("settled, with the digest of the journal"), "{}", replayed.stdout);
}

/// Returns how much memory a process has, in bytes.
#[cfg(target_os = "linux")]
fn memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1_024
}

/// Days follow one another; each gets its results from a process of its own, and the market's does not grow.
#[cfg(target_os = "linux")]
#[test]
fn days_get_their_results_and_the_process_does_not_grow() {
    const DAYS: f64 = 6.0;
    let place = Place::new();
    place.scenario_with("end = 2025-03-04T00:00:00", "end = 2025-03-03T02:00:00");
    let mut served = place.start_with(&["--set", "live.speed=3600"]);
    let mut memories = Vec::new();
    for day in 2_u32..8 {
        let until = std::time::Instant::now() + std::time::Duration::from_secs(120);
        while served.figure("bearpit_day") < f64::from(day) - 0.5 {
            assert!(std::time::Instant::now() < until, "day {day} does not begin");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        memories.push(memory(served.process()) >> 20);
        served.await_line("tables and report of a day");
    }
    assert!(served.figure("bearpit_day_results_total") >= DAYS);
    assert!(served.figure("bearpit_day_results_failed_total") < 0.5);
    let results = || fs::read_dir(place.path().join("data/days")).unwrap().map(|it| it.unwrap().path());
    let made = results().filter(|path| path.join("small").is_dir()).count();
    assert!(made >= 6, "{:?}", results().collect::<Vec<_>>());
    println!("MiB at the beginning of each day from the second on: {memories:?}");
    assert!(memories[5] <= memories[1] + 4, "MiB of each day: {memories:?}");
    assert_eq!(served.stop(), Some(0));
}
