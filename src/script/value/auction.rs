//! What scripts read of auctions between participants: auctions, proposals, and what happens in them.

use std::rc::Rc;

use crate::script::value::listing::ListingInfo;
use bearpit_core::market::{AuctionEvent, AuctionRefusal, Consideration};
use bearpit_core::participant::{OpenAuction, OpenProposal};
use bearpit_core::units::{ActorId, InstrumentId, SimTime};

/// What is proposed, as scripts name and measure it.
#[derive(Debug, Clone)]
pub(crate) enum ConsiderationView {
    /// Cash.
    Cash(f64),
    /// Shares: their first listing, and how many.
    Shares(Rc<ListingInfo>, f64),
}

impl ConsiderationView {
    fn of(listings: &[Rc<ListingInfo>], consideration: Consideration) -> Option<Self> {
        Some(match consideration {
            Consideration::Cash(amount) => Self::Cash(amount.to_f64()),
            Consideration::Shares { instrument, quantity } => {
                let listing = first_listing(listings, instrument)?;
                let quantity = listing.quantity(quantity);
                Self::Shares(listing, quantity)
            }
        })
    }

    pub(crate) const fn cash(&self) -> Option<f64> {
        match self {
            Self::Cash(amount) => Some(*amount),
            Self::Shares(..) => None,
        }
    }

    pub(crate) fn symbol(&self) -> Option<rhai::ImmutableString> {
        match self {
            Self::Cash(_) => None,
            Self::Shares(listing, _) => Some(listing.symbol.clone()),
        }
    }

    pub(crate) const fn quantity(&self) -> Option<f64> {
        match self {
            Self::Cash(_) => None,
            Self::Shares(_, quantity) => Some(*quantity),
        }
    }
}

/// Returns the first listing of an instrument.
fn first_listing(listings: &[Rc<ListingInfo>], instrument: InstrumentId) -> Option<Rc<ListingInfo>> {
    listings.iter().find(|listing| listing.instrument_id == instrument).cloned()
}

/// An open auction.
#[derive(Debug, Clone)]
pub(crate) struct AuctionView {
    pub(crate) listing: Rc<ListingInfo>,
    pub(crate) id: u64,
    pub(crate) quantity: f64,
    pub(crate) deadline: SimTime,
    pub(crate) is_own: bool,
    pub(crate) proposals: Vec<ProposalView>,
}

/// An open proposal.
#[derive(Debug, Clone)]
pub(crate) struct ProposalView {
    pub(crate) id: u64,
    pub(crate) what: ConsiderationView,
    pub(crate) is_own: bool,
}

impl AuctionView {
    /// Shows an auction to a participant.
    pub(crate) fn of(listings: &[Rc<ListingInfo>], auction: &OpenAuction, reader: ActorId) -> Option<Self> {
        let listing = first_listing(listings, auction.lot.instrument)?;
        let proposal = |it: &OpenProposal| {
            let what = ConsiderationView::of(listings, it.consideration)?;
            Some(ProposalView { id: it.id.get(), what, is_own: it.proposer == reader })
        };
        Some(Self {
            id: auction.id.get(),
            quantity: listing.quantity(auction.lot.quantity),
            listing,
            deadline: auction.deadline,
            is_own: auction.owner == reader,
            proposals: auction.proposals.iter().filter_map(proposal).collect(),
        })
    }
}

/// What happened in an auction, or why nothing was done in one.
#[derive(Debug, Clone)]
pub(crate) struct AuctionEventView {
    /// Where the lot is listed first; absent of a refusal.
    pub(crate) listing: Option<Rc<ListingInfo>>,
    pub(crate) what: AuctionNews,
    /// What is proposed, if the event says so.
    pub(crate) proposed: Option<ConsiderationView>,
    pub(crate) reader: ActorId,
    pub(crate) at: SimTime,
}

/// What an event of auctions is of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum AuctionNews {
    Event(AuctionEvent),
    Refused(AuctionRefusal),
}

impl AuctionEventView {
    /// Shows an event to a participant.
    pub(crate) fn of(
        listings: &[Rc<ListingInfo>],
        event: AuctionEvent,
        (listing, reader, at): (Rc<ListingInfo>, ActorId, SimTime),
    ) -> Self {
        let proposed = match event {
            AuctionEvent::Proposed { consideration, .. } | AuctionEvent::Accepted { consideration, .. } => {
                ConsiderationView::of(listings, consideration)
            }
            _ => None,
        };
        Self { listing: Some(listing), what: AuctionNews::Event(event), proposed, reader, at }
    }

    /// Says why nothing was done that the script asked for.
    pub(crate) const fn refused(refusal: AuctionRefusal, reader: ActorId, at: SimTime) -> Self {
        Self { listing: None, what: AuctionNews::Refused(refusal), proposed: None, reader, at }
    }

    const fn event(&self) -> Option<AuctionEvent> {
        match self.what {
            AuctionNews::Event(event) => Some(event),
            AuctionNews::Refused(_) => None,
        }
    }

    pub(crate) const fn kind(&self) -> &'static str {
        match self.what {
            AuctionNews::Event(event) => event.name(),
            AuctionNews::Refused(_) => "refused",
        }
    }

    pub(crate) fn auction(&self) -> Option<i64> {
        self.event().map(|event| event.auction().get().cast_signed())
    }

    pub(crate) fn proposal(&self) -> Option<i64> {
        match self.event()? {
            AuctionEvent::Proposed { proposal, .. }
            | AuctionEvent::Accepted { proposal, .. }
            | AuctionEvent::ProposalEnded { proposal, .. } => Some(proposal.get().cast_signed()),
            AuctionEvent::Offered { .. } | AuctionEvent::Ended { .. } => None,
        }
    }

    /// Returns the quantity of the lot, where the event says it.
    pub(crate) fn quantity(&self) -> Option<f64> {
        match self.event()? {
            AuctionEvent::Offered { lot, .. } | AuctionEvent::Accepted { lot, .. } => {
                Some(self.listing.as_ref()?.quantity(lot.quantity))
            }
            _ => None,
        }
    }

    pub(crate) fn value(&self) -> Option<f64> {
        match self.event()? {
            AuctionEvent::Accepted { value, .. } => Some(value.to_f64()),
            _ => None,
        }
    }

    pub(crate) fn deadline(&self) -> Option<SimTime> {
        match self.event()? {
            AuctionEvent::Offered { deadline, .. } => Some(deadline),
            _ => None,
        }
    }

    pub(crate) fn is_own(&self) -> bool {
        self.event().is_some_and(|event| event.concerned().0 == self.reader)
    }

    pub(crate) fn is_own_proposal(&self) -> bool {
        self.event().is_some_and(|event| event.concerned().1 == Some(self.reader))
    }

    /// Returns why a proposal or an auction ended, or why nothing was done.
    pub(crate) fn reason(&self) -> Option<String> {
        match self.what {
            AuctionNews::Event(AuctionEvent::ProposalEnded { why, .. }) => Some(why.name().to_owned()),
            AuctionNews::Event(AuctionEvent::Ended { why, .. }) => Some(why.name().to_owned()),
            AuctionNews::Event(_) => None,
            AuctionNews::Refused(refusal) => Some(refusal.to_string()),
        }
    }
}
