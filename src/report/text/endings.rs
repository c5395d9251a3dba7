//! Orders that ended without being filled, in words.

use super::count_text;
use super::reasons::{reason_of, reason_text};
use crate::analysis::OrderEnding;

/// Returns what to do about the most frequent reason of a group.
fn advice(group: &[OrderEnding]) -> Option<&'static str> {
    let main = group.iter().max_by_key(|it| it.orders)?;
    reason_of(&main.reason).map(|reason| reason.advice).filter(|advice| !advice.is_empty())
}

/// Returns whether orders rested until the run ended: every market maker's do, and there is nothing to do.
fn rested_to_the_end(ending: &OrderEnding) -> bool {
    ending.status == "expired" && ending.reason == "venue_closed"
}

/// Says how many orders were refused, rejected, canceled or expired, why, and what to do; nothing if none, or
/// if all of them rested until the run ended.
///
/// `refused` is known even where the table `orders` was not recorded, and no reasons are.
pub(crate) fn endings_text(endings: &[OrderEnding], refused: u64) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    let told: Vec<OrderEnding> = endings.iter().filter(|it| !rested_to_the_end(it)).cloned().collect();
    for group in told.chunk_by(|a, b| a.status == b.status) {
        let total: u64 = group.iter().map(|it| it.orders).sum();
        let reasons: Vec<String> = match group {
            [only] => vec![reason_text(&only.reason)],
            several => several
                .iter()
                .map(|it| format!("{} {}", reason_text(&it.reason), count_text(it.orders)))
                .collect(),
        };
        let what = match group[0].status.as_str() {
            "canceled" => "canceled before filled in full",
            other => other,
        };
        let advice = advice(group).map_or_else(String::new, |advice| format!(": {advice}"));
        parts.push(format!("{} {what} ({}){advice}", count_text(total), reasons.join(", ")));
    }
    if parts.is_empty() && refused > 0 {
        parts.push(format!("{} refused", count_text(refused)));
    }
    (!parts.is_empty()).then(|| format!("orders: {}", parts.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_has_its_reasons() {
        let ending = |status: &str, reason: &str, orders| OrderEnding {
            status: status.to_owned(),
            reason: reason.to_owned(),
            orders,
        };
        assert_eq!(endings_text(&[], 0), None);
        assert_eq!(endings_text(&[], 1_200).as_deref(), Some("orders: 1,200 refused"));
        let endings = [
            ending("refused", "insufficient_cash", 3),
            ending("refused", "insufficient_shares", 2),
            ending("canceled", "ioc_remainder", 58),
        ];
        let expected = "orders: 5 refused (too little free cash 3, too few shares to sell 2): size orders with \
                        buy_value or order_target_percent, or give the account more cash; 58 canceled before \
                        filled in full (nothing more to trade with at the price): trade less at a time, or let the \
                        order rest (GTC)";
        assert_eq!(endings_text(&endings, 5).as_deref(), Some(expected));
        assert_eq!(endings_text(&[ending("expired", "venue_closed", 2)], 0), None);
        assert_eq!(
            endings_text(&[ending("rejected", "venue_closed", 2)], 0).as_deref(),
            Some("orders: 2 rejected (the venue closed for good)")
        );
    }
}
