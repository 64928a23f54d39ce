//! What an operator may rely on: layers, messages that help, and no secret in any of them.

use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;

use super::keys::KEYS;
use super::*;

const CANARY: &str = "EAAGcanary0000000000000000wxyz";

fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn from_environment(pairs: &[(&str, &str)]) -> Config {
    Config::load(None, environment(pairs)).expect("a usable configuration")
}

fn errors_of(pairs: &[(&str, &str)]) -> String {
    Config::load(None, environment(pairs)).expect_err("an unusable configuration").to_string()
}

/// A file in a folder that is removed with the value.
struct TempFile(tempfile::TempDir);

impl TempFile {
    fn with(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(FILE_NAME), text).expect("a file");
        Self(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join(FILE_NAME)
    }

    fn load(&self, pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::load(Some(&self.path()), environment(pairs))
    }

    fn errors(&self) -> String {
        self.load(&[]).expect_err("an unusable configuration").to_string()
    }
}

fn line_of(config: &Config, key: &str) -> SettingLine {
    config.summary().into_iter().find(|line| line.key == key).expect("a known key")
}

#[test]
fn the_defaults_are_complete_and_valid() {
    let config = from_environment(&[]);
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8480");
    assert!(matches!(config.database.target, DatabaseTarget::Sqlite));
    assert_eq!(config.meta.graph_api_version.to_string(), "v25.0");
    assert_eq!(config.meta.env_account, None);
    assert_eq!(config.limits.callback_body_bytes_max, 8 * 1024 * 1024);
    assert_eq!(config.limits.callbacks_per_second_max, None);
    assert_eq!(config.dispatch.request_timeout.as_secs(), 8);
    assert_eq!(config.summary().len(), KEYS.len());
    assert!(config.warnings().is_empty());
    assert!(config.summary().iter().all(|line| line.layer == Layer::Default));
}

#[test]
fn every_key_of_the_reference_is_documented_with_default_and_variable() {
    let (mut section, mut comment, mut found) = (String::new(), String::new(), 0);
    for line in REFERENCE.lines() {
        if let Some(text) = line.strip_prefix('#') {
            comment.push_str(text);
        } else if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
            comment.clear();
        } else if let Some((name, value)) = line.split_once(" = ") {
            let key = keys::Key::by_name(&format!("{section}.{name}")).unwrap_or_else(|| panic!("unknown: {name}"));
            let value = value.trim_matches('"');
            let default = format!("Default: {}", if value.is_empty() { "not set" } else { value });
            assert!(comment.contains(&default), "{}: {default}", key.name);
            assert!(comment.contains(&format!("Environment: {}", key.env)), "{}: {}", key.name, key.env);
            comment.clear();
            found += 1;
        } else {
            comment.clear();
        }
    }
    assert_eq!(found, KEYS.len());
}

#[test]
fn variables_follow_one_rule_but_for_the_listed_names() {
    const OWN_NAMES: [&str; 2] = ["WAYPOST_ENV_ACCOUNT", "WHATSAPP_PROVIDER"];
    for key in KEYS {
        let by_rule = format!("WAYPOST_{}", key.name.replace('.', "_").to_uppercase());
        let (_, name) = key.parts();
        let at_meta = format!("WHATSAPP_{}", name.to_uppercase());
        assert!(key.env == by_rule || key.env == at_meta || OWN_NAMES.contains(&key.env), "{}", key.env);
    }
}

#[test]
fn the_file_overrides_defaults_and_the_environment_both() {
    let file = TempFile::with("[server]\nlisten = \"0.0.0.0:80\"\n\n[limits]\ncallbacks_per_second_max = 1_000\n");
    let config = file.load(&[("WAYPOST_SERVER_LISTEN", "[::]:81")]).expect("a usable configuration");
    assert_eq!(config.server.listen.port(), 81);
    assert_eq!(config.limits.callbacks_per_second_max.map(u32::from), Some(1000));
    assert_eq!(line_of(&config, "server.listen").origin.to_string(), "environment variable WAYPOST_SERVER_LISTEN");
    let limit = line_of(&config, "limits.callbacks_per_second_max");
    assert_eq!(limit.layer, Layer::File);
    assert_eq!(limit.origin.to_string(), format!("{}, line 5", file.path().display()));
    assert_eq!(line_of(&config, "log.format").layer, Layer::Default);
}

#[test]
fn an_empty_variable_is_not_set() {
    let file = TempFile::with("[server]\nlisten = \"0.0.0.0:80\"\n");
    let config = file.load(&[("WAYPOST_SERVER_LISTEN", ""), ("WHATSAPP_ACCESS_TOKEN", " ")]).expect("usable");
    assert_eq!(config.server.listen.port(), 80);
    assert!(config.meta.access_token.is_none());
    assert!(Config::load(None, environment(&[("WAYPOST_SERVER_LISTN", "")])).is_ok());
}

