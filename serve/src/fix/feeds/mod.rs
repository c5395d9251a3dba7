//! Market data in the words of FIX: books and trades as they change, phases, and what is listed.
//!
//! Each subscription is a task that hands its messages over one by one: while a client reads slowly it waits,
//! and takes the newest book when it goes on.

mod entries;
mod listings;
mod market_data;
mod request;
mod status;

pub(super) use listings::security_list;
pub(super) use market_data::{follow, once};
pub(super) use request::{Rejection, Wanted, rejected};
pub(super) use status::{StatusWanted, follow_status, status_once};

use super::orders::Said;
use tokio::sync::mpsc;

/// Where a subscription's messages go: the name of the subscription, and the message.
pub(super) type Outlet = mpsc::Sender<Said>;

/// When it is looked again for a listing that is not there.
const AGAIN: std::time::Duration = std::time::Duration::from_millis(250);
