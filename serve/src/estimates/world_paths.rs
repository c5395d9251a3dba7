//! [`WorldPaths`]: paths of whole simulated markets.

use bearpit::scenario::{LiveClock, LiveConfig, Scenario};
use bearpit_core::exchange::Market;
use bearpit_core::kernel::{RequestTag, Speed, StepEnd};
use bearpit_core::participant::{Request, RequestKind};
use bearpit_core::units::{ActorId, InstrumentId, Money, Quantity, Seed, SimDuration, SimTime};

use super::error::EstimateError;
use super::job::{Held, Job, Subject};

/// The name of the account that is valued, which no agent of a scenario has: theirs are letters and digits.
const SEAT: &str = "the estimate";
/// How many events of a world are delivered until it is looked whether the job was canceled.
const EVENTS_AT_ONCE: u64 = 200_000;

/// Paths of the scenario's market, of which each is a world of its own.
#[derive(Debug)]
pub(super) struct WorldPaths {
    scenario: Scenario,
    live: LiveConfig,
    seed: u64,
    stretch: SimDuration,
    points: u32,
    subject: Valued,
}

/// What is valued in a world.
#[derive(Debug)]
enum Valued {
    /// What does not move, and what does.
    Holdings { constant: f64, assets: Vec<Asset> },
    /// The equity of a strategy's account.
    Strategy { script: Box<bearpit::scenario::UserScript>, cash: Money },
}

#[derive(Debug)]
struct Asset {
    instrument: InstrumentId,
    /// What is held, in lots; a float, since it is multiplied by what a lot is worth.
    lots: f64,
    /// What a lot is worth at present.
    lot_worth: f64,
}

impl WorldPaths {
    /// Makes them of a job and its scenario, whose values begin at the present prices.
    pub(super) fn new(job: &Job, mut scenario: Scenario) -> Result<Self, EstimateError> {
        let day = scenario.end - scenario.start;
        if job.horizon() > day {
            let day_secs = day.nanos() / 1_000_000_000;
            return Err(EstimateError::Horizon { day_secs });
        }
        scenario.end = scenario.start.saturating_add(job.horizon());
        let subject = match &job.subject {
            Subject::Holdings { cash, held } => {
                let constant = held.iter().fold(cash.0.to_f64(), |sum, held| sum - held.less.0.to_f64());
                let assets = held.iter().map(|held| asset(held, job, &scenario));
                Valued::Holdings { constant, assets: assets.collect::<Result<_, _>>()? }
            }
            Subject::Strategy { script, cash } => {
                let cash = Money::from_decimal(cash.0).filter(|cash| *cash > Money::ZERO);
                let cash =
                    cash.ok_or(EstimateError::Unsound("`cash` is above zero, with ten decimals at most"))?;
                Valued::Strategy { script: script.clone(), cash }
            }
        };
        let live = scenario.live.get_or_insert_with(as_simulated).clone();
        let (stretch, points) = (job.stretch(), job.points);
        Ok(Self { scenario, live, seed: job.seed, stretch, points, subject })
    }

    /// Returns what all is worth at present.
    pub(super) fn present(&self) -> f64 {
        match &self.subject {
            Valued::Holdings { constant, assets } => {
                assets.iter().fold(*constant, |sum, asset| sum + asset.lots * asset.lot_worth)
            }
            Valued::Strategy { cash, .. } => cash.to_f64(),
        }
    }

    /// Returns what all is worth at each time of the fan, the present included; nothing once it is canceled.
    pub(super) fn path(
        &self,
        number: u32,
        is_canceled: &dyn Fn() -> bool,
    ) -> Result<Vec<f64>, EstimateError> {
        let failed = |cause: String| EstimateError::Market { path: number, cause };
        let mut scenario = self.scenario.clone();
        scenario.seed = Seed::new(self.seed.wrapping_add(u64::from(number)));
        let market = scenario.lay_out_live().and_then(bearpit_core::exchange::MarketBuilder::open);
        let mut market = market.map_err(|error| failed(error.to_string()))?;
        market.start();
        let seat = self.join(&mut market, number)?;
        let mut worths = vec![self.present()];
        let mut at = scenario.start;
        for _ in 0..self.points {
            at = at.saturating_add(self.stretch);
            step(&mut market, at, is_canceled, number)?;
            worths.push(self.worth(&market, seat));
        }
        Ok(worths)
    }

