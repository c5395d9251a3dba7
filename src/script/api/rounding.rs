//! The functions that bring a number onto the grid of a market, and those that make a percentage.

use std::fmt;

use rhai::Dynamic;

use crate::script::api::market_handle::MarketHandle;
use crate::script::api::registry::Registry;
use crate::script::value::arguments::{ScriptResult, number};
use bearpit_core::market::TrailingDistance;
use bearpit_core::units::NumberText;

/// A percentage, as an argument that could also be a difference of prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PercentView {
    basis_points: u32,
}

impl PercentView {
    /// Returns the percentage as the distance of a trailing stop.
    pub(crate) const fn distance(self) -> TrailingDistance {
        TrailingDistance::BasisPoints(self.basis_points)
    }
}

impl fmt::Display for PercentView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", f64::from(self.basis_points) / 100.0)
    }
}

/// Registers the functions and the object.
pub(crate) fn register(api: &mut Registry<'_>) {
    api.group("Orders");
    api.object::<PercentView>("Percent")
        .field("value", "number", "the percentage, such as 5.0", |it| f64::from(it.basis_points) / 100.0)
        .shown(ToString::to_string);
    api.function(
        "percent",
        "(value: number) -> Percent",
        "A percentage as the distance of a trailing stop: above 0, below 100, in steps of 0.01.",
        "sell_trailing_stop(10, percent(5))",
    )
    .form(|value: Dynamic| percent(&value));
    api.function(
        "round_to_lot",
        "(quantity: number) -> number",
        "The largest quantity in whole lots that is not larger: rounded toward zero, so that it can be ordered.",
        "buy(round_to_lot(0.5 * equity() / ask()))",
    )
    .at_market(&[1], |market, given| round_to_lot(market, &given[0]));
    api.function(
        "round_to_tick",
        "(price: number) -> number",
        "The nearest price on the tick; halfway between two, the higher one.",
        "buy_limit(10, round_to_tick(mid() * 0.99))",
    )
    .at_market(&[1], |market, given| round_to_tick(market, &given[0]));
}

fn percent(value: &Dynamic) -> ScriptResult<PercentView> {
    let value = number("percent", "percentage", value)?;
    // 100 times a literal such as 0.29 is a little off the integer.
    let nearest = libm::round(value * 100.0);
    let is_whole = libm::fabs(value * 100.0 - nearest) <= 1e-6;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just before")]
    let basis_points = if is_whole && (1.0..10_000.0).contains(&nearest) { nearest as u32 } else { 0 };
    let legal = Some(PercentView { basis_points }).filter(|it| it.distance().is_legal());
    legal.ok_or_else(|| {
        let value = NumberText(value);
        format!("percent: {value} is not allowed; it must be above 0, below 100 and a multiple of 0.01")
            .into()
    })
}

fn round_to_lot(market: &MarketHandle, value: &Dynamic) -> ScriptResult<f64> {
    let value = number("round_to_lot", "quantity", value)?;
    let (_, listing) = market.open("round_to_lot")?;
    let lots = listing.instrument.whole_lots_within(value.abs());
    let is_a_lot = value.is_nan() || value.abs() >= listing.instrument.lot_size().to_f64();
    if lots.is_zero() && is_a_lot {
        let value = NumberText(value);
        return Err(format!("round_to_lot: {value} is not a quantity that can be rounded").into());
    }
    let quantity = listing.instrument.quantity_f64(lots);
    Ok(if value < 0.0 && !lots.is_zero() { -quantity } else { quantity })
}

fn round_to_tick(market: &MarketHandle, value: &Dynamic) -> ScriptResult<f64> {
    let value = number("round_to_tick", "price", value)?;
    let (_, listing) = market.open("round_to_tick")?;
    let price = listing.instrument.nearest_price(value);
    price.map(|price| listing.instrument.price_f64(price)).ok_or_else(|| {
        let value = NumberText(value);
        format!("round_to_tick: {value} is not a price that can be rounded").into()
    })
}
