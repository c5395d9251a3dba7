//! What administrators decide: withdrawals that wait, and what cannot be found out. Never on their own.

use actix_web::web;
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::answers::{Problems, ok};
use super::super::body::{Body, Params};
use super::{Answer, Caller, Till, payment_of, refund_of, withdrawal_of};
use crate::domain::{PaymentId, RefundId, WithdrawalId};
use crate::services::admin::ReasonRequest;
use crate::services::payments::{
    HeldView, PaymentView, RefundView, ResolvePayment, ResolveRefund, WithdrawalStatusName, WithdrawalView,
    WithdrawalsPage,
};

/// Which withdrawals are asked for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WithdrawalParams {
    /// Those of a status.
    status: Option<WithdrawalStatusName>,
    /// What the last page gave as `next`.
    cursor: Option<String>,
    /// How many at most; 100 if nothing is said, 1,000 at most.
    limit: Option<u32>,
}

/// Returns withdrawals of all people, the newest first, in pages.
#[utoipa::path(get, path = "/api/admin/withdrawals", tag = "payments", operation_id = "admin_withdrawals",
    params(WithdrawalParams),
    responses((status = 200, description = "The withdrawals", body = WithdrawalsPage), Problems))]
pub(super) async fn withdrawals(payments: Till, Params(params): Params<WithdrawalParams>) -> Answer {
    let WithdrawalParams { status, cursor, limit } = params;
    Ok(ok(&payments.all_withdrawals(status, cursor.as_deref(), limit).await?))
}

/// Has a withdrawal carried out that waits.
#[utoipa::path(post, path = "/api/admin/withdrawals/{withdrawal_id}/approve", tag = "payments",
    operation_id = "admin_approve_withdrawal",
    params(("withdrawal_id" = WithdrawalId, Path, description = "The withdrawal.")),
    responses((status = 200, description = "The withdrawal", body = WithdrawalView), Problems))]
pub(super) async fn approve(payments: Till, caller: Caller, path: web::Path<String>) -> Answer {
    let id = withdrawal_of(&path)?;
    Ok(ok(&payments.into_inner().decide_withdrawal(*caller, id, Ok(())).await?))
}

/// Refuses a withdrawal that waits: nothing has been moved.
#[utoipa::path(post, path = "/api/admin/withdrawals/{withdrawal_id}/reject", tag = "payments",
    operation_id = "admin_reject_withdrawal",
    params(("withdrawal_id" = WithdrawalId, Path, description = "The withdrawal.")),
    request_body = ReasonRequest,
    responses((status = 200, description = "The withdrawal", body = WithdrawalView), Problems))]
pub(super) async fn reject(
    payments: Till,
    caller: Caller,
    path: web::Path<String>,
    Body(request): Body<ReasonRequest>,
) -> Answer {
    let id = withdrawal_of(&path)?;
    Ok(ok(&payments.into_inner().decide_withdrawal(*caller, id, Err(request.reason)).await?))
}

/// Returns payments and refunds of which it cannot be found out what became of them.
#[utoipa::path(get, path = "/api/admin/payments/held", tag = "payments", operation_id = "admin_held_payments",
    responses((status = 200, description = "What needs an operator", body = HeldView), Problems))]
pub(super) async fn held(payments: Till) -> Answer {
    Ok(ok(&payments.held().await?))
}

/// Says what became of a payment that is held.
#[utoipa::path(post, path = "/api/admin/payments/{payment_id}/resolve", tag = "payments",
    operation_id = "admin_resolve_payment",
    params(("payment_id" = PaymentId, Path, description = "The payment.")), request_body = ResolvePayment,
    responses((status = 200, description = "The payment", body = PaymentView), Problems))]
pub(super) async fn resolve_payment(
    payments: Till,
    caller: Caller,
    path: web::Path<String>,
    Body(request): Body<ResolvePayment>,
) -> Answer {
    let id = payment_of(&path)?;
    Ok(ok(&payments.into_inner().resolve_payment(*caller, id, request).await?))
}

/// Says what became of a refund that is held.
#[utoipa::path(post, path = "/api/admin/refunds/{refund_id}/resolve", tag = "payments",
    operation_id = "admin_resolve_refund",
    params(("refund_id" = RefundId, Path, description = "The refund.")), request_body = ResolveRefund,
    responses((status = 200, description = "The refund", body = RefundView), Problems))]
pub(super) async fn resolve_refund(
    payments: Till,
    caller: Caller,
    path: web::Path<String>,
    Body(request): Body<ResolveRefund>,
) -> Answer {
    let id = refund_of(&path)?;
    Ok(ok(&payments.into_inner().resolve_refund(*caller, id, request).await?))
}
