//! What stands behind the question mark.

use bearpit_core::units::SimTime;
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;

use crate::domain::instant_of;
use crate::services::market_data::{CANDLES_DEFAULT, DEPTH_DEFAULT, DEPTH_MAX, IntervalName};

/// Of many quotes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct QuotesParams {
    /// The listings, separated by commas; all without it.
    #[param(example = "ALFA,BETA@PIT")]
    pub(super) symbols: Option<String>,
}

/// Of a book.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct BookParams {
    /// The listing, as `ALFA` or `ALFA@PIT`.
    #[param(example = "ALFA")]
    pub(super) symbol: String,
    /// How many levels of each side at most.
    #[serde(default = "depth_default")]
    #[param(minimum = 1, maximum = 50, default = 20)]
    pub(super) depth: usize,
}

/// Of trades.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TradesParams {
    /// The listing, as `ALFA` or `ALFA@PIT`.
    #[param(example = "ALFA")]
    pub(super) symbol: String,
    /// How many trades at most.
    #[serde(default = "limit_default")]
    #[param(minimum = 1, maximum = 50, default = 50)]
    pub(super) limit: usize,
}

/// Of candles.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CandlesParams {
    /// The listing, as `ALFA` or `ALFA@PIT`.
    #[param(example = "ALFA")]
    pub(super) symbol: String,
    /// The interval.
    #[serde(default = "interval_default")]
    #[param(inline, default = "1m")]
    pub(super) interval: IntervalName,
    /// From when on, included (RFC 3339). Without it, the last candles before `to` are answered.
    #[serde(default, deserialize_with = "instant")]
    #[param(value_type = Option<String>, format = DateTime)]
    pub(super) from: Option<SimTime>,
    /// Until when, not included (RFC 3339).
    #[serde(default, deserialize_with = "instant")]
    #[param(value_type = Option<String>, format = DateTime)]
    pub(super) to: Option<SimTime>,
    /// `next_cursor` of the page before; it stands for `from`.
    pub(super) cursor: Option<String>,
    /// How many candles on a page at most.
    #[serde(default = "page_default")]
    #[param(minimum = 1, maximum = 5000, default = 500)]
    pub(super) limit: usize,
}

/// Of a replay.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReplayParams {
    /// The listing, as `ALFA` or `ALFA@PIT`.
    #[param(example = "ALFA")]
    pub(super) symbol: String,
    /// From when on (RFC 3339): from the beginning of that minute.
    #[serde(default, deserialize_with = "instant")]
    #[param(value_type = Option<String>, format = DateTime)]
    pub(super) from: Option<SimTime>,
    /// Until when (RFC 3339): to the end of that minute.
    #[serde(default, deserialize_with = "instant")]
    #[param(value_type = Option<String>, format = DateTime)]
    pub(super) to: Option<SimTime>,
}

/// Of what has no parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoParams {}

const fn depth_default() -> usize {
    DEPTH_DEFAULT
}

const fn limit_default() -> usize {
    DEPTH_MAX
}

const fn page_default() -> usize {
    CANDLES_DEFAULT
}

const fn interval_default() -> IntervalName {
    IntervalName::Minute
}

fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SimTime>, D::Error> {
    let text = String::deserialize(deserializer)?;
    instant_of(&text).map(Some).map_err(serde::de::Error::custom)
}
