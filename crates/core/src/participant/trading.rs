//! What actors can do: trade, through the account gate.

use std::collections::{BTreeMap, BTreeSet};

use super::context::Context;
use super::message::Message;
use super::request::{Instruction, Outcome, Tagged};
use super::state::MarketState;
use crate::account::{Account, Approved, OpenOrder, OrderContext};
use crate::market::{Command, CommandKind, Fact, OrderTerms, Refusal, Replacement, SentCommand, Side};
use crate::units::{ActorId, InstrumentId, ListingId, OrderId, Price, Quantity, SimTime};

/// Which of its open orders an actor cancels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelScope {
    /// All, so that no working order is left.
    All,
    /// All but those that only leave a position: brackets' exits, which stay and still enter with what their
    /// entries have traded, and reduce-only orders.
    Entries,
}

impl Context {
    /// Submits an order through the account gate; it reaches the venue after the entry latency.
    ///
    /// ```
    /// use actix::{Actor, Handler};
    /// use bearpit_core::kernel::Wakeup;
    /// use bearpit_core::market::{ExecutionReport, OrderTerms, Refusal, Side};
    /// use bearpit_core::participant::{Context, MarketData};
    /// use bearpit_core::units::{Money, Price, Quantity, SimDuration};
    ///
    /// struct Buyer;
    ///
    /// impl Actor for Buyer {
    ///     type Context = Context;
    ///
    ///     fn started(&mut self, ctx: &mut Context) {
    ///         let acme = ctx.find_listing("ACME", None).unwrap();
    ///         let bid = OrderTerms::limit(Side::Buy, Quantity::new(10), Price::new(9_990));
    ///         let order = ctx.submit(acme, bid).unwrap();
    ///         // The cash that it can cost is held from now on.
    ///         let account = ctx.account().unwrap();
    ///         assert_eq!(account.open_orders().first().map(|open| open.id), Some(order));
    ///         assert_eq!(account.free_cash(), Money::from_whole(9_001));
    ///         // A sale that no shares cover is refused, and never sent.
    ///         let sale = OrderTerms::limit(Side::Sell, Quantity::new(10), Price::new(9_990));
    ///         assert!(matches!(ctx.submit(acme, sale), Err(Refusal::InsufficientShares { .. })));
    ///     }
    /// }
    ///
    /// bearpit_core::ignore_messages!(Buyer: Wakeup, ExecutionReport, MarketData);
    /// # use bearpit_core::account::AccountConfig;
    /// # use bearpit_core::exchange::MarketBuilder;
    /// # use bearpit_core::market::{Fees, Instrument};
    /// # use bearpit_core::participant::{Latencies, ParticipantConfig};
    /// # use bearpit_core::units::{Seed, SimTime};
    /// # let open: SimTime = "2025-03-03T09:30:00".parse()?;
    /// # let mut builder = MarketBuilder::new(Seed::new(1), open, open + SimDuration::from_secs(60))?;
    /// # let acme = builder.instrument(Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?, None);
    /// # builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
    /// # let account = AccountConfig { cash: Money::from_whole(10_000), ..AccountConfig::default() };
    /// # builder.agent("agent", ParticipantConfig::new("agent").with_account(account), Buyer)?;
    /// # let mut market = builder.open()?;
    /// # market.run()?;
    /// # assert!(market.world().domain().tape().facts() > 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A [`Refusal`], at once, if the account does not cover the order or its terms are out of range; the
    /// order is then never sent. The venue's response comes as an
    /// [`ExecutionReport`](crate::market::ExecutionReport).
    ///
    /// The exits of a bracket have the two ids after the one that is returned, the stop of a pair has the
    /// next one; they are among the open orders of the account from now on.
    pub fn submit(&mut self, listing: ListingId, terms: OrderTerms) -> Result<OrderId, Refusal> {
        self.enter(listing, terms).map(|(order, _)| order)
    }

    /// Submits an order; returns its terms as they were sent, too.
    pub(super) fn enter(
        &mut self,
        listing: ListingId,
        terms: OrderTerms,
    ) -> Result<(OrderId, OrderTerms), Refusal> {
        let (owner, now) = (self.id(), self.now());
        let reference = self.reference_price(listing, terms.side);
        if terms.reduce_only {
            // A fill may have it canceled from now on.
            self.deliver_unread(owner);
            self.domain_mut().unread.note_reducing(owner);
        }
        let market = self.domain_mut();
        let order = OrderId::new(market.next_order);
        let pricing = market.pricing(owner, listing, reference);
        let admitted =
            match (market.refusal_before(owner, listing, &terms, now), market.gate(owner, listing, now)) {
                (Some(refusal), _) => Err(refusal),
                (None, None) => Err(Refusal::UnknownListing),
                (None, Some((account, at))) => {
                    account.admit(order, terms, &OrderContext { pricing, ..at }, reference)
                }
            };
        match admitted {
            Ok(approved) => {
                market.next_order += terms.link.ids();
                market.count_sent(owner, now);
                self.dispatch(order, listing, approved.map(CommandKind::New));
                Ok((order, approved.into_inner()))
            }
            Err(reason) => {
                self.publish(Fact::OrderRefused { owner, listing, terms, reason });
                Err(reason)
            }
        }
    }

