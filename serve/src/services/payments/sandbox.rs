//! [`Sandbox`]: plays Webpay, so that the whole flow runs on one machine. It has a state of its own, which
//! survives a restart, and moves no money.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use super::webpay::{TOKEN_LENGTH, is_token};
use crate::domain::WallTime;
use crate::services::identity::Clock;
use crate::store::database::{Database, StoreError};
use crate::store::payments::{NewSandboxTransaction, SandboxTransaction};

/// How long a payment can be paid.
const PAYABLE: Duration = Duration::from_mins(10);
/// The last digits of the card that everybody pays with.
const CARD: &str = "6623";
/// The most pesos of a payment.
const CLP_MAX: i64 = 999_999_999_999;

/// Plays Webpay.
pub struct Sandbox {
    database: Database,
    clock: Clock,
    /// Where a payment is paid.
    pay_url: String,
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("pay_url", &self.pay_url).finish_non_exhaustive()
    }
}

/// What somebody does on the page where a payment is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Pays it.
    Pay,
    /// Pays it with a card that is declined.
    Decline,
    /// Goes back without paying.
    Abort,
}

/// What the page shows where a payment is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxPage {
    /// What the merchant calls it.
    pub buy_order: String,
    /// How much, in Chilean pesos.
    pub clp: i64,
    /// Where the browser goes afterwards.
    pub return_url: String,
}

/// Why the sandbox does not do something: a status of HTTP, and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxError {
    /// The status.
    pub status: u16,
    /// The sentence.
    pub message: String,
}

impl From<StoreError> for SandboxError {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "the sandbox");
        refuse(500, "the sandbox has no database")
    }
}

fn refuse(status: u16, message: impl Into<String>) -> SandboxError {
    SandboxError { status, message: message.into() }
}

impl Sandbox {
    /// Makes one, with the address of its page.
    #[must_use]
    pub const fn new(database: Database, clock: Clock, pay_url: String) -> Self {
        Self { database, clock, pay_url }
    }

    fn now(&self) -> WallTime {
        (self.clock)()
    }

    /// Begins a payment.
    ///
    /// # Errors
    /// [`SandboxError`] if a field is missing, too long, or no amount of whole pesos.
    pub async fn create(&self, body: &Value) -> Result<Value, SandboxError> {
        let text = |field: &str, most: usize| {
            let text = body[field].as_str().filter(|text| (1..=most).contains(&text.chars().count()));
            text.map(str::to_owned).ok_or_else(|| refuse(422, format!("{field} is required, max {most}")))
        };
        let clp = body["amount"].as_i64().filter(|clp| (1..=CLP_MAX).contains(clp));
        let new = NewSandboxTransaction {
            token: token(),
            buy_order: text("buy_order", 26)?,
            session: text("session_id", 61)?,
            clp: clp.ok_or_else(|| refuse(422, "amount is required, whole and positive"))?,
            return_url: text("return_url", 255)?,
        };
        self.database.add_sandbox_transaction(&new, self.now()).await?;
        Ok(json!({ "token": new.token, "url": self.pay_url }))
    }

    /// Ends a payment, once.
    ///
    /// # Errors
    /// [`SandboxError`] if there is none, or it was ended before, or nobody has paid.
    pub async fn commit(&self, token: &str) -> Result<Value, SandboxError> {
        let found = self.found(token).await?;
        let (to, code) = match found.status.as_str() {
            "paid" => ("authorized", Some(format!("{:06}", uuid::Uuid::new_v4().as_u128() % 1_000_000))),
            "declined" => ("failed", None),
            "authorized" | "failed" => return Err(refuse(422, "Transaction already committed")),
            status => {
                return Err(refuse(
                    422,
                    format!("Invalid status '{status}' for transaction while authorizing"),
                ));
            }
        };
        let (steps, now) = ((found.status.as_str(), to), self.now());
        if !self.database.commit_sandbox_transaction(token, steps, code, now).await? {
            return Err(refuse(422, "Transaction already locked by another process"));
        }
        self.status(token).await
    }

