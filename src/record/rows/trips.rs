//! [`Trips`]: the round trips of tracked accounts, with the bars they lasted and what ended them.

use std::mem;

use super::order_row::OrderRow;
use super::orders::OpenOrders;
use crate::record::names::Names;
use bearpit_core::account::trips::{AverageTrips, Execution, RoundTrip};
use bearpit_core::market::{
    AccountMark, AccountOpening, BarInterval, Fact, Instrument, OrderKind, PaymentReason, Trade,
};
use bearpit_core::units::{ActorId, InstrumentId, ListingId, NetQuantity, Price, SimTime};

/// A round trip that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TripRow {
    /// The account.
    pub owner: ActorId,
    /// The instrument.
    pub instrument: InstrumentId,
    /// The trip, at average cost.
    pub trip: RoundTrip,
    /// How many bars ended between entry and exit, in the market where it was entered.
    pub bars_held: u64,
    /// What ended it: `take_profit` or `stop_loss` of a bracket, `closed` by the venue, or else the kind of
    /// the order.
    pub exit_reason: Option<&'static str>,
}

/// The round trips of all tracked accounts, from the facts of a tape.
///
/// They are those of the analysis: fills count at once, marks of an instant after all its fills, and what a
/// holding of the start counts as is known from the first mark on.
#[derive(Debug)]
pub(in crate::record) struct Trips {
    instruments: Vec<Instrument>,
    /// The instrument of each listing.
    listings: Vec<InstrumentId>,
    /// How many bars of the scenario's interval, or longer ones of a file, have ended at each listing.
    bars: Vec<u64>,
    bar_interval: BarInterval,
    /// By owner, then instrument; none of accounts that are not followed.
    accounts: Vec<Vec<HoldingTrips>>,
    now: Option<SimTime>,
    /// The marks of this instant: of which account and instrument, in half ticks.
    marks: Vec<(ActorId, InstrumentId, i64)>,
}

/// The trips of one account in one instrument.
#[derive(Debug, Clone)]
struct HoldingTrips {
    owner: ActorId,
    instrument: InstrumentId,
    began: SimTime,
    opening: NetQuantity,
    /// None until it is known what the opening holding counts as.
    trips: Option<AverageTrips>,
    /// Fills from before that is known.
    held_back: Vec<Fill>,
    /// Where the open trip was entered, and how many bars had ended there.
    entered: Option<(ListingId, u64)>,
}

/// A fill of an account, and what is known of its order.
#[derive(Debug, Clone, Copy)]
struct Fill {
    execution: Execution,
    listing: ListingId,
    exit_reason: Option<&'static str>,
}

impl Trips {
    /// Begins with what the tracked accounts hold at the start.
    pub(in crate::record) fn new(names: &Names, bar_interval: BarInterval, start: SimTime) -> Self {
        let mut trips = Self {
            instruments: names.instruments.clone(),
            listings: names.listings.iter().map(|listing| listing.instrument).collect(),
            bars: vec![0; names.listings.len()],
            bar_interval,
            accounts: Vec::new(),
            now: None,
            marks: Vec::new(),
        };
        for owner in &names.tracked {
            let openings = names.openings.iter().filter(|(holder, ..)| holder == owner);
            let openings = openings.map(|(_, instrument, position)| (*instrument, *position));
            let holdings = trips.holdings(*owner, start, openings);
            trips.begin(*owner, holdings);
        }
        trips
    }

    fn begin(&mut self, owner: ActorId, holdings: Vec<HoldingTrips>) {
        if self.accounts.len() <= owner.index() {
            self.accounts.resize_with(owner.index() + 1, Vec::new);
        }
        self.accounts[owner.index()] = holdings;
    }

