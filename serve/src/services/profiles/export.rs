//! All that the server knows of a person, as one document of JSON that is written as it is read.

use std::sync::Arc;

use bearpit_core::units::SimTime;
use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tracing::warn;

use super::Profiles;
use crate::domain::{AccountId, Actor, Number, Problem, WallTime};
use crate::services::alerts::AlertView;
use crate::services::identity::{self, of_store};
use crate::services::notifications::NoticeView;
use crate::services::payments::{PaymentView, RefundView};
use crate::services::push::SubscriptionView;
use crate::services::trading::HistoryQuery;
use crate::services::wallet::EntryQuery;
use crate::services::webhooks::WebhookView;
use crate::store::notices::NoticeFilter;
use crate::store::strategies::StrategyRow;

/// How many rows are read at a time.
const PAGE: u32 = 1_000;
/// How many notices are read: those that are not sent on yet may be more than are kept.
const NOTICES_MAX: u32 = 10_000;
/// How many pieces wait for whoever reads.
const PIECES_WAITING: usize = 2;

/// A piece of an export; what follows a problem never comes.
pub type Piece = Result<Bytes, Problem>;

/// A session, as its person is told of it.
#[derive(Serialize)]
struct SessionLine {
    session_id: String,
    created_at: String,
    last_seen_at: String,
    device: Option<String>,
    user_agent: Option<String>,
    address: Option<String>,
}

/// A key without its secret, which nobody knows.
#[derive(Serialize)]
struct KeyLine {
    key_id: String,
    name: String,
    scopes: Vec<&'static str>,
    account_id: Option<AccountId>,
    created_at: String,
    last_used_at: Option<String>,
}

/// Who the person is elsewhere.
#[derive(Serialize)]
struct IdentityLine {
    issuer: String,
    subject: String,
    linked_at: String,
    last_used_at: String,
}

/// A strategy with its text, also one that was deleted.
#[derive(Serialize)]
struct StrategyLine {
    account_id: AccountId,
    name: String,
    status: &'static str,
    cash: Number,
    created_at: String,
    ended_at: Option<String>,
    script: Option<Box<RawValue>>,
}

impl From<StrategyRow> for StrategyLine {
    fn from(row: StrategyRow) -> Self {
        Self {
            account_id: row.account,
            name: row.name,
            status: row.status.name(),
            cash: Number(row.cash.decimal()),
            created_at: row.created_at.to_string(),
            ended_at: row.ended_at.map(|at| at.to_string()),
            script: RawValue::from_string(row.script).ok(),
        }
    }
}

/// What an account was worth.
#[derive(Serialize)]
struct ValueLine {
    at: String,
    equity: Number,
    cash: Number,
    fees: Number,
    funded: Number,
}

impl Profiles {
    /// Begins to write all that the server knows of a person: the profile, sessions, keys, identities
    /// elsewhere, lists, webhooks and browsers without their secrets, strategies, payments and refunds, and
    /// of each account the orders, fills, entries of the ledger and values. It is read piece by piece, and no
    /// faster than that.
    ///
    /// # Errors
    /// [`Problem`] if a key of an account of a contest asks, or the database is away. A problem that comes
    /// later is the last piece.
    pub async fn export(self: &Arc<Self>, who: &Actor, now: WallTime) -> Result<Receiver<Piece>, Problem> {
        identity::refuse_contest_key(&self.database, who).await?;
        let profile = self.profile(who).await?;
        let (pieces, receiver) = channel(PIECES_WAITING);
        let (profiles, who) = (Arc::clone(self), *who);
        let writer = Writer { pieces, text: String::new() };
        tokio::spawn(async move {
            let pieces = writer.pieces.clone();
            let done = async {
                let mut writer = writer;
                writer.push(&format!("{{\"made_at\":\"{now}\",\"profile\":{}", json(&profile)));
                profiles.write_export(&mut writer, &who).await?;
                writer.push("}\n");
                writer.flush().await
            };
            if let Err(Stopped::By(problem)) = done.await {
                warn!(%problem, "an export was not finished");
                pieces.send(Err(problem)).await.ok();
            }
        });
        Ok(receiver)
    }

