//! What is asked for in auctions, as it comes from outside.

use bearpit_core::market::{AuctionAction, AuctionLot, Consideration};
use bearpit_core::units::{AuctionId, InstrumentId, Money, ProposalId, Quantity, SimTime};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::{ClientOrderId, Number, Problem, ProblemKind, instant_of};
use crate::driver::ScenarioSource;
use crate::services::trading::request::Reader;

/// Shares that are offered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferRequest {
    /// What is offered.
    #[schema(example = "ALFA")]
    pub symbol: String,
    /// How much: it is held until the auction is over.
    pub quantity: Number,
    /// When the auction expires, in the market's time, as of RFC 3339; when the market's day closes, if
    /// nothing is said.
    #[schema(format = DateTime)]
    pub deadline: Option<String>,
    /// An id of one's own: asked again under it, the first outcome is answered and nothing done.
    #[schema(value_type = Option<String>, example = "offer-1")]
    pub client_request_id: Option<ClientOrderId>,
}

/// What is proposed for the shares of an auction: `cash`, or `quantity` of a `symbol`. It is held until the
/// proposal is over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposalRequest {
    /// An amount of money.
    #[schema(example = "990.00")]
    pub cash: Option<Number>,
    /// The symbol of other shares.
    pub symbol: Option<String>,
    /// How many of them.
    pub quantity: Option<Number>,
    /// An id of one's own: asked again under it, the first outcome is answered and nothing done.
    #[schema(value_type = Option<String>, example = "proposal-1")]
    pub client_request_id: Option<ClientOrderId>,
}

/// Something that is asked for in an auction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuctionRequest {
    /// Offer shares.
    Offer(OfferRequest),
    /// Propose something for those of an auction.
    Propose(AuctionId, ProposalRequest),
    /// Accept a proposal to an auction of one's own.
    Accept(AuctionId, ProposalId),
    /// Reject one.
    Reject(AuctionId, ProposalId),
    /// Withdraw a proposal of one's own.
    WithdrawProposal(AuctionId, ProposalId),
    /// Withdraw an auction of one's own.
    Withdraw(AuctionId),
}

impl AuctionRequest {
    /// Returns the id that its sender gave it, if it has one in itself.
    pub(super) const fn client(&self) -> Option<&ClientOrderId> {
        match self {
            Self::Offer(OfferRequest { client_request_id, .. })
            | Self::Propose(_, ProposalRequest { client_request_id, .. }) => client_request_id.as_ref(),
            _ => None,
        }
    }

    /// Returns whether something is offered or proposed, which it is to be known for by whom.
    pub(super) const fn takes_part(&self) -> bool {
        matches!(self, Self::Offer(_) | Self::Propose(..))
    }

    /// Reads what is to be done; `close` is when the market's day does.
    pub(super) fn action(
        &self,
        source: &ScenarioSource,
        close: Option<SimTime>,
    ) -> Result<AuctionAction, Problem> {
        Ok(match *self {
            Self::Offer(ref request) => request.action(source, close)?,
            Self::Propose(auction, ref request) => {
                AuctionAction::Propose { auction, consideration: request.consideration(source)? }
            }
            Self::Accept(auction, proposal) => AuctionAction::Accept { auction, proposal },
            Self::Reject(auction, proposal) => AuctionAction::Reject { auction, proposal },
            Self::WithdrawProposal(auction, proposal) => {
                AuctionAction::WithdrawProposal { auction, proposal }
            }
            Self::Withdraw(auction) => AuctionAction::Withdraw { auction },
        })
    }
}

impl OfferRequest {
    fn action(&self, source: &ScenarioSource, close: Option<SimTime>) -> Result<AuctionAction, Problem> {
        let (instrument, quantity) = shares(source, &self.symbol, self.quantity)?;
        let deadline = match &self.deadline {
            Some(text) => instant_of(text).map_err(|error| refused("invalid_field", error, "deadline"))?,
            None => close.ok_or_else(|| {
                refused("missing_field", "the market has no day that closes: say a deadline", "deadline")
            })?,
        };
        Ok(AuctionAction::Offer { lot: AuctionLot { instrument, quantity }, deadline })
    }
}

impl ProposalRequest {
    fn consideration(&self, source: &ScenarioSource) -> Result<Consideration, Problem> {
        match (self.cash, &self.symbol, self.quantity) {
            (Some(cash), None, None) => {
                let amount = Money::from_decimal(cash.0).filter(|_| cash.0.is_positive());
                let unfit = || {
                    let message = format!("{cash} is no amount above zero with at most ten decimals");
                    refused("cash_out_of_range", message, "cash")
                };
                amount.map(Consideration::Cash).ok_or_else(unfit)
            }
            (None, Some(symbol), Some(quantity)) => {
                let (instrument, quantity) = shares(source, symbol, quantity)?;
                Ok(Consideration::Shares { instrument, quantity })
            }
            (None, None, Some(_)) => Err(refused("missing_field", "shares have a symbol", "symbol")),
            (None, Some(_), None) => Err(refused("missing_field", "shares have a quantity", "quantity")),
            (None, None, None) => {
                let problem = refused("missing_field", "nothing is proposed", "cash");
                Err(problem.hint("say `cash`, or `symbol` and `quantity` of other shares"))
            }
            (Some(_), ..) => {
                let message = "either cash is proposed or shares, not both";
                Err(refused("invalid_field", message, "cash"))
            }
        }
    }
}

/// Reads shares: an instrument by its symbol alone, since they are of no venue.
fn shares(
    source: &ScenarioSource,
    symbol: &str,
    quantity: Number,
) -> Result<(InstrumentId, Quantity), Problem> {
    let mut known = (0..).map(InstrumentId::new).zip(&source.scenario().instruments);
    let found = known.find(|(_, it)| it.instrument.symbol() == symbol);
    let Some((id, known)) = found else {
        let problem = Problem::new(ProblemKind::NotFound, "unknown_symbol", format!("there is no {symbol}"));
        return Err(problem
            .at("symbol")
            .hint("GET /api/instruments says which there are; a venue is not named"));
    };
    Ok((id, Reader(&known.instrument).quantity("quantity", quantity)?))
}

/// Reads the id of an auction in a path or a message.
///
/// # Errors
/// [`Problem`] if it is none.
pub fn path_auction(text: &str) -> Result<AuctionId, Problem> {
    number(text).map(AuctionId::new).ok_or_else(|| {
        let message = format!("there is no auction {}", shortened(text));
        Problem::new(ProblemKind::NotFound, "unknown_auction", message).at("auction_id")
    })
}

/// Reads the id of a proposal in a path or a message.
///
/// # Errors
/// [`Problem`] if it is none.
pub fn path_proposal(text: &str) -> Result<ProposalId, Problem> {
    number(text).map(ProposalId::new).ok_or_else(|| {
        let message = format!("there is no proposal {}", shortened(text));
        Problem::new(ProblemKind::NotFound, "unknown_proposal", message).at("proposal_id")
    })
}

fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn shortened(text: &str) -> String {
    text.chars().take(32).collect()
}

fn refused(code: &'static str, message: impl std::fmt::Display, field: &str) -> Problem {
    Problem::new(ProblemKind::Refused, code, message).at(field)
}
