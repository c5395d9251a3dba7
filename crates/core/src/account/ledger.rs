//! [`Account`]: one owner's cash, positions and open orders.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use thiserror::Error;

use super::charging::OrderFees;
use super::financing::Financing;
use super::lines::{Line, Lines};
use super::margin_terms::MarginTerms;
use super::open_orders::OpenOrders;
use super::orders::OpenOrder;
use super::position::Position;
use super::ruin::OnRuin;
use crate::market::FeeSchedule;
use crate::units::{InstrumentId, Money, NetQuantity, OrderId, Quantity, SimTime};

/// The most cash an account may start with, be funded with, or hold after that: 10^20 of the currency, far
/// from where sums would overflow.
pub(super) const MAX_CASH: Money = Money::from_units(Money::UNITS * 10_i128.pow(20));

/// Whether an account's orders must be covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Credit {
    /// Orders are covered by cash, shares and the short limit.
    #[default]
    Covered,
    /// No order is refused for lack of cover: for actors that represent the rest of the world, such as a
    /// replay of history.
    Unlimited,
    /// Orders are covered by equity: cash, and holdings at their marks. Short sales and purchases on credit
    /// are bound by the margin that they take, and by nothing else.
    Margin(MarginTerms),
}

/// What an account starts with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AccountConfig {
    /// Cash.
    pub cash: Money,
    /// Holdings, at most 2^40 lots, each instrument once; those not named start at zero.
    pub holdings: Vec<(InstrumentId, Quantity)>,
    /// How far each instrument may be sold short: at most 2^40 lots, each instrument once; not named means
    /// not at all.
    pub max_short: Vec<(InstrumentId, Quantity)>,
    /// How far below zero purchases may take the cash; at most 10^20 of the currency, not below zero. So a
    /// purchase can be sent beside the sale that is to pay for it.
    pub max_debit: Money,
    /// Whether orders must be covered.
    pub credit: Credit,
    /// Interest and borrowing rates.
    pub financing: Financing,
    /// What the account's broker charges for fills, beside what the venue does.
    pub commission: Option<Arc<FeeSchedule>>,
    /// What happens when its equity is gone; nothing if absent. A margin account is always liquidated.
    pub on_ruin: Option<OnRuin>,
    /// Whether the account is marked to market on the tape.
    pub tracked: bool,
}

/// Says why an account cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AccountError {
    /// It names an instrument that does not exist.
    #[error("the account names instrument {0}, which does not exist")]
    UnknownInstrument(InstrumentId),
    /// Its cash is beyond all bounds.
    #[error("an account starts with at most 10^20 of the currency, or as much debt")]
    CashOutOfRange,
    /// How far its cash may go below zero is beyond all bounds.
    #[error("how far cash may go below zero is an amount from 0 to 10^20 of the currency")]
    DebitOutOfRange,
    /// A holding is beyond all bounds.
    #[error("an account starts with at most 2^40 lots of an instrument")]
    HoldingOutOfRange(InstrumentId),
    /// A short limit is beyond all bounds.
    #[error("an account may sell at most 2^40 lots of an instrument short")]
    ShortLimitOutOfRange(InstrumentId),
    /// A margin account has limits that it cannot have.
    #[error(
        "a margin account sells short and buys on credit as far as its margin goes, and is liquidated: it has no limits for that, and does not keep positions when ruined"
    )]
    LimitedMargin,
    /// An instrument is named twice, in the holdings or in the short limits.
    #[error("the account names instrument {0} twice")]
    NamedTwice(InstrumentId),
    /// A margin account has a holding whose price may be negative.
    #[error(
        "a margin account holds no instrument whose prices may be negative, as those of instrument {0}: near zero, a share of what it is worth covers no loss"
    )]
    NegativeOnMargin(InstrumentId),
    /// It would begin with a position in a future.
    #[error("instrument {0} is a future, whose positions are opened by trading alone")]
    FutureHolding(InstrumentId),
}

