//! Seats: how people come into a market that is running.

use crate::scenario::Scenario;
use crate::scenario::live_config::LiveConfig;
use bearpit_agents::Desk;
use bearpit_core::account::AccountConfig;
use bearpit_core::exchange::{BuildError, MarketBuilder};
use bearpit_core::kernel::{ActorFactory, ActorSpec, FactoryError, SimActor};
use bearpit_core::participant::{MarketState, ParticipantConfig, RequestKind, Trader};

/// The kind of a person's seat, in tables, manifests and journals.
const DESK: &str = "desk";

/// Builds the actors of those who join a live market: a [`Desk`] for a person, who acts by requests.
#[derive(Debug, Clone, Copy, Default)]
pub struct SeatFactory;

impl ActorFactory<MarketState> for SeatFactory {
    fn build(&mut self, _: &str, spec: &ActorSpec) -> Result<Box<dyn SimActor<MarketState>>, FactoryError> {
        match (spec.kind.as_str(), spec.parameters.is_empty()) {
            (DESK, true) => Ok(Box::new(Trader(Desk))),
            (DESK, false) => {
                let why = "a desk has no parameters".to_owned();
                Err(FactoryError::Parameters { kind: DESK.to_owned(), why })
            }
            _ => Err(FactoryError::UnknownKind(spec.kind.clone())),
        }
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
        let mut builder = self.lay_out()?;
        builder.factory(SeatFactory);
        Ok(builder)
    }
}
