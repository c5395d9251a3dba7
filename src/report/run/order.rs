//! The order of accounts on the page.

use crate::analysis::{AccountData, RunData};

/// Returns the accounts, strategies before market makers, each group in the scenario's order.
pub(super) fn makers_last(data: &RunData) -> Vec<&AccountData> {
    let mut ordered: Vec<&AccountData> = data.accounts.iter().collect();
    ordered.sort_by_key(|account| account.summary.kind == "market_maker");
    ordered
}
