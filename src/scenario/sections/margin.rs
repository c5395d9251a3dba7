//! Reading `margin` of an agent: the terms of its margin account.

use crate::scenario::document::readers::{self, Read, disallowed};
use crate::scenario::document::{Node, Section};
use bearpit_agents::AgentKind;
use bearpit_core::account::{Credit, MarginRate, MarginTerms, OnRuin};
use bearpit_core::market::Instrument;

/// Reads `margin = { leverage = 2, maintenance = 0.25 }`, or `initial` in the place of `leverage`; the
/// maintenance margin is half of the initial one unless it is said.
pub(super) fn margin(section: &Section<'_>, kind: &AgentKind) -> Option<Option<MarginTerms>> {
    let Some(table) = section.table("margin", "the margin") else { return Some(None) };
    let initial = initial(&table);
    let said = table.optional("maintenance", share);
    let maintenance = if table.has("maintenance") { said } else { initial.and_then(half) };
    table.finish();
    if kind.account.credit == Credit::Unlimited {
        let message = format!("a `{}` has all the credit that it asks for, and no margin", kind.name);
        section.report("margin", message, None);
        return None;
    }
    for key in ["max_short", "max_debit"] {
        if section.has(key) {
            let message = format!("a margin account has no `{key}`: it goes as far as its margin does");
            section.report(key, message, None);
        }
    }
    let terms = MarginTerms::new(initial?, maintenance?);
    if terms.is_none() {
        let message = "`maintenance` of `margin` is above the initial margin: whatever it bought would be closed at once";
        section.report("margin", message, None);
    }
    terms.map(Some)
}

/// Reports that a margin account is to keep its positions when its equity is gone.
pub(super) fn check_on_ruin(section: &Section<'_>, margin: Option<MarginTerms>, on_ruin: Option<OnRuin>) {
    if margin.is_some() && on_ruin == Some(OnRuin::Keep) {
        let message = "`on_ruin` is `keep`, but the positions of a margin account are always closed";
        section.report("on_ruin", message, None);
    }
}

/// Reports margin for instruments whose prices may be negative: near zero, a share of what a position is
/// worth covers no loss of it.
pub(super) fn check_prices<'a>(
    section: &Section<'_>,
    margin: Option<MarginTerms>,
    traded: impl IntoIterator<Item = &'a Instrument>,
) {
    let mut negative = traded.into_iter().filter(|instrument| instrument.may_be_negative());
    if let Some(instrument) = negative.next().filter(|_| margin.is_some()) {
        let message = format!(
            "`margin` is a share of what positions are worth, which is no cover near zero: the `min_price` of `{}` is \
             below one tick",
            instrument.symbol()
        );
        let help = "leave `margin` out: a cash account holds what its orders cost at worst".to_owned();
        section.report("margin", message, Some(help));
    }
}

/// Reports a future that an agent without margin would trade.
pub(super) fn check_future(
    section: &Section<'_>,
    kind: &AgentKind,
    margin: Option<MarginTerms>,
    own: Option<&Instrument>,
) {
    let needs_margin = kind.account.credit == Credit::Covered && !matches!(kind.name, "replay" | "ticks");
    let future = own.filter(|instrument| needs_margin && margin.is_none() && instrument.is_future());
    if let Some(instrument) = future.filter(|_| !section.has("margin")) {
        let message = format!("`{}` is a future, which is traded on margin", instrument.symbol());
        section.report("margin", message, Some("write margin = { leverage = 10 }".to_owned()));
    }
}

/// Reports a position in a future that an agent would begin with.
pub(super) fn check_holding(section: &Section<'_>, held: Option<&Instrument>) {
    if let Some(instrument) = held.filter(|instrument| instrument.is_future()) {
        let symbol = instrument.symbol();
        let message = format!("`{symbol}` is a future, whose positions are opened by trading alone");
        section.report("holdings", message, Some(format!("leave `{symbol}` out of `holdings`")));
    }
}

fn initial(table: &Section<'_>) -> Option<MarginRate> {
    let leverage = table.optional("leverage", leverage);
    let initial = table.optional("initial", share);
    match (table.has("leverage"), table.has("initial")) {
        (true, true) => {
            let message =
                "`leverage` and `initial` say the same: an initial margin of 0.5 is a leverage of 2";
            table.report("initial", message, None);
            None
        }
        (false, false) => {
            table.report_missing("leverage", "`margin` needs `leverage` or `initial`, such as leverage = 2");
            None
        }
        _ => leverage.or(initial),
    }
}

/// Reads how many times its equity an account can hold, as the margin that this leaves.
fn leverage(node: &Node) -> Read<MarginRate> {
    let hundredths = readers::decimal(node)?.scaled(2).and_then(|it| u32::try_from(it).ok());
    let rate = hundredths.filter(|it| *it >= 100).and_then(|it| MarginRate::new(100, it));
    rate.ok_or_else(|| disallowed(node, "from 1 to 100, with at most two decimal places"))
}

/// Reads a share of what positions are worth.
fn share(node: &Node) -> Read<MarginRate> {
    let parts = readers::decimal(node)?.scaled(4).and_then(|it| u32::try_from(it).ok());
    let rate = parts.and_then(|parts| MarginRate::new(parts, MarginRate::PARTS_MAX));
    rate.ok_or_else(|| disallowed(node, "above 0 and at most 1, with at most four decimal places"))
}

/// Returns half of a rate: in parts of which there may be no half, a little more.
fn half(rate: MarginRate) -> Option<MarginRate> {
    let (part, of) = rate.parts();
    MarginRate::new(part.div_ceil(2), of)
}
