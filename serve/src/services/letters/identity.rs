//! Letters about who gets in.

use super::template::Template;
use super::{Times, mail};
use crate::domain::{Language, WallTime};
use crate::store::mails::NewMail;

/// What a mail with a code says.
#[derive(Clone, Copy)]
pub struct CodeLetter<'a> {
    /// The name of the account.
    pub username: &'a str,
    /// The code.
    pub code: &'a str,
    /// When it is written.
    pub now: WallTime,
    /// Until when the code is good.
    pub until: WallTime,
}

impl std::fmt::Debug for CodeLetter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CodeLetter").finish_non_exhaustive()
    }
}

pub(super) static IS_IT_YOURS: Template = Template {
    subject: ["Bearpit: a code for your mail address", "Bearpit: un código para tu dirección de correo"],
    paragraphs: &[
        [
            "Somebody, most likely you, has given this mail address for an account\non Bearpit: {username}",
            "Alguien, seguramente tú, ha indicado esta dirección de correo para una cuenta de Bearpit: {username}",
        ],
        ["This code shows that it is yours:", "Este código demuestra que es tuya:"],
        ["{code}", "{code}"],
        ["It is good once, until {until}.", "Vale una sola vez, hasta {until}."],
        [
            "If it was not you, do nothing: without the code, nothing changes.",
            "Si no fuiste tú, no hagas nada: sin el código no cambia nada.",
        ],
    ],
};

pub(super) static NEW_PASSWORD: Template = Template {
    subject: ["Bearpit: a code for a new password", "Bearpit: un código para una contraseña nueva"],
    paragraphs: &[
        [
            "Somebody, most likely you, has forgotten the password of an account\non Bearpit: {username}",
            "Alguien, seguramente tú, ha olvidado la contraseña de una cuenta de Bearpit: {username}",
        ],
        ["This code sets another:", "Este código permite elegir otra:"],
        ["{code}", "{code}"],
        [
            "It is good once, until {until}. Give it to nobody.",
            "Vale una sola vez, hasta {until}. No se lo des a nadie.",
        ],
        [
            "If it was not you, do nothing: without the code, nothing changes.",
            "Si no fuiste tú, no hagas nada: sin el código no cambia nada.",
        ],
    ],
};

pub(super) static PASSWORD_RESET: Template = Template {
    subject: ["Bearpit: your password was set anew", "Bearpit: tu contraseña se ha cambiado"],
    paragraphs: &[
        [
            "The password of an account on Bearpit was set anew, at\n{now}: {username}",
            "La contraseña de una cuenta de Bearpit se cambió por otra, el {now}: {username}",
        ],
        ["All of its sessions and keys have ended.", "Todas sus sesiones y claves han terminado."],
        [
            "If it was not you, somebody reads your mail, or the operator has given somebody else a link: tell \
             the operator.",
            "Si no fuiste tú, alguien lee tu correo, o el operador ha dado un enlace a otra persona: avisa al \
             operador.",
        ],
    ],
};

pub(super) static PASSWORD_CHANGED: Template = Template {
    subject: ["Bearpit: your password was changed", "Bearpit: tu contraseña se ha cambiado"],
    paragraphs: &[
        [
            "The password of an account on Bearpit was changed, at\n{now}: {username}",
            "La contraseña de una cuenta de Bearpit se cambió, el {now}: {username}",
        ],
        ["All of its other sessions have ended.", "Todas sus demás sesiones han terminado."],
        [
            "If it was not you, somebody else knows the password: set another by a code to this address, and \
             tell the operator.",
            "Si no fuiste tú, alguien más conoce la contraseña: elige otra con un código enviado a esta \
             dirección y avisa al operador.",
        ],
    ],
};

pub(super) static ADDRESS_CHANGED: Template = Template {
    subject: ["Bearpit: your mail address was changed", "Bearpit: tu dirección de correo se ha cambiado"],
    paragraphs: &[
        [
            "An account on Bearpit has another mail address since\n{now}: {username}",
            "Una cuenta de Bearpit tiene otra dirección de correo desde el {now}: {username}",
        ],
        ["This one is no longer used.", "Esta ya no se usa."],
        [
            "If it was not you, somebody else knows the password: tell the operator.",
            "Si no fuiste tú, alguien más conoce la contraseña: avisa al operador.",
        ],
    ],
};

pub(super) static IDENTITY_LINKED: Template = Template {
    subject: ["Bearpit: another way to log in", "Bearpit: otra forma de iniciar sesión"],
    paragraphs: &[
        [
            "An identity of another provider can log in to an account on Bearpit\nsince {now}: {username}",
            "Una identidad de otro proveedor puede iniciar sesión en una cuenta de Bearpit desde el {now}: \
             {username}",
        ],
        [
            "Among the identities of the account, it can be removed.",
            "Entre las identidades de la cuenta se puede quitar.",
        ],
        [
            "If it was not you, change your password, and tell the operator.",
            "Si no fuiste tú, cambia tu contraseña y avisa al operador.",
        ],
    ],
};

/// Asks whether an address is theirs.
#[must_use]
pub fn is_it_yours(language: Language, letter: CodeLetter<'_>) -> NewMail {
    with_code(language, &IS_IT_YOURS, letter)
}

/// Gives what sets another password.
#[must_use]
pub fn new_password(language: Language, letter: CodeLetter<'_>) -> NewMail {
    with_code(language, &NEW_PASSWORD, letter)
}

/// Tells that the password was set anew by a link or a code; `is_known` that it was changed by whoever knew
/// the one before.
#[must_use]
pub fn password_changed(language: Language, username: &str, now: WallTime, is_known: bool) -> NewMail {
    let template = if is_known { &PASSWORD_CHANGED } else { &PASSWORD_RESET };
    happened(language, template, username, now)
}

/// Tells an address that it is no longer that of an account.
#[must_use]
pub fn address_changed(language: Language, username: &str, now: WallTime) -> NewMail {
    happened(language, &ADDRESS_CHANGED, username, now)
}

/// Tells that an account can be entered by an identity elsewhere.
#[must_use]
pub fn identity_linked(language: Language, username: &str, now: WallTime) -> NewMail {
    happened(language, &IDENTITY_LINKED, username, now)
}

fn with_code(language: Language, template: &Template, letter: CodeLetter<'_>) -> NewMail {
    let CodeLetter { username, code, now, until } = letter;
    let values =
        &[("username", username.to_owned()), ("code", code.to_owned()), ("until", until.to_string())];
    mail(language, template, values, Times { now, expires_at: until })
}

fn happened(language: Language, template: &Template, username: &str, now: WallTime) -> NewMail {
    let values = &[("username", username.to_owned()), ("now", now.to_string())];
    mail(language, template, values, Times::of_notice(now))
}
