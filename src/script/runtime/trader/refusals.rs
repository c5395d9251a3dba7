//! What was refused is told to the script, after the callback that asked for it.

use std::mem;

use rhai::Dynamic;

use super::{ScriptTrader, TraderState};
use crate::script::value::auction::AuctionEventView;
use crate::script::value::callback::Callback;
use crate::script::value::order_event::{OrderEvent, OrderEventKind};
use bearpit_core::participant::Context;

/// How many rounds of refusals may follow from refusals in `on_order` or `on_auction`.
const REFUSALS_MAX: usize = 1_000;

impl ScriptTrader {
    /// Calls `on_order` for what the account gate refused in the previous callback, and `on_auction` for what
    /// was refused in auctions.
    pub(super) fn report_refusals(&mut self, ctx: &mut Context) {
        for _ in 0..REFUSALS_MAX {
            let TraderState::Running(program) = &mut self.state else { return };
            let (refused, in_auctions) = program.with_state(|state| {
                (mem::take(&mut state.refused), mem::take(&mut state.refused_in_auctions))
            });
            if refused.is_empty() && in_auctions.is_empty() {
                return;
            }
            for refusal in in_auctions {
                let news = AuctionEventView::refused(refusal, ctx.id(), ctx.now());
                if let Err(error) = self.call_counted(ctx, Callback::Auction, [Dynamic::from(news)]) {
                    return self.fail(ctx, Some(Callback::Auction), &error);
                }
            }
            for (order, reason) in refused {
                let is_order = order.id().is_none();
                let event = OrderEvent { order, what: OrderEventKind::Refused(reason), at: ctx.now() };
                for callback in [Callback::OrderRefused, Callback::Order] {
                    if callback == Callback::OrderRefused && !is_order {
                        continue;
                    }
                    if let Err(error) = self.call_counted(ctx, callback, [Dynamic::from(event.clone())]) {
                        return self.fail(ctx, Some(callback), &error);
                    }
                }
            }
        }
        let TraderState::Running(program) = &self.state else { return };
        let defined = [Callback::OrderRefused, Callback::Order, Callback::Auction]
            .into_iter()
            .find(|it| program.has(*it));
        let callback = defined.unwrap_or(Callback::Order);
        let message = if callback == Callback::Auction {
            "what is asked for in on_auction is refused again and again".to_owned()
        } else {
            "orders sent in on_order or on_order_refused are refused again and again".to_owned()
        };
        let error = self.at_callback(callback, message);
        self.fail(ctx, Some(callback), &error);
    }
}
