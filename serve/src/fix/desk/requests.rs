//! Messages of the application, as they come in.

use bearpit_core::units::OrderId;

use super::Desk;
use super::work::{Done, Meant, Untaken};
use crate::domain::{ClientOrderId, Problem, ProblemKind, Scope, StatusName};
use crate::fix::codec::{Body, Message, tags, tags::kind};
use crate::fix::feeds::{
    Rejection, StatusWanted, Wanted, follow, follow_status, once, rejected, security_list, status_once,
};
use crate::fix::orders::{
    CancelRejection, Outline, Pending, PendingKind, Said, Unfit, business_reject, cancel_reject, changes_of,
    order_of, order_rejected, reject_reason, status_report, target_of,
};
use crate::fix::shared::now;

/// How many subscriptions a connection may have.
const SUBSCRIPTIONS_MAX: usize = 200;

impl Desk {
    /// Acts upon a message of the application.
    pub(super) fn request(&mut self, message: Message) {
        if !self.is_allowed() {
            let most = self.shared.config.messages_per_second;
            let text =
                format!("this session may send {most} messages a second: wait a moment, and send it again");
            return self.say(business_reject(&message, 0, &text));
        }
        let may = |scope| self.live.as_ref().is_some_and(|live| live.actor.may(scope));
        let trades = matches!(
            message.kind(),
            kind::NEW_ORDER_SINGLE | kind::ORDER_CANCEL_REQUEST | kind::ORDER_CANCEL_REPLACE_REQUEST
        );
        if trades && !may(Scope::Trade) {
            let text = "the API key of this session has not the scope trade";
            return self.say(business_reject(&message, 6, text));
        }
        if trades && self.feed.is_none() {
            let text = "the market takes nothing at the moment: send it again later";
            return self.say(business_reject(&message, 4, text));
        }
        match message.kind() {
            kind::NEW_ORDER_SINGLE => self.enter(&message),
            kind::ORDER_CANCEL_REQUEST => self.change(message, PendingKind::Cancel),
            kind::ORDER_CANCEL_REPLACE_REQUEST => self.change(message, PendingKind::Replace),
            kind::ORDER_STATUS_REQUEST => self.tell_status(&message),
            kind::ORDER_MASS_STATUS_REQUEST => self.tell_all(&message),
            kind::MARKET_DATA_REQUEST => self.market_data(&message),
            kind::SECURITY_STATUS_REQUEST => self.security_status(&message),
            kind::SECURITY_LIST_REQUEST => match security_list(&self.shared.market_data, &message) {
                Ok(said) => self.take_news(said),
                Err(fault) => self.unfit(&message, Unfit::Session(fault)),
            },
            other => {
                let text =
                    format!("messages of type {other} are not taken here: docs/fix.md lists those that are");
                self.say(business_reject(&message, 3, &text));
            }
        }
    }

    /// Says that a message is not of the form of FIX, or asks for what there is not.
    fn unfit(&mut self, message: &Message, unfit: Unfit) {
        match unfit {
            Unfit::Session(fault) => {
                let mut steps = Vec::new();
                self.session.reject(now(), message, &fault, &mut steps);
                self.follow(steps);
            }
            Unfit::Order(_, text) => self.say(business_reject(message, 5, &text)),
        }
    }

    fn enter(&mut self, message: &Message) {
        let outline = Outline::of(message);
        let id = (now(), format!("r{}-{}", message.get(tags::MSG_SEQ_NUM).unwrap_or("0"), now()));
        let order = match order_of(message, &self.prefix) {
            Ok(order) => order,
            Err(Unfit::Order(reason, text)) => {
                return self.say(order_rejected(&outline, (id.0, &id.1), (reason, &text)));
            }
            Err(unfit) => return self.unfit(message, unfit),
        };
        let name = outline.name().to_owned();
        let is_again = message.get(tags::POSS_RESEND) == Some("Y")
            || self.file.state().named(&name).is_some()
            || !self.entering.insert(name.clone());
        let (trading, account) = (self.shared.trading.clone(), self.key.account);
        self.begin(async move {
            let entered = match is_again {
                true => trading.enter(account, &order, None).await.map(Some),
                // The feed tells what is new.
                false => trading.enter_unseen(account, &order).await.map(|()| None),
            };
            let said = match entered {
                Ok(view) => {
                    view.map(|view| (kind::EXECUTION_REPORT, status_report(&view, &name, Body::default())))
                }
                Err(problem) if problem.order.is_some() && !is_again => None,
                Err(problem) => Some(not_entered(&outline, (id.0, &id.1), &problem)),
            };
            Done::Entered(name, said)
        });
    }

