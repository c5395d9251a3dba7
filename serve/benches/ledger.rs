//! How many transfers a second the ledger takes on SQLite, each two rows of two accounts.
//!
//! `cargo bench -p bearpit-serve --bench ledger` writes them as the projector does that has fallen behind, in
//! transactions of up to 1,024 changes, each synced, and one in a transaction of its own, and prints both
//! rates and their ratio. `-- --transfers N` writes so many.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "a bench measures")]
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::time::Instant;

use bearpit_serve::config::DatabaseUrl;
use bearpit_serve::domain::{AccountId, Asset, EntryKind};
use bearpit_serve::store::database::{Amount, Database};
use bearpit_serve::store::projection::{Batch, Change, Movement, PostingRow, Projection};

/// How many accounts take turns.
const ACCOUNTS: usize = 100;
/// How many transfers are written together: each is two changes.
const TOGETHER: usize = 512;
/// How many are written one by one.
const ALONE: usize = 500;

/// Writes transfers to a ledger, as the tape of a segment has them.
struct Writer {
    projection: Projection,
    accounts: Vec<AccountId>,
    facts: u64,
}

impl Writer {
    fn posting(&self, account: AccountId, units: i128, number: usize) -> Change {
        let kind = EntryKind::of_funding("transfer:", units > 0);
        Change::Posted(Box::new(PostingRow {
            account,
            day: 1,
            asset: Asset::Cash,
            movement: Movement::By(Amount(units)),
            kind,
            symbol: None,
            order: None,
            trade: None,
            reference: Some(format!("transfer:{number:036}")),
            at: 0,
        }))
    }

    /// Writes so many in one transaction.
    async fn write(&mut self, transfers: usize) {
        let mut changes = Vec::new();
        let from = self.facts;
        if from == 0 {
            changes.push((0, Change::LedgerBegan));
        }
        for number in 0..transfers {
            let [giver, taker] = [number, number + 1].map(|place| self.accounts[place % ACCOUNTS]);
            changes.push((self.facts, self.posting(giver, -7_000, number)));
            changes.push((self.facts + 1, self.posting(taker, 7_000, number)));
            self.facts += 2;
        }
        let (to, is_all) = (self.facts, false);
        let batch = Batch {
            segment: 1,
            voids: 0,
            fine_from: 0,
            from,
            to,
            ends: false,
            is_all,
            written_at: 0,
            changes,
        };
        self.projection.apply(&batch).await.unwrap();
    }
}

async fn measure(transfers: usize) {
    let directory = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(directory.path().join("ledger.db"));
    let database = Database::open(&url).await.unwrap();
    let accounts = std::iter::repeat_with(AccountId::draw).take(ACCOUNTS).collect();
    let mut writer = Writer { projection: Projection::new(database.clone()), accounts, facts: 0 };
    writer.write(TOGETHER).await;
    let began = Instant::now();
    for _ in 0..transfers.div_ceil(TOGETHER) {
        writer.write(TOGETHER).await;
    }
    let written = transfers.div_ceil(TOGETHER) * TOGETHER;
    let together = f64::from(u32::try_from(written).unwrap()) / began.elapsed().as_secs_f64();
    let began = Instant::now();
    for _ in 0..ALONE {
        writer.write(1).await;
    }
    let alone = f64::from(u32::try_from(ALONE).unwrap()) / began.elapsed().as_secs_f64();
    println!("{written} transfers, up to {TOGETHER} in a transaction: {together:.0} a second");
    println!("{ALONE} transfers, each in a transaction: {alone:.0} a second; ratio {:.1}", together / alone);
    database.close().await;
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let said = arguments.iter().skip_while(|it| *it != "--transfers").nth(1);
    let transfers = said.map_or(50_000, |said| said.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(measure(transfers));
}
