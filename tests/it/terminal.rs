//! What the program prints where: help, colors, tables, completions, manual pages.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::cli::{bearpit, run, with_script};

/// Returns the rows of the table of commands in docs/cli.md: the words after `bearpit` before its arguments.
fn commands_of_the_page() -> Vec<String> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `bearpit "));
    let is_word = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    rows.map(|row| {
        row.split('`').next().unwrap().split(' ').take_while(is_word).collect::<Vec<_>>().join(" ")
    })
    .collect()
}

/// Returns the subcommands that the help of a command lists.
fn subcommands(path: &[&str]) -> Vec<String> {
    let (code, help, _) = run(bearpit().args(path).arg("--help"));
    assert_eq!(code, 0, "{path:?}");
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let lines = list.lines().take_while(|line| !line.trim().is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|it| *it != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_table_of_commands_has_each_command_once() {
    let mut page = commands_of_the_page();
    let mut all = Vec::new();
    for command in subcommands(&[]) {
        let below = subcommands(&[&command]);
        // `new` does nothing by itself.
        if command != "new" {
            all.push(command.clone());
        }
        all.extend(below.iter().map(|it| format!("{command} {it}")));
    }
    assert!(all.len() >= 15, "{all:?}");
    page.sort_unstable();
    all.sort_unstable();
    assert_eq!(page, all, "the table of docs/cli.md, and `bearpit --help`");
}

#[test]
fn every_page_of_help_has_the_exit_codes() {
    for command in commands_of_the_page() {
        let words: Vec<&str> = command.split(' ').collect();
        let (code, help, _) = run(bearpit().args(&words).arg("--help"));
        assert_eq!(code, 0, "{command}");
        assert!(
            help.contains("Exit codes:\n  0    success\n  1    ") && help.contains("  130  interrupted"),
            "{help}"
        );
    }
}

#[test]
fn completions_know_commands_and_options() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, script, stderr) = run(bearpit().args(["completions", shell]));
        assert_eq!((code, stderr.as_str()), (0, ""), "{shell}");
        for word in ["backtest", "verify-book", "fee-bps"] {
            assert!(script.contains(word), "{shell} completes {word}");
        }
    }
    let (code, _, stderr) = run(bearpit().args(["completions", "tcsh"]));
    assert!(code == 2 && stderr.contains("possible values: bash"), "{stderr}");
}

#[test]
fn there_is_a_manual_page_for_each_command() {
    let out = TempDir::new().unwrap();
    let directory = out.path().join("man1");
    let (code, stdout, stderr) = run(bearpit().arg("man").arg("--out").arg(&directory));
    assert_eq!((code, stderr.as_str()), (0, ""));
    let mut names: Vec<String> =
        fs::read_dir(&directory).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    let mut expected: Vec<String> = commands_of_the_page()
        .iter()
        .map(|command| format!("bearpit-{}.1", command.replace(' ', "-")))
        .collect();
    expected.extend(["bearpit.1".to_owned(), "bearpit-new.1".to_owned()]);
    expected.sort_unstable();
    assert_eq!(names, expected);
    assert!(stdout.contains(&format!("wrote {} pages", expected.len())), "{stdout}");
    let page = fs::read_to_string(directory.join("bearpit-backtest.1")).unwrap();
    for part in
        [".TH bearpit-backtest 1", "\\-\\-fee\\-bps", ".SH \"EXIT STATUS\"\n.TP\n\\fB0\\fR\nsuccess\n"]
    {
        assert!(page.contains(part), "{part}\n{page}");
    }
    let (code, stdout, _) = run(bearpit().arg("man"));
    assert_eq!(code, 0);
    assert_eq!(stdout, fs::read_to_string(directory.join("bearpit.1")).unwrap());
    let file = out.path().join("a-file");
    fs::write(&file, "").unwrap();
    let (code, _, stderr) = run(bearpit().arg("man").arg("--out").arg(&file));
    assert!(code == 1 && stderr.contains("cannot be written"), "{stderr}");
}

#[test]
fn errors_are_colored_as_asked() {
    let colored = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = bearpit();
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        let (code, _, stderr) = run(command.args(arguments).envs(variables.iter().copied()));
        assert_eq!(code, 2);
        stderr.contains('\u{1b}')
    };
    // What is wrong with a file, and with an argument.
    for arguments in [&["check", "none.toml"][..], &["chekc"]] {
        let with = |option: &'static str| [arguments, &[option]].concat();
        assert!(!colored(arguments, &[]), "{arguments:?}: no terminal");
        assert!(colored(arguments, &[("CLICOLOR_FORCE", "1")]), "{arguments:?}");
        assert!(!colored(arguments, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]), "{arguments:?}");
        assert!(colored(&with("--color=always"), &[("NO_COLOR", "1")]), "{arguments:?}");
        assert!(!colored(&with("--color=never"), &[("CLICOLOR_FORCE", "1")]), "{arguments:?}");
    }
    let (code, _, stderr) = run(bearpit().args(["--color", "pink", "schema"]));
    assert!(code == 2 && stderr.contains("auto, always, never"), "{stderr}");
}

