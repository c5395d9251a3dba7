//! The rows of the table `actions`, as accounts and listings take them.

use polars_core::prelude::{DataFrame, DataType, PolarsResult};

use crate::analysis::rows::frame_columns::{monies, texts, times};
use crate::analysis::rows::name_index::NameIndex;
use bearpit_core::market::SplitRatio;
use bearpit_core::units::Money;

/// A split of an instrument, or what a tracked account was given or paid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ActionRow {
    pub(crate) at: i64,
    pub(crate) instrument: usize,
    pub(crate) effect: Effect,
}

/// What a row does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Effect {
    /// Prices of a listing are those of new shares from then on.
    Listing { listing: usize, ratio: SplitRatio },
    /// The holding of an account was split.
    Account { account: usize, ratio: SplitRatio },
    /// An account was paid on a holding, of which a part of some cost left for that.
    Payment { account: usize, amount: Money, cost: Money },
}

/// The columns of the `actions` table that are needed.
pub(crate) const ACTIONS: [&str; 9] =
    ["time", "owner", "venue", "symbol", "kind", "new_shares", "old_shares", "amount", "cost"];

/// Returns the rows of a piece of the table that matter: dividends and settlements by themselves change
/// nothing.
pub(crate) fn action_rows(directory: &NameIndex, frame: &DataFrame) -> PolarsResult<Vec<ActionRow>> {
    let (at, owners, venues) = (times(frame, "time")?, texts(frame, "owner")?, texts(frame, "venue")?);
    let (symbols, kinds) = (texts(frame, "symbol")?, texts(frame, "kind")?);
    let (new, old) = (counts(frame, "new_shares")?, counts(frame, "old_shares")?);
    let (amounts, costs) = (monies(frame, "amount")?, monies(frame, "cost")?);
    let row = |row: usize| {
        let ratio = new[row].zip(old[row]).and_then(|(new, old)| SplitRatio::new(new, old));
        let effect = match (owners[row], kinds[row]) {
            ("", "split") => {
                Effect::Listing { listing: directory.listing(venues[row], symbols[row])?, ratio: ratio? }
            }
            // What a future gains on its way is in the prices at which it was bought and sold.
            ("", _) | (_, "variation_margin") => return None,
            (owner, "split") => Effect::Account { account: directory.account(owner)?, ratio: ratio? },
            (owner, _) => {
                let account = directory.account(owner)?;
                Effect::Payment { account, amount: amounts[row], cost: costs[row] }
            }
        };
        Some(ActionRow { at: at[row], instrument: directory.instrument(symbols[row])?, effect })
    };
    Ok((0..at.len()).filter_map(row).collect())
}

fn counts(frame: &DataFrame, name: &str) -> PolarsResult<Vec<Option<u32>>> {
    let column = frame.column(name)?.cast(&DataType::UInt64)?;
    Ok(column.u64()?.iter().map(|count| count.and_then(|count| u32::try_from(count).ok())).collect())
}
