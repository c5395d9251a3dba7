//! Orders: entering, canceling, replacing, looking at those of today.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bearpit_core::market::{OrderTerms, Replacement, Side};
use bearpit_core::participant::{Instruction, Outcome, RequestRefusal};
use bearpit_core::units::{ListingId, Money, OrderId, Quantity};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::asking::seat_of;
use super::order_view::{OrderView, Writer, average};
use super::request::{OrderRequest, Reader, order_id, refused, time_in_force};
use super::{Trading, explain};
use crate::domain::{
    AccountId, ClientOrderId, KindName, Number, Problem, ProblemKind, StatusName, TimeInForceName,
};
use crate::driver::{AccountView, Look, OrderProgress, Seen, What};
use crate::publication::{Channel, ListingSnapshot, OwnState};

/// How an order is to be changed; what is not said stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaceRequest {
    /// The new limit, or a stop's new trigger.
    pub price: Option<Number>,
    /// The new whole quantity, what has traded included.
    pub quantity: Option<Number>,
    /// The new trigger of a stop or stop-limit order.
    pub stop_price: Option<Number>,
    /// The new distance of a trailing stop, in units of the price.
    pub trail_amount: Option<Number>,
    /// The same in percent of the price, in steps of 0.01.
    pub trail_percent: Option<Number>,
    /// How long it stays from now on.
    pub time_in_force: Option<TimeInForceName>,
    /// Until when, of `gtd`, in the market's time, as of RFC 3339.
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
}

impl ReplaceRequest {
    fn replacement(&self, read: Reader<'_>) -> Result<Replacement, Problem> {
        let price = |field, number: Option<Number>| number.map(|it| read.price(field, it)).transpose();
        Ok(Replacement {
            price: price("price", self.price)?,
            quantity: self.quantity.map(|quantity| read.quantity("quantity", quantity)).transpose()?,
            trigger: price("stop_price", self.stop_price)?,
            distance: read.distance(self.trail_amount, self.trail_percent)?,
            time_in_force: time_in_force(self.time_in_force, self.expires_at.as_deref())?,
        })
    }
}

/// Orders.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OrdersView {
    /// The orders, the oldest first.
    pub orders: Vec<OrderView>,
}

/// Cancels that are on their way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CanceledView {
    /// The orders that were open, and whose cancels were sent.
    pub order_ids: Vec<String>,
}

/// What an order would do.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PreviewView {
    /// The free cash that it would hold: what it can cost at worst, with fees.
    pub held: Number,
    /// The free cash that would be left.
    pub free_cash: Number,
    /// What it would take from the book as that stands.
    pub would_fill: Number,
    /// What that would cost, or bring, before fees.
    pub notional: Number,
    /// The average price of that.
    pub average_price: Option<Number>,
    /// The worst price of that.
    pub worst_price: Option<Number>,
    /// What would be left of it.
    pub would_rest: Number,
    /// The worst price that it accepts: its limit, or what its account's gate sets.
    pub price: Option<Number>,
}

/// How long to wait for the word of the venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VenueWait(pub Duration);

impl VenueWait {
    /// The longest wait.
    pub const MAX: Duration = Duration::from_secs(10);
}

/// An order as it is entered.
pub(super) struct Entry {
    pub(super) terms: OrderTerms,
    /// The amount of money of which the account's gate makes a quantity, if it is for one.
    pub(super) notional: Option<Money>,
    pub(super) client: Option<ClientOrderId>,
    /// How long to wait for the word of the venue.
    pub(super) wait: Option<VenueWait>,
}

/// What an account's orders are seen by.
pub(super) struct Book {
    listings: Vec<Arc<ListingSnapshot>>,
    pub(super) own: OwnState,
}

