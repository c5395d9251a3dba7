//! From what is asked for to a job: present prices, what is held, scripts.

use std::collections::BTreeMap;
use std::sync::Arc;

use bearpit::scenario::UserScript;
use bearpit_core::units::{Money, NetQuantity, Price, SimDuration};

use super::{EstimateRequest, Estimates, HoldingRequest, PortfolioRequest, StrategyEstimateRequest};
use crate::domain::{Actor, EstimateId, Number, Problem, ProblemKind};
use crate::driver::AccountView;
use crate::estimates::{Held, Job, Model, ScenarioText, Subject};
use crate::publication::ListingSnapshot;
use crate::services::identity::of_store;

const PATHS: u32 = 1_000;
const QUANTILES: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];
const QUANTILES_MAX: usize = 20;
const POSITIONS_MAX: usize = 100;
/// The longest horizon: ten years.
const HORIZON_MAX: SimDuration = SimDuration::from_secs(10 * 366 * 86_400);
const HORIZON_MIN: SimDuration = SimDuration::from_secs(1);
/// The largest seed: every program reads it exactly.
const SEED_MAX: u64 = (1 << 53) - 1;

impl Estimates {
    /// Makes a job, and says what it is of.
    pub(super) async fn job(
        &self,
        who: &Actor,
        request: EstimateRequest,
        id: EstimateId,
    ) -> Result<(String, Job), Problem> {
        let horizon = horizon_of(&request.horizon)?;
        let paths = self.paths_of(&request)?;
        let quantiles = quantiles_of(request.quantiles.clone())?;
        let seed = seed_of(request.seed, id)?;
        let fallback = if request.strategy.is_some() { Model::World } else { Model::Process };
        let model = request.model.unwrap_or(fallback);
        if model == Model::World {
            self.check_world(paths, horizon)?;
        }
        let span = request.horizon.trim().to_owned();
        let (what, subject) = self.subject(who, request).await?;
        let source = &self.source;
        let scenario = ScenarioText {
            text: source.text().to_owned(),
            changes: source.scenario().changes.clone(),
            inputs: source.scenario().inputs_digest.clone(),
        };
        let job = Job {
            version: Job::VERSION,
            model,
            scenario,
            prices: self.prices(),
            subject,
            horizon_ns: horizon.nanos(),
            paths,
            seed,
            points: Job::POINTS_MAX,
            quantiles,
        };
        Ok((format!("{what} after {span}"), job))
    }

    fn paths_of(&self, request: &EstimateRequest) -> Result<u32, Problem> {
        let (paths, most) = (request.paths.unwrap_or(PATHS), self.config.paths_max);
        if (2..=most).contains(&paths) {
            return Ok(paths);
        }
        Err(invalid("paths", format!("an estimate has 2 to {most} paths, not {paths}")))
    }

    fn check_world(&self, paths: u32, horizon: SimDuration) -> Result<(), Problem> {
        let most = i128::from(self.config.world_hours_max);
        if i128::from(paths) * i128::from(horizon.nanos()) <= most * 3_600_000_000_000 {
            return Ok(());
        }
        let message = format!(
            "{paths} worlds of such a horizon are more than {most} hours of markets: ask for fewer paths or a shorter \
             horizon, or for the model `process`"
        );
        Err(Problem::new(ProblemKind::Refused, "too_large", message).at("horizon"))
    }

    async fn subject(&self, who: &Actor, request: EstimateRequest) -> Result<(String, Subject), Problem> {
        match (request.holding, request.portfolio, request.strategy) {
            (Some(holding), None, None) => {
                let what = format!("{} {}", holding.quantity, holding.symbol);
                let held = vec![self.held(&holding, "holding")?];
                Ok((what, Subject::Holdings { cash: Number::of_money(Money::ZERO), held }))
            }
            (None, Some(portfolio), None) => self.portfolio(who, portfolio).await,
            (None, None, Some(strategy)) => self.strategy(who, strategy).await,
            _ => Err(invalid("holding", "name one of `holding`, `portfolio` and `strategy`".to_owned())),
        }
    }

    /// Takes something as held from now on: of a future, it has cost the present price.
    fn held(&self, holding: &HoldingRequest, field: &'static str) -> Result<Held, Problem> {
        let HoldingRequest { symbol, quantity } = holding;
        let (_, snapshot) = self.data.find(symbol).map_err(|problem| problem.at(field))?;
        let instrument = &snapshot.listing.instrument;
        let lots =
            quantity.0.in_units_of(instrument.lot_size()).filter(|lots| lots.unsigned_abs() <= LOTS_MAX);
        let lots = lots.ok_or_else(|| {
            let message = format!(
                "a quantity of {} is a multiple of {}, and not beyond what an order can be of, not {quantity}",
                instrument.symbol(),
                instrument.lot_size()
            );
            invalid(field, message)
        })?;
        let less = if instrument.is_future() {
            let price = present(&snapshot).and_then(|price| instrument.nearest_price(price));
            price.map_or(Money::ZERO, |price: Price| instrument.value(price, NetQuantity::new(lots)))
        } else {
            Money::ZERO
        };
        let symbol = instrument.symbol().to_owned();
        Ok(Held { symbol, quantity: *quantity, less: Number::of_money(less) })
    }

