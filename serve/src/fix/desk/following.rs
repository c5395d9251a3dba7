//! The feed of the account: what happened to orders of the session is told in its order, once.

use std::collections::BTreeMap;

use tracing::warn;

use super::{BATCH, Desk};
use crate::domain::{ClientOrderId, Problem};
use crate::fix::orders::{Missed, OrderState, concerned, tell, tell_missed};
use crate::fix::store::{FeedPlace, Record};
use crate::publication::{Channel, Closed, Content, OwnEvent, OwnState, Position, SubscribeError, Update};
use crate::services::market_data::StageName;
use crate::services::trading::{FillLine, HistoryQuery, OrderView};
use bearpit_core::units::{OrderId, SimTime};

impl Desk {
    fn channel(&self) -> Channel {
        Channel::Own(self.key.account.to_string().into())
    }

    /// Subscribes to the feed where it was left. Where that cannot be, it is tried again later.
    pub(super) async fn open_feed(&mut self) {
        // While a market is rebuilt its numbers are those of its past.
        if self.shared.market_data.market_status().stage == StageName::Opening {
            return;
        }
        let publication = self.shared.market_data.publication();
        let place = self.file.state().feed;
        let from = place.map(|it| Position { epoch: SimTime::from_nanos(it.epoch), next: it.next });
        match publication.subscribe(&self.channel(), from) {
            Ok(feed) => {
                self.feed = Some(feed);
                if from.is_none() {
                    self.begin_at_snapshot();
                }
                if self.doubtful_until == u64::MAX {
                    let own = publication.own(&self.key.account.to_string());
                    self.doubtful_until = own.map_or(0, |own| own.next);
                }
            }
            Err(SubscribeError::UnknownChannel) => {
                // The account's seat is opened by whatever is asked first; while the market is away, later.
                // Its channel is there before the answer is.
                if place.is_none() && self.shared.trading.open(self.key.account).await.is_ok() {
                    let publication = self.shared.market_data.publication();
                    self.feed = publication.subscribe(&self.channel(), None).ok();
                    self.begin_at_snapshot();
                }
            }
            Err(SubscribeError::StartOver { .. }) => self.catch_up().await,
        }
    }

    /// A session that begins goes on from what there is now.
    fn begin_at_snapshot(&mut self) {
        let Some(feed) = &mut self.feed else { return };
        if let Some(Ok(update)) = feed.try_next()
            && let Some(position) = feed.position()
        {
            self.note_place(position.epoch, update.numbers.end);
        }
    }

    fn note_place(&mut self, epoch: SimTime, next: u64) {
        self.place = Some(FeedPlace { epoch: epoch.nanos(), next });
    }

    /// Takes what has happened, as much as is there.
    pub(super) fn take_updates(&mut self, update: Result<Update, Closed>) {
        let mut update = Some(update);
        for _ in 0..BATCH {
            match update.take() {
                Some(Ok(update)) => self.take_update(&update),
                Some(Err(closed)) => {
                    warn!(session = %self.key.sender, %closed, "the feed of a session of FIX is opened again");
                    self.feed = None;
                    return;
                }
                None => return,
            }
            update = self.feed.as_mut().and_then(crate::publication::Subscription::try_next);
        }
        if let Some(Ok(update)) = update {
            self.take_update(&update);
        }
    }

    fn take_update(&mut self, update: &Update) {
        let Some(position) = self.feed.as_ref().and_then(crate::publication::Subscription::position) else {
            return;
        };
        if let Content::Own(event) = &update.content {
            let number = update.numbers.start;
            let id = format!("{:x}-{number}", position.epoch.nanos());
            self.tell(event, number, &id);
        }
        self.note_place(position.epoch, update.numbers.end);
    }

    /// Returns the order as the session knows it, with what was not written yet.
    pub(super) fn known(&self, id: u64) -> Option<OrderState> {
        let written = self.records.iter().rev().find_map(|record| match record {
            Record::Order(it, state) if *it == id => Some(Some((**state).clone())),
            Record::Over(it) if *it == id => Some(None),
            _ => None,
        });
        written.unwrap_or_else(|| self.file.state().orders.get(&id).cloned())
    }

