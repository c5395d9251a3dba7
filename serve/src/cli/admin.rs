//! `bearpit-serve admin`: asks a process of this machine to do something to its market, or does something to
//! people.

use bearpit_core::units::SimDuration;

use super::arguments::{AdminAction, AdminArguments};
use super::console::{print, print_error};
use super::exit::Failure;
use super::people::{self, PeopleAction};
use super::serve::configuration;
use crate::config::Flag;
use crate::domain::Role;
use crate::http::{AdminAccess, ask, ask_channels};
use crate::services::admin::Action;

/// Asks, and prints the answer as JSON.
///
/// # Errors
/// [`Failure::Run`] if no process answers or it refuses, [`Failure::Input`] for a speed that is none.
pub(super) fn run(arguments: &AdminArguments) -> Result<(), Failure> {
    let data = arguments.data.as_ref().map(|path| path.to_string_lossy().into_owned());
    let flags = data.into_iter().map(|value| Flag { key: "data", value }).collect();
    let config = configuration(flags, None)?.config;
    let action = match wanted(&arguments.action)? {
        Wanted::People(action) => return people::run(&config, action),
        Wanted::Market(action) => Some(action),
        Wanted::Channels => None,
    };
    let data = config.data;
    let access = AdminAccess::read(&data).map_err(|error| {
        print_error(&format!("error: no process runs with {}: {error}", data.display()));
        Failure::Run
    })?;
    let answer = match &action {
        Some(action) => ask(&access, action.as_ref()),
        None => ask_channels(&access),
    };
    match answer {
        Ok(answer) => print(&format!("{answer:#}")),
        Err(error) => {
            print_error(&format!("error: {error}"));
            Err(Failure::Run)
        }
    }
}

/// What an operator wants.
enum Wanted {
    /// Something of a running process; without an action its status.
    Market(Option<Action>),
    /// How the channels of a running process are.
    Channels,
    /// Something of the database.
    People(PeopleAction),
}

fn wanted(action: &AdminAction) -> Result<Wanted, Failure> {
    let of_people = |action| Ok(Wanted::People(action));
    let action = match action {
        AdminAction::Status => None,
        AdminAction::Channels => return Ok(Wanted::Channels),
        AdminAction::Pause => Some(Action::Pause),
        AdminAction::Resume => Some(Action::Resume),
        AdminAction::Halt { listing } => Some(Action::Halt { listing: listing.clone() }),
        AdminAction::Quote { symbol, value, bid, ask, force } => {
            let (symbol, value) = (symbol.clone(), value.clone());
            Some(Action::Quote { symbol, value, bid: bid.clone(), ask: ask.clone(), force: *force })
        }
        AdminAction::Reopen { listing, auction } => {
            Some(Action::Reopen { listing: listing.clone(), auction_millis: millis(*auction)? })
        }
        AdminAction::Speed { factor } => Some(Action::Speed { thousandths: thousandths(factor)? }),
        AdminAction::Create { name, mail, role } => {
            let role = Role::of_name(role).unwrap_or(Role::User);
            return of_people(PeopleAction::Create { name: name.clone(), mail: mail.clone(), role });
        }
        AdminAction::ResetPassword { user } => return of_people(PeopleAction::ResetPassword(user.clone())),
        AdminAction::RemoveSecondFactor { user } => {
            return of_people(PeopleAction::RemoveSecondFactor(user.clone()));
        }
        AdminAction::Block { user } => return of_people(PeopleAction::Block(user.clone())),
        AdminAction::Unblock { user } => return of_people(PeopleAction::Unblock(user.clone())),
        AdminAction::Verify { user } => return of_people(PeopleAction::Verify(user.clone())),
    };
    Ok(Wanted::Market(action))
}

/// Returns a span of time in whole milliseconds.
fn millis(span: SimDuration) -> Result<u32, Failure> {
    let (millis, rest) = (span.nanos() / 1_000_000, span.nanos() % 1_000_000);
    u32::try_from(millis).ok().filter(|_| rest == 0).ok_or_else(|| {
        print_error(&format!("error: `{span}` must be whole milliseconds, and at most 49 days"));
        Failure::Input
    })
}

/// Reads a factor with at most three decimals.
fn thousandths(factor: &str) -> Result<u32, Failure> {
    let (whole, rest) = factor.split_once('.').unwrap_or((factor, ""));
    let is_number = |text: &str| text.bytes().all(|it| it.is_ascii_digit());
    let fits = is_number(whole) && is_number(rest) && rest.len() <= 3 && !whole.is_empty();
    let number = fits.then(|| format!("{whole}{rest:0<3}").parse().ok()).flatten();
    number.filter(|number| *number > 0).ok_or_else(|| {
        print_error(&format!("error: `{factor}` is no speed: it must be a number such as 60 or 0.5"));
        Failure::Input
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_read_exactly() {
        for (text, expected) in [("1", 1_000), ("60", 60_000), ("0.5", 500), ("1.25", 1_250), ("0.001", 1)] {
            assert_eq!(thousandths(text), Ok(expected), "{text}");
        }
        for text in ["", "0", "-1", "1e3", "0.0001", ".5", "x", "1.2.3", "99999999999"] {
            assert_eq!(thousandths(text), Err(Failure::Input), "{text}");
        }
    }
}
