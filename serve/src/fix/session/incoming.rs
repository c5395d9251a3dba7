//! What comes in while a session goes on: numbers first, then what the message means.

use super::{ACCURACY, Archive, Gap, Phase, Session, Step};
use crate::fix::codec::{Body, Fault, Message, Millis, millis_of, reason, tags, tags::kind};

/// After what time it is asked once more for what is missing.
const ASK_AGAIN: Millis = 10_000;

impl Session {
    /// Takes a message of the other side.
    pub(in crate::fix) fn receive(
        &mut self,
        now: Millis,
        message: Message,
        archive: &dyn Archive,
    ) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.phase == Phase::Away {
            return steps;
        }
        self.received_at = now;
        self.tested_at = None;
        if message.version() != "FIX.4.4" {
            self.end(now, &format!("BeginString (8) is FIX.4.4, not {}", message.version()), &mut steps);
            return steps;
        }
        if !self.is_of_session(now, &message, &mut steps) || !self.is_timely(now, &message, &mut steps) {
            return steps;
        }
        let Ok(Some(number)) = message.read::<u64>(tags::MSG_SEQ_NUM, "number") else {
            self.end(now, "MsgSeqNum (34) is missing, or no number", &mut steps);
            return steps;
        };
        let is_gap_fill = matches!(message.flag(tags::GAP_FILL_FLAG), Ok(Some(true)));
        if message.kind() == kind::SEQUENCE_RESET && !is_gap_fill {
            self.set_number(now, &message, number, &mut steps);
            return steps;
        }
        let sets_back = matches!(message.flag(tags::RESET_SEQ_NUM_FLAG), Ok(Some(true)));
        if message.kind() == kind::LOGON && sets_back {
            self.log_on_again(now, &message, number, &mut steps);
        } else if number < self.numbers.incoming {
            self.take_old(now, &message, number, &mut steps);
        } else if number > self.numbers.incoming {
            self.take_early(now, &message, number, (archive, &mut steps));
        } else {
            self.numbers.incoming += 1;
            self.close_gap();
            self.take(now, message, number, (archive, &mut steps));
        }
        steps
    }

    /// Returns whether a message has the names of the session; else it ends.
    fn is_of_session(&mut self, now: Millis, message: &Message, steps: &mut Vec<Step>) -> bool {
        let names = (message.get(tags::SENDER_COMP_ID), message.get(tags::TARGET_COMP_ID));
        if names == (Some(&*self.theirs), Some(&*self.ours)) {
            return true;
        }
        let tag = if names.0 == Some(&*self.theirs) { tags::TARGET_COMP_ID } else { tags::SENDER_COMP_ID };
        let text = "SenderCompID (49) and TargetCompID (56) are not those of the session";
        self.reject(now, message, &Fault::new(tag, reason::COMP_ID, text), steps);
        self.end(now, text, steps);
        false
    }

    /// Returns whether a message was sent about now; else the session ends.
    pub(super) fn is_timely(&mut self, now: Millis, message: &Message, steps: &mut Vec<Step>) -> bool {
        let sent = message.get(tags::SENDING_TIME).and_then(millis_of);
        if sent.is_some_and(|sent| (now - sent).abs() <= ACCURACY) {
            return true;
        }
        let text = "SendingTime (52) must be a time in UTC within 120 seconds of the server's clock";
        self.reject(now, message, &Fault::new(tags::SENDING_TIME, reason::SENDING_TIME, text), steps);
        self.end(now, text, steps);
        false
    }

    /// Takes what has a number that has been counted already: it must say that it comes again.
    fn take_old(&mut self, now: Millis, message: &Message, number: u64, steps: &mut Vec<Step>) {
        if message.get(tags::POSS_DUP_FLAG) != Some("Y") {
            self.end(now, &self.too_low(number), steps);
            return;
        }
        let sent = message.get(tags::SENDING_TIME).and_then(millis_of);
        let fault = match message.get(tags::ORIG_SENDING_TIME).map(millis_of) {
            None => Some((reason::MISSING_TAG, "OrigSendingTime (122) is missing")),
            Some(original) if original.is_none() || original > sent => {
                Some((reason::SENDING_TIME, "OrigSendingTime (122) must be a time before SendingTime (52)"))
            }
            Some(_) => None,
        };
        if let Some((reason, text)) = fault {
            self.reject(now, message, &Fault::new(tags::ORIG_SENDING_TIME, reason, text), steps);
        }
    }

    /// Takes what has a number that is not due yet: what lies between is asked for, and this again with it.
    fn take_early(
        &mut self,
        now: Millis,
        message: &Message,
        number: u64,
        (archive, steps): (&dyn Archive, &mut Vec<Step>),
    ) {
        match message.kind() {
            // Both sides may have missed something: without this, each would wait for the other.
            kind::RESEND_REQUEST => self.resend_asked(now, message, archive, steps),
            kind::LOGOUT => {
                self.log_out_asked(now, steps);
                return;
            }
            kind::LOGON => {
                self.end(now, "the session has logged on already", steps);
                return;
            }
            _ => {}
        }
        self.ask_again(now, number, steps);
    }

    /// Asks for what is missing before a number, unless that was asked for a moment ago.
    pub(super) fn ask_again(&mut self, now: Millis, number: u64, steps: &mut Vec<Step>) {
        let is_asked = self.gap.is_some_and(|gap| now - gap.at < ASK_AGAIN);
        let up_to = self.gap.map_or(number, |gap| gap.up_to.max(number));
        if is_asked {
            let at = self.gap.map_or(now, |gap| gap.at);
            self.gap = Some(Gap { up_to, at });
            return;
        }
        self.gap = Some(Gap { up_to, at: now });
        let mut body = Body::default();
        body.put(tags::BEGIN_SEQ_NO, self.numbers.incoming).put(tags::END_SEQ_NO, 0);
        let request = self.number(now, kind::RESEND_REQUEST, body);
        steps.push(Step::Send(request));
    }

    /// Forgets what was asked for once all of it has come.
    pub(super) fn close_gap(&mut self) {
        if self.gap.is_some_and(|gap| gap.up_to < self.numbers.incoming) {
            self.gap = None;
        }
    }

    /// Takes the message that is due.
    fn take(
        &mut self,
        now: Millis,
        message: Message,
        number: u64,
        (archive, steps): (&dyn Archive, &mut Vec<Step>),
    ) {
        if let Some(fault) = message.fault().cloned() {
            self.reject(now, &message, &fault, steps);
            return;
        }
        match message.kind() {
            kind::HEARTBEAT | kind::REJECT => {}
            kind::TEST_REQUEST => self.test_asked(now, &message, steps),
            kind::RESEND_REQUEST => self.resend_asked(now, &message, archive, steps),
            kind::SEQUENCE_RESET => self.fill_gap(now, &message, number, steps),
            kind::LOGOUT => self.log_out_asked(now, steps),
            kind::LOGON => self.log_on_again(now, &message, number, steps),
            known if kind::is_known(known) => steps.push(Step::Deliver(message)),
            unknown => {
                let text = format!("FIX 4.4 has no message of type `{unknown}`");
                self.reject(now, &message, &Fault::new(tags::MSG_TYPE, reason::MSG_TYPE, text), steps);
            }
        }
    }
}
