//! [`FeeSchedule`]: all charges of a venue or a broker.

use thiserror::Error;

use super::charge::{Charge, ChargedSide};
use super::rates::{Fees, FillRate};
use crate::market::{Liquidity, Side};
use crate::units::{FeeRate, Money};

/// All charges of a venue, or of an account's broker: data that cannot be wrong.
///
/// ```
/// use bearpit_core::market::{Charge, ChargedSide, FeeRates, FeeSchedule, Fees};
/// use bearpit_core::units::{FeeRate, Money};
///
/// let rate = FeeRate::from_bps("10".parse()?).ok_or("too fine")?;
/// let flat = FeeRates::from(Fees { maker: rate, taker: rate, auction: rate });
/// let stamp_duty = Charge { on: ChargedSide::Sales, ..Charge::of(flat) };
/// let ticket = Charge { per_order: Money::from_whole(5), ..Charge::default() };
/// assert_eq!(FeeSchedule::new(vec![ticket, stamp_duty])?.charges().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FeeSchedule {
    charges: Vec<Charge>,
    /// The rates of a schedule that has nothing but them: nearly all fills are charged by these.
    plain: Option<Fees>,
    is_proportional: bool,
    has_tiers: bool,
}

/// Why charges do not make a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FeeError {
    /// There are too many charges.
    #[error("a schedule has at most {most} charges, not {0}", most = FeeSchedule::MAX_CHARGES)]
    TooManyCharges(usize),
    /// An amount is out of range.
    #[error("`{key}` is {amount}, but must be from 0 to {most}", most = FeeSchedule::MAX_AMOUNT)]
    AmountOutOfRange {
        /// Which.
        key: &'static str,
        /// The amount.
        amount: Money,
    },
    /// A share of notional is negative where that means nothing.
    #[error("`{key}` is {}, but must be from 0 to 10000", rate.bps())]
    RateOutOfRange {
        /// Which.
        key: &'static str,
        /// The rate.
        rate: FeeRate,
    },
    /// A fee for each unit of quantity is out of range.
    #[error("a fee a share is {0}, but must be from -{max} to {max}", max = FillRate::MAX_PER_UNIT)]
    PerUnitOutOfRange(Money),
    /// The charges may come to more than the notional.
    #[error("the fees of an order may come to more than 10000 bps of its notional")]
    MoreThanNotional,
    /// The minimum is above the maximum.
    #[error("`minimum` is {minimum}, above `maximum`, {maximum}")]
    MinimumAboveMaximum {
        /// The minimum.
        minimum: Money,
        /// The maximum.
        maximum: Money,
    },
    /// The rounding step is not above zero.
    #[error("`round` is {0}, but must be above 0 and at most {most}", most = FeeSchedule::MAX_AMOUNT)]
    StepOutOfRange(Money),
    /// The rounding step does not divide the minimum or the maximum.
    #[error("`round` is {step}, but `{key}` is {amount}, which is not a multiple of it")]
    NotAMultiple {
        /// The step.
        step: Money,
        /// What it does not divide.
        key: &'static str,
        /// The amount.
        amount: Money,
    },
    /// Tiers do not ascend from above zero.
    #[error("the tier from {0} must begin above 0 and above the tier before it")]
    TiersNotAscending(Money),
    /// Both sides of an auction would be paid.
    #[error("auction_bps is {}, but must be at or above 0: both sides pay it", .0.bps())]
    AuctionRebate(FeeRate),
    /// The rebates of one side are higher than the fees of the other.
    #[error(
        "the fees pay out more than they take: maker {} bps and taker {} bps; their sum must be at or above 0",
        maker.bps(), taker.bps()
    )]
    PaysOut {
        /// The lowest rate of makers.
        maker: FeeRate,
        /// The lowest rate of takers.
        taker: FeeRate,
    },
    /// The same of fees for each unit of quantity.
    #[error(
        "the fees pay out more than they take: maker {maker} and taker {taker} a share; their sum must be at or above 0, as must an auction's fee"
    )]
    PaysOutPerUnit {
        /// The lowest fee of makers.
        maker: Money,
        /// The lowest fee of takers.
        taker: Money,
    },
    /// The other side may not pay for a rebate.
    #[error("a rebate is possible only where both sides are charged, and no maximum limits what they pay")]
    UnpaidRebate,
}

impl FeeSchedule {
    /// The schedule of a venue that charges nothing.
    pub const FREE: Self = Self {
        charges: Vec::new(),
        plain: Some(Fees { maker: FeeRate::ZERO, taker: FeeRate::ZERO, auction: FeeRate::ZERO }),
        is_proportional: true,
        has_tiers: false,
    };
    /// The most charges of one schedule.
    pub const MAX_CHARGES: usize = 16;
    /// The largest amount for an order: 10^12 of the currency.
    pub const MAX_AMOUNT: Money = Money::from_whole(1_000_000_000_000);

    /// Makes a schedule of charges that all apply, each by itself.
    ///
    /// # Errors
    /// The first [`FeeError`].
    pub fn new(charges: Vec<Charge>) -> Result<Self, FeeError> {
        if charges.len() > Self::MAX_CHARGES {
            return Err(FeeError::TooManyCharges(charges.len()));
        }
        charges.iter().try_for_each(check)?;
        let schedule = Self {
            plain: plain(&charges),
            is_proportional: charges.iter().all(Charge::is_proportional),
            has_tiers: charges.iter().any(|charge| !charge.tiers.is_empty()),
            charges,
        };
        let whole = Money::from_whole(1);
        if Side::BOTH.iter().any(|side| schedule.worst_share(*side, whole) > whole) {
            return Err(FeeError::MoreThanNotional);
        }
        Ok(schedule)
    }