impl AccountConfig {
    /// Checks the configuration for a world of `instruments` instruments.
    ///
    /// # Errors
    /// The first [`AccountError`].
    pub fn check(&self, instruments: usize) -> Result<(), AccountError> {
        for (instrument, _) in self.holdings.iter().chain(&self.max_short) {
            if instrument.index() >= instruments {
                return Err(AccountError::UnknownInstrument(*instrument));
            }
        }
        if self.cash > MAX_CASH || self.cash < -MAX_CASH {
            return Err(AccountError::CashOutOfRange);
        }
        if self.max_debit < Money::ZERO || self.max_debit > MAX_CASH {
            return Err(AccountError::DebitOutOfRange);
        }
        if let Some(instrument) = beyond(&self.holdings) {
            return Err(AccountError::HoldingOutOfRange(instrument));
        }
        if let Some(instrument) = beyond(&self.max_short) {
            return Err(AccountError::ShortLimitOutOfRange(instrument));
        }
        let is_limited = !self.max_short.is_empty() || self.max_debit != Money::ZERO;
        if matches!(self.credit, Credit::Margin(_)) && (is_limited || self.on_ruin == Some(OnRuin::Keep)) {
            return Err(AccountError::LimitedMargin);
        }
        let twice = twice(&self.holdings).or_else(|| twice(&self.max_short));
        twice.map_or(Ok(()), |instrument| Err(AccountError::NamedTwice(instrument)))
    }

    /// Returns what happens when the account's equity is gone.
    #[must_use]
    pub const fn effective_on_ruin(&self) -> Option<OnRuin> {
        match self.credit {
            Credit::Margin(_) => Some(OnRuin::Liquidate),
            Credit::Covered | Credit::Unlimited => self.on_ruin,
        }
    }
}

/// Returns the first instrument of which there are more lots than an account may have.
fn beyond(quantities: &[(InstrumentId, Quantity)]) -> Option<InstrumentId> {
    let beyond = quantities.iter().find(|(_, quantity)| quantity.lots() > Quantity::MAX_LOTS);
    beyond.map(|(instrument, _)| *instrument)
}

/// Returns the first instrument that was named before.
fn twice(quantities: &[(InstrumentId, Quantity)]) -> Option<InstrumentId> {
    let mut named = BTreeSet::new();
    quantities.iter().map(|(instrument, _)| *instrument).find(|instrument| !named.insert(*instrument))
}

/// One owner's cash, positions, holds and open orders.
///
/// ```
/// use bearpit_core::account::{Account, AccountConfig};
/// use bearpit_core::units::{InstrumentId, Money, Quantity};
///
/// let acme = InstrumentId::new(0);
/// let config = AccountConfig {
///     cash: Money::from_whole(10_000),
///     holdings: vec![(acme, Quantity::new(50))],
///     max_short: vec![(acme, Quantity::new(20))],
///     ..AccountConfig::default()
/// };
/// config.check(1)?;
/// let account = Account::open(&config, 1);
/// assert_eq!(account.free_cash(), Money::from_whole(10_000));
/// assert_eq!(account.sellable(acme).lots(), 70);
/// # Ok::<(), bearpit_core::account::AccountError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub(super) cash: Money,
    pub(super) held_cash: Money,
    pub(super) fees: Money,
    pub(super) financed: Money,
    pub(super) financing: Financing,
    pub(super) contributed: Money,
    /// What positions in futures cost, which nobody has paid.
    pub(super) futures_cost: Money,
    /// When it was opened, if the market ran already: nothing accrues before.
    pub(super) opened_at: Option<SimTime>,
    pub(super) lines: Lines,
    pub(super) orders: OpenOrders,
    /// What open orders that have traded were charged, where fees depend on more than one fill.
    pub(super) order_fees: BTreeMap<OrderId, OrderFees>,
    /// What the account's broker charges, beside the venues.
    pub(super) commission: Option<Arc<FeeSchedule>>,
    pub(super) max_debit: Money,
    pub(super) credit: Credit,
    pub(super) on_ruin: Option<OnRuin>,
    pub(super) is_ruined: bool,
    /// Whether its equity was found to be below its maintenance margin, and it has not been closed out since.
    pub(super) is_called: bool,
    pub(super) fills: u64,
    pub(super) refused: u64,
    tracked: bool,
}