#[test]
fn a_copy_of_the_reference_changes_nothing_but_the_layer() {
    let config = TempFile::with(REFERENCE).load(&[("DATABASE_URL", "postgres://db/waypost")]).expect("usable");
    assert_eq!(line_of(&config, "meta.access_token").layer, Layer::Default);
    assert_eq!(line_of(&config, "server.listen").layer, Layer::File);
    assert!(matches!(config.database.target, DatabaseTarget::Postgres(_)));
}

#[test]
fn database_url_counts_only_where_nothing_else_names_a_database() {
    let config = from_environment(&[("DATABASE_URL", "postgres://fallback/a")]);
    assert_eq!(line_of(&config, "database.url").origin.to_string(), "environment variable DATABASE_URL");
    let both = [("DATABASE_URL", "mysql://other/a"), ("WAYPOST_DATABASE_URL", "postgres://ours/a")];
    let config = from_environment(&both);
    assert_eq!(line_of(&config, "database.url").value_or_mask, "postgres://ours/a");
    assert_eq!(config.warnings()[0].code, "database_url_ignored");
}

#[test]
fn no_file_is_looked_for_unless_it_is_there() {
    let file = TempFile::with("");
    assert_eq!(file_in(file.0.path()), Some(file.path()));
    assert_eq!(file_in(Path::new("/nonexistent")), None);
    let error = Config::load(Some(Path::new("/nonexistent/waypost.toml")), Vec::new()).expect_err("no such file");
    assert!(error.to_string().contains("/nonexistent/waypost.toml: the configuration file cannot be read"), "{error}");
}

#[test]
fn unknown_names_come_with_a_suggestion() {
    let file = TempFile::with("[meta]\nacess_token = \"x\"\n[sever]\nport = 1\n[server]\napp_secret = \"x\"\n");
    let text = file.errors();
    let path = file.path();
    let expected = format!(
        "meta.acess_token ({}, line 2): there is no such setting; did you mean meta.access_token?",
        path.display()
    );
    assert!(text.contains(&expected), "{text}");
    assert!(text.contains("did you mean [server]?"), "{text}");
    assert!(text.contains("did you mean meta.app_secret?"), "{text}");
    let text = errors_of(&[("WAYPOST_SERVER_LISTN", "x")]);
    let expected =
        "environment variable WAYPOST_SERVER_LISTN: there is no such setting; did you mean WAYPOST_SERVER_LISTEN?";
    assert!(text.ends_with(expected), "{text}");
    assert!(Config::load(None, environment(&[("WAYPOST_TEST_POSTGRES", "x")])).is_ok());
}

#[test]
fn a_misspelt_variable_of_the_shared_prefix_is_a_warning() {
    let config = from_environment(&[("WHATSAPP_ACESS_TOKEN", "x"), ("WHATSAPP_CALENDAR_SYNC", "x")]);
    assert_eq!(config.warnings().len(), 1);
    assert!(config.warnings()[0].text.ends_with("did you mean WHATSAPP_ACCESS_TOKEN?"));
}

#[test]
fn all_problems_are_reported_at_once() {
    let file = TempFile::with("listen = \"x\"\n[log]\nformat = \"xml\"\n[dispatch]\npoll_interval_ms = \"5\"\n");
    let pairs = [("WAYPOST_SERVER_LISTEN", "here"), ("WAYPOST_DISPATCH_REQUEST_TIMEOUT_MS", "60000")];
    let error = file.load(&pairs).expect_err("an unusable configuration");
    let text = error.to_string();
    assert_eq!(error.problems().len(), 5, "{text}");
    assert!(text.contains("write listen under the heading [server]"), "{text}");
    assert!(text.contains("\"xml\" is not a log format; write text or json"), "{text}");
    assert!(text.contains("line 5): a whole number is expected; write digits without quotes"), "{text}");
    let expected =
        "server.listen (environment variable WAYPOST_SERVER_LISTEN): \"here\" is not an IP address and a port";
    assert!(text.contains(expected), "{text}");
    assert!(text.contains("write a whole number from 500 to 9000"), "{text}");
}

#[test]
fn a_wrong_kind_of_value_names_its_line() {
    let text = TempFile::with("[meta]\n\nphone_number_id = 123\n").errors();
    assert!(text.contains("line 3): a text is expected; write it in double quotes"), "{text}");
    let text = TempFile::with("[server]\nlisten = \"a\nb\"").errors();
    assert!(text.contains("line 2: this is not valid TOML"), "{text}");
}

#[test]
fn a_secret_never_shows() {
    let config = from_environment(&[
        ("WHATSAPP_ACCESS_TOKEN", CANARY),
        ("WHATSAPP_APP_SECRET", "shortcanary"),
        ("WHATSAPP_WEBHOOK_VERIFY_TOKEN", "a canary with spaces"),
        ("WAYPOST_DATABASE_URL", "postgres://user:canary@host:5432/name?password=canary@x"),
        ("WAYPOST_META_DISPLAY_PHONE_NUMBER", "+91 98765 43210"),
    ]);
    let shown = format!("{config:?} {:?} {:?}", config.summary(), config.warnings());
    assert!(!shown.contains("canary"), "{shown}");
    assert!(!shown.contains("43210"), "{shown}");
    assert_eq!(line_of(&config, "meta.access_token").value_or_mask, "set, ends …wxyz");
    assert_eq!(line_of(&config, "meta.app_secret").value_or_mask, "set");
    assert!(!line_of(&config, "database.url").value_or_mask.contains("user"));
    assert_eq!(config.meta.access_token.expect("set").expose_secret(), CANARY);
}

