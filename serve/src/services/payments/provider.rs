//! [`Provider`]: whoever takes payments and pays back, as a port; what they answer, in their words.

use std::future::Future;
use std::pin::Pin;

use thiserror::Error;

/// A payment that a provider is to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTransaction<'a> {
    /// What it is called, at most 26 characters.
    pub buy_order: &'a str,
    /// What else is said of it, at most 61 characters.
    pub session: &'a str,
    /// How much, in Chilean pesos.
    pub clp: i64,
    /// Where the browser is to come back to, at most 255 characters.
    pub return_url: &'a str,
}

/// A payment that a provider waits for.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenedTransaction {
    /// What the provider calls it. Whoever knows it can pay it, and see what came of it.
    pub token: String,
    /// Where it is paid, by a form with the token as `token_ws`.
    pub url: String,
}

impl std::fmt::Debug for OpenedTransaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenedTransaction").field("url", &self.url).finish_non_exhaustive()
    }
}

/// What a provider says of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionAnswer {
    /// How far it has come, in the provider's word: `AUTHORIZED` if it was paid.
    pub status: String,
    /// The provider's code: 0 if it was paid.
    pub response_code: Option<i64>,
    /// What it was to be called.
    pub buy_order: String,
    /// How much; none for what is no whole number of pesos.
    pub clp: Option<i64>,
    /// The number of what was authorized.
    pub authorization_code: Option<String>,
    /// The last digits of the card.
    pub card: Option<String>,
    /// What is left of it after refunds, if the provider says so.
    pub balance: Option<i64>,
}

/// What a provider says of a refund that it has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundAnswer {
    /// The number of it, if there is one.
    pub authorization_code: Option<String>,
}

/// Why a provider has not done what it was asked to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProviderError {
    /// It has not done it, and may later: it was not reached, or has no time.
    #[error("the provider did not do it: {0}")]
    NotDone(String),
    /// It says no.
    #[error("the provider says no: {0}")]
    Refused(String),
    /// Whether it has done it is not known.
    #[error("whether the provider did it is not known: {0}")]
    Unclear(String),
}

/// What is being asked of a provider.
pub type Asking<'a, T> = Pin<Box<dyn Future<Output = Result<T, ProviderError>> + Send + 'a>>;

/// Takes payments, and pays back.
pub trait Provider: Send + Sync {
    /// Begins a payment.
    fn create<'a>(&'a self, new: NewTransaction<'a>) -> Asking<'a, OpenedTransaction>;

    /// Ends a payment, once: from then on it is paid, or not.
    fn commit<'a>(&'a self, token: &'a str) -> Asking<'a, TransactionAnswer>;

    /// Says how far a payment has come.
    fn status<'a>(&'a self, token: &'a str) -> Asking<'a, TransactionAnswer>;

    /// Pays a part of a payment back. It is not told which refund it is: whoever asks twice pays twice.
    fn refund<'a>(&'a self, token: &'a str, clp: i64) -> Asking<'a, RefundAnswer>;
}
