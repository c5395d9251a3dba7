//! Browsers that come back from the provider: the payment is found by what they bring, never by a cookie.

use super::Payments;
use super::webpay::is_token;
use crate::domain::{Number, PaymentState, Problem, ProblemKind};
use crate::services::identity::of_store;
use crate::store::payments::PaymentRow;

/// What a browser brings back.
#[derive(Clone, Default)]
pub struct ComeBack {
    /// The token of a payment that was paid or declined.
    pub token_ws: Option<String>,
    /// The token of one that was aborted.
    pub tbk_token: Option<String>,
    /// What we call a payment that took too long, or was aborted.
    pub order: Option<String>,
    /// What else we said of it.
    pub session: Option<String>,
}

impl std::fmt::Debug for ComeBack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ComeBack").finish_non_exhaustive()
    }
}

/// What is shown to whoever comes back: of the person nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnView {
    /// How far the payment has come.
    pub state: PaymentState,
    /// How much.
    pub amount: Number,
    /// In which currency.
    pub currency: String,
    /// How much, in Chilean pesos.
    pub clp: i64,
}

impl Payments {
    /// Finds out what became of a payment whose browser has come back, as often as it does.
    ///
    /// # Errors
    /// [`Problem`] if there is no such payment, or the database is away.
    pub async fn come_back(&self, with: ComeBack) -> Result<ReturnView, Problem> {
        self.provider()?;
        let ComeBack { token_ws, tbk_token, order, session } = with;
        // A payment that was aborted is none that was paid, whatever else is brought.
        let row = match (tbk_token, token_ws) {
            (Some(token), _) => {
                let row = self.of_token(&token).await?;
                self.not_paid(row, PaymentState::Aborted).await?
            }
            (None, Some(token)) => {
                let row = self.of_token(&token).await?;
                self.paid_perhaps(row).await?
            }
            (None, None) => {
                let (order, session) = (order.unwrap_or_default(), session.unwrap_or_default());
                let row = self.database.payment_of_order(&order, &session).await.map_err(of_store)?;
                self.not_paid(row.ok_or_else(nothing_here)?, PaymentState::Expired).await?
            }
        };
        let PaymentRow { asked, state, .. } = row;
        Ok(ReturnView {
            state,
            amount: Number(asked.amount.decimal()),
            currency: asked.currency,
            clp: asked.clp,
        })
    }

    async fn of_token(&self, token: &str) -> Result<PaymentRow, Problem> {
        if !is_token(token) {
            return Err(nothing_here());
        }
        self.database.payment_of_token(token).await.map_err(of_store)?.ok_or_else(nothing_here)
    }

    async fn paid_perhaps(&self, row: PaymentRow) -> Result<PaymentRow, Problem> {
        match row.state {
            // What we gave up can have been paid all the same: the provider's word counts.
            PaymentState::Redirected | PaymentState::Aborted | PaymentState::Expired => {
                self.confirm(row, true).await
            }
            PaymentState::Authorized => self.fund(row).await,
            // Somebody else is asking, or has asked: the page says how far it is.
            _ => Ok(row),
        }
    }
}

fn nothing_here() -> Problem {
    Problem::new(ProblemKind::NotFound, "unknown_payment", "there is no such payment")
}
