//! [`OrderEvent`]: what happened to an order of the script's own.

use crate::script::value::order_handle::{Order, Reason};
use bearpit_core::market::ReportKind;
use bearpit_core::units::SimTime;

/// News of an order.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Happening {
    /// The account gate let the order, or a request about it, not leave.
    Refused(Reason),
    /// The venue reported it.
    Reported(ReportKind),
}

/// What happened to an order of the script's own.
#[derive(Debug, Clone)]
pub(crate) struct OrderEvent {
    pub(crate) order: Order,
    pub(crate) what: Happening,
    /// When it happened.
    pub(crate) at: SimTime,
}

impl OrderEvent {
    /// Returns the name of what happened.
    pub(crate) fn kind(&self) -> &'static str {
        match self.what {
            Happening::Refused(_) if self.order.id().is_none() => "refused",
            Happening::Refused(_) => "command_refused",
            Happening::Reported(ReportKind::Accepted) => "accepted",
            Happening::Reported(ReportKind::Rejected(_)) => "rejected",
            Happening::Reported(ReportKind::CommandRejected(_)) => "command_rejected",
            Happening::Reported(ReportKind::Replaced { .. }) => "replaced",
            Happening::Reported(ReportKind::Repriced { .. }) => "repriced",
            Happening::Reported(ReportKind::Reduced { .. }) => "reduced",
            Happening::Reported(ReportKind::Triggered { .. }) => "triggered",
            Happening::Reported(ReportKind::Filled { .. }) => "filled",
            Happening::Reported(ReportKind::Canceled(_)) => "canceled",
            Happening::Reported(ReportKind::Expired(_)) => "expired",
        }
    }

    /// Returns the price of the fill, the new limit, or the trigger that was reached.
    pub(crate) fn price(&self) -> Option<f64> {
        let price = match self.what {
            Happening::Reported(ReportKind::Filled { price, .. } | ReportKind::Replaced { price, .. }) => {
                Some(price)
            }
            Happening::Reported(ReportKind::Repriced { price }) => price,
            Happening::Reported(ReportKind::Triggered { trigger }) => Some(trigger),
            _ => None,
        };
        price.map(|price| self.order.place().price(price))
    }

    /// Returns the quantity of the fill.
    pub(crate) fn quantity(&self) -> Option<f64> {
        match self.what {
            Happening::Reported(ReportKind::Filled { quantity, .. }) => {
                Some(self.order.place().quantity(quantity))
            }
            _ => None,
        }
    }

    /// Returns why it happened.
    pub(crate) fn reason(&self) -> Option<String> {
        match self.what {
            Happening::Refused(why) => Some(why.to_string()),
            Happening::Reported(ReportKind::Rejected(why) | ReportKind::CommandRejected(why)) => {
                Some(why.to_string())
            }
            Happening::Reported(ReportKind::Reduced { reason, .. }) => Some(reason.to_string()),
            Happening::Reported(ReportKind::Canceled(why)) => Some(why.to_string()),
            Happening::Reported(ReportKind::Expired(why)) => Some(why.to_string()),
            Happening::Reported(_) => None,
        }
    }
}
