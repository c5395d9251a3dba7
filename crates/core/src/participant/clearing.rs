//! Clearing of futures: what positions have gained is paid once a day, and the sides of perpetuals pay each
//! other.

use super::mark::Mark;
use super::state::MarketState;
use crate::market::{
    Clearing, Contract, DailySettlement, Fact, FundingRate, FundingTerms, PaymentReason, SinkError,
};
use crate::units::{ActorId, Decimal, InstrumentId, Money, NetQuantity, SimDuration, SimTime};

const DAY: SimDuration = SimDuration::from_secs(86_400);

/// How often the premium of a perpetual is sampled.
const SAMPLE: SimDuration = SimDuration::from_secs(60);

/// When a future is cleared next, and what is known for that.
#[derive(Debug)]
pub(super) struct ClearingSchedule {
    instrument: InstrumentId,
    due: SimTime,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Daily,
    Perpetual { terms: FundingTerms, premiums: Premiums },
}

/// The premiums of a perpetual since it was funded last.
#[derive(Debug, Clone, Copy, Default)]
struct Premiums {
    sum: i64,
    count: i64,
}

impl Premiums {
    fn add(&mut self, premium: FundingRate) {
        self.sum += premium.parts();
        self.count += 1;
    }

    /// Returns their mean, rounded half away from zero; nothing without any.
    fn mean(&self) -> Option<FundingRate> {
        let half = self.count / 2 * self.sum.signum();
        (self.sum + half).checked_div(self.count).and_then(FundingRate::new)
    }
}

impl ClearingSchedule {
    /// Schedules the clearing of an instrument after `now`; nothing for what is no future.
    fn of(instrument: InstrumentId, contract: Contract, now: SimTime) -> Option<Self> {
        let (due, kind) = match contract {
            Contract::Spot => return None,
            Contract::Future(DailySettlement { time_of_day }) => {
                let today = now.floor_to(DAY) + time_of_day;
                (if today > now { today } else { today + DAY }, Kind::Daily)
            }
            Contract::Perpetual(terms) => {
                (next_sample(now, terms.interval), Kind::Perpetual { terms, premiums: Premiums::default() })
            }
        };
        Some(Self { instrument, due, kind })
    }

    /// Returns when there is something to do next.
    pub(super) const fn due(&self) -> SimTime {
        self.due
    }

    /// Does what is due at `now`.
    pub(super) fn run(&mut self, now: SimTime, market: &mut MarketState) -> Result<(), SinkError> {
        match &mut self.kind {
            Kind::Daily => {
                self.due = now + DAY;
                market.settle_future(now, self.instrument)
            }
            Kind::Perpetual { terms, premiums } => {
                self.due = next_sample(now, terms.interval);
                if let Some(premium) = market.premium(now, self.instrument, terms.index) {
                    premiums.add(premium);
                }
                if now != now.floor_to(terms.interval) {
                    return Ok(());
                }
                let Some(premium) = std::mem::take(premiums).mean() else { return Ok(()) };
                market.pay_funding(now, self.instrument, terms.rate(premium))
            }
        }
    }
}

/// Returns when the premium is sampled next after `now`: at each minute, and when it is due.
fn next_sample(now: SimTime, interval: SimDuration) -> SimTime {
    let next = |step| now.floor_to(step) + step;
    next(SAMPLE).min(next(interval))
}

impl MarketState {
    /// Returns what there is to clear after `now`, in the order of instruments.
    pub(super) fn clearings(&self, now: SimTime) -> Vec<ClearingSchedule> {
        let all = (0..).map(InstrumentId::new).zip(&self.instruments);
        all.filter_map(|(id, state)| ClearingSchedule::of(id, state.instrument.contract(), now)).collect()
    }

