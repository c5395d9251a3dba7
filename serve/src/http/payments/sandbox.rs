//! The sandbox over HTTP: Webpay's protocol on a listener of its own, which only this machine reaches, and
//! the page where a payment is paid, on the server that browsers reach.
//!
//! The listener is not the public server's: that may have TLS with a certificate of its own authority, and
//! nobody else has to reach what only this process asks.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, guard, web};
use serde_json::{Value, json};

use super::super::answers::answer;
use super::super::routes::not_found;
use super::page::{Page, escaped, field};
use crate::domain::Secret;
use crate::services::payments::{Choice, Sandbox, SandboxError, SandboxPage, WEBPAY_PATH};

/// Where a payment is paid, below the address of the server.
pub const PAY_PATH: &str = "/sandbox/webpay/pay";
/// Where what was chosen there is sent to.
const CHOOSE_PATH: &str = "/sandbox/webpay/choose";

/// By what the sandbox knows whoever asks.
struct Merchant(Secret);

/// Adds the routes of Webpay's protocol.
pub(in crate::http) fn protocol(config: &mut web::ServiceConfig, sandbox: &Arc<Sandbox>, key: &Secret) {
    let one = format!("{WEBPAY_PATH}/{{token}}");
    config
        .app_data(web::Data::from(Arc::clone(sandbox)))
        .app_data(web::Data::new(Merchant(key.clone())))
        .service(web::resource(WEBPAY_PATH).route(web::post().to(create)))
        .service(web::resource(one.clone()).route(web::put().to(commit)).route(web::get().to(status)))
        .service(web::resource(format!("{one}/refunds")).route(web::post().to(refund)))
        .default_service(web::to(not_found));
}

/// Adds the page where a payment is paid.
pub(in crate::http) fn pages(config: &mut web::ServiceConfig, sandbox: &Arc<Sandbox>) {
    let either = guard::Any(guard::Get()).or(guard::Method(Method::POST));
    config
        .app_data(web::Data::from(Arc::clone(sandbox)))
        .service(web::resource(PAY_PATH).route(web::route().guard(either).to(pay)))
        .service(web::resource(CHOOSE_PATH).route(web::post().to(choose)));
}

async fn create(sandbox: web::Data<Sandbox>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    if let Some(refusal) = stranger(&request) {
        return refusal;
    }
    told(sandbox.create(&json_of(&body)).await)
}

async fn commit(sandbox: web::Data<Sandbox>, request: HttpRequest, token: web::Path<String>) -> HttpResponse {
    if let Some(refusal) = stranger(&request) {
        return refusal;
    }
    told(sandbox.commit(&token).await)
}

async fn status(sandbox: web::Data<Sandbox>, request: HttpRequest, token: web::Path<String>) -> HttpResponse {
    if let Some(refusal) = stranger(&request) {
        return refusal;
    }
    told(sandbox.status(&token).await)
}

async fn refund(
    sandbox: web::Data<Sandbox>,
    request: HttpRequest,
    token: web::Path<String>,
    body: web::Bytes,
) -> HttpResponse {
    if let Some(refusal) = stranger(&request) {
        return refusal;
    }
    told(sandbox.refund(&token, &json_of(&body)).await)
}

/// Answers whoever does not show the key.
fn stranger(request: &HttpRequest) -> Option<HttpResponse> {
    let shown = request.headers().get("Tbk-Api-Key-Secret").and_then(|key| key.to_str().ok());
    let merchant = request.app_data::<web::Data<Merchant>>()?;
    if shown == Some(merchant.0.expose()) {
        return None;
    }
    Some(answer(StatusCode::UNAUTHORIZED, &json!({ "error_message": "Not Authorized" })))
}

/// Reads a body; what is none has no fields.
fn json_of(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

fn told(answered: Result<Value, SandboxError>) -> HttpResponse {
    match answered {
        Ok(value) => answer(StatusCode::OK, &value),
        Err(error) => answer(code(&error), &json!({ "error_message": error.message })),
    }
}

fn code(error: &SandboxError) -> StatusCode {
    StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

async fn pay(sandbox: web::Data<Sandbox>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let token = field(&body, "token_ws").or_else(|| field(request.query_string().as_bytes(), "token_ws"));
    let token = token.unwrap_or_default();
    match sandbox.page(&token).await {
        Ok(page) => form(&token, page),
        Err(error) => failed(&error),
    }
}

fn form(token: &str, page: SandboxPage) -> HttpResponse {
    let SandboxPage { buy_order, clp, return_url } = page;
    let buttons = [("pay", "Pay"), ("decline", "Pay with a card that is declined"), ("abort", "Go back")];
    let buttons =
        buttons.map(|(value, text)| format!("<button name=\"choice\" value=\"{value}\">{text}</button>"));
    let body = format!(
        "<p>This is a sandbox: no money moves.</p><dl><dt>Amount</dt><dd>{clp} CLP</dd><dt>Order</dt>\
         <dd>{}</dd></dl><form method=\"post\" action=\"{CHOOSE_PATH}\">\
         <input type=\"hidden\" name=\"token_ws\" value=\"{}\">{}</form>",
        escaped(&buy_order),
        escaped(token),
        buttons.concat()
    );
    let leads_to = Some(return_url);
    Page { status: StatusCode::OK, title: "Sandbox payment", body, leads_to }.answer()
}

async fn choose(sandbox: web::Data<Sandbox>, body: web::Bytes) -> HttpResponse {
    let choice = match field(&body, "choice").as_deref() {
        Some("pay") => Choice::Pay,
        Some("decline") => Choice::Decline,
        Some("abort") => Choice::Abort,
        _ => {
            let message = "Nothing was chosen.".to_owned();
            return failed(&SandboxError { status: 422, message });
        }
    };
    match sandbox.choose(&field(&body, "token_ws").unwrap_or_default(), choice).await {
        Ok(to) => HttpResponse::SeeOther()
            .insert_header((header::LOCATION, to))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::REFERRER_POLICY, "no-referrer"))
            .finish(),
        Err(error) => failed(&error),
    }
}

fn failed(error: &SandboxError) -> HttpResponse {
    let body = format!("<p>{}</p>", escaped(&error.message));
    Page { status: code(error), title: "Sandbox payment", body, leads_to: None }.answer()
}
