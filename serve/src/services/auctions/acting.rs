//! What is done in auctions.

use std::sync::{Arc, PoisonError};

use bearpit_core::market::AuctionRefusal;
use bearpit_core::participant::{Instruction, Outcome, RequestRefusal};
use bearpit_core::units::{AuctionId, ProposalId};
use serde::Serialize;
use utoipa::ToSchema;

use super::Auctions;
use super::request::AuctionRequest;
use crate::domain::{AccountId, ClientOrderId, MarketTime, Problem, ProblemKind};
use crate::driver::What;
use crate::services::identity::of_store;
use crate::services::trading::{Trading, explain};

/// What was done, which is durable. The same request under the same id has the same receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuctionReceipt {
    /// The auction.
    #[schema(example = "7")]
    pub auction_id: String,
    /// The proposal, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal_id: Option<String>,
    /// What was done: `auction_open`, `proposal_open`, `proposal_accepted`, `proposal_rejected`,
    /// `proposal_withdrawn` or `auction_withdrawn`.
    #[schema(example = "auction_open")]
    pub status: &'static str,
    /// When, in the market's time.
    pub at: MarketTime,
}

impl Auctions {
    /// Does something in the name of an account; asked again under an id, it is done once. `client` is that
    /// id where the request itself has none.
    ///
    /// # Errors
    /// [`Problem`] if it is refused, or whether it was done is not known.
    pub async fn act(
        &self,
        account: AccountId,
        request: &AuctionRequest,
        client: Option<ClientOrderId>,
    ) -> Result<AuctionReceipt, Problem> {
        let what = self.prepared(account, request).await?;
        let client = request.client().cloned().or(client);
        let answer = self.trading.answer(account, what, client).await.map_err(in_own_words)?;
        let outcome = answer.outcome.map_err(|refusal| explained(&self.trading, &refusal))?;
        let Some((auction, proposal, status)) = done(&outcome) else {
            let message = "the market has answered something else";
            return Err(Problem::new(ProblemKind::Internal, "strange_answer", message));
        };
        Ok(AuctionReceipt {
            auction_id: auction.to_string(),
            proposal_id: proposal.map(|proposal| proposal.to_string()),
            status,
            at: self.trading.data.time(answer.at),
        })
    }

    /// Returns what the market is to be asked, which knows by then to whom the account belongs.
    pub(in crate::services) async fn prepared(
        &self,
        account: AccountId,
        request: &AuctionRequest,
    ) -> Result<What, Problem> {
        let close = self.trading.close_of_day();
        let action = request.action(&self.trading.source, close)?;
        if request.takes_part() {
            self.identify(account).await?;
        }
        Ok(What::Instruct(Instruction::Auction(action)))
    }

    /// Has the market know which accounts belong to the person whose this one is, once in a process: those
    /// that were opened before there were auctions too.
    async fn identify(&self, account: AccountId) -> Result<(), Problem> {
        let database = &self.trading.database;
        let Some(user) = database.owner_of_account(account).await.map_err(of_store)? else { return Ok(()) };
        let is_known = |them: &std::collections::BTreeSet<_>| them.contains(&user);
        // A set is changed while it is locked, which cannot fail half-way.
        if is_known(&self.identified.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(());
        }
        for own in database.accounts_of(user).await.map_err(of_store)? {
            self.trading.identify(own).await?;
        }
        self.identified.lock().unwrap_or_else(PoisonError::into_inner).insert(user);
        Ok(())
    }

    /// Returns who trades.
    pub(in crate::services) const fn trading(&self) -> &Arc<Trading> {
        &self.trading
    }
}

/// Returns what was done, as ids and a word; nothing if that is of no auction.
pub(in crate::services) const fn done(
    outcome: &Outcome,
) -> Option<(AuctionId, Option<ProposalId>, &'static str)> {
    match *outcome {
        Outcome::AuctionOpened { auction } => Some((auction, None, "auction_open")),
        Outcome::ProposalMade { auction, proposal } => Some((auction, Some(proposal), "proposal_open")),
        Outcome::AuctionAccepted { auction, proposal } => {
            Some((auction, Some(proposal), "proposal_accepted"))
        }
        Outcome::ProposalRejected { auction, proposal } => {
            Some((auction, Some(proposal), "proposal_rejected"))
        }
        Outcome::ProposalWithdrawn { auction, proposal } => {
            Some((auction, Some(proposal), "proposal_withdrawn"))
        }
        Outcome::AuctionWithdrawn { auction } => Some((auction, None, "auction_withdrawn")),
        _ => None,
    }
}

/// Returns why the market refused something, with times as its zone's clock shows them.
pub(in crate::services) fn explained(trading: &Trading, refusal: &RequestRefusal) -> Problem {
    let problem = explain::refusal(refusal);
    match *refusal {
        RequestRefusal::Auction(AuctionRefusal::DeadlineTooLate { latest }) => {
            let latest = trading.data.time(latest);
            problem.hint(format!("the market's day closes at {latest}; without a deadline it is that"))
        }
        RequestRefusal::Auction(AuctionRefusal::DeadlinePassed { now }) => {
            let now = trading.data.time(now);
            problem.hint(format!("it is {now} in the market; GET /api/clock says so, too"))
        }
        _ => problem,
    }
}

/// Says of ids what they are called here.
fn in_own_words(problem: Problem) -> Problem {
    if problem.code == "client_order_id_in_use" {
        let message = "something else was asked for under this id: orders have the same ids";
        let problem = Problem::new(ProblemKind::Conflict, "client_request_id_in_use", message);
        return problem.at("client_request_id").hint("give each request an id of its own");
    }
    if problem.kind == ProblemKind::Unknown {
        return problem.hint("send it again with the same client_request_id: it is done once");
    }
    problem
}
