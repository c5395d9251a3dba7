//! `/v2/watchlists`.

use actix_web::web;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::answers::{nothing, ok};
use super::assets::asset;
use super::fields::{Body, Fields, Query};
use super::{Answer, Caller, Desk};
use crate::domain::{Problem, ProblemKind, WallTime};
use crate::services::alpaca::Alpaca;
use crate::services::wall_now;
use crate::services::watchlists::{WatchlistRequest, WatchlistView, Watchlists};

type Lists = web::Data<Watchlists>;

/// Lists one's own lists, without their assets.
pub(super) async fn all(lists: Lists, caller: Caller) -> Answer {
    let all = lists.all(lists.owner(&caller).await?).await?.watchlists;
    Ok(ok(&all.iter().map(|list| body(&caller, list)).collect::<Vec<_>>()))
}

/// Makes a list.
pub(super) async fn add(desk: Desk, lists: Lists, caller: Caller, Body(mut fields): Body) -> Answer {
    let name = fields.needed("name")?;
    let symbols = symbols(&desk, &mut fields)?.unwrap_or_default();
    let list = lists.add(lists.owner(&caller).await?, WatchlistRequest { name, symbols }, wall_now()).await?;
    Ok(ok(&whole(&desk, &caller, &list)))
}

/// Returns a list.
pub(super) async fn one(desk: Desk, lists: Lists, caller: Caller, path: web::Path<String>) -> Answer {
    Ok(ok(&whole(&desk, &caller, &find(&lists, &caller, &path).await?)))
}

/// Returns the list of a name.
pub(super) async fn of_name(desk: Desk, lists: Lists, caller: Caller, Query(mut fields): Query) -> Answer {
    let name = fields.needed("name")?;
    let all = lists.all(lists.owner(&caller).await?).await?.watchlists;
    let list = all.into_iter().find(|list| list.name == name).ok_or_else(|| unknown(&name))?;
    Ok(ok(&whole(&desk, &caller, &list)))
}

/// Replaces name and symbols of a list, as far as they are given.
pub(super) async fn change(
    desk: Desk,
    lists: Lists,
    caller: Caller,
    path: web::Path<String>,
    Body(mut fields): Body,
) -> Answer {
    let list = find(&lists, &caller, &path).await?;
    let name = fields.text("name").unwrap_or(list.name);
    let symbols = symbols(&desk, &mut fields)?.unwrap_or(list.symbols);
    let list = lists
        .change(lists.owner(&caller).await?, list.watchlist_id, WatchlistRequest { name, symbols })
        .await?;
    Ok(ok(&whole(&desk, &caller, &list)))
}

/// Adds a symbol to a list; one that is there stays there.
pub(super) async fn add_symbol(
    desk: Desk,
    lists: Lists,
    caller: Caller,
    path: web::Path<String>,
    Body(mut fields): Body,
) -> Answer {
    let WatchlistView { watchlist_id, name, mut symbols } = find(&lists, &caller, &path).await?;
    let symbol = known(&desk, &fields.needed("symbol")?)?;
    if !symbols.contains(&symbol) {
        symbols.push(symbol);
    }
    let list =
        lists.change(lists.owner(&caller).await?, watchlist_id, WatchlistRequest { name, symbols }).await?;
    Ok(ok(&whole(&desk, &caller, &list)))
}

/// Takes a symbol out of a list.
pub(super) async fn remove_symbol(
    desk: Desk,
    lists: Lists,
    caller: Caller,
    path: web::Path<(String, String)>,
) -> Answer {
    let (id, symbol) = path.into_inner();
    let WatchlistView { watchlist_id, name, mut symbols } = find(&lists, &caller, &id).await?;
    let symbol = known(&desk, &symbol)?;
    let before = symbols.len();
    symbols.retain(|it| *it != symbol);
    if symbols.len() == before {
        return Err(Problem::new(ProblemKind::NotFound, "unknown_symbol", "it is not in the list").into());
    }
    let list =
        lists.change(lists.owner(&caller).await?, watchlist_id, WatchlistRequest { name, symbols }).await?;
    Ok(ok(&whole(&desk, &caller, &list)))
}

/// Deletes a list.
pub(super) async fn delete(lists: Lists, caller: Caller, path: web::Path<String>) -> Answer {
    let list = find(&lists, &caller, &path).await?;
    lists.delete(lists.owner(&caller).await?, list.watchlist_id).await?;
    Ok(nothing())
}

async fn find(lists: &Lists, caller: &Caller, id: &str) -> Result<WatchlistView, Problem> {
    let wanted = Uuid::try_parse(id).map_err(|_| unknown(id))?;
    let all = lists.all(lists.owner(caller).await?).await?.watchlists;
    all.into_iter().find(|list| list.watchlist_id == wanted).ok_or_else(|| unknown(id))
}

fn unknown(what: &str) -> Problem {
    Problem::new(ProblemKind::NotFound, "unknown_watchlist", format!("watchlist not found for {what}"))
}

/// Reads symbols, if they are given.
fn symbols(desk: &Desk, fields: &mut Fields) -> Result<Option<Vec<String>>, Problem> {
    let names = fields.list("symbols")?;
    if names.is_empty() {
        return Ok(None);
    }
    names.iter().map(|name| known(desk, name)).collect::<Result<_, _>>().map(Some)
}

/// Returns the name by which a list has a symbol.
fn known(desk: &Desk, name: &str) -> Result<String, Problem> {
    let named = desk.find(name)?;
    Ok(desk.name_of(&named.snapshot, crate::services::alpaca::Naming::Symbol))
}

fn body(caller: &Caller, list: &WatchlistView) -> Value {
    // A list's id says when it was made. When it was changed is not kept.
    let at = list.watchlist_id.get_timestamp().map(|it| it.to_unix());
    let (secs, nanos) = at.unwrap_or_default();
    let nanos = i64::try_from(secs).unwrap_or(0).saturating_mul(1_000_000_000).saturating_add(nanos.into());
    let at = format!("{}Z", bearpit_core::units::SimTime::from_nanos(WallTime::from_nanos(nanos).nanos()));
    json!({
        "id": list.watchlist_id,
        "account_id": caller.account,
        "name": list.name,
        "created_at": at,
        "updated_at": at,
    })
}

fn whole(alpaca: &Alpaca, caller: &Caller, list: &WatchlistView) -> Value {
    let named = list.symbols.iter().filter_map(|name| Some((name, alpaca.find(name).ok()?)));
    let assets: Vec<_> = named.map(|(name, named)| asset(alpaca, name, &named)).collect();
    let mut body = body(caller, list);
    body["assets"] = json!(assets);
    body
}
