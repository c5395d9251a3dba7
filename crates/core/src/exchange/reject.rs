//! What a venue does with a command that it does not carry out.

use crate::market::{
    Command, CommandKind, ExecutionReport, Fact, OrderTerms, RejectReason, ReportKind, SentCommand, Side,
};
use crate::participant::Context;

/// Writes the rejection of a command to the tape, and reports it to the owner.
pub(super) fn reject(sent: &SentCommand, reason: RejectReason, ctx: &mut Context) {
    let SentCommand { command: Command { order, owner, listing, kind }, sent_at, .. } = *sent;
    let (side, report) = match kind {
        CommandKind::New(terms @ OrderTerms { side, .. }) => {
            ctx.publish(Fact::OrderRejected { order, owner, listing, terms, sent_at, reason });
            (side, ReportKind::Rejected(reason))
        }
        _ => {
            ctx.publish(Fact::CommandRejected { order, owner, listing, reason });
            // The owner knows the side; where the order is over, it no longer matters.
            (Side::Buy, ReportKind::CommandRejected(reason))
        }
    };
    let at = ctx.now();
    ctx.report(owner, ExecutionReport { order, listing, side, at, kind: report });
}
