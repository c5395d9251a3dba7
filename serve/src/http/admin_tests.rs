//! The operator's server, and who asks it.

use std::sync::Mutex;

use actix_web::rt;
use serde_json::json;

use super::tests::{ask as ask_plainly, json_of};
use super::*;
use crate::domain::{Problem, ProblemKind};
use crate::services::admin::Action;

/// An operator's desk that notes what it is asked to do, and refuses speeds.
#[derive(Debug, Default)]
struct Noting(Mutex<Vec<Action>>);

impl Operator for Noting {
    fn status(&self) -> serde_json::Value {
        json!({ "state": "open", "actions": self.0.lock().unwrap().len() })
    }

    fn channels(&self) -> Telling {
        Box::pin(async { Ok(json!({ "channels": [] })) })
    }

    fn act(&self, action: Action) -> Acting {
        self.0.lock().unwrap().push(action.clone());
        Box::pin(async move {
            match action {
                Action::Speed { .. } => {
                    Err(Problem::new(ProblemKind::Conflict, "wall_clock", "the clock is the wall clock"))
                }
                _ => Ok(()),
            }
        })
    }
}

struct Fixture {
    server: AdminServer,
    desk: std::sync::Arc<Noting>,
    data: tempfile::TempDir,
}

fn start() -> Fixture {
    let data = tempfile::tempdir().unwrap();
    let desk = std::sync::Arc::<Noting>::default();
    let metrics = std::sync::Arc::new(Metrics::new(prometheus_client::registry::Registry::default()));
    let server = AdminServer::start(data.path(), metrics, std::sync::Arc::clone(&desk) as _).unwrap();
    Fixture { server, desk, data }
}

fn stop(server: AdminServer) {
    rt::System::new().block_on(server.stop(std::time::Duration::from_secs(5))).unwrap();
}

#[test]
fn what_an_operator_asks_for_is_done_and_answered() {
    let Fixture { server, desk, data } = start();
    let access = AdminAccess::read(data.path()).unwrap();
    assert_eq!(ask(&access, Some(&Action::Pause)).unwrap(), json!({ "done": { "action": "pause" } }));
    let status = ask(&access, None).unwrap();
    assert_eq!(status, json!({ "state": "open", "actions": 1 }));
    assert_eq!(ask_channels(&access).unwrap(), json!({ "channels": [] }));
    let speed = Action::Speed { thousandths: 60_000 };
    let refused = ask(&access, Some(&speed)).unwrap_err();
    assert_eq!(refused.to_string(), "the clock is the wall clock");
    assert_eq!(*desk.0.lock().unwrap(), [Action::Pause, speed]);
    stop(server);
    assert!(AdminAccess::read(data.path()).is_err(), "the file is still there");
    assert!(matches!(ask(&access, None), Err(AskError::Io { .. })));
}

#[test]
fn nobody_is_heard_without_the_token() {
    let Fixture { server, desk, data } = start();
    let mut access = AdminAccess::read(data.path()).unwrap();
    for path in ["/admin/status", "/admin/action", "/admin/x"] {
        for method in ["GET", "POST"] {
            let (status, _, body) = ask_plainly(access.address, method, path);
            assert_eq!((status, &json_of(&body)["code"]), (401, &json!("unauthorized")), "{path}");
        }
    }
    let shown = format!("{access:?}");
    assert!(!shown.contains(&access.token), "{shown}");
    access.token.pop();
    assert!(ask(&access, Some(&Action::Pause)).unwrap_err().to_string().contains("token"));
    assert!(desk.0.lock().unwrap().is_empty());
    stop(server);
}

#[cfg(unix)]
#[test]
fn the_file_is_for_its_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let Fixture { server, data, .. } = start();
    let mode = std::fs::metadata(data.path().join("admin.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    stop(server);
}

#[test]
fn an_action_that_is_none_is_refused_and_says_what_there_is() {
    let Fixture { server, desk, data } = start();
    let access = AdminAccess::read(data.path()).unwrap();
    for (body, expected) in [
        ("{}", "missing field `action`"),
        ("{\"action\":\"stop\"}", "expected one of `pause`, `resume`, `speed`, `halt`, `reopen`"),
        ("{\"action\":\"speed\",\"thousandths\":-1}", "invalid value"),
        ("{\"action\":\"speed\",\"factor\":1}", "unknown field `factor`"),
        ("", "EOF"),
    ] {
        let request = format!(
            "POST /admin/action HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            access.token,
            body.len()
        );
        let answer = super::tests::exchange(access.address, &request);
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains(expected), "{body}: {answer}");
    }
    assert!(desk.0.lock().unwrap().is_empty());
    stop(server);
}
