//! [`ChannelRequests`]: orders and cancels of groups, from a channel to the market and back.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bearpit_core::participant::{Instruction, Outcome as Done, RequestRefusal};
use tokio::time::sleep;
use uuid::Uuid;

use super::auctions::{self, AUCTIONS};
use super::groups::Groups;
use super::limits::Rates;
use super::request::{ChannelRequest, Fields, Sender, Unfit};
use super::signature::is_signed;
use super::validation::Validation;
use crate::channels::Doing;
use crate::channels::mqtt::{Begun, Outcome, Received, Requests};
use crate::config::MqttConfig;
use crate::domain::{AccountId, ClientOrderId, Problem, ProblemKind, RefusalId, Scope, WallTime};
use crate::driver::What;
use crate::services::auctions::{Auctions, done, explained};
use crate::services::identity::{Clock, Identity, is_id_of};
use crate::services::trading::{Trading, explain, path_order};

/// The topics on which requests come.
const TOPICS: &[&str] = &["requests", AUCTIONS];
/// When to ask again what became of a request whose answer did not come in time.
const AGAIN: Duration = Duration::from_secs(1);

/// What carries out requests of channels is made of.
pub struct RequestsParts {
    /// Who auctions, and trades.
    pub auctions: Arc<Auctions>,
    /// Who is who, by keys.
    pub identity: Arc<Identity>,
    /// Who is who, by signatures.
    pub groups: Arc<Groups>,
    /// What is allowed.
    pub config: MqttConfig,
    /// The time of the world outside.
    pub clock: Clock,
}

impl fmt::Debug for RequestsParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestsParts").field("groups", &self.groups).finish_non_exhaustive()
    }
}

/// Carries out requests of channels: orders and cancels, each once for its id.
#[derive(Debug)]
pub struct ChannelRequests {
    pub(super) parts: RequestsParts,
    rates: Rates,
}

/// A request that is about to be carried out.
struct Admitted {
    trading: Arc<Trading>,
    id: Uuid,
    group: Option<String>,
    account: AccountId,
    what: What,
    client: ClientOrderId,
    /// Whether it was made so long ago that it is only carried out if it was before.
    is_old: bool,
}

impl ChannelRequests {
    /// Makes it.
    #[must_use]
    pub fn new(parts: RequestsParts) -> Self {
        let rates = Rates::new(parts.config.requests_per_second);
        Self { parts, rates }
    }

    /// Looks who asks for what.
    async fn admit(&self, received: &Received) -> Result<Admitted, Box<Unfit>> {
        let request = ChannelRequest::read(&received.payload, &received.properties)?;
        let ChannelRequest { id, sender, sent_at, fields } = request;
        let group = match &sender {
            Sender::Group { name, .. } => Some(name.clone()),
            Sender::Key { .. } => None,
        };
        let unfit = |problem| {
            let group = group.clone().filter(|name| name.len() <= 64);
            Box::new(Unfit { request_id: Some(id.to_string()), group, problem })
        };
        let account = self.account_of(&sender).await.map_err(unfit)?;
        let who = group.clone().unwrap_or_else(|| account.to_string());
        let now = (self.parts.clock)();
        if !self.rates.take(&who, now) {
            let most = self.parts.config.requests_per_second;
            let message = format!("more than {most} requests in a second");
            let problem = Problem::new(ProblemKind::TooMany, "too_many_requests", message);
            return Err(unfit(
                problem.hint("it was not carried out: send it again later, under the same id"),
            ));
        }
        let what = if received.topic == AUCTIONS {
            let request = auctions::read(fields).map_err(unfit)?;
            self.parts.auctions.prepared(account, &request).await.map_err(unfit)?
        } else {
            self.what(fields).map_err(unfit)?
        };
        let client = client_order_id(group.as_deref(), id).map_err(unfit)?;
        let is_old = sent_at.is_some_and(|sent_at| self.is_old(sent_at, now));
        let trading = Arc::clone(self.parts.auctions.trading());
        Ok(Admitted { trading, id, group, account, what, client, is_old })
    }

    /// Returns the account of whoever has made a request.
    async fn account_of(&self, sender: &Sender) -> Result<AccountId, Problem> {
        let unauthenticated = |message| Problem::new(ProblemKind::Unauthenticated, "not_authorized", message);
        match sender {
            Sender::Group { name, signed, signature } => {
                let state = self.parts.groups.state(name).await?;
                // A group that is none takes as long as one whose signature is wrong.
                let secret = state.as_ref().map_or(&[][..], |state| &state.secret);
                let is_signed = is_signed(secret, signed, signature);
                let Some(state) = state.filter(|_| is_signed) else {
                    return Err(unauthenticated("there is no such group, or the signature is not its own"));
                };
                self.parts.groups.refusal(&state).map_or(Ok(state.account), Err)
            }
            Sender::Key { id, secret } => {
                if !self.parts.config.allow_keys {
                    let message = "requests are signed by groups here; keys are not taken";
                    return Err(Problem::new(ProblemKind::Forbidden, "keys_not_allowed", message));
                }
                let no_key = || unauthenticated("key_id and key_secret are not those of a key");
                if !is_id_of(id, secret.expose()) {
                    return Err(no_key());
                }
                let actor = match self.parts.identity.authenticate(secret.expose()).await {
                    Err(problem) if problem.kind == ProblemKind::Unauthenticated => return Err(no_key()),
                    actor => actor?,
                };
                if !actor.may(Scope::Trade) {
                    let message = "the key has not the scope `trade`";
                    return Err(Problem::new(ProblemKind::Forbidden, "insufficient_scope", message));
                }
                Ok(actor.account)
            }
        }
    }

