//! Payments: money that comes in through a [`Provider`], and goes back to those who paid it in.
//!
//! | file | what it does |
//! |---|---|
//! | `provider`, `webpay` | whoever takes payments, as a port; the client of Webpay Plus |
//! | `sandbox` | what plays Webpay, with a state of its own: no money moves |
//! | `paying`, `returning` | a payment is asked for; a browser comes back |
//! | `settling` | what became of payments, and the cash for them |
//! | `withdrawing`, `refunding` | money that goes back, and its parts, each of one payment |
//! | `resolving` | what an operator says of what cannot be found out |
//! | `money` | Chilean pesos |
//!
//! Each step is written to the database before the next is taken, and moves a row only if it still stands
//! where it was seen; so a process can end at any point, and whoever finds the row goes on. Cash enters and
//! leaves the market by requests whose names follow from the id of the payment or refund: the market does one
//! of a name once. What a provider has done is never guessed: a payment is asked about until it says so, and
//! a refund is sent once more only if the provider says, a while later, that it has not happened.
//!
//! Deliberately absent: HTTP, and cookies. Who a payment is of follows from its row.

mod money;
mod paying;
mod provider;
mod refunding;
mod resolving;
mod returning;
mod sandbox;
mod settling;
#[cfg(test)]
mod tests;
mod views;
mod webpay;
mod withdrawing;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bearpit_core::units::Decimal;
use thiserror::Error;
use tokio::sync::Mutex;

use super::admin::AuditLog;
use super::identity::{Clock, of_store};
use super::trading::Trading;
use crate::config::{PaymentProvider, PaymentsConfig};
use crate::domain::{AccountId, Actor, Problem, ProblemKind, WallTime};
use crate::store::database::{Amount, Database};
use crate::store::people::People;
use money::Rate;

pub use paying::PaymentRequest;
pub use provider::{
    Asking, NewTransaction, OpenedTransaction, Provider, ProviderError, RefundAnswer, TransactionAnswer,
};
pub use resolving::{HeldView, PaymentOutcome, RefundOutcome, ResolvePayment, ResolveRefund};
pub use returning::{ComeBack, ReturnView};
pub use sandbox::{Choice, Sandbox, SandboxError, SandboxPage};
pub use views::{PaymentView, PaymentsPage, RedirectView, RefundView, WithdrawalView, WithdrawalsPage};
pub use webpay::{PATH as WEBPAY_PATH, Webpay};
pub use withdrawing::{WithdrawalRequest, WithdrawalStatusName};

/// Where browsers come back to, below the address of the server.
pub const RETURN_PATH: &str = "/api/payments/return";

/// The currency that the provider takes.
const PESOS: &str = "CLP";
/// How many pesos a unit of another currency is in the sandbox, where nobody says.
const SANDBOX_RATE: Decimal = Decimal::new(1_000, 0);
/// The longest key, in characters.
const KEY_MAX: usize = 128;
/// How often it is looked for what is left to do.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How many rows are looked at, at a time.
const LOOK_AT: u32 = 100;
/// How long a provider may take, with some more: a row that is being worked at is left alone so long.
const PATIENCE: Duration = Duration::from_secs(30);
/// When the market is asked again that took nothing.
const SOON: Duration = Duration::from_secs(2);
/// How long a market may be asked again by the name of a request: it remembers those of seven days.
const REMEMBERED: i64 = 6 * 86_400 * 1_000_000_000;

/// What payments are made of.
pub struct PaymentsParts {
    /// Through whom, and how much.
    pub config: PaymentsConfig,
    /// Whoever takes them; none where there are no payments.
    pub provider: Option<Arc<dyn Provider>>,
    /// What the addresses of this server begin with, as browsers know it.
    pub public_url: String,
    /// The market.
    pub trading: Arc<Trading>,
    /// Where payments are.
    pub database: Database,
    /// The log of what is done.
    pub log: AuditLog,
    /// What time it is.
    pub clock: Clock,
}

impl fmt::Debug for PaymentsParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaymentsParts").field("config", &self.config).finish_non_exhaustive()
    }
}

/// There can be no payments.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PaymentsError {
    /// Nobody has said what the market's currency is in pesos.
    #[error(
        "the market's currency is {0}, and Webpay takes Chilean pesos: set `payments.clp_per_unit` to how many \
         of them a {0} is, such as payments.clp_per_unit = \"950\""
    )]
    NoRate(String),
    /// The address to which browsers come back is too long for Webpay.
    #[error("`public_url` has too many characters: Webpay takes 255 with {RETURN_PATH}")]
    LongReturn,
}

