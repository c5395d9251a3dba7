//! [`Validation`]: what came of a request, for whoever made it.

use serde::Serialize;

use crate::channels::Message;
use crate::domain::{MarketTime, Problem};

/// The topic of validations.
pub(super) const VALIDATION: &str = "validation";

/// What came of a request. The same request has the same validation, however often it comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Validation {
    /// The id that the request was given, if it can be read.
    pub(super) request_id: Option<String>,
    /// The group that has made it, if it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<String>,
    /// Whether it is carried out.
    pub(super) accepted: bool,
    /// The order that it is about; of one that was refused, the id under which it is found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) order_id: Option<String>,
    /// The auction that it is about, if it was carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) auction_id: Option<String>,
    /// The proposal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) proposal_id: Option<String>,
    /// Where it stands: `pending_new`, `pending_cancel`, `rejected`, or what was done in an auction.
    pub(super) status: &'static str,
    /// Why it was rejected, as a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// Why it was rejected, as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) explanation: Option<String>,
    /// The field of the request that is at fault, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) field: Option<String>,
    /// When the market has answered, in its time; absent if it was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<MarketTime>,
}

impl Validation {
    /// Rejects a request, for a reason.
    pub(super) fn rejected(request_id: Option<String>, group: Option<String>, problem: &Problem) -> Self {
        let explanation = match &problem.hint {
            Some(hint) => format!("{}; {hint}", problem.message),
            None => problem.message.clone(),
        };
        Self {
            request_id,
            group,
            accepted: false,
            order_id: problem.order.map(|order| order.to_string()),
            auction_id: None,
            proposal_id: None,
            status: "rejected",
            reason: Some(problem.code.to_string()),
            explanation: Some(explanation),
            field: problem.field.clone(),
            at: None,
        }
    }

    /// Returns it as a message.
    pub(super) fn message(&self) -> Message {
        Message {
            topic: VALIDATION.to_owned(),
            key: self.group.clone(),
            // Fails for maps with keys that are no texts only.
            payload: serde_json::to_vec(self).unwrap_or_default(),
            is_retained: false,
        }
    }
}