    /// Sends the venue a cancel of one of the actor's orders.
    ///
    /// ```
    /// use actix::{Actor, Handler};
    /// use bearpit_core::kernel::Wakeup;
    /// use bearpit_core::market::{ExecutionReport, OrderTerms, Refusal, ReportKind, Side};
    /// use bearpit_core::participant::{Context, MarketData};
    /// use bearpit_core::units::{Price, Quantity, SimDuration};
    ///
    /// struct Hesitant;
    ///
    /// impl Actor for Hesitant {
    ///     type Context = Context;
    ///
    ///     fn started(&mut self, ctx: &mut Context) {
    ///         let acme = ctx.find_listing("ACME", None).unwrap();
    ///         let bid = OrderTerms::limit(Side::Buy, Quantity::new(10), Price::new(9_990));
    ///         ctx.submit(acme, bid).unwrap();
    ///     }
    /// }
    ///
    /// impl Handler<ExecutionReport> for Hesitant {
    ///     type Result = ();
    ///
    ///     fn handle(&mut self, report: ExecutionReport, ctx: &mut Context) {
    ///         match report.kind {
    ///             ReportKind::Accepted => ctx.cancel(report.order).unwrap(),
    ///             // Once the venue has reported the end of the order, there is nothing left to cancel.
    ///             _ => assert_eq!(ctx.cancel(report.order), Err(Refusal::UnknownOrder(report.order))),
    ///         }
    ///     }
    /// }
    ///
    /// bearpit_core::ignore_messages!(Hesitant: Wakeup, MarketData);
    /// # use bearpit_core::account::AccountConfig;
    /// # use bearpit_core::exchange::MarketBuilder;
    /// # use bearpit_core::market::{Fees, Instrument};
    /// # use bearpit_core::participant::{Latencies, ParticipantConfig};
    /// # use bearpit_core::units::{Money, Seed, SimTime};
    /// # let open: SimTime = "2025-03-03T09:30:00".parse()?;
    /// # let mut builder = MarketBuilder::new(Seed::new(1), open, open + SimDuration::from_secs(60))?;
    /// # let acme = builder.instrument(Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?, None);
    /// # builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
    /// # let account = AccountConfig { cash: Money::from_whole(10_000), ..AccountConfig::default() };
    /// # builder.agent("agent", ParticipantConfig::new("agent").with_account(account), Hesitant)?;
    /// # let mut market = builder.open()?;
    /// # market.run()?;
    /// # assert!(market.world().domain().tape().facts() > 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Refusal::UnknownOrder`] if no such order is open in the account, [`Refusal::NotEntered`] if it is
    /// an exit of a bracket that is not known to have entered.
    pub fn cancel(&mut self, order: OrderId) -> Result<(), Refusal> {
        let owner = self.id();
        let account = self.domain_mut().accounts.get_mut(owner.index()).ok_or(Refusal::NoAccount)?;
        let approved = account.admit_cancel_at(order)?;
        let listing = approved.into_inner();
        self.dispatch(order, listing, approved.map(|_| CommandKind::Cancel));
        Ok(())
    }

    /// Sends the venue a change of an order's price and total quantity (filled part included).
    ///
    /// A pure decrease of quantity keeps the order's place in the queue; anything else loses it.
    ///
    /// # Errors
    /// A [`Refusal`] if the order is not open, is being replaced already, or the account does not cover
    /// the change.
    pub fn replace(&mut self, order: OrderId, price: Price, quantity: Quantity) -> Result<(), Refusal> {
        self.replace_terms(order, Replacement::at(price, quantity))
    }

