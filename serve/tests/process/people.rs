//! What an operator does to people.

use crate::harness::{Ended, Place};

fn create(place: &Place, arguments: &[&str], password: &str) -> Ended {
    place.run_with_input(&[&["admin", "create"], arguments].concat(), &format!("{password}\n"))
}

#[test]
fn an_operator_makes_people_and_gives_them_links() {
    let place = Place::new();
    let secret = "correct horse battery";
    let made = create(&place, &["olga", "--mail", "Olga@example.org"], secret);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    assert!(made.stdout.contains("admin `olga` was made, with account "), "{}", made.stdout);
    assert!(!format!("{}{}", made.stdout, made.stderr).contains("horse"));
    let user = create(&place, &["anne", "--role", "user"], secret);
    assert!(user.stdout.contains("user `anne` was made"), "{}{}", user.stdout, user.stderr);
    for (arguments, password, why) in [
        (vec!["OLGA"], secret, "the name `OLGA` is taken"),
        (vec!["bert", "--mail", "olga@example.org"], secret, "somebody else's"),
        (vec!["b"], secret, "a name has 3 to 32"),
        (vec!["bert", "--mail", "x"], secret, "a mail address is written"),
        (vec!["bert"], "short", "a password has 10 to 256"),
        (vec!["bert"], "", "a password is needed"),
        (vec!["bert", "--role", "king"], secret, "possible values: admin, user"),
    ] {
        let refused = create(&place, &arguments, password);
        assert_eq!(refused.code, Some(2), "{arguments:?}");
        assert!(refused.stderr.contains(why), "{arguments:?}: {}", refused.stderr);
    }

    let link = place.run(&["admin", "reset-password", "Anne"]);
    assert_eq!(link.code, Some(0), "{}", link.stderr);
    let tokens: Vec<_> = link.stdout.split(|it: char| it.is_whitespace() || it == '"').collect();
    let tokens: Vec<_> = tokens.into_iter().filter(|it| it.starts_with("bpx_")).collect();
    assert!(tokens.len() == 2 && tokens[0] == tokens[1] && tokens[0].len() == 47, "{}", link.stdout);
    for (command, what) in [("block", "`anne` is blocked"), ("unblock", "`anne` is let in again")] {
        let done = place.run(&["admin", command, "anne"]);
        assert!(done.stdout.contains(what), "{}{}", done.stdout, done.stderr);
    }
    let none = place.run(&["admin", "remove-second-factor", "anne"]);
    none.assert_fails(2, &["`anne` has no second factor"]);
    for command in ["reset-password", "remove-second-factor", "block", "unblock", "verify"] {
        let unknown = place.run(&["admin", command, "nobody"]);
        assert_eq!(unknown.code, Some(2), "{command}");
        assert!(unknown.stderr.contains("nobody is called `nobody`"), "{}", unknown.stderr);
    }
}
