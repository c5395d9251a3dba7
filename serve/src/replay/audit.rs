//! [`audit`]: balances from the journal, by two ways.

use std::collections::BTreeMap;
use std::time::Duration;

use bearpit_core::exchange::Market;
use bearpit_core::kernel::Digest;
use bearpit_core::market::{Fact, Side, Trade, Transfer};
use bearpit_core::units::{ActorId, Decimal, InstrumentId, Money, NetQuantity, SimTime};
use thiserror::Error;

use crate::domain::{AccountId, Asset};
use crate::driver::{DriveError, MarketSource, Segment};
use crate::live::{LiveError, Output};
use crate::store::database::Amount;

/// The accounts of a market, as its journal has them.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// Up to when.
    pub at: SimTime,
    /// Whether the market was settled: else it is as if it had been there.
    pub is_settled: bool,
    /// The digest of all facts.
    pub digest: Digest,
    /// The accounts, in the order in which they were opened.
    pub accounts: Vec<AccountAudit>,
}

/// An account with what it has.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountAudit {
    /// The name of its participant.
    pub name: String,
    /// What kind of participant that is.
    pub kind: String,
    /// Whether it came from outside, and is none of the scenario's.
    pub is_seat: bool,
    /// Its cash.
    pub cash: Money,
    /// What it holds, by symbol.
    pub holdings: Vec<(String, NetQuantity)>,
    /// How many orders it has open.
    pub open_orders: usize,
}

/// Why there is no audit, or what it has found.
#[derive(Debug, Error)]
pub enum AuditError {
    /// The market cannot be rebuilt.
    #[error(transparent)]
    Drive(#[from] DriveError),
    /// The market does not balance.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// An account does not have what its facts add up to.
    #[error("account {name}: its facts add up to {expected} of {what}, but it has {found}")]
    Differs {
        /// Whose account.
        name: String,
        /// `cash`, or a symbol.
        what: String,
        /// By the facts.
        expected: String,
        /// In the account.
        found: String,
    },
}

/// What the facts of a segment add up to on an account that came from outside, up to one of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FactSums {
    /// The account.
    pub(super) account: AccountId,
    /// What it has of each asset; nothing of what is not named.
    pub(super) balances: BTreeMap<Asset, Amount>,
}

/// Rebuilds the market of a segment, and adds its accounts up from the facts alone: what was opened, traded,
/// paid and moved. Both must agree.
///
/// # Errors
/// [`AuditError`] if the segment cannot be read, or they do not.
pub fn audit(segment: &Segment, source: &dyn MarketSource) -> Result<Audit, AuditError> {
    audit_to(segment, source, None).map(|(audit, _)| audit)
}

/// Does as [`audit`], and returns what facts add up to before the one of a number, or all, on accounts that
/// came from outside.
///
/// # Errors
/// As [`audit`].
pub(super) fn audit_to(
    segment: &Segment,
    source: &dyn MarketSource,
    end: Option<u64>,
) -> Result<(Audit, Vec<FactSums>), AuditError> {
    let scan = segment.scan()?;
    let (mut sums, mut until_end) = (Sums::default(), None);
    let mut keep = |output| {
        if let Output::Fact { sequence, fact, .. } = output {
            if end == Some(sequence) {
                until_end = Some(sums.clone());
            }
            sums.keep(fact);
        }
    };
    let mut live = segment.rebuild(source, &scan.voids, Duration::ZERO, &mut keep)?;
    // What is on its way is booked, so that accounts have what the tape says.
    live.settle()?;
    while let Some(output) = live.settled_output() {
        keep(output);
    }
    let market = live.market();
    let all = sums.clone();
    sums.check(market)?;
    let audit = Audit {
        at: market.world().now(),
        is_settled: scan.settled.is_some(),
        digest: market.digest(),
        accounts: accounts(market),
    };
    Ok((audit, until_end.unwrap_or(all).of_seats(market)))
}

fn accounts(market: &Market) -> Vec<AccountAudit> {
    let state = market.world().domain();
    let audits = market.participants().iter().filter_map(|participant| {
        let account = state.account(participant.id)?;
        let held = (0..).map(InstrumentId::new).zip(state.instruments());
        let holdings = held
            .map(|(id, instrument)| (instrument.symbol().to_owned(), account.holding(id)))
            .filter(|(_, holding)| holding.lots() != 0);
        Some(AccountAudit {
            name: participant.name.clone(),
            kind: participant.kind.clone(),
            is_seat: participant.seat.is_some(),
            cash: account.cash(),
            holdings: holdings.collect(),
            open_orders: account.open_orders().iter().count(),
        })
    });
    audits.collect()
}

