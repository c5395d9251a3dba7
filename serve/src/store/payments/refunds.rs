//! Refunds: the parts of withdrawals, each of one payment, each step written before the next is taken.

use super::super::database::{Amount, Database, Row, StoreError, Transaction, args, statements};
use super::told;
use crate::domain::{
    AccountId, MoneyNotice, MoneyOutcome, NoticeContent, Number, PaymentId, RefundId, RefundState, WallTime,
    WithdrawalId,
};

statements! {
    BY_ID = "SELECT * FROM refunds WHERE id = $1";
    OF_WITHDRAWAL = "SELECT * FROM refunds WHERE withdrawal_id = $1 ORDER BY id";
    DUE = "SELECT * FROM refunds WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2";
    HELD = "SELECT * FROM refunds WHERE state = 'held' ORDER BY id LIMIT 1000";
    CLAIM = "UPDATE refunds SET due_at = $3 WHERE id = $1 AND due_at = $2";
    MOVE = "UPDATE refunds SET state = $3, note = $4, market_at = $5, changed_at = $6,
        due_at = $7, authorization_code = COALESCE($8, authorization_code) WHERE id = $1 AND state = $2";
    // Of a payment one refund at a time is with the provider, whose word is about all of them together.
    SEND = "UPDATE refunds SET state = 'sending', clp_before = $2, sent_at = $3, changed_at = $3, due_at = $4
        WHERE id = $1 AND state = 'debited' AND NOT EXISTS (SELECT 1 FROM refunds o
            WHERE o.payment_id = $5 AND o.id <> $1 AND o.state IN ('sending', 'held'))";
    CURRENCY = "SELECT w.currency FROM refunds r JOIN withdrawals w ON w.id = r.withdrawal_id WHERE r.id = $1";
    LOCK = "UPDATE payments SET state = state WHERE id = $1";
    PAID_OUT = "SELECT clp FROM refunds WHERE payment_id = $1 AND state = 'done'";
}

/// A refund as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRow {
    /// Its id.
    pub id: RefundId,
    /// The withdrawal.
    pub withdrawal: WithdrawalId,
    /// The payment.
    pub payment: PaymentId,
    /// The account.
    pub account: AccountId,
    /// How much, in the market's currency.
    pub amount: Amount,
    /// How much, in Chilean pesos.
    pub clp: i64,
    /// How far it has come.
    pub state: RefundState,
    /// What was left of the payment at the provider before this was sent.
    pub clp_before: Option<i64>,
    /// When it was sent.
    pub sent_at: Option<WallTime>,
    /// Why it stands as it stands.
    pub note: Option<String>,
    /// The virtual time at which the market was asked first.
    pub market_at: Option<i64>,
    /// When it was asked for.
    pub created_at: WallTime,
    /// When it last moved.
    pub changed_at: WallTime,
    /// When it is looked at next.
    pub due_at: Option<WallTime>,
}

/// A step of a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundStep {
    /// Where to.
    pub to: RefundState,
    /// Why.
    pub note: Option<String>,
    /// The virtual time, if the market is asked for the first time; what was there is forgotten.
    pub market_at: Option<i64>,
    /// When it is taken.
    pub now: WallTime,
    /// When it is looked at next.
    pub due_at: Option<WallTime>,
    /// The provider's number of it.
    pub authorization_code: Option<String>,
}

