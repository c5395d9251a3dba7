//! The settings of payments, and where browsers reach the server, which they need.

use bearpit::scenario::document::Node;
use bearpit::scenario::document::readers::{Read, ValueError, one_of, text};

use super::payments::{BadBaseUrl, BaseUrl, PaymentProvider, WebpayEnvironment, WithdrawalRule};
use super::settings::{Setting, number_of, put, secret, setting, span_of};
use super::values::{Kind, decimal, secret_line, secret_text};

const PAYMENT_PROVIDERS: &[&str] = &["sandbox", "webpay", "off"];
const ENVIRONMENTS: &[&str] = &["integration", "production"];
const WITHDRAWALS: &[&str] = &["automatic", "approved"];
const OPEN_PAYMENTS: Kind = Kind::Count(1, 1_000);
const FOLLOW_UP: Kind = Kind::Span(1_000, 1_800_000);
const EXPIRE: Kind = Kind::Span(1_000, 86_400_000);
const DOUBT: Kind = Kind::Span(0, 604_800_000);

/// All of them, in the order of the documentation.
pub(super) const PAYMENTS: [Setting; 14] = [
    setting(
        "payments.provider",
        Kind::Choice(PAYMENT_PROVIDERS),
        Some("sandbox"),
        "Who takes payments: a part of this server that plays Webpay and moves no money, Webpay Plus, or nobody",
        |config, node| {
            let providers = [
                ("sandbox", PaymentProvider::Sandbox),
                ("webpay", PaymentProvider::Webpay),
                ("off", PaymentProvider::Off),
            ];
            put(&mut config.payments.provider, one_of(&providers)(node))
        },
    ),
    setting(
        "payments.environment",
        Kind::Choice(ENVIRONMENTS),
        None,
        "Which of Webpay's two: `integration` moves no money, `production` does",
        |config, node| {
            let environments = [
                ("integration", WebpayEnvironment::Integration),
                ("production", WebpayEnvironment::Production),
            ];
            put(&mut config.payments.environment, one_of(&environments)(node).map(Some))
        },
    ),
    setting(
        "payments.commerce_code",
        Kind::Text("number"),
        None,
        "The number that Webpay knows this server by",
        |config, node| put(&mut config.payments.commerce_code, text(node).map(|it| Some(it.to_owned()))),
    ),
    secret(setting(
        "payments.api_key",
        Kind::Secret,
        None,
        "What shows Webpay that it is this server",
        |config, node| put(&mut config.payments.api_key, secret_text(node).map(Some)),
    )),
    setting(
        "payments.api_key_file",
        Kind::Path,
        None,
        "A file whose first line is `payments.api_key`, for secrets that are mounted as files",
        |config, node| put(&mut config.payments.api_key, secret_line(node).map(Some)),
    ),
    setting(
        "payments.webpay_url",
        Kind::BaseUrl,
        None,
        "Another server than Webpay's own, on this machine: for tests",
        |config, node| put(&mut config.payments.webpay_url, base_url(node).map(Some)),
    ),
    setting(
        "payments.clp_per_unit",
        Kind::Decimal,
        None,
        "How many Chilean pesos, which Webpay takes, a unit of the market's currency is; the sandbox takes 1000 where nobody says",
        |config, node| put(&mut config.payments.clp_per_unit, decimal(node).map(Some)),
    ),
    setting(
        "payments.minimum",
        Kind::Decimal,
        Some("1"),
        "The least that a payment has, in the market's currency",
        |config, node| put(&mut config.payments.minimum, decimal(node)),
    ),
    setting(
        "payments.maximum",
        Kind::Decimal,
        Some("10000"),
        "The most that a payment has, in the market's currency",
        |config, node| put(&mut config.payments.maximum, decimal(node)),
    ),
    setting(
        "payments.open_per_user",
        OPEN_PAYMENTS,
        Some("5"),
        "How many payments of a person may be under way",
        |config, node| put(&mut config.payments.open_per_user, number_of(OPEN_PAYMENTS, node)),
    ),
    setting(
        "payments.withdrawals",
        Kind::Choice(WITHDRAWALS),
        Some("approved"),
        "Whether withdrawals are carried out at once, or an administrator approves each before",
        |config, node| {
            let rules = [("automatic", WithdrawalRule::Automatic), ("approved", WithdrawalRule::Approved)];
            put(&mut config.payments.withdrawals, one_of(&rules)(node))
        },
    ),
    setting(
        "payments.follow_up_after",
        FOLLOW_UP,
        Some("5m"),
        "After what time the provider is asked about a payment that no browser came back from",
        |config, node| put(&mut config.payments.follow_up_after, span_of(FOLLOW_UP, node)),
    ),
    setting(
        "payments.expire_after",
        EXPIRE,
        Some("30m"),
        "After what time a payment is given up that was not paid",
        |config, node| put(&mut config.payments.expire_after, span_of(EXPIRE, node)),
    ),
    setting(
        "payments.refund_doubt",
        DOUBT,
        Some("15m"),
        "How long a refund whose answer was lost must not have happened, by the provider's word, before it is sent once more",
        |config, node| put(&mut config.payments.refund_doubt, span_of(DOUBT, node)),
    ),
];

/// Returns the settings of two tables as one.
pub(super) const fn joined<const N: usize>(first: &[Setting], second: &[Setting]) -> [Setting; N] {
    let mut all = [first[0]; N];
    let mut place = 0;
    while place < N {
        all[place] = if place < first.len() { first[place] } else { second[place - first.len()] };
        place += 1;
    }
    all
}

/// Reads what the addresses of a server begin with.
fn base_url(node: &Node) -> Read<BaseUrl> {
    text(node)?.parse().map_err(|error: BadBaseUrl| ValueError::new(error.to_string()))
}
