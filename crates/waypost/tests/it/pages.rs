//! The pages in a real browser, driven by visible text and roles, against the demo as a new user starts it.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::browser::{Browser, Colours, Window};
use testkit::engine::{Engine, TestDatabase};
use testkit::line::Line;
use testkit::on_both_engines;
use waypost::commands::demo::{Demo, DemoOptions};

type TestResult = anyhow::Result<()>;

pub async fn demo(db: &TestDatabase) -> anyhow::Result<Demo> {
    let postgres = (db.engine() == Engine::Postgres).then(|| db.url().to_owned());
    let options = DemoOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        data: Some(db.data_dir().to_owned()),
        database_url: postgres,
        info: None,
    };
    Demo::start(options).await
}

pub async fn sign_in(browser: &Browser, demo: &Demo, base: &str) -> TestResult {
    browser.goto(&format!("{base}/app")).await?;
    browser.fill("E-mail", &demo.info.email).await?;
    browser.fill("Password", &demo.info.password).await?;
    browser.click_button("Sign in").await?;
    browser.wait_for_text("Everything this account sends and receives, newest first.").await?;
    Ok(())
}

/// Sends the sample template from the page's form.
async fn send_template(browser: &Browser, to: &str) -> TestResult {
    browser.click_link("Send a message").await?;
    browser.fill("Phone number", to).await?;
    browser.fill("Template name", "hello_world").await?;
    browser.fill("Language", "en_US").await?;
    browser.click_button("Send").await?;
    Ok(())
}

/// Waits until the newest row of the list shows this status.
async fn wait_for_newest(browser: &Browser, status: &str) -> TestResult {
    let first_row = "document.querySelector('#message-list tbody tr')";
    browser.wait_for_script(&format!("{first_row}?.textContent.includes('{status}')")).await
}

on_both_engines! {
    async fn a_message_is_watched_to_its_read_tick_without_a_reload_and_its_answer_arrives(db: TestDatabase) -> TestResult {
        let demo = demo(&db).await?;
        let line = Line::to(demo.info.base_url.trim_start_matches("http://").parse()?).await?;
        let base = format!("http://{}", line.address());
        let browser = Browser::open(Window::DESKTOP).await?.patient(Duration::from_secs(30));
        let phone = Browser::open(Window::PHONE).await?.patient(Duration::from_secs(30));
        sign_in(&browser, &demo, &base).await?;
        let loads = browser.loads().await?;
        let digits = demo.info.customer_phone.trim_start_matches('+').to_owned();

        send_template(&browser, &demo.info.customer_phone).await?;
        wait_for_newest(&browser, "Delivered").await?;
        phone.goto(&format!("{}/phone/{digits}", demo.info.simulator_url)).await?;
        phone.wait_for_text("Hello World").await?;
        wait_for_newest(&browser, "Read").await?;
        assert_eq!(browser.loads().await?, loads, "the page was loaded again");

        phone.fill("Message", "Thank you, see you at nine").await?;
        phone.click_button("Send").await?;
        browser.wait_for_text("Thank you, see you at nine").await?;
        wait_for_newest(&browser, "Received").await?;

        // The same with the event stream cut for ten seconds: the page says so, and catches up by itself.
        send_template(&browser, &demo.info.customer_phone).await?;
        wait_for_newest(&browser, "hello_world").await?;
        line.cut();
        browser.wait_for_text("Reconnecting…").await?;
        tokio::time::sleep(Duration::from_secs(10)).await;
        line.mend();
        browser.wait_for_text("Live").await?;
        wait_for_newest(&browser, "Read").await?;
        assert_eq!(browser.loads().await?, loads, "the page was loaded again");
        let errors = browser.console_errors().await?;
        let errors: Vec<&String> = errors.iter().filter(|error| !error.contains("net::ERR_")).collect();
        assert!(errors.is_empty(), "{errors:?}");
        browser.close().await?;
        phone.close().await?;
        demo.stop().await;
        Ok(())
    }
}

on_both_engines! {
    async fn a_wrong_password_and_a_wrong_number_are_said_at_their_fields(db: TestDatabase) -> TestResult {
        let demo = demo(&db).await?;
        let browser = Browser::open(Window::DESKTOP).await?;
        browser.goto(&format!("{}/app", demo.info.base_url)).await?;
        browser.fill("E-mail", &demo.info.email).await?;
        browser.fill("Password", "guess").await?;
        browser.click_button("Sign in").await?;
        browser.wait_for_text("This e-mail and password do not belong together").await?;
        sign_in(&browser, &demo, &demo.info.base_url).await?;
        send_template(&browser, "12").await?;
        browser.wait_for_script("document.querySelector('[name=to]').getAttribute('aria-invalid') === 'true'").await?;
        assert_eq!(browser.script("return document.querySelector('[name=template]').value").await?, "hello_world");
        browser.close().await?;
        demo.stop().await;
        Ok(())
    }
}