impl Database {
    /// Moves a refund, if it still stands where it was seen. Returns whether it did.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn move_refund(
        &self,
        id: RefundId,
        from: RefundState,
        step: &RefundStep,
    ) -> Result<bool, StoreError> {
        let RefundStep { to, note, market_at, now, due_at, authorization_code } = step;
        let (note, code) = (note.clone(), authorization_code.clone());
        let arguments = args![id, from.name(), to.name(), note, *market_at, *now, *due_at, code];
        let mut transaction = self.begin().await?;
        if transaction.execute(MOVE, arguments).await? == 0 {
            return Ok(false);
        }
        let outcome = match to {
            RefundState::Done => Some(MoneyOutcome::Paid),
            RefundState::Refused | RefundState::Returned => Some(MoneyOutcome::Refused),
            _ => None,
        };
        if let Some(outcome) = outcome {
            tell(&mut transaction, id, outcome, *now).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Notes that a refund is sent now, with what is left of its payment by what was done before. Returns
    /// whether it may be: it was debited, and no other of its payment is with the provider.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn send_refund(
        &self,
        row: &RefundRow,
        whole: i64,
        now: WallTime,
        due_at: WallTime,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        transaction.execute(LOCK, args![row.payment]).await?;
        let done = transaction.rows(PAID_OUT, args![row.payment]).await?;
        let mut left = whole;
        for row in done {
            left -= row.get::<i64>("clp")?;
        }
        let arguments = args![row.id, left, now, due_at, row.payment];
        let is_sent = transaction.execute(SEND, arguments).await? == 1;
        transaction.commit().await?;
        Ok(is_sent)
    }

    /// Takes a refund that is due, until a while later. Returns whether it was there to be taken.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_refund(&self, row: &RefundRow, until: WallTime) -> Result<bool, StoreError> {
        Ok(self.execute(CLAIM, args![row.id, row.due_at, until]).await? == 1)
    }

    /// Returns a refund.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn refund(&self, id: RefundId) -> Result<Option<RefundRow>, StoreError> {
        self.row(BY_ID, args![id]).await?.map(|row| of_row(&row)).transpose()
    }

    /// Returns the refunds of a withdrawal.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn refunds(&self, withdrawal: WithdrawalId) -> Result<Vec<RefundRow>, StoreError> {
        self.rows(OF_WITHDRAWAL, args![withdrawal]).await?.iter().map(of_row).collect()
    }

    /// Returns refunds that are to be looked at, up to so many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due_refunds(&self, now: WallTime, most: u32) -> Result<Vec<RefundRow>, StoreError> {
        self.rows(DUE, args![now, most]).await?.iter().map(of_row).collect()
    }

    /// Returns refunds at which an operator has to look.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn held_refunds(&self) -> Result<Vec<RefundRow>, StoreError> {
        self.rows(HELD, args![]).await?.iter().map(of_row).collect()
    }
}

/// Tells a person how a part of a withdrawal has ended.
async fn tell(
    transaction: &mut Transaction,
    id: RefundId,
    outcome: MoneyOutcome,
    now: WallTime,
) -> Result<(), StoreError> {
    let (Some(row), Some(currency)) =
        (transaction.row(BY_ID, args![id]).await?, transaction.row(CURRENCY, args![id]).await?)
    else {
        return Ok(());
    };
    let RefundRow { withdrawal, account, amount, note, .. } = of_row(&row)?;
    let money = MoneyNotice {
        outcome,
        reference: withdrawal.to_string(),
        amount: Number(amount.decimal()),
        currency: currency.get("currency")?,
        reason: note.filter(|_| outcome == MoneyOutcome::Refused),
    };
    let content = NoticeContent::Withdrawal(money);
    told(transaction, (account, now), format!("refund:{id}"), content).await
}

fn of_row(row: &Row) -> Result<RefundRow, StoreError> {
    let time = |column| row.get(column).map(WallTime::from_nanos);
    let maybe_time = |column| row.get::<Option<i64>>(column).map(|at| at.map(WallTime::from_nanos));
    Ok(RefundRow {
        id: RefundId::new(row.get("id")?),
        withdrawal: WithdrawalId::new(row.get("withdrawal_id")?),
        payment: PaymentId::new(row.get("payment_id")?),
        account: AccountId::new(row.get("account_id")?),
        amount: row.get("amount")?,
        clp: row.get("clp")?,
        state: row.read("state", |word: String| RefundState::of_name(&word))?,
        clp_before: row.get("clp_before")?,
        sent_at: maybe_time("sent_at")?,
        note: row.get("note")?,
        market_at: row.get("market_at")?,
        created_at: time("created_at")?,
        changed_at: time("changed_at")?,
        due_at: maybe_time("due_at")?,
    })
}