    async fn portfolio(
        &self,
        who: &Actor,
        portfolio: PortfolioRequest,
    ) -> Result<(String, Subject), Problem> {
        let PortfolioRequest { cash, positions } = portfolio;
        let is_given = cash.is_some() && positions.is_some();
        let view = if is_given { None } else { Some(self.trading.account_view(who.account).await?) };
        let own_cash = || view.as_deref().map_or(Money::ZERO, |view| view.cash);
        let cash = cash.unwrap_or_else(|| Number::of_money(own_cash()));
        let held = match positions {
            Some(positions) if positions.len() > POSITIONS_MAX => {
                let message = format!("a portfolio has at most {POSITIONS_MAX} positions");
                return Err(invalid("portfolio.positions", message));
            }
            Some(positions) => {
                let held = positions.iter().map(|it| self.held(it, "portfolio.positions"));
                held.collect::<Result<Vec<_>, _>>()?
            }
            None => self.own(view.as_deref()),
        };
        let what = if is_given { "a portfolio" } else { "my portfolio" };
        Ok((what.to_owned(), Subject::Holdings { cash, held }))
    }

    fn own(&self, view: Option<&AccountView>) -> Vec<Held> {
        let positions = view.iter().flat_map(|view| &view.positions);
        let held = positions.filter(|it| it.holding != NetQuantity::ZERO).filter_map(|position| {
            let (_, snapshot) = self.data.find(&position.symbol).ok()?;
            let instrument = &snapshot.listing.instrument;
            let quantity = Number::of_units(position.holding.lots(), instrument.lot_size())?;
            let less = if instrument.is_future() { position.cost } else { Money::ZERO };
            Some(Held { symbol: position.symbol.clone(), quantity, less: Number::of_money(less) })
        });
        held.collect()
    }

    async fn strategy(
        &self,
        who: &Actor,
        request: StrategyEstimateRequest,
    ) -> Result<(String, Subject), Problem> {
        let StrategyEstimateRequest { strategy_id, script, cash } = request;
        let cash = cash.unwrap_or_else(|| Number::of_money(self.source.live().starting_cash));
        if Money::from_decimal(cash.0).is_none_or(|cash| cash <= Money::ZERO) {
            let message = "the cash is above zero, with ten decimals at most".to_owned();
            return Err(invalid("strategy.cash", message));
        }
        let (what, script) = match (strategy_id, script) {
            (Some(id), None) => {
                let row = self.database.strategy(who.user, id).await.map_err(of_store)?;
                let row = row.ok_or_else(|| {
                    let message = format!("there is no strategy {id} of yours");
                    Problem::new(ProblemKind::NotFound, "unknown_strategy", message)
                        .at("strategy.strategy_id")
                })?;
                let script = UserScript::from_json(&row.script);
                let script = script.map_err(|error| invalid("strategy.strategy_id", error.to_string()))?;
                (format!("strategy {}", row.name), script)
            }
            (None, Some(script)) => ("a strategy".to_owned(), script.script()),
            _ => return Err(invalid("strategy", "name one of `strategy_id` and `script`".to_owned())),
        };
        Ok((what, Subject::Strategy { script: Box::new(script), cash }))
    }

    /// Returns what each instrument costs at present, at the first of its venues; where nobody has traded,
    /// what its value begins with.
    fn prices(&self) -> BTreeMap<String, f64> {
        let mut prices = BTreeMap::new();
        for snapshot in self.data.publication().snapshots() {
            let symbol = snapshot.listing.instrument.symbol();
            if let Some(price) = present(&snapshot).filter(|_| !prices.contains_key(symbol)) {
                prices.insert(symbol.to_owned(), price);
            }
        }
        for config in &self.source.scenario().instruments {
            if let Some(process) = &config.process {
                let symbol = config.instrument.symbol();
                prices.entry(symbol.to_owned()).or_insert_with(|| process.initial());
            }
        }
        prices
    }
}

/// The most lots of a holding: as many as an order can be of.
const LOTS_MAX: u64 = 1 << 40;

/// Returns the middle of bid and ask, or else the last trade.
fn present(snapshot: &Arc<ListingSnapshot>) -> Option<f64> {
    let instrument = &snapshot.listing.instrument;
    let mid = snapshot
        .bid()
        .zip(snapshot.ask())
        .map(|(bid, ask)| (instrument.price_f64(bid.price) + instrument.price_f64(ask.price)) / 2.0);
    mid.or_else(|| snapshot.trades.first().map(|print| instrument.price_f64(print.price)))
}

fn horizon_of(text: &str) -> Result<SimDuration, Problem> {
    let read: Option<SimDuration> = text.trim().parse().ok();
    read.filter(|span| (HORIZON_MIN..=HORIZON_MAX).contains(span)).ok_or_else(|| {
        let message =
            "a horizon is a number and `s`, `m`, `h` or `d`, from 1s to 3660d, such as 1h".to_owned();
        invalid("horizon", message)
    })
}

fn quantiles_of(asked: Option<Vec<f64>>) -> Result<Vec<f64>, Problem> {
    let quantiles = asked.unwrap_or_else(|| QUANTILES.to_vec());
    if quantiles.len() <= QUANTILES_MAX && quantiles.iter().all(|share| (0.0..=1.0).contains(share)) {
        return Ok(quantiles);
    }
    Err(invalid("quantiles", format!("quantiles are at most {QUANTILES_MAX} numbers from 0 to 1")))
}

fn seed_of(asked: Option<u64>, id: EstimateId) -> Result<u64, Problem> {
    match asked {
        Some(seed) if seed > SEED_MAX => Err(invalid("seed", format!("a seed is at most {SEED_MAX}"))),
        Some(seed) => Ok(seed),
        None => Ok(u64::try_from(id.uuid().as_u128() & 0xffff_ffff).unwrap_or(0)),
    }
}

fn invalid(field: &'static str, message: String) -> Problem {
    Problem::new(ProblemKind::Refused, "invalid_field", message).at(field)
}
