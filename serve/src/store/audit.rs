//! The audit log: what administrators and operators did, why, and what came of it. It only grows.

use super::database::{Database, Row, StoreError, args, statements};
use crate::domain::{AuditId, UserId, WallTime};

statements! {
    BEGIN = "INSERT INTO audit_log (id, begun_at, source, user_id, credential, action, target_kind, target,
        reason, details) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    // Whatever came of it is known once.
    END = "INSERT INTO audit_outcomes (entry_id, ended_at, outcome, code, message) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (entry_id) DO NOTHING";
    PAGE = "SELECT a.id, a.begun_at, a.source, a.user_id, u.username, a.credential, a.action, a.target_kind,
        a.target, a.reason, a.details, o.ended_at, o.outcome, o.code, o.message
        FROM audit_log a LEFT JOIN audit_outcomes o ON o.entry_id = a.id LEFT JOIN users u ON u.id = a.user_id
        WHERE (CAST($1 AS UUID) IS NULL OR a.id < $1) AND (CAST($2 AS UUID) IS NULL OR a.user_id = $2)
        AND (CAST($3 AS TEXT) IS NULL OR a.action = $3) AND (CAST($4 AS TEXT) IS NULL OR a.target = $4)
        AND (CAST($5 AS TEXT) IS NULL OR COALESCE(o.outcome, 'open') = $5)
        AND (CAST($6 AS BIGINT) IS NULL OR a.begun_at >= $6)
        AND (CAST($7 AS BIGINT) IS NULL OR a.begun_at < $7)
        ORDER BY a.id DESC LIMIT $8";
}

/// How whoever did something had shown who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditSource {
    /// By a session.
    Session,
    /// By an API key.
    Key,
    /// By being on the machine.
    Operator,
    /// A part of this program did it by itself.
    Service,
}

impl AuditSource {
    const ALL: [Self; 4] = [Self::Session, Self::Key, Self::Operator, Self::Service];

    /// Returns the word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Key => "key",
            Self::Operator => "operator",
            Self::Service => "service",
        }
    }
}

/// What came of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditOutcome {
    /// It was done.
    Done,
    /// It was not done, as it could not be.
    Refused,
    /// It may have been done in part, or it is not known.
    Failed,
}

impl AuditOutcome {
    const ALL: [Self; 3] = [Self::Done, Self::Refused, Self::Failed];

    /// Returns the word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// Something that is about to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAuditEntry {
    /// Its id.
    pub id: AuditId,
    /// When.
    pub begun_at: WallTime,
    /// How whoever does it has shown who they are.
    pub source: AuditSource,
    /// Who, if it is a person.
    pub user: Option<UserId>,
    /// The session, the key, or the name of the service.
    pub credential: Option<String>,
    /// What, as a word.
    pub action: String,
    /// What kind of thing it is done to.
    pub target_kind: Option<String>,
    /// What it is done to.
    pub target: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// What else was asked for, as JSON.
    pub details: String,
}

/// What came of something that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEnd {
    /// When.
    pub ended_at: WallTime,
    /// What came of it.
    pub outcome: AuditOutcome,
    /// The word of the problem, if there was one.
    pub code: Option<String>,
    /// Its sentence.
    pub message: Option<String>,
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// What was begun.
    pub entry: NewAuditEntry,
    /// The name of the person who did it.
    pub username: Option<String>,
    /// What came of it; absent while it is under way, and of what was interrupted.
    pub end: Option<AuditEnd>,
}

/// Which entries are asked for, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Those before this one.
    pub before: Option<AuditId>,
    /// Those of a person.
    pub user: Option<UserId>,
    /// Those of an action.
    pub action: Option<String>,
    /// Those done to something.
    pub target: Option<String>,
    /// Those of an outcome, by its word; `open` for those that have none.
    pub outcome: Option<String>,
    /// Those begun then or later.
    pub from: Option<WallTime>,
    /// Those begun before.
    pub to: Option<WallTime>,
    /// How many at most.
    pub limit: u32,
}

impl Database {
    /// Writes down that something is about to be done.
    ///
    /// # Errors
    /// [`StoreError`]: it must not be done then.
    pub async fn begin_audited(&self, entry: &NewAuditEntry) -> Result<(), StoreError> {
        let entry = entry.clone();
        let arguments = args![
            entry.id,
            entry.begun_at,
            entry.source.name(),
            entry.user,
            entry.credential,
            entry.action,
            entry.target_kind,
            entry.target,
            entry.reason,
            entry.details,
        ];
        self.execute(BEGIN, arguments).await.map(drop)
    }

    /// Writes down what came of it, unless that is known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_audited(&self, id: AuditId, end: &AuditEnd) -> Result<(), StoreError> {
        let AuditEnd { ended_at, outcome, code, message } = end.clone();
        self.execute(END, args![id, ended_at, outcome.name(), code, message]).await.map(drop)
    }

    /// Returns entries, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_log(&self, filter: &AuditFilter) -> Result<Vec<AuditRow>, StoreError> {
        let AuditFilter { before, user, action, target, outcome, from, to, limit } = filter.clone();
        let arguments = args![before, user, action, target, outcome, from, to, limit];
        self.rows(PAGE, arguments).await?.iter().map(of_row).collect()
    }
}

