//! Letters about what has happened, and the same in a line.

use super::said::{Said, said};
use super::template::{Template, Values, fill, in_language};
use super::{Times, mail};
use crate::domain::{Language, Notice, NoticeContent, WallTime};
use crate::store::mails::NewMail;

/// A notice in a line or two, as a small window shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortText {
    /// What it is about.
    pub title: String,
    /// What it says.
    pub body: String,
}

pub(super) static ONE: Template = Template {
    subject: ["Bearpit: {title}", "Bearpit: {title}"],
    paragraphs: &[
        ["Hello {username},", "Hola, {username}:"],
        ["{sentence}", "{sentence}"],
        ["This happened at {now}.", "Ocurrió el {now}."],
        [
            "What you are told by mail is chosen in the settings of your account.",
            "En los ajustes de tu cuenta se elige de qué se te avisa por correo.",
        ],
    ],
};

pub(super) static ONE_OF_SECURITY: Template = Template {
    subject: ["Bearpit: {title}", "Bearpit: {title}"],
    paragraphs: &[
        ["Hello {username},", "Hola, {username}:"],
        ["{sentence}", "{sentence}"],
        ["This happened at {now}.", "Ocurrió el {now}."],
        [
            "If it was not you, change your password, end your other sessions, and tell the operator.",
            "Si no fuiste tú, cambia tu contraseña, cierra tus demás sesiones y avisa al operador.",
        ],
    ],
};

pub(super) static SEVERAL: Template = Template {
    subject: ["Bearpit: {count} news of your orders", "Bearpit: {count} novedades de tus órdenes"],
    paragraphs: &[
        ["Hello {username},", "Hola, {username}:"],
        [
            "These fills, elected stops and ended orders came together until {now} ({shown} of {count}):",
            "Estas ejecuciones, stops activados y órdenes terminadas se reunieron hasta el {now} ({shown} de {count}):",
        ],
        ["{lines}", "{lines}"],
        [
            "What you are told by mail is chosen in the settings of your account.",
            "En los ajustes de tu cuenta se elige de qué se te avisa por correo.",
        ],
    ],
};

/// How many lines one mail has.
const LINES_MAX: usize = 100;

/// Returns the mail about a notice, to nobody yet.
#[must_use]
pub fn of_notice(language: Language, username: &str, notice: &Notice, now: WallTime) -> NewMail {
    let ShortText { title, body } = short_text(language, &notice.content);
    let values: Values<'_> = &[
        ("title", title),
        ("sentence", body),
        ("username", username.to_owned()),
        ("now", notice.at.to_string()),
    ];
    let is_of_security = matches!(
        notice.content,
        NoticeContent::SignIn(_)
            | NoticeContent::SecondFactor(_)
            | NoticeContent::PasswordChanged(_)
            | NoticeContent::MailAddressChanged(_)
            | NoticeContent::IdentityLinked(_)
    );
    let template = if is_of_security { &ONE_OF_SECURITY } else { &ONE };
    mail(language, template, values, Times::of_notice(now))
}

/// Returns the mail that lists several notices, to nobody yet; of one it is that notice's.
#[must_use]
pub fn of_several(language: Language, username: &str, notices: &[Notice], now: WallTime) -> NewMail {
    if let [one] = notices {
        return of_notice(language, username, one, now);
    }
    let shown = notices.len().min(LINES_MAX);
    let lines: Vec<_> = notices[..shown].iter().map(|it| short_text(language, &it.content).body).collect();
    let values: Values<'_> = &[
        ("count", notices.len().to_string()),
        ("shown", shown.to_string()),
        ("lines", lines.join("\n")),
        ("username", username.to_owned()),
        ("now", now.to_string()),
    ];
    mail(language, &SEVERAL, values, Times::of_notice(now))
}

/// Returns a notice in a line or two.
#[must_use]
pub fn short_text(language: Language, content: &NoticeContent) -> ShortText {
    let Said { title, sentence, values } = said(language, content);
    ShortText {
        title: fill(in_language(&title, language), &values),
        body: fill(in_language(&sentence, language), &values),
    }
}
