//! [`Ids`]: ids of orders, executions and assets as UUIDs that lead back to what they name.
//!
//! An order's UUID has a digest of the market's name, the revision and the order's own id in it, so it is the
//! same after every restart and no table is needed to read it. Each replace gives the order another revision,
//! and so another UUID.

use bearpit_core::units::{OrderId, TradeId};
use uuid::{Builder, Uuid};

/// Makes and reads the ids of a market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ids {
    market: Uuid,
    /// 36 bits of a digest of the market's name.
    tag: u128,
}

/// An order, as somebody outside names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderName {
    /// The order.
    pub order: OrderId,
    /// How often it had been replaced when it got this name.
    pub revision: u32,
}

/// What the names of markets are hashed with.
const NAMESPACE: Uuid = Uuid::from_u128(0x5a3f_6c1e_9d07_4b62_8e51_0c9b_7f24_d3a8);

/// How many bits a revision has; further ones begin anew, after 16 million replaces of one order.
const REVISION: u128 = (1 << 24) - 1;
/// How many bits an order's id has.
const ORDER: u128 = (1 << 62) - 1;
/// How many bits a trade's id has: those that the version leaves free in the first half.
const TRADE: u128 = (1 << 60) - 1;

impl Ids {
    /// Makes those of a market by its name.
    #[must_use]
    pub fn of_market(name: &str) -> Self {
        let market = Uuid::new_v5(&NAMESPACE, name.as_bytes());
        Self { market, tag: market.as_u128() >> 92 }
    }

    /// Returns the id of an order.
    #[must_use]
    pub fn order(&self, name: OrderName) -> Uuid {
        let revision = u128::from(name.revision) & REVISION;
        made((self.tag << 24) | revision, u128::from(name.order.get()))
    }

    /// Reads the id of an order; `None` if it is none of this market.
    #[must_use]
    pub fn read_order(&self, id: Uuid) -> Option<OrderName> {
        let (first, order) = parts(id);
        let revision = u32::try_from(first & REVISION).ok()?;
        let name = OrderName { order: OrderId::new(u64::try_from(order).ok()?), revision };
        (self.order(name) == id).then_some(name)
    }

    /// Returns the id of an order's share of a trade.
    #[must_use]
    pub fn execution(&self, trade: TradeId, order: OrderId) -> Uuid {
        made(u128::from(trade.get()), u128::from(order.get()))
    }

    /// Reads the id of an order's share of a trade.
    #[must_use]
    pub fn read_execution(&self, id: Uuid) -> Option<(TradeId, OrderId)> {
        let (trade, order) = parts(id);
        let (trade, order) = (u64::try_from(trade).ok()?, u64::try_from(order).ok()?);
        Some((TradeId::new(trade), OrderId::new(order)))
    }

    /// Returns the id of an asset by its name.
    #[must_use]
    pub fn asset(&self, name: &str) -> Uuid {
        Uuid::new_v5(&self.market, name.as_bytes())
    }
}

/// Makes a UUID of version 8 of 60 and 62 bits.
fn made(first: u128, second: u128) -> Uuid {
    let first = first & TRADE;
    let bits = ((first >> 12) << 80) | ((first & 0xfff) << 64) | (second & ORDER);
    Builder::from_custom_bytes(bits.to_be_bytes()).into_uuid()
}

/// Returns the bits of a UUID that its version leaves free: 60 and 62.
fn parts(id: Uuid) -> (u128, u128) {
    let bits = id.as_u128();
    (((bits >> 80) << 12) | ((bits >> 64) & 0xfff), bits & ORDER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(order: u64, revision: u32) -> OrderName {
        OrderName { order: OrderId::new(order), revision }
    }

    #[test]
    fn ids_lead_back_to_what_they_name_and_differ_by_market_and_revision() {
        let (here, there) = (Ids::of_market("open-market"), Ids::of_market("classroom"));
        for name in [name(0, 0), name(4_711, 0), name(4_711, 1), name(u64::MAX >> 2, 0xff_ffff)] {
            let id = here.order(name);
            assert_eq!((id.get_version_num(), here.read_order(id)), (8, Some(name)));
            assert_eq!(there.read_order(id), None);
            assert_eq!(id, Ids::of_market("open-market").order(name), "it is the same after a restart");
        }
        let execution = here.execution(TradeId::new(17), OrderId::new(4));
        assert_eq!(here.read_execution(execution), Some((TradeId::new(17), OrderId::new(4))));
    }

    #[test]
    fn what_is_no_id_of_an_order_is_none() {
        let here = Ids::of_market("open-market");
        let id = here.order(name(4_711, 3)).as_u128();
        let changed = (0..128).map(|bit| here.read_order(Uuid::from_u128(id ^ (1 << bit))));
        // Bits of the order's id and of the revision name other orders; all others are of the market.
        assert_eq!(changed.filter(Option::is_some).count(), 62 + 24);
        for id in [Uuid::nil(), Uuid::max(), Uuid::from_u128(1), here.asset("ALFA")] {
            assert_eq!(here.read_order(id), None, "{id}");
        }
    }
}
