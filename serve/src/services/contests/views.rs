//! Contests as the outside sees them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{AccountId, ContestId, MarketTime, Number, UserId};
use crate::store::contests::entries::EntryStatus;
use crate::store::contests::{ContestStatus, Ranking};

/// What a contest ranks by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RankingName {
    /// What was made of the cash; the highest wins.
    Return,
    /// The annualised Sharpe ratio, of at least 30 marks; the highest wins.
    Sharpe,
    /// The deepest fall of what the account was worth; the smallest wins, among those whose worth has
    /// changed.
    #[serde(alias = "drawdown")]
    MaxDrawdown,
}

impl From<RankingName> for Ranking {
    fn from(name: RankingName) -> Self {
        match name {
            RankingName::Return => Self::Return,
            RankingName::Sharpe => Self::Sharpe,
            RankingName::MaxDrawdown => Self::MaxDrawdown,
        }
    }
}

impl From<Ranking> for RankingName {
    fn from(ranking: Ranking) -> Self {
        match ranking {
            Ranking::Return => Self::Return,
            Ranking::Sharpe => Self::Sharpe,
            Ranking::MaxDrawdown => Self::MaxDrawdown,
        }
    }
}

/// How far a contest has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContestStatusName {
    /// It has not begun.
    Announced,
    /// It goes on.
    Running,
    /// It is over; its final ranking is made once its last day is settled.
    Ended,
    /// Its final ranking stands.
    Settled,
    /// It does not take place, or was broken off.
    Canceled,
}

impl From<ContestStatus> for ContestStatusName {
    fn from(status: ContestStatus) -> Self {
        match status {
            ContestStatus::Announced => Self::Announced,
            ContestStatus::Running => Self::Running,
            ContestStatus::Ended => Self::Ended,
            ContestStatus::Settled => Self::Settled,
            ContestStatus::Canceled => Self::Canceled,
        }
    }
}

/// An instrument that may be traded in a contest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InstrumentLimit {
    /// Its symbol.
    #[schema(example = "STOCK")]
    pub symbol: String,
    /// The most that an account may come to hold or owe of it, if all its open orders trade.
    pub position_max: Option<Number>,
}

/// How many orders and replaces an account may send; cancels do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderRateLimit {
    /// The most.
    #[schema(minimum = 1)]
    pub count: u32,
    /// In each span of so many seconds of the market's time.
    #[schema(minimum = 1, maximum = 86_400)]
    pub seconds: u32,
}

/// A contest that is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContestRequest {
    /// Its name.
    #[schema(example = "Week one", min_length = 1, max_length = 80)]
    pub name: String,
    /// What it is about.
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub text: String,
    /// What it ranks by.
    pub ranking: RankingName,
    /// The cash of each entrant.
    pub cash: Number,
    /// The day of the market with which it begins; this or `starts_at`.
    #[schema(format = Date)]
    pub starts_day: Option<String>,
    /// When it begins, in the market's time, as of RFC 3339.
    #[schema(format = DateTime)]
    pub starts_at: Option<String>,
    /// The day of the market with whose close it ends; this or `ends_at`.
    #[schema(format = Date)]
    pub ends_day: Option<String>,
    /// When it ends, in the market's time, as of RFC 3339.
    #[schema(format = DateTime)]
    pub ends_at: Option<String>,
    /// Until when one may enter; until it begins if nothing is said.
    #[schema(format = DateTime)]
    pub entry_until: Option<String>,
    /// What may be traded; everything, without limits of positions, if nothing is named.
    #[serde(default)]
    pub instruments: Vec<InstrumentLimit>,
    /// How many orders may be sent; as many as one likes if nothing is said.
    pub orders: Option<OrderRateLimit>,
}

