//! `bearpit-serve admin create` and its like: what an operator does to people, in the database itself,
//! whether a process serves or not.

use std::io::{self, BufRead, IsTerminal};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::console::{chain, print, print_error};
use super::database;
use super::exit::Failure;
use crate::config::Config;
use crate::domain::{AccountId, Problem, Role, Secret, UserId, WallTime};
use crate::services::identity::{
    MailAddress, Username, check_password, draw_reset, hash_password, system_clock,
};
use crate::store::database::{Database, StoreError};
use crate::store::people::{NewUser, People};

/// What an operator does to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PeopleAction {
    /// Makes a person, whose password comes from [`PASSWORD`] or standard input.
    Create {
        /// The name.
        name: String,
        /// The mail address, which is taken as theirs.
        mail: Option<String>,
        /// What the person is.
        role: Role,
    },
    /// Draws a link by which a person chooses a new password.
    ResetPassword(String),
    /// Shuts a person out.
    Block(String),
    /// Lets them in again.
    Unblock(String),
    /// Takes a person's mail address as theirs.
    Verify(String),
}

/// The variable that may have the password of a new person: the command line can be read by all users.
pub(super) const PASSWORD: &str = "BEARPIT_ADMIN_PASSWORD";
/// How long a link is good for.
const LINK: Duration = Duration::from_mins(30);

/// Does it.
///
/// # Errors
/// [`Failure::Input`] for what cannot be a name, an address or a password and for people who do not exist,
/// [`Failure::Run`] if the database cannot be used.
pub(super) fn run(config: &Config, action: PeopleAction) -> Result<(), Failure> {
    // Before the database is opened, so that nobody waits for whoever types.
    let password = match action {
        PeopleAction::Create { .. } => Some(password()?),
        _ => None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| refused(Failure::Run, &error))?;
    runtime.block_on(async {
        let opened = Database::open(&database::url(config)).await.map_err(|error| of_store(&error))?;
        let desk = Desk { people: People::new(opened.clone()), now: system_clock()(), config };
        let done = match (action, password) {
            (PeopleAction::Create { name, mail, role }, Some(password)) => {
                desk.create(&name, mail.as_deref(), role, &password).await
            }
            (PeopleAction::ResetPassword(name), _) => desk.reset(&name).await,
            (PeopleAction::Block(name), _) => desk.set_blocked(&name, Some(desk.now)).await,
            (PeopleAction::Unblock(name), _) => desk.set_blocked(&name, None).await,
            (PeopleAction::Verify(name), _) => desk.verify(&name).await,
            (PeopleAction::Create { .. }, None) => Err(Failure::Input),
        };
        opened.close().await;
        done
    })
}

struct Desk<'a> {
    people: People,
    now: WallTime,
    config: &'a Config,
}

