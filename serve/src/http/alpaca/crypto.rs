//! `/v1beta3/crypto`: market data of pairs, for everybody. The place in the path does not count.

use serde_json::json;

use super::super::answers::ok;
use super::data::{self, Market, each};
use super::fields::Query;
use super::{Answer, Desk};

const CRYPTO: Market = Market::Crypto;

pub(super) async fn trades(desk: Desk, Query(mut fields): Query) -> Answer {
    let listings = data::listings(&desk, &mut fields)?;
    let page = data::trades(&desk, &listings, &mut fields, CRYPTO)?;
    Ok(ok(&json!({ "trades": page.of, "next_page_token": page.next })))
}

pub(super) async fn latest_bars(desk: Desk, Query(mut fields): Query) -> Answer {
    let listings = data::listings(&desk, &mut fields)?;
    Ok(ok(&json!({ "bars": each(&listings, |it| data::latest_bar(&desk, it)) })))
}

pub(super) async fn latest_trades(desk: Desk, Query(mut fields): Query) -> Answer {
    let listings = data::listings(&desk, &mut fields)?;
    Ok(ok(&json!({ "trades": each(&listings, |it| data::latest_trade(&desk, it, CRYPTO)) })))
}

pub(super) async fn latest_quotes(desk: Desk, Query(mut fields): Query) -> Answer {
    let listings = data::listings(&desk, &mut fields)?;
    Ok(ok(&json!({ "quotes": each(&listings, |it| data::quote(&desk, it)) })))
}

pub(super) async fn latest_books(desk: Desk, Query(mut fields): Query) -> Answer {
    let listings = data::listings(&desk, &mut fields)?;
    Ok(ok(&json!({ "orderbooks": each(&listings, |it| data::book(&desk, it)) })))
}

pub(super) async fn snapshots(desk: Desk, Query(mut fields): Query) -> Answer {
    let listings = data::listings(&desk, &mut fields)?;
    Ok(ok(&json!({ "snapshots": each(&listings, |it| Some(data::snapshot(&desk, it, CRYPTO))) })))
}
