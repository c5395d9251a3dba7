//! Users' strategies in a market that runs: how they join, and what they share.

use std::path::Path;
use std::sync::{Arc, Mutex};

use super::user_script::{UserOnError, UserScript};
use crate::scenario::{LiveConfig, Scenario};
use bearpit_core::exchange::Market;
use bearpit_core::kernel::{ActorSpec, RequestTag};
use bearpit_core::market::{
    Fact, Funding, OrderTerms, Reference, Side, SinkError, Stamped, TapeSink, Transfer,
};
use bearpit_core::participant::{Instruction, Outcome, Request, RequestKind};
use bearpit_core::units::{
    ActorId, InstrumentId, ListingId, Money, NetQuantity, Price, Quantity, SimDuration, SimTime,
};

const MARKET: &str = r#"[scenario]
name = "test"
start = 2025-03-03T09:30:00
end = 2025-03-03T10:30:00

[live]
clock = "scaled"
script_operations = 20_000

[[instruments]]
symbol = "ACME"
tick_size = "0.01"

[[instruments]]
symbol = "BOLT"
tick_size = "0.01"

[[venues]]
name = "PIT"
instruments = ["ACME", "BOLT"]

[[venues]]
name = "RING"
instruments = ["BOLT"]
"#;

/// Whatever the script does, it runs again a millisecond later, for as long as it may.
const ENDLESS: &str = "fn on_start() { every(\"work\", \"1ms\"); } \
                       fn on_timer(name) { let i = 0; while i < 12000 { i += 1; } }";
const LIGHT: &str = "fn on_start() { every(\"look\", \"1s\"); } fn on_timer(name) { log(name); }";

/// What is written down of a market: whose line, when.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<(SimTime, ActorId, String)>>>);

impl TapeSink for Lines {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        if let Fact::Logged { actor, text } | Fact::StrategyFailed { actor, text } = stamped.fact {
            self.0.lock().unwrap().push((stamped.at, *actor, text.to_string()));
        }
        Ok(())
    }
}

struct Run {
    scenario: Scenario,
    market: Market,
    lines: Lines,
}

impl Run {
    fn begin() -> Self {
        let scenario = Scenario::from_text(Path::new("t.toml"), MARKET, &[]);
        let scenario = scenario.unwrap_or_else(|found| panic!("{}", found.render(false)));
        let mut builder = scenario.lay_out_live().unwrap();
        let lines = Lines::default();
        builder.sink(Box::new(lines.clone()));
        let mut market = builder.open().unwrap();
        market.start();
        Self { scenario, market, lines }
    }

    /// Lets a strategy join; returns its number, or why it cannot.
    fn join(&mut self, name: &str, script: &UserScript) -> Result<ActorId, String> {
        let kind = self.scenario.live.as_ref().unwrap().join_script(name, script);
        let now = self.market.world().now();
        self.market.request(now, Request { tag: Some(RequestTag::new(1)), kind }).unwrap();
        self.market.step(now, u64::MAX).unwrap();
        match self.market.take_answers().next().unwrap().outcome {
            Ok(Outcome::Joined { participant }) => Ok(participant),
            Ok(other) => panic!("{other:?}"),
            Err(refusal) => Err(refusal.to_string()),
        }
    }

    fn go_on(&mut self, seconds: i64) {
        let until = self.market.world().now() + SimDuration::from_secs(seconds);
        self.market.step(until, u64::MAX).unwrap();
    }

    fn lines_of(&self, actor: ActorId) -> Vec<(i64, String)> {
        let lines = self.lines.0.lock().unwrap();
        let of = lines.iter().filter(|(_, whose, _)| *whose == actor);
        of.map(|(at, _, text)| ((*at - self.scenario.start).nanos() / 1_000_000, text.clone())).collect()
    }
}

