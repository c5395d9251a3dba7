//! The list of all people, for administrators.

use super::{People, time};
use crate::domain::{AccountId, Role, UserId, WallTime};
use crate::store::database::{Row, StoreError, args, statements};

statements! {
    // Texts are compared as they are stored: without differences of case.
    LIST = "SELECT u.id, u.account_id, u.username, u.mail, u.is_verified, u.role, u.created_at, u.blocked_at,
        u.signed_in_at FROM users u WHERE (CAST($1 AS UUID) IS NULL OR u.id < $1)
        AND (CAST($2 AS TEXT) IS NULL OR u.username_key LIKE $2 ESCAPE '!' OR u.mail LIKE $2 ESCAPE '!')
        AND (CAST($3 AS TEXT) IS NULL OR u.role = $3)
        AND (CAST($4 AS TEXT) IS NULL OR (u.blocked_at IS NOT NULL AND $4 = 'blocked')
            OR (u.blocked_at IS NULL AND $4 = 'free'))
        ORDER BY u.id DESC LIMIT $5";
    ONE = "SELECT u.id, u.account_id, u.username, u.mail, u.is_verified, u.role, u.created_at, u.blocked_at,
        u.signed_in_at FROM users u WHERE u.id = $1";
}

/// A person in the list.
#[derive(Clone, PartialEq, Eq)]
pub struct ListedUser {
    /// The person.
    pub id: UserId,
    /// The person's account.
    pub account: AccountId,
    /// The name.
    pub username: String,
    /// The mail address.
    pub mail: Option<String>,
    /// Whether the address is known to be theirs.
    pub is_verified: bool,
    /// What the person is.
    pub role: Role,
    /// When the person came.
    pub created_at: WallTime,
    /// Since when the person is shut out.
    pub blocked_at: Option<WallTime>,
    /// When the person logged in last.
    pub signed_in_at: Option<WallTime>,
}

impl std::fmt::Debug for ListedUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ListedUser").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Which people are asked for, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Those who came before this one.
    pub before: Option<UserId>,
    /// Those whose name or mail address has this in it, whatever the case.
    pub search: Option<String>,
    /// Those of a role.
    pub role: Option<Role>,
    /// Those who are shut out, or those who are not.
    pub is_blocked: Option<bool>,
    /// How many at most.
    pub limit: u32,
}

impl People {
    /// Returns people, the newest first.
    ///
    /// # Errors
    /// As any statement.
    pub async fn list(&self, filter: &UserFilter) -> Result<Vec<ListedUser>, StoreError> {
        let UserFilter { before, search, role, is_blocked, limit } = filter;
        let pattern = search.as_deref().map(pattern_of);
        let state = is_blocked.map(|is_blocked| if is_blocked { "blocked" } else { "free" });
        let arguments = args![*before, pattern, role.map(Role::name), state, *limit];
        self.database.rows(LIST, arguments).await?.iter().map(listed).collect()
    }

    /// Returns a person as the list has them.
    ///
    /// # Errors
    /// As any statement.
    pub async fn listed(&self, id: UserId) -> Result<Option<ListedUser>, StoreError> {
        self.database.row(ONE, args![id]).await?.map(|row| listed(&row)).transpose()
    }
}

/// Returns a pattern of `LIKE` for what has a text in it.
fn pattern_of(text: &str) -> String {
    let mut pattern = "%".to_owned();
    for letter in text.to_ascii_lowercase().chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

fn listed(row: &Row) -> Result<ListedUser, StoreError> {
    let moment = |column| row.get::<Option<i64>>(column).map(|at| at.map(WallTime::from_nanos));
    Ok(ListedUser {
        id: UserId::new(row.get("id")?),
        account: AccountId::new(row.get("account_id")?),
        username: row.get("username")?,
        mail: row.get("mail")?,
        is_verified: row.get("is_verified")?,
        role: row.read("role", |role: String| Role::of_name(&role))?,
        created_at: time(row, "created_at")?,
        blocked_at: moment("blocked_at")?,
        signed_in_at: moment("signed_in_at")?,
    })
}