/// What moved on each account.
#[derive(Debug, Clone, Default)]
struct Sums {
    moved: BTreeMap<ActorId, Moved>,
    /// Trades whose instruments are known at the end only.
    trades: Vec<Trade>,
}

/// What moved on an account.
#[derive(Debug, Clone, Default)]
struct Moved {
    /// What it was opened with, if the tape says so; else the scenario does.
    opening: Option<(Money, Vec<(InstrumentId, NetQuantity)>)>,
    cash: Money,
    holdings: BTreeMap<InstrumentId, i64>,
}

impl Sums {
    fn keep(&mut self, fact: Fact) {
        match fact {
            Fact::AccountOpened(opening) => {
                // What brought it back to what the scenario gives it comes before, and is in this.
                let held = opening.holdings.to_vec();
                let moved = Moved { opening: Some((opening.cash, held)), ..Moved::default() };
                self.moved.insert(opening.owner, moved);
            }
            Fact::AccountFunded { owner, funding } => {
                let of = self.moved.entry(owner).or_default();
                match funding.transfer {
                    Transfer::Cash(cash) => of.cash += cash,
                    Transfer::Shares { instrument, quantity } => {
                        *of.holdings.entry(instrument).or_default() += quantity.lots();
                    }
                }
            }
            Fact::AccountFinanced { owner, interest, borrow } => self.pay(owner, interest - borrow),
            Fact::AccountPaid { owner, amount, .. } => self.pay(owner, amount),
            Fact::PositionSplit { owner, instrument, position, .. } => {
                // Splits come with replays, before which nothing is held on a live market's day.
                let of = self.moved.entry(owner).or_default();
                of.holdings.insert(instrument, position.lots());
            }
            Fact::Traded(trade) => self.trades.push(trade),
            Fact::Auction(event) => {
                for side in event.swap().into_iter().flatten() {
                    let of = self.moved.entry(side.account).or_default();
                    of.cash += side.cash();
                    for (instrument, lots) in side.shares() {
                        *of.holdings.entry(instrument).or_default() += lots.lots();
                    }
                }
            }
            _ => {}
        }
    }

    fn pay(&mut self, owner: ActorId, amount: Money) {
        let of = self.moved.entry(owner).or_default();
        of.cash += amount;
    }

    /// Returns the sums of accounts that came from outside and were opened.
    fn of_seats(mut self, market: &Market) -> Vec<FactSums> {
        for trade in std::mem::take(&mut self.trades) {
            self.trade(market, &trade);
        }
        let instruments: Vec<_> = market.world().domain().instruments().collect();
        let seats = market.participants().iter().filter(|participant| participant.seat.is_some());
        let sums = seats.filter_map(|participant| {
            let account = participant.name.parse().ok()?;
            let Moved { opening, cash, mut holdings } = self.moved.remove(&participant.id)?;
            let (opened, held) = opening?;
            for (id, lots) in held {
                *holdings.entry(id).or_default() += lots.lots();
            }
            let mut balances = BTreeMap::from([(Asset::Cash, Amount::from(opened + cash))]);
            for (id, lots) in holdings {
                let instrument = instruments.get(id.index())?;
                let lots = Decimal::new(i128::from(lots), 0);
                let amount = instrument.lot_size().checked_mul(lots).and_then(Amount::of)?;
                balances.insert(Asset::Shares(instrument.symbol().to_owned()), amount);
            }
            balances.retain(|_, amount| amount.0 != 0);
            Some(FactSums { account, balances })
        });
        sums.collect()
    }

