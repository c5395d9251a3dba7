//! Profiles: what people say of themselves, their pictures and their settings.
//!
//! The server keeps settings for a person's clients. It does nothing by language, theme, default size and
//! confirmations itself.

mod export;
mod leaving;
mod picture;
mod settings;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{error, warn};
use utoipa::ToSchema;

use super::identity::{self, Identity, of_store};
use super::strategies::Strategies;
use super::trading::Trading;
use super::wallet::Wallets;
use super::watchlists::Watchlists;
use crate::domain::{AccountId, Actor, Number, Problem, ProblemKind, Role, Secret, UserId};
use crate::store::database::Database;
use crate::store::profiles::ProfileRow;

pub use export::Piece;
pub use leaving::{LeaveRequest, LeftView};
pub use picture::{BYTES_MAX, Picture};
pub use settings::{Settings, SettingsChange, Theme};

use picture::Pictures;
use settings::said;

/// The most characters of a first or last name.
pub const NAME_MAX: usize = 64;

/// What a person sees of themselves.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProfileView {
    /// The person.
    pub user_id: UserId,
    /// The name by which the person logs in.
    #[schema(example = "anne")]
    pub username: String,
    /// The first name.
    pub first_name: Option<String>,
    /// The last name.
    pub last_name: Option<String>,
    /// The mail address.
    #[schema(value_type = Option<String>, example = "anne@example.org")]
    pub mail: Option<Secret>,
    /// Whether the address is known to be theirs.
    pub mail_verified: bool,
    /// What the person is.
    pub role: Role,
    /// When the person came.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Whether there is a picture, at `/api/profile/picture`.
    pub has_picture: bool,
    /// The person's money.
    pub wallet: WalletLine,
    /// How the person likes it shown.
    pub settings: Settings,
}

/// A person's money in short.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WalletLine {
    /// The wallet: the person's account.
    pub wallet_id: AccountId,
    /// The currency of all amounts.
    pub currency: String,
    /// The cash; absent while the market takes nothing.
    pub cash: Option<Number>,
    /// Cash and all holdings; absent while the market takes nothing, or a holding has no price.
    pub value: Option<Number>,
}

/// What is to be changed of a profile; what is not said stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileChange {
    /// The first name; `null` or empty for none.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>, max_length = 64)]
    pub first_name: Option<Option<String>>,
    /// The last name; `null` or empty for none.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>, max_length = 64)]
    pub last_name: Option<Option<String>>,
    /// Settings.
    pub settings: Option<SettingsChange>,
}

/// The most pictures that are on their way or wait.
const WAITING_MAX: usize = 16;
/// When to try again then.
const AGAIN: Duration = Duration::from_secs(1);

