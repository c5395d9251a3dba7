//! Orders for an amount of money: how many lots it is.

use proptest::prelude::*;

use super::*;

impl Desk {
    /// Counts the lots of an amount where the ask is 100.
    fn lots(&mut self, notional: Money, terms: OrderTerms) -> Result<u64, Refusal> {
        self.with(|account, at| account.lots_for(notional, &terms, at, Some(Price::new(100))))
            .map(Quantity::lots)
    }
}

fn kind(side: Side, kind: OrderKind) -> OrderTerms {
    OrderTerms::new(side, Quantity::ZERO, kind)
}

#[test]
fn an_amount_is_the_lots_that_it_pays_for_at_the_worst_price_rounded_down() {
    let market = |side, protection: Option<i64>| {
        kind(side, OrderKind::Market { protection: protection.map(Price::new) })
    };
    let stop_limit = OrderKind::StopLimit { trigger: Price::new(90), limit: Price::new(80) };
    let trailing = OrderKind::TrailingStop { distance: TrailingDistance::Ticks(20), protection: None };
    for (notional, terms, lots) in [
        // Five percent above the ask, and a tick.
        (1_000, market(Side::Buy, None), 9),
        (1_060, market(Side::Buy, None), 10),
        (1_059, market(Side::Buy, None), 9),
        (1_000, market(Side::Buy, Some(101)), 9),
        (1_010, market(Side::Buy, Some(101)), 10),
        // A worse price than the gate's is not accepted.
        (1_059, market(Side::Buy, Some(900)), 9),
        (1_000, buy(0, 95), 10),
        (1_000, sell(0, 300), 3),
        // It accepts any price: the one that is expected counts.
        (1_000, market(Side::Sell, None), 10),
        (1_000, market(Side::Sell, Some(50)), 20),
        (1_000, stop(Side::Sell, 0, 90), 11),
        (1_000, kind(Side::Sell, stop_limit), 12),
        (1_000, kind(Side::Sell, trailing), 10),
        (1_000, stop(Side::Buy, 0, 200), 4),
        (1_000, kind(Side::Buy, trailing), 7),
        (1_000, pegged(Side::Buy, 0, Some(120)), 8),
    ] {
        let mut desk = Desk::new(1_000_000, 1_000, 0);
        assert_eq!(desk.lots(Money::from_whole(notional), terms), Ok(lots), "{notional} for {terms:?}");
        // Neither what is displayed nor what must trade at least is compared with a quantity that is not
        // there.
        let parts = OrderTerms { display: Some(Quantity::new(2)), minimum: Some(Quantity::new(3)), ..terms };
        assert_eq!(desk.lots(Money::from_whole(notional), parts), Ok(lots));
        assert_eq!(desk.account.refused(), 0);
    }
}

#[test]
fn an_amount_that_is_no_quantity_is_refused_and_counted() {
    let market = OrderTerms::market(Side::Buy, Quantity::ZERO);
    let lot = Money::from_whole(106);
    let below = |notional| Refusal::BelowOneLot { notional, lot };
    let all = Money::from_units(i128::MAX);
    let (most, or_other) = (Quantity::new(u64::MAX), or(buy(0, 100), 0));
    let contradictory = Refusal::Unfit(RejectReason::ContradictoryTerms);
    let mut desk = Desk::new(1_000_000, 0, 0);
    for (count, (notional, terms, refusal)) in [
        (Money::from_whole(105), market, below(Money::from_whole(105))),
        (Money::ZERO, market, below(Money::ZERO)),
        (Money::from_whole(-1_000), market, below(Money::from_whole(-1_000))),
        (Money::from_units(i128::MIN), market, below(Money::from_units(i128::MIN))),
        (all, market, Refusal::QuantityOutOfRange(most)),
        (all, buy(0, i64::MIN), Refusal::PriceOutOfRange),
        (all, buy(0, 0), Refusal::PriceOutOfRange),
        (Money::from_whole(1 << 41), buy(0, 1), Refusal::QuantityOutOfRange(Quantity::new(1 << 41))),
        (all, pegged(Side::Buy, 0, None), Refusal::NeedsLimit),
        (all, or_other, contradictory),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(desk.lots(notional, terms), Err(refusal), "{notional} for {terms:?}");
        assert_eq!(desk.account.refused(), count as u64 + 1);
    }
    let without = desk.with(|account, at| account.lots_for(all, &market, at, None));
    assert_eq!(without, Err(Refusal::NoReferencePrice));
    assert_eq!(
        desk.with(|account, at| account.lots_for(
            all,
            &OrderTerms::market(Side::Sell, Quantity::ZERO),
            at,
            None
        )),
        Err(Refusal::NoReferencePrice)
    );
    // Where not even a lot is covered, that is what is said.
    let mut poor = Desk::new(99, 0, 0);
    let refused = poor.lots(Money::from_whole(1_000), market);
    let [needed, free] = [100, 99].map(Money::from_whole);
    assert_eq!(refused, Err(Refusal::InsufficientCash { needed, free }));
    assert_eq!(
        below(Money::from_whole(105)).to_string(),
        "an amount of 105.00 does not pay for one lot, which costs 106.00"
    );
}

#[test]
fn an_account_with_unlimited_credit_counts_at_the_price_it_expects() {
    let mut desk = Desk::of(&AccountConfig { credit: Credit::Unlimited, ..AccountConfig::default() });
    for side in [Side::Buy, Side::Sell] {
        assert_eq!(desk.lots(Money::from_whole(1_000), OrderTerms::market(side, Quantity::ZERO)), Ok(10));
    }
}

proptest! {
    #[test]
    fn prop_an_amount_pays_for_the_order_and_for_no_lot_more(
        cash in 0_i64..50_000,
        notional in 0_i64..20_000,
        price in 1_i64..400,
        which in 0_usize..5,
    ) {
        let price_of = Price::new(price);
        let terms = match which {
            0 => buy(0, price),
            1 => stop(Side::Buy, 0, price),
            2 => kind(Side::Buy, OrderKind::Market { protection: Some(price_of.max(Price::new(100))) }),
            3 => OrderTerms::market(Side::Buy, Quantity::ZERO),
            _ => pegged(Side::Buy, 0, Some(price)),
        };
        let mut desk = Desk::new(cash, 0, 0);
        // One lot by itself says at which price lots are counted.
        let mut alone = desk.account.clone();
        let lot = OrderTerms { quantity: Quantity::new(1), ..terms };
        let admitted = desk.with(|_, at| alone.admit(OrderId::new(0), lot, at, Some(Price::new(100))));
        let money = Money::from_whole(notional);
        let counted = desk.lots(money, terms);
        let Ok(admitted) = admitted else {
            // What one lot is refused for by the terms, or by the cash where a price is to be found.
            prop_assert!(counted.is_err() || terms.kind.limit().is_some() || which == 4);
            return Ok(());
        };
        let cost = admitted.into_inner().kind.worst_price().unwrap().ticks();
        let naive = (0..).take_while(|lots| lots * cost <= notional).last().unwrap();
        match counted {
            Ok(lots) => {
                prop_assert_eq!(i64::try_from(lots).unwrap(), naive);
                let order = OrderTerms { quantity: Quantity::new(lots), ..terms };
                if desk.submit(order).is_ok() {
                    prop_assert!(i128::from(cash) - desk.free() <= i128::from(notional));
                } else {
                    prop_assert!(cash < notional);
                }
            }
            Err(refusal) => {
                prop_assert_eq!(naive, 0);
                let lot = Money::from_whole(cost);
                prop_assert_eq!(refusal, Refusal::BelowOneLot { notional: money, lot });
            }
        }
    }
}