/// Delivers an event about the demo's business account.
async fn tell(demo: &Demo, field: &str, value: Value) -> TestResult {
    let changes = json!([{"field": field, "value": value}]);
    let entry = json!([{"id": demo.info.waba_id, "time": 1_795_168_800, "changes": changes}]);
    let body = json!({"object": "whatsapp_business_account", "entry": entry}).to_string();
    let control = format!("{}/_control/raw_callback", demo.info.simulator_url);
    let answer = testkit::http::client().post(control).json(&json!({"body": body})).send().await?;
    assert_eq!(answer.status().as_u16(), 200);
    Ok(())
}

on_both_engines! {
    async fn number_events_appear_without_a_reload_and_what_is_read_stays_open(db: TestDatabase) -> TestResult {
        let demo = demo(&db).await?;
        let browser = Browser::open(Window::DESKTOP).await?.patient(Duration::from_secs(30));
        sign_in(&browser, &demo, &demo.info.base_url).await?;
        browser.goto(&format!("{}/app/accounts/{}/account-events", demo.info.base_url, demo.info.account_id)).await?;
        browser.wait_for_text("Nothing was reported yet").await?;
        let loads = browser.loads().await?;
        tell(&demo, "account_review_update", json!({"decision": "REJECTED"})).await?;
        browser.wait_for_text("The business account did not pass its review.").await?;
        browser.script("document.querySelector('#live-view details summary').click()").await?;
        browser.wait_for_text("account_review_update").await?;
        tell(&demo, "account_update", json!({"event": "AD_ACCOUNT_LINKED"})).await?;
        browser.wait_for_text("An advertising account was linked.").await?;
        browser.wait_for_script("document.querySelectorAll('#live-view details[open]').length === 1").await?;
        browser.choose("Severity", "Urgent").await?;
        browser.wait_for_text_gone("An advertising account was linked.").await?;
        assert!(browser.address().await?.query().is_some_and(|query| query.contains("severity=critical")));
        assert_eq!(browser.loads().await?, loads, "the page was loaded again");
        assert!(browser.console_errors().await?.is_empty());
        browser.close().await?;
        demo.stop().await;
        Ok(())
    }
}

/// Writes pictures to look at where `WAYPOST_TEST_SCREENS` names a folder; always checks that no width overflows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_fit_three_widths_in_both_colours() -> TestResult {
    let Some(db) = TestDatabase::create(Engine::Sqlite).await else { return Ok(()) };
    let demo = demo(&db).await?;
    let folder = std::env::var_os("WAYPOST_TEST_SCREENS").map(PathBuf::from);
    let browser = Browser::open(Window::DESKTOP).await?;
    sign_in(&browser, &demo, &demo.info.base_url).await?;
    let list = format!("{}/app/accounts/{}/messages", demo.info.base_url, demo.info.account_id);
    browser.wait_for_text("Delivered").await?;
    let phone = format!("{}/phone/972545550128", demo.info.simulator_url);
    let pages = [
        ("messages", list.clone()),
        ("compose", format!("{list}?compose=1")),
        ("message", format!("{list}/1")),
        ("scheduled", list.replace("/messages", "/scheduled")),
        ("senders", list.replace("/messages", "/senders")),
        ("account-events", list.replace("/messages", "/account-events")),
        ("templates", list.replace("/messages", "/templates")),
        ("template", list.replace("/messages", "/templates/order_update")),
        ("scheduled-message", format!("{list}/3")),
        ("reschedule", format!("{list}/3/reschedule")),
        ("cancel", format!("{list}/3/cancel")),
        ("callbacks", format!("{}/installation/callbacks", demo.info.base_url)),
        ("phone", phone),
    ];
    for (name, address) in pages {
        for colours in [Colours::Light, Colours::Dark] {
            browser.set_colours(colours).await?;
            for width in [1440, 1024, 390] {
                browser.resize(Window { width, height: 900 }).await?;
                browser.goto(&address).await?;
                let overflow = "return document.documentElement.scrollWidth > document.documentElement.clientWidth";
                assert_eq!(browser.script(overflow).await?, false, "{name} at {width} px scrolls sideways");
                browser.wait_for_script("document.getAnimations().every((a) => a.playState !== 'running')").await?;
                if let Some(folder) = &folder {
                    browser.screenshot(&folder.join(format!("{name}-{width}-{colours:?}.png").to_lowercase())).await?;
                }
            }
        }
    }
    browser.close().await?;
    demo.stop().await;
    Ok(())
}
