//! Trades of contests that are to be looked at: between accounts of one person, or of two that are flagged.

use uuid::Uuid;

use crate::domain::{AccountId, ContestId, UserId, WallTime};
use crate::store::database::{Amount, Database, Row, StoreError, args, statements};

statements! {
    FLAG = "INSERT INTO contest_pairs (contest_id, first_user, second_user, reason, flagged_at)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (contest_id, first_user, second_user) DO NOTHING";
    PAIRS = "SELECT first_user, second_user, reason, flagged_at FROM contest_pairs
             WHERE contest_id = $1 ORDER BY flagged_at, first_user, second_user";
    // Both sides of a trade are there if both are people's; of one within a contest both rows are found.
    TRADES = "SELECT own.trade_id, own.symbol, own.venue, own.side, own.price, own.quantity, own.filled_at,
              own.account_id, entry.user_id, other.account_id AS other_account,
              COALESCE(u.id, s.user_id, e.user_id) AS other_user
              FROM contest_entries entry
              JOIN fills own ON own.account_id = entry.account_id
              JOIN fills other ON other.trade_id = own.trade_id AND other.order_id <> own.order_id
                AND other.account_id <> own.account_id
              LEFT JOIN users u ON u.account_id = other.account_id
              LEFT JOIN contest_entries e ON e.account_id = other.account_id
              LEFT JOIN strategies s ON s.account_id = other.account_id
              WHERE entry.contest_id = $1 AND own.trade_id > $2 AND own.filled_at <= $3
              AND (entry.user_id = COALESCE(u.id, s.user_id, e.user_id) OR EXISTS (
                SELECT 1 FROM contest_pairs p WHERE p.contest_id = $1
                AND ((p.first_user = entry.user_id AND p.second_user = COALESCE(u.id, s.user_id, e.user_id))
                OR (p.second_user = entry.user_id AND p.first_user = COALESCE(u.id, s.user_id, e.user_id)))))
              ORDER BY own.trade_id, own.side LIMIT $4";
}

/// Two people whose trades with each other are to be reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairRow {
    /// The people, the smaller id first.
    pub users: [UserId; 2],
    /// Why.
    pub reason: String,
    /// Since when.
    pub flagged_at: WallTime,
}

/// A side of a trade that is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedTrade {
    /// The trade's id in the market.
    pub trade: i64,
    /// The symbol.
    pub symbol: String,
    /// The venue's name.
    pub venue: String,
    /// What the account of the contest did: `buy` or `sell`.
    pub side: String,
    /// The price.
    pub price: Amount,
    /// The quantity.
    pub quantity: Amount,
    /// When.
    pub at: i64,
    /// The account of the contest, and its person.
    pub own: (AccountId, UserId),
    /// The other account, and its person if that is known.
    pub other: (AccountId, Option<UserId>),
}

impl Database {
    /// Flags two people; returns whether that is new.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn flag_pair(&self, contest: ContestId, pair: &PairRow) -> Result<bool, StoreError> {
        let PairRow { users: [first, second], reason, flagged_at } = pair;
        let arguments = args![contest, *first, *second, reason.as_str(), *flagged_at];
        Ok(self.execute(FLAG, arguments).await? == 1)
    }

    /// Returns the people who are flagged.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn flagged_pairs(&self, contest: ContestId) -> Result<Vec<PairRow>, StoreError> {
        let pair = |row: &Row| {
            let user = |column| row.get(column).map(UserId::new);
            Ok(PairRow {
                users: [user("first_user")?, user("second_user")?],
                reason: row.get("reason")?,
                flagged_at: WallTime::from_nanos(row.get("flagged_at")?),
            })
        };
        self.rows(PAIRS, args![contest]).await?.iter().map(pair).collect()
    }

    /// Returns sides of trades that are to be looked at, by their numbers: those after one, until a moment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn watched_trades(
        &self,
        contest: ContestId,
        after: i64,
        until: i64,
        limit: u32,
    ) -> Result<Vec<WatchedTrade>, StoreError> {
        let trade = |row: &Row| {
            let other: Option<Uuid> = row.get("other_user")?;
            Ok(WatchedTrade {
                trade: row.get("trade_id")?,
                symbol: row.get("symbol")?,
                venue: row.get("venue")?,
                side: row.get("side")?,
                price: row.get("price")?,
                quantity: row.get("quantity")?,
                at: row.get("filled_at")?,
                own: (AccountId::new(row.get("account_id")?), UserId::new(row.get("user_id")?)),
                other: (AccountId::new(row.get("other_account")?), other.map(UserId::new)),
            })
        };
        self.rows(TRADES, args![contest, after, until, limit]).await?.iter().map(trade).collect()
    }
}
