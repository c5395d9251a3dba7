//! [`BatchMaker`]: what the tape of a segment changes in the database.

use std::collections::BTreeMap;
use std::sync::Arc;

use bearpit_core::exchange::Market;
use bearpit_core::market::{AccountMark, Fact, MarkCause, OrderTerms, Trade, Transfer};
use bearpit_core::units::{
    ActorId, InstrumentId, ListingId, Money, NetQuantity, OrderId, Price, Quantity, SimDuration, SimTime,
};
use rustc_hash::FxHashMap;

use super::auctions::AuctionMaker;
use super::ledger_maker::LedgerMaker;
use super::notices::{failure_notice, notice_of, refusal_notice};
use super::order_terms::{price_of, quantity_of, replaced_of, terms_of};
use crate::domain::{AccountId, ClientOrderId, NoticeContent, RefusedOrder, SentOrder};
use crate::live::Output;
use crate::publication::{
    Addition, Candle, CandleInterval, Day, Fill, ListingInfo, OwnChange, OwnEvent, Owners,
};
use crate::store::database::Amount;
use crate::store::projection::{
    Batch, CandleRow, Change, FillRow, MarkRow, NoticedRow, OrderRow, OrderStatus,
};

/// Which segment of a journal a tape is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The number of the segment.
    pub segment: u64,
    /// How many of its requests are void.
    pub voids: u32,
    /// The number of its day.
    pub day: u32,
    /// For how many days before it candles of short intervals are kept.
    pub keep_days: u32,
}

/// Follows the tape of a segment from its beginning, and says what it changes: a function of the tape alone.
#[derive(Debug)]
pub struct BatchMaker {
    stretch: Stretch,
    fine_from: i64,
    listings: Vec<Arc<ListingInfo>>,
    owners: Owners<AccountId>,
    /// The ids that senders gave to orders that have not reached a venue.
    clients: FxHashMap<OrderId, String>,
    /// Somebody's order that the next fact says was refused.
    refused: Option<Box<RefusedOrder>>,
    /// The candles at hand: of each listing, one for each interval.
    candles: Vec<[Option<Candle>; CandleInterval::ALL.len()]>,
    /// Before when no candle at hand has ended.
    candles_until: SimTime,
    /// When each account was marked last.
    marked: BTreeMap<AccountId, SimTime>,
    /// The instrument of each listing, and the last price of each instrument, with the listing of that trade.
    instruments: Vec<InstrumentId>,
    prices: BTreeMap<InstrumentId, (ListingId, Price)>,
    /// What came into each account from outside since it was marked.
    funded: BTreeMap<AccountId, Money>,
    ledger: LedgerMaker,
    auctions: AuctionMaker,
    /// The number of the first fact of the batch at hand.
    from: u64,
    to: u64,
    changes: Vec<(u64, Change)>,
}

impl BatchMaker {
    /// Makes one for the market of a segment, which has just been opened.
    #[must_use]
    pub fn begin(market: &Market, stretch: Stretch) -> Self {
        let open = market.world().now();
        let day = Day::of(market, open, |participant| participant.seat.is_some());
        let mut owners = Owners::default();
        for participant in &day.participants {
            // People's seats are named by the ids of their accounts; others are nobody's.
            let account = participant.has_channel.then(|| participant.name.parse().ok()).flatten();
            owners.assign(participant.id, account);
        }
        let kept = SimDuration::from_secs(i64::from(stretch.keep_days) * 86_400);
        Self {
            stretch,
            fine_from: open.nanos().saturating_sub(kept.nanos()),
            auctions: AuctionMaker::begin(&day, stretch.day),
            candles: vec![[None; CandleInterval::ALL.len()]; day.listings.len()],
            listings: day.listings,
            owners,
            clients: FxHashMap::default(),
            refused: None,
            candles_until: open,
            marked: BTreeMap::new(),
            instruments: market.world().domain().listings().map(|listing| listing.instrument).collect(),
            prices: BTreeMap::new(),
            funded: BTreeMap::new(),
            ledger: LedgerMaker::new(market, stretch.day),
            from: 0,
            to: 0,
            changes: vec![(0, Change::LedgerBegan)],
        }
    }

