//! Strategies that go on without end: at one instant, and over a run. Each is stopped, and the rest goes on.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{bearpit, run, with_script};

/// How a run of a script ended.
struct Ended {
    code: i32,
    stderr: String,
    /// What the account of each participant came to, that of the script aside.
    others: Vec<String>,
}

/// Runs a script among others, with keys added to its agent.
fn simulate(script: &str, keys: &str) -> Ended {
    let here = TempDir::new().unwrap();
    let path = with_script(here.path(), script);
    fs::write(&path, fs::read_to_string(&path).unwrap() + keys).unwrap();
    let mut command = bearpit();
    command.arg("simulate").arg(path).args(["--json", "--no-report", "--out"]).arg(here.path().join("out"));
    let (code, stdout, stderr) = run(&mut command);
    let outcome: Value = serde_json::from_str(&stdout).unwrap();
    let accounts = outcome[0]["manifest"]["accounts"].as_array().unwrap();
    let others = accounts.iter().filter(|account| account["owner"] != "s").map(ToString::to_string).collect();
    Ended { code, stderr, others }
}

#[test]
fn a_strategy_that_answers_itself_is_stopped_and_the_loop_is_told() {
    let undisturbed = simulate("fn on_start() { }", "").others;
    for (name, script, callbacks) in [
        (
            "accepted, cancel, canceled, enter",
            "fn on_start() { buy_limit(1, 90.0); }
             fn on_order_accepted(event) { event.order.cancel(); }
             fn on_order_canceled(event) { buy_limit(1, 90.0); }",
            &["on_order_accepted 5000 times", "on_order_canceled 5000 times", "on_start once"][..],
        ),
        (
            "an IOC sent again when it is canceled",
            "fn on_start() { buy_limit(1, 90.0, \"IOC\"); }
             fn on_order_canceled(event) { buy_limit(1, 90.0, \"IOC\"); }",
            &["on_order_canceled 10000 times"],
        ),
        (
            "post-only orders sent again when they are rejected",
            "fn on_quote(quote) { if quote.ask != () { buy_limit(1, quote.ask + 1.0, #{ post_only: true }); } }
             fn on_order_rejected(event) { buy_limit(1, ask() + 1.0, #{ post_only: true }); }",
            &["on_order_rejected 9999 times"],
        ),
        (
            "replaced again and again",
            "fn on_start() { buy_limit(1, 90.0); }
             fn on_order(event) { event.order.replace(1, if event.order.price == 90.0 { 89.0 } else { 90.0 }); }",
            &["on_order 10000 times"],
        ),
    ] {
        let ended = simulate(script, "");
        assert_eq!(ended.code, 3, "{name}: {}", ended.stderr);
        assert!(ended.stderr.contains("strategy `s` of scripted failed: "), "{name}: {}", ended.stderr);
        assert!(ended.stderr.contains("it answers itself without end: at this instant"), "{name}: {}", ended.stderr);
        // The line that is shown is that of the callback that went on.
        let (_, last) = ended.stderr.rsplit_once("), in ").unwrap();
        let (last, shown) = last.split_once(" at ").unwrap();
        let shown = shown.lines().nth(1).unwrap();
        assert!(shown.contains(&format!("fn {last}(")) && !shown.starts_with('1'), "{name}: {}", ended.stderr);
        for callback in callbacks {
            assert!(ended.stderr.contains(callback), "{name}: {}", ended.stderr);
        }
        assert_eq!(ended.others, undisturbed, "{name}");
    }
}

#[test]
fn a_strategy_that_lets_time_pass_may_go_on_for_ever() {
    let script = "fn on_start() { buy_limit(1, 90.0); }
                  fn on_order_accepted(event) { event.order.cancel(); }
                  fn on_order_canceled(event) { buy_limit(1, 90.0); }";
    let ended = simulate(script, "latency = { entry = \"20ms\" }\n");
    assert_eq!(ended.code, 0, "{}", ended.stderr);
}

#[test]
fn a_loop_of_refusals_is_stopped() {
    let script = "fn on_start() { buy(1e9); } fn on_order(event) { for i in 0..100 { buy(1e9); } }";
    let ended = simulate(script, "");
    assert_eq!(ended.code, 3);
    assert!(ended.stderr.contains("it answers itself without end"), "{}", ended.stderr);
}

#[test]
fn what_a_strategy_may_use_over_a_run_is_bounded_by_the_scenario() {
    let undisturbed = simulate("fn on_start() { }", "").others;
    for (script, keys, expected) in [
        (
            "fn on_start() { every(\"a\", \"1s\"); } fn on_timer(name) { let n = 0; for i in 0..100 { n += i; } }",
            "run_operations = 5_000\n",
            "its callbacks ran for more than 5000 operations over the run",
        ),
        (
            "fn on_start() { every(\"a\", \"1s\"); } fn on_timer(name) { log(name); }",
            "run_lines = 20\n",
            "log: more than 20 lines over the run",
        ),
        (
            "fn on_start() { every(\"a\", \"1s\"); }
             fn on_timer(name) { plot(\"one\", 1); record(\"t\", #{ a: 1 }); }",
            "run_rows = 21\n",
            "record: more than 21 rows and points over the run",
        ),
        (
            "fn on_start() { every(\"a\", \"1s\"); } fn on_timer(name) { record(\"t\", #{ a: \"0123456789\" }); }",
            "run_bytes = 180\n",
            "record: more than 180 bytes of lines, rows and points over the run",
        ),
    ] {
        let ended = simulate(script, keys);
        assert_eq!(ended.code, 3, "{keys}: {}", ended.stderr);
        assert!(ended.stderr.contains(expected), "{keys}: {}", ended.stderr);
        assert_eq!(ended.others, undisturbed, "{keys}");
        assert_eq!(simulate(script, "").code, 0, "{keys}");
    }
}

#[test]
fn a_strategy_that_was_stopped_may_close_its_position() {
    let script = "fn on_start() { set_timer(\"go\", \"3s\"); } fn on_timer(name) { buy(10); }
                  fn on_order_filled(event) { again(); } fn on_order_canceled(event) { again(); }
                  fn again() { buy_limit(1, 90.0, \"IOC\"); }";
    let ended = simulate(script, "cash = 1_000_000\non_error = \"flatten\"\n");
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert!(ended.stderr.contains("on_order_filled once, on_order_canceled 9999 times"), "{}", ended.stderr);
    let aborted = TempDir::new().unwrap();
    let path = with_script(aborted.path(), script);
    fs::write(&path, fs::read_to_string(&path).unwrap() + "on_error = \"abort\"\n").unwrap();
    let mut command = bearpit();
    let (code, _, stderr) =
        run(command.arg("simulate").arg(path).arg("--out").arg(aborted.path().join("out")));
    assert!(code == 1 && stderr.contains("it answers itself without end"), "{stderr}");
}

#[test]
fn a_scenario_may_demand_that_scripts_have_a_latency() {
    let script = "fn on_start() { buy_limit(1, 90.0); }
                  fn on_order_accepted(event) { event.order.cancel(); }
                  fn on_order_canceled(event) { buy_limit(1, 90.0); }";
    let here = TempDir::new().unwrap();
    let path = with_script(here.path(), script);
    let with = |latency: &str| {
        let mut command = bearpit();
        command.args(["simulate", "--json", "--no-report", "--force", "--set"]);
        command.arg("scenario.script_latency_min=30ms").arg(&path).arg("--out").arg(here.path().join("out"));
        let text = fs::read_to_string(&path).unwrap();
        let (begin, _) = text.split_once("file = \"s.rhai\"").unwrap();
        fs::write(&path, format!("{begin}file = \"s.rhai\"\n{latency}")).unwrap();
        run(&mut command)
    };
    let (code, slow, stderr) = with("");
    assert_eq!((code, stderr.as_str()), (0, ""));
    let digest = |outcome: &str| {
        let outcome: Value = serde_json::from_str(outcome).unwrap();
        outcome[0]["manifest"]["digest"].as_str().unwrap().to_owned()
    };
    // The same as a latency that is written at the agent; a longer one stays.
    assert_eq!(digest(&with("latency = { entry = \"30ms\" }\n").1), digest(&slow));
    assert_eq!(digest(&with("latency = { entry = { min = \"1ms\", max = \"30ms\" } }\n").1), digest(&slow));
    assert_ne!(digest(&with("latency = { entry = \"31ms\" }\n").1), digest(&slow));
    let (code, _, stderr) = with("latency = { entry = { median = \"50ms\", sigma = 0.5 } }\n");
    assert!(code == 2 && stderr.contains("goes below `script_latency_min`, 30ms"), "{stderr}");
}

#[test]
fn a_timer_that_is_set_again_does_not_multiply() {
    // Each call sets both timers: if what waits already went on, the calls of one microsecond would double.
    let script = "fn on_init(params) { this.n = 0; }
                  fn on_start() { set_timer(\"a\", \"1s\"); }
                  fn on_timer(name) { this.n += 1; set_timer(\"a\", \"1s\"); set_timer(\"b\", \"1s\"); }
                  fn on_stop() { if this.n > 600 { throw `called ${this.n} times in 300 seconds`; } }";
    let ended = simulate(script, "");
    assert_eq!(ended.code, 0, "{}", ended.stderr);
}