    async fn write_export(&self, writer: &mut Writer, who: &Actor) -> Result<(), Stopped> {
        let sessions = self.identity.sessions(who).await?.into_iter().map(|seen| (seen.session, seen.device));
        let sessions = sessions.map(|(session, device)| SessionLine {
            session_id: session.id.to_string(),
            created_at: session.created_at.to_string(),
            last_seen_at: session.last_seen_at.to_string(),
            device,
            user_agent: session.client.agent,
            address: session.client.address,
        });
        writer.list("sessions", sessions);
        let keys = self.identity.api_keys(who).await?.into_iter().map(|key| KeyLine {
            key_id: key.id.to_string(),
            name: key.name,
            scopes: key.scopes.iter().map(|scope| scope.name()).collect(),
            account_id: key.account,
            created_at: key.created_at.to_string(),
            last_used_at: key.last_used_at.map(|at| at.to_string()),
        });
        writer.list("api_keys", keys);
        let identities = self.identity.identities(who).await?.into_iter().map(|it| it.identity);
        let identities = identities.map(|identity| IdentityLine {
            issuer: identity.issuer,
            subject: identity.subject,
            linked_at: identity.linked_at.to_string(),
            last_used_at: identity.last_used_at.to_string(),
        });
        writer.list("identities", identities);
        writer.list("watchlists", self.watchlists.all(who.user).await?.watchlists);
        let webhooks = self.database.webhooks(who.user).await.map_err(of_store)?;
        writer.list("webhooks", webhooks.into_iter().map(WebhookView::from));
        let browsers = self.database.subscriptions(who.user).await.map_err(of_store)?;
        writer.list("push_subscriptions", browsers.into_iter().map(SubscriptionView::from));
        let alerts = self.database.alerts(who.user).await.map_err(of_store)?;
        writer.list("price_alerts", alerts.iter().map(AlertView::from));
        // No more of them are kept.
        let all = NoticeFilter { limit: NOTICES_MAX, ..NoticeFilter::default() };
        let notices = self.database.notices(who.user, &all).await.map_err(of_store)?;
        writer.list("notifications", notices.iter().map(NoticeView::from));
        let strategies = self.database.all_strategies(who.user).await.map_err(of_store)?;
        let mut accounts = vec![self.identity.profile(who).await?.account];
        accounts.extend(strategies.iter().map(|row| row.account));
        accounts.extend(self.database.contest_accounts(who.user).await.map_err(of_store)?);
        self.write_money(writer, accounts[0]).await?;
        writer.list("strategies", strategies.into_iter().map(StrategyLine::from));
        writer.flush().await?;
        writer.push(",\"accounts\":[");
        for (place, account) in accounts.iter().enumerate() {
            if !accounts[..place].contains(account) {
                writer.push(if place == 0 { "" } else { "," });
                self.write_account(writer, *account).await?;
            }
        }
        writer.push("]");
        Ok(())
    }

    /// Writes what an account has paid in, and what went back.
    async fn write_money(&self, writer: &mut Writer, account: AccountId) -> Result<(), Stopped> {
        let (mut before, mut is_first) = (None, true);
        writer.push(",\"payments\":[");
        loop {
            let rows = self.database.payments(account, before, PAGE).await.map_err(of_store)?;
            before = rows.last().map(|row| row.asked.id);
            let is_last = rows.len() < PAGE as usize;
            // How to pay it is for whoever pays it, and no part of what is known.
            let views = rows.into_iter().map(PaymentView::from);
            writer.items(is_first, views.map(|view| PaymentView { redirect: None, ..view }));
            writer.flush().await?;
            is_first = false;
            if is_last {
                break;
            }
        }
        writer.push("],\"refunds\":[");
        let mut before = None;
        let mut is_first = true;
        loop {
            let rows = self.database.withdrawals(account, before, PAGE).await.map_err(of_store)?;
            before = rows.last().map(|row| row.asked.id);
            let is_last = rows.len() < PAGE as usize;
            for row in rows {
                let refunds = self.database.refunds(row.asked.id).await.map_err(of_store)?;
                let has_some = !refunds.is_empty();
                writer.items(is_first, refunds.into_iter().map(RefundView::from));
                is_first &= !has_some;
            }
            writer.flush().await?;
            if is_last {
                break;
            }
        }
        writer.push("]");
        Ok(())
    }

