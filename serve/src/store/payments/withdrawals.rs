//! Withdrawals: what is to go back to those who paid it in, and of which of their payments.

use super::super::database::{Amount, Database, Row, StoreError, Transaction, args, statements};
use super::told;
use crate::domain::{
    AccountId, MoneyNotice, MoneyOutcome, NoticeContent, Number, PaymentId, RefundId, WallTime, WithdrawalId,
};

statements! {
    // What is withdrawn of an account is planned one after the other.
    LOCK = "UPDATE users SET role = role WHERE account_id = $1 AND blocked_at IS NULL";
    SETTLED = "SELECT id, amount, clp FROM payments WHERE account_id = $1 AND state = 'settled' ORDER BY id";
    TAKEN = "SELECT payment_id, amount, clp FROM refunds WHERE account_id = $1
        AND state NOT IN ('refused', 'returned')";
    ADD = "INSERT INTO withdrawals (id, account_id, idempotency_key, amount, currency, status, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    ADD_REFUND = "INSERT INTO refunds (id, withdrawal_id, payment_id, account_id, amount, clp, state, created_at,
        changed_at, due_at) VALUES ($1, $2, $3, $4, $5, $6, 'requested', $7, $7, $8)";
    BY_ID = "SELECT * FROM withdrawals WHERE id = $1";
    BY_KEY = "SELECT * FROM withdrawals WHERE account_id = $1 AND idempotency_key = $2";
    OF_ACCOUNT = "SELECT * FROM withdrawals WHERE account_id = $1 AND (CAST($2 AS UUID) IS NULL OR id < $2)
        ORDER BY id DESC LIMIT $3";
    ALL = "SELECT * FROM withdrawals WHERE (CAST($1 AS UUID) IS NULL OR id < $1)
        AND (CAST($2 AS TEXT) IS NULL OR status = $2)
        ORDER BY id DESC LIMIT $3";
    DECIDE = "UPDATE withdrawals SET status = $2, decided_at = $3 WHERE id = $1 AND status = 'waiting'";
    BEGIN = "UPDATE refunds SET due_at = $2 WHERE withdrawal_id = $1 AND state = 'requested'";
    GIVE_UP = "UPDATE refunds SET state = 'refused', note = $2, changed_at = $3, due_at = NULL
        WHERE withdrawal_id = $1 AND state = 'requested'";
}

/// Whether a withdrawal may be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithdrawalStatus {
    /// An administrator has to say.
    Waiting,
    /// It may.
    Approved,
    /// It may not.
    Rejected,
}

impl WithdrawalStatus {
    /// Returns the word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// Returns the status of a word.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Waiting, Self::Approved, Self::Rejected].into_iter().find(|status| status.name() == name)
    }
}

/// A withdrawal that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWithdrawal {
    /// Its id.
    pub id: WithdrawalId,
    /// The account.
    pub account: AccountId,
    /// The key under which it is made once.
    pub key: String,
    /// How much, in the market's currency.
    pub amount: Amount,
    /// That currency.
    pub currency: String,
    /// Whether it may be carried out.
    pub status: WithdrawalStatus,
    /// When it is asked for.
    pub now: WallTime,
}

/// A withdrawal as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithdrawalRow {
    /// What was asked for.
    pub asked: NewWithdrawal,
    /// When somebody said whether it may be carried out.
    pub decided_at: Option<WallTime>,
}

/// What can be given back of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refundable {
    /// The payment.
    pub payment: PaymentId,
    /// What came in, in the market's currency and in Chilean pesos.
    pub whole: (Amount, i64),
    /// What of it is not given back, nor about to be.
    pub left: (Amount, i64),
}

/// The part of a withdrawal that is of one payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewRefund {
    /// Its id.
    pub id: RefundId,
    /// The payment.
    pub payment: PaymentId,
    /// How much, in the market's currency.
    pub amount: Amount,
    /// How much, in Chilean pesos.
    pub clp: i64,
}

/// What came of a withdrawal that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddWithdrawal<E> {
    /// It is there.
    Added,
    /// There is one of its key.
    Known(WithdrawalRow),
    /// It cannot be planned.
    Unfit(E),
    /// Nobody uses the account any more, or whoever does is blocked.
    Shut,
}

