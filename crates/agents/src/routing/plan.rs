//! [`plan_routes`]: which quantity goes to which venue, by prices net of fees.

use bearpit_core::market::{FeeSchedule, Instrument, Liquidity, Side};
use bearpit_core::units::{ListingId, Money, Price, Quantity, SimDuration};

/// A price that a venue displays, with what a lot costs there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteLevel {
    /// The price.
    pub price: Price,
    /// The quantity displayed.
    pub size: Quantity,
    /// What a lot costs or brings there with the fee, as [`net_price`] returns it.
    pub net: Money,
}

/// What a venue displays on the side that an order trades with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteOffer {
    /// The listing.
    pub listing: ListingId,
    /// How long an order takes there.
    pub latency: SimDuration,
    /// The levels, the best first.
    pub levels: Vec<RouteLevel>,
}

/// A part of an order for one venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VenueRoute {
    /// The listing.
    pub listing: ListingId,
    /// The quantity.
    pub quantity: Quantity,
    /// The worst price of the levels that it is to take.
    pub limit: Price,
    /// How long it takes to the venue.
    pub latency: SimDuration,
}

/// Returns what a lot costs with the fee (of a purchase), or brings less the fee (of a sale).
///
/// The fee is that of the venue's rates before any tier, in the given role; amounts for each order, least and
/// greatest amounts are left out, since they depend on the whole order.
#[must_use]
pub fn net_price(
    fees: &FeeSchedule,
    instrument: &Instrument,
    side: Side,
    price: Price,
    role: Liquidity,
) -> Money {
    let lot = Quantity::new(1);
    let notional = instrument.notional(price, lot);
    let own = fees.charges().iter().filter(|charge| charge.on.includes(side));
    let fee: Money = own.map(|charge| charge.rates.rate(role).of(notional, lot, instrument)).sum();
    match side {
        Side::Buy => notional + fee,
        Side::Sell => notional - fee,
    }
}

/// Splits a quantity over what venues display, the best net price first; what is displayed nowhere is left
/// out.
///
/// Where net prices are equal, the venue comes first to which orders take less time, and then the one that is
/// given first. A venue gets one order, for all levels that it is to take.
///
/// ```
/// use bearpit_agents::{RouteLevel, RouteOffer, net_price, plan_routes};
/// use bearpit_core::market::{FeeSchedule, Fees, Instrument, Liquidity, Side};
/// use bearpit_core::units::{FeeRate, ListingId, Price, Quantity, SimDuration};
///
/// let acme = Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?;
/// let offer = |id, taker: &str, ticks, lots| {
///     let taker = FeeRate::from_bps(taker.parse().ok()?)?;
///     let fees = FeeSchedule::from(Fees { taker, ..Fees::default() });
///     let price = Price::new(ticks);
///     let net = net_price(&fees, &acme, Side::Buy, price, Liquidity::Taker);
///     let level = RouteLevel { price, size: Quantity::new(lots), net };
///     Some(RouteOffer { listing: ListingId::new(id), latency: SimDuration::ZERO, levels: vec![level] })
/// };
/// // 100.00 and 3 bps are 100.03; 100.01 and 0.5 bps 100.0150005; 100.02 less 1 bps 100.009998.
/// let offers = [offer(0, "3", 10_000, 200), offer(1, "0.5", 10_001, 300), offer(2, "-1", 10_002, 100)];
/// let offers: Vec<RouteOffer> = offers.into_iter().flatten().collect();
/// let routes = plan_routes(Side::Buy, Quantity::new(500), &offers);
/// let parts: Vec<_> = routes.iter().map(|it| (it.listing.index(), it.quantity.lots())).collect();
/// assert_eq!(parts, [(2, 100), (1, 300), (0, 100)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn plan_routes(side: Side, quantity: Quantity, offers: &[RouteOffer]) -> Vec<VenueRoute> {
    let mut all: Vec<(&RouteOffer, &RouteLevel)> =
        offers.iter().flat_map(|offer| offer.levels.iter().map(move |level| (offer, level))).collect();
    let cost = |level: &RouteLevel| match side {
        Side::Buy => level.net,
        Side::Sell => -level.net,
    };
    // Stable: within a venue levels stay in their order, also at equal net prices.
    all.sort_by_key(|(offer, level)| (cost(level), offer.latency));
    let mut routes: Vec<VenueRoute> = Vec::new();
    let mut left = quantity;
    for (offer, level) in all {
        let taken = left.min(level.size);
        if taken.is_zero() {
            continue;
        }
        left = left.saturating_sub(taken);
        match routes.iter_mut().find(|route| route.listing == offer.listing) {
            Some(route) => {
                route.quantity += taken;
                route.limit = level.price;
            }
            None => routes.push(VenueRoute {
                listing: offer.listing,
                quantity: taken,
                limit: level.price,
                latency: offer.latency,
            }),
        }
    }
    routes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(id: u32, micros: i64, levels: &[(i64, u64, i64)]) -> RouteOffer {
        let level = |&(ticks, lots, net): &(i64, u64, i64)| RouteLevel {
            price: Price::new(ticks),
            size: Quantity::new(lots),
            net: Money::from_whole(net),
        };
        RouteOffer {
            listing: ListingId::new(id),
            latency: SimDuration::from_micros(micros),
            levels: levels.iter().map(level).collect(),
        }
    }

    fn routed(side: Side, quantity: u64, offers: &[RouteOffer]) -> Vec<(usize, u64, i64)> {
        let routes = plan_routes(side, Quantity::new(quantity), offers);
        routes.iter().map(|it| (it.listing.index(), it.quantity.lots(), it.limit.ticks())).collect()
    }

    #[test]
    fn levels_are_taken_by_net_price_and_each_venue_gets_one_order() {
        let offers = [
            offer(0, 10, &[(100, 5, 103), (101, 5, 104), (105, 9, 108)]),
            offer(1, 20, &[(101, 4, 102), (102, 4, 105)]),
        ];
        assert_eq!(routed(Side::Buy, 16, &offers), [(1, 6, 102), (0, 10, 101)]);
        assert_eq!(routed(Side::Buy, 3, &offers), [(1, 3, 101)]);
        assert_eq!(routed(Side::Buy, 999, &offers), [(1, 8, 102), (0, 19, 105)], "no more than there is");
        assert_eq!(routed(Side::Buy, 9, &[]), []);
    }

    #[test]
    fn a_seller_goes_where_most_is_left_after_fees() {
        let offers = [offer(0, 10, &[(100, 5, 97)]), offer(1, 10, &[(99, 5, 98)])];
        assert_eq!(routed(Side::Sell, 7, &offers), [(1, 5, 99), (0, 2, 100)]);
    }

    #[test]
    fn at_equal_net_prices_the_faster_venue_comes_first_and_then_the_first_given() {
        let slow = offer(0, 30, &[(100, 5, 100)]);
        let fast = offer(1, 20, &[(100, 5, 100)]);
        let as_fast = offer(2, 20, &[(100, 5, 100)]);
        assert_eq!(routed(Side::Buy, 12, &[slow, fast, as_fast]), [(1, 5, 100), (2, 5, 100), (0, 2, 100)]);
    }
}
