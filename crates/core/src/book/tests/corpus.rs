//! The fuzzer's corpus, replayed without the fuzzer: the same bytes and the same check on every test run.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use rand::RngExt;

use super::traffic::{one_of, rng};
use super::*;
use crate::book::reference::steps::{EXTREME, RULES, STEP, Step, replay};
use crate::kernel::Stream;

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/book")
}

/// Changes a random step, or a prefix of rules, to fit a theme.
type Theme = fn(&mut Stream, &mut [u8]);

/// Below it lie new orders, cancels and replaces: no phases, which would end continuous trading, and no
/// mass cancels, which would empty the book.
const CHANGES: u8 = 27;

/// The bytes of a step from here on put fields at the ends of their types.
const PLAIN: usize = 12;

/// Returns the third byte of a step with the owner in its last two bits set to the first.
const fn of_one_owner(byte: u8) -> u8 {
    byte + (3 - byte % 3) % 3
}

/// Each file of the corpus: its name, the first byte of its rules, and what its steps are about.
const THEMES: [(&str, u8, Theme); 16] = [
    ("limits", 0, |_, step| step[3] = 0),
    ("market", 0, |rng, step| step[3] = one_of(rng, &[0, 0, 7, 9])),
    ("conditions", 0, |rng, step| {
        step[3] = one_of(rng, &[0, 0, 7]);
        step[7] = one_of(rng, &[0, 7, 9, 11, 12]);
        step[9] = if step[7] == 0 { one_of(rng, &[0, 235, 245]) } else { 0 };
        step[2] = one_of(rng, &[0xc0, 0xc4, 0xc8, 0xcc, 0xf0, 0xf4, 0xf0, 0xf4]);
        if step[7] == 11 {
            // Small and at any price, so that some can be filled.
            (step[3], step[5]) = (7, step[5] % 8);
        }
        step[0] %= CHANGES;
    }),
    ("icebergs", 0, |rng, step| {
        step[3] = 0;
        step[8] = one_of(rng, &[0, 209, 211, 213]);
    }),
    ("stops", 64, |rng, step| step[3] = one_of(rng, &[0, 0, 0, 7, 10, 11, 12])),
    ("pegs", 0, |rng, step| step[3] = one_of(rng, &[0, 0, 0, 13, 14])),
    ("linked", 0, |rng, step| {
        step[3] = one_of(rng, &[0, 0, 7, 10]);
        step[10] = one_of(rng, &[0, 210, 240]);
        step[11] = if step[10] == 210 { step[11] } else { one_of(rng, &[2, 4, 6]) };
        // Linked orders must be open, as large, and of one owner.
        (step[0], step[1], step[5]) = (step[0] % CHANGES, step[1] % 16, 10);
        step[2] = of_one_owner(one_of(rng, &[0xf0, 0xf4]));
        if step[10] == 210 {
            step[11] %= 16;
        }
    }),
    ("auctions", 64, |rng, step| {
        step[3] = one_of(rng, &[0, 0, 7, 9, 13]);
        step[7] = one_of(rng, &[0, 0, 7, 9, 14, 15]);
    }),
    ("bands", 8 | 16 | 32 | 64, |rng, step| step[3] = one_of(rng, &[0, 0, 7, 10])),
    ("pro_rata", 2, |_, step| step[4] = 45 + step[4] % 4),
    ("top_share", 3, |_, step| step[4] = 45 + step[4] % 4),
    ("own_orders", 0, |rng, step| {
        step[3] = one_of(rng, &[0, 0, 7]);
        step[2] = of_one_owner(one_of(rng, &[0x10, 0x14, 0x30, 0x34, 0x50, 0x54, 0x70, 0x74]));
        step[0] %= CHANGES;
    }),
    ("far_prices", 0, |_, step| step[4] = step[4].saturating_add(180)),
    ("below_zero", 64 | 128, |rng, step| {
        step[3] = one_of(rng, &[0, 0, 0, 7, 10, 12, 13, 14]);
        // Half of them slide.
        step[2] = one_of(rng, &[0xc8, 0xcc, 0xf0, 0xf4]);
    }),
    ("extremes", 64, |rng, step| {
        // One or two fields at an end of their type, in a book that is otherwise as others are.
        for _ in 0..rng.random_range(0..3) {
            step[PLAIN + rng.random_range(0..STEP - PLAIN)] = EXTREME + rng.random_range(0..56);
        }
        step[rng.random_range(4..7)] = rng.random();
        step[0] %= CHANGES;
    }),
    ("brackets", 64, |rng, step| {
        // Large entries, whose exits lie on both sides of their limits, and small orders that fill a part.
        step[3] = one_of(rng, &[0, 0, 0, 7]);
        step[10] = one_of(rng, &[0, 0, 0, 240]);
        // Near the middle, and with room for the ids of exits.
        (step[1], step[4]) = (step[1] & !3, 13 + step[4] % 5);
        step[6] = step[4];
        step[5] = if step[10] == 0 { 1 + step[5] % 8 } else { 10 + step[5] % 40 };
        step[11] = one_of(rng, &[2, 4, 6]);
        step[2] |= 0xf0;
        step[0] %= CHANGES;
    }),
];

