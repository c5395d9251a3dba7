//! `/api/payments/return`: where a browser comes back to from the provider, with a page that says what
//! happened. It knows the payment by its token, and shows nothing of a person but amount and state.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::super::answers::status_of;
use super::Till;
use super::page::{Page, escaped, field};
use crate::domain::{PaymentState, Problem, ProblemKind};
use crate::services::payments::{ComeBack, ReturnView};

/// The page to which the browser comes back from the provider. It can be loaded again.
#[utoipa::path(get, path = "/api/payments/return", tag = "payments", operation_id = "payment_return",
    params(
        ("token_ws" = Option<String>, Query, description = "The token of a payment that was paid or declined."),
        ("TBK_TOKEN" = Option<String>, Query, description = "The token of one that was aborted."),
        ("TBK_ORDEN_COMPRA" = Option<String>, Query, description = "What we call one that took too long."),
        ("TBK_ID_SESION" = Option<String>, Query, description = "What else we said of it."),
    ),
    responses(
        (status = 200, description = "What became of it", body = String, content_type = "text/html"),
        (status = 404, description = "There is no such payment", body = String, content_type = "text/html"),
        (status = 500, description = "A fault of the server", body = String, content_type = "text/html"),
        (status = 503, description = "It is found out later", body = String, content_type = "text/html"),
    ))]
pub(super) async fn get(payments: Till, request: HttpRequest) -> HttpResponse {
    come_back(&payments, request.query_string().as_bytes()).await
}

/// The page to which the browser comes back from the provider, by a form.
#[utoipa::path(post, path = "/api/payments/return", tag = "payments", operation_id = "payment_return_by_form",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "What became of it", body = String, content_type = "text/html"),
        (status = 404, description = "There is no such payment", body = String, content_type = "text/html"),
        (status = 413, description = "The form is too long", body = String, content_type = "text/plain"),
        (status = 500, description = "A fault of the server", body = String, content_type = "text/html"),
        (status = 503, description = "It is found out later", body = String, content_type = "text/html"),
    ))]
pub(super) async fn post(payments: Till, body: web::Bytes) -> HttpResponse {
    come_back(&payments, &body).await
}

async fn come_back(payments: &Till, form: &[u8]) -> HttpResponse {
    let with = ComeBack {
        token_ws: field(form, "token_ws"),
        tbk_token: field(form, "TBK_TOKEN"),
        order: field(form, "TBK_ORDEN_COMPRA"),
        session: field(form, "TBK_ID_SESION"),
    };
    match payments.come_back(with).await {
        Ok(view) => shown(&view),
        Err(problem) => failed(&problem),
    }
}

fn shown(view: &ReturnView) -> HttpResponse {
    let (title, text) = told(view.state);
    let (amount, currency, clp) = (view.amount, escaped(&view.currency), view.clp);
    let body = format!(
        "<p>{text}</p><dl><dt>Amount</dt><dd>{amount} {currency} ({clp} CLP)</dd><dt>State</dt><dd>{}</dd></dl>",
        view.state.name()
    );
    Page { status: StatusCode::OK, title, body, leads_to: None }.answer()
}

/// Says what a state is, for whoever has paid or not.
const fn told(state: PaymentState) -> (&'static str, &'static str) {
    match state {
        PaymentState::Settled => ("Paid", "The payment was made, and the account has the money."),
        PaymentState::Authorized | PaymentState::Funding => {
            ("Paid", "The payment was made. The account gets the money as soon as the market takes it.")
        }
        PaymentState::Refused => ("Not paid", "The payment was declined. The account has not changed."),
        PaymentState::Aborted => ("Not paid", "You have left the payment. The account has not changed."),
        PaymentState::Expired => ("Not paid", "The payment took too long. The account has not changed."),
        PaymentState::Held => {
            ("Being looked at", "The payment provider's answer does not fit. Somebody will look at it.")
        }
        PaymentState::Created | PaymentState::Redirected | PaymentState::Committing => (
            "Not known yet",
            "What became of the payment is being found out. Load this page again in a while.",
        ),
    }
}

fn failed(problem: &Problem) -> HttpResponse {
    let (status, title, text) = match problem.kind {
        ProblemKind::NotFound => (StatusCode::NOT_FOUND, "No payment", "There is no such payment."),
        kind => {
            let text = "What became of the payment is found out later. Load this page again in a while.";
            (status_of(kind), "Not known yet", text)
        }
    };
    Page { status, title, body: format!("<p>{text}</p>"), leads_to: None }.answer()
}
