//! What a schedule of fees charges, in words.

use bearpit_core::market::{Charge, ChargedSide, FeeRates, FeeSchedule, FillRate, TierMeasure};
use bearpit_core::units::Money;

/// Says what a schedule charges; nothing if it never charges anything.
pub(super) fn fees_text(schedule: &FeeSchedule) -> Option<String> {
    let has_rates = |charge: &Charge| !charge.tiers.is_empty() || charge.rates != FeeRates::default();
    let has_amounts = |charge: &Charge| charge.per_order != Money::ZERO || charge.minimum.is_some();
    let charges = schedule.charges().iter().filter(|charge| has_rates(charge) || has_amounts(charge));
    let texts: Vec<String> = charges.map(charge_text).collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

fn charge_text(charge: &Charge) -> String {
    let mut parts = Vec::new();
    if charge.rates != FeeRates::default() || !charge.tiers.is_empty() {
        parts.push(rates_text(&charge.rates));
    }
    if charge.per_order != Money::ZERO {
        parts.push(format!("{} an order", charge.per_order));
    }
    let measure = match charge.measure {
        TierMeasure::Notional => "traded in the month",
        TierMeasure::Quantity => "units traded in the month",
    };
    parts.extend(
        charge.tiers.iter().map(|tier| format!("from {} {measure}: {}", tier.from, rates_text(&tier.rates))),
    );
    parts.extend(charge.minimum.map(|least| format!("at least {least} an order")));
    parts.extend(charge.maximum.map(|most| format!("at most {most} an order")));
    parts.extend(charge.maximum_rate.map(|most| format!("at most {} bps of an order", most.bps())));
    match charge.on {
        ChargedSide::Both => {}
        ChargedSide::Purchases => parts.push("on purchases only".to_owned()),
        ChargedSide::Sales => parts.push("on sales only".to_owned()),
    }
    parts.join(", ")
}

fn rates_text(rates: &FeeRates) -> String {
    let FeeRates { maker, taker, auction } = rates;
    if maker == taker && taker == auction {
        return rate_text(maker);
    }
    let named = [("maker", maker), ("taker", taker), ("auction", auction)];
    named.map(|(name, rate)| format!("{name} {}", rate_text(rate))).join(", ")
}

fn rate_text(rate: &FillRate) -> String {
    match (rate.rate.bps(), rate.per_unit) {
        (bps, unit) if unit == Money::ZERO => format!("{bps} bps"),
        (bps, unit) if bps.to_string() == "0" => format!("{unit} a unit"),
        (bps, unit) => format!("{bps} bps and {unit} a unit"),
    }
}
