//! Why orders ended without being filled, in words: the reasons of the table `orders`, each with its cause
//! and with what to do about it.

/// What is known of a reason.
pub(crate) struct Reason {
    /// Its name in the tables.
    pub(crate) name: &'static str,
    /// The cause.
    pub(crate) words: &'static str,
    /// What to do about it; empty where there is nothing to do.
    pub(crate) advice: &'static str,
}

const fn reason(name: &'static str, words: &'static str, advice: &'static str) -> Reason {
    Reason { name, words, advice }
}

/// All reasons, by what they have to do with.
pub(crate) const REASONS: [&[Reason]; 5] = [&ACCOUNT, &TERMS, &BOOK, &TIME, &OTHERS];

/// The account.
const ACCOUNT: [Reason; 18] = [
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
    reason("needs_limit", "a pegged purchase had no limit for which to hold cash", "give the order a limit"),
    reason("would_not_reduce", "reduce-only, with no position to reduce", "look at position() first"),
    reason("ruined", "the account had no equity left", "risk less for each trade"),
    reason(
        "insufficient_margin",
        "the order took more margin than equity left, when it was sent or when it filled",
        "size the order by buying_power(), and a market order by a few percent less",
    ),
    reason(
        "no_mark",
        "the instrument had no price yet of which margin could be a share",
        "give the order a limit",
    ),
    reason(
        "margin_call",
        "equity was below the maintenance margin, and positions were being closed",
        "keep more of buying_power() in reserve",
    ),
    reason(
        "needs_margin",
        "the instrument is a future, and the account has no margin",
        "give the agent a margin",
    ),
    reason("below_one_lot", "the amount of money did not pay for one lot", "send a larger amount"),
    reason("no_account", "the agent had no account", "give the agent an account"),
    reason("not_owner", "the order was another account's", ""),
    reason("unknown_order", "the order had ended already", "look at order.is_open first"),
    reason(
        "instrument_not_allowed",
        "the account may not trade this instrument",
        "trade those that its limits name; on margin, those whose prices cannot be negative",
    ),
    reason(
        "position_limit",
        "the position could have grown beyond the account's limit",
        "cancel orders on the same side, or size the order by position()",
    ),
    reason("order_rate", "the account had sent too many orders within a while", "send fewer, or wait"),
    reason("ended", "the account's time to trade was over", ""),
];

/// The terms of the order.
const TERMS: [Reason; 16] = [
    reason("zero_quantity", "the quantity was zero", "send at least one lot"),
    reason(
        "quantity_out_of_range",
        "the quantity was zero or above 2^40 lots",
        "send at least one lot, and no more than 2^40",
    ),
    reason(
        "price_out_of_range",
        "a price, a trailing distance or the order's worth was out of range",
        "look at the prices from which the order's is worked out",
    ),
    reason(
        "display_out_of_range",
        "the displayed quantity was zero, too small a part, or more than the order",
        "display at least a lot and a ten-thousandth of the order",
    ),
    reason(
        "minimum_out_of_range",
        "the minimum quantity was zero or more than the order",
        "ask for at least a lot and at most the order",
    ),
    reason(
        "contradictory_terms",
        "the kind, the time in force and the conditions did not go together",
        "leave one of them out",
    ),
    reason("duplicate_order", "an order of that id existed already", ""),
    reason("expiry_passed", "its date had passed", "give it a later date"),
    reason(
        "link_unfit",
        "the order to link with was not open, linked already, or of another side or quantity",
        "link open orders of one market, side and open quantity",
    ),
    reason(
        "replace_pending",
        "an earlier replace of it had not been answered",
        "wait for the answer to one replace before the next",
    ),
    reason(
        "not_replaceable",
        "trailing, pegged and linked orders keep their price and quantity",
        "cancel the order and enter a new one",
    ),
    reason(
        "not_entered",
        "an exit of a bracket enters only with the entry's first fill",
        "cancel the entry instead",
    ),
    reason(
        "beyond_protection",
        "the new trigger was beyond the stop's protection",
        "cancel the stop and enter a new one",
    ),
    reason(
        "crosses_own_bracket",
        "a bracket's entry and its own exit would have traded with each other",
        "put the exits on both sides of the entry",
    ),
    reason(
        "exits_cross",
        "a limit and a stop of a pair or a bracket would have traded with each other, or both at once",
        "put the limit on the side of the profit, and the stop on that of the loss",
    ),
    reason("no_quotes", "a replay has no quotes for a pegged order to follow", "use a limit order"),
];