    /// Marks all positions in a future to market, and pays what they have gained since the last time; before
    /// there is a price, nothing.
    fn settle_future(&mut self, now: SimTime, id: InstrumentId) -> Result<(), SinkError> {
        let Some(mark) = self.clearing_mark(id, now) else { return Ok(()) };
        let price = self.instruments[id.index()].instrument.tick_size();
        let price = price.checked_mul(Decimal::new(i128::from(mark.half_ticks) * 5, 1)).unwrap_or(price);
        self.record(
            now,
            &Fact::ContractCleared { instrument: id, clearing: Clearing::Settlement { price } },
        )?;
        for (owner, holding) in self.holders(id) {
            let worth = mark.value(&self.instruments[id.index()].instrument, holding);
            let amount = self.accounts[owner.index()].settle_future(id, worth);
            self.cleared(now, (owner, id), PaymentReason::VariationMargin, amount)?;
        }
        Ok(())
    }

    /// Has the sides of a perpetual pay each other.
    fn pay_funding(&mut self, now: SimTime, id: InstrumentId, rate: FundingRate) -> Result<(), SinkError> {
        let Some(mark) = self.clearing_mark(id, now) else { return Ok(()) };
        // By the lot, so that what one side pays is what the other receives, to the last unit.
        let per_lot = rate.of(mark.value(&self.instruments[id.index()].instrument, NetQuantity::new(1)));
        let clearing = Clearing::Funding { rate, per_lot };
        self.record(now, &Fact::ContractCleared { instrument: id, clearing })?;
        for (owner, holding) in self.holders(id) {
            let amount = per_lot * -i128::from(holding.lots());
            self.accounts[owner.index()].receive(id, amount, Money::ZERO);
            // Where one side of a trade has yet to hear of it, what it would pay is not zero in sum.
            self.financed += amount;
            self.cleared(now, (owner, id), PaymentReason::Funding, amount)?;
        }
        Ok(())
    }

    /// Writes what an account has received by clearing, if it is a participant's: that of a venue has the
    /// other side of what is traded with a file.
    fn cleared(
        &mut self,
        now: SimTime,
        (owner, instrument): (ActorId, InstrumentId),
        reason: PaymentReason,
        amount: Money,
    ) -> Result<(), SinkError> {
        self.follow_risk(owner);
        let is_participant = self.participants.binary_search_by_key(&owner, |it| it.id).is_ok();
        if amount == Money::ZERO || !is_participant {
            return Ok(());
        }
        let cost = Money::ZERO;
        self.record(now, &Fact::AccountPaid { owner, instrument, reason, amount, cost })
    }

    /// Returns who has a position in an instrument, in the order of their ids.
    fn holders(&self, id: InstrumentId) -> Vec<(ActorId, NetQuantity)> {
        let owners = (0..).map(ActorId::new).zip(&self.accounts);
        let holdings = owners.map(|(owner, account)| (owner, account.holding(id)));
        holdings.filter(|(_, holding)| holding.lots() != 0).collect()
    }

    /// Returns by how much an instrument's mark is above its index, once both are known.
    fn premium(
        &mut self,
        now: SimTime,
        id: InstrumentId,
        index: Option<InstrumentId>,
    ) -> Option<FundingRate> {
        let price = |id: InstrumentId| {
            let half_ticks = self.clearing_mark(id, now)?.half_ticks;
            let tick = self.instruments.get(id.index())?.instrument.tick_size().to_f64();
            #[expect(clippy::cast_precision_loss, reason = "below 2^42")]
            Some(half_ticks as f64 * tick / 2.0)
        };
        let (own, indexed) = (price(id)?, index.map(price));
        let over = match indexed {
            Some(price) => price?,
            None => self.instruments.get_mut(id.index())?.value.as_mut()?.at(now),
        };
        FundingRate::premium(own, over)
    }

    /// Returns the mark at which an instrument is cleared: in a replay, that of its path.
    fn clearing_mark(&self, id: InstrumentId, now: SimTime) -> Option<Mark> {
        self.mark_on_path(id, now).or(self.instruments.get(id.index())?.mark)
    }
}