#[test]
fn what_is_wrong_with_a_strategy_is_in_the_refusal() {
    let mut run = Run::begin();
    let script = |text: &str| UserScript::new("mine.rhai", text);
    let with = |name: &str, value: serde_json::Value| UserScript {
        params: [(name.to_owned(), value)].into(),
        ..script("const N = param(\"n\", 5, 1..=9); fn on_start() { log(N); }")
    };
    let at = |market: &str| UserScript { market: Some(market.to_owned()), ..script("fn on_start() {}") };
    for (script, expected) in [
        (script("fn on_start() { buy(; }"), "mine.rhai:1:"),
        (script("fn on_strat() { }"), "on_strat"),
        (script("loop { } fn on_start() { }"), "more than 200000 operations"),
        (script("import \"lib\" as l; fn on_start() { }"), "lib"),
        (with("n", 10.into()), "the parameter `n` is 10, but must be in the range 1 to 9"),
        (with("n", serde_json::json!([1])), "the parameter `n` must be a number"),
        (at("NONE"), "there is no market `NONE`"),
        (at("BOLT"), "or several have that symbol"),
        (at("BOLT@PAT"), "there is no market `BOLT@PAT`"),
    ] {
        let refusal = run.join("anne", &script).unwrap_err();
        assert!(refusal.contains(expected), "{expected}: {refusal}");
    }
    for market in ["ACME", "ACME@PIT", "BOLT@RING"] {
        run.join(market, &at(market)).unwrap();
    }
    let imports = UserScript {
        modules: [("lib".to_owned(), "fn three() { 3 }".to_owned())].into(),
        ..script("import \"lib\" as l; fn on_start() { log(l::three()); }")
    };
    let joined = run.join("bert", &imports).unwrap();
    assert_eq!(run.lines_of(joined), [(0, "3".to_owned())]);
}

#[test]
fn no_user_can_end_the_run_for_others() {
    assert!(UserScript::from_json("{\"file\":\"a\",\"text\":\"\",\"on_error\":\"abort\"}").is_err());
    let mut run = Run::begin();
    let script = UserScript {
        on_error: UserOnError::Flatten,
        ..UserScript::new("a.rhai", "fn on_start() { throw 1; }")
    };
    let failed = run.join("anne", &script).unwrap();
    run.go_on(1);
    assert!(run.lines_of(failed)[0].1.contains("a.rhai:1"), "{:?}", run.lines_of(failed));
}

#[test]
fn a_strategy_that_keeps_within_its_share_is_called_in_time_beside_endless_ones() {
    let mut run = Run::begin();
    let light = run.join("light", &UserScript::new("light.rhai", LIGHT)).unwrap();
    let endless: Vec<ActorId> = (0..20)
        .map(|number| run.join(&format!("endless {number}"), &UserScript::new("e.rhai", ENDLESS)).unwrap())
        .collect();
    let before = run.market.world().events();
    run.go_on(300);
    let lines = run.lines_of(light).into_iter().filter(|(_, text)| text == "look");
    let times: Vec<i64> = lines.map(|(at, _)| at).collect();
    // What its timer takes is not known before the first call, which waits as the endless ones do.
    let first = times[0] / 1_000;
    assert!(first <= 10, "after {first} s");
    assert_eq!(times, (first..=300).map(|second| second * 1_000).collect::<Vec<_>>());
    for actor in endless {
        let lines = run.lines_of(actor);
        assert!(lines.len() <= 6, "once a minute: {lines:?}");
        assert!(lines[0].1.contains("for its turn"), "{lines:?}");
        assert!(!lines.iter().any(|(_, text)| text.contains("error")), "{lines:?}");
    }
    let events = run.market.world().events() - before;
    assert!(
        (1_000..20 * 300).contains(&events),
        "they are woken once a second at most, not for each timer: {events}"
    );
}

#[test]
fn the_same_callbacks_wait_in_a_market_that_is_replayed() {
    let run = || {
        let mut run = Run::begin();
        for number in 0..10 {
            let text = if number % 2 == 0 { LIGHT } else { ENDLESS };
            run.join(&format!("user {number}"), &UserScript::new("u.rhai", text)).unwrap();
            run.go_on(3);
        }
        run.go_on(60);
        run.market.digest().to_string()
    };
    assert_eq!(run(), run());
}

