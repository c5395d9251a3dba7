//! What is done to an account from above: its orders canceled, its seat shut, funds moved, all set back.

use std::time::Duration;

use bearpit::scenario::LiveConfig;
use bearpit_core::market::{Funding, Reference, Transfer};
use bearpit_core::participant::{Instruction, OperatorRefusal, RequestRefusal};
use bearpit_core::units::{InstrumentId, Money, NetQuantity};

use super::asking::{is_without_seat, seat_of};
use super::{CanceledView, Trading, explain};
use crate::domain::{AccountId, ClientOrderId, Problem, ProblemKind};
use crate::driver::{AccountView, Ask, OrderProgress, PositionView, What};

/// How long cancels may take to arrive at their venues.
const CANCELS_MAX: Duration = Duration::from_secs(5);
/// How often it is looked whether they have.
const LOOK_EVERY: Duration = Duration::from_millis(10);

impl Trading {
    /// Cancels all orders of an account, and takes no more of it until it is opened up. Where its seat is not
    /// there, or shut already, there is nothing to do.
    pub(in crate::services) async fn shut(&self, account: AccountId, why: &str) -> Result<(), Problem> {
        self.operate(account, What::Block(reference(why)?), OperatorRefusal::AlreadyBlocked).await
    }

    /// Takes orders of an account again.
    pub(in crate::services) async fn open_up(&self, account: AccountId) -> Result<(), Problem> {
        self.operate(account, What::Unblock, OperatorRefusal::NotBlocked).await
    }

    /// Has all orders of an account whose seat is open canceled, and its positions closed if that is asked
    /// for.
    pub(in crate::services) async fn retire(&self, account: AccountId, flatten: bool) -> Result<(), Problem> {
        self.ask_open(account, What::Reseat(LiveConfig::retire(flatten))).await
    }

    async fn operate(&self, account: AccountId, what: What, is_so: OperatorRefusal) -> Result<(), Problem> {
        let answer = match self.send(Ask { seat: seat_of(account), what, client: None }).await {
            Err(problem) if is_without_seat(&problem) => return Ok(()),
            answer => answer?,
        };
        match answer.outcome {
            Err(RequestRefusal::Operator(why)) if why == is_so => Ok(()),
            outcome => outcome.map(drop).map_err(|refusal| explain::refusal(&refusal)),
        }
    }

    /// Cancels an account's orders, or those of a symbol; all of them, or those that can build a position.
    pub(in crate::services) async fn withdraw(
        &self,
        account: AccountId,
        symbol: Option<&str>,
        entries_only: bool,
    ) -> Result<CanceledView, Problem> {
        let found = symbol.map(|symbol| self.data.find(symbol).map(|(_, snapshot)| snapshot.id));
        let listing = found.transpose().map_err(|problem| problem.at("symbol"))?;
        let Some(view) = self.open_account(account).await? else {
            return Ok(CanceledView { order_ids: Vec::new() });
        };
        if !entries_only {
            return self.cancel_all(account, symbol).await;
        }
        let is_meant = |order: &&OrderProgress| {
            order.is_entry && !order.cancel_sent && listing.is_none_or(|listing| listing == order.listing)
        };
        let mut order_ids = Vec::new();
        for OrderProgress { order, .. } in view.orders.iter().filter(is_meant) {
            match self.ask_open(account, What::Instruct(Instruction::Cancel(*order))).await {
                Ok(()) => order_ids.push(order.to_string()),
                // It has ended meanwhile, or with another.
                Err(problem) if problem.kind == ProblemKind::NotFound => {}
                Err(problem) => return Err(problem),
            }
        }
        Ok(CanceledView { order_ids })
    }

    /// Moves funds into an account or out of it, once for each id.
    pub(in crate::services) async fn fund(
        &self,
        account: AccountId,
        funding: Funding,
        client: Option<ClientOrderId>,
    ) -> Result<(), Problem> {
        self.ask(account, What::Fund(funding), client).await.map(drop)
    }

    /// Waits until an account has no order that is open or on its way; nothing if its seat is not there.
    ///
    /// # Errors
    /// [`Problem`] if that takes too long.
    pub(in crate::services) async fn without_orders(
        &self,
        account: AccountId,
    ) -> Result<Option<Box<AccountView>>, Problem> {
        let wait = async {
            loop {
                match self.open_account(account).await? {
                    Some(view) if !view.orders.is_empty() => tokio::time::sleep(LOOK_EVERY).await,
                    view => return Ok(view),
                }
            }
        };
        tokio::time::timeout(CANCELS_MAX, wait).await.unwrap_or_else(|_| {
            let message =
                "orders are still open: their cancels are on their way, or the venue takes none now";
            Err(Problem::new(ProblemKind::Conflict, "open_orders", message).hint("ask again in a moment"))
        })
    }

    /// Sets an account back to the starting cash: its orders are canceled, what it holds leaves the market at
    /// its marks, and cash enters or leaves. Each of these is in the journal, and conservation counts it.
    pub(in crate::services) async fn set_back(&self, account: AccountId, why: &str) -> Result<(), Problem> {
        if let Some(why) = self.handle.status().unavailable() {
            return Err(explain::unavailable(&why));
        }
        let Some(view) = self.open_account(account).await? else { return Ok(()) };
        // One that was interrupted has shut it for the same reason.
        let was_shut = view.blocked.as_deref().is_some_and(|reason| reason != why);
        self.shut(account, why).await?;
        let emptied = self.empty(account, why).await;
        if was_shut {
            return emptied;
        }
        let opened = self.open_up(account).await;
        emptied.and(opened)
    }

    async fn empty(&self, account: AccountId, why: &str) -> Result<(), Problem> {
        let Some(view) = self.without_orders(account).await? else { return Ok(()) };
        for position in view.positions.iter().filter(|it| it.holding != NetQuantity::ZERO) {
            let Some(instrument) = self.instrument_of(position) else { continue };
            let quantity = NetQuantity::new(-position.holding.lots());
            let funding =
                Funding { transfer: Transfer::Shares { instrument, quantity }, reference: reference(why)? };
            self.fund(account, funding, None).await?;
        }
        // Financing may have been booked meanwhile.
        let cash = self.open_account(account).await?.map_or(view.cash, |view| view.cash);
        let difference = self.source.live().starting_cash - cash;
        if difference != Money::ZERO {
            let funding = Funding { transfer: Transfer::Cash(difference), reference: reference(why)? };
            self.fund(account, funding, None).await?;
        }
        Ok(())
    }

    fn instrument_of(&self, position: &PositionView) -> Option<InstrumentId> {
        let mut instruments = self.source.scenario().instruments.iter();
        let place = instruments.position(|it| it.instrument.symbol() == position.symbol)?;
        u32::try_from(place).ok().map(InstrumentId::new)
    }
}

/// Takes a text as a reference, for the tape.
fn reference(text: &str) -> Result<Reference, Problem> {
    Reference::new(text).map_err(|error| Problem::new(ProblemKind::Refused, "invalid_field", error))
}
