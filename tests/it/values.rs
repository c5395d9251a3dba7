//! The paths that are drawn of a process are the values that a market with the same seed has.

use std::cell::RefCell;
use std::fs;
use std::rc::Rc;

use actix::{Actor, Handler};
use bearpit::analysis::{PathPlan, ProcessPaths};
use bearpit::kernel::Wakeup;
use bearpit::market::ExecutionReport;
use bearpit::participant::{Context, MarketData, ParticipantConfig};
use bearpit::scenario::Scenario;
use bearpit::units::{InstrumentId, Seed, SimDuration};

/// Two correlated values, of which one jumps and has news, and a third that follows the first.
const SCENARIO: &str = r#"
[scenario]
name = "values"
seed = 11
start = 2025-03-03T09:30:00
end = 2025-03-03T09:34:01

[[instruments]]
symbol = "LEAD"
tick_size = "0.01"
process = { kind = "gbm", initial = 100.0, volatility = 0.4 }

[[instruments]]
symbol = "JUMP"
tick_size = "0.01"
process = { kind = "merton", initial = 50.0, volatility = 0.3, jumps_per_year = 200_000, jump_volatility = 0.01 }

[[instruments]]
symbol = "NEXT"
tick_size = "0.01"
process = { kind = "linked", leader = "LEAD", ratio = 2.0, half_life = "1m", volatility = 0.5 }

[[baskets]]
instruments = ["LEAD", "JUMP"]
correlation = [[1.0, 0.7], [0.7, 1.0]]

[[venues]]
name = "PIT"
instruments = ["LEAD", "JUMP", "NEXT"]

[[agents]]
kind = "noise"
instrument = "LEAD"
max_quantity = 10
depth = "0.05"
cash = 10_000

[[events]]
kind = "fundamental_shock"
at = 2025-03-03T09:32:00
instrument = "JUMP"
change = -0.05
"#;

/// The values of each instrument, one after another, as bits.
type Seen = Rc<RefCell<Vec<Vec<u64>>>>;

/// Reads all values every two seconds.
struct Reader(Seen);

impl Actor for Reader {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        self.read(ctx);
    }
}

impl Reader {
    fn read(&self, ctx: &mut Context) {
        for (index, values) in (0..).zip(self.0.borrow_mut().iter_mut()) {
            values.push(ctx.value(InstrumentId::new(index)).unwrap().to_bits());
        }
        ctx.wake_after(SimDuration::from_secs(2), 0);
    }
}

impl Handler<Wakeup> for Reader {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        self.read(ctx);
    }
}

bearpit::ignore_messages!(Reader: ExecutionReport, MarketData);

#[test]
fn paths_are_the_values_of_markets_with_their_seeds() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("values.toml");
    fs::write(&path, SCENARIO).unwrap();
    let scenario = Scenario::load(&path, &[]).unwrap();
    let span = SimDuration::from_secs(2 * ProcessPaths::STRETCHES);
    let plan = PathPlan { start: scenario.start, end: scenario.start + span, seed: scenario.seed, count: 3 };
    let drawn =
        scenario.instruments.iter().zip(scenario.processes()).map(|(config, process)| {
            ProcessPaths::draw(config.instrument.symbol(), &*process.unwrap(), plan)
        });
    let drawn: Vec<ProcessPaths> = drawn.collect();
    for number in 0..plan.count {
        let seed = Seed::new(scenario.seed.get() + u64::from(number));
        let scenario = Scenario::load(&path, &[format!("scenario.seed={}", seed.get()).parse().unwrap()]);
        let mut builder = scenario.unwrap().lay_out().unwrap();
        let seen: Seen = Rc::new(RefCell::new(vec![Vec::new(); 3]));
        builder.agent("reader", ParticipantConfig::new("reader"), Reader(Rc::clone(&seen))).unwrap();
        builder.open().unwrap().run().unwrap();
        for (paths, values) in drawn.iter().zip(seen.take()) {
            let path: Vec<u64> = paths.samples[number as usize].iter().map(|it| it.1.to_bits()).collect();
            assert_eq!(path, values, "{} with seed {number}", paths.symbol);
        }
    }
}
