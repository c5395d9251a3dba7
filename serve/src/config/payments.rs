//! [`PaymentsConfig`]: through whom money comes in and goes back, and how much at a time.

use std::str::FromStr;
use std::time::Duration;

use bearpit_core::units::Decimal;
use thiserror::Error;

use super::Config;
use super::values::is_near;
use crate::domain::Secret;

/// Through whom money comes in and goes back, and how much at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentsConfig {
    /// Who takes payments.
    pub provider: PaymentProvider,
    /// Which of Webpay's two, where it is Webpay.
    pub environment: Option<WebpayEnvironment>,
    /// The number that Webpay knows this server by.
    pub commerce_code: Option<String>,
    /// What shows Webpay that it is this server.
    pub api_key: Option<Secret>,
    /// Another server than Webpay's own, on this machine: for tests.
    pub webpay_url: Option<BaseUrl>,
    /// How many Chilean pesos a unit of the market's currency is.
    pub clp_per_unit: Option<Decimal>,
    /// The least that a payment has, in the market's currency.
    pub minimum: Decimal,
    /// The most.
    pub maximum: Decimal,
    /// How many payments of a person may be under way.
    pub open_per_user: u32,
    /// Whether somebody must approve withdrawals.
    pub withdrawals: WithdrawalRule,
    /// When it is looked for a payment that no browser came back from.
    pub follow_up_after: Duration,
    /// When one is given up that was not paid by then.
    pub expire_after: Duration,
    /// How long a refund must not have happened by the provider's word before it is asked for once more.
    pub refund_doubt: Duration,
}

impl PaymentsConfig {
    /// One before the defaults of the table are read into it.
    pub(super) const UNSET: Self = Self {
        provider: PaymentProvider::Off,
        environment: None,
        commerce_code: None,
        api_key: None,
        webpay_url: None,
        clp_per_unit: None,
        minimum: Decimal::new(0, 0),
        maximum: Decimal::new(0, 0),
        open_per_user: 0,
        withdrawals: WithdrawalRule::Approved,
        follow_up_after: Duration::ZERO,
        expire_after: Duration::ZERO,
        refund_doubt: Duration::ZERO,
    };
}

/// Who takes payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentProvider {
    /// Nobody: there are none.
    Off,
    /// A part of this server that plays Webpay: no money moves.
    Sandbox,
    /// Webpay Plus.
    Webpay,
}

/// One of Webpay's two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebpayEnvironment {
    /// For tests: no money moves.
    Integration,
    /// The real one.
    Production,
}

/// Whether somebody must approve withdrawals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithdrawalRule {
    /// They are carried out at once.
    Automatic,
    /// An administrator says so before.
    Approved,
}

/// What the addresses of a server begin with, such as `https://trade.example.org`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(String);

/// A text is no such beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an address is written like https://trade.example.org or http://127.0.0.1:8080")]
pub struct BadBaseUrl;

impl BaseUrl {
    /// Returns its text, without a slash at its end.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Returns whether it is of this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.0.parse().is_ok_and(|url| is_near(&url))
    }
}

impl FromStr for BaseUrl {
    type Err = BadBaseUrl;

    fn from_str(text: &str) -> Result<Self, BadBaseUrl> {
        let text = text.trim_end_matches('/');
        let (scheme, rest) = text.split_once("://").ok_or(BadBaseUrl)?;
        let host = rest.split('/').next().unwrap_or_default();
        let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]/~".contains(&byte);
        if !matches!(scheme, "http" | "https") || host.is_empty() || !rest.bytes().all(is_fit) {
            return Err(BadBaseUrl);
        }
        Ok(Self(text.to_owned()))
    }
}

/// What a request may take at Webpay after nobody waits for it any more.
const DOUBT_MIN: Duration = Duration::from_mins(1);

/// Something that is wrong with what is said of payments.
pub(super) struct Fault {
    /// The settings that are at fault: of the first that was given the place is said.
    pub(super) keys: &'static [&'static str],
    pub(super) message: String,
    pub(super) help: Option<String>,
}

