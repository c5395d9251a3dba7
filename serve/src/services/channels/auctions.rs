//! What is asked for on the topic of auctions between participants.

use serde::Deserialize;

use super::request::Fields;
use crate::domain::{Number, Problem, ProblemKind};
use crate::services::auctions::{AuctionRequest, OfferRequest, ProposalRequest, path_auction, path_proposal};

/// The topic.
pub(super) const AUCTIONS: &str = "auctions";

/// The kinds of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum MessageKind {
    /// Shares are offered.
    Offer,
    /// Somebody proposes something for those of an auction.
    Proposal,
    /// Whoever has offered accepts a proposal.
    Acceptance,
    /// Whoever has offered rejects a proposal.
    Rejection,
    /// Whoever has offered or proposed takes that back.
    Withdrawal,
}

/// Reads a message: the `request_id` is the id of what it asks for.
pub(super) fn read(mut fields: Fields) -> Result<AuctionRequest, Problem> {
    let request = match needed(&mut fields, "type")? {
        MessageKind::Offer => AuctionRequest::Offer(OfferRequest {
            symbol: needed(&mut fields, "symbol")?,
            quantity: needed::<Number>(&mut fields, "quantity")?,
            deadline: fields.take("deadline")?,
            client_request_id: None,
        }),
        MessageKind::Proposal => {
            let auction = path_auction(&needed::<String>(&mut fields, "auction_id")?)?;
            let proposal = ProposalRequest {
                cash: fields.take("cash")?,
                symbol: fields.take("symbol")?,
                quantity: fields.take("quantity")?,
                client_request_id: None,
            };
            AuctionRequest::Propose(auction, proposal)
        }
        kind => of_proposal(&mut fields, kind)?,
    };
    fields.refuse_others()?;
    Ok(request)
}

/// Reads a message about a proposal that is there, or about an auction as a whole.
fn of_proposal(fields: &mut Fields, kind: MessageKind) -> Result<AuctionRequest, Problem> {
    let auction = path_auction(&needed::<String>(fields, "auction_id")?)?;
    if kind == MessageKind::Withdrawal {
        let proposal: Option<String> = fields.take("proposal_id")?;
        return match proposal {
            Some(id) => Ok(AuctionRequest::WithdrawProposal(auction, path_proposal(&id)?)),
            None => Ok(AuctionRequest::Withdraw(auction)),
        };
    }
    let proposal = path_proposal(&needed::<String>(fields, "proposal_id")?)?;
    Ok(match kind {
        MessageKind::Rejection => AuctionRequest::Reject(auction, proposal),
        _ => AuctionRequest::Accept(auction, proposal),
    })
}

fn needed<T: serde::de::DeserializeOwned>(fields: &mut Fields, name: &str) -> Result<T, Problem> {
    let missing =
        || Problem::new(ProblemKind::Refused, "missing_field", format!("`{name}` is missing")).at(name);
    fields.take(name)?.ok_or_else(missing)
}
