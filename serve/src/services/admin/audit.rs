//! [`AuditLog`]: who did what, when, to what, why, and what came of it.
//!
//! An entry is written before anything is done, and its outcome afterwards: what cannot be written down is
//! not done, and whatever was interrupted stays in the log without an outcome.

use std::fmt;
use std::future::Future;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::paging::{cursor, limit_of, moment, page};
use crate::domain::{Actor, AuditId, Credential, Problem, ProblemKind, UserId};
use crate::services::identity::{Clock, of_store};
use crate::store::audit::{AuditEnd, AuditFilter, AuditOutcome, AuditRow, AuditSource, NewAuditEntry};
use crate::store::database::Database;

/// Who does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A person, whose credential was checked.
    Person(Actor),
    /// Whoever operates the machine.
    Operator,
    /// A part of this program, by its name.
    Service(&'static str),
}

impl From<Actor> for By {
    fn from(actor: Actor) -> Self {
        Self::Person(actor)
    }
}

/// What is to be done, as the log has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Deed {
    action: &'static str,
    target: Option<(&'static str, String)>,
    reason: Option<String>,
    details: Value,
}

impl Deed {
    /// Begins with what is done, as a word such as `user.block`.
    #[must_use]
    pub const fn new(action: &'static str) -> Self {
        Self { action, target: None, reason: None, details: Value::Null }
    }

    /// Says to what it is done: the kind of thing, and its name.
    #[must_use]
    pub fn to(mut self, kind: &'static str, target: impl fmt::Display) -> Self {
        self.target = Some((kind, target.to_string()));
        self
    }

    /// Says why.
    #[must_use]
    pub fn because(mut self, reason: Option<String>) -> Self {
        self.reason = reason;
        self
    }

    /// Says what else was asked for; nothing secret.
    #[must_use]
    pub fn with(mut self, details: Value) -> Self {
        self.details = details;
        self
    }
}

/// The log of what administrators and operators did. Clones share the database.
#[derive(Clone)]
pub struct AuditLog {
    database: Database,
    clock: Clock,
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditLog").field("database", &self.database).finish_non_exhaustive()
    }
}

impl AuditLog {
    /// Makes one of an open database.
    #[must_use]
    pub const fn new(database: Database, clock: Clock) -> Self {
        Self { database, clock }
    }

    /// Does something, with an entry before and its outcome after it. It is brought to an end whether or not
    /// whoever asked still waits.
    ///
    /// # Errors
    /// That of the work; or that the entry cannot be written, and nothing was done.
    pub async fn record<T: Send + 'static>(
        &self,
        by: impl Into<By>,
        deed: Deed,
        work: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> Result<T, Problem> {
        self.record_as(by, deed, |_| work).await
    }

