//! A process that drives a market under load, and is killed at any moment: whatever it had acknowledged is
//! there when the next one opens the journal, once, and the accounts add up.
//!
//! `cargo test --release -p bearpit-serve --test crash` kills 50 processes; `-- --long` kills 1,000, and
//! `-- --kills N` so many.
//! Where `strace` is, the calls of a process are watched too: no answer leaves before the sync of its
//! request, and of a market that does not promise that, one does.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::panic, reason = "a test that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "a process is killed after a time on the wall clock")]
#![expect(clippy::print_stdout, reason = "this test has no harness: it says what it did")]

mod child;
mod kill;
mod watch;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("child") => child::run(&arguments[1..]),
        // Harnesses are asked for their tests by tools that list them.
        Some("--list") => println!("what_was_acknowledged_survives_a_kill: test"),
        _ => {
            let said = arguments.iter().skip_while(|it| *it != "--kills").nth(1);
            let default = if arguments.iter().any(|it| it == "--long") { 1_000 } else { 50 };
            let kills = said.map_or(default, |said| said.parse().unwrap());
            kill::what_was_acknowledged_survives_a_kill(kills);
            watch::no_answer_leaves_before_its_sync();
        }
    }
}
