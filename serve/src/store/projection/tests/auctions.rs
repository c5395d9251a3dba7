//! Auctions that are over.

use super::*;

fn auction(id: i64, owner: Option<u128>, ended_at: i64, proposer: u128) -> AuctionRow {
    let proposal = |number: i64, cash: Option<i128>, outcome: &str| AuctionProposalRow {
        proposal: id * 10 + number,
        account: Some(account(proposer)),
        cash: cash.map(whole),
        symbol: cash.is_none().then(|| "BETA".to_owned()),
        quantity: cash.is_none().then(|| whole(3)),
        proposed_at: ended_at - 2,
        ended_at,
        outcome: outcome.to_owned(),
    };
    AuctionRow {
        auction: id,
        account: owner.map(account),
        day: 1,
        symbol: if id % 2 == 0 { "ACME" } else { "BETA" }.to_owned(),
        quantity: whole(40),
        offered_at: ended_at - 5,
        deadline: ended_at + 5,
        ended_at,
        outcome: "accepted".to_owned(),
        accepted: Some(id * 10 + 1),
        value: Some(whole(410)),
        proposals: vec![proposal(1, Some(410), "accepted"), proposal(2, None, "outbid")],
    }
}

fn over(row: &AuctionRow) -> Change {
    Change::Auction(Box::new(row.clone()))
}

async fn ids(database: &Database, filter: AuctionFilter) -> (Vec<i64>, Option<AuctionPlace>) {
    let page = database.auctions(&filter).await.unwrap();
    (page.rows.iter().map(|row| row.auction).collect(), page.next)
}

#[tokio::test]
async fn auctions_are_found_by_symbol_end_and_whoever_took_part_in_pages() {
    on_each_database(|database| async move {
        let mut projection = Projection::new(database.clone());
        let unsold = AuctionRow {
            outcome: "expired".to_owned(),
            accepted: None,
            value: None,
            proposals: Vec::new(),
            ..auction(3, Some(2), 300, 9)
        };
        let rows =
            [auction(1, Some(1), 100, 2), auction(2, None, 200, 1), unsold, auction(4, Some(2), 400, 3)];
        assert_eq!(projection.apply(&batch(1, 0, false, rows.iter().map(over).collect())).await, Ok(4));
        assert_eq!(database.auction(2).await, Ok(Some(rows[1].clone())));
        assert_eq!(database.auction(3).await, Ok(Some(rows[2].clone())), "also without proposals");
        assert_eq!(database.auction(9).await, Ok(None));
        let all = AuctionFilter { limit: 10, ..AuctionFilter::default() };
        assert_eq!(ids(&database, all.clone()).await, (vec![4, 3, 2, 1], None));
        let mut found = Vec::new();
        let mut filter = AuctionFilter { limit: 1, ..all.clone() };
        loop {
            let (page, next) = ids(&database, filter.clone()).await;
            found.extend(page);
            filter.behind = next;
            if next.is_none() {
                break;
            }
        }
        assert_eq!(found, [4, 3, 2, 1], "a page has whole auctions, however many proposals");
        let own = AuctionFilter { account: Some(account(1)), ..all.clone() };
        assert_eq!(ids(&database, own).await.0, [2, 1], "one's own, and those to which one proposed");
        let of_symbol = AuctionFilter { symbol: Some("ACME".to_owned()), ..all.clone() };
        assert_eq!(ids(&database, of_symbol).await.0, [4, 2]);
        let expired = AuctionFilter { outcome: Some("expired".to_owned()), ..all.clone() };
        assert_eq!(ids(&database, expired).await.0, [3]);
        let between = AuctionFilter { from: Some(200), to: Some(400), ..all };
        assert_eq!(ids(&database, between).await.0, [3, 2]);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_segment_that_is_read_again_has_its_auctions_once_and_those_of_the_crowd_are_not_kept_for_ever() {
    on_each_database(|database| async move {
        let mut projection = Projection::new(database.clone());
        let (kept, crowds) = (auction(1, Some(1), 100, 2), auction(2, None, 100, 2));
        let crowds = AuctionRow { proposals: Vec::new(), ..crowds };
        projection.apply(&batch(1, 0, true, vec![over(&kept), over(&crowds)])).await.unwrap();
        let later = auction(3, Some(1), 200, 2);
        let second = Batch { fine_from: 50, ..batch(2, 0, false, vec![over(&later)]) };
        projection.apply(&second).await.unwrap();
        let all = AuctionFilter { limit: 10, ..AuctionFilter::default() };
        assert_eq!(ids(&database, all.clone()).await.0, [3, 2, 1]);

        projection.forget_from(2).await.unwrap();
        assert_eq!(ids(&database, all.clone()).await.0, [2, 1]);
        projection.apply(&second).await.unwrap();
        assert_eq!(database.auction(3).await, Ok(Some(later)));

        let third = Batch { fine_from: 150, ..batch(3, 0, false, Vec::new()) };
        projection.apply(&Batch { ends: true, ..batch(2, 1, true, Vec::new()) }).await.unwrap();
        projection.apply(&third).await.unwrap();
        assert_eq!(ids(&database, all).await.0, [3, 1], "nobody from outside took part in the second");
    })
    .await
    .unwrap();
}
