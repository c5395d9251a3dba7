//! `bearpit-serve admin create` and its like: what an operator does to people, in the database itself,
//! whether a process serves or not.

use std::io::{self, BufRead, IsTerminal};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::console::{chain, print, print_error};
use super::database;
use super::exit::Failure;
use crate::config::Config;
use crate::domain::{AccountId, Problem, ProblemKind, Role, Secret, UserId, WallTime};
use crate::services::admin::{AuditLog, By, Deed};
use crate::services::identity::{
    MailAddress, Username, block, check_password, draw_reset, hash_password, system_clock,
};
use crate::store::database::{Database, StoreError};
use crate::store::people::{NewUser, People, User};

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
    /// Removes the second factor of a person.
    RemoveSecondFactor(String),
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
        let sessions = database::sessions(config).map_err(|error| of_store(&error))?;
        let desk =
            Desk { people: People::with_sessions(opened.clone(), sessions), now: system_clock()(), config };
        let log = AuditLog::new(opened.clone(), system_clock());
        let deed = desk.deed(&action).await.map_err(|error| of_store(&error))?;
        let entry = log.begin(By::Operator, deed).await.map_err(|problem| of_problem(&problem))?;
        let done = match (action, password) {
            (PeopleAction::Create { name, mail, role }, Some(password)) => {
                desk.create(&name, mail.as_deref(), role, &password).await
            }
            (PeopleAction::ResetPassword(name), _) => desk.reset(&name).await,
            (PeopleAction::RemoveSecondFactor(name), _) => desk.remove_second_factor(&name).await,
            (PeopleAction::Block(name), _) => desk.block(&name).await,
            (PeopleAction::Unblock(name), _) => desk.unblock(&name).await,
            (PeopleAction::Verify(name), _) => desk.verify(&name).await,
            (PeopleAction::Create { .. }, None) => Err(Refusal::input("a password is needed")),
        };
        let told = done.as_ref().map(drop).map_err(|refusal| refusal.problem());
        log.end(entry, told.as_ref().map(drop)).await;
        opened.close().await;
        match done {
            Ok(lines) => lines.iter().try_for_each(|line| print(line)),
            Err(Refusal { failure, message }) => Err(refused(failure, &message)),
        }
    })
}

/// Why something is not done.
struct Refusal {
    failure: Failure,
    message: String,
}

impl Refusal {
    fn input(message: impl std::fmt::Display) -> Self {
        Self { failure: Failure::Input, message: message.to_string() }
    }

    /// Returns it as the audit log has it.
    fn problem(&self) -> Problem {
        let (kind, code) = match self.failure {
            Failure::Input => (ProblemKind::Refused, "refused"),
            _ => (ProblemKind::Internal, "failed"),
        };
        Problem::new(kind, code, &self.message)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let is_of_input = !matches!(problem.kind, ProblemKind::Unavailable | ProblemKind::Internal);
        let failure = if is_of_input { Failure::Input } else { Failure::Run };
        Self { failure, message: problem.message }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self { failure: Failure::Run, message: chain(&error) }
    }
}

/// What is printed of what was done.
type Done = Result<Vec<String>, Refusal>;

struct Desk<'a> {
    people: People,
    now: WallTime,
    config: &'a Config,
}

