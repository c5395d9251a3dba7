//! [`PaymentState`] and [`RefundState`]: how far money has come that comes in or goes back.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! states {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $state:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$of])* $state,)+
        }

        impl $name {
            /// Returns the word for it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$state => $word,)+ }
            }

            /// Returns the state of a word.
            #[must_use]
            pub fn of_name(name: &str) -> Option<Self> {
                match name { $($word => Some(Self::$state),)+ _ => None }
            }
        }
    };
}

states! {
    /// How far a payment has come.
    PaymentState {
        /// The provider has not answered yet.
        Created = "created",
        /// The provider waits for whoever pays.
        Redirected = "redirected",
        /// The provider is asked whether it was paid.
        Committing = "committing",
        /// It was paid; the account has the money next.
        Authorized = "authorized",
        /// The market was asked to put the money into the account.
        Funding = "funding",
        /// The account has the money.
        Settled = "settled",
        /// The provider says that it was not paid.
        Refused = "refused",
        /// Whoever was to pay did not want to.
        Aborted = "aborted",
        /// It was not paid in time.
        Expired = "expired",
        /// The provider's answer does not fit: an operator has to look.
        Held = "held",
    }
}

states! {
    /// How far a refund has come.
    RefundState {
        /// It was asked for.
        Requested = "requested",
        /// The market was asked to take the money out of the account.
        Debiting = "debiting",
        /// The account has given the money; the provider is asked next.
        Debited = "debited",
        /// The provider was asked, and what it did is not known yet.
        Sending = "sending",
        /// The provider has paid it out.
        Done = "done",
        /// The account has not that much that is free: nothing was moved.
        Refused = "refused",
        /// The provider does not pay it out: the account gets the money back next.
        Refusing = "refusing",
        /// The provider has not paid it out, and the account has the money again.
        Returned = "returned",
        /// Whether it was paid out cannot be found out: an operator has to look.
        Held = "held",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_as_they_are_written() {
        for state in [PaymentState::Created, PaymentState::Committing, PaymentState::Held] {
            assert_eq!(PaymentState::of_name(state.name()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.name());
        }
        for state in [RefundState::Requested, RefundState::Refusing, RefundState::Held] {
            assert_eq!(RefundState::of_name(state.name()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.name());
        }
        assert_eq!((PaymentState::of_name("paid"), RefundState::of_name("")), (None, None));
    }
}
