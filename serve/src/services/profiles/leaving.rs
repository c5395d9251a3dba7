//! People who leave: their orders are canceled, their positions closed, and nothing that says who they were
//! is kept.

use std::sync::Arc;
use std::time::Duration;

use bearpit_core::units::NetQuantity;
use serde::{Deserialize, Serialize};
use tracing::{error, warn};
use utoipa::ToSchema;

use super::Profiles;
use crate::domain::{AccountId, Actor, Problem, ProblemKind, Secret};
use crate::services::identity::of_store;
use crate::services::wall_now;

/// What the tape says of an account whose owner has left.
const LEFT: &str = "its owner has left";
/// How long it may take to cancel orders and to close positions.
const CLOSING_MAX: Duration = Duration::from_secs(10);
/// How often it is looked whether that is over.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What shows that somebody means to leave.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaveRequest {
    /// The password.
    #[schema(value_type = String)]
    pub password: Secret,
    /// A code of the second factor, if a login needs one.
    #[schema(value_type = Option<String>)]
    pub code: Option<Secret>,
}

/// Somebody has left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LeftView {
    /// What the account still holds: nobody took the other side of these. Nobody can use the account any
    /// more.
    pub positions_left: Vec<String>,
}

impl Profiles {
    /// Lets a person leave for good: strategies are ended, orders canceled, positions closed as far as
    /// somebody takes them, accounts shut, and all that says who it was is taken away. What was traded stays,
    /// in the name of nobody.
    ///
    /// # Errors
    /// [`Problem`] if password or code are wrong, nobody else could administer the market, money is under
    /// way, or the market takes nothing at the moment; the person is still there then, and can ask again.
    pub async fn leave(self: &Arc<Self>, who: &Actor, request: LeaveRequest) -> Result<LeftView, Problem> {
        let LeaveRequest { password, code } = request;
        self.identity.prove_leaving(who, &password, code.as_ref()).await?;
        // It goes on if whoever asks does not wait for the answer.
        let (profiles, who) = (Arc::clone(self), *who);
        tokio::spawn(async move { profiles.take_leave(&who).await }).await.unwrap_or_else(|error| {
            error!(%error, "somebody's leaving");
            Err(Problem::new(ProblemKind::Internal, "internal", "a fault of the server, which is in its log"))
        })
    }

    async fn take_leave(&self, who: &Actor) -> Result<LeftView, Problem> {
        let account = self.identity.profile(who).await?.account;
        self.refuse_under_way(account).await?;
        self.strategies.recall(who.user, account, wall_now()).await?;
        self.strategies.stop_all(who.user, wall_now()).await?;
        let positions_left = self.close_all(account).await?;
        let of_contests = self.database.contest_accounts(who.user).await.map_err(of_store)?;
        for account in [account].into_iter().chain(of_contests) {
            self.trading.shut(account, LEFT).await?;
        }
        // A payment can have been begun meanwhile; from here on there can be none.
        self.refuse_under_way(account).await?;
        self.identity.erase(who).await?;
        if let Err(problem) = self.delete_picture(who).await {
            warn!(%problem, user = %who.user, "the picture of a person who has left is still there");
        }
        Ok(LeftView { positions_left })
    }

    /// Whoever leaves has no money on its way in or back: nobody could be told of it any more.
    async fn refuse_under_way(&self, account: AccountId) -> Result<(), Problem> {
        if self.database.has_payments_under_way(account).await.map_err(of_store)? {
            let message = "payments or withdrawals are under way";
            let problem = Problem::new(ProblemKind::Conflict, "payments_open", message);
            return Err(problem.hint("wait until they have ended; a payment that is not paid expires"));
        }
        Ok(())
    }

    /// Has the orders of an account canceled and its positions closed, wherever somebody takes them; returns
    /// the symbols of those that nobody took whole.
    async fn close_all(&self, account: AccountId) -> Result<Vec<String>, Problem> {
        if self.trading.open_account(account).await?.is_none() {
            return Ok(Vec::new());
        }
        self.trading.retire(account, true).await?;
        let mut left = Vec::new();
        let closing = async {
            while let Some(view) = self.trading.open_account(account).await? {
                let held = view.positions.iter().filter(|it| it.holding != NetQuantity::ZERO);
                left = held.map(|position| position.symbol.clone()).collect();
                if left.is_empty() && view.orders.is_empty() {
                    break;
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
            Ok(())
        };
        // What is not closed by then stays as it is.
        tokio::time::timeout(CLOSING_MAX, closing).await.unwrap_or(Ok(()))?;
        Ok(left)
    }
}
