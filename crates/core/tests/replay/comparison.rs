//! The market against the reference, history by history.

use proptest::prelude::*;

use super::histories::history;
use super::history::{Act, End, History, Link, Order, Outcome};
use super::{driver, reference};

/// Makes one of the two ways in which a link with an order that is over fails: by the gate or by the venue,
/// whichever knows first; at one instant, which it is is nobody's promise.
fn with_links_as_one(history: &History, mut outcome: Outcome) -> Outcome {
    for fate in &mut outcome.fates {
        let is_linked =
            matches!(history.sent[fate.number].act, Act::Submit(Order { link: Link::Pair(_), .. }));
        if is_linked && matches!(fate.end, End::Refused("link_unfit") | End::Rejected(_)) {
            fate.end = End::Refused("link_unfit");
        }
    }
    outcome
}

/// Says what becomes of a history in the market and by the rules; with a flaw, by wrong ones.
pub(crate) fn both(history: &History, flaw: Option<reference::Flaw>) -> [Outcome; 2] {
    [driver::outcome(history), reference::outcome(history, flaw)]
        .map(|outcome| with_links_as_one(history, outcome))
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(super::HISTORIES)
    })]

    #[test]
    fn prop_a_history_comes_out_as_the_rules_say(history in history()) {
        let [market, expected] = both(&history, None);
        prop_assert_eq!(market, expected);
    }
}
