//! [`OrderEvent`]: what happened to an order of the script.

use crate::script::value::order_handle::{OrderHandle, OrderReason};
use bearpit_core::market::ReportKind;
use bearpit_core::units::SimTime;

/// The kind of an event.
#[derive(Debug, Clone, Copy)]
pub(crate) enum OrderEventKind {
    /// The account gate refused the order, or a request about it; it was never sent.
    Refused(OrderReason),
    /// The venue reported it.
    Reported(ReportKind),
}

/// What happened to an order of the script.
#[derive(Debug, Clone)]
pub(crate) struct OrderEvent {
    pub(crate) order: OrderHandle,
    pub(crate) what: OrderEventKind,
    /// When it happened.
    pub(crate) at: SimTime,
}

impl OrderEvent {
    /// Returns the name of the kind, as scripts read it.
    pub(crate) fn kind(&self) -> &'static str {
        match self.what {
            OrderEventKind::Refused(_) if self.order.id().is_none() => "refused",
            OrderEventKind::Refused(_) => "command_refused",
            OrderEventKind::Reported(ReportKind::Accepted) => "accepted",
            OrderEventKind::Reported(ReportKind::Rejected(_)) => "rejected",
            OrderEventKind::Reported(ReportKind::CommandRejected(_)) => "command_rejected",
            OrderEventKind::Reported(ReportKind::Replaced { .. } | ReportKind::TermsReplaced { .. }) => {
                "replaced"
            }
            OrderEventKind::Reported(ReportKind::Repriced { .. }) => "repriced",
            OrderEventKind::Reported(ReportKind::Reduced { .. }) => "reduced",
            OrderEventKind::Reported(ReportKind::Grown { .. }) => "grown",
            OrderEventKind::Reported(ReportKind::Restated(_)) => "split",
            OrderEventKind::Reported(ReportKind::Triggered { .. }) => "triggered",
            OrderEventKind::Reported(ReportKind::Filled { .. }) => "filled",
            OrderEventKind::Reported(ReportKind::Canceled(_)) => "canceled",
            OrderEventKind::Reported(ReportKind::Expired(_)) => "expired",
        }
    }

    /// Returns the price of the fill, the new limit, or the trigger that was reached.
    pub(crate) fn price(&self) -> Option<f64> {
        let price = match self.what {
            OrderEventKind::Reported(
                ReportKind::Filled { price, .. } | ReportKind::Replaced { price, .. },
            ) => Some(price),
            OrderEventKind::Reported(ReportKind::TermsReplaced { kind, .. }) => {
                kind.limit().or(kind.trigger())
            }
            OrderEventKind::Reported(ReportKind::Repriced { price }) => price,
            OrderEventKind::Reported(ReportKind::Triggered { trigger }) => Some(trigger),
            _ => None,
        };
        price.map(|price| self.order.listing().price(price))
    }

    /// Returns the quantity of the fill.
    pub(crate) fn quantity(&self) -> Option<f64> {
        match self.what {
            OrderEventKind::Reported(ReportKind::Filled { quantity, .. }) => {
                Some(self.order.listing().quantity(quantity))
            }
            _ => None,
        }
    }

    /// Returns why it happened.
    pub(crate) fn reason(&self) -> Option<String> {
        match self.what {
            OrderEventKind::Refused(why) => Some(why.to_string()),
            OrderEventKind::Reported(ReportKind::Rejected(why) | ReportKind::CommandRejected(why)) => {
                Some(why.to_string())
            }
            OrderEventKind::Reported(ReportKind::Reduced { reason, .. }) => Some(reason.to_string()),
            OrderEventKind::Reported(ReportKind::Canceled(why)) => Some(why.to_string()),
            OrderEventKind::Reported(ReportKind::Expired(why)) => Some(why.to_string()),
            OrderEventKind::Reported(_) => None,
        }
    }
}