/// Makes a file: random bytes, but with mostly valid terms unless the theme says otherwise.
fn file(number: u64, rules: u8, theme: Theme) -> Vec<u8> {
    const STEPS: usize = 60;
    let mut rng = rng(number);
    let mut bytes: Vec<u8> = (0..RULES + STEPS * STEP).map(|_| rng.random()).collect();
    bytes[0] = rules;
    for step in bytes[RULES..].chunks_exact_mut(STEP) {
        step[2] |= 0x90;
        for (field, most) in [(4, 239), (5, 249), (6, 239), (7, 6), (8, 199), (9, 229), (10, 199)] {
            step[field] = step[field].min(most);
        }
        // The ends of types are a theme of their own.
        step[PLAIN..].fill(0);
        theme(&mut rng, step);
    }
    bytes
}

#[test]
#[ignore = "writes fuzz/corpus/book anew: cargo test --release -p bearpit-core --lib -- --ignored write_the_corpus"]
fn write_the_corpus() {
    fs::create_dir_all(directory()).unwrap();
    for (number, (name, rules, theme)) in (0..).zip(THEMES) {
        fs::write(directory().join(name), file(number, rules, theme)).unwrap();
    }
}

/// Returns the name of a variant.
fn variant(event: &BookEvent) -> String {
    format!("{event:?}").chars().take_while(|c| c.is_alphanumeric()).collect()
}

#[test]
fn the_corpus_covers_all_kinds_of_orders_and_events_and_the_engines_agree_on_it() {
    let mut seen = BTreeSet::new();
    for entry in fs::read_dir(directory()).unwrap() {
        let path = entry.unwrap().path();
        let replayed = replay(&fs::read(&path).unwrap(), |step, events| {
            seen.extend(events.iter().map(variant));
            if let Step::Execute(Command { kind: CommandKind::New(terms), .. }) = step
                && matches!(events.first(), Some(BookEvent::Accepted { .. }))
            {
                seen.insert(terms.kind.name().to_owned());
                seen.insert(terms.time_in_force.name().to_owned());
            }
        });
        assert_eq!(replayed, Ok(()), "{}", path.display());
    }
    let kinds = ["limit", "market", "market_to_limit", "stop", "stop_limit", "trailing_stop", "pegged"];
    let times = ["GTC", "DAY", "IOC", "FOK", "GTD", "at-open", "at-close"];
    let events = [
        "Accepted",
        "Rejected",
        "CommandRejected",
        "ExitEntered",
        "Replaced",
        "Repriced",
        "Reduced",
        "Grown",
        "Triggered",
        "Refreshed",
        "Uncrossed",
        "Traded",
        "Canceled",
        "Expired",
        "PhaseChanged",
    ];
    for wanted in kinds.iter().chain(&times).chain(&events) {
        assert!(seen.contains(*wanted), "the corpus has no {wanted}");
    }
}

#[test]
fn any_bytes_are_steps() {
    let mut rng = rng(9);
    for length in (0..3_000).step_by(7) {
        let bytes: Vec<u8> = (0..length).map(|_| rng.random()).collect();
        assert_eq!(replay(&bytes, |_, _| {}), Ok(()));
    }
}
