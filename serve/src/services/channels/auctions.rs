//! What is said on the topic of auctions between participants: offers, proposals, and what becomes of them.
//!
//! The form is checked; the market side of such auctions is not open yet, and each well-formed message is
//! answered so.

use serde::Deserialize;

use super::request::Fields;
use crate::domain::{Number, Problem, ProblemKind};
use crate::services::market_data::{MarketData, SideName};

/// The topic.
pub(super) const AUCTIONS: &str = "auctions";

/// The kinds of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum MessageKind {
    /// Something is offered, or wanted.
    Offer,
    /// Somebody proposes a price for an offer.
    Proposal,
    /// Whoever has offered accepts a proposal.
    Acceptance,
    /// Whoever has offered rejects a proposal.
    Rejection,
}

/// Checks a message; one that is well-formed is refused, since such auctions are not open.
pub(super) fn check(mut fields: Fields, data: &MarketData) -> Problem {
    match read(&mut fields, data).and_then(|()| fields.refuse_others()) {
        Err(problem) => problem,
        Ok(()) => {
            let message = "auctions between participants are not open in this market";
            let problem = Problem::new(ProblemKind::Unavailable, "auctions_not_open", message);
            problem.hint("the message is well-formed; orders are taken on the topic `requests`")
        }
    }
}

fn read(fields: &mut Fields, data: &MarketData) -> Result<(), Problem> {
    match needed(fields, "type")? {
        MessageKind::Offer => {
            let symbol: String = needed(fields, "symbol")?;
            let venue: Option<String> = fields.take("venue")?;
            let name = venue.map_or_else(|| symbol.clone(), |venue| format!("{symbol}@{venue}"));
            data.find(&name).map_err(|problem| problem.at("symbol"))?;
            let _: SideName = needed(fields, "side")?;
            positive(fields, "quantity")?;
            positive(fields, "price")
        }
        MessageKind::Proposal => {
            id(fields, "offer_id")?;
            positive(fields, "quantity")?;
            positive(fields, "price")
        }
        MessageKind::Acceptance => id(fields, "proposal_id"),
        MessageKind::Rejection => {
            id(fields, "proposal_id")?;
            let text: Option<String> = fields.take("text")?;
            match text {
                Some(text) if text.chars().count() > 500 => {
                    let message = "a text has 500 characters at most";
                    Err(Problem::new(ProblemKind::Refused, "invalid_field", message).at("text"))
                }
                _ => Ok(()),
            }
        }
    }
}

fn needed<T: serde::de::DeserializeOwned>(fields: &mut Fields, name: &str) -> Result<T, Problem> {
    let missing =
        || Problem::new(ProblemKind::Refused, "missing_field", format!("`{name}` is missing")).at(name);
    fields.take(name)?.ok_or_else(missing)
}

fn positive(fields: &mut Fields, name: &str) -> Result<(), Problem> {
    let number: Number = needed(fields, name)?;
    if number.0.is_positive() {
        return Ok(());
    }
    let message = format!("{number} is not above zero");
    Err(Problem::new(ProblemKind::Refused, "invalid_field", message).at(name))
}

fn id(fields: &mut Fields, name: &str) -> Result<(), Problem> {
    let text: String = needed(fields, name)?;
    let is_id = text.len() == 36 && uuid::Uuid::try_parse(&text).is_ok();
    let unfit = || Problem::new(ProblemKind::Refused, "invalid_field", "an id is a UUID").at(name);
    is_id.then_some(()).ok_or_else(unfit)
}
