//! The kind `smart_order_router`.

use std::sync::Arc;

use super::router::{RouterConfig, SmartOrderRouter};
use crate::execution::{DURATION, QUANTITY, SIDE, START_AFTER, check_span, side};
use crate::kind::{AccountDefaults, AgentKind, AgentSite, ConfiguredAgent, ListingChoice, Shared};
use bearpit_core::account::Credit;
use bearpit_core::params::{
    FromParam, ParamDefault, ParamError, ParamErrors, ParamSpec, ParamType, ParamValue, Values,
};
use bearpit_core::participant::{AnyTrader, Feed};
use bearpit_core::units::{Decimal, ListingId, Price, suggest};

/// The kind `smart_order_router`.
pub(crate) static KIND: AgentKind = AgentKind {
    name: "smart_order_router",
    doc: "Trades one order over all venues of an instrument: takes what they display in the order of price and fee \
          together, by immediate-or-cancel orders, and routes again what came back (Foucault and Menkveld 2008 on what such \
          routers do to markets). It knows of each venue what its feed has brought, and passes over venues in an auction, \
          halted or closed. At its end it records what the order cost in the table `execution`, as the execution algorithms \
          do, with fees; the table `routes` has each part that was sent.",
    params: &PARAMS,
    retired: &[],
    account: AccountDefaults { credit: Credit::Covered, is_tracked: true },
    listing: ListingChoice::Instrument,
    is_exclusive: false,
    configure,
};

const PARAMS: [ParamSpec; 10] = [
    SIDE,
    QUANTITY,
    ParamSpec::new(
        "venues",
        ParamType::List(&ParamType::Text),
        ParamDefault::Derived("all that list the instrument"),
        "names of the venues that it may use",
    ),
    ParamSpec::new(
        "limit",
        ParamType::Price,
        ParamDefault::Derived("any price"),
        "the worst price that it trades at, before fees; a multiple of the tick size",
    ),
    START_AFTER,
    DURATION,
    ParamSpec::new(
        "slices",
        ParamType::Integer { min: 1, max: 1_000_000 },
        ParamDefault::Integer(1),
        "into how many equal parts quantity and time are divided; each part is routed at the beginning of its time",
    ),
    ParamSpec::new(
        "levels",
        ParamType::Integer { min: 1, max: MOST_LEVELS },
        ParamDefault::Integer(5),
        "how many levels of each book it follows",
    ),
    ParamSpec::new(
        "sync",
        ParamType::Flag,
        ParamDefault::Flag(false),
        "whether orders to near venues wait, by the usual latencies, so that all parts arrive together and none warns the \
         other venues",
    ),
    ParamSpec::new(
        "rest",
        ParamType::Flag,
        ParamDefault::Flag(false),
        "whether what no venue displays rests until the next slice, at the limit or else at the best price of its side, where \
         the maker's fee is least; else it waits until a venue displays more",
    ),
];

const MOST_LEVELS: i64 = 50;
const _: () =
    assert!(MOST_LEVELS.unsigned_abs() == Feed::MOST_LEVELS as u64, "as many as can be subscribed to");

fn configure(values: &Values, site: &AgentSite<'_>) -> Result<Arc<dyn ConfiguredAgent>, ParamErrors> {
    let (start_after, duration) = check_span(values, site)?;
    let levels = values.get::<i64>("levels")?;
    Ok(Arc::new(RouterConfig {
        listings: listings(values, site)?,
        side: side(values)?,
        quantity: values.get("quantity")?,
        limit: limit(values, site)?,
        start_after,
        duration,
        slices: u32::try_from(values.get::<i64>("slices")?).unwrap_or(1),
        levels: usize::try_from(levels).unwrap_or(1),
        sync: values.get("sync")?,
        rest: values.get("rest")?,
    }))
}

/// Returns the listings of the venues that it may use.
fn listings(values: &Values, site: &AgentSite<'_>) -> Result<Vec<ListingId>, ParamError> {
    let known: Vec<&str> = site.instrument_venues.iter().map(|venue| venue.name).collect();
    let Some(named) = values.given::<Vec<ParamValue>>("venues")? else {
        let all: Vec<ListingId> = site.instrument_venues.iter().map(|venue| venue.listing).collect();
        return Ok(if all.is_empty() { vec![site.listing] } else { all });
    };
    let mut found = Vec::new();
    for value in named {
        let name = &String::from_param(&value).unwrap_or_default();
        let venue = site.instrument_venues.iter().find(|venue| venue.name == name);
        let Some(venue) = venue else {
            let message =
                format!("no venue `{name}` lists {}; {}", site.instrument.symbol(), suggest(name, &known));
            return Err(ParamError::invalid("venues", message));
        };
        if found.contains(&venue.listing) {
            return Err(ParamError::invalid("venues", format!("`venues` has `{name}` twice")));
        }
        found.push(venue.listing);
    }
    if found.is_empty() {
        return Err(ParamError::invalid("venues", "`venues` is empty: name at least two, or leave it out"));
    }
    Ok(found)
}

fn limit(values: &Values, site: &AgentSite<'_>) -> Result<Option<Price>, ParamError> {
    let Some(limit) = values.given::<Decimal>("limit")? else { return Ok(None) };
    let tick = site.instrument.tick_size();
    let price = limit.in_units_of(tick).and_then(Price::new_checked);
    let price = price.filter(|price| site.instrument.allows(*price));
    price.map(Some).ok_or_else(|| {
        let message = format!("`limit` is {limit}, but must be a multiple of the tick size {tick}");
        ParamError::invalid("limit", message)
    })
}

impl ConfiguredAgent for RouterConfig {
    fn actor(&self, _shared: &mut Shared) -> Option<AnyTrader> {
        Some(AnyTrader::new(SmartOrderRouter::new(self.clone())))
    }

    fn warnings(&self) -> Vec<ParamError> {
        let message = "it has one venue only, so there is nothing to route: it sends all orders there";
        let help = "list the instrument at further venues, or use `twap`";
        let warning = ParamError::invalid("venues", message).with_help(help);
        Vec::from_iter((self.listings.len() < 2).then_some(warning))
    }
}
