//! A connection has ended: its orders are canceled where the session says so.

use super::Desk;
use super::work::Done;
use crate::domain::ProblemKind;
use crate::fix::shared::now;
use crate::fix::store::Record;
use bearpit_core::units::OrderId;

/// How many cancels are on their way at a time.
const AT_ONCE: usize = 500;

impl Desk {
    /// Takes note of what is to be canceled. A server that stops cancels nothing.
    pub(super) fn leave(&mut self) {
        if !self.file.state().cancels || *self.shared.stopping.borrow() {
            return;
        }
        self.cancels_new = true;
        let open = self.file.state().orders.iter().filter(|(_, order)| !order.is_over);
        self.to_cancel.extend(open.map(|(id, _)| *id));
        self.keep_leaving();
        self.cancel_left();
    }

    /// Writes down what is to be canceled: a process that is killed before it is leaves it to the next one.
    pub(super) fn keep_leaving(&mut self) {
        let all = self.file.state().leaving.union(&self.to_cancel).copied().collect();
        self.records.push(Record::Leaving(all));
    }

    /// Cancels what is to be canceled. Where the market takes nothing now, it is asked again.
    pub(super) fn cancel_left(&mut self) {
        let ids: Vec<u64> = self.to_cancel.iter().take(AT_ONCE).copied().collect();
        for id in ids {
            self.to_cancel.remove(&id);
            let (trading, account) = (self.shared.trading.clone(), self.key.account);
            self.begin(async move {
                match trading.cancel(account, OrderId::new(id)).await {
                    Err(problem)
                        if matches!(problem.kind, ProblemKind::Unavailable | ProblemKind::Unknown) =>
                    {
                        Done::CancelAgain(id)
                    }
                    // It is canceled, or over.
                    Ok(_) | Err(_) => Done::Nothing,
                }
            });
        }
    }

    /// Ends all subscriptions of the connection.
    pub(super) fn unsubscribe_all(&mut self) {
        for (_, tasks) in std::mem::take(&mut self.subscriptions) {
            tasks.iter().for_each(tokio::task::AbortHandle::abort);
        }
        // What they have said already is for nobody.
        while self.news.1.try_recv().is_ok() {}
    }

    /// Takes one of the messages that a client may send; returns whether it had one left.
    pub(super) fn is_allowed(&mut self) -> bool {
        let rate = i64::from(self.shared.config.messages_per_second);
        let Some(live) = &mut self.live else { return true };
        let at = now();
        let earned = (at - live.counted_at).max(0).saturating_mul(rate);
        live.counted_at = at;
        live.allowance = (live.allowance.saturating_add(earned)).min(rate * 1_000);
        if live.allowance < 1_000 {
            return false;
        }
        live.allowance -= 1_000;
        true
    }
}
