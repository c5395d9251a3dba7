//! [`ActionRow`]: a split, a dividend, the clearing of a future or a quote from outside, or what an account
//! was given or paid for one.

use bearpit_core::market::{Clearing, CorporateAction, Fact, FundingRate, Listing, SplitRatio};
use bearpit_core::units::{ActorId, InstrumentId, ListingId, Money, NetQuantity};

/// A split, a dividend or the clearing of a future, or what an account was given or paid for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionRow {
    /// Where the instrument is listed.
    pub listing: ListingId,
    /// The account; none of the action itself.
    pub owner: Option<ActorId>,
    /// `split`, `dividend`, or `fraction` for what a split left of a lot; `settlement` or `funding` of a
    /// future, and `variation_margin` for what the first pays; `quote` of a value from outside.
    pub kind: &'static str,
    /// Of a split.
    pub ratio: Option<SplitRatio>,
    /// What the account holds after a split.
    pub position: Option<NetQuantity>,
    /// What was paid to the account; of a dividend itself, on each unit, of a settlement or a
    /// quote the price, and of funding what each lot pays.
    pub amount: Money,
    /// The cost of the fraction that left the account for that.
    pub cost: Money,
    /// Of funding.
    pub rate: Option<FundingRate>,
}

impl ActionRow {
    /// Returns what a fact says of one; `None` for any other fact.
    pub(in crate::record) fn of(fact: &Fact, listings: &[Listing]) -> Option<Self> {
        let listed = |instrument: InstrumentId| {
            let index = listings.iter().position(|it| it.instrument == instrument)?;
            u32::try_from(index).ok().map(ListingId::new)
        };
        let none = |listing, kind| Self {
            listing,
            owner: None,
            kind,
            ratio: None,
            position: None,
            amount: Money::ZERO,
            cost: Money::ZERO,
            rate: None,
        };
        Some(match *fact {
            Fact::CorporateAction { listing, action: CorporateAction::Split(ratio) } => {
                Self { ratio: Some(ratio), ..none(listing, "split") }
            }
            Fact::CorporateAction { listing, action: CorporateAction::Dividend(amount) } => {
                Self { amount, ..none(listing, "dividend") }
            }
            Fact::ContractCleared { instrument, clearing: Clearing::Settlement { price } } => {
                Self { amount: Money::from_decimal(price)?, ..none(listed(instrument)?, "settlement") }
            }
            Fact::ContractCleared { instrument, clearing: Clearing::Funding { rate, per_lot } } => {
                Self { amount: per_lot, rate: Some(rate), ..none(listed(instrument)?, "funding") }
            }
            Fact::ValueQuoted { instrument, quote } => {
                Self { amount: quote.value, ..none(listed(instrument)?, "quote") }
            }
            Fact::PositionSplit { owner, instrument, ratio, position } => Self {
                owner: Some(owner),
                ratio: Some(ratio),
                position: Some(position),
                ..none(listed(instrument)?, "split")
            },
            Fact::AccountPaid { owner, instrument, reason, amount, cost } => {
                Self { owner: Some(owner), amount, cost, ..none(listed(instrument)?, reason.name()) }
            }
            _ => return None,
        })
    }
}
