//! Which source goes before which, and what is said of what is wrong.

use super::*;

fn sources(
    file: &str,
    dot_env: &str,
    environment: &[(&str, &str)],
    flags: &[(&'static str, &str)],
) -> Sources {
    let text_file = |name: &str, text: &str| TextFile { name: name.to_owned(), text: text.to_owned() };
    let variable = |(name, value): &(&str, &str)| Variable {
        name: (*name).to_owned(),
        value: Some((*value).to_owned()),
    };
    Sources {
        flags: flags.iter().map(|(key, value)| Flag { key, value: (*value).to_owned() }).collect(),
        environment: environment.iter().map(variable).collect(),
        dot_env: Some(text_file(".env", dot_env)),
        file: Some(text_file("serve.toml", file)),
    }
}

fn config(sources: &Sources) -> Config {
    load(sources).unwrap_or_else(|errors| panic!("{errors}")).config
}

fn errors(sources: &Sources) -> String {
    load(sources).expect_err("nothing is wrong").to_string()
}

#[test]
fn the_defaults_of_the_table_are_allowed_by_it() {
    let config = Config::defaults().unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!((config.data, config.database), (PathBuf::from("./data"), None));
    assert_eq!((config.queue.requests, config.http.workers), (4_096, 2));
    assert_eq!(config.shutdown_grace, Duration::from_secs(10));
    assert_eq!(config.log, LogConfig { format: LogFormat::Text, level: LogLevel::Info });
}

#[test]
fn names_of_settings_are_told_apart_in_every_source() {
    let of = |name: fn(&Setting) -> String| {
        let mut names: Vec<String> = SETTINGS.iter().map(name).collect();
        names.sort_unstable();
        names.dedup();
        names.len()
    };
    assert_eq!(of(|it| it.key.to_owned()), SETTINGS.len());
    assert_eq!(of(|it| it.flag().to_owned()), SETTINGS.len());
    assert_eq!(of(Setting::variable), SETTINGS.len());
}

#[test]
fn a_later_source_goes_before_an_earlier_one() {
    let file = "data = \"file\"\n[queue]\nrequests = 1\n[http]\nconnections = 16\nworkers = 3\n";
    let dot_env = "BEARPIT_QUEUE_REQUESTS=2\nBEARPIT_HTTP_CONNECTIONS=17\nBEARPIT_HTTP_WORKERS=4\n";
    let environment =
        [("BEARPIT_HTTP_CONNECTIONS", "18"), ("BEARPIT_HTTP_WORKERS", "5"), ("BEARPIT_DATA", "")];
    let sources = sources(file, dot_env, &environment, &[("http.workers", "6")]);
    let config = config(&sources);
    assert_eq!((config.data, config.queue.requests), (PathBuf::from("file"), 2));
    assert_eq!((config.http.connections, config.http.workers), (18, 6));
    let layers: Vec<(&str, Layer)> =
        load(&sources).unwrap().origins.iter().map(|it| (it.key, it.layer)).collect();
    for expected in [
        ("data", Layer::File),
        ("queue.requests", Layer::DotEnv),
        ("http.connections", Layer::Environment),
        ("http.workers", Layer::Flag),
        ("listen", Layer::Default),
    ] {
        assert!(layers.contains(&expected), "{expected:?} of {layers:?}");
    }
}

#[test]
fn every_value_can_be_written_in_every_source() {
    for setting in SETTINGS {
        let value = match setting.kind {
            // Only a program that was built for tests takes it.
            Kind::Address if setting.key == "firebase_emulator" => continue,
            Kind::Address => "127.0.0.1:1",
            Kind::Switch => "true",
            // Those that need another one, and the one that no flag takes.
            Kind::Path if setting.key.ends_with("_file") || setting.key.starts_with("tls_") => continue,
            Kind::Text(_) if ["mail.smtp_user", "channels.kafka_user"].contains(&setting.key) => continue,
            Kind::Secret => continue,
            // Only beside another.
            Kind::Choice(_) if setting.key == "payments.environment" => continue,
            Kind::BaseUrl => "http://127.0.0.1:8080",
            Kind::Decimal => "5.25",
            Kind::Texts(_) if setting.key == "trusted_proxies" => "10.0.0.0/8",
            Kind::Texts(_) if setting.key == "channels.kafka_brokers" => "kafka.example.org:9092",
            Kind::Texts(_) => "https://trade.example.org",
            Kind::Path => "x",
            Kind::Text(_) if setting.key == "fix.comp_id" => "DESK",
            Kind::Text(_) if setting.key == "channels.mqtt_url" => "mqtts://broker.example.org:8884",
            Kind::Text(_)
                if setting.key == "payments.commerce_code" || setting.key.starts_with("channels.") =>
            {
                "x"
            }
            Kind::Text(_) => "smtp.example.org:587",
            Kind::Url => "https://example.org/a",
            Kind::Database => "sqlite:x.db",
            Kind::Collector => "http://127.0.0.1:4318",
            Kind::Words(words) | Kind::Choice(words) => words[0],
            Kind::Count(min, _) => &min.to_string(),
            Kind::Redis => "redis://localhost:6379/1",
            Kind::Sender => "Market <market@example.org>",
            Kind::Origin => "https://trade.example.org",
            Kind::Project => "demo-market",
            Kind::Span(_, max) => &format!("{max}ms"),
        };
        let toml = match setting.kind {
            Kind::Switch | Kind::Count(..) => value.to_owned(),
            Kind::Words(_) | Kind::Texts(_) => format!("[\"{value}\"]"),
            _ => format!("\"{value}\""),
        };
        let variable = setting.variable();
        let in_file = config(&sources(&format!("{} = {toml}\n", setting.key), "", &[], &[]));
        let in_dot_env = config(&sources("", &format!("{variable}='{value}'\n"), &[], &[]));
        let in_environment = config(&sources("", "", &[(&variable, value)], &[]));
        let in_flag = config(&sources("", "", &[], &[(setting.key, value)]));
        for other in [in_dot_env, in_environment, in_flag] {
            assert_eq!(other, in_file, "{}", setting.key);
        }
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once_with_its_place() {
    let file = "listen = \"8080\"\nlog = \"json\"\n\n[queue]\nrequest = 5\nrequests = 0\n[speed]\nx = 1\n";
    let dot_env = "BEARPIT_LISTENN=x\nBEARPIT_LOG_LEVEL=loud\n";
    let found =
        errors(&sources(file, dot_env, &[("BEARPIT_SHUTDOWN_GRACE", "5")], &[("http.workers", "many")]));
    for expected in [
        "error: `listen` is `8080`, but must be an address and a port, such as 127.0.0.1:8080",
        "serve.toml:1:10",
        "error: `log` is a text, but must be a table: [log]",
        "error: [queue] has no key `request`",
        "serve.toml:5:1",
        "did you mean `requests`? allowed: `requests`",
        "error: `queue.requests` is 0, but must be a whole number from 1 to 1048576",
        "error: the configuration has no key `speed`",
        "error: there is no variable `BEARPIT_LISTENN`",
        ".env:1:1",
        "did you mean `BEARPIT_LISTEN`?",
        "error: `BEARPIT_LOG_LEVEL` is `loud`, which does not exist; allowed: `error`, `warn`",
        ".env:2:19",
        "error: `BEARPIT_SHUTDOWN_GRACE` is not valid",
        "environment:1:24",
        "error: `--http-workers` is a text (`many`), but must be a whole number from 1 to 64",
        "command line:1:16",
    ] {
        assert!(found.contains(expected), "no {expected:?} in\n{found}");
    }
    assert_eq!(found.matches("error: ").count(), 9, "{found}");
}

#[test]
fn a_file_that_is_no_toml_says_where() {
    let found = errors(&sources("listen = \n", "", &[], &[]));
    assert!(found.contains("serve.toml:1:"), "{found}");
}

#[test]
fn an_unknown_variable_of_the_environment_is_a_warning_and_one_of_a_cluster_nothing() {
    let bot = ("BEARPIT_SECRET", "of a key, as docs/bots.md has it");
    let environment = [("BEARPIT_DATABSE", "hunter2"), ("BEARPIT_PORT", "tcp://10.0.0.1:80"), bot];
    let loaded = load(&sources("", "", &environment, &[])).unwrap();
    let warnings = loaded.warnings.to_string();
    assert!(warnings.contains("did you mean `BEARPIT_DATABASE`?"), "{warnings}");
    assert!(!warnings.contains("hunter2"), "it may be a secret: {warnings}");
    assert_eq!(loaded.warnings.len(), 1, "{warnings}");
}

#[test]
fn a_password_is_shown_nowhere() {
    let url = "postgres://bear:hunter2@db/pit";
    let file = format!("database = \"{url}\"\ndatabse = \"{url}\"\n");
    let found = errors(&sources(&file, "", &[], &[("database", url)]));
    assert!(!found.contains("hunter2") && found.contains("which every user of this machine"), "{found}");
    assert!(found.contains("has no key `databse`"), "{found}");
    let broken = errors(&sources(&format!("database = \"{url}\n"), "", &[], &[]));
    assert!(!broken.contains("hunter2") && broken.contains("serve.toml:1"), "{broken}");
    let dot_env = format!("BEARPIT_DATABASE=\"{url}\" x\nBEARPIT_DATABASES={url}\n");
    let found = errors(&sources("", &dot_env, &[("BEARPIT_DATABASE", "mysql://u:hunter2@h/d")], &[]));
    assert!(!found.contains("hunter2") && found.matches("error: ").count() == 3, "{found}");
    // Names that are misspelled, and lines that are no assignments.
    let dot_env = "BEARPIT_TOKEN=hunter2\nexport BEARPIT_SECRETS='hunter2'\nBEARPIT_KEYS hunter2\nBEARPIT_DATA='hunter2\n";
    let found = errors(&sources("", dot_env, &[], &[]));
    assert!(!found.contains("hunter2") && found.matches("error: ").count() == 4, "{found}");
    assert!(found.contains("BEARPIT_TOKEN=*******"), "{found}");

    let loaded = load(&sources(&format!("database = \"{url}\"\n"), "", &[], &[])).unwrap();
    assert_eq!(loaded.config.database, Some(DatabaseUrl::Postgres(url.to_owned())));
    let shown = format!("{:?} {:?} {}", loaded.config, loaded.origins, loaded.warnings);
    assert!(!shown.contains("hunter2") && shown.contains("postgres://bear:*******@db/pit"), "{shown}");
}

#[test]
fn variables_of_postgresql_count_where_nothing_else_names_a_database() {
    let variables = [("POSTGRES_USER", "bear"), ("POSTGRES_PASSWORD", "hunter2"), ("POSTGRES_DB", "pit")];
    let loaded = load(&sources("", "", &variables, &[])).unwrap();
    let url = "postgres://bear:hunter2@localhost/pit".to_owned();
    assert_eq!(loaded.config.database, Some(DatabaseUrl::Postgres(url)));
    assert!(!format!("{:?} {}", loaded.origins, loaded.warnings).contains("hunter2"));
    let loaded = load(&sources("database = \"sqlite:x.db\"\n", "", &variables, &[])).unwrap();
    assert_eq!(loaded.config.database, Some(DatabaseUrl::Sqlite("x.db".into())));
    let named = [&variables[..], &[("BEARPIT_DATABASE", "sqlite:y.db")]].concat();
    let loaded = load(&sources("database = \"sqlite:x.db\"\n", "", &named, &[])).unwrap();
    assert_eq!(loaded.config.database, Some(DatabaseUrl::Sqlite("y.db".into())));
}

#[test]
fn the_database_can_be_named_in_a_file_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("url");
    std::fs::write(&path, "postgres://u:hunter2@h/d\n").unwrap();
    let path = path.to_str().unwrap();
    let from_file = config(&sources("", "", &[("BEARPIT_DATABASE_FILE", path)], &[]));
    assert_eq!(from_file.database, Some(DatabaseUrl::Postgres("postgres://u:hunter2@h/d".to_owned())));
    let later = config(&sources(
        &format!("database_file = \"{path}\"\n"),
        "",
        &[("BEARPIT_DATABASE", "sqlite:x")],
        &[],
    ));
    assert_eq!(later.database, Some(DatabaseUrl::Sqlite("x".into())));
    let both = [("database_file", path), ("database", "sqlite:x")];
    assert!(errors(&sources("", "", &[], &both)).contains("leave one out"));
    std::fs::write(path, "hunter2\n").unwrap();
    let found = errors(&sources("", "", &[], &[("database_file", path)]));
    assert!(
        found.contains("whose first line must begin with `postgres://`") && !found.contains("hunter2"),
        "{found}"
    );
}

#[test]
fn a_redis_can_be_named_in_a_file_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("url");
    std::fs::write(&path, "redis://:hunter2@h/1\n").unwrap();
    let path = path.to_str().unwrap();
    let from_file = config(&sources("", "", &[("BEARPIT_SESSIONS_REDIS_FILE", path)], &[]));
    assert_eq!(from_file.sessions, Some(RedisUrl::parse("redis://:hunter2@h/1").unwrap()));
    let both = [("sessions.redis_file", path), ("sessions.redis", "redis://h")];
    assert!(errors(&sources("", "", &[], &both)).contains("leave one out"));
    std::fs::write(path, "hunter2\n").unwrap();
    let found = errors(&sources("", "", &[], &[("sessions.redis_file", path)]));
    assert!(found.contains("whose first line must be redis://") && !found.contains("hunter2"), "{found}");
}

#[test]
fn plain_http_beyond_this_machine_must_be_asked_for() {
    let found = errors(&sources("listen = \"0.0.0.0:80\"\n", "", &[], &[]));
    assert!(
        found.contains("can be reached from other machines") && found.contains("insecure_http"),
        "{found}"
    );
    let config = config(&sources("listen = \"0.0.0.0:80\"\n", "", &[("BEARPIT_INSECURE_HTTP", "true")], &[]));
    assert!(config.insecure_http);
}

#[test]
fn variables_of_other_programs_say_what_ours_leave_open() {
    let environment = [
        ("JWT_SECRET", "q7Fz0Yk2mXv9Lr4Tn8Wb3Jd6Hs1Pc5Ga"),
        ("JWT_ALGO", "HS256"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "60"),
        ("BACKEND_CORS_ORIGINS", "[\"http://localhost:3000/\", \"https://a.example.org\"]"),
        ("BEARPIT_ACCESS_TOKEN_MINUTES", "5"),
    ];
    let loaded = load(&sources("", "", &environment, &[])).unwrap();
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
    let identity = loaded.config.identity;
    assert_eq!(
        (identity.jwt_algo, identity.access_token),
        (Some(JwtAlgorithm::Hs256), Duration::from_mins(5))
    );
    let origins: Vec<_> = identity.cors_origins.iter().map(WebOrigin::text).collect();
    assert_eq!(origins, ["http://localhost:3000", "https://a.example.org"]);
    let dot_env = "BACKEND_CORS_ORIGINS=http://a.b, http://c.d\nJWT_ALGO=EdDSA\nJWT_OTHER='open\n";
    let identity = config(&sources("", dot_env, &[], &[])).identity;
    assert_eq!((identity.cors_origins.len(), identity.jwt_algo), (2, Some(JwtAlgorithm::EdDsa)));
    let found = errors(&sources("", "", &[("BACKEND_CORS_ORIGINS", "[\"a.b\"]"), ("JWT_ALGO", "none")], &[]));
    assert!(
        found.contains("an origin is a scheme") && found.contains("allowed: `EdDSA`, `HS256`"),
        "{found}"
    );
}

#[test]
fn a_secret_is_shown_nowhere_and_taken_from_no_command_line() {
    let weak = "hunter2-hunter2";
    let file = format!("jwt_secret = \"{weak}\"\nlisten = \"0.0.0.0:80\"\ninsecure_http = true\n");
    let found = errors(&sources(&file, "", &[], &[]));
    assert!(found.contains("has less than 32 bytes") && !found.contains("hunter2"), "{found}");
    let near = load(&sources("", &format!("JWT_SECRET={weak}\n"), &[], &[])).unwrap();
    let shown = format!("{:?} {:?} {}", near.config, near.origins, near.warnings);
    assert!(shown.contains("has less than 32 bytes") && !shown.contains("hunter2"), "{shown}");
    for broken in [format!("jwt_secret = \"{weak}\n"), format!("jwt_secret = [\"{weak}\"]\n")] {
        let found = errors(&sources(&broken, "", &[], &[]));
        assert!(!found.contains("hunter2"), "{found}");
    }
    let found = errors(&sources("", "", &[], &[("jwt_secret", weak)]));
    assert!(found.contains("every user of this machine") && !found.contains("hunter2"), "{found}");
    assert!(errors(&sources("jwt_algo = \"HS256\"\n", "", &[], &[])).contains("needs a `jwt_secret`"));
}

#[test]
fn a_secret_can_be_the_first_line_of_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret");
    std::fs::write(&path, "q7Fz0Yk2mXv9Lr4Tn8Wb3Jd6Hs1Pc5Ga\n").unwrap();
    let named = path.to_str().unwrap();
    let environment = [("BEARPIT_JWT_SECRET_FILE", named), ("BEARPIT_JWT_ALGO", "HS256")];
    let secret = config(&sources("", "", &environment, &[])).identity.jwt_secret.unwrap();
    assert_eq!(secret.bytes(), b"q7Fz0Yk2mXv9Lr4Tn8Wb3Jd6Hs1Pc5Ga");
    std::fs::write(&path, "hunter2-hunter2\n").unwrap();
    let file = format!("jwt_secret_file = \"{named}\"\nlisten = \"0.0.0.0:80\"\ninsecure_http = true\n");
    let found = errors(&sources(&file, "", &[], &[]));
    assert!(found.contains("has less than 32 bytes") && !found.contains("hunter2"), "{found}");
    std::fs::write(&path, "\nhunter2\n").unwrap();
    let found = errors(&sources("", "", &environment, &[]));
    assert!(found.contains("whose first line is empty") && !found.contains("hunter2"), "{found}");
}

#[test]
fn who_sends_mails_must_be_known_and_reached_without_being_read() {
    for (file, expected) in [
        ("provider = \"smtp\"", "needs `mail.smtp_server`"),
        ("provider = \"sendgrid\"", "needs `mail.sendgrid_key`"),
        ("smtp_server = \"mail.example.org:25\"\nsmtp_tls = \"none\"", "on this machine only"),
        ("smtp_user = \"anne\"", "without `mail.smtp_password`"),
        ("smtp_password = \"hunter2\"", "without `mail.smtp_user`"),
        ("sendgrid_url = \"http://example.org\"", "plain HTTP only on this machine"),
        ("sendgrid_url = \"https://me@example.org\"", "an address of HTTPS"),
        ("smtp_server = \"mail.example.org\"", "a host and a port"),
    ] {
        let found = errors(&sources(&format!("[mail]\n{file}\n"), "", &[], &[]));
        assert!(found.contains(expected) && !found.contains("hunter2"), "{file}: {found}");
    }
    let file = "[mail]\nprovider = \"smtp\"\nsmtp_server = \"localhost:25\"\nsmtp_tls = \"none\"\nsmtp_user = \"anne\"\n";
    let mail = config(&sources(file, "", &[("BEARPIT_MAIL_SMTP_PASSWORD", "hunter2")], &[])).mail;
    assert_eq!(mail.smtp.password.unwrap().expose(), "hunter2");
    let file = "[mail]\nprovider = \"sendgrid\"\nsendgrid_url = \"http://127.0.0.1:9/\"\n";
    let mail = config(&sources(file, "", &[("SENDGRID_API_KEY", "SG.x")], &[])).mail;
    assert_eq!(
        (mail.sendgrid.url.as_str(), mail.sendgrid.key.unwrap().expose()),
        ("http://127.0.0.1:9", "SG.x")
    );
}

#[test]
fn a_certificate_and_its_key_come_together() {
    assert!(errors(&sources("tls_cert = \"a\"\n", "", &[], &[])).contains("without `tls_key`"));
    assert!(errors(&sources("tls_key = \"a\"\n", "", &[], &[])).contains("without `tls_cert`"));
    let file = "listen = \"0.0.0.0:443\"\ntls_cert = \"a\"\ntls_key = \"b\"\n";
    assert!(!config(&sources(file, "", &[], &[])).insecure_http);
}

/// Where the table of settings stands in the documentation.
fn documentation() -> (PathBuf, String, std::ops::Range<usize>) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/live.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let head = "| key in the file |";
    let start = text.find(head).unwrap();
    let end = text[start..].find("\n\n").map_or(text.len(), |end| start + end + 1);
    (path, text, start..end)
}