    /// Does something that is told under which entry.
    ///
    /// # Errors
    /// As [`AuditLog::record`].
    pub async fn record_as<T: Send + 'static, W>(
        &self,
        by: impl Into<By>,
        deed: Deed,
        work: impl FnOnce(AuditId) -> W + Send + 'static,
    ) -> Result<T, Problem>
    where
        W: Future<Output = Result<T, Problem>> + Send + 'static,
    {
        let (this, by) = (self.clone(), by.into());
        let doing = tokio::spawn(async move {
            let entry = this.begin(by, deed).await?;
            let outcome = work(entry).await;
            this.end(entry, outcome.as_ref().map(drop)).await;
            outcome
        });
        let message = "a fault of the server: it is not known whether it was done";
        doing.await.map_err(|_| Problem::new(ProblemKind::Unknown, "outcome_unknown", message))?
    }

    /// Writes down that something is about to be done.
    ///
    /// # Errors
    /// That this cannot be written: it must not be done then.
    pub async fn begin(&self, by: impl Into<By>, deed: Deed) -> Result<AuditId, Problem> {
        let id = AuditId::draw();
        let (source, user, credential) = match by.into() {
            By::Person(Actor { user, credential, .. }) => match credential {
                Credential::Session(session) => (AuditSource::Session, Some(user), Some(session.to_string())),
                // The log knows people and programs: this is the person.
                Credential::Outside(token) => {
                    (AuditSource::Session, Some(user), Some(token.identity.to_string()))
                }
                Credential::Key(key) => (AuditSource::Key, Some(user), Some(key.to_string())),
            },
            By::Operator => (AuditSource::Operator, None, None),
            By::Service(name) => (AuditSource::Service, None, Some(name.to_owned())),
        };
        let Deed { action, target, reason, details } = deed;
        let (target_kind, target) = target.unzip();
        let entry = NewAuditEntry {
            id,
            begun_at: (self.clock)(),
            source,
            user,
            credential,
            action: action.to_owned(),
            target_kind: target_kind.map(str::to_owned),
            target,
            reason,
            details: details.to_string(),
        };
        self.database.begin_audited(&entry).await.map_err(of_store)?;
        tracing::info!(entry = %id, source = source.name(), action, target = entry.target, "audited");
        Ok(id)
    }

    /// Writes down what came of something. Where that is not known, the entry stays open.
    pub async fn end(&self, entry: AuditId, outcome: Result<(), &Problem>) {
        let (word, problem) = match outcome {
            Ok(()) => (AuditOutcome::Done, None),
            Err(problem) if problem.kind == ProblemKind::Unknown => return,
            Err(problem) if problem.kind == ProblemKind::Internal => (AuditOutcome::Failed, Some(problem)),
            Err(problem) => (AuditOutcome::Refused, Some(problem)),
        };
        let end = AuditEnd {
            ended_at: (self.clock)(),
            outcome: word,
            code: problem.map(|problem| problem.code.clone().into_owned()),
            message: problem.map(|problem| problem.message.clone()),
        };
        // It was done all the same: the process's own log has what the database has not.
        if let Err(error) = self.database.end_audited(entry, &end).await {
            tracing::error!(%entry, outcome = word.name(), %error, "an outcome is not in the audit log");
        }
    }

    /// Returns a page of entries, the newest first.
    ///
    /// # Errors
    /// [`Problem`] if the query does not fit, or the database is away.
    pub async fn page(&self, query: &AuditQuery) -> Result<AuditPage, Problem> {
        let limit = limit_of(query.limit)?;
        let filter = AuditFilter {
            before: cursor(query.cursor.as_deref())?,
            user: query.user,
            action: query.action.clone(),
            target: query.target.clone(),
            outcome: query.outcome.map(|outcome| outcome.name().to_owned()),
            from: moment("from", query.from.as_deref())?,
            to: moment("to", query.to.as_deref())?,
            limit: limit.saturating_add(1),
        };
        let rows = self.database.audit_log(&filter).await.map_err(of_store)?;
        let (rows, next) = page(rows, limit, |row| row.entry.id.to_string());
        Ok(AuditPage { entries: rows.into_iter().map(AuditEntryView::from).collect(), next })
    }
}

/// Which entries are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Those of a person.
    pub user: Option<UserId>,
    /// Those of an action.
    pub action: Option<String>,
    /// Those done to something, by its id or name.
    pub target: Option<String>,
    /// Those of an outcome.
    pub outcome: Option<AuditOutcomeName>,
    /// Those begun then or later, as of RFC 3339.
    pub from: Option<String>,
    /// Those begun before.
    pub to: Option<String>,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// How many at most.
    pub limit: Option<u32>,
}

/// What came of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditOutcomeName {
    /// It was done.
    Done,
    /// It was not done, as it could not be.
    Refused,
    /// A fault of the server: it may have been done in part.
    Failed,
    /// It is under way, or was interrupted.
    Open,
}

impl AuditOutcomeName {
    const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Open => "open",
        }
    }
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AuditEntryView {
    /// Its id.
    pub id: AuditId,
    /// When it was begun.
    #[schema(example = "2026-11-29T13:59:59.123Z")]
    pub at: String,
    /// How whoever did it had shown who they are: `session`, `key`; `operator` for whoever is on the machine,
    /// `service` for what the server did by itself.
    #[schema(example = "session")]
    pub source: &'static str,
    /// The person.
    pub user_id: Option<UserId>,
    /// The person's name.
    pub username: Option<String>,
    /// The session or key, or the name of the service.
    pub credential: Option<String>,
    /// What was done.
    #[schema(example = "user.block")]
    pub action: String,
    /// What kind of thing it was done to.
    #[schema(example = "user")]
    pub target_kind: Option<String>,
    /// What it was done to.
    pub target: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// What else was asked for.
    #[schema(value_type = Object)]
    pub details: Value,
    /// What came of it.
    pub outcome: AuditOutcomeName,
    /// When that was known.
    pub ended_at: Option<String>,
    /// The problem as a word, if it was not done.
    pub code: Option<String>,
    /// The problem as a sentence.
    pub message: Option<String>,
}

/// A page of entries, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditEntryView>,
    /// What to send as `cursor` for the next page; absent on the last.
    pub next: Option<String>,
}

