//! Ids of people, accounts, sessions, keys, and of what administrators write.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;
use uuid::Uuid;

/// A text that is no id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no id: one is written like 0190c7a4-5e4f-7c50-9a3e-1f6f0a4d2b11")]
pub struct BadId(pub String);

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes one of a UUID.
            #[must_use]
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// Draws a new one, which no other process draws; those drawn later sort behind.
            #[must_use]
            pub fn draw() -> Self {
                Self(Uuid::now_v7())
            }

            /// Returns it as a UUID.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                // The library reads braces and URNs as well, which nobody else writes.
                let is_plain = text.len() == 36;
                let id = Uuid::try_parse(text).ok().filter(|_| is_plain);
                id.map(Self).ok_or_else(|| BadId(text.to_owned()))
            }
        }
    )+};
}

ids! {
    /// The id of a person.
    UserId,
    /// The id of an account: the name of its seat in the market.
    AccountId,
    /// The id of a session: from a login until its logout.
    SessionId,
    /// The id of an API key, which is no secret.
    KeyId,
    /// The id of an entry of the audit log.
    AuditId,
    /// The id of an announcement.
    AnnouncementId,
    /// The id of a contest.
    ContestId,
    /// The id of a mail.
    MailId,
    /// The id of a transfer between two accounts of a person.
    TransferId,
    /// The id of an identity that a person has elsewhere: a digest of issuer and subject.
    IdentityId,
    /// The id of a payment: money that comes in.
    PaymentId,
    /// The id of a withdrawal: money that goes back.
    WithdrawalId,
    /// The id of a refund: the part of a withdrawal that is of one payment.
    RefundId,
    /// The id of a notice: what a person is told.
    NoticeId,
    /// The id of a price alert.
    AlertId,
    /// The id of an endpoint that a person wants to be called.
    WebhookId,
    /// The id of a browser that takes messages for a person.
    SubscriptionId,
    /// The id of something that is sent to an endpoint or a browser: the same at each attempt.
    DeliveryId,
    /// The id of an estimate.
    EstimateId,
    /// The id of a worker: a process, or a thread of one, that makes estimates.
    WorkerId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written_and_in_no_other_way() {
        let id = AccountId::draw();
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "anne", "{0190c7a4-5e4f-7c50-9a3e-1f6f0a4d2b11}", "0190c7a45e4f7c509a3e1f6f0a4d2b11"]
        {
            assert_eq!(text.parse::<AccountId>(), Err(BadId(text.to_owned())));
        }
    }

    #[test]
    fn ids_that_are_drawn_later_sort_behind() {
        let ids: Vec<_> = (0..1_000).map(|_| UserId::draw()).collect();
        assert!(ids.is_sorted());
    }
}
