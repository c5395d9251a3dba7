//! The report of several runs.

mod account;
mod html;
mod limits;
mod overview;
mod page;
mod tables;

pub(super) use page::page;
