//! What is told where events of a feed are no longer kept: what orders have traded meanwhile, and how they
//! stand, from what is kept of them for good.

use bearpit_core::units::Decimal;

use super::Said;
use super::report::{Execution, report};
use super::state::OrderState;
use crate::domain::{Number, StatusName};
use crate::fix::codec::{Body, tags, tags::kind};
use crate::services::trading::{FillLine, OrderView};

/// An order whose events are no longer kept.
#[derive(Debug)]
pub(in crate::fix) struct Missed {
    /// What is known of it.
    pub(in crate::fix) state: OrderState,
    /// As it is now.
    pub(in crate::fix) view: OrderView,
    /// Its trades that have not been told, the oldest first.
    pub(in crate::fix) fills: Vec<FillLine>,
}

/// Tells each trade that has not been told, and how the order stands.
pub(in crate::fix) fn tell_missed(missed: &mut Missed) -> Vec<Said> {
    let Missed { state, view, fills } = missed;
    let mut said = Vec::new();
    let is_over =
        !matches!(view.status, StatusName::PendingNew | StatusName::Open | StatusName::PartiallyFilled);
    // Before each trade less had traded: counted from what has traded in all.
    let whole = units(view.quantity);
    let mut traded = units(view.filled_quantity) - fills.iter().map(|it| units(it.quantity)).sum::<i128>();
    for fill in fills.iter() {
        traded += units(fill.quantity);
        let mut then = view.clone();
        then.filled_quantity = Number(Decimal::new(traded.max(0), PLACES));
        then.open_quantity = Number(Decimal::new((whole - traded).max(0), PLACES));
        then.status = if traded >= whole { StatusName::Filled } else { StatusName::PartiallyFilled };
        (then.reason, then.explanation) = (None, None);
        let id = format!("t{}-{}", fill.trade_id, view.order_id);
        let at = fill.at.instant().nanos() / 1_000_000;
        let (name, more) = (&*state.name, Body::default());
        let execution = Execution { id: &id, kind: 'F', name, original: None, fill: Some(fill), at, more };
        said.push((kind::EXECUTION_REPORT, report(&then, &execution)));
        state.last_trade = fill.trade_id.parse().unwrap_or(state.last_trade);
    }
    if !is_over || view.status != StatusName::Filled {
        said.push(standing(state, view));
    }
    state.is_accepted |= view.status != StatusName::PendingNew;
    state.is_over = is_over;
    said
}

/// How many decimals quantities are summed with: as many as money has.
const PLACES: u32 = 10;

fn units(number: Number) -> i128 {
    number.0.scaled(PLACES).unwrap_or(0)
}

/// Tells how the order stands.
fn standing(state: &OrderState, view: &OrderView) -> Said {
    let mut more = Body::default();
    let exec_type = match view.status {
        StatusName::Canceled => '4',
        StatusName::Expired => 'C',
        StatusName::Rejected => '8',
        _ => {
            more.put(tags::EXEC_RESTATEMENT_REASON, 99)
                .put(tags::TEXT, "what happened meanwhile is no longer kept one by one");
            'D'
        }
    };
    let at = view.ended_at.or(view.accepted_at).or(view.sent_at);
    let at = at.map_or(0, |at| at.instant().nanos() / 1_000_000);
    let id = format!("s{}-{}-{}", view.order_id, view.revision, view.filled_quantity);
    let execution =
        Execution { id: &id, kind: exec_type, name: &state.name, original: None, fill: None, at, more };
    (kind::EXECUTION_REPORT, report(view, &execution))
}
