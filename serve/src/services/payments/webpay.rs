//! [`Webpay`]: the client of Webpay Plus, version 1.2 of its protocol.
//!
//! | method | path below `/rswebpaytransaction/api/webpay/v1.2` | does |
//! |---|---|---|
//! | POST | `/transactions` | begins a payment: token, and where it is paid |
//! | PUT | `/transactions/{token}` | ends it, once: paid, or not |
//! | GET | `/transactions/{token}` | says how far it has come |
//! | POST | `/transactions/{token}/refunds` | pays a part of it back |
//!
//! Amounts are whole Chilean pesos, and may be written with decimals that are zero. Errors are
//! `{"error_message"}`.

use bearpit_core::units::Decimal;
use reqwest::{Method, RequestBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::provider::{
    Asking, NewTransaction, OpenedTransaction, Provider, ProviderError, RefundAnswer, TransactionAnswer,
};
use crate::config::{BaseUrl, WebpayEnvironment};
use crate::domain::{Number, Secret};
use crate::outgoing::{Outgoing, OutgoingError, Reply};

/// What all paths begin with.
pub const PATH: &str = "/rswebpaytransaction/api/webpay/v1.2/transactions";

/// How many characters a token has.
pub(super) const TOKEN_LENGTH: usize = 64;

/// The longest sentence of an error that is kept, in characters.
const MESSAGE_MAX: usize = 200;

/// A client of Webpay Plus, or of what plays it.
#[derive(Debug, Clone)]
pub struct Webpay {
    outgoing: Outgoing,
    base: String,
    commerce_code: String,
    key: Secret,
}

/// What Webpay answers to a new payment.
#[derive(Deserialize)]
struct Created {
    token: String,
    url: String,
}

/// What Webpay says of a payment.
#[derive(Deserialize)]
struct Said {
    status: String,
    response_code: Option<i64>,
    buy_order: String,
    amount: Number,
    authorization_code: Option<String>,
    card_detail: Option<Card>,
    balance: Option<Number>,
}

#[derive(Deserialize)]
struct Card {
    card_number: Option<String>,
}

/// What Webpay says of a refund.
#[derive(Deserialize)]
struct Refunded {
    #[serde(rename = "type")]
    kind: String,
    response_code: Option<i64>,
    authorization_code: Option<String>,
}

#[derive(Deserialize)]
struct Failed {
    error_message: String,
}

impl Webpay {
    /// Makes a client of a server that stands where Webpay would.
    #[must_use]
    pub const fn new(outgoing: Outgoing, base: String, commerce_code: String, key: Secret) -> Self {
        Self { outgoing, base, commerce_code, key }
    }

    /// Returns where Webpay is.
    #[must_use]
    pub fn base_of(environment: WebpayEnvironment, other: Option<&BaseUrl>) -> String {
        let own = match environment {
            WebpayEnvironment::Integration => "https://webpay3gint.transbank.cl",
            WebpayEnvironment::Production => "https://webpay3g.transbank.cl",
        };
        other.map_or(own, BaseUrl::text).to_owned()
    }

    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.outgoing.request(method, &format!("{}{PATH}{path}", self.base));
        request.header("Tbk-Api-Key-Id", &self.commerce_code).header("Tbk-Api-Key-Secret", self.key.expose())
    }
}

impl Provider for Webpay {
    fn create<'a>(&'a self, new: NewTransaction<'a>) -> Asking<'a, OpenedTransaction> {
        let NewTransaction { buy_order, session, clp, return_url } = new;
        let body = json!({
            "buy_order": buy_order, "session_id": session, "amount": clp, "return_url": return_url
        });
        let request = self.ask(Method::POST, "").json(&body);
        Box::pin(async move {
            let Created { token, url } = answer(request).await?;
            if !is_token(&token) || !(url.starts_with("https://") || url.starts_with("http://")) {
                return Err(ProviderError::Unclear("its token or address is none".to_owned()));
            }
            Ok(OpenedTransaction { token, url })
        })
    }

    fn commit<'a>(&'a self, token: &'a str) -> Asking<'a, TransactionAnswer> {
        // Without a body it needs a length all the same.
        let request = self.ask(Method::PUT, &format!("/{token}")).json(&json!({}));
        Box::pin(async move { answer::<Said>(request).await.map(TransactionAnswer::from) })
    }

    fn status<'a>(&'a self, token: &'a str) -> Asking<'a, TransactionAnswer> {
        let request = self.ask(Method::GET, &format!("/{token}"));
        Box::pin(async move { answer::<Said>(request).await.map(TransactionAnswer::from) })
    }