impl Trading {
    /// Enters an order: once it is durable, it is on its way to the venue.
    ///
    /// # Errors
    /// [`Problem`] if it is refused, or whether it was entered is not known.
    pub async fn enter(
        &self,
        account: AccountId,
        request: &OrderRequest,
        wait: Option<VenueWait>,
    ) -> Result<OrderView, Problem> {
        let (_, snapshot) = self.data.find(&request.symbol).map_err(|problem| problem.at("symbol"))?;
        let terms = request.terms(&snapshot.listing.instrument)?;
        let client = request.client_order_id.clone();
        self.submit(account, &snapshot, Entry { terms, notional: None, client, wait }).await
    }

    /// Enters an order whose account's channel is followed by whoever asks: nothing is shown of it here,
    /// which costs the more the more happens to an account.
    ///
    /// # Errors
    /// As [`Trading::enter`].
    pub async fn enter_unseen(&self, account: AccountId, request: &OrderRequest) -> Result<(), Problem> {
        let (_, snapshot) = self.data.find(&request.symbol).map_err(|problem| problem.at("symbol"))?;
        let terms = request.terms(&snapshot.listing.instrument)?;
        let what = What::Instruct(Instruction::Submit { listing: snapshot.id, terms });
        self.ask(account, what, request.client_order_id.clone()).await.map(drop)
    }

    /// Enters an order for an amount of money: of as many whole lots as it pays for, before fees, at the
    /// worst price that the order accepts. The quantity in the request does not count.
    ///
    /// # Errors
    /// As [`Trading::enter`].
    pub async fn enter_notional(
        &self,
        account: AccountId,
        request: &OrderRequest,
        notional: Number,
        wait: Option<VenueWait>,
    ) -> Result<OrderView, Problem> {
        let (_, snapshot) = self.data.find(&request.symbol).map_err(|problem| problem.at("symbol"))?;
        let instrument = &snapshot.listing.instrument;
        let lot = OrderRequest { quantity: Number(instrument.lot_size()), ..request.clone() };
        let terms = OrderTerms { quantity: Quantity::ZERO, ..lot.terms(instrument)? };
        let notional = Some(amount_of(notional)?);
        let client = request.client_order_id.clone();
        self.submit(account, &snapshot, Entry { terms, notional, client, wait }).await
    }

    pub(super) async fn submit(
        &self,
        account: AccountId,
        snapshot: &ListingSnapshot,
        entry: Entry,
    ) -> Result<OrderView, Problem> {
        let Entry { terms, notional, client, wait } = entry;
        let listing = snapshot.id;
        let what = What::Instruct(match notional {
            Some(notional) => Instruction::SubmitNotional { listing, terms, notional },
            None => Instruction::Submit { listing, terms },
        });
        let (answer, outcome) = self.ask(account, what, client.clone()).await?;
        let Outcome::Submitted { order, terms, .. } = outcome else { return Err(strange()) };
        if let Some(VenueWait(span)) = wait {
            // What it waits for may never come: then the order is shown as far as it is.
            tokio::time::timeout(span.min(VenueWait::MAX), self.arrival(account, order)).await.ok();
        }
        if let Some(view) = self.order_in_memory(account, order) {
            return Ok(view);
        }
        // What is shown of it comes a moment later than the answer.
        Ok(self.writer(snapshot).sent_at(answer.at, order, &terms, client.as_ref()))
    }

    /// Waits until the venue has said something about an order.
    async fn arrival(&self, account: AccountId, order: OrderId) {
        let publication = self.handle.publication();
        let seat = seat_of(account);
        let Ok(mut news) = publication.subscribe(&Channel::Own(Arc::clone(&seat)), None) else { return };
        loop {
            let state = publication.own_order(&seat, order);
            let has_arrived = |state: &OwnState| !state.orders.is_empty() || !state.closed.is_empty();
            if state.as_ref().is_some_and(has_arrived) || news.next().await.is_err() {
                return;
            }
        }
    }

