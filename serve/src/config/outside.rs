//! [`OutsideProvider`]: other providers of identity, by whose word people come in. Each is a table of the
//! file, `[oidc.NAME]`; secrets of clients are in the environment or in files of their own.

use std::net::SocketAddr;

use bearpit::scenario::Diagnostics;
use bearpit::scenario::document::readers::{Read, ValueError, disallowed, mistyped, text};
use bearpit::scenario::document::{KeyValue, Node};
use bearpit_core::units::suggest;
use jsonwebtoken::Algorithm;

use super::identity::{BadOrigin, Origin};
use super::values::{address, secret_line, texts, trusted_url};
use crate::domain::Secret;

/// Another provider of identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideProvider {
    /// Its name in routes.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// Its issuer, exactly as its tokens say it.
    pub issuer: String,
    /// As whom this server sends people there to log in; absent if it does not.
    pub client: Option<OutsideClient>,
    /// Tokens for these audiences are taken as credentials of requests; none if there are none.
    pub audiences: Vec<String>,
    /// Where its keys are, if that is not asked of the issuer.
    pub jwks_url: Option<String>,
    /// By which algorithms its tokens may be signed.
    pub algorithms: Vec<Algorithm>,
    /// What a login asks for.
    pub scopes: Vec<String>,
    /// Whether its tokens must say when the person has logged in.
    pub needs_auth_time: bool,
    /// Firebase's emulator, which is asked whose a token is: nobody has signed it.
    pub emulator: Option<SocketAddr>,
}

/// As whom this server sends people to a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideClient {
    /// Its id there.
    pub id: String,
    /// Its secret there; a client without one shows only that it has begun the login (PKCE).
    pub secret: Option<Secret>,
}

/// Where Google's issuer is.
const GOOGLE: &str = "https://accounts.google.com";
/// What issuers of Firebase begin with, before the project.
const FIREBASE: &str = "https://securetoken.google.com/";
/// Where the keys of all projects of Firebase are.
const FIREBASE_KEYS: &str =
    "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";

/// The algorithms of public keys. What a secret signs is not among them: a public key would be its secret.
const ALGORITHMS: [(&str, Algorithm); 9] = [
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
    ("PS256", Algorithm::PS256),
    ("PS384", Algorithm::PS384),
    ("PS512", Algorithm::PS512),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("EdDSA", Algorithm::EdDSA),
];

/// The keys of a table.
const KEYS: [&str; 10] = [
    "preset",
    "issuer",
    "label",
    "client_id",
    "client_secret_file",
    "audiences",
    "project",
    "jwks_url",
    "algorithms",
    "scopes",
];

/// Who knows what is not said of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Preset {
    Google,
    Firebase,
}

/// A provider while its table is read.
#[derive(Debug, Default)]
struct Draft {
    preset: Option<Preset>,
    issuer: Option<String>,
    label: Option<String>,
    client_id: Option<String>,
    client_secret: Option<Secret>,
    audiences: Vec<String>,
    project: Option<String>,
    jwks_url: Option<String>,
    algorithms: Vec<Algorithm>,
    scopes: Vec<String>,
}

impl OutsideProvider {
    /// Returns the provider that Firebase is to a project.
    pub(super) fn of_firebase(project: &str) -> Self {
        let draft =
            Draft { preset: Some(Preset::Firebase), project: Some(project.to_owned()), ..Draft::default() };
        draft.filled("firebase")
    }

    /// Returns the variable that has the secret of its client.
    pub(super) fn secret_variable(&self) -> String {
        let name = self.name.replace('-', "_").to_ascii_uppercase();
        format!("BEARPIT_OIDC_{name}_CLIENT_SECRET")
    }
}

/// Reads the tables of providers; what is wrong with one is said, and it is left out.
pub(super) fn providers(node: &Node, diagnostics: &mut Diagnostics) -> Vec<OutsideProvider> {
    let mut found: Vec<OutsideProvider> = Vec::new();
    if node.entries().is_empty() {
        let message = "`oidc` has no provider: write a table [oidc.NAME] for each";
        diagnostics.push(node.place.clone(), message, None);
    }
    for entry in node.entries() {
        match provider(entry, diagnostics) {
            Ok(Some(provider)) => {
                let other = found.iter().find(|it| {
                    it.issuer == provider.issuer || it.secret_variable() == provider.secret_variable()
                });
                if let Some(other) = other {
                    let message = format!("`{}` is `{}` once more", entry.key, other.name);
                    diagnostics.push(entry.place.clone(), message, None);
                } else {
                    found.push(provider);
                }
            }
            Ok(None) => {}
            Err(error) => {
                let message = format!("`oidc.{}` {error}", entry.key);
                diagnostics.push(entry.place.clone(), message, None);
            }
        }
    }
    found
}

