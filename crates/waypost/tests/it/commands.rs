//! The binary as an operator runs it.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::engine::{Engine, TestDatabase};

fn waypost() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waypost"));
    command.env_clear().stdin(Stdio::null());
    command
}

#[test]
fn check_config_says_what_is_set_from_where_and_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let run = |pairs: &[(&str, &str)]| {
        let output =
            waypost().current_dir(folder.path()).arg("check-config").envs(pairs.iter().copied()).output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let (ok, report) = run(&[("WHATSAPP_ACCESS_TOKEN", "EAAsecretsecretsecretsecret")]);
    assert!(!ok, "a token without a number cannot send");
    assert!(report.contains("WHATSAPP_PHONE_NUMBER_ID"), "{report}");
    assert!(!report.contains("secretsecretsecret"), "{report}");
    let whole = [
        ("WHATSAPP_ACCESS_TOKEN", "EAAsecretsecretsecretsecret"),
        ("WHATSAPP_PHONE_NUMBER_ID", "106540352242922"),
        ("WHATSAPP_BUSINESS_ACCOUNT_ID", "102290129340398"),
        ("WHATSAPP_GRAPH_API_VERSION", "v25.0"),
        ("WHATSAPP_WEBHOOK_VERIFY_TOKEN", "agreed"),
        ("WHATSAPP_APP_SECRET", "0123456789abcdef0123456789abcdef"),
        ("WAYPOST_SERVER_PUBLIC_URL", "https://waypost.example"),
    ];
    let (ok, report) = run(&whole);
    assert!(ok, "{report}");
    assert!(report.contains("https://waypost.example/api/whatsapp/webhook"), "{report}");
    let (ok, report) = run(&[("WAYPOST_SERVER_LISTN", "127.0.0.1:1")]);
    assert!(!ok);
    assert!(report.contains("WAYPOST_SERVER_LISTEN"), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_tells_scripts_where_it_is_and_keeps_its_data() {
    for engine in Engine::ALL {
        let Some(db) = TestDatabase::create(engine).await else { continue };
        let info_file = db.path("info.json");
        for start in 0..2 {
            let mut command = waypost();
            command.args(["demo", "--listen", "127.0.0.1:0", "--data"]).arg(db.data_dir());
            command.arg("--info").arg(&info_file).stdout(Stdio::null()).stderr(Stdio::null());
            if engine == Engine::Postgres {
                command.args(["--database-url", db.url()]);
            }
            let mut demo = Stopped(command.spawn().unwrap());
            let started = Instant::now();
            while !info_file.exists() {
                assert!(started.elapsed() < Duration::from_secs(30), "the demo did not start");
                assert!(demo.0.try_wait().unwrap().is_none(), "the demo ended");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let info: Value = serde_json::from_slice(&std::fs::read(&info_file).unwrap()).unwrap();
            for name in [
                "base_url",
                "email",
                "password",
                "access_token",
                "account_id",
                "sender_id",
                "sender_phone",
                "webhook_url",
                "app_secret",
                "verify_token",
                "phone_number_id",
                "waba_id",
                "simulator_url",
                "customer_phone",
            ] {
                assert!(!info[name].is_null(), "{name}: {info}");
            }
            let list = format!("{}/v1/messages", info["base_url"].as_str().unwrap());
            let token = info["access_token"].as_str().unwrap();
            let found: Value =
                testkit::http::client().get(list).bearer_auth(token).send().await.unwrap().json().await.unwrap();
            let count = found["data"].as_array().unwrap().len();
            assert!(count >= 2, "{engine}, start {start}: {found}");
            demo.stop();
            std::fs::remove_file(&info_file).unwrap();
        }
    }
}

struct Stopped(std::process::Child);

impl Stopped {
    /// As a person would stop it; it must end by itself and soon.
    fn stop(&mut self) {
        let stopped = Command::new("kill").arg(self.0.id().to_string()).status().unwrap();
        assert!(stopped.success());
        let started = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                assert!(status.success(), "{status}");
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "the demo does not stop");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}