    /// Takes the next output of the market.
    pub fn take(&mut self, output: &Output) {
        match output {
            Output::Named { owner, order, client } => self.name(*owner, *order, client),
            Output::Sent(SentOrder { owner, order, client: Some(client), .. }) => {
                self.name(*owner, *order, client);
            }
            // With the fact that follows, so that it has a place on the tape.
            Output::Refused(refused) => self.refused = Some(refused.clone()),
            Output::Fact { sequence, at, fact } => {
                self.to = sequence + 1;
                self.close_candles(*sequence, *at);
                if let Some(refused) = self.refused.take() {
                    let noticed = self.refused_notice(*at, &refused);
                    let change = self.refused(&refused).map(|row| Change::Entered(Box::new(row)));
                    self.changes.extend(change.into_iter().chain(noticed).map(|it| (*sequence, it)));
                }
                self.follow(*sequence, *at, fact);
            }
            Output::Sent(_)
            | Output::Answer(_)
            | Output::Again(_)
            | Output::Voided(_)
            | Output::Pace { .. } => {}
        }
    }

    fn name(&mut self, owner: ActorId, order: OrderId, client: &ClientOrderId) {
        if self.owners.of(owner).is_some() {
            self.clients.insert(order, client.as_str().to_owned());
        }
    }