impl Account {
    /// Opens an account in a world of `instruments` instruments, for which `config` must have been
    /// [checked](AccountConfig::check).
    #[must_use]
    pub fn open(config: &AccountConfig, instruments: usize) -> Self {
        let mut lines = Lines::new(instruments);
        for (instrument, quantity) in &config.holdings {
            lines[instrument.index()] = Line::opened(quantity.net());
        }
        for (instrument, quantity) in &config.max_short {
            lines[instrument.index()].max_short = *quantity;
        }
        if matches!(config.credit, Credit::Margin(_)) {
            lines.iter_mut().for_each(|line| line.max_short = Quantity::new(Quantity::MAX_LOTS));
        }
        Self {
            cash: config.cash,
            held_cash: Money::ZERO,
            fees: Money::ZERO,
            financed: Money::ZERO,
            financing: config.financing,
            contributed: Money::ZERO,
            futures_cost: Money::ZERO,
            opened_at: None,
            lines,
            orders: OpenOrders::default(),
            order_fees: BTreeMap::new(),
            commission: config.commission.clone(),
            max_debit: config.max_debit,
            credit: config.credit,
            on_ruin: config.effective_on_ruin(),
            is_ruined: false,
            is_called: false,
            fills: 0,
            refused: 0,
            tracked: config.tracked,
        }
    }

    /// Returns the cash, held part included.
    #[must_use]
    pub const fn cash(&self) -> Money {
        self.cash
    }

    /// Returns the cash as it would be, had positions in futures been paid when they were opened, which they
    /// are not: with what all positions are worth it makes the equity.
    #[must_use]
    pub fn cash_less_futures(&self) -> Money {
        self.cash - self.futures_cost
    }

    /// Returns the cash that no open order holds.
    #[must_use]
    pub fn free_cash(&self) -> Money {
        self.cash - self.held_cash
    }

    /// Returns what purchases may take: free cash, and how far cash may go below zero.
    #[must_use]
    pub(crate) fn spendable(&self) -> Money {
        self.free_cash() + self.max_debit
    }

    /// Returns fees paid less rebates, to venues and the broker.
    #[must_use]
    pub const fn fees(&self) -> Money {
        self.fees
    }

    /// Returns what the account's broker charges for fills, if it has one.
    #[must_use]
    pub fn commission(&self) -> Option<&FeeSchedule> {
        self.commission.as_deref()
    }

    /// Returns the P&L realized so far in all instruments, before fees.
    #[must_use]
    pub fn realized(&self) -> Money {
        self.lines.iter().map(|line| line.position.realized()).sum()
    }

    /// Returns the position in an instrument.
    #[must_use]
    pub fn position(&self, instrument: InstrumentId) -> &Position {
        &self.lines[instrument.index()].position
    }

    /// Returns the signed holding of an instrument.
    #[must_use]
    pub fn holding(&self, instrument: InstrumentId) -> NetQuantity {
        self.position(instrument).holding()
    }

    /// Returns how many lots may still be sold: free shares, and what the short limit leaves.
    #[must_use]
    pub fn sellable(&self, instrument: InstrumentId) -> NetQuantity {
        let line = &self.lines[instrument.index()];
        line.position.holding() - line.held.net() + line.max_short.net()
    }

    /// Returns the open orders, oldest first.
    #[must_use]
    pub const fn open_orders(&self) -> &OpenOrders {
        &self.orders
    }

    /// Returns an open order.
    #[must_use]
    pub fn order(&self, id: OrderId) -> Option<OpenOrder> {
        self.orders.get(id)
    }

    /// Returns how many fills have been booked.
    #[must_use]
    pub const fn fills(&self) -> u64 {
        self.fills
    }

    /// Returns how many requests the gate has refused.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    /// Returns whether the account is marked to market on the tape.
    #[must_use]
    pub const fn is_tracked(&self) -> bool {
        self.tracked
    }

    /// Reads a part of each line of the processor's cache that the account takes, to have it fetched from
    /// memory; what is returned has no meaning.
    #[expect(clippy::cast_possible_truncation, reason = "what is returned has no meaning")]
    pub(crate) fn fetch(&self) -> i64 {
        let line = self.lines.first();
        let lots = line.map_or(0, |line| line.position.holding().lots() ^ line.held.net().lots());
        let sums = [self.cash, self.fees, self.contributed, self.held_cash, self.max_debit].map(Money::units);
        let counts = self.fills ^ self.refused ^ self.orders.len() as u64 ^ self.order_fees.len() as u64;
        sums.into_iter().fold(0, |all, units| all ^ units) as i64 ^ lots ^ counts.cast_signed()
    }

    pub(super) fn order_index(&self, id: OrderId) -> Option<usize> {
        self.orders.find(id)
    }
}
