//! `/v2/assets`: each instrument, by its symbol and as a pair with the currency.

use actix_web::web;
use bearpit_core::units::Decimal;
use serde::Serialize;
use uuid::Uuid;

use super::super::answers::ok;
use super::fields::Query;
use super::order_body::class_of;
use super::{Answer, Caller, Desk};
use crate::domain::Number;
use crate::services::alpaca::{Alpaca, NamedListing, Naming};

/// What can be traded.
#[derive(Debug, Clone, Serialize)]
pub(super) struct AssetBody {
    id: Uuid,
    class: &'static str,
    exchange: &'static str,
    symbol: String,
    name: String,
    status: &'static str,
    tradable: bool,
    marginable: bool,
    maintenance_margin_requirement: u32,
    shortable: bool,
    easy_to_borrow: bool,
    fractionable: bool,
    min_order_size: Number,
    min_trade_increment: Number,
    price_increment: Number,
    attributes: Vec<String>,
}

/// Writes an asset by a name of it.
pub(super) fn asset(alpaca: &Alpaca, name: &str, named: &NamedListing) -> AssetBody {
    let listing = &named.snapshot.listing;
    let instrument = &listing.instrument;
    let lot = Number(instrument.lot_size());
    AssetBody {
        id: alpaca.ids().asset(name),
        class: class_of(named.naming),
        exchange: exchange_of(named.naming),
        symbol: name.to_owned(),
        name: format!("{} at {}", instrument.symbol(), listing.venue),
        status: "active",
        tradable: !listing.is_replayed,
        marginable: false,
        maintenance_margin_requirement: 100,
        shortable: false,
        easy_to_borrow: false,
        fractionable: instrument.lot_size() != Decimal::new(1, 0),
        min_order_size: lot,
        min_trade_increment: lot,
        price_increment: Number(instrument.tick_size()),
        attributes: Vec::new(),
    }
}

/// Returns the exchange of an asset: clients know a list of names, and this market is none of them.
pub(super) const fn exchange_of(naming: Naming) -> &'static str {
    match naming {
        Naming::Symbol => "",
        Naming::Pair => "CRYPTO",
    }
}

/// Lists assets: shares if no class is asked for, as clients expect.
pub(super) async fn all(desk: Desk, _: Caller, Query(mut fields): Query) -> Answer {
    let classes = [
        ("us_equity", Some(Naming::Symbol)),
        ("crypto", Some(Naming::Pair)),
        ("us_option", None),
        ("crypto_perp", None),
    ];
    let statuses = [("active", true), ("inactive", false), ("all", true)];
    let is_active = fields.word("status", &statuses)?.unwrap_or(true);
    let naming = fields.word("asset_class", &classes)?;
    let is_here = fields.text("exchange").is_none_or(|it| it.eq_ignore_ascii_case("crypto"));
    let has_attributes = fields.text("attributes").is_some();
    let is_meant = |named: &NamedListing| match naming {
        None => named.naming == Naming::Symbol,
        Some(naming) => naming == Some(named.naming),
    };
    let all = desk.assets().into_iter().filter(|(_, named)| is_meant(named));
    let all = all.filter(|_| is_active && is_here && !has_attributes);
    Ok(ok(&all.map(|(name, named)| asset(&desk, &name, &named)).collect::<Vec<_>>()))
}

/// Returns an asset, by any of its names or its id.
pub(super) async fn one(desk: Desk, _: Caller, path: web::Path<String>) -> Answer {
    let named = desk.asset(&path)?;
    let name = desk.name_of(&named.snapshot, named.naming);
    Ok(ok(&asset(&desk, &name, &named)))
}
