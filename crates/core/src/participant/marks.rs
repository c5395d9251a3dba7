//! Marking to market: what holdings are worth, what financing costs, and the facts that record it.

use std::{fmt, iter};

use super::config::Participant;
use super::fault::MarketFault;
use super::mark::Mark;
use super::state::{InstrumentState, MarketState};
use crate::account::{Financed, MarginStanding, Marks};
use crate::market::{AccountMark, Fact, MarkCause, Quote, SinkError};
use crate::units::{ActorId, InstrumentId, ListingId, Money, NetQuantity, Price, Quantity, SimTime};

impl Marks for Vec<InstrumentState> {
    fn worth(&self, instrument: InstrumentId, holding: NetQuantity) -> Option<Money> {
        let state = self.get(instrument.index())?;
        state.shown_mark.map(|mark| mark.value(&state.instrument, holding))
    }

    fn notional(&self, instrument: InstrumentId, price: Price, quantity: Quantity) -> Money {
        notional(self, instrument, price, quantity)
    }
}

/// What instruments are worth at an instant on the paths of their bars, which participants do not know.
pub(super) struct PathMarks<'a> {
    pub(super) market: &'a MarketState,
    pub(super) now: SimTime,
}

impl fmt::Debug for PathMarks<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PathMarks").field("now", &self.now).finish_non_exhaustive()
    }
}

impl Marks for PathMarks<'_> {
    fn worth(&self, instrument: InstrumentId, holding: NetQuantity) -> Option<Money> {
        let state = self.market.instruments.get(instrument.index())?;
        // Where a listing is about to open at this instant, its last price still counts.
        let mark = self.market.mark_on_path(instrument, self.now).or(state.mark);
        mark.map(|mark| mark.value(&state.instrument, holding))
    }

    fn notional(&self, instrument: InstrumentId, price: Price, quantity: Quantity) -> Money {
        notional(&self.market.instruments, instrument, price, quantity)
    }
}

fn notional(instruments: &[InstrumentState], id: InstrumentId, price: Price, quantity: Quantity) -> Money {
    instruments.get(id.index()).map_or(Money::ZERO, |state| state.instrument.notional(price, quantity))
}

impl MarketState {
    /// Returns how a margin account stands, as its owner may know it; nothing for other accounts.
    #[must_use]
    pub fn margin(&self, owner: ActorId) -> Option<MarginStanding> {
        self.accounts.get(owner.index())?.margin(&self.instruments)
    }

    /// Updates the market data and marks by a fact.
    pub(super) fn follow(&mut self, now: SimTime, fact: &Fact) {
        match fact {
            Fact::TouchChanged { listing, quote } => {
                let horizon = self.horizon;
                self.listings[listing.index()].history.change(now, horizon, |view| view.quote = *quote);
                if let Some(half_ticks) = quote.twice_mid_ticks() {
                    self.set_mark(*listing, Mark { half_ticks });
                }
            }
            Fact::Traded(trade) => {
                self.fees_collected += trade.maker_fee + trade.taker_fee;
                if !self.listings[trade.listing.index()].listing.is_of_market(trade) {
                    // A replay's price moves by its file alone.
                    return;
                }
                let horizon = self.horizon;
                let history = &mut self.listings[trade.listing.index()].history;
                history.change(now, horizon, |view| view.last_trade = Some((trade.price, trade.quantity)));
                if is_one_sided(&history.latest().quote) {
                    self.set_mark(trade.listing, Mark { half_ticks: 2 * trade.price.ticks() });
                }
            }
            Fact::PriceMoved { listing, price, shown } => {
                let mark = Mark { half_ticks: 2 * price.ticks() };
                if *shown {
                    let horizon = self.horizon;
                    let history = &mut self.listings[listing.index()].history;
                    history.change(now, horizon, |view| view.last_trade = Some((*price, Quantity::ZERO)));
                    self.set_mark(*listing, mark);
                } else {
                    self.set_hidden_mark(*listing, mark);
                }
            }
            Fact::PhaseChanged { listing, phase } => {
                let horizon = self.horizon;
                self.listings[listing.index()].history.change(now, horizon, |view| view.phase = *phase);
            }
            Fact::IndicativeChanged { listing, indicative } => {
                let horizon = self.horizon;
                let history = &mut self.listings[listing.index()].history;
                history.change(now, horizon, |view| view.indicative = *indicative);
            }
            Fact::OrderCanceled { order, .. } | Fact::OrderExpired { order, .. } => {
                self.fee_ledger.forget(*order);
            }
            Fact::StrategyFailed { actor, text } => self.failures.push((*actor, text.clone())),
            _ => {}
        }
    }