impl Database {
    /// Adds a withdrawal with its refunds, which are planned from what can be given back, the oldest payment
    /// first; unless there is one of its key. Two of an account are planned one after the other.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_withdrawal<E>(
        &self,
        new: &NewWithdrawal,
        plan: impl FnOnce(&[Refundable]) -> Result<Vec<NewRefund>, E>,
    ) -> Result<AddWithdrawal<E>, StoreError> {
        let mut transaction = self.begin().await?;
        let is_open = transaction.execute(LOCK, args![new.account]).await? == 1;
        if let Some(known) = transaction.row(BY_KEY, args![new.account, new.key.as_str()]).await? {
            return of_row(&known).map(AddWithdrawal::Known);
        }
        if !is_open {
            return Ok(AddWithdrawal::Shut);
        }
        let settled = transaction.rows(SETTLED, args![new.account]).await?;
        let taken = transaction.rows(TAKEN, args![new.account]).await?;
        let refunds = match plan(&left_of(&settled, &taken)?) {
            Ok(refunds) => refunds,
            Err(unfit) => return Ok(AddWithdrawal::Unfit(unfit)),
        };
        let NewWithdrawal { id, account, key, amount, currency, status, now } = new;
        let (key, currency) = (key.as_str(), currency.as_str());
        transaction.execute(ADD, args![*id, *account, key, *amount, currency, status.name(), *now]).await?;
        // One that waits is looked at once somebody has said that it may be carried out.
        let due_at = Some(*now).filter(|_| *status == WithdrawalStatus::Approved);
        for NewRefund { id: refund, payment, amount, clp } in refunds {
            let arguments = args![refund, *id, payment, *account, amount, clp, *now, due_at];
            transaction.execute(ADD_REFUND, arguments).await?;
        }
        transaction.commit().await?;
        Ok(AddWithdrawal::Added)
    }

    /// Says whether a withdrawal that waits may be carried out. Returns whether it waited.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn decide_withdrawal(
        &self,
        id: WithdrawalId,
        decision: Result<(), &str>,
        now: WallTime,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let status = if decision.is_ok() { WithdrawalStatus::Approved } else { WithdrawalStatus::Rejected };
        if transaction.execute(DECIDE, args![id, status.name(), now]).await? == 0 {
            return Ok(false);
        }
        match decision {
            Ok(()) => transaction.execute(BEGIN, args![id, now]).await?,
            Err(why) => {
                tell(&mut transaction, id, why, now).await?;
                transaction.execute(GIVE_UP, args![id, why, now]).await?
            }
        };
        transaction.commit().await?;
        Ok(true)
    }

    /// Returns a withdrawal.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn withdrawal(&self, id: WithdrawalId) -> Result<Option<WithdrawalRow>, StoreError> {
        self.row(BY_ID, args![id]).await?.map(|row| of_row(&row)).transpose()
    }

    /// Returns withdrawals of an account, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn withdrawals(
        &self,
        account: AccountId,
        before: Option<WithdrawalId>,
        limit: u32,
    ) -> Result<Vec<WithdrawalRow>, StoreError> {
        self.rows(OF_ACCOUNT, args![account, before, limit]).await?.iter().map(of_row).collect()
    }

    /// Returns withdrawals of all accounts, or those of a status, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all_withdrawals(
        &self,
        before: Option<WithdrawalId>,
        status: Option<WithdrawalStatus>,
        limit: u32,
    ) -> Result<Vec<WithdrawalRow>, StoreError> {
        let status = status.map(WithdrawalStatus::name);
        self.rows(ALL, args![before, status, limit]).await?.iter().map(of_row).collect()
    }
}

/// Returns what is left of each payment.
fn left_of(settled: &[Row], taken: &[Row]) -> Result<Vec<Refundable>, StoreError> {
    let mut left = Vec::with_capacity(settled.len());
    for row in settled {
        let whole = (row.get("amount")?, row.get("clp")?);
        left.push(Refundable { payment: PaymentId::new(row.get("id")?), whole, left: whole });
    }
    for row in taken {
        let payment = PaymentId::new(row.get("payment_id")?);
        let (amount, clp): (Amount, i64) = (row.get("amount")?, row.get("clp")?);
        for it in left.iter_mut().filter(|it| it.payment == payment) {
            it.left = (Amount(it.left.0.0 - amount.0), it.left.1 - clp);
        }
    }
    Ok(left)
}

/// Tells a person that a withdrawal was not allowed.
async fn tell(
    transaction: &mut Transaction,
    id: WithdrawalId,
    why: &str,
    now: WallTime,
) -> Result<(), StoreError> {
    let Some(row) = transaction.row(BY_ID, args![id]).await? else { return Ok(()) };
    let NewWithdrawal { account, amount, currency, .. } = of_row(&row)?.asked;
    let money = MoneyNotice {
        outcome: MoneyOutcome::Refused,
        reference: id.to_string(),
        amount: Number(amount.decimal()),
        currency,
        reason: Some(why.to_owned()),
    };
    told(transaction, (account, now), format!("withdrawal:{id}"), NoticeContent::Withdrawal(money)).await
}

fn of_row(row: &Row) -> Result<WithdrawalRow, StoreError> {
    let asked = NewWithdrawal {
        id: WithdrawalId::new(row.get("id")?),
        account: AccountId::new(row.get("account_id")?),
        key: row.get("idempotency_key")?,
        amount: row.get("amount")?,
        currency: row.get("currency")?,
        status: row.read("status", |word: String| WithdrawalStatus::of_name(&word))?,
        now: WallTime::from_nanos(row.get("created_at")?),
    };
    Ok(WithdrawalRow { asked, decided_at: row.get::<Option<i64>>("decided_at")?.map(WallTime::from_nanos) })
}
