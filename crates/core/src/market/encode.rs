//! The bytes of a fact that go into the digest: little-endian, each variant with its own tag.
//!
//! The encoding defines the digest: a change here changes every digest, and the golden digests in `tests/`
//! with them.

use super::action::CorporateAction;
use super::annotations::{Cell, Finite, Row};
use super::bar::Bar;
use super::clearing::Clearing;
use super::exits::StopLoss;
use super::fact::{AccountMark, AccountOpening, Fact, Trade};
use super::funding::Transfer;
use super::order::{Link, OrderKind, OrderTerms, Peg, PostOnly, SelfTrade, TimeInForce};
use super::phase::Phase;
use super::private_auction::{AuctionEvent, AuctionLot, Consideration};
use super::quote::{Quote, QuoteLevel};
use super::side::Side;
use super::trailing::TrailingDistance;
use crate::units::{ActorId, ListingId, Money, OrderId, Price, Quantity, SimTime};

/// Appends the bytes of `fact` at `at` to `out`.
pub(super) fn encode(at: SimTime, fact: &Fact, out: &mut Vec<u8>) {
    let mut bytes = Bytes(out);
    bytes.i64(at.nanos());
    match fact {
        Fact::OrderRefused { .. }
        | Fact::OrderAccepted { .. }
        | Fact::OrderRejected { .. }
        | Fact::CommandRejected { .. }
        | Fact::OrderReplaced { .. }
        | Fact::OrderTermsReplaced { .. }
        | Fact::OrderCanceled { .. }
        | Fact::OrderExpired { .. }
        | Fact::OrderRepriced { .. }
        | Fact::OrderReduced { .. }
        | Fact::OrderGrown { .. }
        | Fact::OrderRestated { .. }
        | Fact::OrderTriggered { .. }
        | Fact::OrderRefreshed { .. } => encode_order(fact, &mut bytes),
        Fact::PhaseChanged { listing, phase } => {
            bytes.tag(17).u32(listing.get()).phase(*phase);
        }
        Fact::TradingHalted { listing } => {
            bytes.tag(39).u32(listing.get());
        }
        Fact::HaltLifted { listing } => {
            bytes.tag(40).u32(listing.get());
        }
        Fact::IndicativeChanged { listing, indicative } => {
            bytes.tag(18).u32(listing.get()).optional_price(indicative.map(|(price, _)| price));
            bytes.optional_lots(indicative.map(|(_, volume)| volume));
        }
        Fact::AuctionUncrossed { listing, price, volume } => {
            bytes.tag(19).u32(listing.get()).price(*price).u64(volume.lots());
        }
        Fact::Traded(trade) if trade.clamped == 0 => bytes.tag(7).trade(trade),
        Fact::Traded(trade) => bytes.tag(26).i64(trade.clamped).trade(trade),
        Fact::PriceMoved { listing, price, shown } => {
            bytes.tag(27).u32(listing.get()).price(*price).tag(u8::from(*shown));
        }
        Fact::CorporateAction { listing, action } => bytes.tag(34).u32(listing.get()).action(*action),
        Fact::BarReplayed { listing, bar } => bytes.tag(28).u32(listing.get()).bar(bar),
        Fact::TouchChanged { listing, quote } => bytes.tag(8).u32(listing.get()).quote(quote),
        Fact::BarClosed { listing, bar } => bytes.tag(9).u32(listing.get()).bar(bar),
        Fact::AccountMarked(_)
        | Fact::AccountFinanced { .. }
        | Fact::ContractCleared { .. }
        | Fact::ValueQuoted { .. }
        | Fact::AccountRuined { .. }
        | Fact::MarginCalled { .. }
        | Fact::MarginCallEnded { .. }
        | Fact::PositionSplit { .. }
        | Fact::AccountPaid { .. }
        | Fact::AccountOpened(_)
        | Fact::AccountFunded { .. }
        | Fact::ParticipantBlocked { .. }
        | Fact::ParticipantUnblocked { .. }
        | Fact::ParticipantReseated { .. } => encode_account(fact, &mut bytes),
        Fact::Logged { actor, text } => bytes.tag(11).text_of(*actor, text),
        Fact::StrategyFailed { actor, text } => bytes.tag(12).text_of(*actor, text),
        Fact::Plotted { actor, series, value } => {
            bytes.tag(20).u32(actor.get()).text(series).number(*value);
        }
        Fact::Recorded { actor, table, row } => {
            bytes.tag(21).u32(actor.get()).text(table).row(row);
        }
        Fact::Auction(event) => encode_auction(event, &mut bytes),
    }
}

