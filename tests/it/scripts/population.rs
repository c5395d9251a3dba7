//! Many script traders in one world, which share what scripts call and each script: each has its own state.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::rc::Rc;
use std::sync::Arc;

use bearpit::agents::{NoiseConfig, NoiseTrader, Wakeups};
use bearpit::exchange::{Market, MarketBuilder};
use bearpit::market::{Fact, SinkError, Stamped, TapeSink};
use bearpit::participant::ParticipantConfig;
use bearpit::script::{Module, OnError, ParamValue, ScriptConfig, ScriptSource, ScriptTrader, Scripts};
use bearpit::units::{ActorId, InstrumentId, ListingId, Quantity, SimDuration};

use super::{LISTING, config};
use crate::market::{account, crowd, desks};

/// What each actor logged, failures marked.
type Lines = BTreeMap<ActorId, Vec<String>>;

struct LinesSink(Rc<RefCell<Lines>>);

impl TapeSink for LinesSink {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        let (actor, line) = match stamped.fact {
            Fact::Logged { actor, text, .. } => (*actor, text.to_string()),
            Fact::StrategyFailed { actor, text, .. } => (*actor, format!("FAILED {text}")),
            _ => return Ok(()),
        };
        self.0.borrow_mut().entry(actor).or_default().push(line);
        Ok(())
    }
}

/// Runs scripts side by side in one world for a minute; returns the market, and what each logged.
fn run_all(configs: &[ScriptConfig]) -> (Market, Vec<Vec<String>>) {
    let mut builder = desks(60);
    let lines = Rc::new(RefCell::new(Lines::new()));
    builder.sink(Box::new(LinesSink(Rc::clone(&lines))));
    let scripts = Scripts::default();
    for (number, config) in configs.iter().enumerate() {
        seat(&mut builder, &format!("script-{number}"), config, Some(&scripts));
    }
    let mut market = builder.open().unwrap();
    market.run().unwrap();
    let names = (0..configs.len()).map(|number| format!("script-{number}"));
    let ids: Vec<ActorId> = names.map(|name| market.participant(&name).unwrap().id).collect();
    let mut lines = lines.borrow_mut();
    let logged = ids.iter().map(|id| lines.remove(id).unwrap_or_default()).collect();
    (market, logged)
}

fn seat(builder: &mut MarketBuilder, name: &str, config: &ScriptConfig, scripts: Option<&Scripts>) {
    let trader = match scripts {
        Some(scripts) => ScriptTrader::sharing(config.clone(), scripts.clone()),
        None => ScriptTrader::new(config.clone()),
    };
    let terms = ParticipantConfig::new("script").with_account(account(10_000, &[(InstrumentId::new(0), 50)]));
    builder.agent(name, terms, trader).unwrap();
}

/// The same script with another number as its parameter.
fn numbered(source: &str, numbers: impl IntoIterator<Item = i64>) -> Vec<ScriptConfig> {
    numbers.into_iter().map(|number| config(source, &[("number", ParamValue::Int(number))])).collect()
}

#[test]
fn each_trader_has_its_own_state_constants_parameters_and_timers() {
    let source = r#"
        const NUMBER = param("number", 0);
        const TWICE = NUMBER * 2;
        const SUM = rolling_sum(10);
        fn on_init(params) {
            this.ticks = 0;
            this.of_init = params.number;
            every(`tick ${NUMBER}`, "10s");
        }
        fn on_timer(name) {
            this.ticks += NUMBER;
            SUM.update(NUMBER);
            this.name = name;
        }
        fn on_stop() {
            log(`${this.ticks} ${this.of_init} ${params.number} ${NUMBER} ${TWICE} ${SUM} ${this.name}`);
        }
    "#;
    let (_, logged) = run_all(&numbered(source, [1, 20, 300]));
    for (number, lines) in [1, 20, 300].into_iter().zip(logged) {
        let ticks = number * 6;
        let twice = number * 2;
        let sum = "rolling_sum(10): not ready";
        assert_eq!(lines, [format!("{ticks} {number} {number} {number} {twice} {sum} tick {number}")]);
    }
}

#[test]
fn different_scripts_run_side_by_side_with_functions_of_the_same_name() {
    let one = "fn value() { 1 } fn on_timer(name) { log(`${name} ${value()}`); } fn on_start() { every(\"one\", \"30s\"); }";
    let two = "fn on_start() { every(\"two\", \"20s\"); } fn on_timer(name) { log(`${name} ${value()}`); } fn value() { \"2\" }";
    let (_, logged) = run_all(&[config(one, &[]), config(two, &[]), config(one, &[])]);
    let ones = vec!["one 1".to_owned(); logged[0].len()];
    let twos = vec!["two 2".to_owned(); logged[1].len()];
    assert!(!ones.is_empty() && twos.len() > ones.len());
    assert_eq!(logged, [ones.clone(), twos, ones]);
}

