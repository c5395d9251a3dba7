//! Money in equals money out: checked by the program after every run, and here by an auditor that
//! reads only the tape.

use bearpit::units::InstrumentId;

use crate::auditor::{Auditor, Sizes};
use crate::market::crowd;

#[test]
fn every_account_is_what_the_tape_says() {
    for seed in 0..6 {
        let mut builder = crowd(seed, 240);
        let (auditor, ledger, sizes) = Auditor::new();
        builder.sink(Box::new(auditor));
        let mut market = builder.open().unwrap();
        let pit = market.world().domain();
        // ACME: 0.01 x 1; COIN: 0.5 x 0.001; money counts 10^-10.
        *sizes.borrow_mut() =
            Sizes { units: vec![100_000_000, 5_000_000], listings: pit.listings().copied().collect() };
        market.run().unwrap();

        let ledger = ledger.borrow();
        ledger.check_orders().unwrap();
        assert!(ledger.trades > 500, "a market in which something happens: {} trades", ledger.trades);
        assert!(ledger.refusals > 0, "poor traders are refused");
        let pit = market.world().domain();
        for participant in market.participants() {
            let account = pit.account(participant.id).unwrap();
            let change = account.cash().units() - participant.account.cash.units();
            assert_eq!(
                change,
                ledger.cash.get(&participant.id).copied().unwrap_or(0),
                "{}",
                participant.name
            );
            assert!(account.cash().units() >= 0, "{} has spent what it did not have", participant.name);
            assert_eq!(account.cash(), account.free_cash(), "{} still has holds", participant.name);
            for id in (0..2).map(InstrumentId::new) {
                let opening = participant.account.holdings.iter().find(|(held, _)| *held == id);
                let before = opening.map_or(0, |(_, quantity)| quantity.net().lots());
                let change = ledger.lots.get(&(participant.id, id)).copied().unwrap_or(0);
                assert_eq!(account.holding(id).lots(), before + change, "{}", participant.name);
                assert!(
                    account.holding(id).lots() >= 0,
                    "{} has sold what it did not have",
                    participant.name
                );
            }
        }
        assert_eq!(pit.fees_collected().units(), ledger.fees);
        assert_eq!(ledger.cash.values().sum::<i128>() + ledger.fees, 0);
        assert_eq!(ledger.lots.values().sum::<i64>(), 0);
    }
}

#[test]
fn equity_is_cash_plus_realized_and_unrealized_profit() {
    let mut market = crowd(3, 120).open().unwrap();
    market.run().unwrap();
    let pit = market.world().domain();
    for participant in market.participants() {
        let account = pit.account(participant.id).unwrap();
        let (opening, closing) = market.equity_span(participant);
        // Profit is what positions brought, realized or not, less fees.
        let realized: bearpit::units::Money =
            (0..2).map(|id| account.position(InstrumentId::new(id)).realized()).sum();
        let cost: bearpit::units::Money =
            (0..2).map(|id| account.position(InstrumentId::new(id)).cost()).sum();
        let held = closing - account.cash();
        assert_eq!(closing - opening, realized + (held - cost) - account.fees(), "{}", participant.name);
    }
}