/// Appends the bytes of a fact about an order, and nothing for others.
fn encode_order(fact: &Fact, bytes: &mut Bytes<'_>) {
    match fact {
        Fact::OrderRefused { owner, listing, terms, reason } => {
            bytes.tag(0).u32(owner.get()).u32(listing.get()).terms(terms).text(reason.name());
        }
        Fact::OrderAccepted { order, owner, listing, terms, sent_at } => {
            bytes.tag(1).of((*order, *owner, *listing)).terms(terms).optional(sent_at.map(SimTime::nanos));
        }
        Fact::OrderRejected { order, owner, listing, terms, sent_at, reason } => {
            bytes.tag(2).of((*order, *owner, *listing)).terms(terms).i64(sent_at.nanos()).text(reason.name());
        }
        Fact::CommandRejected { order, owner, listing, reason } => {
            bytes.tag(3).of((*order, *owner, *listing)).text(reason.name());
        }
        Fact::OrderReplaced { order, listing, price, leaves, kept_priority } => {
            bytes.tag(4).u64(order.get()).u32(listing.get()).price(*price).u64(leaves.lots());
            bytes.tag(u8::from(*kept_priority));
        }
        Fact::OrderTermsReplaced { order, listing, kind, time_in_force, leaves, kept_priority } => {
            bytes.tag(41).u64(order.get()).u32(listing.get()).kind(*kind).time_in_force(*time_in_force);
            bytes.u64(leaves.lots()).tag(u8::from(*kept_priority));
        }
        Fact::OrderCanceled { order, listing, quantity, reason } => {
            bytes.tag(5).u64(order.get()).u32(listing.get()).u64(quantity.lots()).text(reason.name());
        }
        Fact::OrderExpired { order, listing, quantity, reason } => {
            bytes.tag(6).u64(order.get()).u32(listing.get()).u64(quantity.lots()).text(reason.name());
        }
        Fact::OrderRepriced { order, listing, price } => {
            bytes.tag(13).u64(order.get()).u32(listing.get()).optional_price(*price);
        }
        Fact::OrderReduced { order, listing, leaves, reason } => {
            bytes.tag(14).u64(order.get()).u32(listing.get()).u64(leaves.lots()).text(reason.name());
        }
        Fact::OrderGrown { order, listing, leaves } => bytes.tag(25).lots_of(*order, *listing, *leaves),
        Fact::OrderRestated { order, listing, terms, leaves } => {
            bytes.tag(33).u64(order.get()).u32(listing.get()).terms(terms).u64(leaves.lots());
        }
        Fact::OrderTriggered { order, listing, trigger } => {
            bytes.tag(15).u64(order.get()).u32(listing.get()).price(*trigger);
        }
        Fact::OrderRefreshed { order, listing, displayed } => {
            bytes.tag(16).lots_of(*order, *listing, *displayed);
        }
        _ => {}
    }
}

/// Appends the bytes of a fact about an account, and nothing for others.
fn encode_account(fact: &Fact, bytes: &mut Bytes<'_>) {
    match fact {
        Fact::AccountMarked(mark) => bytes.tag(10).mark(mark),
        Fact::AccountFinanced { owner, interest, borrow } => {
            bytes.tag(22).u32(owner.get()).money(*interest).money(*borrow);
        }
        Fact::ContractCleared { instrument, clearing } => {
            bytes.tag(53).u32(instrument.get());
            match clearing {
                Clearing::Settlement { price } => bytes.text("settlement").text(&price.to_string()),
                Clearing::Funding { rate, per_lot } => {
                    bytes.text("funding").i64(rate.parts()).money(*per_lot)
                }
            };
        }
        Fact::ValueQuoted { instrument, quote } => {
            bytes.tag(60).u32(instrument.get()).money(quote.value);
            for side in [quote.bid, quote.ask] {
                match side {
                    None => bytes.tag(0),
                    Some(price) => bytes.tag(1).money(price),
                };
            }
        }
        Fact::AccountRuined { owner, equity } => {
            bytes.tag(32).u32(owner.get()).money(*equity);
        }
        Fact::MarginCalled { owner, equity, maintenance } => {
            bytes.tag(51).u32(owner.get()).money(*equity).money(*maintenance);
        }
        Fact::MarginCallEnded { owner, equity } => {
            bytes.tag(52).u32(owner.get()).money(*equity);
        }
        Fact::PositionSplit { owner, instrument, position, .. } => {
            bytes.tag(35).u32(owner.get()).u32(instrument.get()).i64(position.lots());
        }
        Fact::AccountPaid { owner, instrument, reason, amount, cost } => {
            bytes
                .tag(36)
                .u32(owner.get())
                .u32(instrument.get())
                .text(reason.name())
                .money(*amount)
                .money(*cost);
        }
        Fact::AccountOpened(opening) => bytes.tag(23).opening(opening),
        Fact::AccountFunded { owner, funding } => {
            bytes.tag(24).u32(owner.get()).transfer(funding.transfer).text(funding.reference.as_str());
        }
        Fact::ParticipantBlocked { owner, reason } => {
            bytes.tag(37).u32(owner.get()).text(reason.as_str());
        }
        Fact::ParticipantUnblocked { owner } => {
            bytes.tag(38).u32(owner.get());
        }
        Fact::ParticipantReseated { owner, kind } => {
            bytes.tag(50).u32(owner.get()).text(kind);
        }
        _ => {}
    }
}

