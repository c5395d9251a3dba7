//! Administration: what people with the role `admin` and the operator of the machine do, and the log of it.
//!
//! | room | what it does |
//! |---|---|
//! | `audit` | the log: an entry before each deed, its outcome afterwards |
//! | `operations` | pause, resume, speed, halt, reopen, quotes: for administrators, and for the operator |
//! | `people` | users: list, look, block, unblock |
//! | `funding` | cash given and taken, once for each key |
//! | `accounts` | orders canceled, accounts reset |
//! | `announcements` | what everybody is told |

mod accounts;
mod announcements;
mod audit;
mod funding;
mod operations;
pub(in crate::services) mod paging;
mod people;
#[cfg(test)]
mod tests;
mod views;

use std::fmt;
use std::sync::Arc;

use tokio::sync::Mutex;

pub use announcements::{
    AnnouncementRequest, AnnouncementView, Announcements, AnnouncementsPage, AnnouncementsView, LevelName,
};
pub use audit::{AuditEntryView, AuditLog, AuditOutcomeName, AuditPage, AuditQuery, By, Deed};
pub use operations::{Action, OperatedDay, Operations, OperationsView, QuoteLine, QuotedView};
pub use views::{
    BlockRequest, BlockedOrders, BlockedView, CancelRequest, FundRequest, FundedView, ReasonRequest,
    UserDetail, UserLine, UsersPage, UsersQuery,
};

use crate::domain::{Actor, Problem, ProblemKind};
use crate::services::feeds::{Feeds, FeedsView};
use crate::services::identity::{Clock, Identity};
use crate::services::strategies::Strategies;
use crate::services::trading::Trading;
use crate::store::database::Database;
use crate::store::people::People;
use views::maybe_reason;
pub(in crate::services) use views::reason_of;

/// How many quotes one request may bring.
const QUOTES_MAX: usize = 1_000;

/// What administration is made of.
pub struct AdminParts {
    /// Who is who.
    pub identity: Arc<Identity>,
    /// What people do in the market.
    pub trading: Arc<Trading>,
    /// What their scripts do.
    pub strategies: Arc<Strategies>,
    /// What is done to the whole market.
    pub operations: Operations,
    /// Where people and funds are.
    pub database: Database,
    /// The log of what is done.
    pub log: AuditLog,
    /// What time it is.
    pub clock: Clock,
    /// What polls quotes.
    pub feeds: Arc<Feeds>,
}

impl fmt::Debug for AdminParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminParts").field("operations", &self.operations).finish_non_exhaustive()
    }
}

/// Does what administrators ask for, and writes it down.
pub struct Admin {
    identity: Arc<Identity>,
    trading: Arc<Trading>,
    strategies: Arc<Strategies>,
    operations: Operations,
    people: People,
    database: Database,
    log: AuditLog,
    clock: Clock,
    feeds: Arc<Feeds>,
    /// Funds and resets one after the other, so that none works with the cash that another is changing.
    money: Mutex<()>,
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admin").field("operations", &self.operations).finish_non_exhaustive()
    }
}

impl Admin {
    /// Puts it together.
    #[must_use]
    pub fn new(parts: AdminParts) -> Self {
        let AdminParts { identity, trading, strategies, operations, database, log, clock, feeds } = parts;
        let people = People::new(database.clone());
        let money = Mutex::new(());
        Self { identity, trading, strategies, operations, people, database, log, clock, feeds, money }
    }

    /// Returns the log.
    #[must_use]
    pub const fn log(&self) -> &AuditLog {
        &self.log
    }

    /// Returns how the market is.
    #[must_use]
    pub fn market(&self) -> OperationsView {
        self.operations.status()
    }

    /// Returns how the feeds are.
    #[must_use]
    pub fn feeds(&self) -> FeedsView {
        self.feeds.view()
    }

    /// Says what instruments are worth elsewhere.
    ///
    /// # Errors
    /// [`Problem`] if nothing is done.
    pub async fn quote(
        &self,
        by: Actor,
        lines: Vec<QuoteLine>,
        reason: Option<&str>,
    ) -> Result<Vec<QuotedView>, Problem> {
        if lines.is_empty() || lines.len() > QUOTES_MAX {
            let message = format!("`quotes` has {} items, but must have 1 to {QUOTES_MAX}", lines.len());
            return Err(Problem::new(ProblemKind::Refused, "bad_quotes", message).at("quotes"));
        }
        self.operations.quote(By::Person(by), lines, maybe_reason(reason)?).await
    }

    /// Does something to the whole market.
    ///
    /// # Errors
    /// [`Problem`] if it is not done, or not known.
    pub async fn operate(&self, by: Actor, action: Action, reason: Option<&str>) -> Result<(), Problem> {
        self.operations.act(By::Person(by), action, maybe_reason(reason)?).await
    }
}
