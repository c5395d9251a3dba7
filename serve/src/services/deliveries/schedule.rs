//! When something is tried again that has not arrived.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::domain::DeliveryId;

/// How long it is from each failed attempt until the next; after the last of these it is given up.
const PAUSES: [Duration; 8] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_hours(1),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(24),
];
/// The longest that a target may ask us to wait.
const ASKED_MAX: Duration = Duration::from_hours(24);

/// Returns how long it is until the next attempt after so many that failed, if there is one: up to a quarter
/// longer than the schedule says, drawn from the id, so that what failed together is not tried together.
pub(super) fn pause(id: DeliveryId, attempts: u32) -> Option<Duration> {
    let place = usize::try_from(attempts).ok()?.checked_sub(1)?;
    let pause = PAUSES.get(place)?;
    let mut drawn = blake3::Hasher::new();
    drawn.update(id.uuid().as_bytes());
    drawn.update(&attempts.to_be_bytes());
    let drawn = drawn.finalize();
    let share = u32::from(u16::from_be_bytes([drawn.as_bytes()[0], drawn.as_bytes()[1]]));
    Some(*pause + (*pause / 4).saturating_mul(share) / (u32::from(u16::MAX) + 1))
}

/// Returns how long an answer asks us to wait, if it says so in seconds.
pub(super) fn asked(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(ASKED_MAX))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn attempts_are_seconds_apart_at_first_and_a_day_in_the_end() {
        let mut shares = Vec::new();
        for number in 0..1_000 {
            let id = DeliveryId::new(Uuid::from_u128(number));
            for (place, expected) in PAUSES.iter().enumerate() {
                let attempts = u32::try_from(place).unwrap() + 1;
                let pause = pause(id, attempts).unwrap();
                assert!(pause >= *expected && pause < *expected * 5 / 4, "{attempts}: {pause:?}");
                assert_eq!(Some(pause), super::pause(id, attempts), "drawn from the id alone");
                shares.push(pause.as_secs_f64() / expected.as_secs_f64() - 1.0);
            }
            assert_eq!((pause(id, 0), pause(id, 9), pause(id, u32::MAX)), (None, None, None));
        }
        let mean = shares.iter().sum::<f64>() / f64::from(u32::try_from(shares.len()).unwrap());
        assert!((mean - 0.125).abs() < 0.01, "{mean}");
    }

    #[test]
    fn a_target_is_left_alone_as_long_as_it_asks_for_up_to_a_day() {
        for (text, expected) in [
            ("120", Some(Duration::from_mins(2))),
            (" 0 ", Some(Duration::ZERO)),
            ("99999999", Some(ASKED_MAX)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(asked(&headers), expected, "{text}");
        }
        assert_eq!(asked(&HeaderMap::new()), None);
    }
}
