//! [`load`]: from all [`Sources`] to a [`Config`], or all that is wrong with them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::{env, fmt, fs};

use bearpit::scenario::Diagnostics;
use bearpit::scenario::document::{KeyValue, Node, SourceSpan, Value, parse};
use bearpit_core::units::suggest;

use super::Config;
use super::environment::{Assignment, POSTGRES_PREFIX, Variable, assignments, is_of_service, postgres_url};
use super::identity::{JwtAlgorithm, JwtSecret};
use super::mail::{MailProvider, SmtpTls};
use super::outside::{OutsideProvider, providers};
use super::payments::{Fault, faults};
use super::secrets::{hide, masked};
use super::settings::{PREFIX, SETTINGS, Setting, is_ours, name_of, table_of};
use super::unset::unset;
use super::values::Kind;
use crate::domain::Secret;

/// Everything that may say something about the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// Flags of the command line, as key of the setting and value.
    pub flags: Vec<Flag>,
    /// The environment.
    pub environment: Vec<Variable>,
    /// The file of variables, if there is one.
    pub dot_env: Option<TextFile>,
    /// The TOML file, if one was named.
    pub file: Option<TextFile>,
}

/// A flag that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// The key of its setting.
    pub key: &'static str,
    /// Its value.
    pub value: String,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFile {
    /// As it was named.
    pub name: String,
    /// What stands in it.
    pub text: String,
}

/// Where a value comes from; later ones go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Nobody said anything.
    Default,
    /// The TOML file.
    File,
    /// The file of variables.
    DotEnv,
    /// The environment.
    Environment,
    /// The command line.
    Flag,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::File => "file",
            Self::DotEnv => ".env",
            Self::Environment => "environment",
            Self::Flag => "command line",
        })
    }
}

/// The value of a setting that holds, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The key of the setting.
    pub key: &'static str,
    /// Who said it.
    pub layer: Layer,
    /// The value as it was written, without passwords.
    pub shown: String,
}

/// A configuration, and how it came about.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What holds.
    pub config: Config,
    /// What is odd, but not wrong.
    pub warnings: Diagnostics,
    /// Each setting that has a value, in the order of the table.
    pub origins: Vec<Origin>,
}

/// The name of the file of variables, in the current directory.
const DOT_ENV: &str = ".env";
/// The variable that names the TOML file where `--config` does not.
const CONFIG_VARIABLE: &str = "BEARPIT_CONFIG";

/// The table of other providers of identity, each of which is a table in it.
const PROVIDERS: &str = "oidc";

/// The variable that has the password of a person whom an operator makes, which is no setting.
const PASSWORD_VARIABLE: &str = "BEARPIT_ADMIN_PASSWORD";

/// The variables that the programs of docs/bots.md read, which may be set where a server is started too.
const BOT_VARIABLES: [&str; 3] = ["BEARPIT_URL", "BEARPIT_KEY", "BEARPIT_SECRET"];

impl Sources {
    /// Reads what there is for this process: its environment, `.env`, and the file of `--config`.
    ///
    /// # Errors
    /// Which file cannot be read.
    pub fn of_process(flags: Vec<Flag>, config: Option<&Path>) -> Result<Self, Diagnostics> {
        let text = |it: std::ffi::OsString| it.into_string();
        let ours = env::vars_os().filter_map(|(name, value)| Some((text(name).ok()?, text(value).ok())));
        let ours = ours.filter(|(name, _)| is_ours(name) || name.starts_with(POSTGRES_PREFIX));
        let mut environment: Vec<Variable> = ours.map(|(name, value)| Variable { name, value }).collect();
        // Ours go before those of other programs.
        environment.sort_by_key(|it| (it.name.starts_with(PREFIX), it.name.clone()));
        let mut diagnostics = Diagnostics::default();
        let mut read = |path: &Path| match fs::read_to_string(path) {
            Ok(text) => Some(TextFile { name: path.display().to_string(), text }),
            Err(error) => {
                let place = diagnostics.add_unread(path.display().to_string());
                diagnostics.push(place, format!("`{}` cannot be read: {error}", path.display()), None);
                None
            }
        };
        let dot_env = Path::new(DOT_ENV);
        let dot_env = if dot_env.exists() { read(dot_env) } else { None };
        let named = environment.iter().find(|it| it.name == CONFIG_VARIABLE);
        let named = named.and_then(|it| it.value.as_deref()).filter(|path| !path.is_empty());
        let file = config.or(named.map(Path::new)).and_then(&mut read);
        if diagnostics.has_errors() {
            return Err(diagnostics);
        }
        Ok(Self { flags, environment, dot_env, file })
    }
}

