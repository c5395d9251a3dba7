//! What is sent again: what was kept, and gaps for all else.

use std::ops::Range;

use super::{Outgoing, Session, Step};
use crate::fix::codec::{Body, Fault, Message, Millis, reason, tags, tags::kind};

/// A message that was sent, or would have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::fix) struct KeptMessage {
    pub(in crate::fix) number: u64,
    pub(in crate::fix) at: Millis,
    pub(in crate::fix) kind: String,
    pub(in crate::fix) body: String,
}

/// Has messages that were kept.
pub(in crate::fix) trait Archive {
    /// Returns those of some numbers that are kept, in their order.
    fn kept(&self, numbers: Range<u64>) -> Vec<KeptMessage>;
}

impl Session {
    pub(super) fn resend_asked(
        &mut self,
        now: Millis,
        message: &Message,
        archive: &dyn Archive,
        steps: &mut Vec<Step>,
    ) {
        let range = match self.asked_range(message) {
            Ok(range) => range,
            Err(fault) => return self.reject(now, message, &fault, steps),
        };
        let mut next = range.start;
        for kept in archive.kept(range.clone()) {
            if kept.number < next || kept.number >= range.end {
                continue;
            }
            if kept.number > next {
                steps.push(Step::Send(gap_fill(now, next, kept.number)));
            }
            next = kept.number + 1;
            steps.push(Step::Send(Outgoing {
                number: kept.number,
                kind: kept.kind,
                at: now,
                body: Body::of_text(kept.body),
                original: Some(kept.at),
                is_resend: false,
                is_kept: false,
            }));
        }
        if next < range.end {
            steps.push(Step::Send(gap_fill(now, next, range.end)));
        }
        self.sent_at = now;
    }

    fn asked_range(&self, message: &Message) -> Result<Range<u64>, Fault> {
        for tag in [tags::BEGIN_SEQ_NO, tags::END_SEQ_NO] {
            message.need(tag)?;
        }
        let begin: u64 = message.read(tags::BEGIN_SEQ_NO, "number")?.unwrap_or(0);
        let end: u64 = message.read(tags::END_SEQ_NO, "number")?.unwrap_or(0);
        let next = self.numbers.outgoing;
        if begin == 0 || begin >= next || (end != 0 && end < begin) {
            let text = format!("BeginSeqNo (7) is 1 to {}, and EndSeqNo (16) not below it, or 0", next - 1);
            return Err(Fault::new(tags::BEGIN_SEQ_NO, reason::BAD_VALUE, text));
        }
        let last = if end == 0 { next - 1 } else { end.min(next - 1) };
        Ok(begin..last + 1)
    }
}

/// Says that nothing comes again for some numbers.
fn gap_fill(now: Millis, from: u64, to: u64) -> Outgoing {
    let mut body = Body::default();
    body.put(tags::GAP_FILL_FLAG, 'Y').put(tags::NEW_SEQ_NO, to);
    Outgoing {
        number: from,
        kind: kind::SEQUENCE_RESET.to_owned(),
        at: now,
        body,
        original: Some(now),
        is_resend: false,
        is_kept: false,
    }
}