/// What is to be changed about a contest that has not begun; what is not said stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContestChange {
    /// Its name.
    #[schema(min_length = 1, max_length = 80)]
    pub name: Option<String>,
    /// What it is about.
    #[schema(max_length = 4000)]
    pub text: Option<String>,
    /// What it ranks by.
    pub ranking: Option<RankingName>,
    /// The cash of each entrant.
    pub cash: Option<Number>,
    /// The day of the market with which it begins.
    #[schema(format = Date)]
    pub starts_day: Option<String>,
    /// When it begins.
    #[schema(format = DateTime)]
    pub starts_at: Option<String>,
    /// The day of the market with whose close it ends.
    #[schema(format = Date)]
    pub ends_day: Option<String>,
    /// When it ends.
    #[schema(format = DateTime)]
    pub ends_at: Option<String>,
    /// Until when one may enter.
    #[schema(format = DateTime)]
    pub entry_until: Option<String>,
    /// What may be traded.
    pub instruments: Option<Vec<InstrumentLimit>>,
    /// How many orders may be sent.
    pub orders: Option<OrderRateLimit>,
}

impl ContestChange {
    /// Returns what is asked for with the change.
    pub(super) fn applied_to(self, before: ContestRequest) -> ContestRequest {
        let or = |day: Option<String>, at: Option<String>, before: Option<String>| match (&day, &at) {
            (None, None) => (None, before),
            _ => (day, at),
        };
        // Who could enter until it began can do so until it begins.
        let follows =
            before.entry_until == before.starts_at && (self.starts_day.is_some() || self.starts_at.is_some());
        let entry_until = before.entry_until.filter(|_| !follows);
        let (starts_day, starts_at) = or(self.starts_day, self.starts_at, before.starts_at);
        let (ends_day, ends_at) = or(self.ends_day, self.ends_at, before.ends_at);
        ContestRequest {
            name: self.name.unwrap_or(before.name),
            text: self.text.unwrap_or(before.text),
            ranking: self.ranking.unwrap_or(before.ranking),
            cash: self.cash.unwrap_or(before.cash),
            starts_day,
            starts_at,
            ends_day,
            ends_at,
            entry_until: self.entry_until.or(entry_until),
            instruments: self.instruments.unwrap_or(before.instruments),
            orders: self.orders.or(before.orders),
        }
    }
}

/// Contests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ContestsView {
    /// Those that begin last first.
    pub contests: Vec<ContestView>,
}

/// A contest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ContestView {
    /// Its id.
    pub contest_id: ContestId,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub text: String,
    /// How far it has come.
    pub status: ContestStatusName,
    /// Why it was canceled.
    pub reason: Option<String>,
    /// What it ranks by.
    pub ranking: RankingName,
    /// The cash of each entrant.
    pub cash: Number,
    /// The currency of all amounts.
    pub currency: String,
    /// When it begins.
    pub starts_at: MarketTime,
    /// When it ends.
    pub ends_at: MarketTime,
    /// Until when one may enter.
    pub entry_until: MarketTime,
    /// What may be traded.
    pub instruments: Vec<InstrumentLimit>,
    /// How many orders may be sent, if that is limited.
    pub orders: Option<OrderRateLimit>,
    /// The digest of the settled journal that the final ranking is of.
    pub digest: Option<String>,
    /// When it was made.
    pub created_at: String,
}

/// How somebody enters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnterRequest {
    /// What others see; a number if nothing is said.
    #[schema(example = "The Bear", min_length = 1, max_length = 32)]
    pub display_name: Option<String>,
}

/// Why something is done.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonRequest {
    /// The reason, which those whom it concerns read.
    #[schema(min_length = 1, max_length = 400)]
    pub reason: String,
}

/// Two entrants whose trades with each other are to be reported.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlagRequest {
    /// The number of one.
    pub first: u32,
    /// The number of the other.
    pub second: u32,
    /// Why.
    #[schema(min_length = 1, max_length = 400)]
    pub reason: String,
}

/// How far an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryStatusName {
    /// The account is opened when the contest begins.
    Entered,
    /// The account trades.
    Playing,
    /// The account does not trade any more.
    Closed,
}

impl From<EntryStatus> for EntryStatusName {
    fn from(status: EntryStatus) -> Self {
        match status {
            EntryStatus::Entered => Self::Entered,
            EntryStatus::Playing => Self::Playing,
            EntryStatus::Closed | EntryStatus::Withdrawn => Self::Closed,
        }
    }
}