/// Reads all sources, in the order in which they go before one another.
///
/// # Errors
/// Everything that is wrong, with its place.
pub fn load(sources: &Sources) -> Result<Loaded, Diagnostics> {
    let mut reading =
        Reading { config: unset(), diagnostics: Diagnostics::default(), given: BTreeMap::new() };
    reading.defaults();
    reading.postgres(&sources.environment);
    if let Some(file) = &sources.file {
        reading.file(file);
    }
    if let Some(file) = &sources.dot_env {
        reading.dot_env(file);
    }
    for variable in &sources.environment {
        reading.variable(variable);
    }
    for flag in &sources.flags {
        reading.flag(flag);
    }
    reading.finish()
}

/// A value that was given, and holds so far.
struct Given {
    layer: Layer,
    place: SourceSpan,
    shown: String,
}

/// A configuration while it is read.
struct Reading {
    config: Config,
    diagnostics: Diagnostics,
    given: BTreeMap<&'static str, Given>,
}

/// A value, its setting, and what its setting is called where it was found.
struct Entry<'a> {
    layer: Layer,
    setting: &'static Setting,
    name: &'a str,
    node: Node,
}

impl Reading {
    fn defaults(&mut self) {
        for setting in SETTINGS {
            let Some(default) = setting.default else { continue };
            let place = self.diagnostics.add_unread("default");
            let node = node_of(setting, default, &place);
            self.take(Entry { layer: Layer::Default, setting, name: setting.key, node });
        }
    }

    /// Takes the database that the variables of PostgreSQL's own containers name, where nothing else names
    /// one.
    fn postgres(&mut self, environment: &[Variable]) {
        let Some(setting) = SETTINGS.iter().find(|it| it.key == "database") else { return };
        if let Some(url) = postgres_url(environment) {
            let place = self.diagnostics.add_source("environment", masked(&url));
            let place = SourceSpan { source: place, span: 0..url.len() };
            self.take_text(Layer::Default, setting, &url, &place);
        }
    }

    fn file(&mut self, file: &TextFile) {
        let shown = masked(&file.text).into_owned();
        let source = self.diagnostics.add_source(file.name.as_str(), shown.as_str());
        let errors = self.diagnostics.len();
        let tree = parse(source, &mut self.diagnostics);
        if self.diagnostics.len() > errors {
            return;
        }
        // The same, with the passwords: it has the same places, since as many bytes were hidden.
        let mut unseen = Diagnostics::default();
        let unmasked = unseen.add_source("", file.text.as_str());
        let unmasked = parse(unmasked, &mut unseen);
        for (entry, secret) in tree.entries().iter().zip(unmasked.entries()) {
            let is_table = SETTINGS.iter().any(|it| table_of(it) == entry.key);
            match &entry.node.value {
                Value::Table(inner) if is_table => {
                    for (entry_of_table, secret) in inner.iter().zip(secret.node.entries()) {
                        self.file_entry(&entry.key, entry_of_table, secret);
                    }
                }
                Value::Table(_) if entry.key == PROVIDERS => {
                    self.config.identity.outside = providers(&entry.node, &mut self.diagnostics);
                }
                _ if is_table || entry.key == PROVIDERS => {
                    let kind = entry.node.kind();
                    let message = format!("`{}` is {kind}, but must be a table: [{}]", entry.key, entry.key);
                    self.diagnostics.push(entry.node.place.clone(), message, None);
                }
                _ => self.file_entry("", entry, secret),
            }
        }
    }

    /// Takes a key of the file, in a table or, where that has no name, before all tables.
    fn file_entry(&mut self, table: &str, entry: &KeyValue, unmasked: &KeyValue) {
        let key = if table.is_empty() { entry.key.clone() } else { format!("{table}.{}", entry.key) };
        let Some(setting) = SETTINGS.iter().find(|it| it.key == key) else {
            let tables = SETTINGS.iter().map(table_of).chain([PROVIDERS]);
            let tables = tables.filter(|it| table.is_empty() && !it.is_empty());
            let of_table = SETTINGS.iter().filter(|it| table_of(it) == table).map(name_of);
            let mut known: Vec<&str> = of_table.chain(tables).collect();
            known.dedup();
            let within = if table.is_empty() { "the configuration".to_owned() } else { format!("[{table}]") };
            let message = format!("{within} has no key `{}`", entry.key);
            return self.diagnostics.push(entry.place.clone(), message, Some(suggest(&entry.key, &known)));
        };
        let node = Node { place: entry.node.place.clone(), value: unmasked.node.value.clone() };
        self.take(Entry { layer: Layer::File, setting, name: &key, node });
    }

