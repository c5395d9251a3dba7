//! [`begin_at`]: a scenario whose values begin at the present prices.

use std::collections::BTreeMap;
use std::sync::Arc;

use bearpit::scenario::Scenario;
use bearpit_core::process::{ConfiguredProcess, EarlierInstrument, Moments, PriceProcess, ProcessState};
use bearpit_core::units::{Seed, SimDuration};

/// Lets the value of each instrument begin at its present price, and shocks and faults at set times be those
/// of a simulation, which a live market does not have.
pub(super) fn begin_at(scenario: &mut Scenario, prices: &BTreeMap<String, f64>) {
    scenario.events.clear();
    for config in &mut scenario.instruments {
        let price = prices.get(config.instrument.symbol());
        if let (Some(process), Some(price)) = (&mut config.process, price) {
            *process = Arc::new(Resumed { process: Arc::clone(process), price: *price });
        }
    }
}

/// A process that goes on from a price. What else it knows, such as a variance, begins as configured.
#[derive(Debug)]
struct Resumed {
    process: Arc<dyn ConfiguredProcess>,
    price: f64,
}

impl ConfiguredProcess for Resumed {
    fn initial(&self) -> f64 {
        self.price
    }

    fn step(&self) -> SimDuration {
        self.process.step()
    }

    fn start(&self, seed: Seed) -> Box<dyn PriceProcess> {
        let mut process = self.process.start(seed);
        process.go_on(self.price, &ProcessState::default());
        process
    }

    fn moments(&self, after: SimDuration) -> Moments {
        self.start(Seed::new(0)).moments(after)
    }

    fn following(&self, earlier: &[EarlierInstrument]) -> Option<Arc<dyn ConfiguredProcess>> {
        let process = self.process.following(earlier)?;
        Some(Arc::new(Self { process, price: self.price }))
    }
}