    /// Marks an instrument by its primary listing: at the mid, or at trades while a side is empty.
    fn set_mark(&mut self, listing: ListingId, mark: Mark) {
        let id = self.listings[listing.index()].listing.instrument;
        let state = &mut self.instruments[id.index()];
        if state.primary != Some(listing) {
            return;
        }
        state.mark = Some(mark);
        state.shown_mark = Some(mark);
        if state.first_mark.is_none() {
            state.first_mark = Some(mark);
            // What came in before is taken to have cost its value at the first mark.
            for account in &mut self.accounts {
                account.value_at_first_mark(id, |lots| mark.value(&state.instrument, lots));
            }
        }
    }

    /// Marks an instrument at a price that participants do not know.
    fn set_hidden_mark(&mut self, listing: ListingId, mark: Mark) {
        let id = self.listings[listing.index()].listing.instrument;
        let state = &mut self.instruments[id.index()];
        if state.primary == Some(listing) {
            state.mark = Some(mark);
        }
    }

    /// Returns an account's equity as its owner may know it.
    pub(super) fn shown_equity(&self, owner: ActorId) -> Option<Money> {
        let account = self.accounts.get(owner.index())?;
        let instruments = (0..).map(InstrumentId::new).take(self.instruments.len());
        let holdings = instruments.filter_map(|instrument| self.shown_worth(owner, instrument));
        Some(account.cash_less_futures() + holdings.sum())
    }

    /// Returns what an account's holding of an instrument is worth as its owner may know it.
    pub(super) fn shown_worth(&self, owner: ActorId, instrument: InstrumentId) -> Option<Money> {
        let state = self.instruments.get(instrument.index())?;
        let holding = self.accounts.get(owner.index())?.holding(instrument);
        state.shown_mark.map(|mark| mark.value(&state.instrument, holding))
    }

    /// Returns an account's equity: cash and all holdings at their marks; those without a mark count zero.
    #[must_use]
    pub fn equity(&self, owner: ActorId) -> Option<Money> {
        let account = self.accounts.get(owner.index())?;
        let instruments = (0..).map(InstrumentId::new).take(self.instruments.len());
        let holdings = instruments.filter_map(|instrument| self.worth(owner, instrument));
        Some(account.cash_less_futures() + holdings.sum())
    }

    /// Returns what an account's holding of an instrument is worth at its mark, if it has one.
    #[must_use]
    pub fn worth(&self, owner: ActorId, instrument: InstrumentId) -> Option<Money> {
        let state = self.instruments.get(instrument.index())?;
        let holding = self.accounts.get(owner.index())?.holding(instrument);
        state.mark.map(|mark| mark.value(&state.instrument, holding))
    }

    /// Returns what so much of an instrument is worth at its mark, if it has one.
    pub(super) fn market_value(&self, instrument: InstrumentId, quantity: Quantity) -> Option<Money> {
        let state = self.instruments.get(instrument.index())?;
        state.mark.map(|mark| mark.value(&state.instrument, quantity.net()))
    }

    /// Returns what a signed holding of an instrument is worth at its mark, if it has one.
    pub(super) fn worth_at_mark(&self, instrument: InstrumentId, holding: NetQuantity) -> Option<Money> {
        let state = self.instruments.get(instrument.index())?;
        state.mark.map(|mark| mark.value(&state.instrument, holding))
    }

    /// Returns what each holding that a participant began with is taken to have cost, in the order of
    /// [`Participant::opening_holdings`]: its value at the mark when the participant joined, or else at the
    /// first mark; zero before that.
    pub fn opening_costs(&self, participant: &Participant) -> impl Iterator<Item = Money> {
        let joined = participant.joined_costs.iter().copied().chain(iter::repeat(None));
        let holdings = participant.opening_holdings().zip(joined);
        holdings.map(|((id, holding), joined)| joined.unwrap_or_else(|| self.first_worth(id, holding)))
    }

    /// Returns what so much of an instrument was worth at its first mark; zero before that.
    fn first_worth(&self, id: InstrumentId, holding: NetQuantity) -> Money {
        let state = &self.instruments[id.index()];
        state.first_mark.map_or(Money::ZERO, |mark| mark.value(&state.instrument, holding))
    }