    fn dot_env(&mut self, file: &TextFile) {
        let (found, bad) = assignments(&file.text);
        let is_known = |it: &&Assignment| SETTINGS.iter().any(|setting| setting.is_named(&it.name));
        // What is unknown or cannot be read may be a secret of which the name is misspelled.
        let unknown = found.iter().filter(|it| !is_known(it)).map(|it| it.value_place.clone());
        let hidden: Vec<_> =
            unknown.chain(bad.iter().map(|line| value_in(&file.text, &line.place))).collect();
        let shown = masked(&file.text);
        let source = self.diagnostics.add_source(file.name.as_str(), hide(&shown, &hidden));
        for line in bad {
            self.diagnostics.push(SourceSpan { source, span: line.place }, line.message, None);
        }
        for it in found {
            if self.client_secret(&it.name, &it.value) {
                continue;
            }
            let Some(setting) = SETTINGS.iter().find(|setting| setting.is_named(&it.name)) else {
                let place = SourceSpan { source, span: it.name_place };
                let (message, help) = unknown_variable(&it.name);
                self.diagnostics.push(place, message, Some(help));
                continue;
            };
            let place = SourceSpan { source, span: it.value_place };
            self.take_text(Layer::DotEnv, setting, &it.value, &place);
        }
    }

    fn variable(&mut self, variable: &Variable) {
        let Variable { name, value } = variable;
        let is_no_setting = [CONFIG_VARIABLE, PASSWORD_VARIABLE].contains(&name.as_str())
            || BOT_VARIABLES.contains(&name.as_str());
        if is_no_setting || name.starts_with(POSTGRES_PREFIX) {
            return;
        }
        if self.client_secret(name, value.as_deref().unwrap_or_default()) {
            return;
        }
        let found = SETTINGS.iter().find(|setting| setting.is_named(name));
        // What is unknown may be a secret of which the name is misspelled.
        let value_shown = match found {
            Some(setting) if setting.kind == Kind::Secret => "******",
            Some(_) => value.as_deref().unwrap_or_default(),
            None => "..",
        };
        let text = format!("{name}={value_shown}");
        let source = self.diagnostics.add_source("environment", masked(&text));
        let value_place = SourceSpan { source, span: name.len() + 1..text.len() };
        match (found, value) {
            (Some(setting), Some(value)) => {
                self.take_text(Layer::Environment, setting, value, &value_place);
            }
            (Some(_), None) => {
                self.diagnostics.push(value_place, format!("`{name}` is no text in UTF-8"), None);
            }
            // The environment is not ours alone, so this is no error.
            (None, _) if !is_of_service(name) => {
                let (message, help) = unknown_variable(name);
                let place = SourceSpan { source, span: 0..name.len() };
                self.diagnostics.warn(place, format!("{message}: it is passed over"), Some(help));
            }
            (None, _) => {}
        }
    }

    fn flag(&mut self, flag: &Flag) {
        let Some(setting) = SETTINGS.iter().find(|it| it.key == flag.key) else { return };
        let name = format!("--{}", setting.flag());
        let text = format!("{name} {}", flag.value);
        let shown = masked(&text);
        let has_password = shown != text;
        let source = self.diagnostics.add_source("command line", shown);
        let place = SourceSpan { source, span: name.len() + 1..text.len() };
        if setting.is_secret && (has_password || setting.kind == Kind::Secret) {
            let message = format!("`{name}` has a secret, which every user of this machine could read");
            let variable = setting.variable();
            let flag = setting.flag();
            let help = format!("set the environment variable {variable}, or name a file: --{flag}-file");
            return self.diagnostics.push(place, message, Some(help));
        }
        let node = node_of(setting, &flag.value, &place);
        self.take(Entry { layer: Layer::Flag, setting, name: &name, node });
    }

    /// Takes the value of a variable; an empty one says nothing, as one that is not there.
    fn take_text(&mut self, layer: Layer, setting: &'static Setting, text: &str, place: &SourceSpan) {
        if !text.is_empty() {
            let node = node_of(setting, text, place);
            self.take(Entry { layer, setting, name: &setting.variable(), node });
        }
    }