    /// Returns the charges.
    #[must_use]
    pub fn charges(&self) -> &[Charge] {
        &self.charges
    }

    /// Returns the rates, if the schedule has nothing else.
    #[must_use]
    pub const fn plain(&self) -> Option<&Fees> {
        self.plain.as_ref()
    }

    /// Returns whether what an order pays is the sum of shares of its fills' notional, and nothing else.
    #[must_use]
    pub const fn is_proportional(&self) -> bool {
        self.is_proportional
    }

    /// Returns whether it matters how much an account has traded in the month.
    #[must_use]
    pub const fn has_tiers(&self) -> bool {
        self.has_tiers
    }

    /// Returns whether an order can ever pay anything.
    #[must_use]
    pub fn may_charge(&self) -> bool {
        let charges_something = |charge: &Charge| {
            let amounts = [Some(charge.per_order), charge.minimum].into_iter().flatten();
            charge.worst_rate() != FillRate::default() || amounts.into_iter().any(|it| it > Money::ZERO)
        };
        self.charges.iter().any(charges_something)
    }

    /// Returns the most that the rates of orders of `side` take of `notional` together; never below zero.
    #[must_use]
    pub fn worst_share(&self, side: Side, notional: Money) -> Money {
        let own = self.charges.iter().filter(|charge| charge.on.includes(side));
        own.map(|charge| charge.worst_rate().rate.of(notional)).sum()
    }
}

impl Default for FeeSchedule {
    fn default() -> Self {
        Self::FREE
    }
}

impl From<Fees> for FeeSchedule {
    fn from(fees: Fees) -> Self {
        let charges = vec![Charge::of(fees.into())];
        Self { charges, plain: Some(fees), is_proportional: true, has_tiers: false }
    }
}

/// Returns the rates of charges that are nothing but one set of rates for everybody.
fn plain(charges: &[Charge]) -> Option<Fees> {
    match charges {
        [] => Some(Fees::default()),
        [only] if only.is_proportional() && only.tiers.is_empty() && only.on == ChargedSide::Both => {
            let [maker, taker, auction] =
                [only.rates.maker, only.rates.taker, only.rates.auction].map(|it| it.rate);
            Some(Fees { maker, taker, auction })
        }
        _ => None,
    }
}

/// Checks one charge.
fn check(charge: &Charge) -> Result<(), FeeError> {
    check_amounts(charge)?;
    let mut last = Money::ZERO;
    for tier in &charge.tiers {
        if tier.from <= last {
            return Err(FeeError::TiersNotAscending(tier.from));
        }
        last = tier.from;
    }
    let rates = charge.tiers.iter().map(|tier| tier.rates).chain([charge.rates]);
    for FillRate { per_unit, .. } in rates.flat_map(|it| [it.maker, it.taker, it.auction]) {
        if per_unit.abs() > FillRate::MAX_PER_UNIT {
            return Err(FeeError::PerUnitOutOfRange(per_unit));
        }
    }
    check_rebates(charge)
}

fn check_amounts(charge: &Charge) -> Result<(), FeeError> {
    let Charge { per_order, minimum, maximum, maximum_rate, step, .. } = charge;
    let bounds = [("minimum", *minimum), ("maximum", *maximum)];
    for (key, amount) in bounds.into_iter().chain([("per_order", Some(*per_order))]) {
        if let Some(amount) = amount.filter(|it| *it < Money::ZERO || *it > FeeSchedule::MAX_AMOUNT) {
            return Err(FeeError::AmountOutOfRange { key, amount });
        }
    }
    if let (Some(minimum), Some(maximum)) = (*minimum, *maximum)
        && minimum > maximum
    {
        return Err(FeeError::MinimumAboveMaximum { minimum, maximum });
    }
    if let Some(rate) = maximum_rate.filter(|rate| *rate < FeeRate::ZERO) {
        return Err(FeeError::RateOutOfRange { key: "maximum_bps", rate });
    }
    let Some(step) = *step else { return Ok(()) };
    if step <= Money::ZERO || step > FeeSchedule::MAX_AMOUNT {
        return Err(FeeError::StepOutOfRange(step));
    }
    let uneven = |amount: Money| amount.units() % step.units() != 0;
    let found = bounds.into_iter().find_map(|(key, amount)| Some((key, amount.filter(|it| uneven(*it))?)));
    found.map_or(Ok(()), |(key, amount)| Err(FeeError::NotAMultiple { step, key, amount }))
}

/// Checks that no trade is paid for by nobody: what one side gets, the other pays in every tier.
fn check_rebates(charge: &Charge) -> Result<(), FeeError> {
    let [maker, taker, auction] =
        [Liquidity::Maker, Liquidity::Taker, Liquidity::Auction].map(|it| charge.lowest_rate(it));
    let none = FillRate::default();
    if auction.rate < FeeRate::ZERO {
        return Err(FeeError::AuctionRebate(auction.rate));
    }
    let whole = Money::from_whole(1);
    if maker.rate.of(whole) + taker.rate.of(whole) < Money::ZERO {
        return Err(FeeError::PaysOut { maker: maker.rate, taker: taker.rate });
    }
    let [maker_unit, taker_unit] = [maker.per_unit, taker.per_unit];
    if maker_unit + taker_unit < Money::ZERO || auction.per_unit < Money::ZERO {
        return Err(FeeError::PaysOutPerUnit { maker: maker_unit, taker: taker_unit });
    }
    let has_rebates = maker.min(none) != none || taker.min(none) != none;
    let is_limited = charge.maximum.is_some() || charge.maximum_rate.is_some();
    if has_rebates && (is_limited || charge.on != ChargedSide::Both) {
        return Err(FeeError::UnpaidRebate);
    }
    Ok(())
}
