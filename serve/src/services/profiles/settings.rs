//! [`Settings`]: how a person likes it shown, for all of the person's clients.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::domain::{Language, NoticeChoices, NoticeChoicesChange, Number, Problem, ProblemKind};

/// Which colours are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// Those of the person's system.
    #[default]
    System,
    /// Light ones.
    Light,
    /// Dark ones.
    Dark,
}

/// How a person likes it shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Settings {
    /// The language.
    pub language: Language,
    /// The colours.
    pub theme: Theme,
    /// The quantity that an order begins with.
    pub default_order_size: Option<Number>,
    /// Whether clients ask once more before they send an order.
    pub confirm_orders: bool,
    /// What the person is told, by mail and in the list of notices.
    pub notifications: NoticeChoices,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            language: Language::default(),
            theme: Theme::default(),
            default_order_size: None,
            confirm_orders: true,
            notifications: NoticeChoices::default(),
        }
    }
}

/// What is to be changed of the settings; what is not said stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsChange {
    /// The language.
    pub language: Option<Language>,
    /// The colours.
    pub theme: Option<Theme>,
    /// The quantity that an order begins with; `null` for none.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<Number>)]
    pub default_order_size: Option<Option<Number>>,
    /// Whether clients ask once more before they send an order.
    pub confirm_orders: Option<bool>,
    /// What the person is told, by mail and in the list of notices.
    pub notifications: Option<NoticeChoicesChange>,
}

impl SettingsChange {
    /// Refuses what cannot be meant.
    pub(super) fn check(&self) -> Result<(), Problem> {
        match self.default_order_size.flatten() {
            Some(size) if !size.0.is_positive() => {
                let message = format!("an order of {size} cannot be sent: the size must be above zero");
                let problem = Problem::new(ProblemKind::Refused, "invalid_field", message);
                Err(problem.at("settings.default_order_size").hint("null for none"))
            }
            _ => Ok(()),
        }
    }

    /// Returns the settings with what is to be changed.
    pub(super) fn on(&self, before: Settings) -> Settings {
        let told = self.notifications.unwrap_or_default();
        Settings {
            language: self.language.unwrap_or(before.language),
            theme: self.theme.unwrap_or(before.theme),
            default_order_size: self.default_order_size.unwrap_or(before.default_order_size),
            confirm_orders: self.confirm_orders.unwrap_or(before.confirm_orders),
            notifications: told.on(before.notifications),
        }
    }
}

/// Reads a value that may be `null`, which is another thing than one that is not there.
pub(super) fn said<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(json: &str) -> SettingsChange {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_is_not_said_stays_and_null_takes_away() {
        let first = change(
            r#"{"theme":"dark","default_order_size":"2.5","confirm_orders":false,"notifications":{"fills":true}}"#,
        );
        let kept = first.on(Settings::default());
        assert_eq!((kept.theme, kept.language, kept.confirm_orders), (Theme::Dark, Language::En, false));
        assert_eq!(change("{}").on(kept.clone()), kept);
        let next = change(r#"{"language":"es","default_order_size":null,"notifications":{"stops":true}}"#);
        let after = next.on(kept.clone());
        let told = NoticeChoices { fills: true, stops: true, ..NoticeChoices::default() };
        let expected =
            Settings { language: Language::Es, default_order_size: None, notifications: told, ..kept };
        assert_eq!(after, expected);
        let stored = serde_json::to_string(&after).unwrap();
        assert_eq!(serde_json::from_str::<Settings>(&stored).unwrap(), after);
        assert_eq!(serde_json::from_str::<Settings>("{}").unwrap(), Settings::default());
    }

    #[test]
    fn a_size_that_no_order_has_is_refused() {
        for size in ["0", "-1", "\"0.000\""] {
            let problem = change(&format!(r#"{{"default_order_size":{size}}}"#)).check().unwrap_err();
            assert_eq!(problem.field.as_deref(), Some("settings.default_order_size"), "{size}");
        }
        change(r#"{"default_order_size":"0.001"}"#).check().unwrap();
    }
}
