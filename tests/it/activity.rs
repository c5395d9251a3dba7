//! `activity`: agents that act more often at some times of the day.

use std::path::Path;

use bearpit::scenario::{Diagnostics, Scenario};
use bearpit::units::SimDuration;

const MARKET: &str = r#"[scenario]
name = "test"
seed = 7
start = 2025-03-03T09:30:00
end = 2025-03-03T10:30:00
[[instruments]]
symbol = "ACME"
tick_size = "0.01"
process = { kind = "ou", initial = 100, half_life = "2h", volatility = 0.2 }
[[venues]]
name = "PIT"
instruments = ["ACME"]
[[agents]]
kind = "value"
max_short = { ACME = 1000 }
max_quantity = 1
kappa = 0
sigma_n = 1
sigma_s = 1
[[agents]]
kind = "noise"
count = 400
holdings = { ACME = 100 }
max_quantity = 10
depth = 0.05
interval = "20s"
"#;

fn load(activity: &str) -> Result<Scenario, Diagnostics> {
    Scenario::from_text(Path::new("x.toml"), &format!("{MARKET}{activity}\n"), &[])
}

/// Returns the events of the first quarter of the hour, of the mean of the middle two, and of the last.
fn by_quarter(activity: &str) -> [f64; 3] {
    let mut market = load(activity).unwrap().lay_out().unwrap().open().unwrap();
    market.start();
    let start = market.world().now();
    let mut events = |minutes: i64| {
        market.step(start + SimDuration::from_secs(60 * minutes), u64::MAX).unwrap();
        f64::from(u32::try_from(market.world().events()).unwrap())
    };
    let [first, middle, all] = [15, 45, 60].map(&mut events);
    [first, (middle - first) / 2.0, all - middle]
}

#[test]
fn a_population_acts_more_often_where_its_activity_says_so() {
    let even = by_quarter("");
    assert!(even.iter().all(|events| (events / even[1] - 1.0).abs() < 0.2), "{even:?}");
    let [open, middle, close] = by_quarter("activity = { shape = \"steps\", rates = [4, 1, 1, 2] }");
    assert!(open > 2.5 * middle && close > 1.4 * middle && close < 0.8 * open, "{open} {middle} {close}");
    let [open, middle, close] = by_quarter("activity = { shape = \"u\" }");
    assert!(open > 1.3 * middle && close > 1.1 * middle, "{open} {middle} {close}");
    let share = (open + 2.0 * middle + close) / (even[0] + 2.0 * even[1] + even[2]);
    assert!((share - 1.0).abs() < 0.1, "the mean stays: {share}");
}

#[test]
fn a_wrong_activity_is_an_error_that_says_what_is_right() {
    for (activity, expected) in [
        ("{ shape = \"v\" }", "`shape` is `v`"),
        ("{ at_open = 2 }", "has no `shape`, which is required"),
        ("{ shape = \"u\", rates = [1] }", "`rates` of `activity` is not a key of the shape `u`"),
        (
            "{ shape = \"steps\", at_open = 2, rates = [1] }",
            "`at_open` of `activity` is not a key of the shape `steps`",
        ),
        ("{ shape = \"steps\" }", "`activity` with the shape `steps` has no `rates`"),
        ("{ shape = \"steps\", rates = [0, 0] }", "`rates` of `activity` must have one above 0 at least"),
        ("{ shape = \"steps\", rates = [1, -1] }", "-1"),
        ("{ shape = \"u\", at_open = 1000 }", "from 0 to 100"),
        (
            "{ shape = \"u\", open = \"9.30\" }",
            "`open` of `activity` is `9.30`, but must be a time of day such as `09:30`",
        ),
        (
            "{ shape = \"u\", open = \"16:00\", close = \"09:30\" }",
            "`open` of `activity` must be before its `close`",
        ),
    ] {
        let errors = load(&format!("activity = {activity}")).unwrap_err().to_json();
        let errors = errors.as_array().unwrap();
        let message = errors[0]["message"].as_str().unwrap();
        assert!(errors.len() == 1 && message.contains(expected), "{activity}: {errors:?}");
    }
    let longer = MARKET.replace("end = 2025-03-03", "end = 2025-03-04");
    let text = format!("{longer}activity = {{ shape = \"u\" }}\n");
    let errors = Scenario::from_text(Path::new("x.toml"), &text, &[]).unwrap_err().to_json().to_string();
    assert!(errors.contains("since the scenario does not begin and end on one day"), "{errors}");
}
