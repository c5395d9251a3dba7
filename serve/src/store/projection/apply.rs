//! [`Projection`]: applies batches to the database, each once.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::auctions::{self, AuctionRow};
use super::change::{Batch, Change};
use super::ledger::{Balances, Ledger};
use super::notices::Tellings;
use super::position::{Fit, Position, Told};
use super::rows::{CandleRow, CarriedRow, FillRow, MarkRow, OrderRow, OrderStatus, OrderTermsRow};
use super::{candles, fills, ledger, marks, orders};
use crate::domain::AccountId;
use crate::store::database::{Amount, Database, StoreError, Transaction};

/// How many open orders are remembered between batches.
const REMEMBERED_MAX: usize = 100_000;
/// How many balances are.
const BALANCES_MAX: usize = 100_000;

/// Applies batches of the tape to the database: rows and position in one transaction, so that each is applied
/// once, whatever happens in between.
#[derive(Debug)]
pub struct Projection {
    database: Database,
    /// As it is in the database; absent if that is not known.
    position: Option<Position>,
    /// Orders as they are in the database.
    orders: BTreeMap<i64, OrderRow>,
    /// What accounts have in the ledger.
    balances: Balances,
    /// Up to where people were told; absent if that is not known.
    told: Option<Told>,
    /// The first segment of which the ledger has all, 0 if there is none; absent if that is not known.
    ledger_from: Option<u64>,
}

/// An order that a batch changes.
#[derive(Debug)]
struct Touched {
    row: OrderRow,
    is_new: bool,
}

/// What a batch writes: all of one table is written at once.
#[derive(Debug)]
struct Rows<'b> {
    segment: u64,
    touched: BTreeMap<i64, Touched>,
    fills: Vec<&'b FillRow>,
    /// The last of each account and moment.
    marks: BTreeMap<(AccountId, i64), &'b MarkRow>,
    candles: Vec<&'b CandleRow>,
    auctions: Vec<&'b AuctionRow>,
    ledger: Ledger<'b>,
    tellings: Tellings<'b>,
}

/// What is remembered of a batch that was written.
struct Written {
    touched: BTreeMap<i64, Touched>,
    balances: Balances,
}

impl<'b> Rows<'b> {
    fn new(segment: u64, ledger: Ledger<'b>, tellings: Tellings<'b>) -> Self {
        let (touched, marks, auctions) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        let (fills, candles) = (Vec::new(), Vec::new());
        Self { segment, touched, fills, marks, candles, auctions, ledger, tellings }
    }

    async fn write(self, transaction: &mut Transaction) -> Result<Written, StoreError> {
        let segment = self.segment;
        let orders = |is_new| self.touched.values().filter(move |it| it.is_new == is_new).map(|it| &it.row);
        fills::insert(transaction, segment, &self.fills).await?;
        marks::insert(transaction, segment, self.marks.values().copied()).await?;
        candles::insert(transaction, segment, &self.candles).await?;
        auctions::insert(transaction, segment, &self.auctions).await?;
        orders::insert(transaction, segment, orders(true)).await?;
        orders::update(transaction, segment, orders(false)).await?;
        let balances = self.ledger.write(transaction).await?;
        self.tellings.write(transaction).await?;
        Ok(Written { touched: self.touched, balances })
    }
}

