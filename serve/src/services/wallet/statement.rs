//! Statements of a month: what there was, what was moved, what there is, by the market's zone.

use std::collections::BTreeMap;

use bearpit::data::Zone;
use bearpit_core::units::SimTime;

use super::history::invalid;
use super::{EntryLine, Wallets};
use crate::domain::{AccountId, Actor, Asset, EntryKind, MarketTime, Number, Problem, ProblemKind};
use crate::services::identity::of_store;
use crate::store::database::Amount;
use crate::store::projection::{LedgerFilter, LedgerPlace};

/// How many entries are read at a time.
const PAGE: u32 = 1_000;

/// A month of the market's calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    year: u16,
    month: u8,
}

impl Month {
    /// Reads one, such as `2025-03`.
    ///
    /// # Errors
    /// [`Problem`] if it is none.
    pub fn of(text: &str) -> Result<Self, Problem> {
        let bad = || invalid("month", format!("`{text}` is no month such as 2025-03"));
        let is_plain = text.len() == 7 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let (year, month) = text.split_once('-').filter(|_| is_plain).ok_or_else(bad)?;
        let year = year.parse().ok().filter(|year| (1700..2199).contains(year) && text.as_bytes()[4] == b'-');
        let month = month.parse().ok().filter(|month| (1..=12).contains(month));
        let (year, month) = year.zip(month).ok_or_else(bad)?;
        Ok(Self { year, month })
    }

    const fn next(self) -> Self {
        match self.month {
            12 => Self { year: self.year + 1, month: 1 },
            _ => Self { month: self.month + 1, ..self },
        }
    }

    /// Returns the instant at which it begins by the clock of a zone.
    fn begin(self, zone: &Zone) -> SimTime {
        // Each month that can be made is in range.
        let clock: SimTime = format!("{self}-01").parse().unwrap_or(SimTime::from_nanos(i64::MIN));
        SimTime::from_nanos(zone.instant_of(clock))
    }

    /// Returns the month of an instant.
    fn at(at: SimTime, zone: &Zone) -> Option<Self> {
        Self::of(zone.clock_at(at.nanos()).to_string().get(..7)?).ok()
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// What an account has of an asset.
#[derive(Debug, Clone, PartialEq)]
pub struct BalanceLine {
    /// The symbol; absent for cash.
    pub symbol: Option<String>,
    /// How much.
    pub amount: Number,
}

/// A statement but for its entries, which are read in pages.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The account.
    pub account: AccountId,
    /// The month.
    pub month: Month,
    /// When it begins.
    pub from: MarketTime,
    /// When it ends, and the next begins.
    pub to: MarketTime,
    /// Whether it is over.
    pub is_over: bool,
    /// The currency of cash.
    pub currency: String,
    /// What there was at its beginning, cash first.
    pub opening: Vec<BalanceLine>,
    /// What there is behind the entries that were read.
    balances: BTreeMap<Asset, Amount>,
    /// Where these end; all have been read without one that follows.
    behind: Option<LedgerPlace>,
    has_more: bool,
    totals: BTreeMap<(EntryKind, Asset), Amount>,
}

/// A sum of entries.
#[derive(Debug, Clone, PartialEq)]
pub struct TotalLine {
    /// What they are of.
    pub kind: EntryKind,
    /// The symbol; absent for cash.
    pub symbol: Option<String>,
    /// What the account received; below zero if it gave.
    pub amount: Number,
}

impl Statement {
    /// Returns what there is behind the entries that were read, cash first: at the end of the month, or now.
    #[must_use]
    pub fn closing(&self) -> Vec<BalanceLine> {
        lines(&self.balances)
    }

