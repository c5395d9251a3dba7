//! What a browser is sent of a notice: a title and a sentence in its person's language, how long it is of
//! use, and how much it matters.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::encryption::MESSAGE_MAX;
use crate::domain::{Language, NoticeContent, NoticeKind};
use crate::services::letters::{ShortText, short_text};

/// How long what concerns trading is of use.
const OF_TRADING: Duration = Duration::from_hours(1);
/// How long all else is.
const OF_PERSON: Duration = Duration::from_hours(24);

/// How much a message matters (RFC 8030, section 5.3): a browser that saves power takes some later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// It can wait until the browser is awake.
    Low,
    /// It is shown soon.
    Normal,
    /// Its person should act at once.
    High,
}

impl Urgency {
    /// Returns the word of the header.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }
}

/// Returns for how long a message of a kind is kept for a browser that is away, and how much it matters.
#[must_use]
pub const fn terms_of(kind: NoticeKind) -> (Duration, Urgency) {
    match kind {
        NoticeKind::Fill => (OF_TRADING, Urgency::Normal),
        NoticeKind::StopTriggered | NoticeKind::PriceAlert | NoticeKind::Auction => {
            (OF_TRADING, Urgency::High)
        }
        NoticeKind::OrderEnded | NoticeKind::StrategyStopped => (OF_PERSON, Urgency::Normal),
        NoticeKind::Margin
        | NoticeKind::SignIn
        | NoticeKind::PasswordChanged
        | NoticeKind::MailAddressChanged
        | NoticeKind::IdentityLinked
        | NoticeKind::SecondFactor => (OF_PERSON, Urgency::High),
        NoticeKind::Deposit | NoticeKind::Withdrawal | NoticeKind::Funds => (OF_PERSON, Urgency::Normal),
        NoticeKind::Contest | NoticeKind::WebhookOff => (OF_PERSON, Urgency::Low),
    }
}

/// A message, as it is stored.
#[derive(Deserialize)]
struct Stored<'a> {
    #[serde(rename = "type")]
    kind: String,
    timestamp: String,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// The id of a notice, among its data.
#[derive(Deserialize)]
struct Named {
    notice_id: String,
}

/// Returns what a browser is sent, of a message as it is stored; nothing if that cannot be read.
#[must_use]
pub fn message_of(body: &str, language: Language) -> Option<Vec<u8>> {
    let Stored { kind, timestamp, data } = serde_json::from_str(body).ok()?;
    let named: Named = serde_json::from_str(data.get()).ok()?;
    let content = format!("{{\"kind\":{},\"data\":{}}}", json!(kind), data.get());
    let content: NoticeContent = serde_json::from_str(&content).ok()?;
    let ShortText { title, body } = short_text(language, &content);
    Some(fitted(&kind, &timestamp, &named.notice_id, &title, &body))
}

/// Returns a message with as much of its sentence as there is room for.
fn fitted(kind: &str, timestamp: &str, notice: &str, title: &str, body: &str) -> Vec<u8> {
    let made = |body: &str| {
        json!({ "title": title, "body": body, "kind": kind, "notice_id": notice, "timestamp": timestamp })
            .to_string()
            .into_bytes()
    };
    let whole = made(body);
    if whole.len() <= MESSAGE_MAX {
        return whole;
    }
    // A character takes six bytes at most, as an escape.
    let room = MESSAGE_MAX.saturating_sub(made("…").len()) / 6;
    let cut: String = body.chars().take(room).collect();
    made(&format!("{cut}…"))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn body(data: &str) -> String {
        format!("{{\"type\":\"funds\",\"timestamp\":\"2026-11-30T10:00:00Z\",\"data\":{data}}}")
    }

    #[test]
    fn a_browser_is_sent_a_title_and_a_sentence_in_the_language_of_its_person() {
        let stored =
            body(r#"{"amount":"9007199254740993.01","asset":"USD","notice_id":"n","account_id":null}"#);
        let mut titles = Vec::new();
        for language in [Language::En, Language::Es] {
            let message: Value = serde_json::from_slice(&message_of(&stored, language).unwrap()).unwrap();
            assert_eq!((&message["kind"], &message["notice_id"]), (&json!("funds"), &json!("n")));
            assert_eq!(message["timestamp"], "2026-11-30T10:00:00Z");
            let sentence = message["body"].as_str().unwrap();
            assert!(sentence.contains("9007199254740993.01"), "{sentence}");
            titles.push(message["title"].clone());
        }
        assert_ne!(titles[0], titles[1]);
    }

    #[test]
    fn what_cannot_be_read_is_sent_to_nobody() {
        for stored in ["", "{}", &body("{}"), &body(r#"{"notice_id":"n"}"#), &body("[]")] {
            assert_eq!(message_of(stored, Language::En), None, "{stored}");
        }
    }

    #[test]
    fn a_sentence_that_is_too_long_is_cut_between_characters() {
        for letter in ["x", "ñ", "\u{1}", "\"", "🐻"] {
            let message = fitted("funds", "t", "n", "title", &letter.repeat(4_000));
            assert!(message.len() <= MESSAGE_MAX, "{}", message.len());
            let message: Value = serde_json::from_slice(&message).unwrap();
            let sentence = message["body"].as_str().unwrap();
            assert!(sentence.starts_with(letter) && sentence.ends_with('…'), "{sentence}");
        }
        let short = fitted("funds", "t", "n", "title", "short");
        assert_eq!(serde_json::from_slice::<Value>(&short).unwrap()["body"], "short");
    }

    #[test]
    fn each_kind_says_how_long_it_is_of_use_and_how_much_it_matters() {
        for kind in NoticeKind::ALL {
            let (ttl, urgency) = terms_of(*kind);
            assert!(ttl >= OF_TRADING && ["low", "normal", "high"].contains(&urgency.name()), "{kind:?}");
        }
        assert_eq!(terms_of(NoticeKind::Margin), (OF_PERSON, Urgency::High));
    }
}