impl Projection {
    /// Makes one for a database.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self {
            database,
            position: None,
            orders: BTreeMap::new(),
            balances: Balances::new(),
            told: None,
            ledger_from: None,
        }
    }

    /// Returns the database.
    #[must_use]
    pub const fn database(&self) -> &Database {
        &self.database
    }

    /// Returns where the database stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn position(&mut self) -> Result<Position, StoreError> {
        if let Some(position) = self.position {
            return Ok(position);
        }
        let position = Position::read(&self.database).await?;
        self.position = Some(position);
        Ok(position)
    }

    /// Returns whether the ledger has all of a segment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_ledger_of(&mut self, segment: u64) -> Result<bool, StoreError> {
        let from = self.ledger_from().await?;
        Ok(from != 0 && from <= segment)
    }

    async fn ledger_from(&mut self) -> Result<u64, StoreError> {
        let from = match self.ledger_from {
            Some(from) => from,
            None => ledger::begun(&self.database).await?,
        };
        self.ledger_from = Some(from);
        Ok(from)
    }

    async fn told(&mut self) -> Result<Told, StoreError> {
        let told = match self.told {
            Some(told) => told,
            None => Told::read(&self.database).await?,
        };
        self.told = Some(told);
        Ok(told)
    }

    /// Applies a batch, but for what is in the database already, and returns how many rows were written. What
    /// is missing before it stays missing: see [`Position::fit`].
    ///
    /// # Errors
    /// [`StoreError`]: nothing of it was done, or all of it, which [`Projection::position`] says then.
    pub async fn apply(&mut self, batch: &Batch) -> Result<u64, StoreError> {
        let position = self.position().await?;
        if position.fit(batch) == Fit::Known {
            return Ok(0);
        }
        let written = self.write(position, batch).await;
        if written.is_err() {
            self.remember_nothing();
        }
        written
    }

    /// Drops all rows of a segment and of those behind it, and stands before it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_from(&mut self, segment: u64) -> Result<(), StoreError> {
        let position = self.position().await?;
        self.remember_nothing();
        let mut transaction = self.database.begin().await?;
        forget(&mut transaction, segment).await?;
        let before = Position { segment: segment.saturating_sub(1), ..Position::START };
        position.move_back(&mut transaction, before).await?;
        transaction.commit().await
    }

    async fn write(&mut self, position: Position, batch: &Batch) -> Result<u64, StoreError> {
        let ledger_from = self.ledger_from().await?;
        let told = self.told().await?;
        let mut transaction = self.database.begin().await?;
        let mut from = 0;
        let mut has_ledger = ledger_from != 0 && ledger_from <= batch.segment;
        if position.segment != batch.segment {
            candles::forget_fine(&mut transaction, batch.fine_from).await?;
            auctions::forget_old(&mut transaction, batch.fine_from).await?;
        } else if position.voids == batch.voids {
            from = position.sequence;
        } else {
            // Requests of the segment became void: what followed from them may not have happened.
            forget(&mut transaction, batch.segment).await?;
            self.remember_nothing();
            // If it was the first of the ledger, that begins anew.
            has_ledger &= ledger_from < batch.segment;
        }
        let ledger = Ledger::new(batch.segment, has_ledger, &self.balances);
        let tellings = Tellings::new(batch.segment, batch.voids, batch.written_at, told);
        let mut rows = Rows::new(batch.segment, ledger, tellings);
        let mut written = 0;
        for (sequence, change) in &batch.changes {
            // What the end of a segment adds has the number behind its last fact.
            if *sequence >= from {
                self.change(&mut transaction, *sequence, change, &mut rows).await?;
                written += 1;
            }
        }
        let done = rows.write(&mut transaction).await?;
        let end = batch.end();
        let told = told.reach(end);
        position.move_to(&mut transaction, end, told).await?;
        transaction.commit().await?;
        (self.position, self.told) = (Some(end), Some(told));
        if batch.begins_ledger() {
            self.ledger_from = None;
        }
        self.remember(done);
        Ok(written)
    }

    /// What is remembered may not be what is in the database.
    fn remember_nothing(&mut self) {
        (self.position, self.told, self.ledger_from) = (None, None, None);
        self.orders.clear();
        self.balances.clear();
    }

    /// Makes one change in memory; what is not known there is read.
    async fn change<'b>(
        &self,
        transaction: &mut Transaction,
        sequence: u64,
        change: &'b Change,
        rows: &mut Rows<'b>,
    ) -> Result<(), StoreError> {
        match change {
            Change::Entered(row) => {
                return self.enter(transaction, rows.segment, row, &mut rows.touched).await;
            }
            Change::Filled(fill) => {
                rows.fills.push(fill);
                rows.tellings.fill(sequence, fill);
            }
            Change::Noticed(noticed) => rows.tellings.noticed(sequence, noticed),
            Change::Marked(mark) => {
                rows.marks.insert((mark.account, mark.at), mark);
            }
            Change::Candle(candle) => rows.candles.push(candle),
            Change::Auction(auction) => rows.auctions.push(auction),
            Change::LedgerBegan => return rows.ledger.begin(transaction).await,
            Change::AccountOpened(row) => return rows.ledger.open(transaction, sequence, row).await,
            Change::Posted(row) => return rows.ledger.post(transaction, sequence, row).await,
            _ => {}
        }
        let Some(order) = change.order() else { return Ok(()) };
        // One that is not known was entered on a day whose journal is gone.
        if let Some(touched) = self.look_up(transaction, order, &mut rows.touched).await? {
            change.apply_to(&mut touched.row);
            if matches!(change, Change::Triggered { .. }) {
                rows.tellings.stop(sequence, &touched.row);
            }
        }
        Ok(())
    }

    async fn enter(
        &self,
        transaction: &mut Transaction,
        segment: u64,
        row: &OrderRow,
        touched: &mut BTreeMap<i64, Touched>,
    ) -> Result<(), StoreError> {
        // Only one without a time of sending can be there already: it was carried over from the last day.
        let known = match row.sent_at {
            None => self.look_up(transaction, row.order, touched).await?,
            Some(_) => None,
        };
        match known {
            Some(known) => known.row.carry_over(segment, row),
            None => {
                touched.insert(row.order, Touched { row: row.clone(), is_new: true });
            }
        }
        Ok(())
    }

    async fn look_up<'t>(
        &self,
        transaction: &mut Transaction,
        order: i64,
        touched: &'t mut BTreeMap<i64, Touched>,
    ) -> Result<Option<&'t mut Touched>, StoreError> {
        let place = match touched.entry(order) {
            Entry::Occupied(known) => return Ok(Some(known.into_mut())),
            Entry::Vacant(place) => place,
        };
        let known = match self.orders.get(&order) {
            Some(known) => Some(known.clone()),
            None => orders::find(transaction, order).await?,
        };
        Ok(known.map(|row| place.insert(Touched { row, is_new: false })))
    }

    fn remember(&mut self, written: Written) {
        let Written { touched, balances } = written;
        self.balances.extend(balances);
        if self.balances.len() > BALANCES_MAX {
            self.balances.clear();
        }
        for (order, Touched { row, .. }) in touched {
            if row.status == OrderStatus::Open {
                self.orders.insert(order, row);
            } else {
                self.orders.remove(&order);
            }
        }
        if self.orders.len() > REMEMBERED_MAX {
            // They are read again as they are needed.
            self.orders.clear();
        }
    }
}

