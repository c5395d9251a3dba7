//! Seats: how people and their strategies come into a market that is running.

use super::user_script::{MarketName, Markets, UserScript, UserScriptError};
use crate::scenario::Scenario;
use crate::scenario::live_config::LiveConfig;
use crate::script::{BrokenSeat, RetiredSeat, ScriptTrader, Scripts, SharedBudget};
use bearpit_agents::Desk;
use bearpit_core::account::AccountConfig;
use bearpit_core::exchange::{BuildError, MarketBuilder};
use bearpit_core::kernel::{ActorFactory, ActorSpec, FactoryError, SimActor};
use bearpit_core::participant::{MarketState, ParticipantConfig, RequestKind, Trader};
use bearpit_core::units::InstrumentId;

/// The kind of a person's seat, in tables, manifests and journals.
const DESK: &str = "desk";

/// The kind of a user's strategy.
const SCRIPT: &str = "script";

/// The kind of a seat whose strategy its owner has ended.
const RETIRED: &str = "retired";
/// What a retired seat is to do besides canceling its orders.
const FLATTEN: &str = "flatten";

/// Builds the actors of those who join a live market: a [`Desk`] for a person, who acts by requests, and a
/// [`ScriptTrader`] for a strategy, which shares a budget of operations with those of all other users.
#[derive(Debug, Clone)]
pub struct SeatFactory {
    markets: Markets,
    scripts: Scripts,
    budget: SharedBudget,
}

impl SeatFactory {
    /// Makes the factory of a scenario's market, for one day.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        let symbol = |id: InstrumentId| scenario.instruments[id.index()].instrument.symbol().to_owned();
        let markets = scenario.venues.iter().flat_map(|venue| {
            let symbols = venue.instruments.iter().map(|id| symbol(*id));
            symbols.map(|symbol| MarketName { symbol, venue: venue.name.clone() })
        });
        let operations =
            scenario.live.as_ref().map_or(LiveConfig::SCRIPT_OPERATIONS, |it| it.script_operations);
        Self {
            markets: Markets(markets.collect()),
            scripts: Scripts::default(),
            budget: SharedBudget::new(operations),
        }
    }

    fn script(&self, parameters: &str) -> Result<ScriptTrader, UserScriptError> {
        let config = UserScript::from_json(parameters)?.configure(&self.markets)?;
        Ok(ScriptTrader::of_user(config, self.scripts.clone(), &self.budget))
    }
}

impl ActorFactory<MarketState> for SeatFactory {
    fn build(&mut self, _: &str, spec: &ActorSpec) -> Result<Box<dyn SimActor<MarketState>>, FactoryError> {
        let unfit = |why: String| FactoryError::Parameters { kind: spec.kind.clone(), why };
        match (spec.kind.as_str(), spec.parameters.as_str()) {
            (DESK, "") => Ok(Box::new(Trader(Desk))),
            (DESK, _) => Err(unfit("a desk has no parameters".to_owned())),
            (RETIRED, "") => Ok(Box::new(Trader(RetiredSeat::new(false)))),
            (RETIRED, FLATTEN) => Ok(Box::new(Trader(RetiredSeat::new(true)))),
            (RETIRED, _) => Err(unfit(format!("what it does is `{FLATTEN}` or nothing"))),
            (SCRIPT, parameters) => match self.script(parameters) {
                Ok(trader) => Ok(Box::new(Trader(trader))),
                Err(error) => Err(unfit(error.to_string())),
            },
            _ => Err(FactoryError::UnknownKind(spec.kind.clone())),
        }
    }

    /// A strategy of yesterday may not fit the market of today: that must not keep it from opening.
    fn stand_in(&mut self, spec: &ActorSpec, error: &FactoryError) -> Option<Box<dyn SimActor<MarketState>>> {
        let broken = || Box::new(Trader(BrokenSeat::new(format!("it cannot be started today: {error}"))));
        (spec.kind == SCRIPT).then(|| broken() as Box<dyn SimActor<MarketState>>)
    }
}

impl LiveConfig {
    /// Returns the request by which a person gets a seat: a tracked account with the starting cash, which can
    /// neither go into debt nor sell short, and no latency but that of the venues.
    ///
    /// `name` must be unique in the market; it is in its tape and tables.
    #[must_use]
    pub fn join(&self, name: &str) -> RequestKind {
        let account = AccountConfig { cash: self.starting_cash, tracked: true, ..AccountConfig::default() };
        let config = ParticipantConfig::new(DESK).with_account(account);
        RequestKind::Join { name: name.to_owned(), spec: ActorSpec::new(DESK), config }
    }

