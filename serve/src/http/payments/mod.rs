//! `/api/payments`: money that comes in, and goes back; and what administrators decide of it.

mod administration;
mod page;
mod returning;
pub(super) mod sandbox;

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

use super::answers::{Failure, Problems, answer, ok};
use super::body::{Body, Params};
use super::endpoint::{Access, Endpoint};
use crate::domain::{Actor, PaymentId, Problem, ProblemKind, RefundId, Scope, WithdrawalId};
use crate::services::payments::{
    PaymentRequest, PaymentView, Payments, PaymentsPage, WithdrawalRequest, WithdrawalView, WithdrawalsPage,
};

pub use sandbox::PAY_PATH as SANDBOX_PAY_PATH;

/// The routes, for the document that describes the interface.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(
        pay,
        list,
        one,
        returning::get,
        returning::post,
        withdraw,
        withdrawals,
        withdrawal,
        administration::withdrawals,
        administration::approve,
        administration::reject,
        administration::held,
        administration::resolve_payment,
        administration::resolve_refund,
    ),
    tags((name = "payments", description = "Money that comes in through a provider, and goes back."))
)]
pub(super) struct PaymentsDoc;

type Till = web::Data<Payments>;
type Caller = web::ReqData<Actor>;
type Answer = Result<HttpResponse, Failure>;

/// Returns the routes. A program with a key moves no money: whoever has one trades, or reads.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let (session, admin) = (Access::Session, Access::Needs(Scope::Admin));
    vec![
        Endpoint::at("/api/payments").get(session, list).post(session, pay),
        Endpoint::at("/api/payments/return")
            .get(Access::Public, returning::get)
            .post(Access::Public, returning::post),
        Endpoint::at("/api/payments/withdrawals").get(session, withdrawals).post(session, withdraw),
        Endpoint::at("/api/payments/withdrawals/{withdrawal_id}").get(session, withdrawal),
        Endpoint::at("/api/payments/{payment_id}").get(session, one),
        Endpoint::at("/api/admin/withdrawals").get(admin, administration::withdrawals),
        Endpoint::at("/api/admin/withdrawals/{withdrawal_id}/approve").post(admin, administration::approve),
        Endpoint::at("/api/admin/withdrawals/{withdrawal_id}/reject").post(admin, administration::reject),
        Endpoint::at("/api/admin/payments/held").get(admin, administration::held),
        Endpoint::at("/api/admin/payments/{payment_id}/resolve").post(admin, administration::resolve_payment),
        Endpoint::at("/api/admin/refunds/{refund_id}/resolve").post(admin, administration::resolve_refund),
    ]
}

/// Gives the handlers what they share.
pub(super) fn share(config: &mut web::ServiceConfig, payments: &Arc<Payments>) {
    config.app_data(web::Data::from(Arc::clone(payments)));
}

/// Which page of a list is asked for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PageParams {
    /// What the last page gave as `next`.
    cursor: Option<String>,
    /// How many at most; 100 if nothing is said, 1,000 at most.
    limit: Option<u32>,
}

/// Begins a payment, once for each key. The browser is sent on by a form: see `redirect`. What became of it
/// is found out when the browser comes back, and if it does not, a few minutes later.
#[utoipa::path(post, path = "/api/payments", tag = "payments", operation_id = "pay",
    request_body = PaymentRequest,
    responses((status = 201, description = "The payment", body = PaymentView), Problems))]
async fn pay(payments: Till, caller: Caller, Body(request): Body<PaymentRequest>) -> Answer {
    Ok(answer(StatusCode::CREATED, &payments.pay(&caller, request).await?))
}

/// Returns one's own payments, the newest first, in pages.
#[utoipa::path(get, path = "/api/payments", tag = "payments", operation_id = "payments", params(PageParams),
    responses((status = 200, description = "The payments", body = PaymentsPage), Problems))]
async fn list(payments: Till, caller: Caller, Params(params): Params<PageParams>) -> Answer {
    let PageParams { cursor, limit } = params;
    Ok(ok(&payments.payments(&caller, cursor.as_deref(), limit).await?))
}

/// Returns a payment of one's own.
#[utoipa::path(get, path = "/api/payments/{payment_id}", tag = "payments", operation_id = "payment",
    params(("payment_id" = PaymentId, Path, description = "The payment.")),
    responses((status = 200, description = "The payment", body = PaymentView), Problems))]
async fn one(payments: Till, caller: Caller, path: web::Path<String>) -> Answer {
    Ok(ok(&payments.payment(&caller, payment_of(&path)?).await?))
}

/// Asks for money to go back to where it came from, once for each key: as refunds of one's own payments, the
/// oldest first. The account is debited before the provider is asked, and gets it back if that says no.
#[utoipa::path(post, path = "/api/payments/withdrawals", tag = "payments", operation_id = "withdraw",
    request_body = WithdrawalRequest,
    responses((status = 201, description = "The withdrawal", body = WithdrawalView), Problems))]
async fn withdraw(payments: Till, caller: Caller, Body(request): Body<WithdrawalRequest>) -> Answer {
    let made = payments.into_inner().withdraw(&caller, request).await?;
    Ok(answer(StatusCode::CREATED, &made))
}

/// Returns one's own withdrawals, the newest first, in pages.
#[utoipa::path(get, path = "/api/payments/withdrawals", tag = "payments", operation_id = "withdrawals",
    params(PageParams),
    responses((status = 200, description = "The withdrawals", body = WithdrawalsPage), Problems))]
async fn withdrawals(payments: Till, caller: Caller, Params(params): Params<PageParams>) -> Answer {
    let PageParams { cursor, limit } = params;
    Ok(ok(&payments.withdrawals(&caller, cursor.as_deref(), limit).await?))
}

/// Returns a withdrawal of one's own.
#[utoipa::path(get, path = "/api/payments/withdrawals/{withdrawal_id}", tag = "payments",
    operation_id = "withdrawal",
    params(("withdrawal_id" = WithdrawalId, Path, description = "The withdrawal.")),
    responses((status = 200, description = "The withdrawal", body = WithdrawalView), Problems))]
async fn withdrawal(payments: Till, caller: Caller, path: web::Path<String>) -> Answer {
    Ok(ok(&payments.withdrawal(&caller, withdrawal_of(&path)?).await?))
}

fn payment_of(text: &str) -> Result<PaymentId, Problem> {
    let message = format!("there is no payment `{text}`");
    text.parse().map_err(|_| Problem::new(ProblemKind::NotFound, "unknown_payment", message).at("payment_id"))
}

fn withdrawal_of(text: &str) -> Result<WithdrawalId, Problem> {
    let message = format!("there is no withdrawal `{text}`");
    let unknown = |_| Problem::new(ProblemKind::NotFound, "unknown_withdrawal", message).at("withdrawal_id");
    text.parse().map_err(unknown)
}

fn refund_of(text: &str) -> Result<RefundId, Problem> {
    let message = format!("there is no refund `{text}`");
    text.parse().map_err(|_| Problem::new(ProblemKind::NotFound, "unknown_refund", message).at("refund_id"))
}
