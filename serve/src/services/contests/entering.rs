//! Who takes part: entering, withdrawing, and the accounts that are opened for entrants.

use bearpit_core::kernel::{AddError, JoinRefusal};
use bearpit_core::market::{Funding, Reference, Transfer};
use bearpit_core::participant::{RequestKind, RequestRefusal};
use tracing::warn;

use super::terms::refused;
use super::views::{EnterRequest, EntrantView, EntrantsView, EntryView};
use super::{Contests, goes_on};
use crate::domain::ledger::CONTEST_CASH;
use crate::domain::{AccountId, Actor, ClientOrderId, ContestId, Problem, ProblemKind, UserId, WallTime};
use crate::driver::{Ask, What};
use crate::services::identity::{of_store, refuse_contest_key};
use crate::services::trading::asking::seat_of;
use crate::store::contests::entries::{EntryRow, EntryStatus, NewEntry};
use crate::store::contests::{ContestRow, ContestStatus};
use crate::store::database::StoreError;

/// The longest name that others see, in characters.
const DISPLAY_MAX: usize = 32;
/// How often an entry is tried again whose number somebody else took at the same moment.
const TRIES: usize = 20;
/// What the market knows the cash of an entrant by: it is given once.
const CASH: &str = CONTEST_CASH;

impl Contests {
    /// Enters a contest, `now`. If it has begun, the account is open with the answer, or a moment later.
    ///
    /// # Errors
    /// [`Problem`] if it takes no entries, one has entered, or the name is taken.
    pub async fn enter(
        &self,
        who: Actor,
        id: ContestId,
        request: &EnterRequest,
        now: WallTime,
    ) -> Result<EntryView, Problem> {
        refuse_contest_key(&self.database, &who).await?;
        let name = request.display_name.as_deref().map(display_name).transpose()?;
        let row = self.row(id).await?;
        let market_time = self.now().ok_or_else(not_open)?.nanos();
        if !goes_on(&row) || market_time >= row.entry_until {
            let message = "the contest takes no entries any more";
            return Err(Problem::new(ProblemKind::Conflict, "entry_closed", message));
        }
        let account = AccountId::draw();
        let entry = NewEntry { contest: id, user: who.user, account, name, now };
        self.add(&entry).await?;
        let mut entry = self.entry(id, who.user).await?;
        if market_time >= row.starts_at {
            match self.open_account(&row, &entry).await {
                Ok(()) => entry.status = EntryStatus::Playing,
                Err(problem) => warn!(%account, %problem, "the account of an entrant is opened later"),
            }
        }
        Ok(view(&entry, None))
    }

    async fn add(&self, entry: &NewEntry) -> Result<(), Problem> {
        for _ in 0..TRIES {
            match self.database.add_entry(entry).await {
                Ok(true) => return Ok(()),
                Ok(false) => {
                    let known = self.database.entry(entry.contest, entry.user).await.map_err(of_store)?;
                    if known.is_none() {
                        let message = "the contest takes no entries any more";
                        return Err(Problem::new(ProblemKind::Conflict, "entry_closed", message));
                    }
                    let problem = Problem::new(ProblemKind::Conflict, "entered", "you have entered already");
                    return Err(problem.hint("GET /api/contests/{contest_id}/me says how it stands"));
                }
                Err(error) if is_name(&error) => return Err(name_taken()),
                // Another entry took the number.
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(of_store(error)),
            }
        }
        let message = "many enter at this moment: try again";
        Err(Problem::new(ProblemKind::Unavailable, "busy", message))
    }

    /// Withdraws from a contest that has not begun.
    ///
    /// # Errors
    /// [`Problem`] if it has begun, or one has not entered.
    pub async fn withdraw(&self, who: Actor, id: ContestId) -> Result<(), Problem> {
        refuse_contest_key(&self.database, &who).await?;
        let row = self.row(id).await?;
        let entry = self.entry(id, who.user).await?;
        let has_begun = self.now().is_some_and(|now| now.nanos() >= row.starts_at);
        if has_begun || !self.database.withdraw_entry(id, who.user).await.map_err(of_store)? {
            let message = match &entry.disqualified {
                Some(reason) => format!("you were disqualified: {reason}"),
                None => "the contest has begun: who does not trade any more stays in it".to_owned(),
            };
            return Err(Problem::new(ProblemKind::Conflict, "contest_begun", message));
        }
        Ok(())
    }

    /// Returns one's own entry, and where one stands.
    ///
    /// # Errors
    /// [`Problem`] if one has not entered.
    pub async fn me(&self, who: Actor, id: ContestId, now: WallTime) -> Result<EntryView, Problem> {
        self.row(id).await?;
        let entry = self.entry(id, who.user).await?;
        let board = self.leaderboard(id, now).await?;
        let standing = board.entrants.into_iter().find(|it| it.number == entry.number);
        Ok(view(&entry, standing))
    }

