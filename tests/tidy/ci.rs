//! The scripts of CI: stages and their budgets, and what is not run there.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use crate::root;

/// What the scripts call before they look for Python or Node.
const PROGRAMS: [&str; 7] = ["bash", "dirname", "mkdir", "mktemp", "realpath", "rm", "tail"];

fn bash(script: &str, is_ci: bool) -> Output {
    let mut command = Command::new("bash");
    command.current_dir(root()).args(["-c", script]).env_remove("BEARPIT_CI");
    if is_ci {
        command.env("BEARPIT_CI", "strict");
    }
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_stage_over_its_budget_is_named_aloud_and_sums_its_steps() {
    // Once unset, SECONDS is a variable like any other, and no clock moves it.
    let script = "set -euo pipefail; unset SECONDS; SECONDS=0; . .ci/stages
        step engine a; SECONDS=1000; step web b; SECONDS=1010; step engine c; SECONDS=1600; stages_end";
    let output = bash(script, false);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "a slow machine fails nothing: {err}");
    assert!(out.contains("1590s of  1500s  engine"), "{out}");
    assert!(out.contains("10s of   600s  web"), "{out}");
    assert_eq!(err, "!!!! OVER BUDGET: engine by 90s\n");
    let unknown = bash("set -euo pipefail; . .ci/stages; step engin a", false);
    assert!(!unknown.status.success(), "a step belongs to a stage that exists");
}

#[test]
fn every_step_of_ci_belongs_to_a_stage_and_the_end_lists_them() {
    let run = fs::read_to_string(root().join(".ci/run")).unwrap();
    let steps: Vec<_> = run.lines().filter(|line| line.starts_with("step ")).collect();
    for stage in ["engine", "serve", "clients", "web"] {
        let prefix = format!("step {stage} \"");
        assert!(steps.iter().any(|step| step.starts_with(&prefix)), "no step of {stage}");
    }
    assert_eq!(run.lines().last(), Some("stages_end"));
}

/// Runs a script where no program is but those that are named.
fn where_nothing_is(directory: &Path, script: &str, is_ci: bool) -> Output {
    let script = format!("PATH={}; exec bash {script}", directory.display());
    bash(&script, is_ci)
}

#[test]
fn clients_that_cannot_be_installed_fail_in_ci_and_are_skipped_aloud_elsewhere() {
    let directory = std::env::temp_dir().join(format!("bearpit-tidy-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    for program in PROGRAMS {
        let found = text(&bash(&format!("command -v {program}"), false).stdout);
        symlink(found.trim(), directory.join(program)).unwrap();
    }
    let scripts =
        ["clients /dev/null", "identity /dev/null", "webhooks /dev/null", "channels /dev/null", "peers"];
    for script in scripts.map(|script| format!(".ci/{script}")) {
        let [here, in_ci] = [false, true].map(|is_ci| where_nothing_is(&directory, &script, is_ci));
        assert!(here.status.success(), "{script}: {}", text(&here.stderr));
        assert!(text(&here.stdout).contains("SKIPPED: "), "{script}: {}", text(&here.stdout));
        assert_eq!(in_ci.status.code(), Some(1), "{script}: {}", text(&in_ci.stdout));
        assert!(text(&in_ci.stderr).starts_with("error: "), "{script}: {}", text(&in_ci.stderr));
    }
    let clients = text(&where_nothing_is(&directory, ".ci/clients /dev/null", false).stdout);
    assert!(clients.contains("NOT ONE client"), "{clients}");
    fs::remove_dir_all(&directory).unwrap();
}
