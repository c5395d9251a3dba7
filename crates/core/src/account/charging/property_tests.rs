//! No order is ever charged more than was held for it, over all ways to fill it.

use proptest::prelude::*;

use super::*;
use crate::market::{
    Charge, ChargedSide, FeeRates, FeeSchedule, FeeTier, FillRate, Instrument, Liquidity, Side, TierMeasure,
};
use crate::units::{ActorId, Decimal, FeeRate, Money, OrderId, Price, Quantity, SimTime, VenueId};

fn rate(bps: i128, per_unit: i128) -> FillRate {
    let rate = FeeRate::from_bps(Decimal::new(bps, 2)).unwrap();
    FillRate { rate, per_unit: Money::from_units(per_unit) }
}

fn rates() -> impl Strategy<Value = FeeRates> {
    let fee = || (0..20_000_i128, 0..3_000_000_000_i128);
    (fee(), fee(), fee()).prop_map(|(maker, taker, auction)| FeeRates {
        maker: rate(maker.0 - maker.0.min(taker.0), maker.1 - maker.1.min(taker.1)),
        taker: rate(taker.0, taker.1),
        auction: rate(auction.0, auction.1),
    })
}

fn charge() -> impl Strategy<Value = Charge> {
    let step = prop_oneof![Just(None), Just(Some(100_000_000_i128)), Just(Some(7))];
    let amounts = (0..200_i128, 0..200_i128, 0..500_i128, any::<[bool; 3]>());
    let tiers = prop::collection::vec((1..40_i64, rates()), 0..3);
    (rates(), tiers, amounts, step, 0..3_usize).prop_map(|(rates, tiers, amounts, step, on)| {
        let (per_order, minimum, more, present) = amounts;
        let unit = step.unwrap_or(1).max(10_000_000);
        let amount = |count: i128| Money::from_units(count * unit / step.unwrap_or(1) * step.unwrap_or(1));
        let mut from = 0;
        let tiers = tiers.into_iter().map(|(more, rates)| {
            from += more;
            FeeTier { from: Money::from_whole(from), rates }
        });
        Charge {
            on: [ChargedSide::Both, ChargedSide::Purchases, ChargedSide::Sales][on],
            rates,
            tiers: tiers.collect(),
            measure: TierMeasure::Notional,
            per_order: amount(per_order),
            minimum: present[0].then(|| amount(minimum)),
            maximum: present[1].then(|| amount(minimum + more)),
            maximum_rate: present[2].then(|| FeeRate::from_bps(Decimal::new(more, 0)).unwrap()),
            step: step.map(Money::from_units),
        }
    })
}

/// So many lots, at so many ticks below what was held for, in some role, so many days later.
type Part = (u64, i64, usize, i64);

fn schedules() -> impl Strategy<Value = [FeeSchedule; 2]> {
    let one = || {
        prop::collection::vec(charge(), 0..4)
            .prop_filter_map("fees in range", |charges| FeeSchedule::new(charges).ok())
    };
    [one(), one()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn prop_fees_never_exceed_what_is_held(
        [venue, broker] in schedules(),
        parts in prop::collection::vec((1..40_u64, 0..60_i64, 0..3_usize, 0..20_i64), 1..12),
        price in 1..80_i64,
        buys in any::<bool>(),
        is_spread in any::<bool>(),
    ) {
        let instrument = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
        let floor = if is_spread { -50 } else { 1 };
        let instrument = instrument.with_min_price(Price::new(floor));
        let side = if buys { Side::Buy } else { Side::Sell };
        let plan = FeePlan { venue: &venue, broker: Some(&broker) };
        let payer = Payer { order: OrderId::new(0), owner: ActorId::new(0), venue: VenueId::new(0) };
        let (mut ledger, mut known) = (FeeLedger::default(), OrderFees::default());
        let mut left: u64 = parts.iter().map(|part: &Part| part.0).sum();
        let size = |ticks: i64, lots: u64| {
            let quantity = Quantity::new(lots);
            TradeSize { notional: instrument.notional(Price::new(ticks), quantity).abs(), quantity }
        };
        // A sale may go to any price: the largest notional counts, as the caller of `worst` sees to.
        let dearest = if buys { price.max(-floor) } else { 200 };
        let held = |left: u64, known: &OrderFees| plan.worst(side, &[size(dearest, left)], &instrument, Some(known));
        let first = held(left, &known);
        let mut before = first;
        let mut now: SimTime = "2025-01-30T00:00:00".parse().unwrap();
        for (lots, better, role, days) in parts {
            now += crate::units::SimDuration::from_secs(86_400 * days);
            let ticks = (price - better * side.sign()).max(floor);
            let liquidity = [Liquidity::Maker, Liquidity::Taker, Liquidity::Auction][role];
            let quantity = Quantity::new(lots);
            let fill = FeeFill { side, liquidity, price: Price::new(ticks), quantity, instrument: &instrument };
            let fee = ledger.charge(now, plan, payer, &fill);
            known.follow(plan, &fill, fee);
            left -= lots;
            // What is held after a fill, and what the fill took, was held before.
            let after = held(left, &known);
            prop_assert!(fee + after <= before, "{fee} and {after} of {before}");
            before = after;
        }
        prop_assert!(known.charged() <= first);
        prop_assert_eq!(before, Money::ZERO, "nothing is held of an order that is over");
        if side == Side::Sell && !is_spread {
            prop_assert!(known.charged() >= Money::ZERO);
        }
    }
}
