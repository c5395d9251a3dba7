//! Refunds: the cash leaves the account first, then the provider pays it out, and on a final no the account
//! gets it back.
//!
//! Webpay is not told which refund it is asked for, so asking twice can pay twice. So a refund whose answer
//! was lost is never repeated before the provider's status says, by what is left of the payment, that it has
//! not happened, and says so again once `refund_doubt` has passed: a request that is still under way has
//! ended by then. Of a payment one refund at a time is sent, so that what is left says which. Where it says
//! neither, an operator is told, and nothing is sent.

use super::provider::{ProviderError, TransactionAnswer};
use super::settling::is_remembered;
use super::{PATIENCE, Payments, SOON};
use crate::domain::ledger::{REFUND, REFUND_BACK};
use crate::domain::{Problem, ProblemKind, RefundState, WallTime};
use crate::services::identity::of_store;
use crate::services::trading::transfers::{CashMove, Transferred};
use crate::store::database::Amount;
use crate::store::payments::{RefundRow, RefundStep};

/// What a provider's status says of a refund whose answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happened {
    /// It has happened.
    Yes,
    /// It has not, so far.
    No,
    /// That cannot be said.
    Unknown,
}

/// Says whether a refund has happened: by what is left of the payment, or by its status where the provider
/// does not say what is left.
pub(super) fn has_happened(row: &RefundRow, whole: i64, answer: &TransactionAnswer) -> Happened {
    let Some(before) = row.clp_before else { return Happened::Unknown };
    let after = before - row.clp;
    let is_whole = before == whole;
    match (answer.balance, answer.status.as_str()) {
        (Some(left), "AUTHORIZED" | "PARTIALLY_NULLIFIED" | "NULLIFIED" | "REVERSED") if left == after => {
            Happened::Yes
        }
        (Some(left), "AUTHORIZED" | "PARTIALLY_NULLIFIED") if left == before => Happened::No,
        (Some(_), _) => Happened::Unknown,
        // Without what is left only a first refund can be told from none.
        (None, "AUTHORIZED") if is_whole => Happened::No,
        (None, "PARTIALLY_NULLIFIED") if is_whole && after > 0 => Happened::Yes,
        (None, "NULLIFIED" | "REVERSED") if after == 0 => Happened::Yes,
        (None, _) => Happened::Unknown,
    }
}

impl Payments {
    /// Goes on with a refund as far as it goes now.
    pub(super) async fn pay_back(&self, row: RefundRow) -> Result<RefundRow, Problem> {
        let mut row = row;
        loop {
            let next = match row.state {
                RefundState::Requested | RefundState::Debiting => self.debit(&row).await?,
                RefundState::Debited => self.send(&row).await?,
                RefundState::Sending => self.look_for(&row).await?,
                RefundState::Refusing => self.credit_back(&row).await?,
                RefundState::Done | RefundState::Refused | RefundState::Returned | RefundState::Held => {
                    return Ok(row);
                }
            };
            if next.state == row.state {
                return Ok(next);
            }
            if next.state == RefundState::Held {
                tracing::error!(refund = %next.id, note = next.note, "an operator has to look at a refund");
            }
            let goes_on = matches!(
                (row.state, next.state),
                (_, RefundState::Refusing)
                    | (RefundState::Requested | RefundState::Debiting, RefundState::Debited)
            );
            row = next;
            if !goes_on {
                return Ok(row);
            }
        }
    }

    /// Takes the cash out of the account, once.
    async fn debit(&self, row: &RefundRow) -> Result<RefundRow, Problem> {
        let is_first = row.state == RefundState::Requested;
        let (reference, request) = (format!("{REFUND}{}", row.id), format!("refund-{}", row.id));
        let cash = CashMove {
            account: row.account,
            amount: Amount(-row.amount.0),
            reference: &reference,
            request: &request,
        };
        let moved = self.move_once(row, RefundState::Debiting, cash).await?;
        let Some((asked, moved)) = moved else { return self.refund_row(row).await };
        let now = self.now();
        let step = match moved {
            Transferred::Done => self.step_of(RefundState::Debited, None, Some(now)),
            Transferred::Refused(problem) => self.step_of(RefundState::Refused, Some(problem.message), None),
            Transferred::NotTaken(_) if is_first => {
                self.step_of(RefundState::Requested, None, Some(now.after(SOON)))
            }
            Transferred::NotTaken(_) | Transferred::Unknown(_) => return Ok(asked),
        };
        self.advance_refund(&asked, &step).await
    }

    /// Gives the account its cash again, once.
    async fn credit_back(&self, row: &RefundRow) -> Result<RefundRow, Problem> {
        let (reference, request) = (format!("{REFUND_BACK}{}", row.id), format!("refund-back-{}", row.id));
        let cash =
            CashMove { account: row.account, amount: row.amount, reference: &reference, request: &request };
        let moved = self.move_once(row, RefundState::Refusing, cash).await?;
        let Some((asked, moved)) = moved else { return self.refund_row(row).await };
        let step = match moved {
            Transferred::Done => self.step_of(RefundState::Returned, row.note.clone(), None),
            Transferred::Refused(problem) => {
                let note = format!("the account does not take it back: {}", problem.message);
                self.step_of(RefundState::Held, Some(note), None)
            }
            Transferred::NotTaken(_) | Transferred::Unknown(_) => return Ok(asked),
        };
        self.advance_refund(&asked, &step).await
    }

