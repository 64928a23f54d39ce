//! `waypost check-config`: what is set, from where, what is missing and what that prevents. Shows no secret.

use std::fmt::Write;

use serde::Serialize;

use crate::config::{Config, ConfigError, Layer, Problem, Purpose, SettingLine, Warning};

/// The path Meta calls, below the public address.
const WEBHOOK_PATH: &str = "/api/whatsapp/webhook";

/// Everything the command says, in the shape of `--json`.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Whether the server would start and nothing is set by half.
    pub ok: bool,
    /// Why the configuration cannot be used, when it cannot.
    pub errors: Vec<Problem>,
    /// What is set only by half.
    pub incomplete: Vec<String>,
    /// What is allowed but probably not meant.
    pub warnings: Vec<Warning>,
    /// What works and what does not.
    pub purposes: Vec<PurposeLine>,
    /// The address to enter in Meta's dashboard.
    pub webhook_url: Option<String>,
    /// Every setting.
    pub settings: Vec<SettingLine>,
}

/// Whether one purpose can be served.
#[derive(Clone, Debug, Serialize)]
pub struct PurposeLine {
    /// The purpose.
    pub purpose: Purpose,
    /// Whether nothing is missing.
    pub ready: bool,
    /// The missing keys.
    pub missing: Vec<&'static str>,
}

/// The report for people, and whether all is well.
#[must_use]
pub fn run(config: &Config) -> (String, bool) {
    let report = report(config);
    let ok = report.ok;
    (text(&report), ok)
}

/// The report for machines, and whether all is well.
///
/// # Errors
/// Never with today's fields; serde's type demands it.
pub fn run_json(config: &Config) -> serde_json::Result<(String, bool)> {
    json(&report(config))
}

/// The report for machines about a configuration that cannot be used; for people the error itself is the report.
///
/// # Errors
/// As [`run_json`].
pub fn refused_json(error: &ConfigError) -> serde_json::Result<(String, bool)> {
    json(&Report {
        ok: false,
        errors: error.problems().to_vec(),
        incomplete: Vec::new(),
        warnings: Vec::new(),
        purposes: Vec::new(),
        webhook_url: None,
        settings: Vec::new(),
    })
}

/// The report as data.
#[must_use]
pub fn report(config: &Config) -> Report {
    let purposes = Purpose::ALL.map(|purpose| {
        let missing: Vec<_> = config.missing_for(purpose).iter().map(|line| line.key).collect();
        PurposeLine { purpose, ready: missing.is_empty(), missing }
    });
    let incomplete = incomplete(config);
    Report {
        ok: incomplete.is_empty(),
        errors: Vec::new(),
        incomplete,
        warnings: config.warnings().to_vec(),
        purposes: purposes.to_vec(),
        webhook_url: config.server.public_url.as_ref().map(|url| url.join(WEBHOOK_PATH)),
        settings: config.summary(),
    }
}

/// Credentials of which some are set and others not. None at all is fine: senders can be added in the program.
fn incomplete(config: &Config) -> Vec<String> {
    let meta = &config.meta;
    let is_receiving_begun = meta.app_secret.is_some() || meta.webhook_verify_token.is_some();
    let is_templates_begun = meta.business_account_id.is_some();
    // Everything else belongs to the sender that these two make.
    let is_sending_begun =
        meta.access_token.is_some() || meta.phone_number_id.is_some() || is_receiving_begun || is_templates_begun;
    let begun = [
        (Purpose::Sending, is_sending_begun),
        (Purpose::Receiving, is_receiving_begun),
        (Purpose::Templates, is_templates_begun),
    ];
    let missing = |purpose| config.missing_for(purpose).into_iter().map(move |line| (purpose, line));
    let missing = begun.into_iter().filter(|(_, is_begun)| *is_begun).flat_map(|(purpose, _)| missing(purpose));
    missing.map(|(purpose, line)| format!("{} is missing for {purpose}: set {}", line.key, line.places())).collect()
}

fn json(report: &Report) -> serde_json::Result<(String, bool)> {
    Ok((serde_json::to_string_pretty(report)?, report.ok))
}

fn text(report: &Report) -> String {
    let mut out = String::from("Sender from the configuration (WhatsApp Cloud API of Meta)\n");
    for line in report.settings.iter().filter(|line| line.key.starts_with("meta.")) {
        setting(&mut out, line);
    }
    out.push_str("\nWhat works\n");
    for line in &report.purposes {
        purpose(&mut out, line, &report.settings);
    }
    out.push_str("\nWebhook address for Meta's dashboard\n");
    match &report.webhook_url {
        Some(url) => line(&mut out, format_args!("  {url}")),
        None => line(&mut out, format_args!("  not known: server.public_url is not set (it ends in {WEBHOOK_PATH})")),
    }
    let is_changed = |line: &&SettingLine| !line.key.starts_with("meta.") && line.layer != Layer::Default;
    out.push_str("\nOther settings that differ from the defaults\n");
    for line in report.settings.iter().filter(is_changed) {
        setting(&mut out, line);
    }
    if !report.settings.iter().any(|line| is_changed(&line)) {
        out.push_str("  none\n");
    }
    list(&mut out, "Warnings", &report.warnings);
    list(&mut out, "Incomplete", &report.incomplete);
    out.push_str(if report.ok { "\nThe configuration is usable.\n" } else { "\nThe configuration is incomplete.\n" });
    out
}

