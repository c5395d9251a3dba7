//! Letters about what has happened, and the same in a line.

use super::template::{Phrase, Template, Values, fill, in_language};
use super::{Times, mail};
use crate::domain::{
    AlertTrigger, ContestStep, FactorStep, Language, MarginStep, MoneyOutcome, Notice, NoticeContent,
    OrderEnd, WallTime,
};
use crate::store::mails::NewMail;

/// A notice in a line or two, as a small window shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortText {
    /// What it is about.
    pub title: String,
    /// What it says.
    pub body: String,
}

/// What a notice says: what it is about, and a sentence.
pub(super) struct Said {
    pub(super) title: Phrase,
    pub(super) sentence: Phrase,
    pub(super) values: Vec<(&'static str, String)>,
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
            "{count} fills, elected stops and ended orders came together until {now}. The first {shown} of them:",
            "{count} ejecuciones, stops activados y órdenes terminadas se reunieron hasta el {now}. Los primeros {shown}:",
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

/// Returns the mail that lists several notices, to nobody yet.
#[must_use]
pub fn of_several(language: Language, username: &str, notices: &[Notice], now: WallTime) -> NewMail {
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

pub(super) fn said(language: Language, content: &NoticeContent) -> Said {
    match content {
        NoticeContent::Fill(_)
        | NoticeContent::StopTriggered(_)
        | NoticeContent::OrderEnded(_)
        | NoticeContent::Margin(_)
        | NoticeContent::PriceAlert(_) => of_market(language, content),
        NoticeContent::Deposit(_) | NoticeContent::Withdrawal(_) | NoticeContent::Funds(_) => {
            of_money(content)
        }
        NoticeContent::StrategyStopped(_) | NoticeContent::Contest(_) | NoticeContent::WebhookOff(_) => {
            of_programs(content)
        }
        _ => of_security(language, content),
    }
}

fn of_market(language: Language, content: &NoticeContent) -> Said {
    match content {
        NoticeContent::Fill(it) => Said {
            title: ["{symbol} was traded", "Se ha negociado {symbol}"],
            sentence: [
                "Order {order}: {side} {quantity} {symbol} at {price} on {venue}; fee {fee}.",
                "Orden {order}: {side} {quantity} {symbol} a {price} en {venue}; comisión {fee}.",
            ],
            values: vec![
                ("order", it.order_id.clone()),
                ("side", side(language, &it.side)),
                ("quantity", it.quantity.to_string()),
                ("symbol", it.symbol.clone()),
                ("price", it.price.to_string()),
                ("venue", it.venue.clone()),
                ("fee", it.fee.to_string()),
            ],
        },
        NoticeContent::StopTriggered(it) => Said {
            title: ["A stop of {symbol} was elected", "Se ha activado un stop de {symbol}"],
            sentence: [
                "Order {order}: the stop to {side} {quantity} {symbol} on {venue} was elected.",
                "Orden {order}: se activó el stop de {side} {quantity} {symbol} en {venue}.",
            ],
            values: vec![
                ("order", it.order_id.clone()),
                ("side", side(language, &it.side)),
                ("quantity", it.quantity.to_string()),
                ("symbol", it.symbol.clone()),
                ("venue", it.venue.clone()),
            ],
        },
        NoticeContent::OrderEnded(it) => Said {
            title: ["An order of {symbol} ended", "Ha terminado una orden de {symbol}"],
            sentence: [
                match it.outcome {
                    OrderEnd::Canceled => "Order {order} of {symbol} on {venue} was canceled: {reason}",
                    OrderEnd::Expired => "Order {order} of {symbol} on {venue} has expired: {reason}",
                    OrderEnd::Rejected => "Order {order} of {symbol} on {venue} was rejected: {reason}",
                    OrderEnd::Refused => "Order {order} of {symbol} on {venue} was refused: {reason}",
                },
                match it.outcome {
                    OrderEnd::Canceled => "La orden {order} de {symbol} en {venue} fue cancelada: {reason}",
                    OrderEnd::Expired => "La orden {order} de {symbol} en {venue} ha caducado: {reason}",
                    OrderEnd::Rejected => "La orden {order} de {symbol} en {venue} fue rechazada: {reason}",
                    OrderEnd::Refused => "La orden {order} de {symbol} en {venue} no se admitió: {reason}",
                },
            ],
            values: vec![
                ("order", it.order_id.clone()),
                ("symbol", it.symbol.clone()),
                ("venue", it.venue.clone()),
                ("reason", it.reason.clone()),
            ],
        },
        NoticeContent::Margin(it) => {
            let mut values = vec![("equity", it.equity.to_string())];
            values.extend(it.maintenance.map(|maintenance| ("maintenance", maintenance.to_string())));
            Said { title: margin_title(it.step), sentence: margin_sentence(it.step), values }
        }
        NoticeContent::PriceAlert(it) => Said {
            title: ["{symbol} is at {price}", "{symbol} está a {price}"],
            sentence: [
                match it.trigger {
                    AlertTrigger::Above => "{symbol} on {venue} traded at {price}: at {value} or above.",
                    AlertTrigger::Below => "{symbol} on {venue} traded at {price}: at {value} or below.",
                    AlertTrigger::PercentMove => "{symbol} on {venue} moved by {value}% or more, to {price}.",
                },
                match it.trigger {
                    AlertTrigger::Above => "{symbol} en {venue} se negoció a {price}: a {value} o más.",
                    AlertTrigger::Below => "{symbol} en {venue} se negoció a {price}: a {value} o menos.",
                    AlertTrigger::PercentMove => "{symbol} en {venue} se movió un {value}% o más, a {price}.",
                },
            ],
            values: vec![
                ("symbol", it.symbol.clone()),
                ("venue", it.venue.clone()),
                ("value", it.value.to_string()),
                ("price", it.price.to_string()),
            ],
        },
        _ => Said { title: ["", ""], sentence: ["", ""], values: Vec::new() },
    }
}

const fn margin_title(step: MarginStep) -> Phrase {
    match step {
        MarginStep::Called => ["Margin call", "Llamada de margen"],
        MarginStep::Ended => ["The margin call is over", "La llamada de margen ha terminado"],
        MarginStep::Ruined => ["Your equity is gone", "Tu patrimonio se ha agotado"],
    }
}

const fn margin_sentence(step: MarginStep) -> Phrase {
    match step {
        MarginStep::Called => [
            "Equity {equity} is below the maintenance margin {maintenance}: orders are canceled and positions \
             closed.",
            "El patrimonio {equity} está por debajo del margen de mantenimiento {maintenance}: se cancelan las \
             órdenes y se cierran las posiciones.",
        ],
        MarginStep::Ended => [
            "All positions are closed. The account has {equity} and may trade again.",
            "Todas las posiciones están cerradas. La cuenta tiene {equity} y puede volver a operar.",
        ],
        MarginStep::Ruined => [
            "The account's equity is {equity}: it takes no new risk.",
            "El patrimonio de la cuenta es {equity}: no asume más riesgo.",
        ],
    }
}

fn of_money(content: &NoticeContent) -> Said {
    match content {
        NoticeContent::Deposit(it) => Said {
            title: ["A deposit has arrived", "Ha llegado un depósito"],
            sentence: [
                "{amount} {currency} are in your account (payment {reference}).",
                "{amount} {currency} están en tu cuenta (pago {reference}).",
            ],
            values: vec![
                ("amount", it.amount.to_string()),
                ("currency", it.currency.clone()),
                ("reference", it.reference.clone()),
            ],
        },
        NoticeContent::Withdrawal(it) if it.outcome == MoneyOutcome::Refused => Said {
            title: ["A withdrawal was not paid out", "Un retiro no se ha pagado"],
            sentence: [
                "{amount} {currency} were not paid out and are in your account (withdrawal {reference}): {reason}",
                "{amount} {currency} no se pagaron y están en tu cuenta (retiro {reference}): {reason}",
            ],
            values: vec![
                ("amount", it.amount.to_string()),
                ("currency", it.currency.clone()),
                ("reference", it.reference.clone()),
                ("reason", it.reason.clone().unwrap_or_default()),
            ],
        },
        NoticeContent::Withdrawal(it) => Said {
            title: ["A withdrawal was paid out", "Se ha pagado un retiro"],
            sentence: [
                "{amount} {currency} were paid out (withdrawal {reference}).",
                "Se pagaron {amount} {currency} (retiro {reference}).",
            ],
            values: vec![
                ("amount", it.amount.to_string()),
                ("currency", it.currency.clone()),
                ("reference", it.reference.clone()),
            ],
        },
        NoticeContent::Funds(it) => Said {
            title: ["An administrator changed your account", "Un administrador ha cambiado tu cuenta"],
            sentence: [
                "An administrator moved {amount} {asset} on your account.",
                "Un administrador movió {amount} {asset} en tu cuenta.",
            ],
            values: vec![("amount", it.amount.to_string()), ("asset", it.asset.clone())],
        },
        _ => Said { title: ["", ""], sentence: ["", ""], values: Vec::new() },
    }
}

fn of_programs(content: &NoticeContent) -> Said {
    match content {
        NoticeContent::StrategyStopped(it) => Said {
            title: ["A strategy stopped", "Una estrategia se ha detenido"],
            sentence: [
                "Strategy {strategy} stopped: {reason}",
                "La estrategia {strategy} se detuvo: {reason}",
            ],
            values: vec![("strategy", it.strategy_id.to_string()), ("reason", it.reason.clone())],
        },
        NoticeContent::Contest(it) => {
            let mut values = vec![("name", it.name.clone())];
            values.extend(it.rank.map(|rank| ("rank", rank.to_string())));
            values.extend(it.entrants.map(|entrants| ("entrants", entrants.to_string())));
            let sentence = match (it.step, it.rank.is_some() && it.entrants.is_some()) {
                (ContestStep::Entered, _) => {
                    ["You take part in the contest {name}.", "Participas en el concurso {name}."]
                }
                (ContestStep::Begun, _) => {
                    ["The contest {name} has begun.", "El concurso {name} ha comenzado."]
                }
                (ContestStep::Ended, true) => [
                    "The contest {name} has ended: you are number {rank} of {entrants}.",
                    "El concurso {name} ha terminado: eres el número {rank} de {entrants}.",
                ],
                (ContestStep::Ended, false) => [
                    "The contest {name} has ended: you are not ranked.",
                    "El concurso {name} ha terminado: no estás en la clasificación.",
                ],
                (ContestStep::Canceled, _) => {
                    ["The contest {name} was called off.", "El concurso {name} se ha cancelado."]
                }
            };
            Said { title: ["Contest {name}", "Concurso {name}"], sentence, values }
        }
        NoticeContent::WebhookOff(it) => Said {
            title: ["A webhook was turned off", "Se ha desactivado un webhook"],
            sentence: [
                "The webhook to {host} was turned off: {reason}",
                "El webhook a {host} se desactivó: {reason}",
            ],
            values: vec![("host", it.host.clone()), ("reason", it.reason.clone())],
        },
        _ => Said { title: ["", ""], sentence: ["", ""], values: Vec::new() },
    }
}

fn of_security(language: Language, content: &NoticeContent) -> Said {
    let plain = |title, sentence| Said { title, sentence, values: Vec::new() };
    match content {
        NoticeContent::SignIn(it) => Said {
            title: ["A new device has logged in", "Ha iniciado sesión un dispositivo nuevo"],
            sentence: [
                "Somebody logged in to your account from a device that was not seen before: {device}, {address}.",
                "Alguien inició sesión en tu cuenta desde un dispositivo que no se había visto antes: {device}, \
                 {address}.",
            ],
            values: vec![
                ("device", it.device.clone().unwrap_or_else(|| unknown(language))),
                ("address", it.address.clone().unwrap_or_else(|| unknown(language))),
            ],
        },
        NoticeContent::SecondFactor(it) => match it.step {
            Some(FactorStep::RecoveryCodeUsed) => plain(
                ["A recovery code was used", "Se ha usado un código de recuperación"],
                [
                    "A recovery code was used to log in to your account.",
                    "Se usó un código de recuperación para entrar en tu cuenta.",
                ],
            ),
            Some(FactorStep::Off) => plain(
                ["The second factor is off", "El segundo factor está desactivado"],
                [
                    "The second factor of your account was turned off.",
                    "Se desactivó el segundo factor de tu cuenta.",
                ],
            ),
            Some(FactorStep::On) | None => plain(
                ["The second factor is on", "El segundo factor está activado"],
                [
                    "The second factor of your account was turned on.",
                    "Se activó el segundo factor de tu cuenta.",
                ],
            ),
        },
        NoticeContent::MailAddressChanged(_) => plain(
            ["Your mail address was changed", "Tu dirección de correo se ha cambiado"],
            ["Your account has another mail address.", "Tu cuenta tiene otra dirección de correo."],
        ),
        NoticeContent::IdentityLinked(it) => Said {
            title: ["Another way to log in", "Otra forma de iniciar sesión"],
            sentence: [
                "An identity of {provider} can log in to your account.",
                "Una identidad de {provider} puede iniciar sesión en tu cuenta.",
            ],
            values: vec![("provider", it.provider.clone())],
        },
        _ => plain(
            ["Your password was changed", "Tu contraseña se ha cambiado"],
            ["The password of your account was changed.", "Se cambió la contraseña de tu cuenta."],
        ),
    }
}

fn side(language: Language, side: &str) -> String {
    let word = match (language, side) {
        (Language::En, "buy") => "buy",
        (Language::En, _) => "sell",
        (Language::Es, "buy") => "comprar",
        (Language::Es, _) => "vender",
    };
    word.to_owned()
}

fn unknown(language: Language) -> String {
    in_language(&["unknown", "desconocido"], language).to_owned()
}