/// Drops what a segment and those behind it have written. Orders that were there before are as they were when
/// the segment began, but for what their being carried over says.
async fn forget(transaction: &mut Transaction, segment: u64) -> Result<(), StoreError> {
    fills::forget(transaction, segment).await?;
    marks::forget(transaction, segment).await?;
    candles::forget(transaction, segment).await?;
    auctions::forget(transaction, segment).await?;
    ledger::forget(transaction, segment).await?;
    for mut row in orders::forget(transaction, segment).await? {
        let fills = fills::of_order(transaction, row.order).await?;
        (row.filled, row.traded_value, row.fees) = Default::default();
        (row.status, row.reason, row.ended_at) = (OrderStatus::Open, None, None);
        row.terms.details.forget(segment);
        fills.iter().for_each(|fill| row.add(fill));
        row.leaves = Amount((row.quantity.0 - row.filled.0).max(0));
        orders::update(transaction, segment.saturating_sub(1), std::iter::once(&row)).await?;
    }
    Ok(())
}

impl Change {
    /// Returns the order that it changes.
    const fn order(&self) -> Option<i64> {
        match self {
            Self::Replaced { order, .. }
            | Self::TermsReplaced { order, .. }
            | Self::Repriced { order, .. }
            | Self::Resized { order, .. }
            | Self::Restated { order, .. }
            | Self::Triggered { order }
            | Self::Ended { order, .. } => Some(*order),
            Self::Filled(fill) => Some(fill.order),
            Self::Entered(_)
            | Self::Marked(_)
            | Self::Candle(_)
            | Self::LedgerBegan
            | Self::AccountOpened(_)
            | Self::Posted(_)
            | Self::Auction(_)
            | Self::Noticed(_) => None,
        }
    }

