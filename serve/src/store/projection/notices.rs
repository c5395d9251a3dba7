//! What people are told of the tape: once, in the transaction of the position it is told of.

use std::collections::BTreeMap;

use bearpit_core::units::SimTime;

use super::position::Told;
use super::rows::{FillRow, NoticedRow, OrderRow};
use crate::domain::{
    AccountId, FillNotice, NoticeChoices, NoticeContent, NoticeKind, NoticeSettings, Number, StopNotice,
    UserId, WallTime,
};
use crate::store::database::{Amount, StoreError, Transaction, Value, statements};
use crate::store::notices::{self, NewNotice};

statements! {
    // A row for each endpoint and browser that names kinds, which asks for these as well.
    AUDIENCE = "SELECT o.account_id, o.user_id, p.settings, n.kinds FROM account_owners o
        JOIN users u ON u.id = o.user_id AND u.blocked_at IS NULL
        LEFT JOIN profiles p ON p.user_id = o.user_id
        LEFT JOIN (SELECT user_id, kinds FROM webhooks WHERE is_active
            UNION ALL SELECT user_id, kinds FROM push_subscriptions) n
            ON n.user_id = o.user_id AND n.kinds <> '*'
        WHERE o.account_id IN ($1)";
}

/// How many notices a person gets of one batch at most, the newest: more are never kept.
const OF_BATCH_MAX: usize = 1_000;

/// What a batch tells.
#[derive(Debug)]
pub(super) struct Tellings<'b> {
    /// The first of what was not told before, if that is of this tape.
    from: u64,
    at: WallTime,
    items: Vec<(AccountId, Item<'b>)>,
}

