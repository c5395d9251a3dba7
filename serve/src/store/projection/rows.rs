//! The rows of the projection: orders, fills, marks of accounts, candles.

use bearpit_core::market::Side;
use bearpit_core::units::Money;
use serde::{Deserialize, Serialize};

use crate::domain::{AccountId, NoticeContent, NoticeKind};
use crate::store::database::Amount;

/// What has become of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum OrderStatus {
    /// A venue has it.
    Open,
    /// It has traded as a whole.
    Filled,
    /// Its rest was canceled.
    Canceled,
    /// Its rest expired.
    Expired,
    /// The venue rejected it.
    Rejected,
}

impl OrderStatus {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Open, Self::Filled, Self::Canceled, Self::Expired, Self::Rejected];

    /// Returns the word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Filled => "filled",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
        }
    }

    /// Returns the status of a word.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// The terms of an order, in words and decimal numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderTermsRow {
    /// The kind, such as `stop_limit`.
    pub kind: String,
    /// The time in force, such as `gtc`.
    pub time_in_force: String,
    /// Until when it is good, if that is its time in force.
    pub expires_at: Option<i64>,
    /// Its limit now, if it has one.
    pub price: Option<Amount>,
    /// The price of a trade that elects it, if it is a stop.
    pub trigger_price: Option<Amount>,
    /// The quantity that is displayed at a time, if not all.
    pub displayed: Option<Amount>,
    /// The least quantity that must trade at entry.
    pub minimum: Option<Amount>,
    /// Whether it may take liquidity: `no`, or what happens instead: `reject`, `slide`.
    pub post_only: String,
    /// What happens when it meets an order of its owner, such as `cancel_newest`.
    pub self_trade: String,
    /// Whether it may only reduce a position.
    pub reduce_only: bool,
    /// The rare ones.
    pub details: OrderDetails,
}

/// The terms of an order that a replace can change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplacedTermsRow {
    /// The time in force.
    pub time_in_force: String,
    /// Until when, if it has a date.
    pub expires_at: Option<i64>,
    /// The limit, if there is one.
    pub price: Option<Amount>,
    /// The trigger of a stop that does not trail.
    pub trigger_price: Option<Amount>,
    /// The distance of a trailing stop.
    pub trail: Option<Amount>,
    /// The distance of a trailing stop in hundredths of a percent.
    pub trail_bps: Option<u32>,
}

impl OrderTermsRow {
    /// Takes what a replace has changed; an elected stop-limit order, which is a limit order at its venue,
    /// keeps its trigger.
    pub(super) fn take_replaced(&mut self, new: &ReplacedTermsRow, is_triggered: bool) {
        self.time_in_force.clone_from(&new.time_in_force);
        (self.expires_at, self.price) = (new.expires_at, new.price);
        if !is_triggered {
            self.trigger_price = new.trigger_price;
        }
        (self.details.trail, self.details.trail_bps) = (new.trail, new.trail_bps);
    }
}

/// Rare terms of an order; kept as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderDetails {
    /// The worst price of an order without a limit.
    pub protection: Option<Amount>,
    /// The distance of a trailing stop.
    pub trail: Option<Amount>,
    /// The distance of a trailing stop in hundredths of a percent.
    pub trail_bps: Option<u32>,
    /// What a pegged order follows: `mid`, `touch`.
    pub peg: Option<String>,
    /// How far a pegged order stays behind that.
    pub peg_offset: Option<Amount>,
    /// The order that it is linked with: one cancels the other.
    pub linked_order: Option<i64>,
    /// The limit of a bracket's first exit.
    pub take_profit: Option<Amount>,
    /// The trigger of a bracket's second exit.
    pub stop_loss: Option<Amount>,
    /// The worst price that the second exit accepts.
    pub stop_limit: Option<Amount>,
    /// How often it has been replaced.
    pub revision: u32,
    /// Whether that is the limit of a stop-limit order.
    pub stop_is_limit: bool,
    /// Whether the stop enters together with the order, which is the first of a pair.
    pub is_pair: bool,
    /// The bracket's entry of which it is the only exit.
    pub exit_of: Option<i64>,
    /// What it was when segments began to which it was carried over, the last at the back; one with the same
    /// sums as the one before takes its place.
    pub carried: Vec<CarriedRow>,
}

/// What had become of an order when a segment began to which it was carried over: the market counts anew
/// from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CarriedRow {
    /// The number of the segment.
    pub segment: u64,
    /// When the venue accepted it again.
    pub at: Option<i64>,
    /// How often it had been replaced.
    pub revision: u32,
    /// What had traded.
    pub filled: Amount,
    /// The sum of price times quantity of that.
    pub traded_value: Amount,
    /// What had been charged.
    pub fees: Amount,
}

impl CarriedRow {
    const fn sums(&self) -> (u32, Amount, Amount, Amount) {
        (self.revision, self.filled, self.traded_value, self.fees)
    }
}

impl OrderDetails {
    /// Takes note of what it was when a segment began.
    pub(super) fn carry(&mut self, carried: CarriedRow) {
        if self.carried.last().is_some_and(|last| last.sums() == carried.sums()) {
            self.carried.pop();
        }
        self.carried.push(carried);
    }

    /// Forgets a segment and those behind it.
    pub(super) fn forget(&mut self, segment: u64) {
        // What holds where a later segment began holds where this one did, unless something is between.
        if let Some(carried) = self.carried.iter().find(|carried| carried.segment >= segment) {
            self.revision = carried.revision;
        }
        self.carried.retain(|carried| carried.segment < segment);
    }
}