    /// Sends the venue a change of an order's prices, distance, time in force or total quantity; what is
    /// absent stays as it is.
    ///
    /// A pure decrease of quantity keeps the order's place in the queue, and so does another time in force of
    /// an order that rests with both; anything else loses it.
    ///
    /// # Errors
    /// As [`Context::replace`], and if the order's kind has not what is to be changed.
    pub fn replace_terms(&mut self, order: OrderId, new: Replacement) -> Result<(), Refusal> {
        let (owner, now) = (self.id(), self.now());
        let market = self.domain_mut();
        let is_blocked = market.is_blocked(owner);
        let limited = market.replace_limit_refusal(owner, order, &new, now);
        let account = market.accounts.get_mut(owner.index()).ok_or(Refusal::NoAccount)?;
        if is_blocked {
            return Err(account.refuse(Refusal::Blocked));
        }
        let Some(listing) = account.order(order).map(|open| open.listing) else {
            return Err(account.refuse(Refusal::UnknownOrder(order)));
        };
        if let Some(refusal) = limited {
            return Err(account.refuse(refusal));
        }
        let (account, at) = market.gate(owner, listing, now).ok_or(Refusal::UnknownListing)?;
        let approved = account.admit_replace(order, new, &at)?;
        market.count_sent(owner, now);
        self.dispatch(order, listing, approved.map(CommandKind::Replace));
        Ok(())
    }

    /// Cancels the open orders, or those at one listing, for which no cancel has been sent yet; returns those
    /// for which one of their own was sent.
    ///
    /// With [`CancelScope::All`] no working order is left once the cancels have arrived. Where exits of a
    /// bracket have yet to enter, the listing is sent one mass cancel in place of a cancel for each order:
    /// they cannot be named before they enter, and may do so before it arrives.
    pub fn cancel_all(&mut self, scope: CancelScope, at: Option<ListingId>) -> Vec<OrderId> {
        let is_meant = |order: &OpenOrder| {
            let is_here = at.is_none_or(|listing| order.listing == listing);
            // The stop of a pair that has yet to enter ends with the first.
            let is_with_first = order.awaits_entry.is_some() && !order.is_exit;
            let is_kept = scope == CancelScope::Entries && order.leaves_position();
            is_here && !order.cancel_sent && !is_with_first && !is_kept
        };
        let open = self.account().into_iter().flat_map(Account::open_orders).filter(is_meant);
        let orders: Vec<(OrderId, ListingId)> = open.clone().map(|order| (order.id, order.listing)).collect();
        let mut swept: BTreeMap<ListingId, bool> =
            open.filter(|order| order.awaits_entry.is_some()).map(|order| (order.listing, false)).collect();
        let mut canceled = Vec::new();
        for (order, listing) in orders {
            let Some(is_done) = swept.get_mut(&listing) else {
                canceled.push(order);
                self.cancel_each([order]);
                continue;
            };
            if !std::mem::replace(is_done, true) {
                let sent = self.mass_cancel(listing, None);
                debug_assert!(sent.is_ok(), "an actor with open orders has an account");
            }
        }
        canceled
    }

    /// Cancels as [`Context::cancel_unfit`], for the instrument of a listing.
    pub(super) fn cancel_unfit_at(&mut self, listing: ListingId) {
        if let Some(instrument) = self.listing(listing).map(|listing| listing.instrument) {
            self.cancel_unfit(instrument);
        }
    }

    /// Sends cancels of reduce-only orders that no longer fit the position in an instrument, newest first;
    /// [`Trader`](super::Trader) does so after whatever changes the position.
    ///
    /// Until the cancels arrive, the orders may still trade: a venue knows no positions.
    pub(super) fn cancel_unfit(&mut self, instrument: InstrumentId) {
        let unfit = self.account().map(|account| account.unfit_orders(instrument));
        self.cancel_each(unfit.into_iter().flatten());
    }

    fn cancel_each(&mut self, orders: impl IntoIterator<Item = OrderId>) {
        for order in orders {
            let canceled = self.cancel(order);
            debug_assert!(canceled.is_ok(), "an open order can be canceled");
        }
    }

    /// Sends one command that cancels all of the actor's orders at a listing, or those of one side.
    ///
    /// It applies to the orders in the book when it arrives, a bracket's exits among them; so with both sides
    /// it leaves no working order. If it takes out only the entry's side, the exits stay, for what the entry
    /// has traded; if only theirs, the entry goes on without any.
    ///
    /// # Errors
    /// A [`Refusal`] if there is no such listing, or the actor has no account.
    pub fn mass_cancel(&mut self, listing: ListingId, side: Option<Side>) -> Result<(), Refusal> {
        self.listing(listing).ok_or(Refusal::UnknownListing)?;
        self.send_mass_cancel(listing, side, |side| CommandKind::MassCancel { side })
    }