    fn apply_to(&self, row: &mut OrderRow) {
        match self {
            Self::Replaced { price, leaves, .. } => {
                if row.terms.kind == "stop" {
                    row.terms.trigger_price = Some(*price);
                } else {
                    row.terms.price = Some(*price);
                }
                row.leaves = *leaves;
                row.quantity = Amount(row.filled.0 + leaves.0);
                row.terms.details.revision += 1;
            }
            Self::TermsReplaced { terms, leaves, .. } => {
                row.terms.take_replaced(terms, row.is_triggered);
                row.terms.details.revision += 1;
                row.leaves = *leaves;
                row.quantity = Amount(row.filled.0 + leaves.0);
            }
            Self::Repriced { price, .. } => row.terms.price = *price,
            Self::Resized { leaves, reason, .. } => {
                row.leaves = *leaves;
                row.quantity = row.quantity.max(Amount(row.filled.0 + leaves.0));
                if reason.is_some() {
                    row.reason.clone_from(reason);
                }
            }
            Self::Restated { terms, leaves, .. } => {
                row.restate((**terms).clone());
                row.leaves = *leaves;
            }
            Self::Triggered { .. } => row.is_triggered = true,
            Self::Ended { status, reason, at, .. } => {
                row.status = *status;
                row.reason = Some(reason.clone());
                row.ended_at = Some(*at);
            }
            Self::Filled(fill) => {
                row.add(fill);
                row.leaves = Amount((row.leaves.0 - fill.quantity.0).max(0));
                if row.leaves.0 == 0 {
                    (row.status, row.ended_at) = (OrderStatus::Filled, Some(fill.at));
                }
            }
            Self::Entered(_)
            | Self::Marked(_)
            | Self::Candle(_)
            | Self::LedgerBegan
            | Self::AccountOpened(_)
            | Self::Posted(_)
            | Self::Auction(_)
            | Self::Noticed(_) => {}
        }
    }
}

impl OrderRow {
    fn add(&mut self, fill: &FillRow) {
        self.filled.0 += fill.quantity.0;
        self.traded_value.0 += fill.traded_value.0;
        self.fees.0 += fill.fee.0;
    }

    /// Takes other terms, which say nothing of how often it has been replaced.
    fn restate(&mut self, terms: OrderTermsRow) {
        let details = std::mem::take(&mut self.terms.details);
        self.terms = terms;
        self.terms.details.revision = details.revision;
        self.terms.details.carried = details.carried;
    }

    /// Takes what the segment that follows says of it.
    fn carry_over(&mut self, segment: u64, carried: &Self) {
        self.restate(carried.terms.clone());
        self.terms.details.carry(CarriedRow {
            segment,
            at: carried.accepted_at,
            revision: self.terms.details.revision,
            filled: self.filled,
            traded_value: self.traded_value,
            fees: self.fees,
        });
        self.leaves = carried.leaves;
        self.quantity = Amount(self.filled.0 + carried.leaves.0);
        (self.status, self.is_triggered) = (OrderStatus::Open, carried.is_triggered);
        (self.reason, self.ended_at) = (None, None);
    }
}