    /// Opens the account that is valued: a strategy's, or one with a lot of each instrument that is held.
    fn join(&self, market: &mut Market, number: u32) -> Result<ActorId, EstimateError> {
        let failed = |cause: String| EstimateError::Market { path: number, cause };
        let mut kind = match &self.subject {
            Valued::Holdings { .. } => self.live.join_empty(SEAT),
            Valued::Strategy { script, .. } => self.live.join_script(SEAT, script),
        };
        if let RequestKind::Join { config, .. } = &mut kind {
            match &self.subject {
                Valued::Holdings { assets, .. } => {
                    let lot = |asset: &Asset| (asset.instrument, Quantity::new(1));
                    config.account.holdings = assets.iter().map(lot).collect();
                }
                Valued::Strategy { cash, .. } => config.account.cash = *cash,
            }
        }
        let now = market.world().now();
        let request = Request { tag: Some(RequestTag::new(1)), kind };
        market.request(now, request).map_err(|error| failed(error.to_string()))?;
        market.step(now, u64::MAX).map_err(|error| failed(error.to_string()))?;
        if let Some(Err(refusal)) = market.take_answers().next().map(|answer| answer.outcome) {
            return Err(match &self.subject {
                Valued::Strategy { .. } => EstimateError::Strategy(refusal.to_string()),
                Valued::Holdings { .. } => failed(refusal.to_string()),
            });
        }
        let seat = market.participant(SEAT).map(|participant| participant.id);
        seat.ok_or_else(|| failed("the account that is valued is not there".to_owned()))
    }

    fn worth(&self, market: &Market, seat: ActorId) -> f64 {
        let state = market.world().domain();
        match &self.subject {
            Valued::Holdings { constant, assets } => assets.iter().fold(*constant, |sum, asset| {
                // Before anybody has quoted it, an instrument is worth what it is now.
                let lot = state.worth(seat, asset.instrument).map_or(asset.lot_worth, Money::to_f64);
                sum + asset.lots * lot
            }),
            Valued::Strategy { cash, .. } => state.equity(seat).unwrap_or(*cash).to_f64(),
        }
    }
}

/// Steps a market up to a time, unless the job is canceled on the way.
fn step(
    market: &mut Market,
    until: SimTime,
    is_canceled: &dyn Fn() -> bool,
    number: u32,
) -> Result<(), EstimateError> {
    loop {
        if is_canceled() {
            return Err(EstimateError::Canceled);
        }
        match market.step(until, EVENTS_AT_ONCE) {
            Ok(StepEnd::Reached) => return Ok(()),
            Ok(StepEnd::Budget) => {}
            Err(error) => return Err(EstimateError::Market { path: number, cause: error.to_string() }),
        }
    }
}

fn asset(held: &Held, job: &Job, scenario: &Scenario) -> Result<Asset, EstimateError> {
    let symbol = || held.symbol.clone();
    let mut all = (0..).map(InstrumentId::new).zip(&scenario.instruments);
    let found = all.find(|(_, config)| config.instrument.symbol() == held.symbol);
    let (instrument, config) = found.ok_or_else(|| EstimateError::UnknownSymbol(symbol()))?;
    let price = job.prices.get(&held.symbol).ok_or_else(|| EstimateError::NoPrice(symbol()))?;
    let lot = config.instrument.lot_size().to_f64();
    let lot_worth = price * lot * config.instrument.multiplier().to_f64();
    Ok(Asset { instrument, lots: held.quantity.0.to_f64() / lot, lot_worth })
}

/// How a scenario without `[live]` is served.
const fn as_simulated() -> LiveConfig {
    LiveConfig {
        clock: LiveClock::Scaled { speed: Speed::REAL_TIME },
        starting_cash: LiveConfig::STARTING_CASH,
        durability: bearpit::scenario::Durability::Synced,
        keep_days: LiveConfig::KEEP_DAYS,
        script_operations: LiveConfig::SCRIPT_OPERATIONS,
    }
}
