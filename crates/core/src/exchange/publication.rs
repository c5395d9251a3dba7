//! From what happens to an order at a venue to facts and reports.

use super::reject::reject;
use crate::book::{BookEvent, EventSink};
use crate::market::{CommandKind, ExecutionReport, Fact, Link, ReportKind, SentCommand, Side};
use crate::participant::Context;
use crate::units::{ActorId, ListingId, OrderId};

/// An order whose owner gets a report.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReportedOrder {
    pub(super) owner: ActorId,
    pub(super) order: OrderId,
    pub(super) side: Side,
}

impl ReportedOrder {
    /// Sends the report.
    pub(super) fn report(self, listing: ListingId, kind: ReportKind, ctx: &mut Context) {
        let at = ctx.now();
        let Self { owner, order, side } = self;
        ctx.report(owner, ExecutionReport { order, listing, side, at, kind });
    }

    /// Sends the report that the order was accepted; `is_linked` says whether it names or enters others.
    fn report_accepted(self, listing: ListingId, is_linked: bool, ctx: &mut Context) {
        let Self { owner, order, side } = self;
        let report = ExecutionReport { order, listing, side, at: ctx.now(), kind: ReportKind::Accepted };
        if is_linked {
            ctx.report(owner, report);
        } else {
            ctx.report_news(owner, report);
        }
    }
}

/// Publishes orders of a listing that end, each at once.
pub(super) struct EndedOrders<'a> {
    pub(super) listing: ListingId,
    pub(super) ctx: &'a mut Context,
}

impl EventSink for EndedOrders<'_> {
    fn take(&mut self, event: BookEvent) {
        publish_order_event(self.listing, None, &event, self.ctx);
    }
}

/// Turns an event that is about one order into a fact and a report; `sent` is the command that brought it
/// about, if one did.
pub(super) fn publish_order_event(
    listing: ListingId,
    sent: Option<&SentCommand>,
    event: &BookEvent,
    ctx: &mut Context,
) {
    match *event {
        BookEvent::Accepted { order, owner } => {
            if let Some(&SentCommand { command, sent_at, .. }) = sent
                && let CommandKind::New(terms) = command.kind
            {
                let sent_at = Some(sent_at);
                ctx.publish(Fact::OrderAccepted { order, owner, listing, terms, sent_at });
                let reported = ReportedOrder { owner, order, side: terms.side };
                reported.report_accepted(listing, !matches!(terms.link, Link::None), ctx);
            }
        }
        BookEvent::ExitEntered { order, owner, terms, .. } => {
            ctx.publish(Fact::OrderAccepted { order, owner, listing, terms, sent_at: None });
            ReportedOrder { owner, order, side: terms.side }.report(listing, ReportKind::Accepted, ctx);
        }
        BookEvent::Rejected { reason, .. } | BookEvent::CommandRejected { reason, .. } => {
            if let Some(sent) = sent {
                reject(sent, reason, ctx);
            }
        }
        _ => publish_change(listing, event, ctx),
    }
}

/// Turns an event that changed or ended one order into a fact and a report.
fn publish_change(listing: ListingId, event: &BookEvent, ctx: &mut Context) {
    let (owner, order, side, fact, kind) = match *event {
        BookEvent::Replaced { order, owner, side, price, leaves, kept_priority } => {
            let fact = Fact::OrderReplaced { order, listing, price, leaves, kept_priority };
            (owner, order, side, fact, Some(ReportKind::Replaced { price, leaves }))
        }
        BookEvent::TermsReplaced { order, owner, side, kind, time_in_force, leaves, kept_priority } => {
            let fact =
                Fact::OrderTermsReplaced { order, listing, kind, time_in_force, leaves, kept_priority };
            (owner, order, side, fact, Some(ReportKind::TermsReplaced { kind, time_in_force, leaves }))
        }
        BookEvent::Repriced { order, owner, side, price } => {
            let fact = Fact::OrderRepriced { order, listing, price };
            (owner, order, side, fact, Some(ReportKind::Repriced { price }))
        }
        BookEvent::Reduced { order, owner, side, leaves, reason } => {
            let fact = Fact::OrderReduced { order, listing, leaves, reason };
            (owner, order, side, fact, Some(ReportKind::Reduced { leaves, reason }))
        }
        BookEvent::Grown { order, owner, side, leaves } => {
            let fact = Fact::OrderGrown { order, listing, leaves };
            (owner, order, side, fact, Some(ReportKind::Grown { leaves }))
        }
        BookEvent::Restated { order, owner, terms, leaves, ratio } => {
            let fact = Fact::OrderRestated { order, listing, terms, leaves };
            (owner, order, terms.side, fact, Some(ReportKind::Restated(ratio)))
        }
        BookEvent::Triggered { order, owner, side, trigger } => {
            let fact = Fact::OrderTriggered { order, listing, trigger };
            (owner, order, side, fact, Some(ReportKind::Triggered { trigger }))
        }
        BookEvent::Refreshed { order, owner, side, displayed } => {
            (owner, order, side, Fact::OrderRefreshed { order, listing, displayed }, None)
        }
        BookEvent::Canceled { order, owner, side, quantity, reason } => {
            let fact = Fact::OrderCanceled { order, listing, quantity, reason };
            (owner, order, side, fact, Some(ReportKind::Canceled(reason)))
        }
        BookEvent::Expired { order, owner, side, quantity, reason } => {
            let fact = Fact::OrderExpired { order, listing, quantity, reason };
            (owner, order, side, fact, Some(ReportKind::Expired(reason)))
        }
        _ => return,
    };
    ctx.publish(fact);
    if let Some(kind) = kind {
        ReportedOrder { owner, order, side }.report(listing, kind, ctx);
    }
}
