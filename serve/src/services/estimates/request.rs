//! [`EstimateRequest`]: what people ask for.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{AccountId, Number};
use crate::estimates::Model;
use crate::services::strategies::ScriptRequest;

/// What will something be worth? One of `holding`, `portfolio` and `strategy` is named.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EstimateRequest {
    /// So much of an instrument.
    pub holding: Option<HoldingRequest>,
    /// Cash and positions: one's own as they are now, or others.
    pub portfolio: Option<PortfolioRequest>,
    /// A strategy; by the model `world` only.
    pub strategy: Option<StrategyEstimateRequest>,
    /// What moves prices; `process` if nothing is said, and `world` for a strategy.
    pub model: Option<Model>,
    /// After how much of the market's time: a number and `s`, `m`, `h` or `d`.
    #[schema(example = "1h")]
    pub horizon: String,
    /// How many paths are drawn; 1,000 if nothing is said.
    #[schema(example = 1000, minimum = 2)]
    pub paths: Option<u32>,
    /// The seed of the first path; the same seed gives the same figures of the same job.
    #[schema(maximum = 9_007_199_254_740_991_i64)]
    pub seed: Option<u64>,
    /// The quantiles of the worth at the end, from 0 to 1, at most 20; 0.05, 0.25, 0.5, 0.75 and 0.95 if
    /// nothing is said.
    pub quantiles: Option<Vec<f64>>,
}

/// So much of an instrument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldingRequest {
    /// Its symbol.
    #[schema(example = "ALFA")]
    pub symbol: String,
    /// How much; below zero if it is short.
    pub quantity: Number,
}

/// Cash and positions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PortfolioRequest {
    /// The cash; that of one's account if nothing is said.
    pub cash: Option<Number>,
    /// What is held; what one's account holds if nothing is said. At most 100.
    pub positions: Option<Vec<HoldingRequest>>,
}

/// A strategy: one of one's own by its id, or a script.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StrategyEstimateRequest {
    /// The id of one of one's own strategies.
    pub strategy_id: Option<AccountId>,
    /// A script.
    pub script: Option<ScriptRequest>,
    /// The cash that it has; that of a new account if nothing is said.
    pub cash: Option<Number>,
}

impl EstimateRequest {
    /// Returns a digest of what is asked for, by which the same request is told from another.
    pub(super) fn digest(&self) -> [u8; 32] {
        // The values of a request are all in what it shows.
        *blake3::hash(format!("{self:?}").as_bytes()).as_bytes()
    }
}