    /// Begins the trips of an account: at once where it holds nothing, and else with the first mark.
    fn holdings(
        &self,
        owner: ActorId,
        began: SimTime,
        openings: impl Iterator<Item = (InstrumentId, NetQuantity)>,
    ) -> Vec<HoldingTrips> {
        let mut held = vec![NetQuantity::ZERO; self.instruments.len()];
        for (instrument, quantity) in openings {
            held.get_mut(instrument.index()).into_iter().for_each(|held| *held = quantity);
        }
        let holding = |((contract, opening), instrument): ((&Instrument, NetQuantity), InstrumentId)| {
            let listings = (0..).map(ListingId::new).zip(&self.listings).zip(&self.bars);
            let mut here = listings.filter(|((_, listed), _)| **listed == instrument);
            let first = here.next().map(|((listing, _), bars)| (listing, *bars));
            let entered = first.filter(|_| opening != NetQuantity::ZERO);
            let mut holding = HoldingTrips {
                owner,
                instrument,
                began,
                opening,
                trips: None,
                held_back: Vec::new(),
                entered,
            };
            if opening == NetQuantity::ZERO {
                holding.begin(contract, 0);
            }
            holding
        };
        self.instruments.iter().zip(held).zip((0..).map(InstrumentId::new)).map(holding).collect()
    }

    /// Says that an instrument is marked for the first time, and appends the trips that ended before.
    pub(in crate::record) fn first_mark(
        &mut self,
        instrument: InstrumentId,
        half_ticks: i64,
        ended: &mut Vec<TripRow>,
    ) {
        let Some(contract) = self.instruments.get(instrument.index()) else { return };
        for holdings in &mut self.accounts {
            let Some(holding) = holdings.get_mut(instrument.index()) else { continue };
            if holding.trips.is_none() {
                holding.begin(contract, half_ticks);
                let fills = mem::take(&mut holding.held_back);
                ended.extend(fills.iter().filter_map(|fill| holding.fill(fill, &self.bars)));
            }
        }
    }

    /// Begins the account of a participant that has joined, or was carried over; `half_ticks` has the mark of
    /// each instrument.
    pub(in crate::record) fn open(
        &mut self,
        at: SimTime,
        opening: &AccountOpening,
        half_ticks: &[Option<i64>],
    ) {
        let mut holdings = self.holdings(opening.owner, at, opening.holdings.iter().copied());
        let marks = half_ticks.iter().copied().chain(std::iter::repeat(None));
        for ((holding, instrument), mark) in holdings.iter_mut().zip(&self.instruments).zip(marks) {
            if let Some(half_ticks) = mark.filter(|_| holding.trips.is_none()) {
                holding.begin(instrument, half_ticks);
            }
        }
        self.begin(opening.owner, holdings);
    }

    /// Follows a fact, neither a trade nor a mark.
    pub(in crate::record) fn follow(&mut self, at: SimTime, fact: &Fact) {
        self.advance(at);
        match fact {
            Fact::PositionSplit { owner, instrument, ratio, .. } => {
                if let Some(trips) = self.trips_of(*owner, *instrument) {
                    trips.split(*ratio);
                }
            }
            // What a future gains on its way is in the prices of its entry and exit.
            Fact::AccountPaid { reason: PaymentReason::VariationMargin, .. } => {}
            Fact::AccountPaid { owner, instrument, amount, cost, .. } => {
                if let Some(trips) = self.trips_of(*owner, *instrument) {
                    trips.receive(*amount, *cost);
                }
            }
            Fact::BarClosed { listing, .. } => self.count_bar(*listing),
            // Shorter ones are parts of those of the interval, which are closed.
            Fact::BarReplayed { listing, bar } if bar.interval.shortest() >= self.bar_interval.shortest() => {
                self.count_bar(*listing);
            }
            _ => {}
        }
    }

    /// Takes a mark of an account.
    pub(in crate::record) fn mark(&mut self, at: SimTime, mark: &AccountMark) {
        self.advance(at);
        if let Some(half_ticks) = mark.mark_half_ticks {
            self.marks.push((mark.owner, mark.instrument, half_ticks));
        }
    }

    /// Takes the marks of the instant before, if time has gone on.
    fn advance(&mut self, at: SimTime) {
        if self.now.replace(at) != Some(at) && !self.marks.is_empty() {
            self.take_marks();
        }
    }

