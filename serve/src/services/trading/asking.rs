//! How the market is asked: in the name of a seat, which is opened if it is not there.

use std::sync::Arc;
use std::time::Duration;

use bearpit_core::participant::{Answer, Outcome, RequestKind, RequestRefusal};
use bearpit_core::units::{PersonId, SimTime};
use tracing::{Instrument, debug_span};

use super::{Trading, explain};
use crate::domain::{AccountId, ClientOrderId, Problem, ProblemKind, RefusalId, UserId};
use crate::driver::{AccountView, Ask, Look, Refused, Seen, Unavailable, What};
use crate::services::identity::of_store;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

impl Trading {
    /// Opens an account's seat, if it is not open.
    ///
    /// # Errors
    /// [`Problem`] if the market takes nothing at the moment: the seat is opened with what is asked next.
    pub async fn open(&self, account: AccountId) -> Result<(), Problem> {
        if self.database.entry_of_account(account).await.map_err(of_store)?.is_some() {
            let message = "this account is of a contest: it is opened when that begins";
            return Err(Problem::new(ProblemKind::Conflict, "contest_not_begun", message));
        }
        let seat = seat_of(account);
        let RequestKind::Join { spec, config, .. } = self.source.live().join(&seat) else {
            return Err(Problem::new(ProblemKind::Internal, "no_seat", "seats cannot be opened"));
        };
        let what = What::Join { spec, config: Box::new(config) };
        let answer = self.send(Ask { seat, what, client: None }).await?;
        match answer.outcome {
            // Somebody else has opened it meanwhile.
            Ok(_) | Err(RequestRefusal::Join(_)) => self.identify(account).await,
            Err(refusal) => Err(explain::refusal(&refusal)),
        }
    }

    /// Has the market know to whom an account belongs, if its seat is open, and if that matters there: no
    /// favours are done in auctions between accounts of one person.
    ///
    /// # Errors
    /// [`Problem`] if the market takes nothing at the moment, or the database is away.
    pub(in crate::services) async fn identify(&self, account: AccountId) -> Result<(), Problem> {
        if !self.source.has_auctions() {
            return Ok(());
        }
        let Some(user) = self.database.owner_of_account(account).await.map_err(of_store)? else {
            return Ok(());
        };
        match self.ask_open(account, What::Identify(person_of(user))).await {
            Err(problem) if is_without_seat(&problem) => Ok(()),
            done => done,
        }
    }

    /// Returns when the day that is open closes.
    pub(in crate::services) fn close_of_day(&self) -> Option<SimTime> {
        self.handle.status().day.as_ref().map(|day| day.close)
    }

    /// Asks something in the name of an account; returns what was done.
    pub(in crate::services) async fn ask(
        &self,
        account: AccountId,
        what: What,
        client: Option<ClientOrderId>,
    ) -> Result<(Answer, Outcome), Problem> {
        let is_order = matches!(&what, What::Instruct(instruction) if instruction.entry().is_some());
        let answer = self.answer(account, what, client).await?;
        match answer.outcome {
            Ok(outcome) => Ok((answer, outcome)),
            // It is found among the account's orders.
            Err(ref refusal @ RequestRefusal::Instruction(_)) if is_order => {
                Err(explain::refusal(refusal).of_order(RefusalId::of(answer.tag)))
            }
            Err(ref refusal) => Err(explain::refusal(refusal)),
        }
    }

    /// Asks something in the name of an account; returns the market's answer, a refusal too.
    pub(in crate::services) async fn answer(
        &self,
        account: AccountId,
        what: What,
        client: Option<ClientOrderId>,
    ) -> Result<Answer, Problem> {
        let ask = Ask { seat: seat_of(account), what, client };
        match self.send(ask.clone()).await {
            Err(problem) if is_without_seat(&problem) => {
                self.open(account).await?;
                self.send(ask).await
            }
            answer => answer,
        }
    }