    /// Returns the request by which an empty account joins that a strategy is to trade in: first it gets
    /// cash, from an account of its owner's, then a [strategy](Self::seat_script).
    #[must_use]
    pub fn join_empty(&self, name: &str) -> RequestKind {
        let account = AccountConfig { tracked: true, ..AccountConfig::default() };
        let config = ParticipantConfig::new(DESK).with_account(account);
        RequestKind::Join { name: name.to_owned(), spec: ActorSpec::new(DESK), config }
    }

    /// Returns what a strategy's actor is built from, for the account of a participant that has joined. It is
    /// compiled when the request is carried out; what is wrong with it is in the refusal.
    #[must_use]
    pub fn seat_script(script: &UserScript) -> ActorSpec {
        ActorSpec { kind: SCRIPT.to_owned(), parameters: script.to_json() }
    }

    /// Returns what takes a strategy's place when its owner ends it: all orders are canceled, and with
    /// `flatten` positions are closed at the market, in several attempts where that takes them. After that it
    /// is as a person's seat.
    #[must_use]
    pub fn retire(flatten: bool) -> ActorSpec {
        let parameters = if flatten { FLATTEN } else { "" };
        ActorSpec { kind: RETIRED.to_owned(), parameters: parameters.to_owned() }
    }

    /// Returns the request by which a strategy joins, with an account as a person's. It is compiled when the
    /// request is carried out; what is wrong with it is in the refusal.
    ///
    /// ```
    /// use std::path::Path;
    ///
    /// use bearpit::participant::Request;
    /// use bearpit::scenario::{Scenario, UserScript};
    /// use bearpit::units::SimDuration;
    ///
    /// let changes = ["live.starting_cash=5000".parse()?];
    /// let scenario = Scenario::load(Path::new("scenarios/quickstart.toml"), &changes)?;
    /// let live = scenario.live.as_ref().ok_or("no [live]")?;
    /// let mut market = scenario.lay_out_live()?.open()?;
    /// market.start();
    /// let now = scenario.start + SimDuration::from_secs(60);
    /// market.step(now, u64::MAX)?;
    ///
    /// let script = UserScript::new("mine.rhai", "fn on_start() { buy(10); }");
    /// let kind = live.join_script("anne's", &script);
    /// market.request(now, Request { tag: None, kind })?;
    /// market.step(now + SimDuration::from_secs(60), u64::MAX)?;
    /// let participant = market.participant("anne's").ok_or("no seat")?.id;
    /// assert!(market.world().domain().account(participant).ok_or("no account")?.fills() > 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn join_script(&self, name: &str, script: &UserScript) -> RequestKind {
        let account = AccountConfig { cash: self.starting_cash, tracked: true, ..AccountConfig::default() };
        let config = ParticipantConfig::new(SCRIPT).with_account(account);
        let spec = Self::seat_script(script);
        RequestKind::Join { name: name.to_owned(), spec, config }
    }
}

impl Scenario {
    /// Lays out the scenario's market as [`Scenario::lay_out`] does, with seats for people who come later.
    ///
    /// A market that nobody joins is the same as without seats, to the digest.
    ///
    /// # Errors
    /// A [`BuildError`]; a scenario that was loaded gives none.
    ///
    /// ```
    /// use std::path::Path;
    ///
    /// use bearpit::market::{OrderTerms, Side};
    /// use bearpit::participant::{Instruction, Request, RequestKind};
    /// use bearpit::scenario::Scenario;
    /// use bearpit::units::{ListingId, Price, Quantity, SimDuration};
    ///
    /// let changes = ["live.starting_cash=5000".parse()?];
    /// let scenario = Scenario::load(Path::new("scenarios/quickstart.toml"), &changes)?;
    /// let mut market = scenario.lay_out_live()?.open()?;
    /// market.start();
    /// let now = scenario.start + SimDuration::from_secs(60);
    /// market.step(now, u64::MAX)?;
    ///
    /// let live = scenario.live.as_ref().ok_or("no [live]")?;
    /// market.request(now, Request { tag: None, kind: live.join("anne") })?;
    /// market.step(now, u64::MAX)?;
    /// let participant = market.participant("anne").ok_or("no seat")?.id;
    /// let terms = OrderTerms::limit(Side::Buy, Quantity::new(10), Price::new(10_500));
    /// let instruction = Instruction::Submit { listing: ListingId::new(0), terms };
    /// let kind = RequestKind::Instruct { participant, instruction };
    /// market.request(now, Request { tag: None, kind })?;
    /// market.step(now + SimDuration::from_secs(1), u64::MAX)?;
    /// let account = market.world().domain().account(participant).ok_or("no account")?;
    /// assert!(account.fills() > 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn lay_out_live(&self) -> Result<MarketBuilder, BuildError> {
        let mut builder = self.lay_out_with(&[])?;
        builder.factory(SeatFactory::new(self));
        Ok(builder)
    }
}
