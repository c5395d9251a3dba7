//! [`InstantWatch`]: finds an actor that answers itself without end.
//!
//! An actor without latency that answers its own messages stops virtual time: its order is accepted, so it
//! cancels it; it is canceled, so it sends it again. Counting costs one comparison an event until an instant
//! has far more events than instants have.

use std::collections::BTreeMap;

use crate::units::ActorId;

/// What actors have answered at the present instant, once it has had many events.
#[derive(Debug, Default)]
pub(super) struct InstantWatch {
    events: u64,
    answers: BTreeMap<ActorId, Answers>,
}

/// How often an actor has answered which kinds of messages.
pub(super) type Answers = Vec<(&'static str, u64)>;

/// An instant is watched from this many events on for each answer that an actor may give: most of what is
/// delivered at a busy instant goes to many actors.
const EVENTS_PER_ANSWER: u64 = 4;

impl InstantWatch {
    /// Counts an event; `is_later` if the clock moved on to it. Returns whether answers are to be counted.
    #[inline]
    pub(super) fn count_event(&mut self, is_later: bool, answers_max: u64) -> bool {
        self.events = if is_later { 1 } else { self.events + 1 };
        let unwatched = answers_max.saturating_mul(EVENTS_PER_ANSWER);
        self.events > unwatched && self.begin(unwatched)
    }

    /// Forgets what an earlier instant has left, at the first event at which answers are counted.
    #[cold]
    fn begin(&mut self, unwatched: u64) -> bool {
        if self.events == unwatched + 1 {
            self.answers.clear();
        }
        true
    }

    /// Counts a message that an actor answered at the instant at which it came; returns what it has answered
    /// if that is too much.
    pub(super) fn count_answer(
        &mut self,
        actor: ActorId,
        kind: &'static str,
        answers_max: u64,
    ) -> Option<Answers> {
        let answers = self.answers.entry(actor).or_default();
        match answers.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => answers.push((kind, 1)),
        }
        let total: u64 = answers.iter().map(|(_, count)| count).sum();
        (total > answers_max).then(|| answers.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_late_and_forgotten_when_time_passes() {
        let actor = ActorId::new(3);
        let mut watch = InstantWatch::default();
        let watched: Vec<bool> = (0..20).map(|_| watch.count_event(false, 4)).collect();
        assert_eq!(watched.iter().position(|it| *it), Some(16));
        for kind in ["a", "b", "a", "a"] {
            assert_eq!(watch.count_answer(actor, kind, 4), None);
            assert_eq!(watch.count_answer(ActorId::new(4), kind, 4), None);
        }
        assert_eq!(watch.count_answer(actor, "b", 4), Some(vec![("a", 3), ("b", 2)]));
        assert!(!watch.count_event(true, 4), "time has passed");
        assert!((0..16).any(|_| watch.count_event(false, 4)));
        assert_eq!(watch.count_answer(actor, "b", 4), None);
    }
}
