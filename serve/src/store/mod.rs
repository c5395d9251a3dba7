//! What outlives the process: the journal, and the database.

pub mod account_owners;
pub mod announcements;
pub mod audit;
pub mod channels;
pub mod contests;
pub mod database;
pub mod deliveries;
pub mod estimates;
pub mod files;
pub mod fundings;
pub mod instance;
pub mod journal;
pub mod mails;
pub mod notices;
pub mod payments;
pub mod people;
pub mod price_alerts;
pub mod profiles;
pub mod projection;
pub mod push_subscriptions;
pub mod spool;
pub mod strategies;
pub mod traded_names;
pub mod transfers;
pub mod watchlists;
pub mod webhooks;