    /// Returns the sums of the entries that were read, by what they are of.
    pub fn totals(&self) -> impl Iterator<Item = TotalLine> {
        self.totals.iter().map(|((kind, asset), amount)| TotalLine {
            kind: *kind,
            symbol: asset.symbol().map(str::to_owned),
            amount: Number(amount.decimal()),
        })
    }
}

fn lines(balances: &BTreeMap<Asset, Amount>) -> Vec<BalanceLine> {
    let line = |symbol, amount: Amount| BalanceLine { symbol, amount: Number(amount.decimal()) };
    let cash = balances.get(&Asset::Cash).copied().unwrap_or_default();
    let shares = balances.iter().filter(|(_, amount)| amount.0 != 0);
    let shares = shares.filter_map(|(asset, amount)| Some(line(Some(asset.symbol()?.to_owned()), *amount)));
    [line(None, cash)].into_iter().chain(shares).collect()
}

impl Wallets {
    /// Returns the statement of a month of an account of whoever asks.
    ///
    /// # Errors
    /// [`Problem`] if it is no month, one that has not begun, or one that was over before the account was
    /// opened; if the account is unknown, or the database is away.
    pub async fn statement(
        &self,
        who: &Actor,
        account: Option<AccountId>,
        month: &str,
    ) -> Result<Statement, Problem> {
        let month = Month::of(month)?;
        let account = self.own_account(who, account).await?;
        let data = &self.trading.data;
        let [from, to] = [month, month.next()].map(|month| month.begin(data.zone()));
        let now = self.handle.status().day.as_ref().map(|day| day.now);
        if now.is_some_and(|now| from > now) {
            let message = format!("{month} has not begun");
            return Err(Problem::new(ProblemKind::NotFound, "month_not_begun", message).at("month"));
        }
        let oldest = LedgerFilter { is_oldest_first: true, ..LedgerFilter::of(account, 1) };
        let first = self.database.ledger(&oldest).await.map_err(of_store)?.rows.first().map(|row| row.at);
        // One of which nothing is known yet is opened with what is asked next.
        let opened = first.map(SimTime::from_nanos).or(now);
        if let Some(opened) = opened.filter(|opened| to <= *opened) {
            let message = format!("the account was opened after {month}, on {}", data.time(opened));
            let problem = Problem::new(ProblemKind::NotFound, "before_account", message).at("month");
            let first = Month::at(opened, data.zone());
            return Err(match first {
                Some(first) => problem.hint(format!("its first statement is that of {first}")),
                None => problem,
            });
        }
        let balances = self.database.ledger_balances(account, Some(from.nanos())).await.map_err(of_store)?;
        Ok(Statement {
            account,
            month,
            from: data.time(from),
            to: data.time(to),
            is_over: now.is_some_and(|now| to <= now),
            currency: data.currency().to_owned(),
            opening: lines(&balances),
            balances,
            behind: None,
            has_more: true,
            totals: BTreeMap::new(),
        })
    }

    /// Reads the next entries of a statement, the oldest first; none once all have been read.
    ///
    /// # Errors
    /// [`Problem`] if the database is away.
    pub async fn next_entries(&self, statement: &mut Statement) -> Result<Vec<EntryLine>, Problem> {
        if !statement.has_more {
            return Ok(Vec::new());
        }
        let filter = LedgerFilter {
            from: Some(statement.from.instant().nanos()),
            to: Some(statement.to.instant().nanos()),
            behind: statement.behind,
            is_oldest_first: true,
            ..LedgerFilter::of(statement.account, PAGE)
        };
        let page = self.database.ledger(&filter).await.map_err(of_store)?;
        statement.has_more = page.next.is_some();
        statement.behind = page.next;
        for row in &page.rows {
            statement.balances.insert(row.asset.clone(), row.balance);
            statement.totals.entry((row.kind, row.asset.clone())).or_default().0 += row.amount.0;
        }
        Ok(page.rows.iter().map(|row| self.line(row)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_and_ends_by_the_clock_of_its_zone() {
        for (zone, month, from, to) in [
            ("UTC", "2025-12", "2025-12-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            // Summer time begins on the 30th.
            ("Europe/Madrid", "2025-03", "2025-02-28T23:00:00Z", "2025-03-31T22:00:00Z"),
            ("America/Santiago", "2025-04", "2025-04-01T03:00:00Z", "2025-05-01T04:00:00Z"),
        ] {
            let zone = Zone::named(zone).unwrap();
            let found = Month::of(month).unwrap();
            let [begin, end] = [found, found.next()].map(|month| month.begin(&zone));
            assert_eq!([format!("{begin}Z"), format!("{end}Z")], [from, to]);
            assert_eq!(Month::at(begin, &zone), Some(found));
            assert_eq!(Month::at(end, &zone), Some(found.next()));
        }
    }

    #[test]
    fn what_is_no_month_is_refused() {
        for text in [
            "", "2025", "2025-3", "2025-13", "2025-00", "25-03-1", "+025-03", "2025-+3", "1699-01", "2199-01",
        ] {
            let problem = Month::of(text).unwrap_err();
            assert_eq!(problem.field.as_deref(), Some("month"), "{text}");
        }
    }
}