    /// Says what an order would hold, and what it would take from the book as that stands.
    ///
    /// # Errors
    /// [`Problem`] if it would be refused.
    pub async fn preview(&self, account: AccountId, request: &OrderRequest) -> Result<PreviewView, Problem> {
        let (publication, snapshot) = self.data.find(&request.symbol).map_err(|it| it.at("symbol"))?;
        let terms = request.terms(&snapshot.listing.instrument)?;
        let look = Look::Preview { listing: snapshot.id, terms };
        let Seen::Preview(preview) = self.look(account, look).await? else { return Err(strange()) };
        let preview = preview.map_err(|refusal| explain::gate(&refusal))?;
        let (instrument, scale) =
            (&snapshot.listing.instrument, self.data.scale(&snapshot.listing.instrument));
        let limit = preview.terms.kind.worst_price();
        // A stop takes nothing before it is elected.
        let most = if terms.kind.is_stop() { Quantity::ZERO } else { terms.quantity };
        let (mut left, mut notional, mut worst) = (most, Money::ZERO, None);
        let book = publication.book(snapshot.id).map(|book| book.state).unwrap_or_default();
        let (levels, crosses): (_, fn(_, _) -> bool) = match terms.side {
            Side::Buy => (book.asks, |price, limit| price <= limit),
            Side::Sell => (book.bids, |price, limit| price >= limit),
        };
        for level in levels {
            if left.is_zero() || limit.is_some_and(|limit| !crosses(level.price, limit)) {
                break;
            }
            let taken = left.min(level.size);
            left -= taken;
            notional += instrument.notional(level.price, taken);
            worst = Some(level.price);
        }
        let filled = most - left;
        Ok(PreviewView {
            held: Number::of_money(preview.held),
            free_cash: Number::of_money(preview.free_cash),
            would_fill: scale.quantity(filled),
            notional: Number::of_money(notional),
            average_price: average(instrument, notional, filled),
            worst_price: worst.map(|price| scale.price(price)),
            would_rest: scale.quantity(terms.quantity - filled),
            price: limit.map(|price| scale.price(price)),
        })
    }

    /// Cancels an order; the venue's word comes later.
    ///
    /// # Errors
    /// [`Problem`] if it is not open, or is somebody else's.
    pub async fn cancel(&self, account: AccountId, order: OrderId) -> Result<OrderView, Problem> {
        self.ask(account, What::Instruct(Instruction::Cancel(order)), None).await?;
        let mut view = self.order_in_memory(account, order).ok_or_else(|| unknown_order(order))?;
        view.cancel_pending = true;
        Ok(view)
    }

    /// Cancels all orders, or those of a symbol.
    ///
    /// # Errors
    /// [`Problem`] if there is no such symbol, or the market takes nothing.
    pub async fn cancel_all(
        &self,
        account: AccountId,
        symbol: Option<&str>,
    ) -> Result<CanceledView, Problem> {
        let listing =
            symbol.map(|symbol| self.data.find(symbol).map(|(_, snapshot)| snapshot.id)).transpose();
        let listing = listing.map_err(|problem| problem.at("symbol"))?;
        let view = self.account_view(account).await?;
        let is_meant = |order: &&OrderProgress| listing.is_none_or(|listing| listing == order.listing);
        let orders: Vec<_> = view.orders.iter().filter(is_meant).collect();
        let listings: BTreeSet<_> = orders.iter().map(|order| order.listing).collect();
        for listing in listings {
            let what = What::Instruct(Instruction::MassCancel { listing, side: None });
            self.ask(account, what, None).await?;
        }
        Ok(CanceledView { order_ids: orders.iter().map(|order| order.order.to_string()).collect() })
    }

