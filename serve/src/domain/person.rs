//! What people are, and what they may do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use super::ids::{AccountId, IdentityId, KeyId, SessionId, UserId};
use super::wall_time::WallTime;

/// What a person is to the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Trades.
    User,
    /// Operates the market too.
    Admin,
}

impl Role {
    /// Returns the word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }

    /// Returns the role of a word.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::User, Self::Admin].into_iter().find(|role| role.name() == name)
    }
}

/// What a credential allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// To see one's own account, orders and trades.
    Read,
    /// To enter and cancel orders.
    Trade,
    /// What an operator may, if the person is one.
    Admin,
}

/// A word that is no scope.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no scope; there are read, trade and admin")]
pub struct UnknownScope(pub String);

impl Scope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Trade, Self::Admin];

    /// Returns the word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Trade => "trade",
            Self::Admin => "admin",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Read => 1,
            Self::Trade => 2,
            Self::Admin => 4,
        }
    }
}

/// A set of scopes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Scopes(u8);

impl Scopes {
    /// All that a person with a role has when logged in.
    #[must_use]
    pub fn of_role(role: Role) -> Self {
        match role {
            Role::User => [Scope::Read, Scope::Trade].into_iter().collect(),
            Role::Admin => Scope::ALL.into_iter().collect(),
        }
    }

    /// All that a key has that was made for an account of a contest.
    #[must_use]
    pub fn of_account() -> Self {
        [Scope::Read, Scope::Trade].into_iter().collect()
    }

    /// Returns whether a scope is in it.
    #[must_use]
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Returns the scopes that are in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Returns whether there is none in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns each scope that is in it.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl fmt::Display for Scopes {
    /// Writes the words, separated by spaces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.iter().map(Scope::name).collect();
        f.pad(&words.join(" "))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scopes({self})")
    }
}

impl FromStr for Scopes {
    type Err = UnknownScope;

    /// Reads words that are separated by spaces.
    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        let scope = |word: &str| Scope::ALL.into_iter().find(|scope| scope.name() == word);
        text.split_whitespace().map(|word| scope(word).ok_or_else(|| UnknownScope(word.to_owned()))).collect()
    }
}

/// Who asks for something: a person whose credential was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// The person.
    pub user: UserId,
    /// The person's account, which is what trades.
    pub account: AccountId,
    /// What the person is.
    pub role: Role,
    /// What the credential allows.
    pub scopes: Scopes,
    /// The credential.
    pub credential: Credential,
}

/// What somebody has shown that they are the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Credential {
    /// The access token of a session.
    Session(SessionId),
    /// An API key.
    Key(KeyId),
    /// A token of another provider.
    Outside(OutsideToken),
}

/// A token of another provider, which was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OutsideToken {
    /// Whose it is there.
    pub identity: IdentityId,
    /// When the person has logged in there, if it says so.
    pub logged_in_at: Option<WallTime>,
    /// Until when it is good.
    pub until: WallTime,
}

impl Credential {
    /// Returns whether a person shows it, not a program with a key.
    #[must_use]
    pub const fn is_of_person(self) -> bool {
        !matches!(self, Self::Key(_))
    }
}

impl Actor {
    /// Returns whether the person may do what needs a scope.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.has(scope) && Scopes::of_role(self.role).has(scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_written_in_one_order_and_read_in_any() {
        let scopes: Scopes = "trade read".parse().unwrap();
        assert_eq!((scopes.to_string().as_str(), scopes.has(Scope::Admin)), ("read trade", false));
        assert_eq!("read fly".parse::<Scopes>(), Err(UnknownScope("fly".to_owned())));
        assert!("".parse::<Scopes>().unwrap().is_empty());
    }

    #[test]
    fn a_key_with_a_scope_that_its_person_lacks_does_not_have_it() {
        let mut actor = Actor {
            user: UserId::draw(),
            account: AccountId::draw(),
            role: Role::User,
            scopes: Scope::ALL.into_iter().collect(),
            credential: Credential::Key(KeyId::draw()),
        };
        assert!(actor.may(Scope::Trade) && !actor.may(Scope::Admin));
        actor.role = Role::Admin;
        assert!(actor.may(Scope::Admin));
    }
}
