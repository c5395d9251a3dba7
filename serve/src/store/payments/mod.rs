//! Payments: money that came in through a provider, each step written before the next is taken.
//!
//! | file | what it has |
//! |---|---|
//! | `withdrawals` | what is to go back, and of which payments |
//! | `refunds` | the part of a withdrawal that is of one payment |
//! | `sandbox` | what the sandbox knows, which plays a provider |
//!
//! A row moves from one state to another only if it still is in the first: of several who see it one moves
//! it. `statements!` of `withdrawals` keep what is taken of a payment below what came in.

pub(in crate::store) mod refunds;
pub(in crate::store) mod sandbox;
pub(in crate::store) mod withdrawals;

use super::database::{Amount, Database, Row, StoreError, Transaction, args, statements};
use super::notices::{self, NewNotice};
use crate::domain::{
    AccountId, MoneyNotice, MoneyOutcome, NoticeContent, Number, PaymentId, PaymentState, WallTime,
};

pub use refunds::{RefundRow, RefundStep};
pub use sandbox::{NewSandboxTransaction, SandboxTransaction};
pub use withdrawals::{AddWithdrawal, NewRefund, NewWithdrawal, Refundable, WithdrawalRow, WithdrawalStatus};

statements! {
    // Whoever is blocked pays nothing in; others of the account wait for each other here.
    LOCK = "UPDATE users SET role = role WHERE account_id = $1 AND blocked_at IS NULL";
    COUNT_OPEN = "SELECT COUNT(*) AS open FROM payments WHERE account_id = $1 AND due_at IS NOT NULL";
    ADD = "INSERT INTO payments (id, account_id, idempotency_key, buy_order, session_id, state, amount, currency,
        clp, rate, created_at, changed_at, due_at)
        VALUES ($1, $2, $3, $4, $5, 'created', $6, $7, $8, $9, $10, $10, $11)";
    // Nobody was told of it.
    REMOVE = "DELETE FROM payments WHERE id = $1 AND state = 'created' AND token IS NULL";
    OPENED = "UPDATE payments SET state = 'redirected', token = $2, url = $3, changed_at = $4, due_at = $5
        WHERE id = $1 AND state = 'created' AND token IS NULL";
    MOVE = "UPDATE payments SET state = $3, note = $4, market_at = $5, changed_at = $6,
        due_at = $7, authorization_code = COALESCE($8, authorization_code), card = COALESCE($9, card),
        response_code = COALESCE($10, response_code)
        WHERE id = $1 AND state = $2";
    CLAIM = "UPDATE payments SET due_at = $3 WHERE id = $1 AND due_at = $2";
    BY_ID = "SELECT * FROM payments WHERE id = $1";
    BY_KEY = "SELECT * FROM payments WHERE account_id = $1 AND idempotency_key = $2";
    BY_TOKEN = "SELECT * FROM payments WHERE token = $1";
    BY_ORDER = "SELECT * FROM payments WHERE buy_order = $1 AND session_id = $2";
    OF_ACCOUNT = "SELECT * FROM payments WHERE account_id = $1 AND (CAST($2 AS UUID) IS NULL OR id < $2)
        ORDER BY id DESC LIMIT $3";
    DUE = "SELECT * FROM payments WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2";
    HELD = "SELECT * FROM payments WHERE state = 'held' ORDER BY id LIMIT 1000";
    UNDER_WAY = "SELECT 1 AS one WHERE
        EXISTS (SELECT 1 FROM payments WHERE account_id = $1 AND (due_at IS NOT NULL OR state = 'held'))
        OR EXISTS (SELECT 1 FROM refunds WHERE account_id = $1
            AND state NOT IN ('done', 'refused', 'returned'))";
}

/// A payment that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPayment {
    /// Its id.
    pub id: PaymentId,
    /// The account.
    pub account: AccountId,
    /// The key under which it is made once.
    pub key: String,
    /// What the provider is to call it.
    pub buy_order: String,
    /// What else the provider is told of it.
    pub session: String,
    /// How much, in the market's currency.
    pub amount: Amount,
    /// That currency.
    pub currency: String,
    /// How much, in Chilean pesos.
    pub clp: i64,
    /// How many of them a unit of the currency is, as it was computed.
    pub rate: String,
    /// When it is made.
    pub now: WallTime,
    /// When it is looked at, if nothing else happens.
    pub due_at: WallTime,
}

