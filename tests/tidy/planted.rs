//! Planted violations of floors and rooms: each must be found, whichever way it is written.

use crate::floors::{circles, floor_faults};
use crate::house::House;

const CORE: &str = "crates/core/src";

/// Returns how many floor faults a file has, beside sound neighbours.
fn faults(path: &str, text: &str) -> usize {
    let path = if path.contains('/') { path.to_owned() } else { format!("{CORE}/{path}.rs") };
    let neighbours = [
        ("crates/core/src/lib.rs", "pub mod book; pub use market::Fact as Known; pub use book::OrderBook;"),
        ("crates/core/src/market/mod.rs", "pub mod fact; pub use fact::*; use crate::units::Price;"),
        ("crates/core/src/market/fact.rs", "pub struct Fact;"),
        ("crates/core/src/units/mod.rs", "pub struct Price;"),
        ("crates/core/src/book/mod.rs", "pub struct OrderBook;"),
        ("crates/core/src/exchange/mod.rs", "pub struct Market;"),
        ("src/lib.rs", "pub use bearpit_core::{book, market, exchange};"),
    ];
    floor_faults(&House::new(neighbours.into_iter().chain([(path.as_str(), text)]))).len()
}

#[test]
fn a_sound_import_is_no_fault() {
    assert_eq!(faults("kernel", "use crate::units::Price;"), 0);
    assert_eq!(faults("kernel", "// like crate::market::Fact"), 0);
    assert_eq!(faults("account", "use crate::{market::{self, Fact}, units};"), 0);
    assert_eq!(
        faults("src/cli/mod.rs", "use bearpit_core::exchange::Market; use crate::book::OrderBook;"),
        0
    );
    assert_eq!(
        faults("crates/agents/src/noise.rs", "use bearpit_core::market::Fact; use crate::desk::Desk;"),
        0
    );
}

#[test]
fn an_upward_import_is_found_however_it_is_written() {
    for text in [
        "use crate::market::Fact;",
        "use crate::{units::Price, market::Fact};",
        "use crate::{\n    units::{Price},\n    market::{\n        fact::Fact,\n    },\n};",
        "use super::market::Fact;",
        "use self::super::market as m;",
        "mod inner { use super::super::market::Fact; }",
        "pub use crate::market::Fact;",
        "pub(crate) use crate::market::*;",
        "use crate::Known;",
        "fn f(fact: &crate::market::Fact) {}",
        "use crate as all; fn f(fact: &all::market::Fact) {}",
        "use crate::*; fn f(fact: &market::Fact) {}",
        "fn f() -> Box<dyn Fn(crate::Known)> {}",
        "macro_rules! m { () => { $crate::market::Fact } }",
    ] {
        assert_eq!(faults("kernel", text), 1, "{text}");
    }
    assert_eq!(faults("crates/core/src/kernel/queue/mod.rs", "use super::super::market::Fact;"), 1);
    assert_eq!(faults("src/record/mod.rs", "use crate::analysis::Run;"), 0);
    assert_eq!(faults("nowhere", ""), 1);
}

#[test]
fn a_sideways_import_is_found() {
    assert_eq!(faults("account", "use crate::book::OrderBook;"), 1);
    assert_eq!(faults("account", "use crate::OrderBook;"), 1);
}

#[test]
fn agents_reach_neither_the_book_nor_the_exchange() {
    let agent = "crates/agents/src/noise.rs";
    assert_eq!(faults(agent, "use bearpit_core::book::OrderBook;"), 1);
    assert_eq!(faults(agent, "use bearpit_core::OrderBook;"), 1);
    assert_eq!(faults(agent, "use bearpit_core::{market::Fact, exchange::Market};"), 1);
    assert_eq!(faults("src/script/mod.rs", "use crate::book::OrderBook;"), 1);
    assert_eq!(faults("src/script/mod.rs", "fn f(market: &bearpit_core::exchange::Market) {}"), 1);
}

fn found(files: &[(&str, &str)]) -> usize {
    let files: Vec<(String, &str)> =
        files.iter().map(|(path, text)| (format!("src/{path}"), *text)).collect();
    circles(&House::new(files.iter().map(|(path, text)| (path.as_str(), *text)))).len()
}

#[test]
fn circles_between_folders_are_found() {
    let a = ("script/a/mod.rs", "use crate::script::b::B; pub struct A;");
    assert_eq!(found(&[("script/mod.rs", "mod a; mod b;"), a, ("script/b/mod.rs", "pub struct B;")]), 0);
    for back in
        ["use crate::script::a::A;", "use super::a::A;", "use super::{a::A};", "fn f(a: super::a::A) {}"]
    {
        assert_eq!(found(&[("script/mod.rs", "mod a; mod b;"), a, ("script/b/mod.rs", back)]), 1, "{back}");
    }
    let deep = ("script/b/deep/mod.rs", "use super::super::super::script::a::A;");
    assert_eq!(found(&[("script/mod.rs", ""), a, ("script/b/mod.rs", "pub struct B;"), deep]), 1);
    let facade = ("script/mod.rs", "mod a; mod b; pub use a::A;");
    assert_eq!(found(&[facade, a, ("script/b/mod.rs", "use super::A; pub struct B;")]), 1);
    assert_eq!(found(&[facade, a, ("script/b/mod.rs", "use super::*; pub struct B; fn f(a: A) {}")]), 0);
}

#[test]
fn a_circle_of_a_folder_with_a_file_beside_it_is_found() {
    let file = ("cli/a.rs", "use super::b::B; pub struct A;");
    assert_eq!(found(&[("cli/mod.rs", "mod a; mod b;"), file, ("cli/b/mod.rs", "use super::a::A;")]), 1);
    // Two files of one folder may be one idea.
    assert_eq!(found(&[("cli/mod.rs", "mod a; mod b;"), file, ("cli/b.rs", "use super::a::A;")]), 0);
    // A folder's own code needs its room, which needs that code.
    let face = ("cli/mod.rs", "mod b; use b::B; pub struct Own(B);");
    assert_eq!(found(&[face, ("cli/b/mod.rs", "use super::Own; pub struct B;")]), 1);
    let face = ("cli/mod.rs", "mod b; pub use b::B; pub struct Own(B);");
    assert_eq!(found(&[face, ("cli/b/mod.rs", "use super::Own; pub struct B;")]), 1);
    let face = ("cli/mod.rs", "mod b; pub use b::B; pub struct Own;");
    assert_eq!(found(&[face, ("cli/b/mod.rs", "use super::Own; pub struct B;")]), 0);
}

#[test]
fn tests_may_use_what_uses_them_not() {
    let a = ("script/a/mod.rs", "pub struct A; #[cfg(test)] mod tests { use crate::script::b::B; }");
    let b = ("script/b/mod.rs", "use super::a::A; pub struct B;");
    assert_eq!(found(&[("script/mod.rs", "mod a; mod b;"), a, b]), 0);
    let a = ("script/a/mod.rs", "#[cfg(test)] mod checks; pub struct A;");
    let checks = ("script/a/checks.rs", "use crate::script::b::B;");
    assert_eq!(found(&[("script/mod.rs", "mod a; mod b;"), a, checks, b]), 0);
}