    fn take(&mut self, entry: Entry<'_>) {
        let Entry { layer, setting, name, node } = entry;
        if let Err(error) = (setting.set)(&mut self.config, &node) {
            return self.diagnostics.push(node.place, format!("`{name}` {error}"), None);
        }
        let shown = match setting.kind {
            Kind::Secret => "******".to_owned(),
            _ => masked(&written(&node)).into_owned(),
        };
        // Two ways to say one thing: the later one holds, and in one place it may be said once.
        let file = format!("{}_file", setting.key);
        let other = setting.key.strip_suffix("_file").unwrap_or(&file);
        if let Some((other, known)) = self.given.remove_entry(other).filter(|(_, it)| it.layer == layer) {
            let message = format!("both `{other}` and `{}` are given: leave one out", setting.key);
            self.diagnostics.push(node.place, message, Some(format!("the other is {}", known.shown)));
            return;
        }
        self.given.insert(setting.key, Given { layer, place: node.place, shown });
    }

    fn finish(mut self) -> Result<Loaded, Diagnostics> {
        let listen = self.given.get("listen");
        let (is_near, has_tls) = (self.config.listen.ip().is_loopback(), self.config.tls_cert.is_some());
        if let Some(listen) = listen.filter(|_| !is_near && !has_tls && !self.config.insecure_http) {
            let message = format!(
                "`{}` can be reached from other machines, and what is said there could be read on the way",
                listen.shown
            );
            let help =
                "set `tls_cert` and `tls_key`, listen on 127.0.0.1 behind a proxy, or set `insecure_http`"
                    .to_owned();
            self.diagnostics.push(listen.place.clone(), message, Some(help));
        }
        self.fix_is_not_overheard(has_tls);
        self.tls_is_whole();
        self.secret_is_one(is_near);
        self.mail_is_whole();
        self.firebase();
        self.payments_can_be_made();
        if self.diagnostics.has_errors() {
            return Err(self.diagnostics);
        }
        let origin = |setting: &Setting| {
            let Given { layer, shown, .. } = self.given.get(setting.key)?;
            Some(Origin { key: setting.key, layer: *layer, shown: shown.clone() })
        };
        let origins = SETTINGS.iter().filter_map(origin).collect();
        Ok(Loaded { config: self.config, warnings: self.diagnostics, origins })
    }
}

impl Reading {
    /// FIX has passwords too.
    fn fix_is_not_overheard(&mut self, has_tls: bool) {
        let is_near = self.config.fix.listen.is_none_or(|listen| listen.ip().is_loopback());
        let Some(given) = self.given.get("fix.listen") else { return };
        if is_near || has_tls || self.config.insecure_http {
            return;
        }
        let message =
            format!("`{}` can be reached from other machines, and FIX there could be read", given.shown);
        let help = "set `tls_cert` and `tls_key`, listen on 127.0.0.1, or set `insecure_http`".to_owned();
        self.diagnostics.push(given.place.clone(), message, Some(help));
    }

    /// A certificate needs its key, and the other way round.
    fn tls_is_whole(&mut self) {
        for (one, other) in [("tls_cert", "tls_key"), ("tls_key", "tls_cert")] {
            if let (Some(given), None) = (self.given.get(one), self.given.get(other)) {
                let message = format!("`{one}` is given without `{other}`");
                self.diagnostics.push(given.place.clone(), message, None);
            }
        }
    }

    /// Who sends mails must be known, and no password or mail goes to another machine for all to read.
    fn mail_is_whole(&mut self) {
        let (provider, smtp) = (self.config.mail.provider, &self.config.mail.smtp);
        let mut faults: Vec<(&str, &str)> = Vec::new();
        if provider == MailProvider::Smtp && smtp.server.is_none() {
            faults.push(("mail.provider", "needs `mail.smtp_server`, such as smtp.example.org:587"));
        }
        if provider == MailProvider::SendGrid && self.config.mail.sendgrid.key.is_none() {
            faults.push(("mail.provider", "needs `mail.sendgrid_key`, or `mail.sendgrid_key_file`"));
        }
        if smtp.tls == SmtpTls::Plain && smtp.server.as_ref().is_some_and(|server| !server.is_near()) {
            faults.push(("mail.smtp_tls", "is `none`, which is for a mail server on this machine only"));
        }
        if smtp.user.is_some() && smtp.password.is_none() {
            faults.push(("mail.smtp_user", "is given without `mail.smtp_password`"));
        }
        let passwords = ["mail.smtp_password", "mail.smtp_password_file"];
        let password = passwords.into_iter().find(|key| self.given.contains_key(key));
        faults.extend(
            password.filter(|_| smtp.user.is_none()).map(|key| (key, "is given without `mail.smtp_user`")),
        );
        for (key, what) in faults {
            if let Some(given) = self.given.get(key) {
                self.diagnostics.push(given.place.clone(), format!("`{key}` {what}"), None);
            }
        }
    }