#[test]
fn what_a_module_keeps_is_each_traders_own() {
    let module =
        Module { file: "lib/sums.rhai".into(), text: Arc::from("export const SUM = rolling_sum(2);") };
    let text = r#"
        import "lib/sums" as sums;
        const NUMBER = param("number", 0);
        fn on_start() { every("tick", "20s"); }
        fn on_timer(name) { sums::SUM.update(NUMBER); }
        fn on_stop() { log(sums::SUM); }
    "#;
    let source = ScriptSource {
        modules: [("lib/sums".to_owned(), module)].into_iter().collect(),
        ..ScriptSource::alone("s.rhai", text)
    };
    let configs: Vec<ScriptConfig> = [1, 10, 100]
        .into_iter()
        .map(|number| ScriptConfig {
            params: vec![("number".to_owned(), ParamValue::Int(number))],
            ..ScriptConfig::new(source.clone(), LISTING)
        })
        .collect();
    let (_, logged) = run_all(&configs);
    let expected = [2, 20, 200].map(|sum| vec![format!("rolling_sum(2): value {sum}.0")]);
    assert_eq!(logged, expected);
}

#[test]
fn a_trader_that_fails_stops_alone_and_its_kind_goes_on() {
    let source = r#"
        const NUMBER = param("number", 0);
        fn deeper(n) { if n == 0 { throw "enough"; } deeper(n - 1); }
        fn on_start() { this.ticks = 0; every("tick", "10s"); }
        fn on_timer(name) {
            this.ticks += 1;
            if this.ticks == NUMBER { deeper(3); }
        }
        fn on_stop() { log(`${this.ticks} ticks`); }
    "#;
    let mut configs = numbered(source, [0, 2, 0, 3]);
    configs[3].on_error = OnError::Flatten;
    let (_, logged) = run_all(&configs);
    for survivor in [0, 2] {
        assert_eq!(logged[survivor], ["6 ticks"]);
    }
    for failed in [1, 3] {
        let lines = &logged[failed];
        assert!(lines[0].starts_with("FAILED") && lines[0].contains("enough"), "{lines:?}");
        assert!(!lines.iter().any(|line| line.ends_with(" ticks")), "{lines:?}");
    }
}

#[test]
fn a_script_that_fails_to_load_for_one_trader_loads_for_the_next() {
    let source = "const NUMBER = param(\"number\", 0); const OF = [7, 8][NUMBER]; fn on_stop() { log(OF); }";
    let (_, logged) = run_all(&numbered(source, [0, 5, 1]));
    assert_eq!(logged[0], ["7"]);
    assert!(logged[1][0].starts_with("FAILED"), "{:?}", logged[1]);
    assert_eq!(logged[2], ["8"]);
}

#[test]
fn operations_are_counted_for_each_trader_and_limited_for_each() {
    let source = "fn on_start() { let n = 0; while n < 300 { n += 1; } log(n); }";
    let small = ScriptConfig { operations: 1_000, ..config(source, &[]) };
    let large = ScriptConfig { operations: 100_000, ..config(source, &[]) };
    let (_, logged) = run_all(&[large.clone(), small.clone(), large, small]);
    for (number, lines) in logged.iter().enumerate() {
        if number % 2 == 0 {
            assert_eq!(*lines, ["300"]);
        } else {
            assert!(lines[0].contains("more than 1000 operations"), "{lines:?}");
        }
    }
}

#[test]
fn indicators_names_lines_and_orders_are_budgeted_for_each_trader() {
    // Each takes most of what one may have; two together would have more than one may.
    let source = r##"
        fn on_start() {
            this.sums = [];
            for n in 0..6 { this.sums.push(rolling_sum(100000)); }
            for n in 0..60 { plot(`series ${n}`, n); log(n); }
            for n in 0..600 { buy_limit(1, 0.01); }
            log("done");
        }
    "##;
    let (_, logged) = run_all(&[config(source, &[]), config(source, &[])]);
    for lines in logged {
        assert_eq!(lines.len(), 61, "{:?}", lines.last());
        assert_eq!(lines[60], "done");
    }
}

