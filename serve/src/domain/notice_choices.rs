//! [`NoticeChoices`]: what a person wants to be told, and where.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::notice::NoticeKind;

/// In which language a person is addressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Spanish.
    Es,
}

/// Where something is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// By mail.
    pub by_mail: bool,
    /// In the list of notices.
    pub in_app: bool,
}

impl Wanted {
    /// Returns whether it is told at all.
    #[must_use]
    pub const fn is_told(self) -> bool {
        self.by_mail || self.in_app
    }
}

macro_rules! choices {
    ($($(#[$doc:meta])* $field:ident: $kind:ident, $mail:literal, $app:literal;)+) => {
        /// What a person is told by mail, beyond what everybody is told: each choosable kind.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(default)]
        pub struct NoticeChoices {
            $($(#[$doc])* pub $field: bool,)+
            /// What is shown in the list of notices.
            pub in_app: ShownNotices,
        }

        /// What is shown in the list of notices: each choosable kind.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(default)]
        pub struct ShownNotices {
            $($(#[$doc])* pub $field: bool,)+
        }

        /// What is to be changed of what a person is told; what is not said stays as it is.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct NoticeChoicesChange {
            $($(#[$doc])* pub $field: Option<bool>,)+
            /// What is shown in the list of notices.
            pub in_app: Option<ShownNoticesChange>,
        }

        /// What is to be changed of what is shown; what is not said stays as it is.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct ShownNoticesChange {
            $($(#[$doc])* pub $field: Option<bool>,)+
        }

        impl Default for NoticeChoices {
            fn default() -> Self {
                Self { $($field: $mail,)+ in_app: ShownNotices::default() }
            }
        }

        impl Default for ShownNotices {
            fn default() -> Self {
                Self { $($field: $app,)+ }
            }
        }

        impl NoticeChoices {
            /// Returns where a kind is told. What concerns who gets in is told everywhere, whatever is
            /// chosen; that a webhook is off is shown in the list.
            #[must_use]
            pub const fn of(&self, kind: NoticeKind) -> Wanted {
                match kind {
                    $(NoticeKind::$kind => Wanted { by_mail: self.$field, in_app: self.in_app.$field },)+
                    NoticeKind::WebhookOff => Wanted { by_mail: false, in_app: true },
                    _ => Wanted { by_mail: true, in_app: true },
                }
            }
        }

        impl NoticeChoicesChange {
            /// Returns the choices with what is to be changed.
            #[must_use]
            pub fn on(&self, before: NoticeChoices) -> NoticeChoices {
                let shown = self.in_app.unwrap_or_default();
                NoticeChoices {
                    $($field: self.$field.unwrap_or(before.$field),)+
                    in_app: ShownNotices {
                        $($field: shown.$field.unwrap_or(before.in_app.$field),)+
                    },
                }
            }
        }
    };
}

choices! {
    /// Each fill of an order.
    fills: Fill, false, false;
    /// That a stop was elected.
    stops: StopTriggered, false, false;
    /// Orders that ended without their owner's asking.
    orders: OrderEnded, false, true;
    /// Margin calls, their end, and liquidation.
    margin: Margin, true, true;
    /// Money that came in.
    deposits: Deposit, true, true;
    /// Money that went back, or did not in the end.
    withdrawals: Withdrawal, true, true;
    /// What an administrator gave or took.
    funds: Funds, false, true;
    /// Strategies that stopped.
    strategies: StrategyStopped, true, true;
    /// Contests: entered, begun, ended.
    contests: Contest, true, true;
    /// Price alerts.
    alerts: PriceAlert, true, true;
    /// Auctions of one's own, and proposals.
    auctions: Auction, false, true;
}

/// What a person's settings say of how they are told: a part of the JSON of all their settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NoticeSettings {
    /// The language.
    pub language: Language,
    /// What is told, and where.
    pub notifications: NoticeChoices,
}

impl NoticeSettings {
    /// Reads them from the settings; those of whoever chose nothing, if there are none that can be read.
    #[must_use]
    pub fn of_json(settings: Option<&str>) -> Self {
        settings.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_from_before_are_read_as_they_were_meant_by_mail() {
        let old = r#"{"language":"es","theme":"dark","notifications":{"fills":true,"stops":false}}"#;
        let settings = NoticeSettings::of_json(Some(old));
        assert_eq!(settings.language, Language::Es);
        let of = |kind| settings.notifications.of(kind);
        assert_eq!(of(NoticeKind::Fill), Wanted { by_mail: true, in_app: false });
        assert_eq!(of(NoticeKind::StopTriggered), Wanted { by_mail: false, in_app: false });
        assert_eq!(of(NoticeKind::Margin), Wanted { by_mail: true, in_app: true });
        assert_eq!(NoticeSettings::of_json(Some("{")), NoticeSettings::default());
    }

    #[test]
    fn what_concerns_who_gets_in_cannot_be_turned_off() {
        let change: NoticeChoicesChange =
            serde_json::from_str(r#"{"margin":false,"in_app":{"margin":false,"fills":true}}"#).unwrap();
        let choices = change.on(NoticeChoices::default());
        assert!(!choices.of(NoticeKind::Margin).is_told());
        assert_eq!(choices.of(NoticeKind::Fill), Wanted { by_mail: false, in_app: true });
        assert!(choices.alerts, "what is not said stays");
        for kind in [NoticeKind::SignIn, NoticeKind::PasswordChanged, NoticeKind::SecondFactor] {
            assert_eq!(choices.of(kind), Wanted { by_mail: true, in_app: true });
        }
        assert!(serde_json::from_str::<NoticeChoicesChange>(r#"{"sign_in":false}"#).is_err());
    }
}