/// Reads a table. Nothing is returned if one of its keys is wrong, which was said then.
fn provider(entry: &KeyValue, diagnostics: &mut Diagnostics) -> Read<Option<OutsideProvider>> {
    let name = &entry.key;
    let is_name = (1..=32).contains(&name.len())
        && name.starts_with(|it: char| it.is_ascii_lowercase())
        && name.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-');
    if !is_name {
        return Err(ValueError::new("is no name: up to 32 small letters, digits and `-`, a letter first"));
    }
    if entry.node.entries().is_empty() {
        return Err(mistyped(&entry.node, "a table with an issuer"));
    }
    let (mut draft, errors) = (Draft::default(), diagnostics.len());
    for field in entry.node.entries() {
        if !KEYS.contains(&field.key.as_str()) {
            let message = format!("[oidc.{name}] has no key `{}`", field.key);
            diagnostics.push(field.place.clone(), message, Some(suggest(&field.key, &KEYS)));
        } else if let Err(error) = draft.take(field) {
            let message = format!("`oidc.{name}.{}` {error}", field.key);
            diagnostics.push(field.node.place.clone(), message, None);
        }
    }
    if diagnostics.len() > errors {
        return Ok(None);
    }
    draft.check()?;
    Ok(Some(draft.filled(name)))
}

impl Draft {
    fn take(&mut self, field: &KeyValue) -> Read<()> {
        let node = &field.node;
        match field.key.as_str() {
            "preset" => self.preset = Some(preset(node)?),
            "issuer" => self.issuer = Some(url(node)?),
            "label" => self.label = Some(text(node)?),
            "client_id" => self.client_id = Some(text(node)?),
            "client_secret_file" => self.client_secret = Some(secret_line(node)?),
            "audiences" => self.audiences = texts(node)?,
            "project" => self.project = Some(project(node)?),
            "jwks_url" => self.jwks_url = Some(url(node)?),
            "algorithms" => self.algorithms = algorithms(node)?,
            _ => self.scopes = texts(node)?,
        }
        Ok(())
    }

    /// Checks what belongs together.
    fn check(&self) -> Read<()> {
        let is_firebase = self.preset == Some(Preset::Firebase);
        let fault = if is_firebase && self.project.is_none() {
            "needs the `project` of Firebase"
        } else if is_firebase && (self.client_id.is_some() || !self.audiences.is_empty()) {
            "is Firebase, which has no clients: its audience is the `project`"
        } else if !is_firebase && self.project.is_some() {
            "has a `project`, which only `preset = \"firebase\"` has"
        } else if self.preset.is_some() && self.issuer.is_some() {
            "has an `issuer` and a `preset`, which says what it is: leave one out"
        } else if self.preset.is_none() && self.issuer.is_none() {
            "needs an `issuer`, or `preset = \"google\"`"
        } else if !is_firebase && self.client_id.is_none() && self.audiences.is_empty() {
            "is of no use: give a `client_id` for logins, `audiences` for tokens, or both"
        } else if self.client_id.is_none() && self.client_secret.is_some() {
            "has a secret without `client_id`"
        } else {
            return Ok(());
        };
        Err(ValueError::new(fault))
    }