impl Desk<'_> {
    /// Returns what is to be done as the audit log has it: whoever there is by their ids.
    async fn deed(&self, action: &PeopleAction) -> Result<Deed, StoreError> {
        let (word, name) = match action {
            PeopleAction::Create { name, role, .. } => {
                let details = serde_json::json!({ "role": role });
                return Ok(Deed::new("user.create").to("user", name).with(details));
            }
            PeopleAction::ResetPassword(name) => ("user.reset_password", name),
            PeopleAction::RemoveSecondFactor(name) => ("user.remove_second_factor", name),
            PeopleAction::Block(name) => ("user.block", name),
            PeopleAction::Unblock(name) => ("user.unblock", name),
            PeopleAction::Verify(name) => ("user.verify", name),
        };
        let user = self.people.of_name(&name.to_ascii_lowercase()).await?;
        Ok(Deed::new(word).to("user", user.map_or_else(|| name.clone(), |user| user.id.to_string())))
    }

    async fn create(&self, name: &str, mail: Option<&str>, role: Role, password: &Secret) -> Done {
        let name = Username::of_operator(name)?;
        let mail = mail.map(MailAddress::parse).transpose()?;
        check_password(password, name.text(), mail.as_ref())?;
        let password_hash = hash_password(self.config.identity.passwords, password);
        let password_hash =
            password_hash.map_err(|error| Refusal { failure: Failure::Run, message: error.to_string() })?;
        let user = NewUser {
            id: UserId::draw(),
            account: AccountId::draw(),
            username: name.text().to_owned(),
            username_key: name.key(),
            is_verified: mail.is_some(),
            mail: mail.map(|mail| mail.text().to_owned()),
            role,
            password_hash: Some(password_hash),
            now: self.now,
        };
        match self.people.add(&user).await {
            Err(error) if error.is_conflict_on("users.username_key") => {
                Err(Refusal::input(format!("the name `{}` is taken", name.text())))
            }
            Err(error) if error.is_conflict_on("users.mail_key") => {
                Err(Refusal::input("the mail address is somebody else's"))
            }
            added => {
                added?;
                let (role, name, account) = (role.name(), user.username, user.account);
                Ok(vec![format!("{role} `{name}` was made, with account {account}")])
            }
        }
    }

    async fn reset(&self, name: &str) -> Done {
        let user = self.of_name(name).await?;
        let token = draw_reset()?;
        let until = self.now.after(LINK);
        self.people.add_reset(token.digest(), user.id, self.now, until).await?;
        let scheme = if self.config.tls_cert.is_some() { "https" } else { "http" };
        Ok(vec![
            format!("once, until {until}, `{}` can choose a new password with", user.username),
            format!("  {}", token.expose()),
            "for example by".to_owned(),
            format!(
                "  curl -X POST {scheme}://{}/api/auth/reset -H 'Content-Type: application/json' \\\n    \
                 -d '{{\"token\": \"{}\", \"password\": \"NEW PASSWORD\"}}'",
                self.config.listen,
                token.expose()
            ),
        ])
    }

    async fn remove_second_factor(&self, name: &str) -> Done {
        let user = self.of_name(name).await?;
        if !self.people.remove_second_factor(user.id, self.now).await? {
            return Err(Refusal::input(format!("`{name}` has no second factor")));
        }
        Ok(vec![format!("`{name}` logs in with the password alone")])
    }

    async fn block(&self, name: &str) -> Done {
        let user = self.of_name(name).await?;
        block(&self.people, user.id, self.now).await?;
        Ok(vec![format!("`{name}` is blocked: out within a second")])
    }

    async fn unblock(&self, name: &str) -> Done {
        let user = self.of_name(name).await?;
        self.people.unblock(user.id).await?;
        Ok(vec![format!("`{name}` is let in again")])
    }

    async fn of_name(&self, name: &str) -> Result<User, Refusal> {
        let user = self.people.of_name(&name.to_ascii_lowercase()).await?;
        user.ok_or_else(|| Refusal::input(format!("nobody is called `{name}`")))
    }

    async fn verify(&self, name: &str) -> Done {
        match self.people.verify(&name.to_ascii_lowercase()).await {
            Ok(true) => Ok(vec![format!("the mail address of `{name}` is taken as theirs")]),
            Ok(false) => Err(Refusal::input(format!("nobody is called `{name}` and has a mail address"))),
            Err(error) if error.is_conflict_on("users.mail_key") => {
                Err(Refusal::input("the mail address is somebody else's"))
            }
            Err(error) => Err(error.into()),
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