impl From<AuditRow> for AuditEntryView {
    fn from(row: AuditRow) -> Self {
        let AuditRow { entry, username, end } = row;
        let outcome = end.as_ref().map_or(AuditOutcomeName::Open, |end| match end.outcome {
            AuditOutcome::Done => AuditOutcomeName::Done,
            AuditOutcome::Refused => AuditOutcomeName::Refused,
            AuditOutcome::Failed => AuditOutcomeName::Failed,
        });
        let details = serde_json::from_str(&entry.details).ok().filter(Value::is_object);
        Self {
            id: entry.id,
            at: entry.begun_at.to_string(),
            source: entry.source.name(),
            user_id: entry.user,
            username,
            credential: entry.credential,
            action: entry.action,
            target_kind: entry.target_kind,
            target: entry.target,
            reason: entry.reason,
            details: details.unwrap_or_else(|| Value::Object(serde_json::Map::new())),
            outcome,
            ended_at: end.as_ref().map(|end| end.ended_at.to_string()),
            code: end.as_ref().and_then(|end| end.code.clone()),
            message: end.and_then(|end| end.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::services::identity::system_clock;
    use crate::store::database::testing::on_each_database;

    #[tokio::test]
    async fn what_is_done_and_what_is_refused_both_stand_in_the_log() {
        on_each_database(|database| async move {
            let log = AuditLog::new(database, system_clock());
            let deed = || Deed::new("market.halt").to("instrument", "ALFA").because(Some("news".to_owned()));
            let done = log.record(By::Operator, deed().with(json!({ "all": false })), async { Ok(7) }).await;
            assert_eq!(done, Ok(7));
            let refusal = Problem::new(ProblemKind::Conflict, "halted", "it is halted");
            let refused = refusal.clone();
            let refused = log.record(By::Service("contests"), deed(), async { Err::<(), _>(refused) }).await;
            assert_eq!(refused, Err(refusal));
            let page = log.page(&AuditQuery::default()).await.unwrap();
            let entry = |index: usize| page.entries[index].clone();
            assert_eq!((entry(1).outcome, entry(1).source), (AuditOutcomeName::Done, "operator"));
            assert_eq!(entry(1).details, json!({ "all": false }));
            assert_eq!(
                (entry(0).outcome, entry(0).code.as_deref()),
                (AuditOutcomeName::Refused, Some("halted"))
            );
            assert_eq!((entry(0).source, entry(0).credential.as_deref()), ("service", Some("contests")));
        })
        .await
        .unwrap();
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_brought_to_an_end() {
        on_each_database(|database| async move {
            let log = AuditLog::new(database, system_clock());
            let (go, gone) = tokio::sync::oneshot::channel::<()>();
            let (told, done) = tokio::sync::oneshot::channel();
            let mut asking = Box::pin(log.record(By::Operator, Deed::new("market.pause"), async {
                gone.await.unwrap_or_default();
                told.send(()).unwrap_or_default();
                Ok(())
            }));
            assert!(futures_util::poll!(&mut asking).is_pending());
            drop(asking);
            go.send(()).unwrap();
            done.await.unwrap();
            let mut outcome = AuditOutcomeName::Open;
            for _ in 0..3_000 {
                outcome = log.page(&AuditQuery::default()).await.unwrap().entries[0].outcome;
                if outcome == AuditOutcomeName::Done {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
            assert_eq!(outcome, AuditOutcomeName::Done);
        })
        .await
        .unwrap();
    }

    #[tokio::test]
    async fn what_cannot_be_written_down_is_not_done() {
        on_each_database(|database| async move {
            let log = AuditLog::new(database.clone(), system_clock());
            database.close().await;
            let refused = log.record(By::Operator, Deed::new("market.pause"), async {
                Err::<(), _>(Problem::new(ProblemKind::Internal, "was_done", "it was done"))
            });
            assert_eq!(refused.await.unwrap_err().code, "database_away");
        })
        .await
        .unwrap();
    }

    #[tokio::test]
    async fn pages_follow_one_another_and_say_what_does_not_fit() {
        on_each_database(|database| async move {
            let log = AuditLog::new(database, system_clock());
            for _ in 0..5 {
                log.record(By::Operator, Deed::new("market.pause"), async { Ok(()) }).await.unwrap();
            }
            let (mut query, mut ids) = (AuditQuery { limit: Some(2), ..AuditQuery::default() }, Vec::new());
            loop {
                let page = log.page(&query).await.unwrap();
                ids.extend(page.entries.iter().map(|entry| entry.id));
                query.cursor = page.next;
                if query.cursor.is_none() {
                    break;
                }
            }
            assert_eq!(ids.len(), 5);
            assert!(ids.is_sorted_by(|earlier, later| earlier > later));
            for (query, field) in [
                (AuditQuery { limit: Some(0), ..AuditQuery::default() }, "limit"),
                (AuditQuery { cursor: Some("x".to_owned()), ..AuditQuery::default() }, "cursor"),
                (AuditQuery { from: Some("today".to_owned()), ..AuditQuery::default() }, "from"),
            ] {
                assert_eq!(log.page(&query).await.unwrap_err().field.as_deref(), Some(field));
            }
        })
        .await
        .unwrap();
    }
}
