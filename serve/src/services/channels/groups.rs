//! [`Groups`]: those who send orders over channels, each registered by a person in whose account it trades.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tracing::info;
use utoipa::ToSchema;

use crate::domain::{AccountId, Actor, Problem, ProblemKind, Secret, WallTime};
use crate::services::identity::{self, Clock};
use crate::store::channels::{AddGroupOutcome, Group, GroupState};
use crate::store::database::{Database, StoreError};

/// How many groups a person has at most.
const GROUPS_MAX: i64 = 5;
/// How long a name may be.
const NAME_MAX: usize = 32;
/// For how long what was read of a group counts, in nanoseconds.
const FRESH: i64 = 1_000_000_000;
/// For how long it counts while the database is away.
const STALE: i64 = 300_000_000_000;
/// How many groups are remembered, those that are none included.
const REMEMBERED_MAX: usize = 10_000;

/// A group as its person writes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupRequest {
    /// Its name: 1 to 32 small letters, digits and `-`. No other group has it.
    #[schema(example = "desk-7", min_length = 1, max_length = 32, pattern = "^[a-z0-9-]{1,32}$")]
    pub name: String,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GroupView {
    /// Its name.
    pub name: String,
    /// The account that its orders are of.
    pub account_id: AccountId,
    /// When it was registered.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When its secret was last replaced.
    #[schema(format = DateTime)]
    pub rotated_at: Option<String>,
}

/// The groups of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GroupsView {
    /// The groups, by name.
    pub groups: Vec<GroupView>,
}

/// A group with its secret, which is shown this once.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DrawnGroupView {
    /// Its name.
    pub name: String,
    /// The account that its orders are of.
    pub account_id: AccountId,
    /// What its requests are signed with.
    pub secret: Secret,
}

/// Keeps groups, and knows them by their names.
pub struct Groups {
    database: Database,
    clock: Clock,
    /// Whether only those trade whose mail address is known to be theirs.
    needs_verified_mail: bool,
    known: Mutex<HashMap<String, (WallTime, Option<GroupState>)>>,
}

impl fmt::Debug for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Groups").field("database", &self.database).finish_non_exhaustive()
    }
}

impl Groups {
    /// Makes it.
    #[must_use]
    pub fn new(database: Database, needs_verified_mail: bool, clock: Clock) -> Self {
        Self { database, clock, needs_verified_mail, known: Mutex::default() }
    }

    /// Registers a group that trades in the account in which it is asked for.
    ///
    /// # Errors
    /// [`Problem`] if the name is none or taken, or the person has as many as may be.
    pub async fn register(&self, who: &Actor, request: GroupRequest) -> Result<DrawnGroupView, Problem> {
        let name = fit_name(&request.name)?.to_owned();
        let secret = identity::draw_group()?;
        let (account, now) = (who.account, (self.clock)());
        let group = Group { name, account, created_at: now, rotated_at: None };
        let bytes = secret.expose().as_bytes();
        match self.database.add_group(who.user, &group, bytes, GROUPS_MAX).await.map_err(of_store)? {
            AddGroupOutcome::Added => {}
            AddGroupOutcome::TooMany => {
                let message = format!("there are {GROUPS_MAX} groups of yours already: delete one");
                return Err(Problem::new(ProblemKind::Conflict, "too_many_groups", message));
            }
            AddGroupOutcome::Blocked => {
                let message = "the token is not one any more";
                return Err(Problem::new(ProblemKind::Unauthenticated, "invalid_token", message));
            }
        }
        self.forget(&group.name);
        info!(user = %who.user, group = group.name, "group registered");
        Ok(DrawnGroupView { name: group.name, account_id: account, secret })
    }

    /// Returns the groups of a person.
    ///
    /// # Errors
    /// [`Problem`] if the database is away.
    pub async fn all(&self, who: &Actor) -> Result<GroupsView, Problem> {
        let groups = self.database.groups(who.user).await.map_err(of_store)?;
        Ok(GroupsView { groups: groups.into_iter().map(view).collect() })
    }