/// The other side of the market.
const BOOK: [Reason; 9] = [
    reason(
        "ioc_remainder",
        "nothing more to trade with at the price",
        "trade less at a time, or let the order rest (GTC)",
    ),
    reason("volume_exhausted", "the bar had no more volume", "trade less at a time, or raise participation"),
    reason("no_liquidity", "nobody to trade with", "use buy_limit, or wait for a quote"),
    reason(
        "fok_unfillable",
        "fill or kill, and not all of it could be filled at once",
        "trade less at a time, or use IOC",
    ),
    reason(
        "minimum_unavailable",
        "the minimum quantity could not be filled at once",
        "ask for a smaller minimum",
    ),
    reason(
        "post_only_would_take",
        "a post-only order would have traded at once",
        "price it behind the touch",
    ),
    reason(
        "beyond_price_limits",
        "the price was beyond the session's limits",
        "price it within limit_percent of the venue's bands",
    ),
    reason("self_trade", "it met an order of its own owner", "cancel the order on the other side first"),
    reason("halted", "a volatility halt stopped it", "send it again when the halt is over: on_session"),
];

/// Time and phases.
const TIME: [Reason; 11] = [
    reason("phase_forbids", "the venue's phase took no such order", "look at session(), or use on_session"),
    reason("session_closed", "the session closed", "use GTC to keep orders overnight"),
    reason("auction_over", "the auction was over", "send it before the auction ends, or at a better price"),
    reason("date_reached", "its date was reached", "give it a later date, or use GTC"),
    reason("venue_closed", "the venue closed for good", ""),
    reason("market_stopped", "the market stopped before it arrived", "send it again when the market goes on"),
    reason("closed", "the run was over before it could arrive", ""),
    reason("no_more_data", "the replayed file had no further row", "end the scenario before the file ends"),
    reason("warming_up", "the market had not opened", "trade from on_start on, not in on_warmup"),
    reason("stopped", "its sender had stopped", ""),
    reason("blocked", "the market's operator had blocked the account", ""),
];

/// The rest.
const OTHERS: [Reason; 7] = [
    reason("unknown_listing", "the venue does not list that instrument", "name a market of the scenario"),
    reason("split", "a split left less than a lot of it", ""),
    reason("disconnected", "its owner was disconnected", ""),
    reason("requested", "its owner canceled it", ""),
    reason("mass_cancel", "its owner canceled all orders", ""),
    reason("linked", "the order it was linked with traded or ended", ""),
    reason("replaced_to_filled", "it was replaced to no more than was filled", ""),
];

/// Returns what is known of a reason.
pub(crate) fn reason_of(name: &str) -> Option<&'static Reason> {
    REASONS.into_iter().flatten().find(|reason| reason.name == name)
}

/// Returns the cause in words.
pub(crate) fn reason_text(name: &str) -> String {
    reason_of(name).map_or_else(|| name.replace('_', " "), |reason| reason.words.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    const PAGE: &str = include_str!("../../../docs/tables.md");
    const BEGIN: &str = "<!-- reasons: written by `write_the_reasons` -->\n";
    const END: &str = "<!-- end -->";

    fn place() -> std::ops::Range<usize> {
        let start = PAGE.find(BEGIN).unwrap() + BEGIN.len();
        start..start + PAGE[start..].find(END).unwrap()
    }

    fn written() -> String {
        let row = |it: &Reason| format!("| `{}` | {} | {} |\n", it.name, it.words, it.advice);
        let rows: String = REASONS.into_iter().flatten().map(row).collect();
        format!("| `reason` | cause | what to do |\n|---|---|---|\n{rows}")
    }

    /// Names as the engine writes them, read from its source, so that none can be added without words.
    #[test]
    fn every_reason_of_the_engine_has_words_and_no_other() {
        let files = [
            include_str!("../../../crates/core/src/market/reason.rs"),
            include_str!("../../../crates/core/src/market/refusal.rs"),
        ];
        let name = |line: &'static str| line.trim().split_once(" => \"")?.1.strip_suffix("\",");
        let engine: BTreeSet<&str> = files.into_iter().flat_map(str::lines).filter_map(name).collect();
        let known: Vec<&str> = REASONS.into_iter().flatten().map(|reason| reason.name).collect();
        assert_eq!(known.iter().copied().collect::<BTreeSet<&str>>(), engine);
        assert_eq!(known.len(), engine.len(), "each once");
        assert!(REASONS.into_iter().flatten().all(|it| it.words.contains(' ') && !it.words.contains('_')));
    }

    #[test]
    fn the_page_of_tables_has_the_reasons() {
        assert_eq!(&PAGE[place()], written(), "docs/tables.md; `write_the_reasons` writes it");
    }

    /// `cargo test --lib -- --ignored write_the_reasons`, after a change of a reason.
    #[test]
    #[ignore = "writes docs/tables.md"]
    fn write_the_reasons() {
        let place = place();
        let text = format!("{}{}{}", &PAGE[..place.start], written(), &PAGE[place.end..]);
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tables.md"), text).unwrap();
    }
}