    /// Says how far a payment has come.
    ///
    /// # Errors
    /// [`SandboxError`] if there is none.
    pub async fn status(&self, token: &str) -> Result<Value, SandboxError> {
        let found = self.found(token).await?;
        let SandboxTransaction { asked, status, authorization_code, refunded, .. } = found;
        let balance = asked.clp - refunded;
        let (status, code) = match status.as_str() {
            "authorized" if balance == 0 => ("NULLIFIED", Some(0)),
            "authorized" if refunded > 0 => ("PARTIALLY_NULLIFIED", Some(0)),
            "authorized" => ("AUTHORIZED", Some(0)),
            "failed" => ("FAILED", Some(-1)),
            _ => ("INITIALIZED", None),
        };
        let mut answer = json!({
            "buy_order": asked.buy_order,
            "session_id": asked.session,
            "amount": asked.clp,
            "status": status,
        });
        if let (Some(code), Some(fields)) = (code, answer.as_object_mut()) {
            fields.insert("response_code".to_owned(), code.into());
            fields.insert("card_detail".to_owned(), json!({ "card_number": CARD }));
            fields.insert("authorization_code".to_owned(), authorization_code.into());
            fields.insert("balance".to_owned(), balance.into());
        }
        Ok(answer)
    }

    /// Pays a part of a payment back.
    ///
    /// # Errors
    /// [`SandboxError`] if there is none, it was not paid, or has not that much left.
    pub async fn refund(&self, token: &str, body: &Value) -> Result<Value, SandboxError> {
        self.found(token).await?;
        let clp = body["amount"].as_i64().ok_or_else(|| refuse(422, "amount is required"))?;
        let left = self.database.add_sandbox_refund(token, clp, self.now()).await?;
        let left = left.ok_or_else(|| refuse(422, "Amount to refund is bigger than what is left"))?;
        let code = format!("{:06}", uuid::Uuid::new_v4().as_u128() % 1_000_000);
        Ok(json!({
            "type": "NULLIFIED",
            "authorization_code": code,
            "nullified_amount": clp,
            "balance": left,
            "response_code": 0,
        }))
    }

    /// Returns what the page shows where a payment is paid.
    ///
    /// # Errors
    /// [`SandboxError`] if there is none that can be paid.
    pub async fn page(&self, token: &str) -> Result<SandboxPage, SandboxError> {
        let SandboxTransaction { asked, status, .. } = self.found(token).await?;
        if status != "initialized" {
            return Err(refuse(409, "This payment is over."));
        }
        Ok(SandboxPage { buy_order: asked.buy_order, clp: asked.clp, return_url: asked.return_url })
    }

    /// Does what somebody has chosen on the page; returns where the browser goes next.
    ///
    /// # Errors
    /// [`SandboxError`] if there is no such payment, or it is over.
    pub async fn choose(&self, token: &str, choice: Choice) -> Result<String, SandboxError> {
        let SandboxTransaction { asked, created_at, .. } = self.found(token).await?;
        let is_late = self.now() > created_at.after(PAYABLE);
        let to = match choice {
            _ if is_late => "timed_out",
            Choice::Pay => "paid",
            Choice::Decline => "declined",
            Choice::Abort => "aborted",
        };
        if !self.database.move_sandbox_transaction(token, "initialized", to).await? {
            return Err(refuse(409, "This payment is over."));
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        match to {
            "paid" | "declined" => {
                query.append_pair("token_ws", token);
            }
            to => {
                if to == "aborted" {
                    query.append_pair("TBK_TOKEN", token);
                }
                query.append_pair("TBK_ID_SESION", &asked.session);
                query.append_pair("TBK_ORDEN_COMPRA", &asked.buy_order);
            }
        }
        let joint = if asked.return_url.contains('?') { '&' } else { '?' };
        Ok(format!("{}{joint}{}", asked.return_url, query.finish()))
    }

    async fn found(&self, token: &str) -> Result<SandboxTransaction, SandboxError> {
        let found = if is_token(token) { self.database.sandbox_transaction(token).await? } else { None };
        found.ok_or_else(|| refuse(404, "Transaction not found"))
    }
}

/// Draws a token.
fn token() -> String {
    let halves = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()];
    let token: String = halves.iter().map(|half| half.simple().to_string()).collect();
    debug_assert_eq!(token.len(), TOKEN_LENGTH);
    token
}