    /// Fills in what is not said.
    fn filled(self, name: &str) -> OutsideProvider {
        let project = self.project.unwrap_or_default();
        let is_firebase = self.preset == Some(Preset::Firebase);
        let (issuer, label, audiences, keys) = match self.preset {
            Some(Preset::Google) => (GOOGLE.to_owned(), "Google", self.audiences, None),
            Some(Preset::Firebase) => {
                let issuer = format!("{FIREBASE}{project}");
                (issuer, "Firebase", vec![project], Some(FIREBASE_KEYS.to_owned()))
            }
            None => (self.issuer.unwrap_or_default(), name, self.audiences, None),
        };
        let or = |given: Vec<String>, default: &[&str]| {
            if given.is_empty() { default.iter().map(|&it| it.to_owned()).collect() } else { given }
        };
        OutsideProvider {
            name: name.to_owned(),
            label: self.label.unwrap_or_else(|| label.to_owned()),
            issuer,
            client: self.client_id.map(|id| OutsideClient { id, secret: self.client_secret }),
            audiences,
            jwks_url: self.jwks_url.or(keys),
            algorithms: if self.algorithms.is_empty() { vec![Algorithm::RS256] } else { self.algorithms },
            scopes: or(self.scopes, &["openid", "email", "profile"]),
            needs_auth_time: is_firebase,
            emulator: None,
        }
    }
}

fn preset(node: &Node) -> Read<Preset> {
    match text(node)?.as_str() {
        "google" => Ok(Preset::Google),
        "firebase" => Ok(Preset::Firebase),
        _ => Err(disallowed(node, "`google` or `firebase`")),
    }
}

/// Reads the address of an issuer or of keys. Without TLS, somebody on the way could sign as anybody.
fn url(node: &Node) -> Read<String> {
    let url = text(node)?;
    let allowed = "an address like https://id.example.org, or http:// on this machine (127.0.0.1, localhost)";
    if is_trusted_address(&url) { Ok(url) } else { Err(disallowed(node, allowed)) }
}

/// Returns whether an address is that of a server that can be believed: by TLS, or on this machine.
#[must_use]
pub fn is_trusted_address(url: &str) -> bool {
    trusted_url(url).is_some()
}

fn algorithms(node: &Node) -> Read<Vec<Algorithm>> {
    let names: Vec<String> = texts(node)?;
    let known = ALGORITHMS.map(|(name, _)| name).join(", ");
    let of = |name: &String| ALGORITHMS.iter().find(|(it, _)| it == name).map(|(_, algorithm)| *algorithm);
    let found: Option<Vec<Algorithm>> = names.iter().map(of).collect();
    found.filter(|it| !it.is_empty()).ok_or_else(|| disallowed(node, &format!("some of {known}")))
}

/// Reads where a server is reached.
pub(super) fn origin(node: &Node) -> Read<Origin> {
    let origin: Origin =
        text(node)?.parse().map_err(|error: BadOrigin| ValueError::new(error.to_string()))?;
    if origin.is_any() { Err(ValueError::new(BadOrigin.to_string())) } else { Ok(origin) }
}

/// Reads the id of a project of Firebase.
pub(super) fn project(node: &Node) -> Read<String> {
    let id = text(node)?;
    if is_project(&id) {
        Ok(id)
    } else {
        Err(disallowed(node, "the id of a project: small letters, digits, `-`"))
    }
}

fn is_project(id: &str) -> bool {
    let is_allowed = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
    (1..=64).contains(&id.len()) && id.bytes().all(is_allowed)
}

/// Reads the project of a service account of Firebase: its JSON, or the file that has it. Nothing else of it
/// is read, and nothing of it is in an error.
pub(super) fn project_of_credentials(node: &Node) -> Read<String> {
    let given = text(node).map_err(|_| ValueError::new("must be a text"))?;
    let is_json = given.trim_start().starts_with('{');
    let content = if is_json { Ok(given) } else { std::fs::read_to_string(given) };
    let content = content
        .map_err(|error| ValueError::new(format!("is neither JSON nor a file that can be read: {error}")))?;
    let account: Option<serde_json::Value> = serde_json::from_str(&content).ok();
    let id = account.as_ref().and_then(|it| it.get("project_id")).and_then(|it| it.as_str());
    let id = id.filter(|id| is_project(id)).map(str::to_owned);
    id.ok_or_else(|| ValueError::new("is no service account of Firebase: it has no `project_id`"))
}