impl Desk<'_> {
    async fn create(
        &self,
        name: &str,
        mail: Option<&str>,
        role: Role,
        password: &Secret,
    ) -> Result<(), Failure> {
        let name = Username::of_operator(name).map_err(|problem| of_problem(&problem))?;
        let mail = mail.map(MailAddress::parse).transpose().map_err(|problem| of_problem(&problem))?;
        check_password(password, name.text(), mail.as_ref()).map_err(|problem| of_problem(&problem))?;
        let password_hash = hash_password(self.config.identity.passwords, password);
        let password_hash = password_hash.map_err(|error| refused(Failure::Run, &error))?;
        let user = NewUser {
            id: UserId::draw(),
            account: AccountId::draw(),
            username: name.text().to_owned(),
            username_key: name.key(),
            is_verified: mail.is_some(),
            mail: mail.map(|mail| mail.text().to_owned()),
            role,
            password_hash,
            now: self.now,
        };
        match self.people.add(&user).await {
            Err(error) if error.is_conflict_on("users.username_key") => {
                Err(refused(Failure::Input, &format!("the name `{}` is taken", name.text())))
            }
            Err(error) if error.is_conflict_on("users.mail_key") => {
                Err(refused(Failure::Input, &"the mail address is somebody else's"))
            }
            added => {
                added.map_err(|error| of_store(&error))?;
                print(&format!("{} `{}` was made, with account {}", role.name(), user.username, user.account))
            }
        }
    }

    async fn reset(&self, name: &str) -> Result<(), Failure> {
        let user = self.people.of_name(&name.to_ascii_lowercase()).await.map_err(|error| of_store(&error))?;
        let user = user.ok_or_else(|| unknown(name))?;
        let token = draw_reset().map_err(|problem| of_problem(&problem))?;
        let until = self.now.after(LINK);
        let added = self.people.add_reset(token.digest(), user.id, self.now, until).await;
        added.map_err(|error| of_store(&error))?;
        let scheme = if self.config.tls_cert.is_some() { "https" } else { "http" };
        print(&format!("once, until {until}, `{}` can choose a new password with", user.username))?;
        print(&format!("  {}", token.expose()))?;
        print("for example by")?;
        print(&format!(
            "  curl -X POST {scheme}://{}/api/auth/reset -H 'Content-Type: application/json' \\\n    \
             -d '{{\"token\": \"{}\", \"password\": \"NEW PASSWORD\"}}'",
            self.config.listen,
            token.expose()
        ))
    }

    async fn set_blocked(&self, name: &str, blocked_at: Option<WallTime>) -> Result<(), Failure> {
        let is_there = self.people.set_blocked(&name.to_ascii_lowercase(), blocked_at).await;
        if !is_there.map_err(|error| of_store(&error))? {
            return Err(unknown(name));
        }
        let what = if blocked_at.is_some() { "blocked: out within a second" } else { "let in again" };
        print(&format!("`{name}` is {what}"))
    }

    async fn verify(&self, name: &str) -> Result<(), Failure> {
        match self.people.verify(&name.to_ascii_lowercase()).await {
            Ok(true) => print(&format!("the mail address of `{name}` is taken as theirs")),
            Ok(false) => {
                Err(refused(Failure::Input, &format!("nobody is called `{name}` and has a mail address")))
            }
            Err(error) if error.is_conflict_on("users.mail_key") => {
                Err(refused(Failure::Input, &"the mail address is somebody else's"))
            }
            Err(error) => Err(of_store(&error)),
        }
    }
}

/// Returns the password of a new person: from the environment, or the first line of standard input.
fn password() -> Result<Secret, Failure> {
    if let Ok(password) = std::env::var(PASSWORD) {
        return Ok(Secret::new(password));
    }
    let mut line = String::new();
    let input = io::stdin();
    let is_typed = input.is_terminal();
    if is_typed {
        print("Password (not shown):")?;
        echo(false);
    }
    let read = input.lock().read_line(&mut line);
    if is_typed {
        echo(true);
    }
    read.map_err(|error| refused(Failure::Run, &error))?;
    let password = line.trim_end_matches(['\n', '\r']);
    if password.is_empty() {
        let message = format!("a password is needed, on standard input or in {PASSWORD}");
        return Err(refused(Failure::Input, &message));
    }
    Ok(Secret::new(password.to_owned()))
}

/// Has a terminal show what is typed, or not. Where it cannot be told, it is shown.
fn echo(is_on: bool) {
    let argument = if is_on { "echo" } else { "-echo" };
    Command::new("stty").arg(argument).stdin(Stdio::inherit()).status().ok();
}

fn unknown(name: &str) -> Failure {
    refused(Failure::Input, &format!("nobody is called `{name}`"))
}

fn of_store(error: &StoreError) -> Failure {
    refused(Failure::Run, &chain(error))
}

fn of_problem(problem: &Problem) -> Failure {
    refused(Failure::Input, &problem.message)
}

fn refused(failure: Failure, why: &dyn std::fmt::Display) -> Failure {
    print_error(&format!("error: {why}"));
    failure
}