    /// Compares the sums with the accounts.
    fn check(mut self, market: &Market) -> Result<(), AuditError> {
        for trade in std::mem::take(&mut self.trades) {
            self.trade(market, &trade);
        }
        let state = market.world().domain();
        for participant in market.participants() {
            let Some(account) = state.account(participant.id) else { continue };
            let moved = self.moved.remove(&participant.id).unwrap_or_default();
            let (opening, held) = moved.opening.unwrap_or_else(|| {
                let held = participant.account.holdings.iter().map(|(id, lots)| (*id, lots.net()));
                (participant.account.cash, held.collect())
            });
            let differs = |what: &str, expected: String, found: String| AuditError::Differs {
                name: participant.name.clone(),
                what: what.to_owned(),
                expected,
                found,
            };
            let expected = opening + moved.cash;
            if expected != account.cash() {
                return Err(differs("cash", expected.to_string(), account.cash().to_string()));
            }
            for (id, instrument) in (0..).map(InstrumentId::new).zip(state.instruments()) {
                let opened: i64 =
                    held.iter().filter(|(held, _)| *held == id).map(|(_, lots)| lots.lots()).sum();
                let expected = opened + moved.holdings.get(&id).copied().unwrap_or_default();
                let found = account.holding(id).lots();
                if expected != found {
                    return Err(differs(instrument.symbol(), expected.to_string(), found.to_string()));
                }
            }
        }
        Ok(())
    }

    fn trade(&mut self, market: &Market, trade: &Trade) {
        let state = market.world().domain();
        let Some(listing) = state.listing(trade.listing) else { return };
        let Some(instrument) = state.instrument(listing.instrument) else { return };
        let notional = instrument.notional(trade.price, trade.quantity);
        let lots = trade.quantity.net().lots();
        let sides = [
            (trade.taker, trade.taker_fee, trade.aggressor == Side::Buy),
            (trade.maker, trade.maker_fee, trade.aggressor != Side::Buy),
        ];
        for (owner, fee, is_buyer) in sides {
            let of = self.moved.entry(owner).or_default();
            let (paid, got) = if is_buyer { (notional, lots) } else { (-notional, -lots) };
            of.cash = of.cash - paid - fee;
            *of.holdings.entry(listing.instrument).or_default() += got;
        }
    }
}

#[cfg(test)]
mod tests {
    use bearpit_core::market::{AccountOpening, AuctionEvent, AuctionLot, Consideration, Funding, Reference};
    use bearpit_core::units::{AuctionId, ProposalId, Quantity};

    use super::*;

    /// On a following day the crowd is brought back first; what its accounts are opened with has that in it.
    #[test]
    fn what_brought_an_account_back_is_in_what_it_is_opened_with() {
        let owner = ActorId::new(3);
        let fund = |cash| Funding {
            transfer: Transfer::Cash(Money::from_whole(cash)),
            reference: Reference::new("day").unwrap(),
        };
        let mut sums = Sums::default();
        sums.keep(Fact::AccountFunded { owner, funding: fund(-200) });
        let (name, kind) = ("maker".into(), "market_maker".into());
        let (cash, holdings) = (Money::from_whole(10_000), [].into());
        sums.keep(Fact::AccountOpened(AccountOpening { owner, name, kind, cash, holdings }));
        sums.keep(Fact::AccountFunded { owner, funding: fund(5) });
        let moved = &sums.moved[&owner];
        assert_eq!(moved.opening, Some((Money::from_whole(10_000), Vec::new())));
        assert_eq!(moved.cash, Money::from_whole(5));
    }

    #[test]
    fn a_swap_moves_the_lot_one_way_and_what_was_proposed_the_other() {
        let [owner, proposer] = [ActorId::new(2), ActorId::new(3)];
        let (lot, other) = (InstrumentId::new(0), InstrumentId::new(1));
        let mut sums = Sums::default();
        let value = Money::from_whole(70);
        for (proposal, consideration) in [
            (1, Consideration::Cash(value)),
            (2, Consideration::Shares { instrument: other, quantity: Quantity::new(4) }),
        ] {
            sums.keep(Fact::Auction(AuctionEvent::Accepted {
                auction: AuctionId::new(proposal),
                proposal: ProposalId::new(proposal),
                owner,
                proposer,
                lot: AuctionLot { instrument: lot, quantity: Quantity::new(10) },
                consideration,
                value,
            }));
        }
        for (account, sign) in [(owner, 1), (proposer, -1)] {
            let moved = &sums.moved[&account];
            assert_eq!(moved.cash, if sign > 0 { value } else { -value });
            assert_eq!((moved.holdings[&lot], moved.holdings[&other]), (-20 * sign, 4 * sign));
        }
    }
}
