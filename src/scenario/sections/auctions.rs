//! Reading `[auctions]`: what participants may do in auctions between them.

use crate::scenario::document::{Section, readers};
use bearpit_core::participant::AuctionRules;

/// The most auctions, or proposals to one, that a participant may have open.
const OPEN_MAX: i64 = 1_000;
/// The furthest that a scenario can let proposals be from what a lot is worth: a thousand times it.
const DEVIATION_BPS_MAX: i64 = 10_000_000;

/// Reads `[auctions]`, which may be missing; that is `Some(None)`.
pub(in crate::scenario) fn auctions(root: &Section<'_>) -> Option<Option<AuctionRules>> {
    let Some(section) = root.table("auctions", "[auctions]") else { return Some(None) };
    let default = AuctionRules::default();
    let max_open = section.or("max_open", default.max_open.into(), readers::integer(1, OPEN_MAX));
    let max_proposals =
        section.or("max_proposals", default.max_proposals.into(), readers::integer(1, OPEN_MAX));
    let deviation = readers::integer(1, DEVIATION_BPS_MAX);
    let max_deviation = section.or("max_deviation_bps", None, |node| deviation(node).map(Some));
    section.finish();
    let count = |number: i64| u32::try_from(number).ok();
    Some(Some(AuctionRules {
        max_open: count(max_open?)?,
        max_proposals: count(max_proposals?)?,
        max_deviation_bps: max_deviation?.and_then(count),
    }))
}