/// Takes payments, and pays back.
pub struct Payments {
    config: PaymentsConfig,
    provider: Option<Arc<dyn Provider>>,
    return_url: String,
    rate: Rate,
    trading: Arc<Trading>,
    people: People,
    database: Database,
    log: AuditLog,
    clock: Clock,
    /// Cash enters and leaves one after the other, so that what one has asked is written before another
    /// looks.
    turn: Mutex<()>,
}

impl fmt::Debug for Payments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payments").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Payments {
    /// Puts it together.
    ///
    /// # Errors
    /// [`PaymentsError`] if there can be none.
    pub fn new(parts: PaymentsParts) -> Result<Self, PaymentsError> {
        let PaymentsParts { config, provider, public_url, trading, database, log, clock } = parts;
        let rate = rate_of(&config, trading.data.currency())?;
        let return_url = format!("{public_url}{RETURN_PATH}");
        if provider.is_some() && return_url.len() > 255 {
            return Err(PaymentsError::LongReturn);
        }
        let (people, turn) = (People::new(database.clone()), Mutex::new(()));
        Ok(Self { config, provider, return_url, rate, trading, people, database, log, clock, turn })
    }

    fn now(&self) -> WallTime {
        (self.clock)()
    }

    /// Returns whoever takes payments.
    fn provider(&self) -> Result<&dyn Provider, Problem> {
        let off = || Problem::new(ProblemKind::NotFound, "payments_off", "there are no payments here");
        self.provider.as_deref().ok_or_else(off)
    }

    /// Returns the first account of a person, which alone can be paid into.
    async fn account_of(&self, who: &Actor) -> Result<AccountId, Problem> {
        let user = self.people.of_id(who.user).await.map_err(of_store)?;
        let account = user.map_or(who.account, |user| user.account);
        if account == who.account {
            return Ok(account);
        }
        let message = "money comes into a person's first account only, never into one of a contest";
        Err(Problem::new(ProblemKind::Forbidden, "account_of_contest", message))
    }
}

/// Returns how many pesos a unit of a currency is.
///
/// # Errors
/// [`PaymentsError::NoRate`] if nobody has said so, and money moves by it.
fn rate_of(config: &PaymentsConfig, currency: &str) -> Result<Rate, PaymentsError> {
    if currency == PESOS {
        return Ok(Rate(Decimal::new(1, 0)));
    }
    match (config.clp_per_unit, config.provider) {
        (Some(rate), _) => Ok(Rate(rate)),
        (None, PaymentProvider::Sandbox | PaymentProvider::Off) => Ok(Rate(SANDBOX_RATE)),
        (None, PaymentProvider::Webpay) => Err(PaymentsError::NoRate(currency.to_owned())),
    }
}

/// Checks that money can be counted in the provider's currency.
///
/// # Errors
/// [`PaymentsError::NoRate`] if nobody has said what a unit of the market's is, and money moves by it.
pub fn check_rate(config: &PaymentsConfig, currency: &str) -> Result<(), PaymentsError> {
    rate_of(config, currency).map(drop)
}

/// Checks the key under which something is done once.
fn key_of(key: &str) -> Result<String, Problem> {
    let key = key.trim();
    if (1..=KEY_MAX).contains(&key.chars().count()) && !key.chars().any(char::is_control) {
        return Ok(key.to_owned());
    }
    let message = format!("a key has 1 to {KEY_MAX} characters, none of them a control character");
    Err(invalid("idempotency_key", message))
}

/// Checks an amount that is to be moved.
fn amount_of(amount: Decimal) -> Result<Amount, Problem> {
    let fit = Amount::of(amount).filter(|amount| amount.0 > 0);
    fit.ok_or_else(|| invalid("amount", "an amount is more than zero, and has at most ten decimals"))
}

fn invalid(field: &'static str, message: impl fmt::Display) -> Problem {
    Problem::new(ProblemKind::Refused, "invalid_field", message).at(field)
}

/// A key was used for something else.
fn key_in_use() -> Problem {
    let message = "this key was used for another amount";
    let problem = Problem::new(ProblemKind::Conflict, "idempotency_key_in_use", message);
    problem.at("idempotency_key").hint("what is to be done anew needs a key of its own")
}

/// Whoever is blocked or has left moves no money.
fn shut() -> Problem {
    Problem::new(ProblemKind::Forbidden, "blocked", "nobody can move money of this account")
}
