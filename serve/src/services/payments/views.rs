//! What people are shown of payments and withdrawals.

use serde::Serialize;
use utoipa::ToSchema;

use super::withdrawing::WithdrawalStatusName;
use crate::domain::{
    AccountId, Number, PaymentId, PaymentState, RefundId, RefundState, Secret, WithdrawalId,
};
use crate::store::payments::{PaymentRow, RefundRow, WithdrawalRow};

/// A payment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PaymentView {
    /// Its id.
    pub payment_id: PaymentId,
    /// How far it has come.
    pub state: PaymentState,
    /// How much, in the market's currency.
    pub amount: Number,
    /// That currency.
    pub currency: String,
    /// How much is paid, in Chilean pesos.
    #[schema(example = "10000")]
    pub clp: String,
    /// How many of them a unit of the currency was when it was asked for.
    #[schema(example = "950")]
    pub rate: String,
    /// How the browser gets to where it is paid; absent once it is not paid there any more.
    pub redirect: Option<RedirectView>,
    /// The last digits of the card.
    pub card: Option<String>,
    /// The provider's number of what it has authorized.
    pub authorization_code: Option<String>,
    /// Why it stands as it stands, if there is more to say.
    pub message: Option<String>,
    /// When it was asked for.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it last moved.
    #[schema(format = DateTime)]
    pub changed_at: String,
}

/// How the browser gets to where a payment is paid: by a form.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RedirectView {
    /// Where the form is sent to.
    pub url: String,
    /// The method of the form.
    #[schema(example = "POST")]
    pub method: &'static str,
    /// The one field of the form. Whoever knows it can pay, and see what came of it.
    pub fields: RedirectFields,
}

/// The field of a form.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RedirectFields {
    /// What the provider calls the payment.
    #[schema(value_type = String)]
    pub token_ws: Secret,
}

/// Some payments, the newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PaymentsPage {
    /// The payments.
    pub payments: Vec<PaymentView>,
    /// What to send as `cursor` for those before.
    pub next: Option<String>,
}

/// A withdrawal.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WithdrawalView {
    /// Its id.
    pub withdrawal_id: WithdrawalId,
    /// Whose it is.
    pub account_id: AccountId,
    /// Whether it may be carried out.
    pub status: WithdrawalStatusName,
    /// How much, in the market's currency.
    pub amount: Number,
    /// That currency.
    pub currency: String,
    /// Its parts, each of one payment.
    pub refunds: Vec<RefundView>,
    /// When it was asked for.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When somebody said whether it may be carried out.
    #[schema(format = DateTime)]
    pub decided_at: Option<String>,
}

/// A part of a withdrawal.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RefundView {
    /// Its id.
    pub refund_id: RefundId,
    /// The payment of which it is.
    pub payment_id: PaymentId,
    /// How far it has come.
    pub state: RefundState,
    /// How much, in the market's currency.
    pub amount: Number,
    /// How much is paid back, in Chilean pesos.
    #[schema(example = "10000")]
    pub clp: String,
    /// Why it stands as it stands, if there is more to say.
    pub message: Option<String>,
    /// When it last moved.
    #[schema(format = DateTime)]
    pub changed_at: String,
}

/// Some withdrawals, the newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WithdrawalsPage {
    /// The withdrawals.
    pub withdrawals: Vec<WithdrawalView>,
    /// What to send as `cursor` for those before.
    pub next: Option<String>,
}

impl From<PaymentRow> for PaymentView {
    fn from(row: PaymentRow) -> Self {
        let PaymentRow { asked, state, token, url, .. } = row;
        let is_open = matches!(state, PaymentState::Redirected);
        let redirect = token.zip(url).filter(|_| is_open).map(|(token, url)| RedirectView {
            url,
            method: "POST",
            fields: RedirectFields { token_ws: Secret::new(token) },
        });
        Self {
            payment_id: asked.id,
            state,
            amount: Number(asked.amount.decimal()),
            currency: asked.currency,
            clp: asked.clp.to_string(),
            rate: asked.rate,
            redirect,
            card: row.card,
            authorization_code: row.authorization_code,
            message: row.note,
            created_at: asked.now.to_string(),
            changed_at: row.changed_at.to_string(),
        }
    }
}

impl From<RefundRow> for RefundView {
    fn from(row: RefundRow) -> Self {
        Self {
            refund_id: row.id,
            payment_id: row.payment,
            state: row.state,
            amount: Number(row.amount.decimal()),
            clp: row.clp.to_string(),
            message: row.note,
            changed_at: row.changed_at.to_string(),
        }
    }
}

impl WithdrawalView {
    /// Writes a withdrawal with its parts.
    pub(super) fn of(row: WithdrawalRow, refunds: Vec<RefundRow>) -> Self {
        let WithdrawalRow { asked, decided_at } = row;
        Self {
            withdrawal_id: asked.id,
            account_id: asked.account,
            status: asked.status.into(),
            amount: Number(asked.amount.decimal()),
            currency: asked.currency,
            refunds: refunds.into_iter().map(RefundView::from).collect(),
            created_at: asked.now.to_string(),
            decided_at: decided_at.map(|at| at.to_string()),
        }
    }
}