/// Carries a request out now, and returns its outcome.
fn ask(run: &mut Run, kind: RequestKind) -> Outcome {
    let now = run.market.world().now();
    run.market.request(now, Request { tag: Some(RequestTag::new(1)), kind }).unwrap();
    run.market.step(now, u64::MAX).unwrap();
    run.market.take_answers().next().unwrap().outcome.unwrap()
}

#[test]
fn a_strategy_gets_cash_of_its_owner_trades_and_is_ended() {
    let mut run = Run::begin();
    let live = run.scenario.live.clone().unwrap();
    let names = ["anne", "maker", "anne's"];
    for (name, kind) in names.iter().zip([live.join("anne"), live.join("maker"), live.join_empty("anne's")]) {
        assert!(matches!(ask(&mut run, kind), Outcome::Joined { .. }), "{name}");
    }
    let [anne, maker, strategy] = names.map(|name| run.market.participant(name).unwrap().id);
    let reference = Reference::new("to a strategy").unwrap();
    let funding = Funding { transfer: Transfer::Cash(Money::from_whole(2_000)), reference };
    ask(&mut run, RequestKind::Transfer { from: anne, to: strategy, funding });
    let shares = Transfer::Shares { instrument: InstrumentId::new(0), quantity: NetQuantity::new(500) };
    let funding = Funding { transfer: shares, reference: Reference::new("for the market").unwrap() };
    ask(&mut run, RequestKind::Fund { participant: maker, funding });
    let listing = ListingId::new(0);
    for terms in [
        OrderTerms::limit(Side::Sell, Quantity::new(100), Price::new(10_010)),
        OrderTerms::limit(Side::Buy, Quantity::new(100), Price::new(9_990)),
    ] {
        let instruction = Instruction::Submit { listing, terms };
        ask(&mut run, RequestKind::Instruct { participant: maker, instruction });
    }
    let text =
        "fn on_start() { buy(5); buy_limit(5, 50.0); save(#{ n: 1 }); } fn on_stop() { log(\"over\"); }";
    let spec = LiveConfig::seat_script(&UserScript::new("mine.rhai", text));
    assert_eq!(ask(&mut run, RequestKind::Reseat { participant: strategy, spec }), Outcome::Reseated);
    run.go_on(5);
    let account = |run: &Run| run.market.world().domain().account(strategy).unwrap().clone();
    assert_eq!(account(&run).holding(InstrumentId::new(0)).lots(), 5);
    assert_eq!(account(&run).open_orders().len(), 1);

    let retire = RequestKind::Reseat { participant: strategy, spec: LiveConfig::retire(false) };
    ask(&mut run, retire);
    run.go_on(5);
    assert_eq!(account(&run).holding(InstrumentId::new(0)).lots(), 5, "positions stay");
    assert!(account(&run).open_orders().is_empty());
    assert_eq!(run.lines_of(strategy), [(5_000, "over".to_owned())]);
    let flatten = RequestKind::Reseat { participant: strategy, spec: LiveConfig::retire(true) };
    ask(&mut run, flatten);
    run.go_on(5);
    assert_eq!(account(&run).holding(InstrumentId::new(0)).lots(), 0);
    let spec = ActorSpec { kind: "retired".to_owned(), parameters: "x".to_owned() };
    let now = run.market.world().now();
    let kind = RequestKind::Reseat { participant: strategy, spec };
    run.market.request(now, Request { tag: Some(RequestTag::new(1)), kind }).unwrap();
    run.market.step(now, u64::MAX).unwrap();
    let refused = run.market.take_answers().next().unwrap().outcome.unwrap_err().to_string();
    assert!(refused.contains("what it does is `flatten` or nothing"), "{refused}");
}