    /// Changes what others see of oneself.
    ///
    /// # Errors
    /// [`Problem`] if one has not entered, the name is taken, or the final ranking stands.
    pub async fn rename(
        &self,
        who: Actor,
        id: ContestId,
        request: &EnterRequest,
    ) -> Result<EntryView, Problem> {
        refuse_contest_key(&self.database, &who).await?;
        let name = request.display_name.as_deref().map(display_name).transpose()?;
        if self.row(id).await?.status == ContestStatus::Settled {
            let message = "the final ranking stands: it does not change any more";
            return Err(Problem::new(ProblemKind::Conflict, "contest_settled", message));
        }
        self.entry(id, who.user).await?;
        let renamed = self.database.rename_entry(id, who.user, name.as_deref()).await;
        renamed.map_err(|error| if is_name(&error) { name_taken() } else { of_store(error) })?;
        Ok(view(&self.entry(id, who.user).await?, None))
    }

    /// Returns the entrants of a contest, for administrators.
    ///
    /// # Errors
    /// [`Problem`] if there is no such contest.
    pub async fn entrants(&self, id: ContestId) -> Result<EntrantsView, Problem> {
        self.row(id).await?;
        let entries = self.database.entries(id).await.map_err(of_store)?;
        let entrants = entries.into_iter().map(|entry| EntrantView {
            number: entry.number,
            user_id: entry.user,
            username: entry.username,
            display_name: entry.name,
            account_id: entry.account,
            status: entry.status.into(),
            disqualified: entry.disqualified,
            entered_at: entry.entered_at.to_string(),
        });
        Ok(EntrantsView { entrants: entrants.collect() })
    }

    async fn entry(&self, id: ContestId, user: UserId) -> Result<EntryRow, Problem> {
        let entry = self.database.entry(id, user).await.map_err(of_store)?;
        let message = "you have not entered this contest";
        entry.ok_or_else(|| Problem::new(ProblemKind::NotFound, "not_entered", message))
    }

    /// Opens an entrant's account: empty, limited, with its cash, sealed. Each step can be done again, so an
    /// account that was left half-way is brought to its end; before its limits are there, it has nothing to
    /// trade with. One that is sealed has all: nothing is done to it.
    pub(super) async fn open_account(&self, row: &ContestRow, entry: &EntryRow) -> Result<(), Problem> {
        let (account, seat) = (entry.account, seat_of(entry.account));
        let RequestKind::Join { spec, config, .. } = self.trading.source.live().join_empty(&seat) else {
            return Err(Problem::new(ProblemKind::Internal, "no_seat", "seats cannot be opened"));
        };
        let join = What::Join { spec, config: Box::new(config) };
        let joined = self.trading.send(Ask { seat, what: join, client: None }).await?;
        match joined.outcome {
            Ok(_) | Err(RequestRefusal::Join(JoinRefusal::Add(AddError::DuplicateName(_)))) => {}
            Err(refusal) => return Err(Problem::new(ProblemKind::Refused, "no_seat", refusal)),
        }
        if !self.is_sealed(account).await? {
            self.give_cash(row, account).await?;
        }
        self.database.move_entry(account, EntryStatus::Playing).await.map_err(of_store)?;
        // Whoever was disqualified meanwhile trades no more.
        match self.database.entry_of_account(account).await.map_err(of_store)? {
            Some(entry) if entry.disqualified.is_some() => self.close(row, &entry).await,
            _ => Ok(()),
        }
    }

    async fn is_sealed(&self, account: AccountId) -> Result<bool, Problem> {
        Ok(self.trading.open_account(account).await?.is_some_and(|view| view.is_sealed))
    }

    /// Limits an account that is open, gives it its cash, and seals it.
    async fn give_cash(&self, row: &ContestRow, account: AccountId) -> Result<(), Problem> {
        self.trading.ask_open(account, What::Limit(self.account_limits(row, false))).await?;
        let fund = What::Fund(Funding {
            transfer: Transfer::Cash(row.cash.money()),
            reference: Reference::new(CASH).map_err(|_| not_open())?,
        });
        // Asked again under the same id it is not done again.
        let client = ClientOrderId::try_from(CASH.to_owned()).ok();
        let funded = self.trading.send(Ask { seat: seat_of(account), what: fund, client }).await?;
        if let Err(refusal) = funded.outcome {
            return Err(Problem::new(ProblemKind::Refused, "funding_refused", refusal));
        }
        self.trading.ask_open(account, What::Limit(self.account_limits(row, true))).await
    }
}

fn view(entry: &EntryRow, standing: Option<super::RankedView>) -> EntryView {
    EntryView {
        contest_id: entry.contest,
        account_id: entry.account,
        number: entry.number,
        display_name: entry.name.clone(),
        status: entry.status.into(),
        disqualified: entry.disqualified.clone(),
        entered_at: entry.entered_at.to_string(),
        standing,
    }
}

fn display_name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    if !(1..=DISPLAY_MAX).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        let message = format!("a name has 1 to {DISPLAY_MAX} characters, none of them a control character");
        return Err(refused(message, "display_name"));
    }
    // Those are the names of whoever has chosen none.
    if name.to_lowercase().starts_with("entrant ") {
        return Err(refused("such names are those of entrants who have chosen none", "display_name"));
    }
    Ok(name.to_owned())
}

fn is_name(error: &StoreError) -> bool {
    error.is_conflict_on("contest_entries.contest_id, contest_entries.name_key")
}

fn name_taken() -> Problem {
    Problem::new(ProblemKind::Conflict, "name_taken", "another entrant has that name").at("display_name")
}

fn not_open() -> Problem {
    Problem::new(ProblemKind::Unavailable, "opening", "the market is being opened: try again")
}
