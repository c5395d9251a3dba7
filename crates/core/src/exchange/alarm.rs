//! [`Alarm`]: what a wake-up of the exchange is for, packed into the wake-up's tag.

use crate::participant::ENFORCE_RUIN;
use crate::units::ListingId;

/// What a wake-up of the exchange is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alarm {
    /// The venue closes for good.
    Close,
    /// Something is due at one of its books.
    Book(BookAlarm, ListingId),
    /// Something is due at its replayed listings.
    Replay,
    /// Bars from before the start are to be shown.
    WarmUp,
    /// Accounts may be ruined by the prices of replayed listings.
    Ruin,
    /// The venue is done with the command that has waited longest.
    Processed,
}

/// What is due at a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BookAlarm {
    BarEnds = 1,
    NextPhase = 2,
    HaltGoesOn = 3,
    OrderExpires = 4,
    OtherBarsEnd = 5,
}

/// The upper half of the tag of [`Alarm::Replay`]: none of a book's.
const REPLAY: u64 = 6;
/// The same of [`Alarm::WarmUp`].
const WARM_UP: u64 = 7;
/// The same of [`Alarm::Processed`]; 8 is that of a ruin that is enforced.
const PROCESSED: u64 = 9;

impl Alarm {
    /// Returns the tag: the kind in its upper half, the listing in the lower.
    pub(super) const fn tag(self) -> u64 {
        match self {
            Self::Close => 0,
            Self::Replay => REPLAY << 32,
            Self::WarmUp => WARM_UP << 32,
            Self::Ruin => ENFORCE_RUIN,
            Self::Processed => PROCESSED << 32,
            Self::Book(alarm, listing) => (alarm as u64) << 32 | listing.get() as u64,
        }
    }

    /// Returns the alarm of a tag, if it is one.
    pub(super) const fn of(tag: u64) -> Option<Self> {
        let alarm = match tag >> 32 {
            0 => return Some(Self::Close),
            _ if tag == ENFORCE_RUIN => return Some(Self::Ruin),
            1 => BookAlarm::BarEnds,
            2 => BookAlarm::NextPhase,
            3 => BookAlarm::HaltGoesOn,
            4 => BookAlarm::OrderExpires,
            5 => BookAlarm::OtherBarsEnd,
            REPLAY => return Some(Self::Replay),
            WARM_UP => return Some(Self::WarmUp),
            PROCESSED => return Some(Self::Processed),
            _ => return None,
        };
        #[expect(clippy::cast_possible_truncation, reason = "the lower half is the listing")]
        let listing = ListingId::new(tag as u32);
        Some(Self::Book(alarm, listing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_survive_their_tags() {
        use BookAlarm::{BarEnds, HaltGoesOn, NextPhase, OrderExpires, OtherBarsEnd};
        let kinds = [BarEnds, NextPhase, HaltGoesOn, OrderExpires, OtherBarsEnd];
        for listing in [0, 7, u32::MAX].map(ListingId::new) {
            for kind in kinds {
                let alarm = Alarm::Book(kind, listing);
                assert_eq!(Alarm::of(alarm.tag()), Some(alarm));
            }
        }
        for alarm in [Alarm::Close, Alarm::Replay, Alarm::WarmUp, Alarm::Ruin, Alarm::Processed] {
            assert_eq!(Alarm::of(alarm.tag()), Some(alarm));
        }
        assert_eq!(Alarm::of(u64::MAX), None);
    }
}