/// One's own entry.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EntryView {
    /// The contest.
    pub contest_id: ContestId,
    /// The account of the contest: name it in the header `X-Account`, or make a key for it.
    pub account_id: AccountId,
    /// One's number.
    pub number: u32,
    /// What others see; absent if that is the number.
    pub display_name: Option<String>,
    /// How far it is.
    pub status: EntryStatusName,
    /// Why one was disqualified, if one was.
    pub disqualified: Option<String>,
    /// When one entered.
    pub entered_at: String,
    /// Where one stands; absent before there are marks.
    pub standing: Option<RankedView>,
}

/// The entrants of a contest, for administrators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EntrantsView {
    /// By their numbers.
    pub entrants: Vec<EntrantView>,
}

/// An entrant of a contest, for administrators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EntrantView {
    /// The number.
    pub number: u32,
    /// The person.
    pub user_id: UserId,
    /// The person's name.
    pub username: String,
    /// What others see, if that is not the number.
    pub display_name: Option<String>,
    /// The account of the contest.
    pub account_id: AccountId,
    /// How far the entry is.
    pub status: EntryStatusName,
    /// Why the entrant was disqualified, if that is so.
    pub disqualified: Option<String>,
    /// When the person entered.
    pub entered_at: String,
}

/// Where everybody stands.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LeaderboardView {
    /// The contest.
    pub contest_id: ContestId,
    /// How far it has come.
    pub status: ContestStatusName,
    /// What it ranks by.
    pub ranking: RankingName,
    /// Whether this is the final ranking, made of the settled journal; else it follows the last marks.
    pub is_final: bool,
    /// The digest of the settled journal, if it is final: of several segments one over theirs.
    pub digest: Option<String>,
    /// Those with a place first, by it; then the others, by their numbers.
    pub entrants: Vec<RankedView>,
}

/// Where an entrant stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RankedView {
    /// The place: those with the same value share one, and the places behind it are left out.
    pub place: Option<u32>,
    /// The entrant's number.
    pub number: u32,
    /// The name that the entrant has chosen, or `Entrant 7`.
    pub name: String,
    /// What is ranked by.
    pub value: Option<f64>,
    /// What was made of the cash so far, as a share of it.
    pub total_return: Option<f64>,
    /// What the account was worth last.
    pub equity: Option<Number>,
    /// How many marks there are.
    pub marks: u32,
    /// Why there is no place.
    pub reason: Option<String>,
}

/// Why a trade is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhyReported {
    /// Both accounts are one person's.
    OnePerson,
    /// An administrator has flagged the two.
    FlaggedPair,
}

/// Trades that are to be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReportsView {
    /// By their numbers.
    pub trades: Vec<ReportedTrade>,
    /// What to send as `after` for those that follow; absent if there are none yet.
    pub next: Option<String>,
    /// The pairs that are flagged.
    pub pairs: Vec<PairView>,
}

/// A trade that is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReportedTrade {
    /// Its id.
    pub trade_id: String,
    /// When.
    pub at: MarketTime,
    /// What was traded.
    pub symbol: String,
    /// Where.
    pub venue: String,
    /// The price.
    pub price: Number,
    /// The quantity.
    pub quantity: Number,
    /// Who bought.
    pub buyer: PartyView,
    /// Who sold.
    pub seller: PartyView,
    /// Why it is here.
    pub why: WhyReported,
}

/// A side of a trade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PartyView {
    /// The account.
    pub account_id: AccountId,
    /// The person.
    pub user_id: Option<UserId>,
    /// The person's name.
    pub username: Option<String>,
    /// The entrant's number, if it is the account of one.
    pub number: Option<u32>,
}

/// Two entrants whose trades with each other are reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PairView {
    /// Their numbers.
    pub numbers: Vec<u32>,
    /// Why.
    pub reason: String,
    /// Since when.
    pub flagged_at: String,
}
