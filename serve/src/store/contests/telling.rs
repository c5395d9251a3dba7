//! What entrants are told of their contests.

use crate::domain::{AccountId, ContestId, ContestNotice, ContestStep, NoticeContent, UserId, WallTime};
use crate::store::database::{StoreError, Transaction, args, statements};
use crate::store::notices::{self, NewNotice};

statements! {
    NAME = "SELECT name FROM contests WHERE id = $1";
    ENTRANTS = "SELECT user_id, account_id, number FROM contest_entries
        WHERE contest_id = $1 AND status <> 'withdrawn' ORDER BY number";
}

/// How far a contest has come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) contest: ContestId,
    pub(super) step: ContestStep,
    pub(super) now: WallTime,
}

impl Step {
    async fn name(&self, transaction: &mut Transaction) -> Result<String, StoreError> {
        let row = transaction.row(NAME, args![self.contest]).await?;
        row.map_or_else(|| Ok(String::new()), |row| row.get("name"))
    }

    fn notice(
        &self,
        name: &str,
        (user, account): (UserId, AccountId),
        rank: Option<(u32, u32)>,
    ) -> NewNotice {
        let content = NoticeContent::Contest(ContestNotice {
            contest_id: self.contest.to_string(),
            name: name.to_owned(),
            step: self.step,
            rank: rank.map(|(rank, _)| rank),
            entrants: rank.map(|(_, entrants)| entrants),
        });
        let source = Some(format!("contest:{}:{}", self.contest, self.step.name()));
        NewNotice { user, account: Some(account), at: self.now, source, content }
    }
}

/// Tells one entrant.
pub(super) async fn entrant(
    transaction: &mut Transaction,
    step: &Step,
    who: (UserId, AccountId),
) -> Result<(), StoreError> {
    let name = step.name(transaction).await?;
    notices::add(transaction, &step.notice(&name, who, None)).await.map(drop)
}

/// Tells all entrants; some have places, by their numbers.
pub(super) async fn entrants(
    transaction: &mut Transaction,
    step: &Step,
    places: &[(u32, u32)],
) -> Result<(), StoreError> {
    let name = step.name(transaction).await?;
    let ranked = u32::try_from(places.len()).unwrap_or(u32::MAX);
    for row in transaction.rows(ENTRANTS, args![step.contest]).await? {
        let number = row.read("number", |number: i64| u32::try_from(number).ok())?;
        let place = places.iter().find(|(it, _)| *it == number).map(|(_, place)| (*place, ranked));
        let who = (UserId::new(row.get("user_id")?), AccountId::new(row.get("account_id")?));
        notices::add(transaction, &step.notice(&name, who, place)).await?;
    }
    Ok(())
}