#[test]
fn a_secret_in_a_wrong_place_does_not_show_in_the_error() {
    let with_line_break = format!("{CANARY}\nX");
    let with_password = format!("https://user:{CANARY}@example.com");
    let text = errors_of(&[
        ("WHATSAPP_ACCESS_TOKEN", &with_line_break),
        ("WHATSAPP_PHONE_NUMBER_ID", CANARY),
        ("WHATSAPP_GRAPH_API_VERSION", CANARY),
        ("WAYPOST_DATABASE_URL", "mysql://user:canary@host/name"),
        ("WAYPOST_SERVER_PUBLIC_URL", &with_password),
        ("WAYPOST_COLOUR", CANARY),
    ]);
    assert!(!text.contains("canary") && text.contains("6 problems"), "{text}");
    for file in [
        format!("[meta]\naccess_token = {CANARY}\n"),
        format!("[meta]\naccess_token = \"{CANARY}\n"),
        format!("[meta]\n{CANARY}\n"),
        format!("[meta]\naccess_token = [\"{CANARY}\"]\n"),
        format!("[meta]\naccess_token = \"{CANARY}\"\naccess_token = \"{CANARY}\"\n"),
    ] {
        let error = TempFile::with(&file).load(&[]).expect_err("an unusable file");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}

#[test]
fn an_old_graph_version_is_a_named_warning_and_nonsense_an_error() {
    let config = from_environment(&[("WHATSAPP_GRAPH_API_VERSION", "v17.0")]);
    assert_eq!(config.warnings()[0].code, "graph_version_unsupported");
    assert!(from_environment(&[("WHATSAPP_GRAPH_API_VERSION", "v20.0")]).warnings().is_empty());
    for wrong in ["25.0", "v25", "v25.1", "v025.0", "v+5.0", "v.0", "latest", "v99999.0"] {
        let text = errors_of(&[("WHATSAPP_GRAPH_API_VERSION", wrong)]);
        assert!(text.contains("write v25.0, for example"), "{text}");
    }
}

#[test]
fn base_urls() {
    let url = BaseUrl::parse("https://Chat.Example.com:8443/whatsapp/").expect("an address");
    assert_eq!(url.join("/api/x"), "https://chat.example.com:8443/whatsapp/api/x");
    for right in ["http://localhost:1", "http://[::1]:8080", "https://[2001:db8::1]", "http://127.0.0.1/"] {
        assert!(BaseUrl::parse(right).is_ok(), "{right}");
    }
    let wrong = ["example.com", "ftp://x", "https://", "https://a b", "https://x:0", "https://x:", "https://a..b"];
    for wrong in wrong.into_iter().chain(["https://x?y", "https://u@x", "https://[::1", "https://[::1]x"]) {
        assert!(BaseUrl::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn log_filters() {
    for right in ["info", "WARN", "off", "info,messaging=debug", "warn, store::sql=trace"] {
        assert!(LogFilter::parse(right).is_ok(), "{right}");
    }
    for wrong in ["", "inof", "info,messaging", "messaging=loud"] {
        assert!(LogFilter::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn choices_of_accounts() {
    let pairs = [("WHATSAPP_PROVIDER", "meta"), ("WAYPOST_ENV_ACCOUNT", "7")];
    let config = from_environment(&pairs);
    assert_eq!(config.accounts.default_provider, Some(DefaultProvider::MetaCloud));
    assert_eq!(config.meta.env_account.map(|id| id.0), Some(7));
    assert_eq!(config.accounts.default_time_zone.as_str(), "Asia/Kolkata");
    let pairs = [("WHATSAPP_PROVIDER", "fax"), ("WAYPOST_ENV_ACCOUNT", "-1")];
    let text = errors_of(&pairs);
    assert!(text.contains("\"fax\" is not a provider of this version") && text.contains("\"-1\""), "{text}");
    let zone = errors_of(&[("WAYPOST_ACCOUNTS_DEFAULT_TIME_ZONE", "Asia/Atlantis")]);
    assert!(zone.contains("write an IANA name such as Asia/Kolkata"), "{zone}");
}

#[test]
fn what_is_missing_is_told_by_purpose() {
    let config =
        from_environment(&[("WHATSAPP_ACCESS_TOKEN", CANARY), ("WAYPOST_SERVER_PUBLIC_URL", "http://x.example")]);
    let missing = |purpose| config.missing_for(purpose).iter().map(|line| line.key).collect::<Vec<_>>();
    assert_eq!(missing(Purpose::Sending), ["meta.phone_number_id"]);
    assert_eq!(missing(Purpose::Receiving), ["meta.webhook_verify_token", "meta.app_secret"]);
    assert_eq!(missing(Purpose::Templates), ["meta.business_account_id"]);
    assert_eq!(missing(Purpose::GoingLive), ["server.public_url"]);
}
