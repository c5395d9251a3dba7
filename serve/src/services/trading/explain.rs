//! What the market refuses, as problems for whoever asked.

use std::time::Duration;

use bearpit_core::market::{AuctionRefusal, Refusal};
use bearpit_core::participant::{QuoteRefusal, RequestRefusal};

use crate::domain::{Problem, ProblemKind};
use crate::driver::{Refused, Unavailable};
use crate::live::NotTaken;

/// When it is worth to try again.
const SOON: Duration = Duration::from_secs(1);

/// Returns what a market that takes nothing is as a problem.
pub(in crate::services) fn unavailable(why: &Unavailable) -> Problem {
    let problem = Problem::new(ProblemKind::Unavailable, why.code(), why);
    match why {
        Unavailable::Failed(_) => problem,
        _ => problem.retry_after(SOON),
    }
}

/// Returns why a request has no answer as a problem.
pub(in crate::services) fn refused(why: &Refused) -> Problem {
    match why {
        Refused::Unavailable(why) => unavailable(why),
        Refused::NotTaken(NotTaken::IdInUse(_)) => {
            Problem::new(ProblemKind::Conflict, "client_order_id_in_use", why)
                .at("client_order_id")
                .hint("the same order under the same id is entered once; another needs an id of its own")
        }
        Refused::NotTaken(_) => Problem::new(ProblemKind::Refused, "not_taken", why),
        Refused::NoSuchSeat(_) => {
            Problem::new(ProblemKind::NotFound, "no_account", "there is no such account")
        }
        Refused::NoSuchInstrument(_) => {
            Problem::new(ProblemKind::NotFound, "unknown_symbol", why).at("symbol")
        }
        Refused::NoSuchListing(_) => Problem::new(ProblemKind::NotFound, "unknown_symbol", why),
        Refused::Voided => Problem::new(ProblemKind::Internal, "voided", why),
        Refused::TooLargeToPreview => Problem::new(ProblemKind::Refused, "too_many_orders", why),
    }
}

/// Returns what the market answered as a problem.
pub(in crate::services) fn refusal(why: &RequestRefusal) -> Problem {
    match why {
        RequestRefusal::Instruction(refusal) => gate(refusal),
        RequestRefusal::Funding(why) => Problem::new(ProblemKind::Refused, "funding_refused", why),
        RequestRefusal::Operator(why) => Problem::new(ProblemKind::Refused, "operator_refused", why),
        RequestRefusal::Quote(why) => Problem::new(ProblemKind::Refused, quote_code(why), why).at("value"),
        RequestRefusal::Join(why) => Problem::new(ProblemKind::Refused, "no_seat", why),
        RequestRefusal::Auction(AuctionRefusal::Account(refusal)) => gate(refusal),
        RequestRefusal::Auction(why) => auction(why),
    }
}

/// Returns why nothing was done in an auction as a problem. Auctions are seen by everybody, so whoever is not
/// the owner of one is told so.
fn auction(why: &AuctionRefusal) -> Problem {
    let kind = match why {
        AuctionRefusal::UnknownAuction(_)
        | AuctionRefusal::UnknownProposal { .. }
        | AuctionRefusal::NotHere
        | AuctionRefusal::UnknownInstrument(_) => ProblemKind::NotFound,
        AuctionRefusal::AuctionOver(_)
        | AuctionRefusal::TooManyAuctions { .. }
        | AuctionRefusal::TooManyProposals { .. }
        | AuctionRefusal::Counterparty(_) => ProblemKind::Conflict,
        AuctionRefusal::NotOwner(_)
        | AuctionRefusal::NotProposer(_)
        | AuctionRefusal::OwnAuction(_)
        | AuctionRefusal::SamePerson(_)
        | AuctionRefusal::Sealed => ProblemKind::Forbidden,
        _ => ProblemKind::Refused,
    };
    let problem = Problem::new(kind, why.name(), why);
    match why {
        AuctionRefusal::UnknownAuction(_) | AuctionRefusal::AuctionOver(_) => problem.at("auction_id"),
        AuctionRefusal::UnknownProposal { .. } => problem.at("proposal_id"),
        AuctionRefusal::QuantityOutOfRange(_) | AuctionRefusal::InsufficientShares { .. } => {
            problem.at("quantity")
        }
        AuctionRefusal::CashOutOfRange(_) | AuctionRefusal::InsufficientCash { .. } => problem.at("cash"),
        AuctionRefusal::SameInstrument
        | AuctionRefusal::NotSwappable(_)
        | AuctionRefusal::UnknownInstrument(_)
        | AuctionRefusal::NoMark
        | AuctionRefusal::Halted(_) => problem.at("symbol"),
        AuctionRefusal::DeadlinePassed { .. } | AuctionRefusal::DeadlineTooLate { .. } => {
            problem.at("deadline")
        }
        _ => problem,
    }
}

/// Returns a word for why a value did not follow a quote.
pub(in crate::services) const fn quote_code(why: &QuoteRefusal) -> &'static str {
    match why {
        QuoteRefusal::NotAFeed => "not_a_feed",
        QuoteRefusal::OutOfRange { .. } => "price_out_of_range",
        QuoteRefusal::Crossed { .. } => "crossed_quote",
        QuoteRefusal::TooFar { .. } => "too_far",
    }
}

/// Returns what an account's gate refused as a problem.
pub(super) fn gate(refusal: &Refusal) -> Problem {
    let problem = Problem::new(kind_of(refusal), refusal.name(), refusal);
    match refusal {
        Refusal::QuantityOutOfRange(_)
        | Refusal::InsufficientShares { .. }
        | Refusal::WouldNotReduce { .. } => problem.at("quantity"),
        Refusal::InsufficientCash { .. } => {
            problem.at("quantity").hint("POST /api/orders/preview says what an order would hold")
        }
        Refusal::PriceOutOfRange | Refusal::BeyondProtection(_) => problem.at("price"),
        Refusal::NeedsLimit | Refusal::NoReferencePrice => problem.at("price").hint("give the order a price"),
        Refusal::PositionLimit { .. } => problem.at("quantity"),
        Refusal::InstrumentNotAllowed => problem.at("symbol"),
        Refusal::LinkUnfit(_) => problem.at("one_cancels_other"),
        Refusal::BelowOneLot { .. } => problem.at("notional").hint("GET /api/instruments says what a lot is"),
        _ => problem,
    }
}

const fn kind_of(refusal: &Refusal) -> ProblemKind {
    match refusal {
        Refusal::UnknownOrder(_) | Refusal::UnknownListing | Refusal::NoAccount => ProblemKind::NotFound,
        Refusal::ReplacePending(_) | Refusal::NotEntered(_) => ProblemKind::Conflict,
        Refusal::Closed | Refusal::WarmingUp | Refusal::Stopped => ProblemKind::Unavailable,
        Refusal::Blocked | Refusal::InstrumentNotAllowed | Refusal::Ended => ProblemKind::Forbidden,
        Refusal::OrderRate { .. } => ProblemKind::TooMany,
        _ => ProblemKind::Refused,
    }
}
