//! [`Rate`]: from the market's currency to Chilean pesos, which have no decimals, and back.

use bearpit_core::units::Decimal;

use crate::domain::PaymentId;
use crate::store::database::Amount;
use crate::store::payments::Refundable;

/// How many Chilean pesos a unit of the market's currency is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate(pub(super) Decimal);

impl Rate {
    /// Returns what an amount is in pesos, rounded up; `None` if that is beyond all bounds.
    #[must_use]
    pub(super) fn pesos(self, amount: Amount) -> Option<i64> {
        let pesos = amount.decimal().checked_mul(self.0)?;
        let (units, one) = (pesos.scaled(pesos.scale())?, 10_i128.checked_pow(pesos.scale())?);
        let rounded = units.div_euclid(one) + i128::from(units.rem_euclid(one) > 0);
        i64::try_from(rounded).ok()
    }
}

/// A part of a payment that is to go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    /// The payment.
    pub(super) payment: PaymentId,
    /// How much, in the market's currency.
    pub(super) amount: Amount,
    /// How much, in pesos.
    pub(super) clp: i64,
}

/// Why an amount cannot go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfit {
    /// There is not that much of payments left.
    TooMuch {
        /// What there is.
        left: Amount,
    },
    /// A part of it is less than a peso.
    TooSmall,
}

/// Divides an amount among payments, the first of them first. A part is as many pesos as it is of its
/// payment, rounded down; the last part of a payment is all that is left of it.
///
/// # Errors
/// [`Unfit`].
pub(super) fn divide(amount: Amount, of: &[Refundable]) -> Result<Vec<Part>, Unfit> {
    let mut rest = amount.0;
    let mut parts = Vec::new();
    for Refundable { payment, whole, left } in of.iter().filter(|it| it.left.0.0 > 0) {
        if rest == 0 {
            break;
        }
        let part = rest.min(left.0.0);
        let share = i128::from(whole.1).checked_mul(part).map(|product| product / whole.0.0);
        let clp = if part == left.0.0 { Some(left.1) } else { share.and_then(|it| i64::try_from(it).ok()) };
        let clp = clp.filter(|clp| (1..=left.1).contains(clp)).ok_or(Unfit::TooSmall)?;
        parts.push(Part { payment: *payment, amount: Amount(part), clp });
        rest -= part;
    }
    if rest > 0 {
        return Err(Unfit::TooMuch { left: Amount(amount.0 - rest) });
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Amount {
        Amount::of(text.parse().unwrap()).unwrap()
    }

    #[test]
    fn pesos_are_rounded_up() {
        for (amount, rate, pesos) in [
            ("10", "950.5", 9_505),
            ("1", "950.5", 951),
            ("0.0000000001", "1", 1),
            ("7", "1", 7),
            ("2", "0.5", 1),
        ] {
            assert_eq!(Rate(rate.parse().unwrap()).pesos(units(amount)), Some(pesos), "{amount} x {rate}");
        }
        assert_eq!(Rate("10000000000".parse().unwrap()).pesos(units("10000000000")), None);
    }

    fn refundable(whole: (&str, i64), left: (&str, i64)) -> Refundable {
        let (whole, left) = ((units(whole.0), whole.1), (units(left.0), left.1));
        Refundable { payment: PaymentId::draw(), whole, left }
    }

    #[test]
    fn an_amount_is_taken_of_the_first_payments_and_no_peso_is_paid_out_twice() {
        let of = [
            refundable(("3", 1_000), ("1", 334)),
            refundable(("5", 5_001), ("0", 0)),
            refundable(("5", 5_001), ("5", 5_001)),
        ];
        let parts = divide(units("2.5"), &of).unwrap();
        let told: Vec<_> = parts.iter().map(|part| (part.amount, part.clp)).collect();
        assert_eq!(told, [(units("1"), 334), (units("1.5"), 1_500)]);
        assert_eq!(parts[1].payment, of[2].payment);
        assert_eq!(divide(units("6.01"), &of), Err(Unfit::TooMuch { left: units("6") }));
        assert_eq!(divide(units("0.0001"), &of), Err(Unfit::TooSmall));
        assert_eq!(divide(units("1"), &[]), Err(Unfit::TooMuch { left: units("0") }));
    }

    #[test]
    fn parts_of_a_payment_add_up_to_it() {
        let mut left = (units("7"), 1_000);
        let mut paid = 0;
        for part in ["1", "2.3", "0.7", "3"] {
            let of = [refundable(("7", 1_000), ("7", 1_000))].map(|it| Refundable { left, ..it });
            let parts = divide(units(part), &of).unwrap();
            paid += parts[0].clp;
            left = (Amount(left.0.0 - parts[0].amount.0), left.1 - parts[0].clp);
        }
        assert_eq!((paid, left), (1_000, (units("0"), 0)));
    }
}
