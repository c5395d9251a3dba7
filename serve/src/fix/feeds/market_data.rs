//! Books and trades of a listing, as they change.

use std::sync::Arc;

use bearpit_core::units::ListingId;

use super::entries::{Group, Levels, Writer, levels_of};
use super::request::Wanted;
use super::{AGAIN, Outlet};
use crate::fix::codec::{Body, tags, tags::kind};
use crate::fix::orders::Said;
use crate::publication::{Channel, Closed, Content, ListingSnapshot, Publication, Subscription, Update};
use crate::services::market_data::MarketData;

/// What a listing shows at the moment.
#[derive(Debug)]
struct Shown {
    snapshot: Arc<ListingSnapshot>,
    levels: Levels,
}

fn look(publication: &Publication, listing: ListingId, wanted: &Wanted) -> Option<Shown> {
    let snapshot = publication.snapshot(listing)?;
    let is_near = (1..=snapshot.book.bids.len().max(snapshot.book.asks.len())).contains(&wanted.depth);
    let levels = match wanted.entries.has_book() {
        false => Levels::new(),
        true if is_near => levels_of(&snapshot.book, wanted.entries, wanted.depth),
        true => levels_of(&publication.book(listing)?.state, wanted.entries, wanted.depth),
    };
    Some(Shown { snapshot, levels })
}

/// Writes all that is wanted of a listing.
///
/// # Errors
/// In words, that there is no such listing.
pub(in crate::fix) fn once(data: &MarketData, wanted: &Wanted, name: &str) -> Result<Said, String> {
    let (publication, snapshot) = data.find(name).map_err(|problem| problem.message)?;
    let shown = look(&publication, snapshot.id, wanted).ok_or("the listing is gone")?;
    Ok(whole(data, wanted, &shown))
}

fn whole(data: &MarketData, wanted: &Wanted, shown: &Shown) -> Said {
    let writer = writer(data, &shown.snapshot);
    let mut group = Group::default();
    writer.levels(&shown.levels, &mut group);
    if wanted.entries.trades
        && let Some(print) = shown.snapshot.trades.first()
    {
        writer.trade(print, false, &mut group);
    }
    writer.statistics(wanted.entries, &mut group);
    let mut body = Body::default();
    body.put(tags::MD_REQ_ID, &wanted.id);
    writer.name(&mut body);
    body.put(tags::NO_MD_ENTRIES, group.count);
    (kind::MARKET_DATA_SNAPSHOT, Body::of_text(format!("{}{}", body.text(), group.body.text())))
}

fn writer<'a>(data: &'a MarketData, snapshot: &'a ListingSnapshot) -> Writer<'a> {
    Writer { snapshot, scale: data.scale(&snapshot.listing.instrument) }
}

fn changed(wanted: &Wanted, group: &Group) -> Said {
    let mut body = Body::default();
    body.put(tags::MD_REQ_ID, &wanted.id).put(tags::NO_MD_ENTRIES, group.count);
    (kind::MARKET_DATA_INCREMENTAL, Body::of_text(format!("{}{}", body.text(), group.body.text())))
}

/// Sends all that is wanted of a listing, and then what changes, until nobody takes it. Whatever a slow
/// client has missed of a book is in the next message; of trades, it is sent all again.
pub(in crate::fix) async fn follow(data: Arc<MarketData>, wanted: Wanted, name: String, outlet: Outlet) {
    while !outlet.is_closed() {
        if let Ok((publication, snapshot)) = data.find(&name) {
            let feed = Feed { data: &data, publication, listing: snapshot.id, wanted: &wanted };
            if feed.run(&outlet).await.is_none() {
                return;
            }
        }
        // The market is rebuilt, or another day begins.
        tokio::time::sleep(AGAIN).await;
    }
}

struct Feed<'a> {
    data: &'a MarketData,
    publication: Publication,
    listing: ListingId,
    wanted: &'a Wanted,
}

impl Feed<'_> {
    /// Runs until a subscription is closed; returns nothing if nobody takes messages any more.
    async fn run(&self, outlet: &Outlet) -> Option<()> {
        let subscribe = |channel: Channel| self.publication.subscribe(&channel, None).ok();
        let mut book = self.wanted.entries.has_book().then(|| subscribe(Channel::Book(self.listing)));
        let mut trades = self.wanted.entries.trades.then(|| subscribe(Channel::Trades(self.listing)));
        if matches!(book, Some(None)) || matches!(trades, Some(None)) {
            return Some(());
        }
        let (mut book, mut trades) = (book.take().flatten(), trades.take().flatten());
        let Some(shown) = look(&self.publication, self.listing, self.wanted) else { return Some(()) };
        outlet.send(whole(self.data, self.wanted, &shown)).await.ok()?;
        let mut levels = shown.levels;
        loop {
            let update = tokio::select! {
                update = next(&mut book) => update,
                update = next(&mut trades) => update,
                () = outlet.closed() => return None,
            };
            let Ok(update) = update else { return Some(()) };
            let Some(shown) = look(&self.publication, self.listing, self.wanted) else { return Some(()) };
            if let Some(said) = self.said(&update, &levels, &shown) {
                outlet.send(said).await.ok()?;
            }
            levels = shown.levels;
        }
    }

    fn said(&self, update: &Update, before: &Levels, shown: &Shown) -> Option<Said> {
        if !self.wanted.is_incremental {
            let is_news = *before != shown.levels || matches!(update.content, Content::Trade(_));
            return is_news.then(|| whole(self.data, self.wanted, shown));
        }
        let writer = writer(self.data, &shown.snapshot);
        let mut group = Group::default();
        writer.changes(before, &shown.levels, &mut group);
        if let Content::Trade(print) = &update.content {
            writer.trade(print, true, &mut group);
        }
        (group.count > 0).then(|| changed(self.wanted, &group))
    }
}

/// Waits for the next update of a subscription, if there is one.
async fn next(subscription: &mut Option<Subscription>) -> Result<Update, Closed> {
    match subscription {
        Some(subscription) => subscription.next().await,
        None => std::future::pending().await,
    }
}