    /// Writes the mark of one tracked account in the instrument it has just traded.
    pub(super) fn mark_after_fill(
        &mut self,
        now: SimTime,
        owner: ActorId,
        id: InstrumentId,
    ) -> Result<(), SinkError> {
        if !self.accounts[owner.index()].is_tracked() {
            return Ok(());
        }
        let mark = self.standing(owner).and_then(|standing| self.account_mark(owner, id, standing));
        let Some(mark) = mark else { return Ok(()) };
        self.record(now, &Fact::AccountMarked(AccountMark { cause: MarkCause::Fill, ..mark }))
    }

    /// Books the financing since the last marks, on the current cash and positions.
    fn finance_all(&mut self, now: SimTime) -> Result<(), MarketFault> {
        let booked = std::mem::replace(&mut self.financed_until, now);
        for owner in (0..).map(ActorId::new).take(self.accounts.len()) {
            let account = &self.accounts[owner.index()];
            let span = account.accrued(booked, now);
            if span.is_zero() || !account.is_financed() {
                continue;
            }
            self.book_unread(owner, self.present)?;
            let instruments = (0..).map(InstrumentId::new).take(self.instruments.len());
            // Whoever sells a future borrows nothing.
            let of_shares = instruments.filter(|id| !self.instruments[id.index()].instrument.is_future());
            let worth = of_shares.filter_map(|instrument| self.worth(owner, instrument));
            let borrowed = worth.filter(|worth| *worth < Money::ZERO).map(|worth| -worth).sum();
            let Financed { interest, borrow } = self.accounts[owner.index()].finance(span, borrowed);
            self.financed += interest - borrow;
            self.follow_risk(owner);
            self.record(now, &Fact::AccountFinanced { owner, interest, borrow })?;
        }
        Ok(())
    }

    /// Books financing, writes the marks of all tracked accounts in all instruments, and notes which accounts
    /// are ruined or called.
    ///
    /// Of all these accounts only those that are financed may have reports that wait.
    ///
    /// # Errors
    /// What a sink of the tape returns, or a report that does not fit its account.
    pub(crate) fn mark_all(&mut self, now: SimTime) -> Result<(), MarketFault> {
        self.finance_all(now)?;
        for owner in (0..).map(ActorId::new).take(self.accounts.len()) {
            if !self.accounts[owner.index()].is_tracked() {
                continue;
            }
            // Once an account, since it sums over all instruments; marks change nothing of it.
            let Some(standing) = self.standing(owner) else { continue };
            for instrument in (0..).map(InstrumentId::new).take(self.instruments.len()) {
                if let Some(mark) = self.account_mark(owner, instrument, standing) {
                    self.record(now, &Fact::AccountMarked(mark))?;
                }
            }
        }
        Ok(self.note_ruin(now)?)
    }

    fn standing(&self, owner: ActorId) -> Option<Standing> {
        let instruments = (0..).map(InstrumentId::new).take(self.instruments.len());
        Some(Standing {
            equity: self.equity(owner)?,
            realized: self.accounts.get(owner.index())?.realized(),
            unrealized: instruments.map(|id| self.unrealized(owner, id)).sum(),
        })
    }

    /// Returns what an account's holding of an instrument has gained at its mark; nothing without one.
    fn unrealized(&self, owner: ActorId, id: InstrumentId) -> Money {
        let worth = self.worth(owner, id);
        worth.map_or(Money::ZERO, |worth| worth - self.accounts[owner.index()].position(id).cost())
    }

    fn account_mark(&self, owner: ActorId, id: InstrumentId, standing: Standing) -> Option<AccountMark> {
        let account = self.accounts.get(owner.index())?;
        let state = self.instruments.get(id.index())?;
        let position = account.position(id);
        Some(AccountMark {
            owner,
            instrument: id,
            position: position.holding(),
            mark_half_ticks: state.mark.map(|mark| mark.half_ticks),
            cost: position.cost(),
            realized: position.realized(),
            unrealized: self.unrealized(owner, id),
            fees: account.fees(),
            cash: account.cash(),
            equity: standing.equity,
            total_realized: standing.realized,
            total_unrealized: standing.unrealized,
            cause: MarkCause::Sample,
        })
    }
}

/// What an account is worth and has gained over all instruments, which each of its marks says.
#[derive(Clone, Copy)]
struct Standing {
    equity: Money,
    realized: Money,
    unrealized: Money,
}

const fn is_one_sided(quote: &Quote) -> bool {
    quote.bid.is_none() || quote.ask.is_none()
}