    /// Returns whether something was asked under an id before.
    ///
    /// # Errors
    /// [`Problem`] if the market takes nothing at the moment.
    pub(in crate::services) async fn is_known(
        &self,
        account: AccountId,
        client: ClientOrderId,
    ) -> Result<bool, Problem> {
        match self.look(account, Look::Known(client)).await? {
            Seen::Known(answer) => Ok(answer.is_some()),
            _ => Ok(false),
        }
    }

    /// Asks something in the name of an account whose seat is open already.
    ///
    /// # Errors
    /// [`Problem`] if it is not, or what is asked for is not done.
    pub(in crate::services) async fn ask_open(&self, account: AccountId, what: What) -> Result<(), Problem> {
        let answer = self.send(Ask { seat: seat_of(account), what, client: None }).await?;
        answer.outcome.map(drop).map_err(|refusal| explain::refusal(&refusal))
    }

    /// Looks at something in the name of an account.
    pub(super) async fn look(&self, account: AccountId, look: Look) -> Result<Seen, Problem> {
        match self.see(account, look.clone()).await {
            Err(problem) if is_without_seat(&problem) => {
                self.open(account).await?;
                self.see(account, look).await
            }
            seen => seen,
        }
    }

    pub(in crate::services) async fn send(&self, ask: Ask) -> Result<Answer, Problem> {
        let span = debug_span!("trading", what = ask.what.name(), account = &*ask.seat);
        self.send_traced(ask).instrument(span).await
    }

    async fn send_traced(&self, ask: Ask) -> Result<Answer, Problem> {
        let is_named = ask.client.is_some();
        let reply = self.handle.ask(ask).map_err(|why| explain::unavailable(&why))?;
        match tokio::time::timeout(PATIENCE, reply).await {
            Ok(Ok(Ok(answer))) => Ok(answer),
            Ok(Ok(Err(why))) => Err(explain::refused(&why)),
            Ok(Err(_)) | Err(_) => Err(unknown(is_named)),
        }
    }

    /// Returns an account whose seat is open; nothing where it is not.
    ///
    /// # Errors
    /// [`Problem`] if the market takes nothing at the moment.
    pub(in crate::services) async fn open_account(
        &self,
        account: AccountId,
    ) -> Result<Option<Box<AccountView>>, Problem> {
        match self.see(account, Look::Account).await {
            Ok(Seen::Account(view)) => Ok(Some(view)),
            Ok(_) => Ok(None),
            Err(problem) if is_without_seat(&problem) => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    async fn see(&self, account: AccountId, look: Look) -> Result<Seen, Problem> {
        let reply = self.handle.look(seat_of(account), look).map_err(|why| explain::unavailable(&why))?;
        match tokio::time::timeout(PATIENCE, reply).await {
            Ok(Ok(seen)) => seen.map_err(|why: Refused| explain::refused(&why)),
            // The day has ended meanwhile, or the disk is slow.
            Ok(Err(_)) | Err(_) => {
                let why = self.handle.status().unavailable().unwrap_or(Unavailable::Busy);
                Err(explain::unavailable(&why))
            }
        }
    }
}

pub(super) fn is_without_seat(problem: &Problem) -> bool {
    problem.code == "no_account"
}

/// Returns what the market calls a person: a number that says nothing of who it is, and is always the same.
fn person_of(user: UserId) -> PersonId {
    let digest = blake3::derive_key("bearpit 2026-12-01 person of a market", user.uuid().as_bytes());
    let mut number = [0; 16];
    number.copy_from_slice(&digest[..16]);
    PersonId::new(u128::from_le_bytes(number))
}

/// Nobody knows yet whether a request was carried out.
fn unknown(is_named: bool) -> Problem {
    let message = "the market has not answered in time: whether it was done is not known";
    let hint = if is_named {
        "send it again with the same client_order_id: it is done once"
    } else {
        "look among your orders; an order with a client_order_id can be sent again without harm"
    };
    Problem::new(ProblemKind::Unknown, "outcome_unknown", message).hint(hint)
}

/// Returns the name of an account's seat.
pub(in crate::services) fn seat_of(account: AccountId) -> Arc<str> {
    Arc::from(account.to_string())
}