/// A payment as it stands.
#[derive(Clone, PartialEq, Eq)]
pub struct PaymentRow {
    /// What was asked for.
    pub asked: NewPayment,
    /// How far it has come.
    pub state: PaymentState,
    /// What the provider calls it.
    pub token: Option<String>,
    /// Where it is paid.
    pub url: Option<String>,
    /// The provider's number of what it has authorized.
    pub authorization_code: Option<String>,
    /// The last digits of the card.
    pub card: Option<String>,
    /// The provider's code: 0 if it was paid.
    pub response_code: Option<i64>,
    /// Why it stands as it stands.
    pub note: Option<String>,
    /// The virtual time at which the market was asked first.
    pub market_at: Option<i64>,
    /// When it last moved.
    pub changed_at: WallTime,
    /// When it is looked at next.
    pub due_at: Option<WallTime>,
}

impl std::fmt::Debug for PaymentRow {
    /// Without its token, by which its page is found.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let id = self.asked.id;
        f.debug_struct("PaymentRow").field("id", &id).field("state", &self.state).finish_non_exhaustive()
    }
}

/// What came of a payment that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddPayment {
    /// It is there.
    Added,
    /// There is one of its key.
    Known(Box<PaymentRow>),
    /// So many of the account are under way that there can be no other.
    TooMany,
    /// Nobody uses the account any more, or whoever does is blocked.
    Shut,
}

/// A step of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentStep {
    /// Where to.
    pub to: PaymentState,
    /// Why.
    pub note: Option<String>,
    /// The virtual time, if the market is asked for the first time; what was there is forgotten.
    pub market_at: Option<i64>,
    /// When it is taken.
    pub now: WallTime,
    /// When it is looked at next.
    pub due_at: Option<WallTime>,
    /// What the provider says, if that is new.
    pub said: ProviderSaid,
}

/// What a provider says of a payment; what it does not say stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderSaid {
    /// Its number of what it has authorized.
    pub authorization_code: Option<String>,
    /// The last digits of the card.
    pub card: Option<String>,
    /// Its code.
    pub response_code: Option<i64>,
}

impl Database {
    /// Adds a payment, unless there is one of its key, or the account may have none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_payment(&self, new: &NewPayment, open_max: u32) -> Result<AddPayment, StoreError> {
        let mut transaction = self.begin().await?;
        let is_open = transaction.execute(LOCK, args![new.account]).await? == 1;
        let known = transaction.row(BY_KEY, args![new.account, new.key.as_str()]).await?;
        if let Some(known) = known {
            return of_row(&known).map(Box::new).map(AddPayment::Known);
        }
        if !is_open {
            return Ok(AddPayment::Shut);
        }
        let count = transaction.row(COUNT_OPEN, args![new.account]).await?;
        let open: i64 = count.map_or(Ok(0), |row| row.get("open"))?;
        if open >= i64::from(open_max) {
            return Ok(AddPayment::TooMany);
        }
        let NewPayment { id, account, key, buy_order, session, amount, currency, clp, rate, now, due_at } =
            new;
        let (key, buy_order, session) = (key.as_str(), buy_order.as_str(), session.as_str());
        let (currency, rate) = (currency.as_str(), rate.as_str());
        let arguments =
            args![*id, *account, key, buy_order, session, *amount, currency, *clp, rate, *now, *due_at];
        transaction.execute(ADD, arguments).await?;
        transaction.commit().await?;
        Ok(AddPayment::Added)
    }

    /// Removes a payment of which the provider has not answered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_payment(&self, id: PaymentId) -> Result<(), StoreError> {
        self.execute(REMOVE, args![id]).await.map(drop)
    }

    /// Notes what the provider calls a payment, and where it is paid. Returns whether that was not known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn payment_opened(
        &self,
        id: PaymentId,
        (token, url): (&str, &str),
        now: WallTime,
        due_at: WallTime,
    ) -> Result<bool, StoreError> {
        Ok(self.execute(OPENED, args![id, token, url, now, due_at]).await? == 1)
    }

    /// Moves a payment, if it still stands where it was seen, and tells its person if the account has the
    /// money now. Returns whether it did.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn move_payment(
        &self,
        id: PaymentId,
        from: PaymentState,
        step: &PaymentStep,
    ) -> Result<bool, StoreError> {
        let PaymentStep { to, note, market_at, now, due_at, said } = step;
        let ProviderSaid { authorization_code, card, response_code } = said.clone();
        let arguments = args![
            id,
            from.name(),
            to.name(),
            note.clone(),
            *market_at,
            *now,
            *due_at,
            authorization_code,
            card,
            response_code
        ];
        let mut transaction = self.begin().await?;
        if transaction.execute(MOVE, arguments).await? == 0 {
            return Ok(false);
        }
        if *to == PaymentState::Settled {
            tell(&mut transaction, id, *now).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Takes a payment that is due, until a while later. Returns whether it was there to be taken.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_payment(&self, row: &PaymentRow, until: WallTime) -> Result<bool, StoreError> {
        Ok(self.execute(CLAIM, args![row.asked.id, row.due_at, until]).await? == 1)
    }

    /// Returns a payment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn payment(&self, id: PaymentId) -> Result<Option<PaymentRow>, StoreError> {
        self.row(BY_ID, args![id]).await?.map(|row| of_row(&row)).transpose()
    }

    /// Returns the payment that the provider calls so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn payment_of_token(&self, token: &str) -> Result<Option<PaymentRow>, StoreError> {
        self.row(BY_TOKEN, args![token]).await?.map(|row| of_row(&row)).transpose()
    }

    /// Returns the payment that the provider was told to call so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn payment_of_order(
        &self,
        buy_order: &str,
        session: &str,
    ) -> Result<Option<PaymentRow>, StoreError> {
        self.row(BY_ORDER, args![buy_order, session]).await?.map(|row| of_row(&row)).transpose()
    }

    /// Returns payments of an account, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn payments(
        &self,
        account: AccountId,
        before: Option<PaymentId>,
        limit: u32,
    ) -> Result<Vec<PaymentRow>, StoreError> {
        self.rows(OF_ACCOUNT, args![account, before, limit]).await?.iter().map(of_row).collect()
    }

    /// Returns payments that are to be looked at, up to so many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due_payments(&self, now: WallTime, most: u32) -> Result<Vec<PaymentRow>, StoreError> {
        self.rows(DUE, args![now, most]).await?.iter().map(of_row).collect()
    }

    /// Returns payments at which an operator has to look.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn held_payments(&self) -> Result<Vec<PaymentRow>, StoreError> {
        self.rows(HELD, args![]).await?.iter().map(of_row).collect()
    }

    /// Returns whether money of an account is under way.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_payments_under_way(&self, account: AccountId) -> Result<bool, StoreError> {
        Ok(self.row(UNDER_WAY, args![account]).await?.is_some())
    }
}