#[test]
fn the_documentation_has_the_table_of_settings() {
    let (_, text, place) = documentation();
    let advice = "cargo test -p bearpit-serve --lib -- --ignored write_the_settings";
    assert_eq!(text[place], markdown_table(), "{advice}");
}

#[test]
#[ignore = "writes docs/live.md"]
fn write_the_settings() {
    let (path, mut text, place) = documentation();
    text.replace_range(place, &markdown_table());
    std::fs::write(path, text).unwrap();
}

#[test]
fn payments_have_what_their_provider_needs_and_nothing_of_another() {
    let webpay = "public_url = \"https://trade.example.org\"\n[payments]\nprovider = \"webpay\"\n\
        environment = \"production\"\ncommerce_code = \"597055555532\"\napi_key = \"k\"\n";
    let loaded = config(&sources(webpay, "", &[], &[]));
    assert_eq!(loaded.payments.api_key.unwrap().expose(), "k");
    for (file, expected) in [
        (
            "[payments]\nenvironment = \"production\"\n".to_owned(),
            "`payments.environment` is `production`, but",
        ),
        ("[payments]\nprovider = \"webpay\"\n".to_owned(), "the provider `webpay` needs `payments.api_key`"),
        ("[payments]\nprovider = \"webpay\"\n".to_owned(), "the provider `webpay` needs `public_url`"),
        (webpay.replace("https:", "http:"), "`public_url` must begin with https://"),
        (format!("{webpay}webpay_url = \"http://127.0.0.1:1\"\n"), "`payments.webpay_url` is for tests"),
        (
            webpay.replace("production", "integration") + "webpay_url = \"https://pay.example\"\n",
            "`payments.webpay_url` is for tests",
        ),
        (format!("{webpay}refund_doubt = \"10s\"\n"), "`payments.refund_doubt` is at least a minute"),
        ("[payments]\nminimum = 5\nmaximum = 2.5\n".to_owned(), "`payments.minimum` is more than"),
        ("[payments]\nclp_per_unit = 0\n".to_owned(), "a number above zero"),
        ("[payments]\nexpire_after = \"1m\"\n".to_owned(), "`payments.expire_after` is before"),
    ] {
        let found = errors(&sources(&file, "", &[], &[]));
        assert!(found.contains(expected), "{file}\n{found}");
    }
}
