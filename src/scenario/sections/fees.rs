//! Reading what venues and brokers charge: `fees` of a venue, `commission` of an agent.

use crate::scenario::document::readers::Read;
use crate::scenario::document::{Node, Section, Value, readers};
use bearpit_core::market::{
    Charge, ChargedSide, FeeError, FeeRates, FeeSchedule, FeeTier, FillRate, TierMeasure,
};
use bearpit_core::units::Money;

/// The words for the side that pays.
pub(in crate::scenario) const SIDES: [(&str, ChargedSide); 3] =
    [("both", ChargedSide::Both), ("purchases", ChargedSide::Purchases), ("sales", ChargedSide::Sales)];

/// The words for what tiers count.
pub(in crate::scenario) const MEASURES: [(&str, TierMeasure); 2] =
    [("notional", TierMeasure::Notional), ("quantity", TierMeasure::Quantity)];

/// Reads a table of what fills cost, or a list of such tables; absent, nothing is charged.
pub(super) fn fees(section: &Section<'_>, key: &'static str) -> Option<FeeSchedule> {
    let Some(node) = section.node(key) else { return Some(FeeSchedule::FREE) };
    let charges: Option<Vec<Charge>> = match &node.value {
        Value::List(items) => {
            let charge = |(number, item): (usize, &Node)| {
                let name = format!("charge {number} of the {key}");
                charge(Section::open(name, item, item.place.clone(), section.findings))
            };
            // All are read before the first wrong one ends it, so that each is reported.
            let charges: Vec<Option<Charge>> = (1..).zip(items).map(charge).collect();
            charges.into_iter().collect()
        }
        _ => section.table(key, format!("the {key}")).and_then(charge).map(|charge| vec![charge]),
    };
    let charges = charges?;
    FeeSchedule::new(charges).map_err(|error: FeeError| section.report(key, error.to_string(), None)).ok()
}

fn charge(table: Section<'_>) -> Option<Charge> {
    let on = table.or("on", ChargedSide::Both, readers::one_of(&SIDES));
    let rates = rates(&table, FeeRates::default());
    let tiers = tiers(&table, rates.unwrap_or_default());
    let measure = table.or("tier_by", TierMeasure::Notional, readers::one_of(&MEASURES));
    if table.has("tier_by") && !table.has("tiers") {
        table.report("tier_by", "`tier_by` has a meaning only with `tiers`", None);
    }
    let per_order = table.or("per_order", Money::ZERO, readers::money);
    let optional = |key| absent_or(&table, key, readers::money);
    let [minimum, maximum, step] = [optional("minimum"), optional("maximum"), optional("round")];
    let maximum_rate = absent_or(&table, "maximum_bps", readers::bps);
    let is_right = !table.has("tier_by") || table.has("tiers");
    table.finish();
    let charge = Charge {
        on: on?,
        rates: rates?,
        tiers: tiers?,
        measure: measure?,
        per_order: per_order?,
        minimum: minimum?,
        maximum: maximum?,
        maximum_rate: maximum_rate?,
        step: step?,
    };
    is_right.then_some(charge)
}

/// Returns the value of a key that may be absent; `None` if it is wrong.
fn absent_or<T>(
    table: &Section<'_>,
    key: &'static str,
    read: impl Fn(&Node) -> Read<T>,
) -> Option<Option<T>> {
    if table.has(key) {
        return table.optional(key, read).map(Some);
    }
    table.expect(key);
    Some(None)
}

/// Reads the tiers; what one of them leaves out is as in `base`.
fn tiers(table: &Section<'_>, base: FeeRates) -> Option<Vec<FeeTier>> {
    let tier = |(number, node): (usize, &Node)| {
        let tier = Section::open(format!("tier {number}"), node, node.place.clone(), table.findings);
        let from = tier.required("from", readers::money);
        let rates = rates(&tier, base);
        tier.finish();
        Some(FeeTier { from: from?, rates: rates? })
    };
    let tiers: Vec<Option<FeeTier>> = (1..).zip(table.list("tiers")).map(tier).collect();
    tiers.into_iter().collect()
}

/// Reads the rates of a charge or a tier: by role, or the same for all.
fn rates(table: &Section<'_>, base: FeeRates) -> Option<FeeRates> {
    let FeeRates { maker, taker, auction } = base;
    let share = Keys { all: "bps", maker: "maker_bps", taker: "taker_bps", auction: "auction_bps" };
    let [maker_rate, taker_rate, auction_rate] =
        by_role(table, share, [maker.rate, taker.rate, auction.rate], readers::bps)?;
    let amount = Keys {
        all: "per_share",
        maker: "maker_per_share",
        taker: "taker_per_share",
        auction: "auction_per_share",
    };
    let [maker_unit, taker_unit, auction_unit] =
        by_role(table, amount, [maker.per_unit, taker.per_unit, auction.per_unit], per_unit)?;
    Some(FeeRates {
        maker: FillRate { rate: maker_rate, per_unit: maker_unit },
        taker: FillRate { rate: taker_rate, per_unit: taker_unit },
        auction: FillRate { rate: auction_rate, per_unit: auction_unit },
    })
}

/// The keys of one kind of rate.
#[derive(Clone, Copy)]
struct Keys {
    all: &'static str,
    maker: &'static str,
    taker: &'static str,
    auction: &'static str,
}

/// Reads the rates of maker, taker and auction; an auction's is that of takers if nothing else is said.
fn by_role<T: Copy>(
    table: &Section<'_>,
    keys: Keys,
    base: [T; 3],
    read: impl Fn(&Node) -> Read<T> + Copy,
) -> Option<[T; 3]> {
    let all = absent_or(table, keys.all, read);
    let [maker, taker, auction] = all.flatten().map_or(base, |rate| [rate; 3]);
    let maker = table.or(keys.maker, maker, read);
    let own_taker = table.or(keys.taker, taker, read);
    let auction = if table.has(keys.taker) { own_taker.unwrap_or(auction) } else { auction };
    let auction = table.or(keys.auction, auction, read);
    all?;
    Some([maker?, own_taker?, auction?])
}

/// A fee for each unit of quantity.
fn per_unit(node: &Node) -> Read<Money> {
    let most = FillRate::MAX_PER_UNIT;
    let amount = Money::from_decimal(readers::decimal(node)?).filter(|amount| amount.abs() <= most);
    amount.ok_or_else(|| {
        readers::disallowed(node, &format!("from -{most} to {most}, with at most ten decimal places"))
    })
}
