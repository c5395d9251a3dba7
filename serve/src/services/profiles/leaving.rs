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
use crate::services::trading::VenueWait;
use crate::services::wall_now;

/// What the tape says of an account whose owner has left.
const LEFT: &str = "its owner has left";
/// How long to wait for the trade that closes a position.
const CLOSING: VenueWait = VenueWait(Duration::from_secs(5));

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
    /// [`Problem`] if password or code are wrong, nobody else could administer the market, or the market
    /// takes nothing at the moment; the person is still there then, and can ask again.
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
        self.strategies.recall(who.user, account, wall_now()).await?;
        self.strategies.stop_all(who.user, wall_now()).await?;
        let positions_left = self.close_all(account).await?;
        let of_contests = self.database.contest_accounts(who.user).await.map_err(of_store)?;
        for account in [account].into_iter().chain(of_contests) {
            self.trading.shut(account, LEFT).await?;
        }
        self.identity.erase(who).await?;
        if let Err(problem) = self.delete_picture(who).await {
            warn!(%problem, user = %who.user, "the picture of a person who has left is still there");
        }
        Ok(LeftView { positions_left })
    }

    /// Cancels the orders of an account and closes its positions; returns the symbols of those that nobody
    /// took whole.
    async fn close_all(&self, account: AccountId) -> Result<Vec<String>, Problem> {
        self.trading.withdraw(account, None, false).await?;
        let Some(view) = self.trading.without_orders(account).await? else { return Ok(Vec::new()) };
        for position in view.positions.iter().filter(|it| it.holding != NetQuantity::ZERO) {
            if let Err(problem) = self.trading.close(account, &position.symbol, None, Some(CLOSING)).await {
                warn!(%problem, symbol = position.symbol, "a position of a person who leaves stays open");
            }
        }
        let Some(view) = self.trading.without_orders(account).await? else { return Ok(Vec::new()) };
        let held = view.positions.iter().filter(|it| it.holding != NetQuantity::ZERO);
        Ok(held.map(|position| position.symbol.to_string()).collect())
    }
}
