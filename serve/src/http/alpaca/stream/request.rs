//! What clients of the streams send.

use serde::Deserialize;

/// A message to a stream of market data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct DataRequest {
    pub(super) action: String,
    pub(super) key: String,
    pub(super) secret: String,
    pub(super) trades: Option<Vec<String>>,
    pub(super) quotes: Option<Vec<String>>,
    pub(super) bars: Option<Vec<String>>,
    #[serde(rename = "updatedBars")]
    pub(super) updated_bars: Option<Vec<String>>,
    #[serde(rename = "dailyBars")]
    pub(super) daily_bars: Option<Vec<String>>,
    pub(super) statuses: Option<Vec<String>>,
    pub(super) lulds: Option<Vec<String>>,
    pub(super) orderbooks: Option<Vec<String>>,
    pub(super) corrections: Option<Vec<String>>,
    #[serde(rename = "cancelErrors")]
    pub(super) cancel_errors: Option<Vec<String>>,
}

/// A message to the stream of one's own orders.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct TradingRequest {
    pub(super) action: String,
    pub(super) key: String,
    pub(super) secret: String,
    pub(super) data: TradingRequestData,
}

/// What stands inside of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct TradingRequestData {
    pub(super) key_id: String,
    pub(super) secret_key: String,
    pub(super) oauth_token: String,
    pub(super) streams: Vec<String>,
}

impl TradingRequest {
    /// Returns key and secret, wherever they stand; a token stands for both.
    pub(super) fn keys(&self) -> (&str, &str) {
        let TradingRequestData { key_id, secret_key, oauth_token, .. } = &self.data;
        match () {
            () if !self.secret.is_empty() => (&self.key, &self.secret),
            () if !oauth_token.is_empty() => ("oauth", oauth_token),
            () => (key_id, secret_key),
        }
    }
}
