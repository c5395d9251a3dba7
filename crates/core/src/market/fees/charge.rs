//! [`Charge`]: one line of a fee schedule.

use super::rates::{FeeRates, FillRate};
use crate::market::{Liquidity, Side};
use crate::units::{FeeRate, Money};

/// Which orders a charge applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ChargedSide {
    /// All.
    #[default]
    Both,
    /// Purchases only, such as the United Kingdom's stamp duty.
    Purchases,
    /// Sales only, such as China's stamp duty or the fees of FINRA.
    Sales,
}

impl ChargedSide {
    /// Returns whether orders of `side` are charged.
    #[must_use]
    pub fn includes(self, side: Side) -> bool {
        match self {
            Self::Both => true,
            Self::Purchases => side == Side::Buy,
            Self::Sales => side == Side::Sell,
        }
    }
}

/// What an account must have traded in a month for a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum TierMeasure {
    /// The sum of its fills' notional, by size.
    #[default]
    Notional,
    /// The sum of its fills' quantity, in units.
    Quantity,
}

/// The rates for accounts that have traded much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FeeTier {
    /// From how much on: in the currency, or in units of quantity with ten decimal places like money.
    pub from: Money,
    /// The rates from there on.
    pub rates: FeeRates,
}

/// One line of a fee schedule: what an order costs over all of its fills.
///
/// An order that trades pays `per_order` once, and for each fill by the rates. The sum is raised to
/// `minimum`, lowered to `maximum`, and then to `maximum_rate` of the order's notional so far, which goes
/// before the minimum; last it is rounded to `step`. A fill pays what its order has come to owe more than
/// before: so the first fill pays the minimum, and later ones what exceeds it.
///
/// The tier is that of what the account had traded in the calendar month before the fill; a fill is not split
/// between two tiers.
///
/// ```
/// use bearpit_core::market::{Charge, FeeRates, FeeSchedule, FillRate};
/// use bearpit_core::units::Money;
///
/// let money = |text: &str| Money::from_decimal(text.parse().ok()?);
/// let rate = FillRate { per_unit: money("0.005").ok_or("too fine")?, ..FillRate::default() };
/// let commission = Charge { minimum: money("1"), ..Charge::of(FeeRates::flat(rate)) };
/// let schedule = FeeSchedule::new(vec![commission])?;
/// assert_eq!(schedule.charges().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Charge {
    /// Which orders it applies to.
    pub on: ChargedSide,
    /// The rates of fills below the first tier; negative ones are rebates.
    pub rates: FeeRates,
    /// The rates of accounts that have traded more, ascending.
    pub tiers: Vec<FeeTier>,
    /// What tiers count.
    pub measure: TierMeasure,
    /// Paid once by an order that trades.
    pub per_order: Money,
    /// The least that an order pays that trades.
    pub minimum: Option<Money>,
    /// The most that an order pays.
    pub maximum: Option<Money>,
    /// The most that an order pays, as a share of its notional.
    pub maximum_rate: Option<FeeRate>,
    /// What the sum is rounded to multiples of, half away from zero; exact if absent.
    pub step: Option<Money>,
}

impl Charge {
    /// Makes the charge of `rates` on all orders.
    #[must_use]
    pub fn of(rates: FeeRates) -> Self {
        Self { rates, ..Self::default() }
    }

    /// Returns the rate of a fill of an account that has traded so much in the month.
    #[must_use]
    pub fn rate_at(&self, traded: Money, liquidity: Liquidity) -> FillRate {
        let tier = self.tiers.iter().rev().find(|tier| tier.from <= traded);
        tier.map_or(self.rates, |tier| tier.rates).rate(liquidity)
    }

    /// Returns a rate of a role that no tier exceeds.
    #[must_use]
    pub fn highest_rate(&self, liquidity: Liquidity) -> FillRate {
        let rate = |rates: &FeeRates| rates.rate(liquidity);
        self.tiers.iter().map(|tier| rate(&tier.rates)).fold(rate(&self.rates), FillRate::max)
    }

    /// Returns a rate of a role that no tier falls below.
    pub(super) fn lowest_rate(&self, liquidity: Liquidity) -> FillRate {
        let rate = |rates: &FeeRates| rates.rate(liquidity);
        self.tiers.iter().map(|tier| rate(&tier.rates)).fold(rate(&self.rates), FillRate::min)
    }

    /// Returns a rate that no fill exceeds in any role or tier; never below zero.
    #[must_use]
    pub fn worst_rate(&self) -> FillRate {
        self.tiers.iter().map(|tier| tier.rates.worst()).fold(self.rates.worst(), FillRate::max)
    }

    /// Returns whether what an order pays is the sum of shares of its fills' notional, and nothing else.
    #[must_use]
    pub fn is_proportional(&self) -> bool {
        let rates = self.tiers.iter().map(|tier| &tier.rates).chain([&self.rates]);
        self.per_order == Money::ZERO
            && self.minimum.is_none()
            && self.maximum.is_none()
            && self.maximum_rate.is_none()
            && self.step.is_none()
            && rates.into_iter().all(FeeRates::is_proportional)
    }

    /// Returns what an order owes in all before it is rounded, where its fills came to `rated` by the rates,
    /// and to `notional` by size.
    #[must_use]
    pub fn owed(&self, rated: Money, notional: Money) -> Money {
        let sum = rated + self.per_order;
        let raised = self.minimum.map_or(sum, |minimum| sum.max(minimum));
        let capped = self.maximum.map_or(raised, |maximum| Ord::min(raised, maximum));
        self.maximum_rate.map_or(capped, |rate| Ord::min(capped, rate.of(notional)))
    }

    /// Returns an amount owed as it is charged: rounded half away from zero to the step.
    #[must_use]
    pub fn rounded(&self, owed: Money) -> Money {
        self.step.map_or(owed, |step| step * Money::from_units(1).share(owed.units(), step.units()).units())
    }
}