/// Tells a person that the money of a payment has come.
async fn tell(transaction: &mut Transaction, id: PaymentId, now: WallTime) -> Result<(), StoreError> {
    let Some(row) = transaction.row(BY_ID, args![id]).await? else { return Ok(()) };
    let NewPayment { account, amount, currency, .. } = of_row(&row)?.asked;
    let money = MoneyNotice {
        outcome: MoneyOutcome::Received,
        reference: id.to_string(),
        amount: Number(amount.decimal()),
        currency,
        reason: None,
    };
    told(transaction, (account, now), format!("payment:{id}"), NoticeContent::Deposit(money)).await
}

/// Tells whoever has an account something about money.
async fn told(
    transaction: &mut Transaction,
    (account, at): (AccountId, WallTime),
    source: String,
    content: NoticeContent,
) -> Result<(), StoreError> {
    let Some(user) = notices::owner_of(transaction, account).await? else { return Ok(()) };
    let notice = NewNotice { user, account: Some(account), at, source: Some(source), content };
    notices::add(transaction, &notice).await.map(drop)
}

fn of_row(row: &Row) -> Result<PaymentRow, StoreError> {
    let time = |column| row.get(column).map(WallTime::from_nanos);
    let asked = NewPayment {
        id: PaymentId::new(row.get("id")?),
        account: AccountId::new(row.get("account_id")?),
        key: row.get("idempotency_key")?,
        buy_order: row.get("buy_order")?,
        session: row.get("session_id")?,
        amount: row.get("amount")?,
        currency: row.get("currency")?,
        clp: row.get("clp")?,
        rate: row.get("rate")?,
        now: time("created_at")?,
        due_at: time("created_at")?,
    };
    Ok(PaymentRow {
        asked,
        state: row.read("state", |word: String| PaymentState::of_name(&word))?,
        token: row.get("token")?,
        url: row.get("url")?,
        authorization_code: row.get("authorization_code")?,
        card: row.get("card")?,
        response_code: row.get("response_code")?,
        note: row.get("note")?,
        market_at: row.get("market_at")?,
        changed_at: time("changed_at")?,
        due_at: row.get::<Option<i64>>("due_at")?.map(WallTime::from_nanos),
    })
}