    /// A cancel or a replace: first it must be known which order is meant.
    fn change(&mut self, message: Message, kind: PendingKind) {
        let (name, order, original) = match target_of(&message) {
            Ok((name, order, original)) => (name.to_owned(), order, original.to_owned()),
            Err(unfit) => return self.unfit(&message, unfit),
        };
        let known = self.file.state().named(&original).or(order);
        let is_used = self.file.state().named(&name).is_some() || self.entering.contains(&name);
        let meant = Meant { message, kind, name, original };
        if is_used {
            let text = "ClOrdID (11) is that of another request";
            return self.say(refusal(&meant, None, (6, text)));
        }
        if known.is_some() {
            return self.carry_out(meant, known);
        }
        // It may have been entered a moment ago.
        let client = ClientOrderId::try_from(format!("{}{}", self.prefix, meant.original));
        let (trading, account) = (self.shared.trading.clone(), self.key.account);
        self.begin(async move {
            let Ok(client) = client else { return Done::Found(Box::new(meant), None) };
            let found = trading.order_by_client(account, client).await.ok();
            let order = found.and_then(|view| view.order_id.parse().ok());
            Done::Found(Box::new(meant), order)
        });
    }

    /// Asks the market to cancel or replace an order.
    pub(super) fn carry_out(&mut self, meant: Meant, order: Option<u64>) {
        let Some(id) = order else {
            let text = "no order of this session has that OrigClOrdID (41) or OrderID (37)";
            return self.say(refusal(&meant, None, (1, text)));
        };
        let is_told = self.file.state().named(&meant.original).is_some();
        let state = self.known(id);
        let Some(mut state) = state.filter(|state| !state.is_over) else {
            let id = id.to_string();
            let text = "the order is over, or not of this session";
            let order = is_told.then_some((&*id, StatusName::Rejected));
            return self.say(refusal(&meant, order, (0, text)));
        };
        state.pending.push_back(Pending { name: meant.name.clone(), kind: meant.kind });
        let original = state.name.clone();
        self.keep_order(id, state);
        let (trading, account) = (self.shared.trading.clone(), self.key.account);
        self.begin(async move {
            let Meant { message, kind, name, .. } = meant;
            let order = OrderId::new(id);
            let (mut status, mut unfit) = (StatusName::PendingNew, None);
            let asked = match kind {
                PendingKind::Cancel => trading.cancel(account, order).await,
                PendingKind::Replace => match trading.order(account, order).await {
                    Err(problem) => Err(problem),
                    Ok(view) => {
                        status = view.status;
                        match changes_of(&message, &view) {
                            Ok(change) => trading.replace(account, order, change).await,
                            Err(why) => {
                                unfit = Some(words_of(why));
                                Ok(view)
                            }
                        }
                    }
                },
            };
            let (reason, text) = match (asked, unfit) {
                (_, Some(text)) => (99, text),
                (Ok(_), None) => return Done::Nothing,
                (Err(problem), None) => (cancel_reason(&problem), in_words(&problem)),
            };
            Done::NotTaken(Box::new(Untaken { order: id, status, name, original, kind, reason, text }))
        });
    }

    fn tell_status(&mut self, message: &Message) {
        let name = match message.need(tags::CL_ORD_ID) {
            Ok(name) => name.to_owned(),
            Err(fault) => return self.unfit(message, Unfit::Session(fault)),
        };
        let order = message.get(tags::ORDER_ID).and_then(|it| it.parse().ok());
        let order = self.file.state().named(&name).or(order);
        let client = ClientOrderId::try_from(format!("{}{name}", self.prefix));
        let mut more = Body::default();
        more.put_some(tags::ORD_STATUS_REQ_ID, message.get(tags::ORD_STATUS_REQ_ID));
        let unknown = business_reject(message, 1, "no order of this session has that ClOrdID (11)");
        let (trading, account) = (self.shared.trading.clone(), self.key.account);
        self.begin(async move {
            let found = match (order, client) {
                (Some(id), _) => trading.order(account, OrderId::new(id)).await,
                (None, Ok(client)) => trading.order_by_client(account, client).await,
                (None, Err(_)) => return Done::Say(vec![unknown]),
            };
            Done::Say(vec![match found {
                Ok(view) => (kind::EXECUTION_REPORT, status_report(&view, &name, more)),
                Err(_) => unknown,
            }])
        });
    }

    /// Tells how all open orders of the session stand.
    fn tell_all(&mut self, message: &Message) {
        let id = match message.need(tags::MASS_STATUS_REQ_ID) {
            Ok(id) => id.to_owned(),
            Err(fault) => return self.unfit(message, Unfit::Session(fault)),
        };
        if message.get(tags::MASS_STATUS_REQ_TYPE) != Some("7") {
            let text = "MassStatusReqType (585) is 7: all orders of the session";
            return self.say(business_reject(message, 5, text));
        }
        let open: Vec<(u64, String)> =
            self.file.state().orders.iter().map(|(id, it)| (*id, it.name.clone())).collect();
        let none = business_reject(message, 1, "the session has no open orders");
        let (trading, account) = (self.shared.trading.clone(), self.key.account);
        self.begin(async move {
            let (count, mut said) = (open.len(), Vec::new());
            for (place, (order, name)) in open.iter().enumerate() {
                let Ok(view) = trading.order(account, OrderId::new(*order)).await else { continue };
                let mut more = Body::default();
                more.put(tags::MASS_STATUS_REQ_ID, &id)
                    .put(tags::TOT_NUM_REPORTS, count)
                    .put(tags::LAST_RPT_REQUESTED, if place + 1 == count { 'Y' } else { 'N' });
                said.push((kind::EXECUTION_REPORT, status_report(&view, name, more)));
            }
            Done::Say(if said.is_empty() { vec![none] } else { said })
        });
    }

