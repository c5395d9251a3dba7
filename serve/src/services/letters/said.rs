//! What each kind of notice says, in a line and a sentence, in both languages.

use super::template::{Phrase, in_language};
use crate::domain::{
    AlertTrigger, AuctionNotice, AuctionStep, ContestStep, FactorStep, Language, MarginStep, MoneyOutcome,
    NoticeContent, OrderEnd,
};

/// What a notice says: what it is about, and a sentence.
pub(super) struct Said {
    pub(super) title: Phrase,
    pub(super) sentence: Phrase,
    pub(super) values: Vec<(&'static str, String)>,
}

/// Returns what a notice says.
pub(super) fn said(language: Language, content: &NoticeContent) -> Said {
    match content {
        NoticeContent::Fill(_) | NoticeContent::StopTriggered(_) | NoticeContent::OrderEnded(_) => {
            of_order(language, content)
        }
        NoticeContent::Margin(_) | NoticeContent::PriceAlert(_) => of_price(content),
        NoticeContent::Deposit(_) | NoticeContent::Withdrawal(_) | NoticeContent::Funds(_) => {
            of_money(content)
        }
        NoticeContent::StrategyStopped(_) | NoticeContent::Contest(_) | NoticeContent::WebhookOff(_) => {
            of_programs(content)
        }
        NoticeContent::Auction(it) => of_auction(it),
        _ => of_security(language, content),
    }
}

fn of_order(language: Language, content: &NoticeContent) -> Said {
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
        _ => Said { title: ["", ""], sentence: ["", ""], values: Vec::new() },
    }
}

fn of_price(content: &NoticeContent) -> Said {
    match content {
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

fn of_auction(it: &AuctionNotice) -> Said {
    let is_cash = it.cash.is_some();
    let sentence = match it.step {
        AuctionStep::Proposed if is_cash => [
            "{cash} are proposed for your {quantity} {symbol} in auction {auction} (proposal {proposal}).",
            "Proponen {cash} por tus {quantity} {symbol} en la subasta {auction} (propuesta {proposal}).",
        ],
        AuctionStep::Proposed => [
            "{for_quantity} {for_symbol} are proposed for your {quantity} {symbol} in auction {auction} \
             (proposal {proposal}).",
            "Proponen {for_quantity} {for_symbol} por tus {quantity} {symbol} en la subasta {auction} \
             (propuesta {proposal}).",
        ],
        AuctionStep::Accepted => [
            "Your proposal {proposal} in auction {auction} was accepted: you have received {quantity} {symbol}.",
            "Tu propuesta {proposal} en la subasta {auction} fue aceptada: has recibido {quantity} {symbol}.",
        ],
        AuctionStep::Rejected => [
            "Your proposal {proposal} for {quantity} {symbol} in auction {auction} was rejected.",
            "Tu propuesta {proposal} por {quantity} {symbol} en la subasta {auction} fue rechazada.",
        ],
        AuctionStep::Outbid => [
            "Another proposal for {quantity} {symbol} in auction {auction} was accepted; yours is over.",
            "Se aceptó otra propuesta por {quantity} {symbol} en la subasta {auction}; la tuya ha terminado.",
        ],
        AuctionStep::Ended if it.proposal_id.is_some() => [
            "Your proposal {proposal} for {quantity} {symbol} in auction {auction} is over: {reason}.",
            "Tu propuesta {proposal} por {quantity} {symbol} en la subasta {auction} ha terminado: {reason}.",
        ],
        AuctionStep::Ended => [
            "Your auction {auction} of {quantity} {symbol} ended without a swap: {reason}.",
            "Tu subasta {auction} de {quantity} {symbol} terminó sin intercambio: {reason}.",
        ],
    };
    let mut values = vec![
        ("auction", it.auction_id.clone()),
        ("quantity", it.quantity.to_string()),
        ("symbol", it.symbol.clone()),
        ("reason", it.reason.clone().unwrap_or_default()),
    ];
    values.extend(it.proposal_id.as_ref().map(|id| ("proposal", id.clone())));
    values.extend(it.cash.map(|cash| ("cash", cash.to_string())));
    values.extend(it.for_symbol.as_ref().map(|symbol| ("for_symbol", symbol.clone())));
    values.extend(it.for_quantity.map(|quantity| ("for_quantity", quantity.to_string())));
    Said { title: ["Auction of {symbol}", "Subasta de {symbol}"], sentence, values }
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
