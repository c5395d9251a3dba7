//! `/v2/stocks`: market data of shares; bars and quotes of pairs are answered alike.

use actix_web::web;
use serde_json::json;

use super::super::answers::ok;
use super::data::{self, Asked, Market, each};
use super::fields::Query;
use super::{Answer, Desk};
use crate::domain::{Problem, ProblemKind};

const STOCKS: Market = Market::Stocks;

pub(super) async fn bars(desk: Desk, Query(mut fields): Query) -> Answer {
    let listings = data::listings(&desk, &mut fields)?;
    let page = data::bars(&desk, listings, &mut fields).await?;
    Ok(ok(&json!({ "bars": page.of, "next_page_token": page.next })))
}

pub(super) async fn trades(desk: Desk, Query(mut fields): Query) -> Answer {
    let listings = data::listings(&desk, &mut fields)?;
    let page = data::trades(&desk, &listings, &mut fields, STOCKS)?;
    Ok(ok(&json!({ "trades": page.of, "next_page_token": page.next })))
}

pub(super) async fn quotes(desk: Desk, Query(mut fields): Query) -> Answer {
    let listings = data::listings(&desk, &mut fields)?;
    let page = data::quotes(&desk, &listings, &mut fields)?;
    Ok(ok(&json!({ "quotes": page.of, "next_page_token": page.next })))
}

pub(super) async fn latest_bars(desk: Desk, Query(mut fields): Query) -> Answer {
    let listings = latest(&desk, &mut fields)?;
    Ok(ok(&json!({ "bars": each(&listings, |it| data::latest_bar(&desk, it)) })))
}

pub(super) async fn latest_trades(desk: Desk, Query(mut fields): Query) -> Answer {
    let listings = latest(&desk, &mut fields)?;
    Ok(ok(&json!({ "trades": each(&listings, |it| data::latest_trade(&desk, it, STOCKS)) })))
}

pub(super) async fn latest_quotes(desk: Desk, Query(mut fields): Query) -> Answer {
    let listings = latest(&desk, &mut fields)?;
    Ok(ok(&json!({ "quotes": each(&listings, |it| data::quote(&desk, it)) })))
}

/// Of shares, the symbols stand at the top.
pub(super) async fn snapshots(desk: Desk, Query(mut fields): Query) -> Answer {
    let listings = latest(&desk, &mut fields)?;
    Ok(ok(&each(&listings, |it| Some(data::snapshot(&desk, it, STOCKS)))))
}

fn latest(desk: &Desk, fields: &mut super::fields::Fields) -> Result<Vec<Asked>, Problem> {
    fields.skip(&["feed", "currency"]);
    data::listings(desk, fields)
}

pub(super) async fn bars_of(desk: Desk, path: web::Path<String>, Query(mut fields): Query) -> Answer {
    let (name, snapshot) = data::listing(&desk, path.into_inner())?;
    let page = data::bars(&desk, vec![(name.clone(), snapshot)], &mut fields).await?;
    let bars = page.of.into_values().next().unwrap_or_default();
    Ok(ok(&json!({ "symbol": name, "bars": bars, "next_page_token": page.next })))
}

pub(super) async fn trades_of(desk: Desk, path: web::Path<String>, Query(mut fields): Query) -> Answer {
    let asked = data::listing(&desk, path.into_inner())?;
    let page = data::trades(&desk, std::slice::from_ref(&asked), &mut fields, STOCKS)?;
    let trades = page.of.into_values().next().unwrap_or_default();
    Ok(ok(&json!({ "symbol": asked.0, "trades": trades, "next_page_token": page.next })))
}

pub(super) async fn quotes_of(desk: Desk, path: web::Path<String>, Query(mut fields): Query) -> Answer {
    let asked = data::listing(&desk, path.into_inner())?;
    let page = data::quotes(&desk, std::slice::from_ref(&asked), &mut fields)?;
    let quotes = page.of.into_values().next().unwrap_or_default();
    Ok(ok(&json!({ "symbol": asked.0, "quotes": quotes, "next_page_token": page.next })))
}

pub(super) async fn latest_bar_of(desk: Desk, path: web::Path<String>, Query(mut fields): Query) -> Answer {
    fields.skip(&["feed", "currency"]);
    let (name, snapshot) = data::listing(&desk, path.into_inner())?;
    let bar = data::latest_bar(&desk, &snapshot).ok_or_else(|| nothing_yet(&name))?;
    Ok(ok(&json!({ "symbol": name, "bar": bar })))
}

pub(super) async fn latest_trade_of(desk: Desk, path: web::Path<String>, Query(mut fields): Query) -> Answer {
    fields.skip(&["feed", "currency"]);
    let (name, snapshot) = data::listing(&desk, path.into_inner())?;
    let trade = data::latest_trade(&desk, &snapshot, STOCKS).ok_or_else(|| nothing_yet(&name))?;
    Ok(ok(&json!({ "symbol": name, "trade": trade })))
}

pub(super) async fn latest_quote_of(desk: Desk, path: web::Path<String>, Query(mut fields): Query) -> Answer {
    fields.skip(&["feed", "currency"]);
    let (name, snapshot) = data::listing(&desk, path.into_inner())?;
    let quote = data::quote(&desk, &snapshot).ok_or_else(|| nothing_yet(&name))?;
    Ok(ok(&json!({ "symbol": name, "quote": quote })))
}

pub(super) async fn snapshot_of(desk: Desk, path: web::Path<String>, Query(mut fields): Query) -> Answer {
    fields.skip(&["feed", "currency"]);
    let (name, snapshot) = data::listing(&desk, path.into_inner())?;
    let mut body = json!(data::snapshot(&desk, &snapshot, STOCKS));
    body["symbol"] = json!(name);
    Ok(ok(&body))
}

fn nothing_yet(name: &str) -> Problem {
    Problem::new(ProblemKind::NotFound, "no_data", format!("there is nothing of {name} yet"))
}
