//! Trades that administrators look at: between accounts of one person, and between people who are flagged.

use std::collections::BTreeSet;

use bearpit_core::units::SimTime;

use super::Contests;
use super::views::{PairView, PartyView, ReportedTrade, ReportsView, WhyReported};
use crate::domain::{AccountId, ContestId, Number, Problem, ProblemKind, UserId};
use crate::services::identity::of_store;
use crate::store::contests::entries::EntryRow;
use crate::store::contests::trades::WatchedTrade;

/// How many sides of trades are read at once.
const PAGE: u32 = 1_000;

impl Contests {
    /// Returns the trades that are to be looked at, by their numbers: those after one, if one is given.
    ///
    /// # Errors
    /// [`Problem`] if there is no such contest, or `after` is no id of a trade.
    pub async fn reports(&self, id: ContestId, after: Option<&str>) -> Result<ReportsView, Problem> {
        let row = self.row(id).await?;
        let bad = |_| {
            let message = "`after` is the id of a trade, as the last answer gave it as `next`";
            Problem::new(ProblemKind::Refused, "invalid_parameter", message).at("after")
        };
        let from = after.map(str::parse::<i64>);
        let from = from.transpose().map_err(bad)?.unwrap_or(-1);
        let entries = self.database.entries(id).await.map_err(of_store)?;
        let watched = self.database.watched_trades(id, from, row.ends_at, PAGE).await.map_err(of_store)?;
        let next = watched.last().map(|last| last.trade.to_string());
        // Of a trade within the contest both sides are found: one of them is enough.
        let mut seen = BTreeSet::new();
        let trades = watched.iter().filter(|it| seen.insert(it.trade));
        let trades = trades.map(|trade| self.reported(trade, &entries)).collect();
        let pairs = self.database.flagged_pairs(id).await.map_err(of_store)?;
        let number = |user: &UserId| entries.iter().find(|it| it.user == *user).map(|it| it.number);
        let pairs = pairs.into_iter().map(|pair| PairView {
            numbers: pair.users.iter().filter_map(number).collect(),
            reason: pair.reason,
            flagged_at: pair.flagged_at.to_string(),
        });
        Ok(ReportsView { trades, next: next.or_else(|| after.map(str::to_owned)), pairs: pairs.collect() })
    }

    fn reported(&self, trade: &WatchedTrade, entries: &[EntryRow]) -> ReportedTrade {
        let own = party(entries, trade.own.0, Some(trade.own.1));
        let other = party(entries, trade.other.0, trade.other.1);
        let is_one = trade.other.1 == Some(trade.own.1);
        let (buyer, seller) = if trade.side == "buy" { (own, other) } else { (other, own) };
        ReportedTrade {
            trade_id: trade.trade.to_string(),
            at: self.trading.data.time(SimTime::from_nanos(trade.at)),
            symbol: trade.symbol.clone(),
            venue: trade.venue.clone(),
            price: Number(trade.price.decimal()),
            quantity: Number(trade.quantity.decimal()),
            buyer,
            seller,
            why: if is_one { WhyReported::OnePerson } else { WhyReported::FlaggedPair },
        }
    }
}

fn party(entries: &[EntryRow], account: AccountId, user: Option<UserId>) -> PartyView {
    let entry = entries.iter().find(|entry| entry.account == account);
    let person = entries.iter().find(|entry| Some(entry.user) == user);
    PartyView {
        account_id: account,
        user_id: user,
        username: person.map(|entry| entry.username.clone()),
        number: entry.map(|entry| entry.number),
    }
}