    fn market_data(&mut self, message: &Message) {
        let id = match message.need(tags::MD_REQ_ID) {
            Ok(id) => id.to_owned(),
            Err(fault) => return self.unfit(message, Unfit::Session(fault)),
        };
        if message.get(tags::SUBSCRIPTION_REQUEST_TYPE) == Some("2") {
            return self.unsubscribe(&id);
        }
        let wanted = if self.subscriptions.contains_key(&id) {
            Err(Rejection::new('1', "MDReqID (262) is that of a subscription"))
        } else {
            Wanted::read(message, &id)
        };
        let data = self.shared.market_data.clone();
        let said = wanted.and_then(|wanted| {
            let each = wanted.symbols.iter().map(|name| once(&data, &wanted, name));
            let said = each.collect::<Result<Vec<Said>, String>>();
            Ok((said.map_err(|text| Rejection::new('0', text))?, wanted))
        });
        let (said, wanted) = match said {
            Ok(found) => found,
            Err(why) => return self.take_news(rejected(&id, &why)),
        };
        if !wanted.subscribes {
            return said.into_iter().for_each(|said| self.take_news(said));
        }
        let count: usize = self.subscriptions.values().map(Vec::len).sum();
        if count + wanted.symbols.len() > SUBSCRIPTIONS_MAX {
            let text = format!("a connection may have {SUBSCRIPTIONS_MAX} subscriptions of a listing");
            return self.take_news(rejected(&id, &Rejection::new('2', text)));
        }
        let tasks = wanted.symbols.clone().into_iter().map(|name| {
            let outlet = self.news.0.clone();
            tokio::spawn(follow(data.clone(), wanted.clone(), name, outlet)).abort_handle()
        });
        self.subscriptions.insert(id, tasks.collect());
    }

    fn security_status(&mut self, message: &Message) {
        let wanted = match StatusWanted::read(message) {
            Ok(wanted) => wanted,
            Err(fault) => return self.unfit(message, Unfit::Session(fault)),
        };
        if wanted.subscribes.is_none() {
            return self.unsubscribe(&wanted.id);
        }
        let data = self.shared.market_data.clone();
        match status_once(&data, &wanted) {
            Err(text) => self.say(business_reject(message, 2, &text)),
            Ok(said) if wanted.subscribes == Some(false) => self.take_news(said),
            Ok(_) if self.subscriptions.contains_key(&wanted.id) => {
                self.say(business_reject(message, 0, "SecurityStatusReqID (324) is that of a subscription"));
            }
            Ok(_) => {
                let id = wanted.id.clone();
                let task = tokio::spawn(follow_status(data, wanted, self.news.0.clone()));
                self.subscriptions.insert(id, vec![task.abort_handle()]);
            }
        }
    }

    fn unsubscribe(&mut self, id: &str) {
        for task in self.subscriptions.remove(id).into_iter().flatten() {
            task.abort();
        }
    }
}

fn refusal(meant: &Meant, order: Option<(&str, StatusName)>, (reason, text): (u32, &str)) -> Said {
    cancel_reject(&CancelRejection {
        order,
        name: &meant.name,
        original: &meant.original,
        is_replace: meant.kind == PendingKind::Replace,
        reason,
        text,
    })
}

fn not_entered(outline: &Outline, id: (i64, &str), problem: &Problem) -> Said {
    let text = in_words(problem);
    if problem.kind == ProblemKind::Unknown {
        // Not a rejection: it may have been entered.
        let mut body = Body::default();
        body.put(tags::REF_MSG_TYPE, kind::NEW_ORDER_SINGLE)
            .put(tags::BUSINESS_REJECT_REF_ID, outline.name())
            .put(tags::BUSINESS_REJECT_REASON, 4)
            .put(
                tags::TEXT,
                "whether the order was entered is not known: send it again with PossResend (97) Y",
            );
        return (kind::BUSINESS_MESSAGE_REJECT, body);
    }
    order_rejected(outline, id, (reject_reason(&problem.code), &text))
}

fn in_words(problem: &Problem) -> String {
    match &problem.hint {
        Some(hint) => format!("{}; {hint}", problem.message),
        None => problem.message.clone(),
    }
}

fn words_of(unfit: Unfit) -> String {
    match unfit {
        Unfit::Session(fault) => fault.text,
        Unfit::Order(_, text) => text,
    }
}

/// Returns `CxlRejReason` for why the market does not take a cancel or a replace.
fn cancel_reason(problem: &Problem) -> u32 {
    match problem.kind {
        ProblemKind::NotFound => 0,
        ProblemKind::Conflict => 3,
        _ => 99,
    }
}
