//! Functions that return the account's cash, equity and P&L.

use std::rc::Rc;

use crate::script::api::registry::Registry;
use crate::script::host::SharedHost;
use bearpit_core::account::{Account, MarginStanding};
use bearpit_core::units::Money;

/// Registers the account's functions.
pub(crate) fn register(api: &mut Registry<'_>, host: &SharedHost) {
    type Amount = fn(&Account) -> Money;
    let amounts: [([&'static str; 3], Amount); 5] = [
        (["cash", "Cash, held part included.", "cash() > 0"], Account::cash),
        (["free_cash", "Cash that no open order holds.", "free_cash()"], Account::free_cash),
        (["realized", "P&L realized so far, before fees.", "realized()"], Account::realized),
        (["fees", "Fees paid less rebates.", "fees()"], Account::fees),
        (
            ["financing", "Interest received less paid, and less what borrowed shares cost.", "financing()"],
            Account::financed,
        ),
    ];
    for ([name, about, example], amount) in amounts {
        let shared = Rc::clone(host);
        api.function(name, "() -> number", about, example)
            .form(move || shared.borrow().ctx.account().map_or(0.0, |account| amount(account).to_f64()));
    }
    let shared = Rc::clone(host);
    api.function("equity", "() -> number", "Cash, and holdings at their marks.", "equity()")
        .form(move || shared.borrow().ctx.equity().map_or(0.0, Money::to_f64));
    type Margin = fn(&MarginStanding) -> Money;
    let margins: [([&'static str; 3], Margin); 2] = [
        (
            [
                "initial_margin",
                "What positions and open orders take of equity in a margin account.",
                "initial_margin()",
            ],
            |margin| margin.initial,
        ),
        (
            [
                "maintenance_margin",
                "The equity below which its positions are closed.",
                "maintenance_margin()",
            ],
            |margin| margin.maintenance,
        ),
    ];
    for ([name, about, example], amount) in margins {
        let shared = Rc::clone(host);
        api.function(name, "() -> number", about, example)
            .form(move || shared.borrow().ctx.margin().map_or(0.0, |margin| amount(&margin).to_f64()));
    }
    let shared = Rc::clone(host);
    let about = "What more can be bought, before fees, or sold short on margin: free cash in other accounts.";
    api.function("buying_power", "() -> number", about, "buying_power()")
        .form(move || shared.borrow().ctx.buying_power().to_f64());
    let shared = Rc::clone(host);
    api.function("unrealized", "() -> number", "The value of holdings less their cost.", "unrealized()")
        .form(move || {
            let host = shared.borrow();
            let mut instruments: Vec<_> = host.listings.iter().map(|listing| listing.instrument_id).collect();
            instruments.sort_unstable();
            instruments.dedup();
            let gain = |id| Some(host.ctx.worth(id)? - host.ctx.account()?.position(id).cost());
            instruments.into_iter().filter_map(gain).sum::<Money>().to_f64()
        });
}