    /// Returns what is asked for: a cancel, or an order.
    fn what(&self, mut fields: Fields) -> Result<What, Problem> {
        if let Some(order) = fields.take::<String>("cancel")? {
            fields.refuse_others()?;
            let order = path_order(&order).map_err(|problem| problem.at("cancel"))?;
            return Ok(What::Instruct(Instruction::Cancel(order)));
        }
        let order = fields.order()?;
        let found = self.parts.auctions.trading().data.find(&order.symbol);
        let (_, snapshot) = found.map_err(|problem| problem.at("symbol"))?;
        let terms = order.terms(&snapshot.listing.instrument)?;
        Ok(What::Instruct(Instruction::Submit { listing: snapshot.id, terms }))
    }

    /// Returns whether a request was made too long ago, or in too distant a future, by its sender's clock.
    fn is_old(&self, sent_at: WallTime, now: WallTime) -> bool {
        let age = self.parts.config.request_age;
        sent_at.until(now) > age || now.until(sent_at) > age
    }
}

impl Requests for ChannelRequests {
    fn topics(&self) -> &'static [&'static str] {
        TOPICS
    }

    fn take(&self, received: Received) -> Doing<'_, Begun> {
        Box::pin(async move {
            Begun(match self.admit(&received).await {
                Ok(admitted) => Box::pin(async { Outcome::Answered(admitted.carry_out().await.message()) }),
                Err(unfit) => Box::pin(std::future::ready(told(*unfit))),
            })
        })
    }
}

/// Tells what is wrong with a request to whoever has made it, if it has an id to be told by.
fn told(unfit: Unfit) -> Outcome {
    let Unfit { request_id, group, problem } = unfit;
    match request_id {
        Some(id) => Outcome::Answered(Validation::rejected(Some(id), group, &problem).message()),
        None => Outcome::Unanswerable(problem.to_string()),
    }
}

/// Returns the id under which the market knows a request: of a form that nobody gives an order by accident.
fn client_order_id(group: Option<&str>, id: Uuid) -> Result<ClientOrderId, Problem> {
    let text = format!("mqtt:{}:{id}", group.unwrap_or_default());
    let unfit = |error| Problem::new(ProblemKind::Refused, "invalid_field", error).at("request_id");
    ClientOrderId::try_from(text).map_err(unfit)
}

impl Admitted {
    async fn carry_out(self) -> Validation {
        match self.asked().await {
            Ok(validation) => validation,
            Err(problem) => Validation::rejected(Some(self.id.to_string()), self.group.clone(), &problem),
        }
    }

    /// Asks the market until it is known what has come of it: under its id it is done once.
    async fn asked(&self) -> Result<Validation, Problem> {
        let Self { trading, account, what, client, .. } = self;
        loop {
            if self.is_old && !trading.is_known(*account, client.clone()).await? {
                let message = "by its `sent_at` it was made too long ago, or will be: it was not carried out";
                return Err(Problem::new(ProblemKind::Refused, "too_old", message).at("sent_at"));
            }
            match trading.answer(*account, what.clone(), Some(client.clone())).await {
                Ok(answer) => {
                    let at = Some(trading.data.time(answer.at));
                    let refused = RefusalId::of(answer.tag);
                    return Ok(self.validation(&answer.outcome, refused).map_or_else(
                        |problem| Validation {
                            at,
                            ..Validation::rejected(Some(self.id.to_string()), self.group.clone(), &problem)
                        },
                        |validation| Validation { at, ..validation },
                    ));
                }
                Err(problem) if problem.kind == ProblemKind::Unknown => sleep(AGAIN).await,
                Err(problem) if problem.code == "client_order_id_in_use" => {
                    let message = "another request was made under this request_id: it was not carried out";
                    let problem = Problem::new(ProblemKind::Conflict, "request_id_in_use", message);
                    return Err(problem.at("request_id").hint("draw an id for each request"));
                }
                Err(problem) => return Err(problem),
            }
        }
    }

    fn validation(
        &self,
        outcome: &Result<Done, RequestRefusal>,
        refused: RefusalId,
    ) -> Result<Validation, Problem> {
        if let Some((auction, proposal, status)) = outcome.as_ref().ok().and_then(done) {
            let auction_id = Some(auction.to_string());
            let proposal_id = proposal.map(|proposal| proposal.to_string());
            return Ok(Validation { auction_id, proposal_id, ..self.accepted(status) });
        }
        let (order, status) = match (outcome, &self.what) {
            (Ok(Done::Submitted { order, .. }), _) => (Some(order.to_string()), "pending_new"),
            (Ok(_), What::Instruct(Instruction::Cancel(order))) => {
                (Some(order.to_string()), "pending_cancel")
            }
            (Ok(_), _) => (None, "pending_new"),
            (Err(refusal), What::Instruct(Instruction::Submit { .. })) => {
                return Err(explain::refusal(refusal).of_order(refused));
            }
            (Err(refusal), _) => return Err(explained(&self.trading, refusal)),
        };
        Ok(Validation { order_id: order, ..self.accepted(status) })
    }

    fn accepted(&self, status: &'static str) -> Validation {
        Validation {
            request_id: Some(self.id.to_string()),
            group: self.group.clone(),
            accepted: true,
            order_id: None,
            auction_id: None,
            proposal_id: None,
            status,
            reason: None,
            explanation: None,
            field: None,
            at: None,
        }
    }
}