    async fn write_account(&self, writer: &mut Writer, account: AccountId) -> Result<(), Stopped> {
        writer.push(&format!("{{\"account_id\":\"{account}\",\"orders\":["));
        let mut query = HistoryQuery { is_oldest_first: true, limit: Some(PAGE), ..HistoryQuery::default() };
        loop {
            let page = self.trading.order_history(account, &query).await?;
            writer.items(query.cursor.is_none(), page.orders);
            writer.flush().await?;
            query.cursor = page.next;
            if query.cursor.is_none() {
                break;
            }
        }
        writer.push("],\"fills\":[");
        loop {
            let page = self.trading.fill_history(account, &query).await?;
            writer.items(query.cursor.is_none(), page.fills);
            writer.flush().await?;
            query.cursor = page.next;
            if query.cursor.is_none() {
                break;
            }
        }
        writer.push("],\"ledger\":[");
        let mut query = EntryQuery { is_oldest_first: true, ..EntryQuery::default() }.whole_pages();
        loop {
            let page = self.wallets.entries(account, &query).await?;
            writer.items(query.cursor.is_none(), page.entries);
            writer.flush().await?;
            query.cursor = page.next;
            if query.cursor.is_none() {
                break;
            }
        }
        writer.push("],\"values\":[");
        let (mut from, end) = (SimTime::from_nanos(i64::MIN), SimTime::from_nanos(i64::MAX));
        let mut is_first = true;
        loop {
            let page = self.database.account_marks(account, from, end, PAGE).await.map_err(of_store)?;
            let number = |amount: crate::store::database::Amount| Number(amount.decimal());
            let values = page.rows.iter().map(|row| ValueLine {
                at: self.trading.data.time(SimTime::from_nanos(row.at)).to_string(),
                equity: number(row.equity),
                cash: number(row.cash),
                fees: number(row.fees),
                funded: number(row.funded),
            });
            writer.items(is_first, values);
            writer.flush().await?;
            is_first = false;
            match page.next {
                Some(next) => from = next,
                None => break,
            }
        }
        writer.push("]}");
        Ok(())
    }
}

/// Why an export ends before its end.
enum Stopped {
    /// Something could not be read.
    By(Problem),
    /// Nobody reads it any more.
    Unread,
}

impl From<Problem> for Stopped {
    fn from(problem: Problem) -> Self {
        Self::By(problem)
    }
}

/// Writes pieces of JSON.
struct Writer {
    pieces: Sender<Piece>,
    text: String,
}

impl Writer {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Writes a field of an object that has one before.
    fn list(&mut self, name: &str, items: impl IntoIterator<Item: Serialize>) {
        self.push(&format!(",\"{name}\":["));
        self.items(true, items);
        self.push("]");
    }

    /// Writes the items of a list, or further ones.
    fn items(&mut self, are_first: bool, items: impl IntoIterator<Item: Serialize>) {
        for (place, item) in items.into_iter().enumerate() {
            if place > 0 || !are_first {
                self.push(",");
            }
            self.push(&json(&item));
        }
    }

    /// Hands over what is written, once there is room for it.
    async fn flush(&mut self) -> Result<(), Stopped> {
        let text = std::mem::take(&mut self.text);
        self.pieces.send(Ok(Bytes::from(text))).await.map_err(|_| Stopped::Unread)
    }
}

fn json(value: &impl Serialize) -> String {
    // Fails for maps with keys that are no texts only.
    serde_json::to_string(value).unwrap_or_default()
}