    /// Returns how many changes have come together.
    #[must_use]
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Returns whether nothing is to be changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Returns the number of the next fact.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.to
    }

    /// Returns how many facts are not in a batch yet.
    #[must_use]
    pub const fn pending(&self) -> u64 {
        self.to - self.from
    }

    /// Returns the batch of what came since the last one.
    pub fn batch(&mut self) -> Batch {
        let (segment, voids, fine_from) = (self.stretch.segment, self.stretch.voids, self.fine_from);
        let from = std::mem::replace(&mut self.from, self.to);
        let changes = std::mem::take(&mut self.changes);
        // When it was written is for whoever writes it to say: nothing here knows the time outside.
        let (to, written_at) = (self.to, 0);
        Batch { segment, voids, fine_from, from, to, ends: false, is_all: false, written_at, changes }
    }

    /// Returns the last batch of a market that was settled: candles at hand are in it as far as they have
    /// come.
    pub fn end(&mut self) -> Batch {
        for index in 0..self.candles.len() {
            for interval in CandleInterval::ALL {
                if let Some(candle) = self.candles[index][interval as usize].take() {
                    self.push_candle(self.to, index, interval, &candle);
                }
            }
        }
        Batch { ends: true, ..self.batch() }
    }

    fn follow(&mut self, sequence: u64, at: SimTime, fact: &Fact) {
        let is_new = matches!(fact, Fact::AccountOpened(opening) if !self.owners.knows(opening.owner));
        match fact {
            Fact::Traded(trade) => {
                if let Some(instrument) = self.instruments.get(trade.listing.index()) {
                    self.prices.insert(*instrument, (trade.listing, trade.price));
                }
                self.add_to_candles(at, trade);
            }
            Fact::AccountOpened(opening) if is_new => {
                let account = opening.name.parse().ok();
                self.owners.assign(opening.owner, account);
                // What a new account begins with comes from outside; what one has that was carried over does
                // not.
                account.into_iter().for_each(|account| self.fund(account, opening.cash));
            }
            _ => {}
        }
        let mut events = Events::new();
        self.owners.follow(at, fact, &mut |account, event| events.push((account, event)));
        for (account, event) in events {
            let (change, noticed) = match event.change {
                OwnChange::Filled(fill) => (self.filled(account, at, &fill), None),
                OwnChange::Fact(fact) => {
                    let place = (self.stretch.segment, sequence);
                    let told = match &fact {
                        Fact::StrategyFailed { text, .. } => Some(failure_notice(account, place, text)),
                        fact => notice_of(&self.listings, place, at, fact),
                    };
                    let noticed = told.map(|(source, content)| noticed_by(account, source, &content));
                    (self.changed(account, at, &fact), noticed)
                }
                OwnChange::DayBegan
                | OwnChange::Named { .. }
                | OwnChange::Sent(_)
                | OwnChange::Refused(_) => (None, None),
            };
            self.changes.extend(change.into_iter().chain(noticed).map(|it| (sequence, it)));
        }
        let posted = self.ledger.follow(at, fact, is_new, &self.owners);
        let auctioned = self.auctions.follow(at, fact);
        self.changes.extend(posted.into_iter().chain(auctioned).map(|change| (sequence, change)));
    }

    fn filled(&self, account: AccountId, at: SimTime, fill: &Fill) -> Option<Change> {
        let info = self.listings.get(fill.listing.index())?;
        let instrument = &info.instrument;
        Some(Change::Filled(Box::new(FillRow {
            trade: id(fill.trade.get()),
            order: id(fill.order.get()),
            account,
            day: self.stretch.day,
            symbol: instrument.symbol().to_owned(),
            venue: info.venue.clone(),
            side: fill.side,
            price: price_of(instrument, fill.price),
            quantity: quantity_of(instrument, fill.quantity),
            traded_value: instrument.notional(fill.price, fill.quantity).into(),
            liquidity: fill.liquidity.name().to_owned(),
            fee: fill.fee.into(),
            queue_ahead: fill.queue_ahead.map(|ahead| quantity_of(instrument, ahead)),
            at: at.nanos(),
        })))
    }

    /// Returns what a transfer is worth; shares at the last price of the day, if there was one.
    fn worth_of(&self, transfer: Transfer) -> Money {
        let (instrument, quantity) = match transfer {
            Transfer::Cash(cash) => return cash,
            Transfer::Shares { instrument, quantity } => (instrument, quantity),
        };
        let Some((listing, price)) = self.prices.get(&instrument) else { return Money::ZERO };
        let Some(info) = self.listings.get(listing.index()) else { return Money::ZERO };
        let worth = info.instrument.notional(*price, quantity.magnitude());
        if quantity < NetQuantity::ZERO { -worth } else { worth }
    }

    fn fund(&mut self, account: AccountId, cash: Money) {
        *self.funded.entry(account).or_default() += cash;
    }

    fn marked(&mut self, account: AccountId, at: SimTime, mark: &AccountMark) -> Option<Change> {
        // One for each instrument, all with the worth of the whole account.
        let is_new = mark.cause == MarkCause::Sample && self.marked.insert(account, at) != Some(at);
        is_new.then(|| {
            let funded = self.funded.remove(&account).unwrap_or_default();
            let [equity, cash, fees, funded] = [mark.equity, mark.cash, mark.fees, funded].map(Amount::from);
            Change::Marked(MarkRow { account, at: at.nanos(), equity, cash, fees, funded })
        })
    }

    /// Returns what a fact about an order or account of somebody's changes.
    fn changed(&mut self, account: AccountId, at: SimTime, fact: &Fact) -> Option<Change> {
        match fact {
            Fact::AccountMarked(mark) => return self.marked(account, at, mark),
            Fact::AccountFunded { funding, .. } => {
                self.fund(account, self.worth_of(funding.transfer));
                return None;
            }
            _ => {}
        }
        let instrument = &Arc::clone(self.listings.get(fact.listing()?.index())?).instrument;
        let lots = |quantity: Quantity| quantity_of(instrument, quantity);
        Some(match *fact {
            Fact::OrderAccepted { order, listing, ref terms, sent_at, .. } => {
                let mut row = self.entered(account, order, listing, terms)?;
                (row.sent_at, row.accepted_at) = (sent_at.map(SimTime::nanos), Some(at.nanos()));
                Change::Entered(Box::new(row))
            }
            Fact::OrderRejected { order, listing, ref terms, sent_at, reason, .. } => {
                let mut row = self.entered(account, order, listing, terms)?;
                (row.sent_at, row.ended_at) = (Some(sent_at.nanos()), Some(at.nanos()));
                (row.status, row.reason) = (OrderStatus::Rejected, Some(reason.to_string()));
                Change::Entered(Box::new(row))
            }
            Fact::OrderReplaced { order, price, leaves, .. } => {
                let (price, leaves) = (price_of(instrument, price), lots(leaves));
                Change::Replaced { order: id(order.get()), price, leaves }
            }
            Fact::OrderTermsReplaced { order, kind, time_in_force, leaves, .. } => {
                let terms = Box::new(replaced_of(instrument, kind, time_in_force));
                Change::TermsReplaced { order: id(order.get()), terms, leaves: lots(leaves) }
            }
            Fact::OrderRepriced { order, price, .. } => {
                let price = price.map(|price| price_of(instrument, price));
                Change::Repriced { order: id(order.get()), price }
            }
            Fact::OrderReduced { order, leaves, reason, .. } => {
                let reason = Some(reason.to_string());
                Change::Resized { order: id(order.get()), leaves: lots(leaves), reason }
            }
            Fact::OrderGrown { order, leaves, .. } => {
                Change::Resized { order: id(order.get()), leaves: lots(leaves), reason: None }
            }
            Fact::OrderRestated { order, ref terms, leaves, .. } => {
                let terms = Box::new(terms_of(instrument, terms));
                Change::Restated { order: id(order.get()), terms, leaves: lots(leaves) }
            }
            Fact::OrderTriggered { order, .. } => Change::Triggered { order: id(order.get()) },
            Fact::OrderCanceled { order, reason, .. } => ended(order, OrderStatus::Canceled, &reason, at),
            Fact::OrderExpired { order, reason, .. } => ended(order, OrderStatus::Expired, &reason, at),
            _ => return None,
        })
    }

    fn refused_notice(&self, at: SimTime, refused: &RefusedOrder) -> Option<Change> {
        let account = self.owners.of(refused.owner)?;
        let (source, content) = refusal_notice(&self.listings, at, refused)?;
        Some(noticed_by(account, source, &content))
    }

    /// Returns the row of an order that was refused, if it is somebody's.
    fn refused(&self, refused: &RefusedOrder) -> Option<OrderRow> {
        let account = self.owners.of(refused.owner)?;
        let at = Some(refused.at.nanos());
        Some(OrderRow {
            client: refused.client.as_ref().map(|client| client.as_str().to_owned()),
            status: OrderStatus::Rejected,
            reason: Some(refused.reason.to_string()),
            sent_at: at,
            ended_at: at,
            ..self.row(account, refused.id.row(), refused.listing, &refused.terms)?
        })
    }

    fn entered(
        &mut self,
        account: AccountId,
        order: OrderId,
        listing: ListingId,
        terms: &OrderTerms,
    ) -> Option<OrderRow> {
        let client = self.clients.remove(&order);
        Some(OrderRow { client, ..self.row(account, id(order.get()), listing, terms)? })
    }

    /// Returns the row of an order that nothing has happened to.
    fn row(
        &self,
        account: AccountId,
        order: i64,
        listing: ListingId,
        terms: &OrderTerms,
    ) -> Option<OrderRow> {
        let info = self.listings.get(listing.index())?;
        let quantity = quantity_of(&info.instrument, terms.quantity);
        Some(OrderRow {
            order,
            account,
            day: self.stretch.day,
            symbol: info.instrument.symbol().to_owned(),
            venue: info.venue.clone(),
            client: None,
            side: terms.side,
            terms: terms_of(&info.instrument, terms),
            status: OrderStatus::Open,
            is_triggered: false,
            quantity,
            leaves: quantity,
            filled: Amount::default(),
            traded_value: Amount::default(),
            fees: Amount::default(),
            reason: None,
            sent_at: None,
            accepted_at: None,
            ended_at: None,
        })
    }

    fn add_to_candles(&mut self, at: SimTime, trade: &Trade) {
        let Some(info) = self.listings.get(trade.listing.index()) else { return };
        let Trade { price, quantity, .. } = *trade;
        let addition = Addition { at, price, quantity, notional: info.instrument.notional(price, quantity) };
        for interval in CandleInterval::ALL {
            let start = at.floor_to(interval.length());
            match &mut self.candles[trade.listing.index()][interval as usize] {
                Some(candle) => candle.add(&addition),
                none => *none = Some(Candle::begin(start, &addition)),
            }
        }
    }

    /// Closes the candles whose intervals have ended: the tape says so by a later fact.
    fn close_candles(&mut self, sequence: u64, now: SimTime) {
        if now < self.candles_until {
            return;
        }
        self.candles_until = now.floor_to(CandleInterval::Second.length()) + CandleInterval::Second.length();
        for index in 0..self.candles.len() {
            for interval in CandleInterval::ALL {
                let has_ended = |candle: &mut Candle| candle.start.saturating_add(interval.length()) <= now;
                if let Some(candle) = self.candles[index][interval as usize].take_if(has_ended) {
                    self.push_candle(sequence, index, interval, &candle);
                }
            }
        }
    }

    fn push_candle(&mut self, sequence: u64, listing: usize, interval: CandleInterval, candle: &Candle) {
        let info = &self.listings[listing];
        let price = |price| price_of(&info.instrument, price);
        let row = CandleRow {
            symbol: info.instrument.symbol().to_owned(),
            venue: info.venue.clone(),
            interval: interval.name().to_owned(),
            start: candle.start.nanos(),
            open: price(candle.open),
            high: price(candle.high),
            low: price(candle.low),
            close: price(candle.close),
            volume: quantity_of(&info.instrument, candle.volume),
            notional: candle.notional.into(),
            trades: id(candle.trades),
        };
        self.changes.push((sequence, Change::Candle(Box::new(row))));
    }
}

fn noticed_by(account: AccountId, source: String, content: &NoticeContent) -> Change {
    Change::Noticed(Box::new(NoticedRow::new(account, source, content)))
}

/// The events of one fact: a trade has two at most.
type Events = Vec<(AccountId, OwnEvent)>;

fn ended(order: OrderId, status: OrderStatus, reason: &dyn std::fmt::Display, at: SimTime) -> Change {
    Change::Ended { order: id(order.get()), status, reason: reason.to_string(), at: at.nanos() }
}

/// Returns an id of the market for the database: none comes near the end of `i64`.
fn id(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}
