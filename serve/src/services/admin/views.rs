//! People as administrators see them, and what is asked for.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::paging::invalid;
use crate::domain::{AccountId, Number, Problem, ProblemKind, Role, Secret, UserId};
use crate::services::strategies::StrategyView;
use crate::services::trading::{AccountSummary, OrderView, PositionLine};
use crate::store::people::ListedUser;

/// A person in the list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UserLine {
    /// The person.
    pub user_id: UserId,
    /// The person's account.
    pub account_id: AccountId,
    /// The name.
    #[schema(example = "anne")]
    pub username: String,
    /// The mail address.
    #[schema(value_type = Option<String>, example = "anne@example.org")]
    pub mail: Option<Secret>,
    /// Whether the address is known to be theirs.
    pub mail_verified: bool,
    /// What the person is.
    pub role: Role,
    /// When the person came.
    #[schema(example = "2026-11-29T13:59:59.123Z")]
    pub created_at: String,
    /// Since when the person is shut out.
    pub blocked_at: Option<String>,
    /// When the person logged in last.
    pub signed_in_at: Option<String>,
}

impl From<ListedUser> for UserLine {
    fn from(user: ListedUser) -> Self {
        Self {
            user_id: user.id,
            account_id: user.account,
            username: user.username,
            mail: user.mail.map(Secret::new),
            mail_verified: user.is_verified,
            role: user.role,
            created_at: user.created_at.to_string(),
            blocked_at: user.blocked_at.map(|at| at.to_string()),
            signed_in_at: user.signed_in_at.map(|at| at.to_string()),
        }
    }
}

/// A page of people, the newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UsersPage {
    /// The people.
    pub users: Vec<UserLine>,
    /// What to send as `cursor` for the next page; absent on the last.
    pub next: Option<String>,
}

/// Which people are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsersQuery {
    /// Those whose name or mail address has this in it.
    pub search: Option<String>,
    /// Those of a role.
    pub role: Option<Role>,
    /// Those who are shut out, or those who are not.
    pub blocked: Option<bool>,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// How many at most.
    pub limit: Option<u32>,
}

/// A person with account, positions, open orders and strategies.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UserDetail {
    /// The person.
    pub user: UserLine,
    /// The account; absent if it was never opened, or while the market takes nothing.
    pub account: Option<AccountSummary>,
    /// What it holds.
    pub positions: Vec<PositionLine>,
    /// Its open orders.
    pub open_orders: Vec<OrderView>,
    /// The person's strategies.
    pub strategies: Vec<StrategyView>,
}

/// Why something is done.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonRequest {
    /// Why, for the audit log.
    #[schema(min_length = 1, max_length = 500, example = "asked for it")]
    pub reason: String,
}

/// Shuts a person out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockRequest {
    /// Why, for the audit log.
    #[schema(min_length = 1, max_length = 500, example = "shared the account")]
    pub reason: String,
    /// Whether the open orders are canceled and the strategies stopped, too. Without it both go on.
    #[serde(default)]
    pub cancel_orders: bool,
}

/// What a block did.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BlockedView {
    /// The person.
    pub user: UserLine,
    /// How many sessions ended.
    pub sessions_ended: usize,
    /// How many API keys ended.
    pub keys_ended: usize,
    /// What happened to the orders.
    pub orders: BlockedOrders,
    /// Why the orders were not canceled, if they were to be.
    pub message: Option<String>,
}

/// What a block did to orders and strategies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlockedOrders {
    /// They go on: nothing else was asked for.
    Kept,
    /// They are canceled, strategies are stopped, and the account takes no orders.
    Canceled,
    /// They go on: the market takes nothing at the moment. Ask again, or cancel them by themselves.
    NotCanceled,
}

/// Gives cash to an account, or takes some.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FundRequest {
    /// How much; below zero to take it. What is free can be taken.
    pub amount: Number,
    /// What it stands for: it is in the journal, and the person sees it.
    #[schema(min_length = 1, max_length = 64, example = "bonus of week 3")]
    pub reference: String,
    /// Why, for the audit log.
    #[schema(min_length = 1, max_length = 500, example = "won the quiz")]
    pub reason: String,
    /// With one key this is done once, however often it is asked for.
    #[schema(min_length = 1, max_length = 128, example = "quiz-3-anne")]
    pub idempotency_key: String,
}

/// Funds that were moved.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FundedView {
    /// The account.
    pub account_id: AccountId,
    /// How much it received.
    pub amount: Number,
    /// What it stands for.
    pub reference: String,
    /// Whether it was done before, under the same key: nothing was moved now.
    pub repeated: bool,
    /// The account as it stands; absent while the market takes nothing.
    pub account: Option<AccountSummary>,
}

/// Cancels a person's orders.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelRequest {
    /// Those of a symbol; all without one.
    pub symbol: Option<String>,
    /// Only those that can build a position: brackets' exits and reduce-only orders stay.
    #[serde(default)]
    pub entries_only: bool,
    /// Why, for the audit log.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: Option<String>,
}

/// The longest reason, in characters.
const REASON_MAX: usize = 500;

/// Checks a reason, and cuts off what surrounds it.
pub(in crate::services) fn reason_of(text: &str) -> Result<Option<String>, Problem> {
    let text = text.trim();
    let has_length = (1..=REASON_MAX).contains(&text.chars().count());
    if has_length && !text.chars().any(|it| it.is_control() && it != '\n') {
        return Ok(Some(text.to_owned()));
    }
    let message = format!("a reason has 1 to {REASON_MAX} characters, none of them a control character");
    Err(Problem::new(ProblemKind::Refused, "invalid_field", message).at("reason"))
}

/// Checks a reason that may be absent.
pub(super) fn maybe_reason(text: Option<&str>) -> Result<Option<String>, Problem> {
    text.map_or(Ok(None), reason_of)
}

impl UsersQuery {
    /// Returns what is searched for.
    pub(super) fn checked_search(&self) -> Result<Option<String>, Problem> {
        match &self.search {
            Some(text) if text.chars().count() > 254 => {
                Err(invalid("search", "it is longer than any name or mail address"))
            }
            search => Ok(search.clone().filter(|text| !text.is_empty())),
        }
    }
}