/// Appends the bytes of what happened in an auction between participants.
fn encode_auction(event: &AuctionEvent, bytes: &mut Bytes<'_>) {
    match *event {
        AuctionEvent::Offered { auction, owner, lot, deadline } => {
            bytes.tag(54).u64(auction.get()).u32(owner.get()).lot(lot).i64(deadline.nanos());
        }
        AuctionEvent::Proposed { auction, proposal, owner, proposer, consideration } => {
            bytes.tag(55).u64(auction.get()).u64(proposal.get()).u32(owner.get()).u32(proposer.get());
            bytes.consideration(consideration);
        }
        AuctionEvent::Accepted { auction, proposal, owner, proposer, lot, consideration, value } => {
            bytes.tag(56).u64(auction.get()).u64(proposal.get()).u32(owner.get()).u32(proposer.get());
            bytes.lot(lot).consideration(consideration).money(value);
        }
        AuctionEvent::ProposalEnded { auction, proposal, owner, proposer, why } => {
            bytes.tag(57).u64(auction.get()).u64(proposal.get()).u32(owner.get()).u32(proposer.get());
            bytes.text(why.name());
        }
        AuctionEvent::Ended { auction, owner, why } => {
            bytes.tag(58).u64(auction.get()).u32(owner.get()).text(why.name());
        }
    }
}

const fn side(side: Side) -> u8 {
    match side {
        Side::Buy => 0,
        Side::Sell => 1,
    }
}

const fn phase(phase: Phase) -> u8 {
    match phase {
        Phase::PreOpen => 0,
        Phase::OpeningAuction => 1,
        Phase::Continuous => 2,
        Phase::Halt => 3,
        Phase::ReopeningAuction => 4,
        Phase::ClosingAuction => 5,
        Phase::Closed => 6,
    }
}

/// Fields of the most frequent facts, which come to `N` bytes: put together, to be appended at once.
struct Fields<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Fields<N> {
    #[inline(always)]
    const fn new() -> Self {
        Self { bytes: [0; N], len: 0 }
    }

    // Inlined, so that the compiler knows where each field goes.
    #[inline(always)]
    fn put<const M: usize>(&mut self, field: [u8; M]) -> &mut Self {
        self.bytes[self.len..self.len + M].copy_from_slice(&field);
        self.len += M;
        self
    }
}

/// Appends plain values, chained.
struct Bytes<'a>(&'a mut Vec<u8>);