    /// Ends the actor's connection, as venues see it: all orders are canceled, with one command to each
    /// listing where any is open.
    ///
    /// For a participant that fails or leaves. Brackets are treated as by [`Context::mass_cancel`]; an actor
    /// that goes on may enter new orders. Its auctions and proposals are withdrawn, too.
    pub fn disconnect(&mut self) {
        let open = self.account().into_iter().flat_map(Account::open_orders);
        let listings: BTreeSet<ListingId> = open.map(|order| order.listing).collect();
        for listing in listings {
            let left = self.send_mass_cancel(listing, None, |_| CommandKind::Disconnect);
            debug_assert!(left.is_ok(), "an actor with open orders has an account");
        }
        self.leave_auctions();
    }

    /// Sends a command that concerns all orders at a listing, or those of one side.
    fn send_mass_cancel(
        &mut self,
        listing: ListingId,
        side: Option<Side>,
        command: impl FnOnce(Option<Side>) -> CommandKind,
    ) -> Result<(), Refusal> {
        let owner = self.id();
        let market = self.domain_mut();
        let account = market.accounts.get_mut(owner.index()).ok_or(Refusal::NoAccount)?;
        let approved = account.admit_mass_cancel(listing, side);
        // An id of its own, so that a rejection of it is not taken for news of an order.
        let id = OrderId::new(market.next_order);
        market.next_order += 1;
        self.dispatch(id, listing, approved.map(command));
        Ok(())
    }

    /// Carries out an instruction from outside in the current actor's name, and answers it.
    ///
    /// A refused order is a fact already; the refusal of any other instruction goes into the log.
    pub(super) fn carry_out(&mut self, request: Tagged<Instruction>) {
        let Tagged { tag, what } = request;
        let submitted = |(order, terms): (OrderId, OrderTerms)| Outcome::Submitted {
            order,
            exits: terms.exit_ids(order),
            terms,
        };
        let outcome = match what {
            Instruction::Submit { listing, terms } => self.enter(listing, terms).map(submitted),
            Instruction::SubmitNotional { listing, terms, notional } => {
                self.enter_notional(listing, terms, notional).map(submitted)
            }
            Instruction::Cancel(order) => self.cancel(order).map(|()| Outcome::CancelSent { order }),
            Instruction::Replace { order, new } => {
                self.replace_terms(order, new).map(|()| Outcome::ReplaceSent { order })
            }
            Instruction::MassCancel { listing, side } => {
                self.mass_cancel(listing, side).map(|()| Outcome::MassCancelSent { listing })
            }
            Instruction::Disconnect => {
                self.disconnect();
                Ok(Outcome::Disconnected)
            }
            Instruction::Auction(action) => return self.carry_out_auction(tag, action),
        };
        if let (Err(refusal), None) = (&outcome, what.entry()) {
            self.log(refusal.to_string());
        }
        let now = self.now();
        self.domain_mut().answer(now, tag, outcome.map_err(Into::into));
    }

    /// The price that a market order is expected to pay: the opposite touch as the actor sees it, or else the
    /// last trade, or the listing's reference price before the first trade.
    pub(super) fn reference_price(&mut self, listing: ListingId, side: Side) -> Option<Price> {
        let view = self.market(listing);
        let touch = match side {
            Side::Buy => view.quote.ask,
            Side::Sell => view.quote.bid,
        };
        let last = view.last_trade.map(|(price, _)| price);
        touch.map(|level| level.price).or(last).or_else(|| self.listing(listing)?.reference)
    }

    /// Sends an approved command on its way.
    fn dispatch(&mut self, order: OrderId, listing: ListingId, kind: Approved<CommandKind>) {
        let owner = self.id();
        self.dispatch_for(owner, order, listing, kind);
    }

    /// Sends an approved command of an owner on its way.
    pub(super) fn dispatch_for(
        &mut self,
        owner: ActorId,
        order: OrderId,
        listing: ListingId,
        kind: Approved<CommandKind>,
    ) {
        let now = self.now();
        let command = Command { order, owner, listing, kind: kind.into_inner() };
        let splits = self.domain().listings.get(listing.index()).map_or(0, |state| state.splits);
        if let Some((exchange, arrival)) = self.domain_mut().entry(owner, listing, now) {
            self.send_at(
                exchange,
                arrival,
                Message::Command(SentCommand { command, sent_at: now, splits }.into()),
            );
        }
    }
}

impl MarketState {
    /// Returns the exchange of a listing, and when a command sent there now arrives.
    fn entry(&mut self, owner: ActorId, listing: ListingId, now: SimTime) -> Option<(ActorId, SimTime)> {
        let listing = self.listings.get(listing.index())?.listing;
        let arrival = self.links.get(owner, listing.venue)?.entry.arrival(now);
        Some((listing.exchange, arrival))
    }
}