    /// Takes a variable that has the secret of a client at another provider; returns whether it is one.
    fn client_secret(&mut self, name: &str, value: &str) -> bool {
        let mut providers = self.config.identity.outside.iter_mut();
        let provider = providers.find(|it| it.secret_variable() == name);
        let Some(client) = provider.and_then(|it| it.client.as_mut()) else { return false };
        if !value.is_empty() {
            client.secret = Some(Secret::new(value.to_owned()));
        }
        true
    }

    /// Firebase is a provider like others.
    fn firebase(&mut self) {
        let is_near = self.config.listen.ip().is_loopback();
        let identity = &mut self.config.identity;
        if let Some(given) = self.given.get("firebase_emulator").filter(|_| !is_near) {
            let message =
                "anybody can write what the emulator takes for a token: `listen` must be on this machine";
            self.diagnostics.push(given.place.clone(), message, None);
        }
        let Some(project) = identity.firebase_project.as_deref() else {
            if let Some(given) = self.given.get("firebase_emulator") {
                let message = "`firebase_emulator` needs `firebase_project`";
                self.diagnostics.push(given.place.clone(), message, None);
            }
            return;
        };
        let emulator = identity.firebase_emulator;
        let provider = OutsideProvider { emulator, ..OutsideProvider::of_firebase(project) };
        let is_there = |it: &OutsideProvider| it.name == provider.name || it.issuer == provider.issuer;
        if !identity.outside.iter().any(is_there) {
            identity.outside.push(provider);
            return;
        }
        let keys = ["firebase_project", "firebase_credentials"];
        let Some(given) = keys.iter().find_map(|key| self.given.get(key)) else { return };
        let message = "Firebase is a provider of [oidc] too: leave one out";
        self.diagnostics.push(given.place.clone(), message, None);
    }

    /// A provider of payments has what it needs, and nothing of another.
    fn payments_can_be_made(&mut self) {
        let of_channels = super::channels::faults(&self.config.channels);
        for Fault { keys, message, help } in faults(&self.config).into_iter().chain(of_channels) {
            let given = keys.iter().find_map(|key| self.given.get(key));
            if let Some(given) = given {
                self.diagnostics.push(given.place.clone(), message, help);
            }
        }
    }

    /// What signs tokens must be there, and not be guessed by other machines.
    fn secret_is_one(&mut self, is_near: bool) {
        let identity = &self.config.identity;
        let weakness = identity.jwt_secret.as_ref().and_then(JwtSecret::weakness);
        let given = self.given.get("jwt_secret").or_else(|| self.given.get("jwt_secret_file"));
        if let Some((given, weakness)) = given.zip(weakness) {
            let message = format!("`jwt_secret` {weakness}: whoever guesses it can be anybody");
            let help = Some("draw one: head -c 32 /dev/urandom | base64".to_owned());
            if is_near {
                self.diagnostics.warn(given.place.clone(), message, help);
            } else {
                self.diagnostics.push(given.place.clone(), message, help);
            }
        }
        if identity.jwt_algo == Some(JwtAlgorithm::Hs256) && identity.jwt_secret.is_none() {
            let Some(given) = self.given.get("jwt_algo") else { return };
            let message = "HS256 needs a `jwt_secret`";
            self.diagnostics.push(given.place.clone(), message, None);
        }
    }
}

/// Returns where what is behind the name stands in a line.
fn value_in(text: &str, line: &Range<usize>) -> Range<usize> {
    let name = text[line.clone()].find(|it: char| it == '=' || it.is_whitespace());
    line.start + name.map_or(line.len(), |length| length + 1)..line.end
}

fn unknown_variable(name: &str) -> (String, String) {
    let known: Vec<String> = SETTINGS.iter().map(Setting::variable).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    (format!("there is no variable `{name}`"), suggest(name, &known))
}

/// Makes a node of the text of a flag or a variable.
fn node_of(setting: &Setting, text: &str, place: &SourceSpan) -> Node {
    let node = |value| Node { place: place.clone(), value };
    node(setting.kind.value_of(text, node))
}

/// Returns a value as it would be written in a flag.
fn written(node: &Node) -> String {
    match &node.value {
        Value::Bool(value) => value.to_string(),
        Value::Int(text) | Value::Float(text) | Value::Text(text) | Value::Time(text) => text.clone(),
        Value::List(items) => items.iter().map(written).collect::<Vec<_>>().join(","),
        Value::Table(_) => String::new(),
    }
}