    fn refund<'a>(&'a self, token: &'a str, clp: i64) -> Asking<'a, RefundAnswer> {
        let request = self.ask(Method::POST, &format!("/{token}/refunds")).json(&json!({ "amount": clp }));
        Box::pin(async move {
            let Refunded { kind, response_code, authorization_code } = answer(request).await?;
            match (kind.as_str(), response_code) {
                // A reversal has no code.
                ("REVERSED", None | Some(0)) | ("NULLIFIED", Some(0)) => {
                    Ok(RefundAnswer { authorization_code })
                }
                ("NULLIFIED", Some(code)) => Err(ProviderError::Refused(format!("code {code}"))),
                (kind, _) => Err(ProviderError::Unclear(format!("a refund of the type {}", short(kind)))),
            }
        })
    }
}

impl From<Said> for TransactionAnswer {
    fn from(said: Said) -> Self {
        let card = said.card_detail.and_then(|card| card.card_number).map(|card| last_digits(&card));
        Self {
            status: said.status,
            response_code: said.response_code,
            buy_order: said.buy_order,
            clp: whole(said.amount.0),
            authorization_code: said.authorization_code.filter(|code| !code.is_empty()),
            card,
            balance: said.balance.and_then(|balance| whole(balance.0)),
        }
    }
}

/// Returns whether a text can be a token: it becomes a part of a path.
pub(super) fn is_token(text: &str) -> bool {
    (1..=TOKEN_LENGTH).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn whole(amount: Decimal) -> Option<i64> {
    amount.scaled(0).and_then(|amount| i64::try_from(amount).ok())
}

/// Returns the last four digits of a card: no more of it is kept, whatever is said.
fn last_digits(card: &str) -> String {
    let digits: Vec<char> = card.chars().filter(char::is_ascii_digit).collect();
    digits[digits.len().saturating_sub(4)..].iter().collect()
}

async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, ProviderError> {
    let reply = Outgoing::send(request).await.map_err(|error| match error {
        OutgoingError::Unfit(_) | OutgoingError::Unreachable(_) => ProviderError::NotDone(error.to_string()),
        OutgoingError::TimedOut | OutgoingError::BrokeOff(_) | OutgoingError::TooLong => {
            ProviderError::Unclear(error.to_string())
        }
    })?;
    if !reply.is_success() {
        return Err(refused(&reply));
    }
    reply.json().map_err(|why| ProviderError::Unclear(format!("its answer cannot be read: {why}")))
}

/// Sorts what is no success: 401, 403, 408, 425 and 429 come before anything is done; other 4xx are a no;
/// whatever a 5xx or a redirect has done is not known.
fn refused(reply: &Reply) -> ProviderError {
    let message = reply.json::<Failed>().map(|failed| short(&failed.error_message)).unwrap_or_default();
    let text = format!("{} {message}", reply.status).trim_end().to_owned();
    match reply.status {
        401 | 403 | 408 | 425 | 429 => ProviderError::NotDone(text),
        400..=499 => ProviderError::Refused(text),
        _ => ProviderError::Unclear(text),
    }
}

/// Returns the beginning of a text, without what would break a line.
fn short(text: &str) -> String {
    text.chars().filter(|it| !it.is_control()).take(MESSAGE_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_webpay_is_read_with_decimals_that_are_zero() {
        let text = r#"{"vci":"TSY","amount":10000.00,"status":"AUTHORIZED","buy_order":"A1","session_id":"s",
            "card_detail":{"card_number":"XXXXXXXXXXXX6623"},"authorization_code":"1213",
            "payment_type_code":"VN","response_code":0,"installments_number":0}"#;
        let answer = TransactionAnswer::from(serde_json::from_str::<Said>(text).unwrap());
        assert_eq!((answer.clp, answer.response_code, answer.balance), (Some(10_000), Some(0), None));
        assert_eq!(
            (answer.card.as_deref(), answer.authorization_code.as_deref()),
            (Some("6623"), Some("1213"))
        );
        let broken = text.replace("10000.00", "10000.5");
        assert_eq!(TransactionAnswer::from(serde_json::from_str::<Said>(&broken).unwrap()).clp, None);
    }

    #[test]
    fn a_token_is_nothing_that_leads_elsewhere() {
        assert!(is_token(&"a".repeat(64)) && is_token("01ab"));
        for text in ["", "../x", "a/b", "a?b", "a%2f", &"a".repeat(65)] {
            assert!(!is_token(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_success_is_sorted_by_whether_anything_can_have_been_done() {
        let of = |status| {
            let body = br#"{"error_message":"why\n"}"#.to_vec();
            refused(&Reply { status, headers: Default::default(), body })
        };
        assert_eq!(of(422), ProviderError::Refused("422 why".to_owned()));
        assert!(matches!(of(404), ProviderError::Refused(_)));
        assert!([401, 403, 429].into_iter().all(|it| matches!(of(it), ProviderError::NotDone(_))));
        assert!([302, 500, 502, 504].into_iter().all(|it| matches!(of(it), ProviderError::Unclear(_))));
    }
}