impl Bytes<'_> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// A tag, and a number after it.
    #[inline]
    fn tagged(&mut self, tag: u8, number: i64) -> &mut Self {
        let mut bytes = [tag; 9];
        bytes[1..].copy_from_slice(&number.to_le_bytes());
        self.put(&bytes)
    }

    fn tag(&mut self, tag: u8) -> &mut Self {
        self.put(&[tag])
    }

    fn u32(&mut self, value: u32) -> &mut Self {
        self.put(&value.to_le_bytes())
    }

    fn u64(&mut self, value: u64) -> &mut Self {
        self.put(&value.to_le_bytes())
    }

    fn i64(&mut self, value: i64) -> &mut Self {
        self.put(&value.to_le_bytes())
    }

    /// The order, its owner and its listing.
    fn of(&mut self, (order, owner, listing): (OrderId, ActorId, ListingId)) -> &mut Self {
        let mut fields = Fields::<16>::new();
        fields.put(order.get().to_le_bytes()).put(owner.get().to_le_bytes()).put(listing.get().to_le_bytes());
        self.put(&fields.bytes)
    }

    /// An order, its listing, and a quantity of it.
    fn lots_of(&mut self, order: OrderId, listing: ListingId, lots: Quantity) {
        self.u64(order.get()).u32(listing.get()).u64(lots.lots());
    }

    fn money(&mut self, value: Money) -> &mut Self {
        self.put(&value.units().to_le_bytes())
    }

    fn price(&mut self, value: Price) -> &mut Self {
        self.i64(value.ticks())
    }

    fn side(&mut self, value: Side) -> &mut Self {
        self.tag(side(value))
    }

    /// Length first, so that no two sequences of texts have the same bytes.
    fn text(&mut self, text: &str) -> &mut Self {
        self.u64(text.len() as u64).put(text.as_bytes())
    }

    fn optional(&mut self, value: Option<i64>) -> &mut Self {
        match value {
            None => self.tag(0),
            Some(value) => self.tagged(1, value),
        }
    }

    fn optional_price(&mut self, price: Option<Price>) -> &mut Self {
        self.optional(price.map(Price::ticks))
    }

    fn optional_lots(&mut self, lots: Option<Quantity>) -> &mut Self {
        self.optional(lots.map(|lots| lots.net().lots()))
    }

    fn phase(&mut self, value: Phase) -> &mut Self {
        self.tag(phase(value))
    }

    fn terms(&mut self, terms: &OrderTerms) -> &mut Self {
        self.side(terms.side).u64(terms.quantity.lots()).kind(terms.kind).time_in_force(terms.time_in_force);
        if terms.is_plain() {
            // What follows comes to this.
            return self.put(&[0, 0, 0, 0, u8::from(terms.reduce_only), 0]);
        }
        self.optional_lots(terms.display).optional_lots(terms.minimum);
        self.tag(match terms.post_only {
            PostOnly::No => 0,
            PostOnly::Reject => 1,
            PostOnly::Slide => 2,
        });
        self.tag(match terms.self_trade {
            SelfTrade::Allow => 0,
            SelfTrade::CancelNewest => 1,
            SelfTrade::CancelOldest => 2,
            SelfTrade::CancelBoth => 3,
            SelfTrade::Decrement => 4,
        });
        self.tag(u8::from(terms.reduce_only)).link(terms.link)
    }

    fn kind(&mut self, kind: OrderKind) -> &mut Self {
        match kind {
            OrderKind::Limit(price) => self.tagged(0, price.ticks()),
            OrderKind::Market { protection } => self.tag(1).optional_price(protection),
            OrderKind::MarketToLimit { protection } => self.tag(2).optional_price(protection),
            OrderKind::Stop { trigger, protection } => self.tag(3).price(trigger).optional_price(protection),
            OrderKind::StopLimit { trigger, limit } => self.tag(4).price(trigger).price(limit),
            OrderKind::TrailingStop { distance, protection } => {
                match distance {
                    TrailingDistance::Ticks(ticks) => self.tag(5).i64(ticks),
                    TrailingDistance::BasisPoints(bps) => self.tag(7).i64(i64::from(bps)),
                };
                self.optional_price(protection)
            }
            OrderKind::Pegged { to, offset, limit } => {
                let to = match to {
                    Peg::Mid => 0,
                    Peg::Touch => 1,
                };
                self.tag(6).tag(to).i64(i64::from(offset)).optional_price(limit)
            }
        }
    }

    fn time_in_force(&mut self, time_in_force: TimeInForce) -> &mut Self {
        match time_in_force {
            TimeInForce::Gtc => self.tag(0),
            TimeInForce::Ioc => self.tag(1),
            TimeInForce::Fok => self.tag(2),
            TimeInForce::Day => self.tag(3),
            TimeInForce::Gtd(date) => self.tag(4).i64(date.nanos()),
            TimeInForce::AtOpen => self.tag(5),
            TimeInForce::AtClose => self.tag(6),
        }
    }

    fn link(&mut self, link: Link) -> &mut Self {
        match link {
            Link::None => self.tag(0),
            Link::OneCancelsOther(order) => self.tag(1).u64(order.get()),
            Link::Bracket {
                take_profit: Some(take_profit),
                stop_loss: Some(StopLoss::Market { trigger, protection }),
            } => self.tag(2).price(take_profit).price(trigger).optional_price(protection),
            Link::Bracket { take_profit, stop_loss } => {
                self.tag(3).optional_price(take_profit).stop_loss(stop_loss)
            }
            Link::Pair(stop) => self.tag(4).stop_loss(Some(stop)),
            Link::ExitOf(entry) => self.tag(5).u64(entry.get()),
        }
    }

    fn stop_loss(&mut self, stop: Option<StopLoss>) -> &mut Self {
        match stop {
            None => self.tag(0),
            Some(StopLoss::Market { trigger, protection }) => {
                self.tag(1).price(trigger).optional_price(protection)
            }
            Some(StopLoss::Limit { trigger, limit }) => self.tag(2).price(trigger).price(limit),
        }
    }

    fn number(&mut self, value: Option<Finite>) -> &mut Self {
        match value {
            None => self.tag(0),
            Some(value) => self.tag(1).u64(value.get().to_bits()),
        }
    }

    fn cell(&mut self, cell: &Cell) -> &mut Self {
        match cell {
            Cell::Bool(value) => self.tag(0).tag(u8::from(*value)),
            Cell::Int(value) => self.tag(1).i64(*value),
            Cell::Float(value) => self.tag(2).number(*value),
            Cell::Text(text) => self.tag(3).text(text),
        }
    }

    fn row(&mut self, row: &Row) {
        self.u64(row.len() as u64);
        for (column, cell) in row.iter() {
            self.text(column).cell(cell);
        }
    }

    fn trade(&mut self, trade: &Trade) {
        let mut fields = Fields::<94>::new();
        fields
            .put(trade.id.get().to_le_bytes())
            .put(trade.listing.get().to_le_bytes())
            .put(trade.price.ticks().to_le_bytes())
            .put(trade.quantity.lots().to_le_bytes())
            .put([side(trade.aggressor), phase(trade.phase)])
            .put(trade.maker_queue_ahead.lots().to_le_bytes())
            .put(trade.maker_order.get().to_le_bytes())
            .put(trade.maker.get().to_le_bytes())
            .put(trade.maker_fee.units().to_le_bytes())
            .put(trade.taker_order.get().to_le_bytes())
            .put(trade.taker.get().to_le_bytes())
            .put(trade.taker_fee.units().to_le_bytes());
        self.put(&fields.bytes);
    }

    fn level(&mut self, level: Option<QuoteLevel>) -> &mut Self {
        match level {
            None => self.tag(0),
            Some(QuoteLevel { price, size }) => {
                let mut fields = Fields::<17>::new();
                fields.put([1]).put(price.ticks().to_le_bytes()).put(size.lots().to_le_bytes());
                self.put(&fields.bytes)
            }
        }
    }

    fn quote(&mut self, quote: &Quote) {
        self.level(quote.bid).level(quote.ask);
    }

    fn bar(&mut self, bar: &Bar) {
        self.i64(bar.start.nanos()).i64(bar.end.nanos());
        self.price(bar.open).price(bar.high).price(bar.low).price(bar.close);
        // No bar has that many lots.
        self.u64(bar.volume.map_or(u64::MAX, Quantity::lots));
    }

    fn action(&mut self, action: CorporateAction) {
        match action {
            CorporateAction::Split(ratio) => self.tag(0).u32(ratio.new_shares()).u32(ratio.old()),
            CorporateAction::Dividend(amount) => self.tag(1).money(amount),
        };
    }

    fn opening(&mut self, opening: &AccountOpening) {
        self.u32(opening.owner.get()).text(&opening.name).text(&opening.kind).money(opening.cash);
        self.u64(opening.holdings.len() as u64);
        for (instrument, quantity) in opening.holdings.iter() {
            self.u32(instrument.get()).i64(quantity.lots());
        }
    }

    fn transfer(&mut self, transfer: Transfer) -> &mut Self {
        match transfer {
            Transfer::Cash(amount) => self.tag(0).money(amount),
            Transfer::Shares { instrument, quantity } => {
                self.tag(1).u32(instrument.get()).i64(quantity.lots())
            }
        }
    }

    fn lot(&mut self, AuctionLot { instrument, quantity }: AuctionLot) -> &mut Self {
        self.u32(instrument.get()).u64(quantity.lots())
    }

    fn consideration(&mut self, consideration: Consideration) -> &mut Self {
        match consideration {
            Consideration::Cash(amount) => self.tag(0).money(amount),
            Consideration::Shares { instrument, quantity } => {
                self.tag(1).lot(AuctionLot { instrument, quantity })
            }
        }
    }

    fn text_of(&mut self, actor: ActorId, text: &str) {
        self.u32(actor.get()).text(text);
    }

    fn mark(&mut self, mark: &AccountMark) {
        self.u32(mark.owner.get()).u32(mark.instrument.get()).i64(mark.position.lots());
        self.optional(mark.mark_half_ticks).money(mark.cost).money(mark.realized).money(mark.unrealized);
        self.money(mark.fees).money(mark.cash).money(mark.equity);
    }
}