#[test]
fn results_are_said_once_where_there_is_no_terminal() {
    let out = TempDir::new().unwrap();
    let path = with_script(out.path(), "fn on_start() { }\n");
    let mut command = bearpit();
    command.arg("simulate").arg(&path).arg("--out").arg(out.path().join("runs"));
    let (code, stdout, stderr) = run(command.env("TERM", "xterm"));
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(stdout.matches("events/s").count(), 1, "{stdout}");
}

#[test]
fn names_are_not_wrapped_in_tables() {
    let out = TempDir::new().unwrap();
    let path = with_script(out.path(), "fn on_start() { }\n");
    let long = format!("a_strategy_with_a_{}_long_name", "very_".repeat(6));
    let name = format!("a-scenario-with-a-{}-long-name", "very-".repeat(6));
    let text = fs::read_to_string(&path).unwrap();
    let text = text
        .replace("\"scripted\"", &format!("\"{name}\""))
        .replace("name = \"s\"", &format!("name = \"{long}\""));
    fs::write(&path, text).unwrap();
    let (code, stdout, _) =
        run(bearpit().arg("simulate").arg(&path).arg("--out").arg(out.path().join("runs")));
    assert_eq!(code, 0);
    let row = stdout.lines().find(|line| line.contains(&long)).unwrap_or_else(|| panic!("{stdout}"));
    assert!(stdout.contains(&name) && row.contains("0.00"), "{stdout}");
    assert!(stdout.lines().all(|line| line.trim_end() == line), "no line ends in spaces: {stdout}");
}

#[test]
fn a_new_scenario_runs() {
    let here = TempDir::new().unwrap();
    let at = |arguments: &[&str]| run(bearpit().args(arguments).current_dir(here.path()));
    let (code, stdout, stderr) = at(&["new", "scenario", "my_market"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.contains("bearpit simulate scenarios/my_market.toml"), "{stdout}");
    let end = ["--set", "scenario.end=2025-03-03T09:35:00"];
    let (code, stdout, stderr) = at(&[&["simulate", "scenarios/my_market.toml"][..], &end].concat());
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.contains("my_market") && stdout.contains("market-maker"), "{stdout}");
    let (code, _, stderr) = at(&["new", "scenario", "my_market"]);
    assert!(code == 2 && stderr.contains("exists already"), "{stderr}");
    let (code, _, stderr) = at(&["new", "scenario", "My Market"]);
    assert!(code == 2 && stderr.contains("lowercase letters"), "{stderr}");
    let (code, _, stderr) = at(&["new", "scenario", "other", "--strategy", "none.rhai"]);
    assert!(
        code == 2
            && stderr.contains("`none.rhai` cannot be read")
            && !here.path().join("scenarios/other.toml").exists()
    );
    fs::write(here.path().join("s.rhai"), "fn on_bar(bar) { buy(1); }\n").unwrap();
    assert_eq!(at(&["new", "scenario", "other", "--strategy", "s.rhai", "--dir", "a/b"]).0, 0);
    let (code, stdout, stderr) = at(&[&["simulate", "a/b/other.toml"][..], &end].concat());
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.lines().any(|line| line.trim_start().starts_with("s ")), "{stdout}");
}

#[test]
fn the_closing_table_annualizes_no_ratio_of_hours() {
    let out = TempDir::new().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sharpe = |scenario: &str, changes: &[&str]| {
        let mut command = bearpit();
        command.arg("simulate").arg(root.join("scenarios").join(scenario)).args(["--force", "--no-report"]);
        command.args(changes.iter().flat_map(|it| ["--set", *it])).arg("--out").arg(out.path());
        let (code, table, stderr) = run(&mut command);
        assert_eq!((code, stderr.as_str()), (0, ""), "{table}");
        let row = table.lines().nth(2).unwrap().split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        row[5].clone()
    };
    // Five periods mean nothing; a day is no year; twenty years are.
    assert_eq!(sharpe("quickstart.toml", &["scenario.end=2025-03-03T09:35:00"]), "-");
    let daily = sharpe("quickstart.toml", &["scenario.end=2025-03-03T10:30:00"]);
    let ratio: f64 = daily.strip_suffix("/day").unwrap().parse().unwrap();
    assert!(ratio.abs() < 10.0, "{daily}");
    assert_eq!(sharpe("sp500_backtest.toml", &[]), "0.57");
}