/// Something that is told, if its person wants that: nothing is made of it before.
#[derive(Debug)]
enum Item<'b> {
    Fill(&'b FillRow),
    Stop(Box<OrderRow>),
    Noticed(&'b NoticedRow),
}

impl<'b> Tellings<'b> {
    /// Begins with the batch of a tape: its segment, how many of its requests are void, and when it was
    /// written.
    pub(super) fn new(segment: u64, voids: u32, at: i64, told: Told) -> Self {
        let from = match (segment, voids).cmp(&(told.segment, told.voids)) {
            std::cmp::Ordering::Less => u64::MAX,
            std::cmp::Ordering::Equal => told.sequence,
            std::cmp::Ordering::Greater => 0,
        };
        Self { from, at: WallTime::from_nanos(at), items: Vec::new() }
    }

    pub(super) fn fill(&mut self, sequence: u64, fill: &'b FillRow) {
        self.push(sequence, fill.account, || Item::Fill(fill));
    }

    pub(super) fn stop(&mut self, sequence: u64, order: &OrderRow) {
        self.push(sequence, order.account, || Item::Stop(Box::new(order.clone())));
    }

    pub(super) fn noticed(&mut self, sequence: u64, noticed: &'b NoticedRow) {
        self.push(sequence, noticed.account, || Item::Noticed(noticed));
    }

    fn push(&mut self, sequence: u64, account: AccountId, item: impl FnOnce() -> Item<'b>) {
        if sequence >= self.from {
            self.items.push((account, item()));
        }
    }

    /// Writes what people want to be told: one statement if that is nothing, and one more for each hundred
    /// or so of notices.
    pub(super) async fn write(self, transaction: &mut Transaction) -> Result<(), StoreError> {
        if self.items.is_empty() {
            return Ok(());
        }
        let audience = self.audience(transaction).await?;
        let mut counts: BTreeMap<UserId, usize> = BTreeMap::new();
        let mut rows = Vec::new();
        for (account, item) in self.items.iter().rev() {
            let Some(listener) = audience.get(account) else { continue };
            let (wanted, user) = (listener.choices.of(item.kind()), &listener.user);
            let is_told = wanted.is_told() || listener.names(item.kind());
            let Some((source, content)) = is_told.then(|| item.told()).flatten() else { continue };
            let count = counts.entry(*user).or_default();
            *count += 1;
            if *count <= OF_BATCH_MAX {
                let (account, source) = (Some(*account), Some(source));
                rows.push((NewNotice { user: *user, account, at: self.at, source, content }, wanted.in_app));
            }
        }
        // Ids are drawn in the order of the tape.
        let rows: Vec<_> = rows.iter().rev().map(|(notice, is_shown)| notice.arguments(*is_shown)).collect();
        notices::add_all(transaction, &rows).await
    }

    async fn audience(
        &self,
        transaction: &mut Transaction,
    ) -> Result<BTreeMap<AccountId, Listener>, StoreError> {
        let mut accounts: Vec<_> = self.items.iter().map(|(account, _)| *account).collect();
        accounts.sort_unstable();
        accounts.dedup();
        let accounts: Vec<_> = accounts.into_iter().map(Value::from).collect();
        let mut audience: BTreeMap<AccountId, Listener> = BTreeMap::new();
        for row in transaction.rows_in(AUDIENCE, &accounts).await? {
            let settings: Option<String> = row.get("settings")?;
            let choices = NoticeSettings::of_json(settings.as_deref()).notifications;
            let user = UserId::new(row.get("user_id")?);
            let account = AccountId::new(row.get("account_id")?);
            let named = || Listener { user, choices, named: String::new() };
            let listener = audience.entry(account).or_insert_with(named);
            listener.named.push_str(&row.get::<Option<String>>("kinds")?.unwrap_or_default());
        }
        Ok(audience)
    }
}

/// Whose an account is, and what that person wants to be told.
#[derive(Debug)]
struct Listener {
    user: UserId,
    choices: NoticeChoices,
    /// The kinds that endpoints and browsers name, a comma before and behind each.
    named: String,
}

impl Listener {
    fn names(&self, kind: NoticeKind) -> bool {
        self.named.split(',').any(|name| name == kind.name())
    }
}

impl Item<'_> {
    fn kind(&self) -> NoticeKind {
        match self {
            Self::Fill(_) => NoticeKind::Fill,
            Self::Stop(_) => NoticeKind::StopTriggered,
            Self::Noticed(row) => row.kind(),
        }
    }

    /// Returns what it is told of, and what is told. Ids of trades and orders never repeat in a market.
    fn told(&self) -> Option<(String, NoticeContent)> {
        match self {
            Self::Fill(fill) => {
                let content = NoticeContent::Fill(FillNotice {
                    order_id: fill.order.to_string(),
                    trade_id: fill.trade.to_string(),
                    symbol: fill.symbol.clone(),
                    venue: fill.venue.clone(),
                    side: fill.side.name().to_owned(),
                    quantity: decimal(fill.quantity),
                    price: decimal(fill.price),
                    fee: decimal(fill.fee),
                    market_at: market_at(fill.at),
                });
                Some((format!("fill:{}:{}", fill.trade, fill.order), content))
            }
            Self::Stop(order) => {
                let content = NoticeContent::StopTriggered(StopNotice {
                    order_id: order.order.to_string(),
                    symbol: order.symbol.clone(),
                    venue: order.venue.clone(),
                    side: order.side.name().to_owned(),
                    quantity: decimal(order.leaves),
                    trigger_price: order.terms.trigger_price.map(decimal),
                });
                Some((format!("stop:{}", order.order), content))
            }
            Self::Noticed(row) => {
                // What cannot be read was written by another version; nothing else says it.
                serde_json::from_str(&row.content).ok().map(|content| (row.source.clone(), content))
            }
        }
    }
}

fn decimal(amount: Amount) -> Number {
    Number(amount.decimal())
}

/// Returns an instant of virtual time in UTC.
fn market_at(nanos: i64) -> String {
    format!("{}Z", SimTime::from_nanos(nanos))
}