/// A turn to send a picture.
#[derive(Debug)]
pub struct PictureTurn(#[expect(dead_code, reason = "it is held, and given back")] OwnedSemaphorePermit);

/// What it is made of.
#[derive(Debug)]
pub struct ProfilesParts {
    /// Who is who.
    pub identity: Arc<Identity>,
    /// What people have.
    pub trading: Arc<Trading>,
    /// What their scripts do.
    pub strategies: Arc<Strategies>,
    /// What was moved on their accounts.
    pub wallets: Arc<Wallets>,
    /// What they watch.
    pub watchlists: Arc<Watchlists>,
    /// Where names and settings are.
    pub database: Database,
    /// The directory of pictures.
    pub pictures: PathBuf,
}

/// Keeps profiles.
#[derive(Debug)]
pub struct Profiles {
    identity: Arc<Identity>,
    trading: Arc<Trading>,
    strategies: Arc<Strategies>,
    wallets: Arc<Wallets>,
    watchlists: Arc<Watchlists>,
    database: Database,
    pictures: Pictures,
    /// How many pictures may be on their way or wait: each has two megabytes.
    waiting: Arc<Semaphore>,
    /// How many are decoded at once: each may take hundreds of megabytes.
    decoding: Arc<Semaphore>,
}

impl Profiles {
    /// Makes it.
    #[must_use]
    pub fn new(parts: ProfilesParts) -> Self {
        let ProfilesParts { identity, trading, strategies, wallets, watchlists, database, pictures } = parts;
        let (waiting, decoding) = (Arc::new(Semaphore::new(WAITING_MAX)), Arc::new(Semaphore::new(1)));
        let pictures = Pictures::in_directory(pictures);
        Self { identity, trading, strategies, wallets, watchlists, database, pictures, waiting, decoding }
    }

    /// Returns what a person sees of themselves.
    ///
    /// # Errors
    /// [`Problem`] if the database is away, or a key of an account of a contest asks.
    pub async fn profile(&self, who: &Actor) -> Result<ProfileView, Problem> {
        identity::refuse_contest_key(&self.database, who).await?;
        let row = self.database.profile(who.user).await.map_err(of_store)?.unwrap_or_default();
        self.view(who, row).await
    }

    /// Changes what a person says of themselves.
    ///
    /// # Errors
    /// [`Problem`] that names what does not fit, or if the database is away.
    pub async fn change(&self, who: &Actor, change: ProfileChange) -> Result<ProfileView, Problem> {
        let ProfileChange { first_name, last_name, settings } = change;
        let first_name = first_name.map(|name| checked_name(name, "first_name")).transpose()?;
        let last_name = last_name.map(|name| checked_name(name, "last_name")).transpose()?;
        let settings = settings.unwrap_or_default();
        settings.check()?;
        let on = |row: ProfileRow| ProfileRow {
            first_name: first_name.unwrap_or(row.first_name),
            last_name: last_name.unwrap_or(row.last_name),
            // Fails for maps with keys that are no texts only.
            settings: serde_json::to_string(&settings.on(settings_of(&row.settings))).unwrap_or_default(),
        };
        let row = self.database.change_profile(who.user, on).await.map_err(of_store)?;
        self.view(who, row).await
    }

    async fn view(&self, who: &Actor, row: ProfileRow) -> Result<ProfileView, Problem> {
        let person = self.identity.profile(who).await?;
        let account = match self.trading.account(person.account).await {
            Ok(account) => Some(account),
            Err(problem) if problem.kind == ProblemKind::Unavailable => None,
            Err(problem) => return Err(problem),
        };
        let wallet = WalletLine {
            wallet_id: person.account,
            currency: self.trading.data.currency().to_owned(),
            cash: account.as_ref().map(|it| it.cash),
            value: account.and_then(|it| it.equity),
        };
        Ok(ProfileView {
            user_id: person.user,
            username: person.username,
            first_name: row.first_name,
            last_name: row.last_name,
            mail: person.mail,
            mail_verified: person.is_verified,
            role: person.role,
            created_at: person.created_at.to_string(),
            has_picture: self.on_disk(who.user, Pictures::has).await?,
            wallet,
            settings: settings_of(&row.settings),
        })
    }

    /// Returns a person's picture, if there is one.
    ///
    /// # Errors
    /// [`Problem`] if the disk fails.
    pub async fn picture(&self, who: &Actor) -> Result<Option<Picture>, Problem> {
        identity::refuse_contest_key(&self.database, who).await?;
        self.on_disk(who.user, Pictures::get).await
    }

    /// Returns a turn to send a picture, to be had before it is read.
    ///
    /// # Errors
    /// [`Problem`] if too many are on their way.
    pub fn picture_turn(&self) -> Result<PictureTurn, Problem> {
        let turn = Arc::clone(&self.waiting).try_acquire_owned();
        turn.map(PictureTurn).map_err(|_| {
            let message = "too many pictures are being read";
            Problem::new(ProblemKind::Unavailable, "busy", message).retry_after(AGAIN)
        })
    }

    /// Keeps a picture, made small, in place of the one before.
    ///
    /// # Errors
    /// [`Problem`] if it is none, or too large; or if the disk fails.
    pub async fn put_picture(&self, who: &Actor, sent: Vec<u8>, _turn: PictureTurn) -> Result<(), Problem> {
        // It is never closed.
        let permit = Arc::clone(&self.decoding).acquire_owned().await.ok();
        self.on_disk(who.user, move |pictures, user| {
            let kept = pictures.put(user, &sent);
            drop(permit);
            kept.map(drop)
        })
        .await
    }

    /// Deletes a person's picture; returns whether there was one.
    ///
    /// # Errors
    /// [`Problem`] if the disk fails.
    pub async fn delete_picture(&self, who: &Actor) -> Result<bool, Problem> {
        self.on_disk(who.user, Pictures::delete).await
    }

    /// Does something with pictures on a thread that may wait for the disk.
    async fn on_disk<T: Send + 'static>(
        &self,
        user: UserId,
        act: impl FnOnce(&Pictures, UserId) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let pictures = self.pictures.clone();
        tokio::task::spawn_blocking(move || act(&pictures, user)).await.unwrap_or_else(|error| {
            error!(%error, "a picture");
            Err(Problem::new(ProblemKind::Internal, "internal", "a fault of the server, which is in its log"))
        })
    }
}

/// Reads settings that were stored.
fn settings_of(text: &str) -> Settings {
    if text.is_empty() {
        return Settings::default();
    }
    serde_json::from_str(text).unwrap_or_else(|error| {
        warn!(%error, "settings that cannot be read count as none");
        Settings::default()
    })
}

/// Returns a name without blanks around it; nothing for an empty one.
fn checked_name(name: Option<String>, field: &'static str) -> Result<Option<String>, Problem> {
    let Some(name) = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    if name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        let message = format!("a name has at most {NAME_MAX} characters, and none that controls a screen");
        return Err(Problem::new(ProblemKind::Refused, "invalid_field", message).at(field));
    }
    Ok(Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_bounded() {
        let long = "x".repeat(65);
        for (name, expected) in [
            (None, Ok(None)),
            (Some("  "), Ok(None)),
            (Some(" Núria "), Ok(Some("Núria"))),
            (Some(&long[..64]), Ok(Some(&long[..64]))),
            (Some(&*long), Err("first_name")),
            (Some("a\u{7}b"), Err("first_name")),
        ] {
            let checked = checked_name(name.map(str::to_owned), "first_name");
            let found = checked.as_ref().map(Option::as_deref).map_err(|it| it.field.as_deref().unwrap());
            assert_eq!(found, expected, "{name:?}");
        }
    }

    #[test]
    fn settings_that_cannot_be_read_count_as_none() {
        for text in ["", "{}", "none", r#"{"theme":"purple"}"#, "[]"] {
            assert_eq!(settings_of(text), Settings::default(), "{text}");
        }
        assert_eq!(settings_of(r#"{"theme":"dark","of_later":1}"#).theme, Theme::Dark);
    }
}