    /// Writes that the market is asked, and asks it; nothing if it takes nothing now, or somebody else has
    /// moved the refund meanwhile.
    async fn move_once(
        &self,
        row: &RefundRow,
        asking: RefundState,
        cash: CashMove<'_>,
    ) -> Result<Option<(RefundRow, Transferred)>, Problem> {
        let _turn = self.turn.lock().await;
        let Ok(now) = self.trading.market_time() else { return Ok(None) };
        let now = now.nanos();
        if row.state != asking || row.market_at.is_none() {
            let step = self.step_of(asking, row.note.clone(), Some(self.now().after(PATIENCE)));
            let step = RefundStep { market_at: Some(now), ..step };
            if !self.database.move_refund(row.id, row.state, &step).await.map_err(of_store)? {
                return Ok(None);
            }
        } else if !is_remembered(row.market_at, now) {
            let note = "whether the account was debited or credited is not known: see its history".to_owned();
            self.advance_refund(row, &self.step_of(RefundState::Held, Some(note), None)).await?;
            return Ok(None);
        }
        let moved = self.trading.move_cash(cash).await;
        Ok(Some((RefundRow { state: asking, ..row.clone() }, moved)))
    }

    /// Asks the provider to pay it out.
    async fn send(&self, row: &RefundRow) -> Result<RefundRow, Problem> {
        let provider = self.provider()?;
        let (token, whole) = self.of_payment(row).await?;
        let now = self.now();
        if !self.database.send_refund(row, whole, now, now.after(PATIENCE)).await.map_err(of_store)? {
            return self.refund_row(row).await;
        }
        let sent = self.refund_row(row).await?;
        let answer = provider.refund(&token, row.clp).await;
        let step = match answer {
            Ok(answer) => RefundStep {
                authorization_code: answer.authorization_code,
                ..self.step_of(RefundState::Done, None, None)
            },
            Err(ProviderError::NotDone(why)) => {
                tracing::warn!(refund = %row.id, why, "a refund is sent later");
                self.step_of(RefundState::Debited, None, Some(self.now().after(PATIENCE)))
            }
            Err(ProviderError::Refused(why)) => return self.refused(&sent, (&token, whole), why).await,
            Err(ProviderError::Unclear(why)) => {
                tracing::warn!(refund = %row.id, why, "the answer to a refund was lost: its status is asked for");
                return Ok(sent);
            }
        };
        self.advance_refund(&sent, &step).await
    }

    /// A no is final only if the provider's status does not contradict it.
    async fn refused(
        &self,
        row: &RefundRow,
        (token, whole): (&str, i64),
        why: String,
    ) -> Result<RefundRow, Problem> {
        let Ok(answer) = self.provider()?.status(token).await else { return Ok(row.clone()) };
        let step = match has_happened(row, whole, &answer) {
            Happened::Yes => self.step_of(RefundState::Done, None, None),
            Happened::No => {
                let note = Some(format!("the provider does not pay it back: {why}"));
                self.step_of(RefundState::Refusing, note, Some(self.now()))
            }
            Happened::Unknown => {
                let note = format!("the provider says no ({why}), and its status does not fit that");
                self.step_of(RefundState::Held, Some(note), None)
            }
        };
        self.advance_refund(row, &step).await
    }

    /// Finds out whether a refund has happened whose answer was lost.
    async fn look_for(&self, row: &RefundRow) -> Result<RefundRow, Problem> {
        // Whoever has sent it may still wait for the answer.
        let now = self.now();
        if row.sent_at.is_some_and(|at| now < at.after(self.config.refund_doubt.min(PATIENCE))) {
            return Ok(row.clone());
        }
        let (token, whole) = self.of_payment(row).await?;
        let answer = match self.provider()?.status(&token).await {
            Ok(answer) => answer,
            Err(ProviderError::Refused(why)) => {
                let note = format!("the provider does not say whether it was paid back: {why}");
                return self.advance_refund(row, &self.step_of(RefundState::Held, Some(note), None)).await;
            }
            Err(error) => {
                tracing::warn!(refund = %row.id, %error, "whether a refund has happened is found out later");
                return Ok(row.clone());
            }
        };
        let is_past_doubt = row.sent_at.is_none_or(|at| now >= at.after(self.config.refund_doubt));
        let step = match has_happened(row, whole, &answer) {
            Happened::Yes => self.step_of(RefundState::Done, None, None),
            Happened::No if is_past_doubt => self.step_of(RefundState::Debited, None, Some(now)),
            Happened::No => return Ok(row.clone()),
            Happened::Unknown => {
                let note = "whether it was paid back is not known: see the provider's records".to_owned();
                self.step_of(RefundState::Held, Some(note), None)
            }
        };
        self.advance_refund(row, &step).await
    }

    /// Returns what the provider calls the payment of a refund, and how many pesos it was.
    async fn of_payment(&self, row: &RefundRow) -> Result<(String, i64), Problem> {
        let payment = self.payment_row(row.payment).await?;
        let none = || Problem::new(ProblemKind::Internal, "no_token", "a payment that was paid has a token");
        Ok((payment.token.ok_or_else(none)?, payment.asked.clp))
    }

    pub(super) fn step_of(
        &self,
        to: RefundState,
        note: Option<String>,
        due_at: Option<WallTime>,
    ) -> RefundStep {
        RefundStep { to, note, market_at: None, now: self.now(), due_at, authorization_code: None }
    }

    pub(super) async fn advance_refund(
        &self,
        row: &RefundRow,
        step: &RefundStep,
    ) -> Result<RefundRow, Problem> {
        if self.database.move_refund(row.id, row.state, step).await.map_err(of_store)? {
            tracing::info!(refund = %row.id, from = row.state.name(), to = step.to.name(), "a refund goes on");
        }
        self.refund_row(row).await
    }

    async fn refund_row(&self, row: &RefundRow) -> Result<RefundRow, Problem> {
        let found = self.database.refund(row.id).await.map_err(of_store)?;
        found.ok_or_else(|| Problem::new(ProblemKind::NotFound, "unknown_refund", "there is no such refund"))
    }
}
