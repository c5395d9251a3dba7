//! Populations whose members draw parameters of their own.

use std::path::Path;

use bearpit_agents::NoiseConfig;
use bearpit_core::units::{Seed, SimDuration};
use serde_json::Value;

use super::{Diagnostics, Scenario};

const MARKET: &str = r#"[scenario]
name = "test"
seed = 7
start = 2025-03-03T09:30:00
end = 2025-03-03T10:30:00
[[instruments]]
symbol = "ACME"
tick_size = "0.01"
lot_size = 10
process = { kind = "ou", initial = 100, half_life = "2h", volatility = 0.2 }
[[venues]]
name = "PIT"
instruments = ["ACME"]
[[agents]]
kind = "noise"
count = 400
holdings = { ACME = 100 }
"#;

const DRAWN: &str = "interval = { dist = \"exponential\", mean = \"20s\" }\n\
                     market_share = { dist = \"normal\", mean = 0.3, sd = 0.2, max = 0.9 }\n\
                     max_quantity = { dist = \"uniform\", min = 20, max = 100 }\n\
                     depth = { dist = \"pareto\", min = \"0.02\", alpha = 3 }\n";

fn load(params: &str) -> Result<Scenario, Diagnostics> {
    Scenario::from_text(Path::new("x.toml"), &format!("{MARKET}{params}"), &[])
}

fn members(scenario: &Scenario) -> Vec<NoiseConfig> {
    let agent = &scenario.agents[0];
    let config = |name: String| {
        let configured = scenario.member(agent, &name);
        let any: &dyn std::any::Any = &*configured;
        any.downcast_ref::<NoiseConfig>().cloned().unwrap()
    };
    agent.member_names().map(config).collect()
}

fn said(params: &str) -> Vec<String> {
    let Err(errors) = load(params) else { return Vec::new() };
    let item = |it: &Value| format!("{}:{}: {}", it["line"], it["column"], it["message"].as_str().unwrap());
    errors.to_json().as_array().unwrap().iter().map(item).collect()
}

#[test]
fn each_member_draws_values_of_its_own() {
    let scenario = load(DRAWN).unwrap();
    let found = members(&scenario);
    let intervals: Vec<f64> = found.iter().map(|it| it.wakeups.mean.secs_f64()).collect();
    let mean = intervals.iter().sum::<f64>() / 400.0;
    assert!((mean - 20.0).abs() < 4.0, "four standard errors: {mean}");
    let lots: Vec<u64> = found.iter().map(|it| it.max_quantity.lots()).collect();
    assert_eq!((lots.iter().min(), lots.iter().max()), (Some(&2), Some(&10)));
    assert!(found.iter().all(|it| (0.0..=0.9).contains(&it.market_share) && it.depth_ticks >= 2.0));
    assert_eq!(members(&scenario), found, "the same in every run of a seed");
    let other = Scenario { seed: Seed::new(8), ..scenario };
    assert_ne!(members(&other)[0], found[0]);
    let common = other.agents[0].config::<NoiseConfig>().unwrap();
    assert_eq!((common.wakeups.mean, common.max_quantity.lots()), (SimDuration::from_secs(20), 6));
}

#[test]
fn a_population_of_drawn_members_trades_and_repeats() {
    let run = || {
        let mut market = load(DRAWN).unwrap().lay_out().unwrap().open().unwrap();
        market.run().unwrap();
        (market.digest().to_string(), market.world().events())
    };
    let first = run();
    assert!(first.1 > 10_000, "{first:?}");
    assert_eq!(run(), first);
}

#[test]
fn wrong_distributions_are_errors_at_their_place() {
    let noise = |interval: &str| format!("max_quantity = 10\ndepth = \"0.05\"\ninterval = {interval}\n");
    for (interval, expected) in [
        (
            "{ dist = \"exponental\", mean = \"20s\" }",
            "20:21: `dist` is `exponental`, which does not exist; did you mean `exponential`? allowed: `uniform`, \
             `exponential`, `normal`, `lognormal`, `gamma`, `pareto`, `choice`",
        ),
        ("{ dist = \"exponential\" }", "20:1: `interval` has no `mean`, which is required"),
        ("{ mean = \"20s\" }", "20:1: `interval` has no `dist`, which is required"),
        (
            "{ dist = \"exponential\", mean = 20 }",
            "20:43: `mean` lacks a unit: write it as a text, such as \"20ms\" or \"20s\"",
        ),
        (
            "{ dist = \"normal\", mean = \"2s\", sd = \"1s\", max = \"1s\" }",
            "20:12: `interval` has a mean of 2, but must be from 1e-9 to 1",
        ),
        (
            "{ dist = \"choice\", values = [\"1s\", \"9s\"], weights = [0.5, 0.4] }",
            "20:12: `interval` has weights that sum to 0.9, but must be a choice whose weights sum to 1",
        ),
        (
            "{ dist = \"exponential\", mean = \"0s\" }",
            "20:12: `interval` has a mean of 0, but must be above 0",
        ),
    ] {
        assert_eq!(said(&noise(interval)), [expected], "{interval}");
    }
    assert_eq!(
        said("max_quantity = 10\ndepth = { dist = \"uniform\", min = 0.1, max = 0.2, mean = 1 }\n").len(),
        1
    );
}

#[test]
fn what_is_no_number_cannot_be_drawn() {
    let params = "max_quantity = 10\ndepth = 0.05\nname = { dist = \"choice\" }\n";
    assert_eq!(said(params).len(), 1);
}
