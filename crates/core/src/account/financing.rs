//! Financing: interest on cash, and the cost of borrowed shares.

use crate::units::{FeeRate, Money, SimDuration};

/// Annual rates, for a year of 365 days in any calendar year (Actual/365 Fixed).
///
/// Interest accrues on the current cash, the proceeds of short sales included, and compounds at each booking.
///
/// ```
/// use bearpit_core::account::Financing;
/// use bearpit_core::units::{FeeRate, Money, SimDuration};
///
/// let four_percent = FeeRate::from_bps("400".parse()?).expect("a rate in range");
/// let financing = Financing { debit: four_percent, ..Financing::NONE };
/// let day = SimDuration::from_secs(86_400);
/// let accrued = financing.over(day, Money::from_whole(-36_500), Money::ZERO);
/// assert_eq!(accrued.interest, Money::from_whole(-4));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Financing {
    /// What cash above zero earns.
    pub credit: FeeRate,
    /// What cash below zero costs.
    pub debit: FeeRate,
    /// What borrowed shares cost, of what they are worth.
    pub borrow: FeeRate,
}

/// The financing of a span of time; both amounts are rounded half away from zero to the unit of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Financed {
    /// Interest on cash: received if positive, paid if negative.
    pub interest: Money,
    /// What borrowed shares cost; negative if it was received.
    pub borrow: Money,
}

const YEAR: SimDuration = SimDuration::from_secs(365 * 86_400);

impl Financing {
    /// No financing.
    pub const NONE: Self = Self { credit: FeeRate::ZERO, debit: FeeRate::ZERO, borrow: FeeRate::ZERO };

    /// Returns the financing of `cash`, and of borrowed shares worth `borrowed`, over `span`.
    #[must_use]
    pub fn over(&self, span: SimDuration, cash: Money, borrowed: Money) -> Financed {
        let part = |a_year: Money| a_year.share(i128::from(span.nanos()), i128::from(YEAR.nanos()));
        let rate = if cash < Money::ZERO { self.debit } else { self.credit };
        Financed { interest: part(rate.of(cash)), borrow: part(self.borrow.of(borrowed)) }
    }
}

impl Financed {
    /// Returns what the account has more than before.
    #[must_use]
    pub fn net(&self) -> Money {
        self.interest - self.borrow
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bps(rate: &str) -> FeeRate {
        FeeRate::from_bps(rate.parse().unwrap()).unwrap()
    }

    #[test]
    fn a_year_brings_the_rate_and_a_part_its_share() {
        let terms = Financing { credit: bps("200"), debit: bps("500"), borrow: bps("100") };
        let cash = Money::from_whole(1_000_000);
        let year = terms.over(YEAR, cash, Money::from_whole(50_000));
        assert_eq!((year.interest, year.borrow), (Money::from_whole(20_000), Money::from_whole(500)));
        assert_eq!(year.net(), Money::from_whole(19_500));
        let day = terms.over(SimDuration::from_secs(86_400), cash, Money::ZERO);
        assert_eq!(day.interest.to_string(), "54.7945205479", "20,000 / 365");
        let debt = terms.over(YEAR, -cash, Money::ZERO);
        assert_eq!(debt.interest, Money::from_whole(-50_000));
        assert_eq!(Financing::NONE.over(YEAR, cash, cash), Financed::default());
    }
}
