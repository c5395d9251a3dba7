//! Positions in futures: no money moves but fees, until a position is closed or marked to market.

use proptest::prelude::*;

use super::*;
use crate::market::{Contract, DailySettlement};
use crate::units::SimDuration;

fn instrument(contract: Contract) -> Instrument {
    let instrument = Instrument::new("ES", "0.25".parse().unwrap(), "1".parse().unwrap()).unwrap();
    instrument.with_multiplier("50".parse().unwrap()).unwrap().with_contract(contract)
}

fn future() -> Instrument {
    instrument(Contract::Future(DailySettlement { time_of_day: SimDuration::from_secs(16 * 3_600) }))
}

fn on_margin(cash: i64) -> AccountConfig {
    let rate = MarginRate::new(1, 20).unwrap();
    let credit = Credit::Margin(MarginTerms::new(rate, rate).unwrap());
    AccountConfig { cash: Money::from_whole(cash), credit, ..AccountConfig::default() }
}

/// Trades so many lots at once, sold if negative.
fn trade(account: &mut Account, instrument: &Instrument, lots: i64, ticks: i64) {
    let notional = instrument.notional(Price::new(ticks), Quantity::new(lots.unsigned_abs()));
    account.exchange(ACME, instrument, NetQuantity::new(lots), notional);
}

#[test]
fn what_a_contract_gains_is_paid_as_it_is_marked_and_as_it_is_closed() {
    let es = future();
    let mut account = Account::open(&on_margin(100_000), 1);
    // Three at 5,000.00, of which a point is worth 50.
    trade(&mut account, &es, 3, 20_000);
    assert_eq!(account.cash(), Money::from_whole(100_000));
    assert_eq!(account.cash_less_futures(), Money::from_whole(100_000 - 750_000));
    // To 5,010.00: ten points of three contracts.
    let worth = es.value(Price::new(20_040), NetQuantity::new(3));
    assert_eq!(account.settle_future(ACME, worth), Money::from_whole(1_500));
    assert_eq!(account.cash(), Money::from_whole(101_500));
    assert_eq!(account.settle_future(ACME, worth), Money::ZERO, "no second time");
    // One is sold at 5,004.00: six points less than it was marked at.
    trade(&mut account, &es, -1, 20_016);
    assert_eq!(account.cash(), Money::from_whole(101_200));
    assert_eq!(account.position(ACME).realized(), Money::from_whole(1_200));
    // Three more: the position turns, and only what is closed is paid.
    trade(&mut account, &es, -3, 20_000);
    assert_eq!(account.cash(), Money::from_whole(101_200 - 1_000));
    assert_eq!(account.cash_less_futures(), Money::from_whole(100_200 + 250_000));
}

#[test]
fn an_account_that_pays_for_what_it_buys_trades_no_future() {
    let mut desk = Desk { instrument: future(), ..Desk::new(1_000_000_000, 0, 10) };
    for side in Side::BOTH {
        let linked = OrderTerms::limit(side, Quantity::new(1), Price::new(100));
        assert_eq!(desk.submit(linked), Err(Refusal::NeedsMargin));
    }
    let bracket = Link::Bracket { take_profit: Some(Price::new(120)), stop_loss: None };
    let terms =
        OrderTerms { link: bracket, ..OrderTerms::limit(Side::Buy, Quantity::new(1), Price::new(100)) };
    assert_eq!(desk.submit(terms), Err(Refusal::NeedsMargin));
    assert_eq!(desk.account.refused(), 3);
}

proptest! {
    #[test]
    fn prop_equity_is_that_of_the_thing_itself_bought_on_credit(
        steps in prop::collection::vec((-9..9_i64, 19_000..21_000_i64), 1..60),
    ) {
        let (es, spot) = (future(), instrument(Contract::Spot));
        let config = on_margin(100_000);
        let (mut account, mut owned) = (Account::open(&config, 1), Account::open(&config, 1));
        for (lots, ticks) in steps {
            if lots == 0 {
                let worth = es.value(Price::new(ticks), account.holding(ACME));
                account.settle_future(ACME, worth);
            } else {
                trade(&mut account, &es, lots, ticks);
                trade(&mut owned, &spot, lots, ticks);
            }
            prop_assert_eq!(account.cash_less_futures(), owned.cash());
            prop_assert_eq!(account.cash_less_futures(), account.cash() - account.position(ACME).cost());
            prop_assert_eq!(account.holding(ACME), owned.holding(ACME));
            let restored = Account::reopen(&config, &account.state(), 1);
            prop_assert_eq!(restored.cash_less_futures(), account.cash_less_futures());
        }
        let lots = -account.holding(ACME).lots();
        if lots != 0 {
            trade(&mut account, &es, lots, 20_000);
            trade(&mut owned, &spot, lots, 20_000);
        }
        prop_assert_eq!(account.cash(), owned.cash(), "nothing is left open");
    }
}