#[test]
fn a_strategy_that_is_ended_while_the_market_is_open_sends_nothing_more() {
    let mut run = Run::begin();
    let text = "fn on_stop() { buy_limit(1, 50.0); }";
    let strategy = run.join("anne's", &UserScript::new("mine.rhai", text)).unwrap();
    run.go_on(1);
    ask(&mut run, RequestKind::Reseat { participant: strategy, spec: LiveConfig::retire(false) });
    run.go_on(1);
    let lines = run.lines_of(strategy);
    assert!(lines.len() == 1 && lines[0].1.contains("the strategy is over, and sends nothing"), "{lines:?}");
    assert!(run.market.world().domain().account(strategy).unwrap().open_orders().is_empty());
}

/// The scenario of the next day lists ACME at two venues: which one the strategy means is not known.
#[test]
fn a_strategy_that_does_not_fit_the_next_day_does_not_keep_it_from_opening() {
    let scenario = |text: &str| {
        let loaded = Scenario::from_text(Path::new("t.toml"), text, &[]);
        loaded.unwrap_or_else(|found| panic!("{}", found.render(false)))
    };
    let first = scenario(MARKET);
    let mut builder = first.lay_out_live().unwrap();
    builder.goes_on();
    let mut market = builder.open().unwrap();
    market.start();
    let script = UserScript {
        market: Some("ACME".to_owned()),
        ..UserScript::new("mine.rhai", "fn on_start() { log(1); }")
    };
    let kind = first.live.as_ref().unwrap().join_script("anne's", &script);
    market.request(first.start, Request { tag: None, kind }).unwrap();
    let noon = first.start + SimDuration::from_secs(60);
    market.step(noon, u64::MAX).unwrap();
    market.settle().unwrap();
    let next = scenario(&MARKET.replace("instruments = [\"BOLT\"]", "instruments = [\"BOLT\", \"ACME\"]"));
    let mut builder = Scenario { start: noon, ..next }.lay_out_live().unwrap();
    builder.goes_on();
    builder.opening(market.closing_state().unwrap().clone());
    let lines = Lines::default();
    builder.sink(Box::new(lines.clone()));
    let mut market = builder.open().unwrap();
    market.start();
    let found = lines.0.lock().unwrap().clone();
    let why = "it cannot be started today: `script`: there is no market `ACME`, or several have that symbol";
    assert!(found.len() == 1 && found[0].2.starts_with(why), "{found:?}");
}

/// A strategy of a user counts its beginnings, over a stop.
#[test]
fn what_a_strategy_keeps_is_there_on_its_next_day() {
    let text = "fn on_start() { this.n = (saved() ?? #{ n: 0 }).n + 1; log(`beginning ${this.n}`); } \
                fn on_day_end() { save(#{ n: this.n }); log(\"day\"); }";
    let scenario = Scenario::from_text(Path::new("t.toml"), MARKET, &[]);
    let scenario = scenario.unwrap_or_else(|found| panic!("{}", found.render(false)));
    let live = scenario.live.as_ref().unwrap();
    let (mut left, mut from) = (None, scenario.start);
    let mut found = Vec::new();
    for _ in 0..3 {
        let mut builder = Scenario { start: from, ..scenario.clone() }.lay_out_live().unwrap();
        builder.goes_on();
        if let Some(left) = left.take() {
            builder.opening(left);
        }
        let lines = Lines::default();
        builder.sink(Box::new(lines.clone()));
        let mut market = builder.open().unwrap();
        market.start();
        if market.participant("anne's").is_none() {
            let kind = live.join_script("anne's", &UserScript::new("mine.rhai", text));
            market.request(from, Request { tag: None, kind }).unwrap();
        }
        from += SimDuration::from_secs(60);
        market.step(from, u64::MAX).unwrap();
        market.settle().unwrap();
        left = market.closing_state().cloned();
        found.extend(lines.0.lock().unwrap().iter().map(|(_, _, text)| text.clone()));
    }
    assert_eq!(found, ["beginning 1", "day", "beginning 2", "day", "beginning 3", "day"]);
}