    fn name_of(&self, client: Option<&ClientOrderId>) -> Option<String> {
        client?.as_str().strip_prefix(&self.prefix).map(str::to_owned)
    }

    fn tell(&mut self, event: &OwnEvent, number: u64, id: &str) {
        let (order, client) = concerned(event);
        let known = order.and_then(|order| self.known(order));
        let name = self.name_of(client);
        // Of most events of an account that trades elsewhere too, nothing more is looked at.
        if known.is_none() && name.is_none() {
            return;
        }
        let told = tell(&self.shared.market_data, event, (order, known), name.as_deref(), id);
        if let Some(name) = &name {
            self.entering.remove(name);
        }
        let is_resend = number < self.doubtful_until;
        for (kind, body) in told.said {
            self.say_again(kind, body, is_resend);
        }
        if let Some((order, state)) = told.order {
            self.keep_order(order, state);
        }
    }

    /// Keeps what is known of an order from now on.
    pub(super) fn keep_order(&mut self, id: u64, state: OrderState) {
        if self.cancels_new && !state.is_over && self.live.is_none() {
            self.to_cancel.insert(id);
            self.keep_leaving();
        }
        let is_over = state.is_over && state.pending.is_empty();
        self.records.push(Record::Order(id, Box::new(state)));
        if is_over {
            self.records.push(Record::Over(id));
        }
    }

    /// Tells from what is kept for good what events said that are not kept any more, and goes on from now.
    async fn catch_up(&mut self) {
        let publication = self.shared.market_data.publication();
        let Ok(mut feed) = publication.subscribe(&self.channel(), None) else { return };
        let Some(Ok(Update { numbers, content: Content::OwnSnapshot(own) })) = feed.try_next() else {
            return;
        };
        self.commit();
        let mut orders: BTreeMap<u64, OrderState> = self.file.state().orders.clone();
        for (id, client) in named_in(&own) {
            if let Some(name) = self.name_of(client)
                && self.file.state().named(&name).is_none()
            {
                orders.entry(id).or_insert_with(|| OrderState::new(&name));
            }
        }
        let mut missed = Vec::new();
        for (id, state) in orders.into_iter().filter(|(_, state)| !state.is_over) {
            match self.missed(&own, id, state).await {
                Ok(found) => missed.extend(found.map(|found| (id, found))),
                Err(problem) => {
                    warn!(session = %self.key.sender, %problem, "what a session of FIX has missed is told later");
                    return;
                }
            }
        }
        for (id, mut found) in missed {
            tell_missed(&mut found).into_iter().for_each(|said| self.say(said));
            self.keep_order(id, found.state);
        }
        self.note_place(publication.epoch(), numbers.end);
        self.feed = Some(feed);
    }

    /// Returns what has not been told of an order; nothing if it is as it was.
    async fn missed(&self, own: &OwnState, id: u64, state: OrderState) -> Result<Option<Missed>, Problem> {
        let (trading, account) = (&self.shared.trading, self.key.account);
        let order = OrderId::new(id);
        let view: OrderView = match trading.view_in(own, order) {
            Some(view) => view,
            None => trading.order(account, order).await?,
        };
        let query = HistoryQuery {
            order: Some(id.to_string()),
            is_oldest_first: true,
            limit: Some(1_000),
            ..HistoryQuery::default()
        };
        let mut fills: Vec<FillLine> = trading.fill_history(account, &query).await?.fills;
        fills.retain(|fill| fill.trade_id.parse().is_ok_and(|trade: u64| trade > state.last_trade));
        let is_open = own.orders.contains_key(&order);
        if is_open && state.is_accepted && fills.is_empty() {
            return Ok(None);
        }
        Ok(Some(Missed { state, view, fills }))
    }
}

/// Returns the orders of an account, with the names that their owner gave them.
fn named_in(own: &OwnState) -> Vec<(u64, Option<&ClientOrderId>)> {
    let sent = own.sent.iter().map(|(id, it)| (id.get(), it.client.as_ref()));
    let open = own.orders.iter().map(|(id, it)| (id.get(), it.client.as_ref()));
    let closed = own.closed.iter().map(|it| (it.id.get(), it.last.client.as_ref()));
    sent.chain(open).chain(closed).collect()
}