/// Returns what is wrong with what is said of payments.
pub(super) fn faults(config: &Config) -> Vec<Fault> {
    let payments = &config.payments;
    let mut faults = match payments.provider {
        PaymentProvider::Webpay => of_webpay(config),
        PaymentProvider::Sandbox | PaymentProvider::Off => of_others(payments),
    };
    if payments.minimum.to_f64() > payments.maximum.to_f64() {
        let message = "`payments.minimum` is more than `payments.maximum`".to_owned();
        faults.push(Fault { keys: &["payments.minimum", "payments.maximum"], message, help: None });
    }
    if payments.expire_after < payments.follow_up_after {
        let message = "`payments.expire_after` is before `payments.follow_up_after`".to_owned();
        let keys = &["payments.expire_after", "payments.follow_up_after"];
        faults.push(Fault { keys, message, help: None });
    }
    faults
}

/// Whoever names one of Webpay's environments means Webpay: production never runs beside the sandbox.
fn of_others(payments: &PaymentsConfig) -> Vec<Fault> {
    let Some(environment) = payments.environment else { return Vec::new() };
    let word = match environment {
        WebpayEnvironment::Integration => "integration",
        WebpayEnvironment::Production => "production",
    };
    let message = format!("`payments.environment` is `{word}`, but the provider is not `webpay`");
    let help = Some("set `payments.provider = \"webpay\"`, or leave the environment out".to_owned());
    vec![Fault { keys: &["payments.environment"], message, help }]
}

fn of_webpay(config: &Config) -> Vec<Fault> {
    let payments = &config.payments;
    let is_production = payments.environment == Some(WebpayEnvironment::Production);
    let mut faults = Vec::new();
    let mut lacks = |is_missing: bool, what: &str, help: &str| {
        if is_missing {
            let message = format!("the provider `webpay` needs `{what}`");
            faults.push(Fault { keys: &["payments.provider"], message, help: Some(help.to_owned()) });
        }
    };
    lacks(
        payments.environment.is_none(),
        "payments.environment",
        "`integration` moves no money, `production` does",
    );
    lacks(payments.commerce_code.is_none(), "payments.commerce_code", "Transbank gives one");
    let help = "set the variable BEARPIT_PAYMENTS_API_KEY, or name a file: `payments.api_key_file`";
    lacks(payments.api_key.is_none(), "payments.api_key", help);
    let help = "where browsers reach this server, such as https://trade.example.org";
    lacks(config.identity.public_url.is_none(), "public_url", help);
    if payments.refund_doubt < DOUBT_MIN {
        let message = "`payments.refund_doubt` is at least a minute with `webpay`".to_owned();
        let help = Some("a refund that is still under way could be made twice".to_owned());
        faults.push(Fault { keys: &["payments.refund_doubt"], message, help });
    }
    let public_url = config.identity.public_url.as_ref();
    if is_production && public_url.is_some_and(|url| !url.text().starts_with("https://")) {
        let message = "`public_url` must begin with https:// for payments in production".to_owned();
        let help = Some("browsers come back there with the token of a payment".to_owned());
        faults.push(Fault { keys: &["public_url"], message, help });
    }
    if payments.webpay_url.as_ref().is_some_and(|url| is_production || !url.is_loopback()) {
        let message = "`payments.webpay_url` is for tests: it names this machine, and never in production";
        faults.push(Fault { keys: &["payments.webpay_url"], message: message.to_owned(), help: None });
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_without_their_last_slash() {
        for (text, expected, is_loopback) in [
            ("https://trade.example.org/", "https://trade.example.org", false),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", true),
            ("http://[::1]:8080/a", "http://[::1]:8080/a", true),
            ("http://[::1]", "http://[::1]", true),
            ("http://localhost", "http://localhost", true),
            ("http://127.0.0.1.example.org", "http://127.0.0.1.example.org", false),
        ] {
            let url: BaseUrl = text.parse().unwrap();
            assert_eq!((url.text(), url.is_loopback()), (expected, is_loopback));
        }
        for text in
            ["", "trade.example.org", "https://", "ftp://a", "https://a b", "https://a?b", "https://u@h"]
        {
            assert_eq!(text.parse::<BaseUrl>(), Err(BadBaseUrl), "{text}");
        }
    }
}