    /// Replaces prices, distance, time in force or quantity of an order.
    ///
    /// # Errors
    /// [`Problem`] if it cannot be replaced so.
    pub async fn replace(
        &self,
        account: AccountId,
        order: OrderId,
        request: ReplaceRequest,
    ) -> Result<OrderView, Problem> {
        if request == ReplaceRequest::default() {
            return Err(refused("missing_field", "a replace needs something to replace", "price"));
        }
        let publication = self.handle.publication();
        let own = publication.own_order(&seat_of(account), order).unwrap_or_default();
        let sent = own.sent.get(&order).map(|it| it.listing);
        let open = own.orders.get(&order).map(|it| it.listing);
        let listing = open.or(sent).ok_or_else(|| unknown_order(order))?;
        let snapshot = publication.snapshot(listing).ok_or_else(strange)?;
        let new = request.replacement(Reader(&snapshot.listing.instrument))?;
        let what = What::Instruct(Instruction::Replace { order, new });
        self.ask(account, what, None).await?;
        let mut view = self.order_in_memory(account, order).ok_or_else(|| unknown_order(order))?;
        view.replace_pending = true;
        Ok(view)
    }

    /// Returns the orders that are open or on their way, with their places in the queues.
    ///
    /// # Errors
    /// [`Problem`] if the market takes nothing at the moment.
    pub async fn open_orders(&self, account: AccountId) -> Result<OrdersView, Problem> {
        let view = self.account_view(account).await?;
        let progress: BTreeMap<OrderId, &OrderProgress> =
            view.orders.iter().map(|it| (it.order, it)).collect();
        let book = self.book(account);
        let sent = book
            .own
            .sent
            .values()
            .filter_map(|sent| Some(self.writer(book.listing(sent.listing)?).sent(sent)));
        let open = book.own.orders.iter().filter_map(|(id, order)| {
            let writer = self.writer(book.listing(order.listing)?);
            Some(writer.open(*id, order, progress.get(id).copied()))
        });
        Ok(OrdersView { orders: open.chain(sent).collect() })
    }

    /// Returns the orders of today that are open, on their way, or among those that ended last.
    ///
    /// # Errors
    /// [`Problem`] if the market takes nothing at the moment.
    pub async fn recent_orders(&self, account: AccountId) -> Result<Vec<OrderView>, Problem> {
        let mut orders = match self.open_orders(account).await {
            Ok(open) => open.orders,
            // What is open can be seen while nothing can be entered.
            Err(problem) if problem.kind == ProblemKind::Unavailable => self.open_in_memory(account),
            Err(problem) => return Err(problem),
        };
        let book = self.book(account);
        let closed = book
            .own
            .closed
            .iter()
            .filter_map(|closed| Some(self.writer(book.listing(closed.last.listing)?).closed(closed)));
        orders.extend(closed);
        Ok(orders)
    }

    /// Returns the orders that are open or on their way, as they are known without asking anybody.
    pub(in crate::services) fn open_in_memory(&self, account: AccountId) -> Vec<OrderView> {
        let book = self.book(account);
        let ids = book.own.orders.keys().chain(book.own.sent.keys());
        ids.filter_map(|order| self.order_in_memory(account, *order)).collect()
    }

    /// Returns an order of today, if it is open, on its way, or among those that ended last.
    pub(in crate::services) fn order_in_memory(
        &self,
        account: AccountId,
        order: OrderId,
    ) -> Option<OrderView> {
        let publication = self.handle.publication();
        let own = publication.own_order(&seat_of(account), order)?;
        self.view_in(&own, order)
    }

    /// Returns an order as it is in the state of an account, if it is open there, on its way, or among those
    /// that ended last.
    #[must_use]
    pub fn view_in(&self, own: &OwnState, order: OrderId) -> Option<OrderView> {
        let publication = self.handle.publication();
        let of = |listing| publication.snapshot(listing);
        if let Some(open) = own.orders.get(&order) {
            return Some(self.writer(&*of(open.listing)?).open(order, open, None));
        }
        if let Some(closed) = own.closed.iter().rev().find(|closed| closed.id == order) {
            return Some(self.writer(&*of(closed.last.listing)?).closed(closed));
        }
        let sent = own.sent.get(&order)?;
        Some(self.writer(&*of(sent.listing)?).sent(sent))
    }