    /// Ends the run: appends the trips of instruments that never had a mark.
    pub(in crate::record) fn finish(&mut self, ended: &mut Vec<TripRow>) {
        for instrument in (0_u32..).map(InstrumentId::new).take(self.instruments.len()) {
            self.first_mark(instrument, 0, ended);
        }
    }

    fn trips_of(&mut self, owner: ActorId, instrument: InstrumentId) -> Option<&mut AverageTrips> {
        self.accounts.get_mut(owner.index())?.get_mut(instrument.index())?.trips.as_mut()
    }

    fn count_bar(&mut self, listing: ListingId) {
        self.bars.get_mut(listing.index()).into_iter().for_each(|bars| *bars += 1);
    }

    fn take_marks(&mut self) {
        for (owner, instrument, half_ticks) in self.marks.drain(..) {
            let holding =
                self.accounts.get_mut(owner.index()).and_then(|held| held.get_mut(instrument.index()));
            if let Some(trips) = holding.and_then(|holding| holding.trips.as_mut()) {
                trips.mark(half_ticks);
            }
        }
    }

    /// Takes a trade, and appends the trips that end with it; before `orders` take it.
    pub(in crate::record) fn trade(
        &mut self,
        at: SimTime,
        trade: &Trade,
        orders: Option<&OpenOrders>,
        ended: &mut Vec<TripRow>,
    ) {
        self.advance(at);
        let Some(instrument) = self.listings.get(trade.listing.index()).copied() else { return };
        let maker = (trade.maker, trade.maker_order, trade.aggressor.opposite(), trade.maker_fee);
        let taker = (trade.taker, trade.taker_order, trade.aggressor, trade.taker_fee);
        for (owner, order, side, fee) in [maker, taker] {
            let Some(holding) =
                self.accounts.get_mut(owner.index()).and_then(|it| it.get_mut(instrument.index()))
            else {
                continue;
            };
            let execution =
                Execution { at: at.nanos(), side, quantity: trade.quantity, price: trade.price, fee };
            let exit_reason = orders.and_then(|orders| orders.get(order)).map(exit_reason);
            let fill = Fill { execution, listing: trade.listing, exit_reason };
            if holding.trips.is_none() {
                holding.held_back.push(fill);
            } else {
                ended.extend(holding.fill(&fill, &self.bars));
            }
        }
    }
}

impl HoldingTrips {
    /// Begins the trips with the opening holding at a mark.
    fn begin(&mut self, instrument: &Instrument, half_ticks: i64) {
        let cost = instrument.value(Price::new(half_ticks), self.opening).share(1, 2);
        let trips = AverageTrips::new(instrument.clone(), self.began.nanos(), self.opening, cost);
        self.trips = Some(trips);
    }

    /// Takes a fill, and returns the trip that it ends.
    fn fill(&mut self, fill: &Fill, bars: &[u64]) -> Option<TripRow> {
        let ended_bars = |listing: ListingId| bars.get(listing.index()).copied().unwrap_or(0);
        let trips = self.trips.as_mut()?;
        let ended = trips.fill(&fill.execution);
        let entered = self.entered;
        let is_flat = trips.holding().lots() == 0;
        if ended.is_some() || entered.is_none() {
            self.entered = (!is_flat).then(|| (fill.listing, ended_bars(fill.listing)));
        }
        let bars_held = entered.map_or(0, |(listing, before)| ended_bars(listing).saturating_sub(before));
        let (owner, instrument, exit_reason) = (self.owner, self.instrument, fill.exit_reason);
        ended.map(|trip| TripRow { owner, instrument, trip, bars_held, exit_reason })
    }
}

/// Returns what it is that an order ends a trip. Orders that nobody has sent are the exits of brackets, and
/// those with which a venue closes a position.
fn exit_reason(order: &OrderRow) -> &'static str {
    match (order.sent_at, order.terms.kind) {
        (None, OrderKind::Limit(_)) => "take_profit",
        (None, OrderKind::Market { .. }) => "closed",
        (None, _) => "stop_loss",
        (Some(_), kind) => kind.name(),
    }
}