    /// Replaces the secret of a person's group; the old one is good for nothing within a second.
    ///
    /// # Errors
    /// [`Problem`] if the person has no such group.
    pub async fn rotate(&self, who: &Actor, name: &str) -> Result<DrawnGroupView, Problem> {
        let secret = identity::draw_group()?;
        let (bytes, now) = (secret.expose().as_bytes(), (self.clock)());
        if !self.database.rotate_group(who.user, name, bytes, now).await.map_err(of_store)? {
            return Err(unknown(name));
        }
        self.forget(name);
        info!(user = %who.user, group = name, "group rotated");
        let groups = self.database.groups(who.user).await.map_err(of_store)?;
        let group = groups.into_iter().find(|group| group.name == name).ok_or_else(|| unknown(name))?;
        Ok(DrawnGroupView { name: group.name, account_id: group.account, secret })
    }

    /// Deletes a person's group; it is none within a second. Its orders stay.
    ///
    /// # Errors
    /// [`Problem`] if the person has no such group.
    pub async fn delete(&self, who: &Actor, name: &str) -> Result<(), Problem> {
        if !self.database.delete_group(who.user, name).await.map_err(of_store)? {
            return Err(unknown(name));
        }
        self.forget(name);
        info!(user = %who.user, group = name, "group deleted");
        Ok(())
    }

    /// Returns what decides about requests of a group, read at most a second ago; while the database is away,
    /// what was read in the last five minutes.
    pub(super) async fn state(&self, name: &str) -> Result<Option<GroupState>, Problem> {
        if fit_name(name).is_err() {
            return Ok(None);
        }
        let now = (self.clock)();
        let age = |at: WallTime| now.nanos().saturating_sub(at.nanos());
        let known = self.lock().get(name).cloned();
        if let Some((at, state)) = &known
            && (0..FRESH).contains(&age(*at))
        {
            return Ok(state.clone());
        }
        let state = match self.database.group_state(name).await {
            Ok(state) => state,
            Err(error) if error.is_away() => {
                let stale = known.filter(|(at, _)| (0..STALE).contains(&age(*at)));
                return stale.map(|(_, state)| state).ok_or_else(|| of_store(error));
            }
            Err(error) => return Err(of_store(error)),
        };
        let mut known = self.lock();
        if known.len() >= REMEMBERED_MAX {
            known.clear();
        }
        known.insert(name.to_owned(), (now, state.clone()));
        Ok(state)
    }

    /// Returns why a group whose signature is right may not trade, if so.
    pub(super) fn refusal(&self, state: &GroupState) -> Option<Problem> {
        let problem = |code, message| Some(Problem::new(ProblemKind::Forbidden, code, message));
        if state.is_blocked {
            return problem("blocked", "whoever registered this group was shut out");
        }
        if self.needs_verified_mail && !state.is_verified {
            return problem("mail_unverified", "whoever registered this group has no verified mail address");
        }
        None
    }

    fn forget(&self, name: &str) {
        self.lock().remove(name);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, (WallTime, Option<GroupState>)>> {
        // What is inside is whole at any time.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fit_name(name: &str) -> Result<&str, Problem> {
    let is_fit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(is_fit) {
        return Ok(name);
    }
    let message = format!("the name of a group has 1 to {NAME_MAX} small letters, digits and `-`");
    Err(Problem::new(ProblemKind::Refused, "invalid_name", message).at("name"))
}

fn view(group: Group) -> GroupView {
    let Group { name, account, created_at, rotated_at } = group;
    GroupView {
        name,
        account_id: account,
        created_at: created_at.to_string(),
        rotated_at: rotated_at.map(|at| at.to_string()),
    }
}

fn unknown(name: &str) -> Problem {
    let message = format!("there is no group `{name}` of yours");
    Problem::new(ProblemKind::NotFound, "unknown_group", message).at("name")
}

fn of_store(error: StoreError) -> Problem {
    if error.is_conflict_on("trading_groups.name") {
        return Problem::new(ProblemKind::Conflict, "name_in_use", "there is another group of that name")
            .at("name");
    }
    identity::of_store(error)
}