/// Reads where Firebase's emulator is. Anybody can write what it takes for a token.
pub(super) fn emulator(node: &Node) -> Read<SocketAddr> {
    if !cfg!(feature = "firebase-emulator") {
        return Err(ValueError::new(
            "needs a program that was built for tests, with `--features firebase-emulator`: \
             the emulator signs nothing",
        ));
    }
    let address = address(node)?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err(disallowed(node, "an emulator on this machine, such as 127.0.0.1:9099"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Flag, Loaded, Sources, TextFile, Variable, load};

    fn loaded(file: &str, environment: &[(&str, &str)]) -> Result<Loaded, String> {
        let file = Some(TextFile { name: "serve.toml".to_owned(), text: file.to_owned() });
        let variable =
            |&(name, value): &(&str, &str)| Variable { name: name.to_owned(), value: Some(value.to_owned()) };
        let environment = environment.iter().map(variable).collect();
        let sources = Sources { flags: Vec::<Flag>::new(), environment, dot_env: None, file };
        load(&sources).map_err(|found| found.to_string())
    }

    fn found(file: &str, environment: &[(&str, &str)]) -> Vec<OutsideProvider> {
        loaded(file, environment).unwrap_or_else(|found| panic!("{found}")).config.identity.outside
    }

    const GOOGLE_TABLE: &str = "[oidc.google]\npreset = \"google\"\nclient_id = \"x\"\n";

    #[test]
    fn a_preset_knows_the_rest_and_the_secret_is_elsewhere() {
        let [google] = &found(GOOGLE_TABLE, &[("BEARPIT_OIDC_GOOGLE_CLIENT_SECRET", "hush")])[..] else {
            panic!("there is one");
        };
        let client = google.client.as_ref().unwrap();
        assert_eq!((google.issuer.as_str(), google.label.as_str()), (GOOGLE, "Google"));
        assert_eq!((client.id.as_str(), client.secret.as_ref().unwrap().expose()), ("x", "hush"));
        assert_eq!((&google.algorithms, google.audiences.len()), (&vec![Algorithm::RS256], 0));
        assert!(!format!("{google:?}").contains("hush"));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "from a file\nand more").unwrap();
        let table = format!("{GOOGLE_TABLE}client_secret_file = {:?}\n", file.path().display().to_string());
        let secret = found(&table, &[])[0].client.clone().unwrap().secret.unwrap();
        assert_eq!(secret.expose(), "from a file");
    }

    #[test]
    fn firebase_needs_a_project_alone_in_any_of_its_forms() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let account = r#"{"project_id": "demo-1", "private_key": "hush"}"#;
        std::fs::write(&file, account).unwrap();
        let path = file.path().display().to_string();
        for (text, environment) in [
            ("firebase_project = \"demo-1\"", vec![]),
            ("[oidc.firebase]\npreset = \"firebase\"\nproject = \"demo-1\"", vec![]),
            ("", vec![("FIREBASE_CREDENTIALS", account)]),
            ("", vec![("FIREBASE_CREDENTIALS", path.as_str())]),
        ] {
            let expected = OutsideProvider::of_firebase("demo-1");
            assert_eq!(found(text, &environment), [expected], "{text} {environment:?}");
        }
        let firebase = OutsideProvider::of_firebase("demo-1");
        assert_eq!(firebase.issuer, "https://securetoken.google.com/demo-1");
        assert!(firebase.needs_auth_time && firebase.audiences == ["demo-1"] && firebase.client.is_none());
        for wrong in ["{}", r#"{"project_id": "hush!"}"#, r#"{"hush": 1"#, "/nowhere/hush"] {
            let said = loaded("", &[("FIREBASE_CREDENTIALS", wrong)]).unwrap_err();
            assert!(said.contains("FIREBASE_CREDENTIALS") && !said.contains("hush"), "{said}");
        }
    }

    #[test]
    fn an_emulator_is_for_programs_that_were_built_for_tests_and_for_one_machine() {
        let project = "firebase_project = \"demo-1\"\n";
        let host = |at| [("FIREBASE_AUTH_EMULATOR_HOST", at)];
        let near = loaded(project, &host("127.0.0.1:9099"));
        if cfg!(feature = "firebase-emulator") {
            let expected = Some("127.0.0.1:9099".parse().unwrap());
            assert_eq!(near.unwrap().config.identity.outside[0].emulator, expected);
            assert!(loaded(project, &host("10.0.0.1:9099")).unwrap_err().contains("on this machine"));
            let alone = loaded("", &host("127.0.0.1:9099")).unwrap_err();
            assert!(alone.contains("needs `firebase_project`"), "{alone}");
            let far = format!("{project}listen = \"0.0.0.0:80\"\ninsecure_http = true\n");
            let far = loaded(&far, &host("127.0.0.1:9099")).unwrap_err();
            assert!(far.contains("`listen` must be on this machine"), "{far}");
        } else {
            let said = near.unwrap_err();
            assert!(
                said.contains("--features firebase-emulator") && said.contains("signs nothing"),
                "{said}"
            );
        }
    }

    #[test]
    fn what_is_wrong_with_a_table_is_said_with_its_place() {
        for (table, expected) in [
            ("[oidc]\n", "has no provider"),
            ("oidc = 7\n", "must be a table"),
            ("[oidc.School]\nissuer = \"https://a.b\"\n", "is no name"),
            ("[oidc.a]\n", "must be a table with an issuer"),
            ("[oidc.a]\nclient_id = \"x\"\n", "needs an `issuer`"),
            ("[oidc.a]\nissuer = \"https://a.b\"\n", "is of no use"),
            (
                "[oidc.a]\nissuer = \"http://a.b\"\nclient_id = \"x\"\n",
                "but must be an address like https://",
            ),
            ("[oidc.a]\nisuer = \"https://a.b\"\n", "has no key `isuer`"),
            ("[oidc.a]\nissuer = \"https://a.b\"\nclient_secret = \"hush\"\n", "has no key `client_secret`"),
            ("[oidc.a]\nissuer = \"https://a.b\"\nalgorithms = [\"HS256\"]\n", "but must be some of RS256"),
            ("[oidc.a]\nissuer = \"https://a.b\"\nalgorithms = [\"none\"]\n", "but must be some of RS256"),
            (
                "[oidc.a]\nissuer = \"https://a.b\"\naudiences = [\"x\"]\nclient_secret_file = \"/nowhere\"\n",
                "cannot be read",
            ),
            ("[oidc.a]\npreset = \"gogle\"\n", "but must be `google` or `firebase`"),
            ("[oidc.a]\npreset = \"google\"\nissuer = \"https://a.b\"\nclient_id = \"x\"\n", "leave one out"),
            ("[oidc.a]\npreset = \"firebase\"\n", "needs the `project`"),
            ("[oidc.a]\npreset = \"firebase\"\nproject = \"p\"\nclient_id = \"x\"\n", "has no clients"),
            (
                "[oidc.a]\nissuer = \"https://a.b\"\naudiences = [\"x\"]\nproject = \"p\"\n",
                "only `preset = \"firebase\"`",
            ),
            (
                "[oidc.a]\npreset = \"google\"\nclient_id = \"x\"\n[oidc.b]\npreset = \"google\"\nclient_id = \"y\"\n",
                "is `a` once more",
            ),
            (
                "firebase_project = \"p\"\n[oidc.firebase]\npreset = \"firebase\"\nproject = \"q\"\n",
                "leave one out",
            ),
            ("public_url = \"trade.example.org\"\n", "an origin is a scheme"),
        ] {
            let said = loaded(table, &[]).expect_err(table);
            assert!(said.contains(expected) && !said.contains("hush"), "{table}\n{said}");
        }
        // The secret of a provider that there is not is somebody's mistake, and is not shown.
        let odd = loaded("", &[("BEARPIT_OIDC_X_CLIENT_SECRET", "hush")]).unwrap().warnings.to_string();
        assert!(odd.contains("BEARPIT_OIDC_X_CLIENT_SECRET") && !odd.contains("hush"), "{odd}");
    }

    #[test]
    fn only_servers_by_tls_or_on_this_machine_are_believed() {
        for url in [
            "https://a.b",
            "https://a.b:8443/c?d=e",
            "http://127.0.0.1:1/a",
            "http://localhost",
            "http://[::1]:5/",
        ] {
            assert!(is_trusted_address(url), "{url}");
        }
        for url in [
            "",
            "a.b",
            "ftp://a.b",
            "http://a.b",
            "https://",
            "https://u:p@a.b",
            "http://127.0.0.1@a.b/",
            "http://localhost.a.b",
            "http://127.0.0.1.a.b",
            "https://a.b#c",
            "https://a b",
            "http://a.b?127.0.0.1",
            "http://a.b\\@127.0.0.1",
        ] {
            assert!(!is_trusted_address(url), "{url}");
        }
    }
}
