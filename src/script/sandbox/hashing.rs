//! [`fix_hashing_seed`]: the same hashes of functions in every process.
//!
//! Rhai looks functions up by hashes, and seeds its hasher at random unless a seed is set before its first
//! use. The seed belongs to the process: it can be set once, by anybody. So a program that embeds Bearpit and
//! uses Rhai for something else may have set another; a script then is refused instead of being run with
//! hashes that differ from those of other runs.

use rhai::config::hashing::{get_hashing_seed, set_hashing_seed};

/// Any numbers do, if they are the same in every process and not all zero.
const SEED: [u64; 4] = [0x0062_6561, 0x0072_7069, 0x0074_2d72, 0x0068_6169];

/// Rhai hashes with a seed that is not ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "scripts cannot run reproducibly: this process has set Rhai's hashing seed to {found:?}, Bearpit's is {SEED:?}"
)]
pub(crate) struct ForeignHashingSeed {
    found: Option<[u64; 4]>,
}

/// Sets Rhai's hashing seed, unless it is set already.
///
/// # Errors
/// [`ForeignHashingSeed`] if it was set to another one.
pub(crate) fn fix_hashing_seed() -> Result<(), ForeignHashingSeed> {
    // The second and later calls fail, which says nothing of whose seed it is.
    if set_hashing_seed(Some(SEED)).is_ok() {
        return Ok(());
    }
    match *get_hashing_seed() {
        Some(SEED) => Ok(()),
        found => Err(ForeignHashingSeed { found }),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::script::{ScriptSource, compile, lint};

    const ROLE: &str = "BEARPIT_TEST_FOREIGN_SEED";
    const NAME: &str = "script::sandbox::hashing::tests::a_script_is_refused_under_a_foreign_seed";

    /// The seed of a process is set once, so the test starts itself in a process of its own.
    #[test]
    fn a_script_is_refused_under_a_foreign_seed() {
        let source = ScriptSource::alone("s.rhai", "fn on_start() {}");
        if std::env::var_os(ROLE).is_none() {
            assert!(compile(&source).is_ok());
            let mut child = Command::new(std::env::current_exe().unwrap());
            let child = child.args(["--exact", NAME]).env(ROLE, "yes").output().unwrap();
            let said = String::from_utf8_lossy(&child.stdout).into_owned();
            assert!(child.status.success() && said.contains("1 passed"), "{said}");
            return;
        }
        set_hashing_seed(Some([1, 2, 3, 4])).unwrap();
        assert_eq!(fix_hashing_seed(), Err(ForeignHashingSeed { found: Some([1, 2, 3, 4]) }));
        let error = compile(&source).unwrap_err();
        assert!(error.message.contains("hashing seed to Some([1, 2, 3, 4])"), "{error}");
        assert!(lint(&source).script.is_none());
    }
}
