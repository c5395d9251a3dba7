//! Orders that ended without being filled, in words.

use super::count_text;
use crate::analysis::OrderEnding;

/// What is known of a reason: its name in the tables, the cause in words, and what to do about it.
struct Reason {
    name: &'static str,
    words: &'static str,
    advice: &'static str,
}

const fn reason(name: &'static str, words: &'static str, advice: &'static str) -> Reason {
    Reason { name, words, advice }
}

/// The reasons that strategies meet, and can do something about.
const REASONS: [Reason; 14] = [
    reason(
        "insufficient_cash",
        "too little free cash",
        "size orders with buy_value or order_target_percent, or give the account more cash",
    ),
    reason(
        "insufficient_shares",
        "too few shares to sell",
        "sell no more than position(), or give the account a max_short",
    ),
    reason(
        "no_reference_price",
        "no price had been seen",
        "wait for the first quote or bar, or use buy_limit",
    ),
    reason("would_not_reduce", "reduce-only, with no position to reduce", "look at position() first"),
    reason("ruined", "the account had no equity left", "risk less for each trade"),
    reason("warming_up", "the market had not opened", "trade from on_start on, not in on_warmup"),
    reason("unknown_order", "the order had ended already", "look at order.is_open first"),
    reason(
        "ioc_remainder",
        "nothing more to trade with at the price",
        "trade less at a time, or let the order rest (GTC)",
    ),
    reason("volume_exhausted", "the bar had no more volume", "trade less at a time, or raise participation"),
    reason("no_liquidity", "nobody to trade with", "use buy_limit, or wait for a quote"),
    reason(
        "post_only_would_take",
        "a post-only order would have traded at once",
        "price it behind the touch",
    ),
    reason("phase_forbids", "the venue's phase took no such order", "look at session(), or use on_session"),
    reason("session_closed", "the session closed", "use GTC to keep orders overnight"),
    reason("auction_over", "the auction was over", "send it before the auction ends, or at a better price"),
];

/// Returns the cause in words.
fn words(name: &str) -> String {
    let known = REASONS.iter().find(|reason| reason.name == name);
    known.map_or_else(|| name.replace('_', " "), |reason| reason.words.to_owned())
}

/// Returns what to do about the most frequent reason of a group.
fn advice(group: &[OrderEnding]) -> Option<&'static str> {
    let main = group.iter().max_by_key(|it| it.orders)?;
    REASONS.iter().find(|reason| reason.name == main.reason).map(|reason| reason.advice)
}

/// Says how many orders were refused, rejected, canceled or expired, why, and what to do; nothing if none.
///
/// `refused` is known even where the table `orders` was not recorded, and no reasons are.
pub(crate) fn endings_text(endings: &[OrderEnding], refused: u64) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    for group in endings.chunk_by(|a, b| a.status == b.status) {
        let total: u64 = group.iter().map(|it| it.orders).sum();
        let reasons: Vec<String> = match group {
            [only] => vec![words(&only.reason)],
            several => {
                several.iter().map(|it| format!("{} {}", words(&it.reason), count_text(it.orders))).collect()
            }
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
    }
}