/// An order of somebody's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRow {
    /// Its id in the market.
    pub order: i64,
    /// Its account.
    pub account: AccountId,
    /// The number of the day that it was entered on.
    pub day: u32,
    /// The symbol.
    pub symbol: String,
    /// The venue's name.
    pub venue: String,
    /// The id that its sender gave it.
    pub client: Option<String>,
    /// The side.
    pub side: Side,
    /// Its terms, as replaced or restated since.
    pub terms: OrderTermsRow,
    /// What has become of it.
    pub status: OrderStatus,
    /// Whether a trade has elected the stop that it is.
    pub is_triggered: bool,
    /// The whole quantity.
    pub quantity: Amount,
    /// What is open of it.
    pub leaves: Amount,
    /// What has traded.
    pub filled: Amount,
    /// The sum of price times quantity of its fills.
    pub traded_value: Amount,
    /// What was charged for it; rebates are negative.
    pub fees: Amount,
    /// Why it ended or was reduced, in words.
    pub reason: Option<String>,
    /// When its owner sent it; absent for a bracket's exit.
    pub sent_at: Option<i64>,
    /// When the venue accepted it.
    pub accepted_at: Option<i64>,
    /// When it ended.
    pub ended_at: Option<i64>,
}

impl OrderRow {
    /// Returns the average price of its fills, rounded to ten decimals.
    #[must_use]
    pub fn average_price(&self) -> Option<Amount> {
        (self.filled.0 != 0).then(|| self.traded_value.money().share(Money::UNITS, self.filled.0).into())
    }

    /// Returns what it was when the segment began in which its venue accepted it, or accepted it again, at a
    /// moment: nothing where that was its first. `None` if that segment is not in the database yet.
    #[must_use]
    pub fn carried_at(&self, accepted_at: i64) -> Option<CarriedRow> {
        match self.terms.details.carried.last() {
            Some(last) => (last.at == Some(accepted_at)).then_some(*last),
            None => (self.accepted_at == Some(accepted_at)).then_some(CarriedRow::default()),
        }
    }

    /// Returns when it was entered: sent, or else accepted or rejected.
    #[must_use]
    pub fn entered_at(&self) -> i64 {
        self.sent_at.or(self.accepted_at).or(self.ended_at).unwrap_or(0)
    }
}

/// An order's share of a trade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillRow {
    /// The trade's id in the market.
    pub trade: i64,
    /// The order.
    pub order: i64,
    /// Its account.
    pub account: AccountId,
    /// The number of the day.
    pub day: u32,
    /// The symbol.
    pub symbol: String,
    /// The venue's name.
    pub venue: String,
    /// The order's side.
    pub side: Side,
    /// The price.
    pub price: Amount,
    /// The quantity.
    pub quantity: Amount,
    /// Price times quantity.
    pub traded_value: Amount,
    /// `maker`, `taker` or `auction`.
    pub liquidity: String,
    /// What was charged; a rebate is negative.
    pub fee: Amount,
    /// The displayed quantity that was ahead of a maker when it joined the queue.
    pub queue_ahead: Option<Amount>,
    /// When.
    pub at: i64,
}

/// What an account was worth at a moment, once a sample interval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkRow {
    /// The account.
    pub account: AccountId,
    /// When.
    pub at: i64,
    /// Cash and all holdings at their marks.
    pub equity: Amount,
    /// Cash.
    pub cash: Amount,
    /// Fees paid since the market began, less rebates.
    pub fees: Amount,
    /// Cash that came from outside since the moment before, less what left; the first has what the account
    /// began with.
    #[serde(default)]
    pub funded: Amount,
}

/// The trades of one interval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CandleRow {
    /// The symbol.
    pub symbol: String,
    /// The venue's name.
    pub venue: String,
    /// The interval's usual name, such as `5m`.
    pub interval: String,
    /// When the interval begins.
    pub start: i64,
    /// The first price.
    pub open: Amount,
    /// The highest.
    pub high: Amount,
    /// The lowest.
    pub low: Amount,
    /// The last.
    pub close: Amount,
    /// The sum of the quantities.
    pub volume: Amount,
    /// The sum of price times quantity.
    pub notional: Amount,
    /// How many trades.
    pub trades: i64,
}

impl CandleRow {
    /// Adds the part of the same interval that followed: a market was stopped within it.
    pub fn join(&mut self, later: &Self) {
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
        self.volume.0 += later.volume.0;
        self.notional.0 += later.notional.0;
        self.trades += later.trades;
    }
}

/// Something that the owner of an account is told, beside what the other rows say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticedRow {
    /// The account.
    pub account: AccountId,
    /// What it is told of, so that it is told once.
    pub source: String,
    /// The word of its kind.
    pub kind: String,
    /// What is told, as JSON.
    pub content: String,
}

impl NoticedRow {
    /// Makes one.
    #[must_use]
    pub fn new(account: AccountId, source: String, content: &NoticeContent) -> Self {
        let (kind, content) = (content.kind().name().to_owned(), content.to_json());
        Self { account, source, kind, content }
    }

    /// Returns what it is about; of a kind that another version has, what cannot be turned off.
    #[must_use]
    pub fn kind(&self) -> NoticeKind {
        NoticeKind::of_name(&self.kind).unwrap_or(NoticeKind::WebhookOff)
    }
}
