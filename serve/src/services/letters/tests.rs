//! All letters, in both languages.

use super::said::said;
use super::template::Paragraph;
use super::*;
use crate::domain::{
    AccountId, AlertNotice, AlertTrigger, AuctionNotice, AuctionStep, ContestNotice, ContestStep, FactorStep,
    FillNotice, FundsNotice, IdentityNotice, MarginNotice, MarginStep, MoneyNotice, MoneyOutcome, Notice,
    NoticeContent, NoticeId, NoticeKind, Number, OrderEnd, OrderEndNotice, SecurityNotice, StopNotice,
    StrategyNotice, UserId, WebhookNotice,
};

const NOW: WallTime = WallTime::from_nanos(1_764_424_800_123_000_000);
const BOTH: [Language; 2] = [Language::En, Language::Es];

fn number(text: &str) -> Number {
    Number(text.parse().unwrap())
}

fn text(text: &str) -> String {
    text.to_owned()
}

/// One of each kind, and of each thing that a kind says.
fn all() -> Vec<NoticeContent> {
    [of_single_kinds(), of_steps(), of_outcomes()].concat()
}

fn of_single_kinds() -> Vec<NoticeContent> {
    vec![
        NoticeContent::Fill(FillNotice {
            order_id: text("17"),
            trade_id: text("18"),
            symbol: text("ALFA"),
            venue: text("main"),
            side: text("buy"),
            quantity: number("3"),
            price: number("100.25"),
            fee: number("0.01"),
            market_at: text("2025-03-03T09:30:00Z"),
        }),
        NoticeContent::StopTriggered(StopNotice {
            order_id: text("17"),
            symbol: text("ALFA"),
            venue: text("main"),
            side: text("sell"),
            quantity: number("3"),
            trigger_price: Some(number("99")),
        }),
        NoticeContent::Funds(FundsNotice { amount: number("-5"), asset: text("USD") }),
        NoticeContent::IdentityLinked(IdentityNotice { provider: text("campus") }),
        NoticeContent::StrategyStopped(StrategyNotice {
            strategy_id: AccountId::draw(),
            reason: text("line 3: no such variable"),
        }),
        NoticeContent::WebhookOff(WebhookNotice {
            webhook_id: text("w"),
            host: text("example.org"),
            reason: text("it answers 500"),
        }),
        NoticeContent::PasswordChanged(SecurityNotice::default()),
        NoticeContent::MailAddressChanged(SecurityNotice::default()),
    ]
}

/// One of each step, and of each of the rest that a notice may say.
fn of_steps() -> Vec<NoticeContent> {
    let mut all = Vec::new();
    for address in [None, Some(text("192.0.2.1"))] {
        all.push(NoticeContent::SignIn(SecurityNotice { device: None, address, step: None }));
    }
    for step in FactorStep::ALL {
        all.push(NoticeContent::SecondFactor(SecurityNotice {
            step: Some(*step),
            ..SecurityNotice::default()
        }));
    }
    for (step, proposal) in AuctionStep::ALL.iter().flat_map(|step| [(step, None), (step, Some("8"))]) {
        all.push(NoticeContent::Auction(AuctionNotice {
            auction_id: text("7"),
            proposal_id: proposal.map(text).or_else(|| (*step != AuctionStep::Ended).then(|| text("9"))),
            step: *step,
            symbol: text("ALFA"),
            quantity: number("3"),
            cash: proposal.is_some().then(|| number("300")),
            for_symbol: proposal.is_none().then(|| text("BETA")),
            for_quantity: proposal.is_none().then(|| number("6")),
            reason: Some(text("expired")),
            market_at: text("2025-03-03T09:30:00Z"),
        }));
    }
    for step in MarginStep::ALL {
        let maintenance = (*step == MarginStep::Called).then(|| number("40"));
        let market_at = text("2025-03-03T09:30:00Z");
        all.push(NoticeContent::Margin(MarginNotice {
            step: *step,
            equity: number("30"),
            maintenance,
            market_at,
        }));
    }
    for step in ContestStep::ALL {
        for rank in [None, Some(2)] {
            let (contest_id, name, entrants) = (text("c"), text("Spring"), rank.map(|_| 9));
            all.push(NoticeContent::Contest(ContestNotice { contest_id, name, step: *step, rank, entrants }));
        }
    }
    for trigger in AlertTrigger::ALL {
        all.push(NoticeContent::PriceAlert(AlertNotice {
            alert_id: text("a"),
            symbol: text("ALFA"),
            venue: text("main"),
            trigger: *trigger,
            value: number("5"),
            price: number("101"),
        }));
    }
    all
}

/// One of each outcome of an order and of money.
fn of_outcomes() -> Vec<NoticeContent> {
    let mut all = Vec::new();
    for outcome in OrderEnd::ALL {
        all.push(NoticeContent::OrderEnded(OrderEndNotice {
            order_id: text("17"),
            symbol: text("ALFA"),
            venue: text("main"),
            outcome: *outcome,
            reason: text("the session closed"),
            market_at: text("2025-03-03T17:30:00Z"),
        }));
    }
    for outcome in MoneyOutcome::ALL {
        let money = MoneyNotice {
            outcome: *outcome,
            reference: text("p"),
            amount: number("25"),
            currency: text("USD"),
            reason: (*outcome == MoneyOutcome::Refused).then(|| text("no")),
        };
        all.extend([NoticeContent::Deposit(money.clone()), NoticeContent::Withdrawal(money)]);
    }
    all
}

fn of(content: &NoticeContent) -> Notice {
    let (id, user, kind) = (NoticeId::draw(), UserId::draw(), content.kind());
    Notice { id, user, account: None, kind, at: NOW, content: content.clone() }
}