    /// Returns the id of the order that was entered under an id of its owner's, if one was.
    pub(super) async fn order_of_client(
        &self,
        account: AccountId,
        client: ClientOrderId,
    ) -> Result<Option<OrderId>, Problem> {
        let Seen::Known(answer) = self.look(account, Look::Known(client)).await? else {
            return Err(strange());
        };
        Ok(answer.and_then(|answer| match answer.outcome {
            Ok(Outcome::Submitted { order, .. }) => Some(order),
            Ok(_) | Err(RequestRefusal::Instruction(_)) | Err(_) => None,
        }))
    }

    /// Adds to an open trailing stop how far it has followed the market, if the market says so.
    pub async fn follow_trail(&self, account: AccountId, view: &mut OrderView) {
        let is_open = matches!(view.status, StatusName::Open | StatusName::PartiallyFilled);
        if view.kind != KindName::TrailingStop || !is_open || view.trail_mark.is_some() {
            return;
        }
        let (Ok(id), Ok(seen)) = (view.order_id.parse(), self.account_view(account).await) else { return };
        let id = OrderId::new(id);
        let progress = seen.orders.iter().find(|progress| progress.order == id);
        let own = self.handle.publication().own_order(&seat_of(account), id).unwrap_or_default();
        if let Some((progress, open)) = progress.zip(own.orders.get(&id))
            && let Some(snapshot) = self.handle.publication().snapshot(open.listing)
        {
            self.writer(&snapshot).follow(view, &open.terms, progress.trailing_mark);
        }
    }

    pub(in crate::services) async fn account_view(
        &self,
        account: AccountId,
    ) -> Result<Box<AccountView>, Problem> {
        match self.look(account, Look::Account).await? {
            Seen::Account(view) => Ok(view),
            _ => Err(strange()),
        }
    }

    pub(super) fn book(&self, account: AccountId) -> Book {
        let publication = self.handle.publication();
        let own = publication.own(&seat_of(account)).map(|own| own.state).unwrap_or_default();
        Book { listings: publication.snapshots(), own }
    }

    pub(super) fn writer<'a>(&'a self, snapshot: &'a ListingSnapshot) -> Writer<'a> {
        Writer::of(&self.data, snapshot)
    }
}

impl Book {
    /// Returns a listing of the day.
    pub(super) fn listing(&self, id: ListingId) -> Option<&ListingSnapshot> {
        self.listings.get(id.index()).map(|snapshot| &**snapshot)
    }

    /// Returns the listings of the day.
    pub(super) fn listings(&self) -> &[Arc<ListingSnapshot>] {
        &self.listings
    }

    /// Returns the first listing of a symbol.
    pub(super) fn of_symbol(&self, symbol: &str) -> Option<&ListingSnapshot> {
        let found = self.listings.iter().find(|it| it.listing.instrument.symbol() == symbol);
        found.map(|snapshot| &**snapshot)
    }
}

/// Reads the id of an order in a path.
///
/// # Errors
/// [`Problem`] if it is none.
pub fn path_order(text: &str) -> Result<OrderId, Problem> {
    order_id(text, "order_id")
}

pub(super) fn unknown_order(order: OrderId) -> Problem {
    Problem::new(ProblemKind::NotFound, "unknown_order", format!("there is no order {order} of yours"))
}

/// Reads an amount of money for which something is to be traded.
fn amount_of(number: Number) -> Result<Money, Problem> {
    let amount = Money::from_decimal(number.0).filter(|_| number.0.is_positive());
    amount.ok_or_else(|| {
        let message = format!("{number} is no amount above zero with at most ten decimals");
        refused("invalid_field", message, "notional")
    })
}

pub(super) fn strange() -> Problem {
    Problem::new(ProblemKind::Internal, "strange_answer", "the market has answered something else")
}
