//! People: listed, looked at, shut out and let in again.

use std::sync::Arc;

use serde_json::json;

use super::paging::{cursor, limit_of, page};
use super::views::reason_of;
use super::{
    Admin, BlockRequest, BlockedOrders, BlockedView, Deed, ReasonRequest, UserDetail, UserLine, UsersPage,
    UsersQuery,
};
use crate::domain::{AccountId, Actor, Problem, ProblemKind, UserId};
use crate::services::identity::{of_store, unknown_user};
use crate::store::people::{ListedUser, UserFilter};

/// What the tape says of an account that is shut.
const SHUT: &str = "blocked by an administrator";

impl Admin {
    /// Returns a page of people, the newest first.
    ///
    /// # Errors
    /// [`Problem`] if the query does not fit, or the database is away.
    pub async fn users(&self, query: &UsersQuery) -> Result<UsersPage, Problem> {
        let limit = limit_of(query.limit)?;
        let filter = UserFilter {
            before: cursor(query.cursor.as_deref())?,
            search: query.checked_search()?,
            role: query.role,
            is_blocked: query.blocked,
            limit: limit.saturating_add(1),
        };
        let rows = self.people.list(&filter).await.map_err(of_store)?;
        let (rows, next) = page(rows, limit, |row| row.id.to_string());
        Ok(UsersPage { users: rows.into_iter().map(UserLine::from).collect(), next })
    }

    /// Returns a person with account, positions, open orders and strategies.
    ///
    /// # Errors
    /// [`Problem`] if there is no such person, or the database is away.
    pub async fn user(&self, id: UserId) -> Result<UserDetail, Problem> {
        let user = self.listed(id).await?;
        let account = user.account;
        let view = match self.trading.open_account(account).await {
            Err(problem) if problem.kind == ProblemKind::Unavailable => None,
            seen => seen?,
        };
        let open_orders = match &view {
            Some(_) => self.trading.open_orders(account).await?.orders,
            None => Vec::new(),
        };
        let strategies = self.strategies.all(id).await?.strategies;
        let positions = view.as_deref().map(|view| self.trading.positions_of(account, view).positions);
        Ok(UserDetail {
            user: UserLine::from(user),
            account: view.as_deref().map(|view| self.trading.summary(account, view)),
            positions: positions.unwrap_or_default(),
            open_orders,
            strategies,
        })
    }

    /// Shuts a person out at once: sessions, keys, access tokens, and what is open with them; orders and
    /// strategies on request.
    ///
    /// # Errors
    /// [`Problem`] if there is no such person, or it is whoever asks, or the last administrator.
    pub async fn block(
        self: &Arc<Self>,
        by: Actor,
        id: UserId,
        request: BlockRequest,
    ) -> Result<BlockedView, Problem> {
        let BlockRequest { reason, cancel_orders } = request;
        let deed = Deed::new("user.block").to("user", id).because(reason_of(&reason)?);
        let deed = deed.with(json!({ "cancel_orders": cancel_orders }));
        let this = Arc::clone(self);
        let work = async move { this.shut_out(by, id, cancel_orders).await };
        self.log.record(by, deed, work).await
    }

    async fn shut_out(&self, by: Actor, id: UserId, cancel_orders: bool) -> Result<BlockedView, Problem> {
        if by.user == id {
            let problem = Problem::new(ProblemKind::Conflict, "own_account", "you cannot block yourself");
            return Err(problem.hint("another administrator can, or `bearpit-serve admin block NAME`"));
        }
        let ended = self.identity.block(id).await?;
        let user = self.listed(id).await?;
        let orders = if cancel_orders {
            // A reset that is under way would open up what is shut here.
            let _turn = self.money.lock().await;
            Some(self.take_out(&user).await)
        } else {
            None
        };
        let (orders, message) = match orders {
            None => (BlockedOrders::Kept, None),
            Some(Ok(())) => (BlockedOrders::Canceled, None),
            // Who is shut out stays so, whatever the market does.
            Some(Err(problem)) => (BlockedOrders::NotCanceled, Some(problem.message)),
        };
        Ok(BlockedView {
            user: UserLine::from(user),
            sessions_ended: ended.sessions.len(),
            keys_ended: ended.keys.len(),
            orders,
            message,
        })
    }

    /// Takes a person's orders and strategies out of the market, contests included: all that can be, whatever
    /// fails.
    async fn take_out(&self, user: &ListedUser) -> Result<(), Problem> {
        // Orders first: nothing else of it may come while strategies are stopped.
        let mut first = Ok(());
        for account in self.own_accounts(user).await? {
            first = first.and(self.trading.shut(account, SHUT).await);
        }
        first.and(self.strategies.stop_all(user.id, (self.clock)()).await)
    }

    /// Returns the accounts in which a person trades by hand or by a bot: the first one, and those of
    /// contests.
    pub(super) async fn own_accounts(&self, user: &ListedUser) -> Result<Vec<AccountId>, Problem> {
        let of_contests = self.database.contest_accounts(user.id).await.map_err(of_store)?;
        Ok([user.account].into_iter().chain(of_contests).collect())
    }

    /// Lets a person in again, who has to log in; what was ended stays so.
    ///
    /// # Errors
    /// [`Problem`] if there is no such person, or the account cannot be opened up at the moment.
    pub async fn unblock(
        self: &Arc<Self>,
        by: Actor,
        id: UserId,
        request: ReasonRequest,
    ) -> Result<UserLine, Problem> {
        let deed = Deed::new("user.unblock").to("user", id).because(reason_of(&request.reason)?);
        let this = Arc::clone(self);
        let work = async move {
            let user = this.listed(id).await?;
            // What a reset has shut stays so until that is over.
            let _turn = this.money.lock().await;
            // First, so that nobody is in who cannot trade.
            for account in this.own_accounts(&user).await? {
                if this.trading.open_account(account).await?.is_some_and(|view| view.blocked.is_some()) {
                    this.trading.open_up(account).await?;
                }
            }
            this.identity.unblock(id).await?;
            Ok(UserLine::from(ListedUser { blocked_at: None, ..user }))
        };
        self.log.record(by, deed, work).await
    }

    pub(super) async fn listed(&self, id: UserId) -> Result<ListedUser, Problem> {
        self.people.listed(id).await.map_err(of_store)?.ok_or_else(|| unknown_user(id))
    }
}
