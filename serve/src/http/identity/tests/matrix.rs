//! Every endpoint, asked by everybody.

use serde_json::{Value, json};

use super::harness::{Site, access, bearer, config};
use super::issuer::{Issuer, Key};
use crate::domain::{KeyId, Role, Scope, Scopes, Secret};
use crate::http::endpoint::{Access, Endpoint};
use crate::store::database::{Statement, args};
use crate::store::people::{AddKeyOutcome, NewKey};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asker {
    Anonymous,
    Session(Role),
    Key(Role, Scopes),
    /// With a token of another provider, which never has the rights of an operator.
    Outside(Role),
}

/// What the gate says to those who may not.
const REFUSALS: [(u16, &str); 6] = [
    (401, "no_credentials"),
    (401, "invalid_token"),
    (403, "session_needed"),
    (403, "insufficient_scope"),
    (403, "forbidden"),
    (403, "mail_unverified"),
];

fn all_askers() -> Vec<Asker> {
    let sets = (0..8_usize).map(|bits| {
        let is_in = |(place, _): &(usize, Scope)| bits & (1 << place) != 0;
        Scope::ALL.into_iter().enumerate().filter(is_in).map(|(_, scope)| scope).collect::<Scopes>()
    });
    let roles = [Role::User, Role::Admin];
    let keys = sets.flat_map(|scopes| roles.map(|role| Asker::Key(role, scopes)));
    let people = roles.map(Asker::Session).into_iter().chain(roles.map(Asker::Outside));
    std::iter::once(Asker::Anonymous).chain(people).chain(keys).collect()
}

/// Returns what must be answered to those who may not, by rules that are written down here once more.
fn refusal(access: Access, asker: Asker) -> Option<(u16, &'static str)> {
    let role_may = |role, scope| scope != Scope::Admin || role == Role::Admin;
    match (access, asker) {
        (Access::Public, _) | (Access::Session, Asker::Session(_) | Asker::Outside(_)) => None,
        (_, Asker::Anonymous) => Some((401, "no_credentials")),
        (Access::Session, Asker::Key(..)) => Some((403, "session_needed")),
        (Access::Needs(scope), Asker::Session(role)) => {
            (!role_may(role, scope)).then_some((403, "forbidden"))
        }
        (Access::Needs(scope), Asker::Outside(_)) => (scope == Scope::Admin).then_some((403, "forbidden")),
        (Access::Needs(scope), Asker::Key(role, scopes)) => {
            let may = role_may(role, scope) && scopes.has(scope);
            (!may).then_some((403, "insufficient_scope"))
        }
    }
}

/// Adds a key in the database, with scopes that its person may lack.
fn key(site: &Site, name: &str, scopes: Scopes) -> String {
    let user = site.block_on(site.people.of_name(name)).unwrap().unwrap().id;
    let id = KeyId::draw();
    let bytes = [id.uuid().as_bytes().as_slice(), &[7; 32]].concat();
    let text = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bytes);
    let secret = Secret::new(format!("bpk_{text}"));
    let (name, hash, now) = ("k".to_owned(), secret.digest(), site.now());
    let key = NewKey { id, user, name, hash, scopes, account: None, now };
    assert_eq!(site.block_on(site.people.add_key(&key, i64::MAX)), Ok(AddKeyOutcome::Added));
    bearer(secret.expose())
}

/// Returns a token of another provider for a person, in whose name the endpoints have done nothing yet.
fn token(site: &Site, issuer: &Issuer, key: &Key, name: &str) -> String {
    let token = key.sign(&issuer.claims(site, &format!("{name}-{}", KeyId::draw())));
    let actor = site.block_on(site.identity.authenticate(&token)).unwrap();
    let role = site.block_on(site.people.of_name(name)).unwrap().unwrap().role.name();
    let promote = Statement::new("UPDATE users SET role = $2 WHERE id = $1");
    site.block_on(site.database.execute(promote, args![actor.user, role])).unwrap();
    token
}

/// Asks every method of every endpoint as everybody, and fails where somebody is admitted who should not be,
/// or refused who should not be. What an endpoint does then is not looked at.
fn check(endpoints: fn() -> Vec<Endpoint>) {
    let mut generous = config();
    generous.limits.address_attempts = 1_000_000;
    let key_of_issuer = Key::ed("e", 5);
    let issuer = Issuer::start(&[&key_of_issuer]);
    generous.outside = vec![issuer.provider()];
    let site = Site::with_endpoints(generous, endpoints);
    let names = [(Role::User, "a-user"), (Role::Admin, "an-admin")];
    for (role, name) in names {
        site.block_on(site.people.add(&super::harness::person(&site, name, role))).unwrap();
    }
    let name_of = |role| names.iter().find(|(it, _)| *it == role).unwrap().1;
    for entry in endpoints().iter().flat_map(|endpoint| endpoint.entries().to_vec()) {
        for asker in all_askers() {
            // Drawn anew, since an endpoint may end what it is asked with.
            let headers = match asker {
                Asker::Anonymous => String::new(),
                Asker::Outside(role) => bearer(&token(&site, &issuer, &key_of_issuer, name_of(role))),
                Asker::Session(role) => access(&site.log_in(name_of(role)).json()),
                Asker::Key(role, scopes) => key(&site, name_of(role), scopes),
            };
            let path = entry.path.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
            let path = path.collect::<Vec<_>>().join("/");
            let answer = site.ask(entry.method.as_str(), &path, &headers, &Value::Null);
            let code = serde_json::from_str(&answer.body).unwrap_or_else(|_| json!({}));
            // Alpaca's codes are numbers; the word stands beside them.
            let code = code["code"].as_str().or(code["error"].as_str()).unwrap_or_default().to_owned();
            let found = REFUSALS.into_iter().find(|(status, it)| *status == answer.status && *it == code);
            let found = found.filter(|_| entry.access != Access::Public);
            assert_eq!(
                found,
                refusal(entry.access, asker),
                "{} {path} by {asker:?}: {}",
                entry.method,
                answer.body
            );
        }
    }
}

#[test]
fn every_endpoint_admits_those_who_may_and_nobody_else() {
    check(crate::http::face::endpoints);
}

#[test]
fn every_kind_of_access_is_checked() {
    fn endpoints() -> Vec<Endpoint> {
        async fn nothing() -> actix_web::HttpResponse {
            crate::http::answers::nothing()
        }
        let kinds = [
            ("/read", Access::Needs(Scope::Read)),
            ("/trade", Access::Needs(Scope::Trade)),
            ("/admin", Access::Needs(Scope::Admin)),
            ("/session", Access::Session),
            ("/public", Access::Public),
        ];
        let kinds = kinds.map(|(path, access)| Endpoint::at(path).get(access, nothing).post(access, nothing));
        // Those are needed to log in.
        kinds.into_iter().chain(super::super::endpoints()).collect()
    }
    check(endpoints);
}
