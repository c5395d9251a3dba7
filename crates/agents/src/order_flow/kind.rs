//! The kind `order_flow`: its parameters, and how it is built.

use std::sync::Arc;

use super::{FlowReplayer, OrderFlowConfig};
use crate::kind::{AccountDefaults, AgentKind, AgentSite, ConfiguredAgent, ListingChoice, Shared, SiteSpan};
use bearpit_core::account::Credit;
use bearpit_core::market::{BookRow, OrderMessage};
use bearpit_core::params::{FileFormat, ParamDefault, ParamError, ParamErrors, ParamSpec, ParamType, Values};
use bearpit_core::participant::AnyTrader;
use bearpit_core::units::{SimDuration, SimTime};

/// The kind `order_flow`.
pub(crate) static KIND: AgentKind = AgentKind {
    name: "order_flow",
    doc: "Replays a file of messages in LOBSTER's format: each order of the file is entered, reduced, canceled and \
          executed at its time, and messages with equal times are replayed in the order of the file. All its orders \
          have one account, whose credit is unlimited: it stands for the rest of the world.",
    params: &PARAMS,
    retired: &[],
    account: AccountDefaults { credit: Credit::Unlimited, is_tracked: false },
    listing: ListingChoice::Only,
    is_exclusive: false,
    configure,
};

const PARAMS: [ParamSpec; 3] = [
    ParamSpec::required("messages", ParamType::File(FileFormat::OrderMessages), "the message file"),
    ParamSpec::new(
        "initial",
        ParamType::File(FileFormat::BookRow),
        ParamDefault::Derived("an empty book"),
        "the order book file that goes with it: the book before the first message is the first row less that \
         message; further rows are not read",
    ),
    ParamSpec::new(
        "date",
        ParamType::Date,
        ParamDefault::Derived("the day of the scenario's `start`"),
        "the day of the file, such as `2012-06-21`; its times count from that midnight",
    ),
];

const DAY: SimDuration = SimDuration::from_secs(86_400);

fn configure(values: &Values, site: &AgentSite<'_>) -> Result<Arc<dyn ConfiguredAgent>, ParamErrors> {
    let messages: Arc<[OrderMessage]> = values.content("messages")?;
    let start = || site.span.map(|span| span.start.floor_to(DAY));
    let midnight = values.given("date")?.or_else(start).ok_or(ParamError::Missing { param: "date" })?;
    if let Some(span) = site.span {
        check_span(&messages, midnight, span)?;
    }
    let row: BookRow = match values.given::<bearpit_core::params::FileContent>("initial")? {
        Some(_) => values.content("initial")?,
        None => BookRow::default(),
    };
    let initial = match messages.first() {
        Some(first) if row.depth > 0 => row.before(first),
        _ => row,
    };
    Ok(Arc::new(OrderFlowConfig { listing: site.listing, messages, midnight, initial }))
}

/// Refuses messages that all lie outside of the scenario: their date must be wrong.
fn check_span(messages: &[OrderMessage], midnight: SimTime, span: SiteSpan) -> Result<(), ParamError> {
    let (Some(first), Some(last)) = (messages.first(), messages.last()) else { return Ok(()) };
    let [first, last] = [first, last].map(|message| midnight + message.since_midnight);
    let SiteSpan { start, end } = span;
    if last >= start && first <= end {
        return Ok(());
    }
    let message = format!(
        "the messages run from {first} to {last}, none of them within the scenario's {start} to {end}"
    );
    let help = "`date` is the day of the file; without it, the day of the scenario's start";
    Err(ParamError::invalid("messages", message).with_help(help))
}

impl ConfiguredAgent for OrderFlowConfig {
    fn actor(&self, _shared: &mut Shared) -> Option<AnyTrader> {
        Some(AnyTrader::new(FlowReplayer::new(self.clone())))
    }

    fn replays_orders(&self) -> bool {
        true
    }
}
