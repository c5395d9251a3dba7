//! What an operator says of payments and refunds that cannot be found out.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{PaymentView, Payments, RefundView};
use crate::domain::{Actor, PaymentId, PaymentState, Problem, ProblemKind, RefundId, RefundState};
use crate::services::admin::{Deed, reason_of};
use crate::services::identity::of_store;

/// What needs an operator.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HeldView {
    /// Payments whose answer does not fit.
    pub payments: Vec<PaymentView>,
    /// Refunds of which it is not known whether they have happened.
    pub refunds: Vec<RefundView>,
}

/// What became of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentOutcome {
    /// It was paid, and the account has not got it: it gets it.
    Fund,
    /// It was paid, and the account has it.
    Settled,
    /// It was not paid, or goes back outside of this server.
    Refused,
}

/// What became of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundOutcome {
    /// The provider has paid it out.
    Done,
    /// The provider has not paid it out, and the account was debited: it gets the cash back.
    CreditBack,
    /// Nothing was moved, or all of it is where it was.
    Refused,
}

/// What an operator says of a payment.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolvePayment {
    /// What became of it.
    pub outcome: PaymentOutcome,
    /// How that is known.
    #[schema(max_length = 500, min_length = 1)]
    pub reason: String,
}

/// What an operator says of a refund.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveRefund {
    /// What became of it.
    pub outcome: RefundOutcome,
    /// How that is known.
    #[schema(max_length = 500, min_length = 1)]
    pub reason: String,
}

impl Payments {
    /// Returns what needs an operator.
    ///
    /// # Errors
    /// [`Problem`] if the database is away.
    pub async fn held(&self) -> Result<HeldView, Problem> {
        let payments = self.database.held_payments().await.map_err(of_store)?;
        let refunds = self.database.held_refunds().await.map_err(of_store)?;
        Ok(HeldView {
            payments: payments.into_iter().map(PaymentView::from).collect(),
            refunds: refunds.into_iter().map(RefundView::from).collect(),
        })
    }

    /// Says what became of a payment that is held.
    ///
    /// # Errors
    /// [`Problem`] if it is not held, or is one's own.
    pub async fn resolve_payment(
        self: &Arc<Self>,
        by: Actor,
        id: PaymentId,
        request: ResolvePayment,
    ) -> Result<PaymentView, Problem> {
        let ResolvePayment { outcome, reason } = request;
        let deed = Deed::new("payment.resolve").to("payment", id).because(reason_of(&reason)?);
        let deed = deed.with(json!({ "outcome": outcome }));
        let this = Arc::clone(self);
        let work = async move {
            let found = this.database.payment(id).await.map_err(of_store)?;
            let row = found.ok_or_else(|| super::paying::unknown(id))?;
            this.refuse_own(&by, row.asked.account).await?;
            if row.state != PaymentState::Held {
                return Err(not_held());
            }
            let (to, due_at) = match outcome {
                PaymentOutcome::Fund => (PaymentState::Authorized, Some(this.now())),
                PaymentOutcome::Settled => (PaymentState::Settled, None),
                PaymentOutcome::Refused => (PaymentState::Refused, None),
            };
            if !this.advance(&row, &this.step(to, row.note.clone(), due_at)).await? {
                return Err(not_held());
            }
            let row = this.payment_row(id).await?;
            this.fund(row).await.map(PaymentView::from)
        };
        self.log.record(by, deed, work).await
    }

    /// Says what became of a refund that is held.
    ///
    /// # Errors
    /// [`Problem`] if it is not held, or is one's own.
    pub async fn resolve_refund(
        self: &Arc<Self>,
        by: Actor,
        id: RefundId,
        request: ResolveRefund,
    ) -> Result<RefundView, Problem> {
        let ResolveRefund { outcome, reason } = request;
        let deed = Deed::new("refund.resolve").to("refund", id).because(reason_of(&reason)?);
        let deed = deed.with(json!({ "outcome": outcome }));
        let this = Arc::clone(self);
        let work = async move {
            let message = "there is no such refund";
            let unknown = || Problem::new(ProblemKind::NotFound, "unknown_refund", message).at("refund_id");
            let row = this.database.refund(id).await.map_err(of_store)?.ok_or_else(unknown)?;
            this.refuse_own(&by, row.account).await?;
            if row.state != RefundState::Held {
                return Err(not_held());
            }
            let (to, due_at) = match outcome {
                RefundOutcome::Done => (RefundState::Done, None),
                RefundOutcome::CreditBack => (RefundState::Refusing, Some(this.now())),
                RefundOutcome::Refused => (RefundState::Refused, None),
            };
            let row = this.advance_refund(&row, &this.step_of(to, row.note.clone(), due_at)).await?;
            this.pay_back(row).await.map(RefundView::from)
        };
        self.log.record(by, deed, work).await
    }
}

fn not_held() -> Problem {
    Problem::new(ProblemKind::Conflict, "not_held", "what became of it is known, or is being found out")
}