#[test]
fn handles_that_a_script_keeps_act_for_its_own_trader() {
    let source = r#"
        const NUMBER = param("number", 0);
        fn on_init(params) { this.market = market("ACME"); this.params = params; }
        fn on_start() {
            this.order = this.market.sell_limit(NUMBER, 50.0 + NUMBER);
            every("look", "20s");
        }
        fn on_timer(name) {
            let mine = this.market.orders();
            log(`${mine.len()} ${mine[0] == this.order} ${mine[0].quantity} ${this.params.number} ${cash()}`);
            this.order.cancel();
            this.order = this.market.sell_limit(NUMBER, 60.0 + NUMBER);
        }
    "#;
    let (_, logged) = run_all(&numbered(source, [1, 2, 3]));
    for (number, lines) in (1..).zip(&logged) {
        assert_eq!(*lines, [1, 2, 3].map(|_| format!("1 true {number}.0 {number} 10000.0")));
    }
}

#[test]
fn sharing_does_not_show_in_a_run() {
    let source = r#"
        const NUMBER = param("number", 0);
        fn on_init(params) { this.fast = ema(NUMBER + 2); this.slow = ema(NUMBER + 9); every("look", "2s"); }
        fn on_timer(name) {
            if mid() == () { return; }
            let fast = this.fast.update(mid());
            let slow = this.slow.update(mid());
            if fast != () && slow != () { order_target(if fast > slow { 5 } else { random() * 3 }); }
            plot("equity", equity());
        }
    "#;
    let digest = |scripts: Option<&Scripts>| {
        let mut builder = crowd(7, 60);
        for (number, config) in numbered(source, 0..6).iter().enumerate() {
            seat(&mut builder, &format!("script-{number}"), config, scripts);
        }
        let mut market = builder.open().unwrap();
        market.run().unwrap();
        market.digest()
    };
    let apart = digest(None);
    assert_eq!(digest(Some(&Scripts::default())), apart);
    // Also where one thread runs a second world with what the first has compiled.
    let scripts = Scripts::default();
    assert_eq!([digest(Some(&scripts)), digest(Some(&scripts))], [apart, apart]);
    let elsewhere = std::thread::scope(|scope| {
        let runs = [(); 2].map(|()| scope.spawn(|| digest(Some(&Scripts::default()))));
        runs.map(|run| run.join().unwrap())
    });
    assert_eq!(elsewhere, [apart, apart]);
}

/// The bytes that each of a population keeps once all are started.
fn bytes_each(count: usize, seat: impl Fn(&mut MarketBuilder, &str)) -> i64 {
    let mut kept = None;
    let used = allocation_counter::measure(|| {
        let mut builder = desks(60);
        for number in 0..count {
            seat(&mut builder, &format!("trader-{number}"));
        }
        let mut market = builder.open().unwrap();
        market.start();
        kept = Some(market);
    });
    let market = kept.unwrap();
    for participant in market.participants() {
        assert_eq!(market.world().domain().failure(participant.id), None);
    }
    used.bytes_current / i64::try_from(count).unwrap()
}

#[test]
fn a_thousand_traders_of_one_script_take_little_memory() {
    // The bar is 10,000 in 300 MB, 30,000 bytes each; less, so that a regression shows before it hurts.
    const BYTES_MAX: i64 = 25_000;
    let noise = bytes_each(1_000, |builder, name| {
        let config = NoiseConfig {
            listing: ListingId::new(0),
            wakeups: Wakeups::every(SimDuration::from_secs(1)),
            market_share: 0.3,
            max_quantity: Quantity::new(20),
            depth_ticks: 5.0,
            patience: SimDuration::from_secs(60),
        };
        builder.agent(name, ParticipantConfig::new("noise"), NoiseTrader::new(config)).unwrap();
    });
    let mut figures = format!("a noise trader takes {noise} bytes;");
    for (file, text) in [
        ("avellaneda_stoikov", include_str!("../../../strategies/avellaneda_stoikov.rhai")),
        ("ema_cross", include_str!("../../../strategies/ema_cross.rhai")),
    ] {
        let scripts = Scripts::default();
        let config = ScriptConfig::new(ScriptSource::alone(format!("{file}.rhai"), text), LISTING);
        let bytes = bytes_each(1_000, |builder, name| {
            let trader = ScriptTrader::sharing(config.clone(), scripts.clone());
            builder.agent(name, ParticipantConfig::new("script"), trader).unwrap();
        });
        write!(figures, " one of {file} {bytes}").unwrap();
        assert!(bytes < BYTES_MAX, "{figures}");
    }
    println!("{figures}");
}