fn of_row(row: &Row) -> Result<AuditRow, StoreError> {
    let user: Option<uuid::Uuid> = row.get("user_id")?;
    let source = |text: String| AuditSource::ALL.into_iter().find(|source| source.name() == text);
    let ended_at: Option<i64> = row.get("ended_at")?;
    let end = match ended_at {
        None => None,
        Some(at) => Some(AuditEnd {
            ended_at: WallTime::from_nanos(at),
            outcome: row.read("outcome", |text: String| {
                AuditOutcome::ALL.into_iter().find(|outcome| outcome.name() == text)
            })?,
            code: row.get("code")?,
            message: row.get("message")?,
        }),
    };
    Ok(AuditRow {
        entry: NewAuditEntry {
            id: AuditId::new(row.get("id")?),
            begun_at: WallTime::from_nanos(row.get("begun_at")?),
            source: row.read("source", source)?,
            user: user.map(UserId::new),
            credential: row.get("credential")?,
            action: row.get("action")?,
            target_kind: row.get("target_kind")?,
            target: row.get("target")?,
            reason: row.get("reason")?,
            details: row.get("details")?,
        },
        username: row.get("username")?,
        end,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::database::Statement;
    use crate::store::database::testing::{add_user, on_each_database};

    fn entry(user: Option<UserId>, action: &str) -> NewAuditEntry {
        NewAuditEntry {
            id: AuditId::draw(),
            begun_at: WallTime::from_nanos(5),
            source: if user.is_some() { AuditSource::Session } else { AuditSource::Operator },
            user,
            credential: None,
            action: action.to_owned(),
            target_kind: Some("user".to_owned()),
            target: Some("t".to_owned()),
            reason: Some("why".to_owned()),
            details: "{}".to_owned(),
        }
    }

    fn done(at: i64) -> AuditEnd {
        let ended_at = WallTime::from_nanos(at);
        AuditEnd { ended_at, outcome: AuditOutcome::Done, code: None, message: None }
    }

    #[tokio::test]
    async fn what_was_begun_is_there_and_its_first_outcome_stands() {
        on_each_database(|database| async move {
            let anne = UserId::draw();
            add_user(&database, anne, "anne").await.unwrap();
            let (first, second) = (entry(Some(anne), "user.block"), entry(None, "market.pause"));
            for entry in [&first, &second] {
                database.begin_audited(entry).await.unwrap();
            }
            database.end_audited(first.id, &done(7)).await.unwrap();
            database.end_audited(first.id, &done(8)).await.unwrap();
            let all = AuditFilter { limit: 10, ..AuditFilter::default() };
            let found = database.audit_log(&all).await.unwrap();
            assert_eq!(found.iter().map(|row| row.entry.id).collect::<Vec<_>>(), [second.id, first.id]);
            assert_eq!((&found[1].entry, found[1].username.as_deref()), (&first, Some("anne")));
            assert_eq!((found[0].end.clone(), found[1].end.clone()), (None, Some(done(7))));
        })
        .await
        .unwrap();
    }

    #[tokio::test]
    async fn each_filter_leaves_away_what_does_not_fit() {
        on_each_database(|database| async move {
            let anne = UserId::draw();
            add_user(&database, anne, "anne").await.unwrap();
            let (first, second) = (entry(Some(anne), "user.block"), entry(None, "market.pause"));
            for entry in [&first, &second] {
                database.begin_audited(entry).await.unwrap();
            }
            database.end_audited(first.id, &done(7)).await.unwrap();
            let all = AuditFilter { limit: 10, ..AuditFilter::default() };
            let text = |text: &str| Some(text.to_owned());
            for (filter, expected) in [
                (AuditFilter { user: Some(anne), ..all.clone() }, vec![first.id]),
                (AuditFilter { action: text("market.pause"), ..all.clone() }, vec![second.id]),
                (AuditFilter { target: text("u"), ..all.clone() }, vec![]),
                (AuditFilter { outcome: text("done"), ..all.clone() }, vec![first.id]),
                (AuditFilter { outcome: text("open"), ..all.clone() }, vec![second.id]),
                (AuditFilter { before: Some(second.id), ..all.clone() }, vec![first.id]),
                (AuditFilter { from: Some(WallTime::from_nanos(6)), ..all.clone() }, vec![]),
                (AuditFilter { to: Some(WallTime::from_nanos(5)), ..all.clone() }, vec![]),
                (AuditFilter { limit: 1, ..all.clone() }, vec![second.id]),
            ] {
                let found = database.audit_log(&filter).await.unwrap();
                assert_eq!(found.iter().map(|row| row.entry.id).collect::<Vec<_>>(), expected, "{filter:?}");
            }
        })
        .await
        .unwrap();
    }

    #[tokio::test]
    async fn nothing_in_the_log_can_be_changed_or_deleted() {
        on_each_database(|database| async move {
            let entry = entry(None, "market.halt");
            database.begin_audited(&entry).await.unwrap();
            database.end_audited(entry.id, &done(7)).await.unwrap();
            for sql in [
                "UPDATE audit_log SET action = 'x'",
                "DELETE FROM audit_log",
                "UPDATE audit_outcomes SET outcome = 'refused'",
                "DELETE FROM audit_outcomes",
            ] {
                let refused = database.execute(Statement::new(sql), args![]).await.unwrap_err();
                assert!(refused.to_string().contains("append-only"), "{sql}: {refused}");
            }
        })
        .await
        .unwrap();
    }
}