fn setting(out: &mut String, setting: &SettingLine) {
    let SettingLine { key, value_or_mask, env_name, .. } = setting;
    match setting.is_set || setting.layer != Layer::Default {
        true => line(out, format_args!("  {key:<32} {value_or_mask:<28} from {}", setting.origin)),
        false => line(out, format_args!("  {key:<32} {value_or_mask:<28} set it with {env_name}")),
    }
}

fn purpose(out: &mut String, purpose: &PurposeLine, settings: &[SettingLine]) {
    let name = purpose.purpose;
    if purpose.ready {
        return line(out, format_args!("  {name:<12} yes"));
    }
    let missing = settings.iter().filter(|line| purpose.missing.contains(&line.key));
    for (index, setting) in missing.enumerate() {
        let state = if index == 0 { format!("{name:<12} no:") } else { " ".repeat(16) };
        // A key can be set and still not do: going live needs https.
        let lack = if setting.is_set { "is not https" } else { "is missing" };
        line(out, format_args!("  {state} {} {lack} ({})", setting.key, setting.places()));
    }
}

fn list(out: &mut String, title: &str, items: &[impl std::fmt::Display]) {
    if items.is_empty() {
        return;
    }
    line(out, format_args!("\n{title}"));
    items.iter().for_each(|item| line(out, format_args!("  - {item}")));
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "EAAGcanary0000000000000000wxyz";

    fn config(environment: &[(&str, &str)]) -> Config {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::load(None, environment).expect("a usable configuration")
    }

    fn complete() -> Config {
        config(&[
            ("WHATSAPP_ACCESS_TOKEN", TOKEN),
            ("WHATSAPP_PHONE_NUMBER_ID", "1060000000001"),
            ("WHATSAPP_BUSINESS_ACCOUNT_ID", "2060000000001"),
            ("WHATSAPP_WEBHOOK_VERIFY_TOKEN", "short canary"),
            ("WHATSAPP_APP_SECRET", "0123456789abcdef0123456789abcdef"),
            ("WAYPOST_SERVER_PUBLIC_URL", "https://chat.example.com/"),
        ])
    }

    #[test]
    fn nothing_set_is_fine_and_says_what_each_key_is_for() {
        let (text, ok) = run(&config(&[]));
        assert!(ok, "{text}");
        assert!(text.contains("sending      no: meta.access_token is missing (WHATSAPP_ACCESS_TOKEN, or"), "{text}");
        assert!(text.contains("server.public_url is not set"), "{text}");
    }

    #[test]
    fn all_set_names_the_webhook_address() {
        let (text, ok) = run(&complete());
        assert!(ok, "{text}");
        assert!(text.contains("  https://chat.example.com/api/whatsapp/webhook\n"), "{text}");
        assert!(text.contains("going live   yes"), "{text}");
        assert!(text.contains("set, ends …wxyz"), "{text}");
        assert!(!text.contains("canary") && !text.contains("Warnings"), "{text}");
    }

    #[test]
    fn half_a_pair_is_not_ok() {
        let (text, ok) = run(&config(&[("WHATSAPP_ACCESS_TOKEN", TOKEN)]));
        assert!(!ok);
        assert!(text.contains("meta.phone_number_id is missing for sending"), "{text}");
        let (text, ok) = run(&config(&[("WHATSAPP_APP_SECRET", "0123456789abcdef0123456789abcdef")]));
        assert!(!ok);
        assert!(text.contains("meta.webhook_verify_token is missing for receiving"), "{text}");
    }

    #[test]
    fn plain_http_does_not_go_live() {
        let (text, _) = run(&config(&[("WAYPOST_SERVER_PUBLIC_URL", "http://chat.example.com")]));
        assert!(text.contains("going live   no: server.public_url is not https"), "{text}");
        assert!(text.contains("[public_url_not_https]"), "{text}");
    }

    #[test]
    fn json_has_the_same_facts_and_no_secret() {
        let (text, ok) = run_json(&complete()).expect("a report");
        let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert!(ok && report["ok"] == true);
        assert_eq!(report["webhook_url"], "https://chat.example.com/api/whatsapp/webhook");
        assert_eq!(report["purposes"][3]["purpose"], "going_live");
        assert!(!text.contains("canary"));
    }

    #[test]
    fn json_lists_what_makes_a_configuration_unusable() {
        let environment = [("WAYPOST_SERVER_LISTEN".to_owned(), "here".to_owned())];
        let error = Config::load(None, environment).expect_err("unusable");
        let (text, ok) = refused_json(&error).expect("a report");
        let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert!(!ok);
        assert_eq!(report["errors"][0]["key"], "server.listen");
    }
}
