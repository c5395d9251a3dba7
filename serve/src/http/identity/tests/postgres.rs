//! The same with PostgreSQL.

use std::process::Command;

use super::harness::{REDIS_SITES, SITES};
use crate::store::database::testing::POSTGRES;

#[test]
fn all_of_it_is_the_same_with_postgresql() {
    if std::env::var_os(SITES).is_some() || std::env::var_os(REDIS_SITES).is_some() {
        // This is the process that was started below, or that of the tests with Redis.
        return;
    }
    if std::env::var_os(POSTGRES).is_none() {
        eprintln!("SKIPPED with PostgreSQL: {POSTGRES} is not set");
        return;
    }
    // Another process, since each has one environment.
    let mut again = Command::new(std::env::current_exe().unwrap());
    let output = again.args(["http::identity::tests", "--nocapture"]).env(SITES, "1").output().unwrap();
    let (said, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains(" 0 failed"), "{said}\n{log}");
}