/// The names of the places of a text.
fn places(text: &str) -> std::collections::BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name)).collect()
}

fn letters(language: Language) -> Vec<NewMail> {
    let name = "x".repeat(32);
    let until = NOW.after(Duration::from_mins(15));
    let letter = CodeLetter { username: &name, code: "123456", now: NOW, until };
    let mut letters = vec![
        is_it_yours(language, letter),
        new_password(language, letter),
        password_changed(language, &name, NOW, false),
        password_changed(language, &name, NOW, true),
        address_changed(language, &name, NOW),
        identity_linked(language, &name, NOW),
    ];
    letters.extend(all().iter().map(|content| of_notice(language, &name, &of(content), NOW)));
    let several: Vec<_> = all().iter().take(2).map(of).collect();
    letters.push(of_several(language, &name, &several, NOW));
    letters
}

#[test]
fn every_kind_has_its_words() {
    let told: std::collections::BTreeSet<_> = all().iter().map(NoticeContent::kind).collect();
    assert_eq!(told, NoticeKind::ALL.iter().copied().collect());
    for content in all() {
        for language in BOTH {
            let short = short_text(language, &content);
            assert!(!short.title.is_empty() && !short.body.is_empty(), "{content:?}");
        }
    }
}

#[test]
fn both_languages_say_the_same_values_and_no_place_is_left() {
    for content in all() {
        let it = said(Language::En, &content);
        assert_eq!(places(it.title[0]), places(it.title[1]), "{content:?}");
        assert_eq!(places(it.sentence[0]), places(it.sentence[1]), "{content:?}");
        let given: std::collections::BTreeSet<_> = it.values.iter().map(|(name, _)| *name).collect();
        assert!(places(it.sentence[0]).is_subset(&given), "{content:?}");
    }
    for template in [
        &identity::IS_IT_YOURS,
        &identity::NEW_PASSWORD,
        &identity::PASSWORD_RESET,
        &identity::PASSWORD_CHANGED,
        &identity::ADDRESS_CHANGED,
        &identity::IDENTITY_LINKED,
        &notices::ONE,
        &notices::ONE_OF_SECURITY,
        &notices::SEVERAL,
    ] {
        for [english, spanish] in template.paragraphs.iter().chain([&template.subject]) {
            assert_eq!(places(english), places(spanish), "{english}");
            assert!(!spanish.is_empty() && !english.is_empty());
        }
    }
    for language in BOTH {
        for mail in letters(language) {
            let html = mail.html.as_deref().unwrap();
            for part in [mail.subject.as_str(), &mail.body, html] {
                assert!(!part.contains('{') && !part.contains('}'), "{part}");
            }
        }
    }
}

#[test]
fn lines_are_short_and_a_page_needs_nothing_from_elsewhere() {
    for language in BOTH {
        for mail in letters(language) {
            assert!(mail.body.contains(&"x".repeat(32)) && mail.body.ends_with('\n'), "{}", mail.body);
            assert!(mail.body.lines().all(|line| line.chars().count() <= 76), "{}", mail.body);
            assert!(!mail.subject.contains('\n') && mail.recipient.is_none());
            let html = mail.html.unwrap();
            for outside in ["http:", "https:", "src=", "href=", "url(", "<script", "<img", "@import"] {
                assert!(!html.contains(outside), "{outside} in {html}");
            }
            assert!(html.contains("width=device-width") && html.contains("max-width"), "{html}");
        }
    }
    assert!(letters(Language::En).iter().all(|mail| mail.body.is_ascii()));
    assert!(letters(Language::Es).iter().any(|mail| mail.body.contains("código")));
}

#[test]
fn what_others_have_written_is_no_part_of_the_page_nor_a_line_of_its_own() {
    let reason = format!("<b>\"it's\" & {{username}}\r\n\nPay here:{}", "y".repeat(1_000));
    let content = NoticeContent::StrategyStopped(StrategyNotice { strategy_id: AccountId::draw(), reason });
    let mail = of_notice(Language::En, "anne", &of(&content), NOW);
    let html = mail.html.unwrap();
    assert!(html.contains("&lt;b&gt;&quot;it&#39;s&quot; &amp; {username}"), "{html}");
    assert!(!html.contains("<b>") && !mail.body.lines().any(|line| line.starts_with("Pay")), "{}", mail.body);
    assert!(mail.body.len() < 1_000 && mail.body.contains("yyy..."), "{}", mail.body);
}

#[test]
fn a_code_stands_alone_on_its_line() {
    let until = NOW.after(Duration::from_mins(15));
    let letter = CodeLetter { username: "anne", code: "123456", now: NOW, until };
    for language in BOTH {
        let mail = new_password(language, letter);
        assert!(mail.body.lines().any(|line| line == "123456"), "{}", mail.body);
        assert!(mail.body.contains(&until.to_string()) && mail.expires_at == until);
    }
    let paragraphs = identity::NEW_PASSWORD.paragraphs(Language::En, &[("code", text("1"))]);
    assert!(paragraphs.contains(&Paragraph::Code(text("1"))));
}

#[test]
fn a_letter_about_many_lists_the_first_and_counts_all() {
    let content = &all()[0];
    let many: Vec<_> = (0..150).map(|_| of(content)).collect();
    let mail = of_several(Language::En, "anne", &many, NOW);
    assert!(mail.subject.contains("150") && mail.body.contains("(100 of 150)"), "{}", mail.body);
    assert_eq!(mail.body.lines().filter(|line| line.starts_with("- Order 17")).count(), 100);
    let one = of_several(Language::Es, "anne", &many[..1], NOW);
    assert_eq!(one.body, of_notice(Language::Es, "anne", &many[0], NOW).body);
}
