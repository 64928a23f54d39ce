//! Every kind of message that a customer's phone can make, made there with a browser, and read on our pages with another.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use testkit::browser::{Browser, Window};
use testkit::engine::TestDatabase;
use testkit::on_both_engines;
use waypost::commands::demo::Demo;

use crate::pages::{demo, sign_in};

type TestResult = anyhow::Result<()>;

/// Nobody has heard of this number before.
const CUSTOMER: &str = "972545550177";
const NEW_NUMBER: &str = "+972545550188";

/// The phone of a customer, and the list of messages beside it.
struct Desk<'a> {
    demo: &'a Demo,
    http: reqwest::Client,
    list: Browser,
    phone: Browser,
}

/// What the list says of a message, and what its own page says and holds.
struct Seen {
    row: &'static [&'static str],
    page: &'static [&'static str],
    holds: &'static str,
}

const fn seen(row: &'static [&'static str], page: &'static [&'static str], holds: &'static str) -> Seen {
    Seen { row, page, holds }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A script's value: the rows of the list that say all of this.
fn rows_with(words: &[&str]) -> String {
    let all = Value::from(words.iter().map(|word| Value::from(*word)).collect::<Vec<_>>());
    format!(
        "[...document.querySelectorAll('#message-rows tr')].filter((row) => \
         {all}.every((word) => row.textContent.replace(/\\s+/g, ' ').includes(word)))"
    )
}

impl Desk<'_> {
    /// The business sends something by the API; done when the phone shows `words`.
    async fn send(&self, message: Value, words: &str) -> TestResult {
        let mut body = message;
        body["sender_id"] = json!(self.demo.info.sender_id);
        body["to"] = json!(format!("+{CUSTOMER}"));
        let url = format!("{}/v1/messages", self.demo.info.base_url);
        let response = self.http.post(url).bearer_auth(&self.demo.info.access_token).json(&body).send().await?;
        let (status, answer) = (response.status(), response.text().await?);
        ensure!(status == 202, "{status} {answer} for {body}");
        self.phone.wait_for_text(words).await?;
        Ok(())
    }

    async fn interactive(&self, interactive: Value) -> TestResult {
        let words = interactive["body"]["text"].as_str().unwrap_or_default().to_owned();
        self.send(json!({"type": "interactive", "interactive": interactive}), &words).await
    }

    /// Waits until the list shows it.
    async fn listed(&self, words: &[&str]) -> TestResult {
        self.list.wait_for_script(&format!("{}.length === 1", rows_with(words))).await
    }

    /// Opens the panel beside the field and clicks one of its signs.
    async fn attach(&self, button: &str) -> TestResult {
        self.phone.click_button("Attach").await?;
        self.phone.click_button(button).await
    }

    /// Opens a form of the panel, and sends it as it stands there.
    async fn attach_form(&self, item: &str, button: &str) -> TestResult {
        self.phone.click_button("Attach").await?;
        self.phone.click_button(item).await?;
        self.phone.click_button(button).await
    }

    /// Unfolds a button of a message, and clicks what is in it.
    async fn unfold(&self, button: &str, inner: &str) -> TestResult {
        self.phone.click_button(button).await?;
        self.phone.click_button(inner).await
    }

    /// Opens the menu of the bubble that says this.
    async fn menu_of(&self, words: &str) -> TestResult {
        let bubble = format!(
            "[...document.querySelectorAll('article.bubble')].find((one) => one.textContent.includes({}))",
            quoted(words)
        );
        self.phone.wait_for_script(&bubble).await?;
        self.phone.script(&format!("{bubble}.querySelector('details.more').open = true")).await?;
        Ok(())
    }

    async fn write(&self, words: &str) -> TestResult {
        self.phone.fill("Message", words).await?;
        self.phone.click_button("Send").await
    }

    /// The address of the oldest message whose row says this.
    async fn page_of(&self, words: &[&str]) -> anyhow::Result<String> {
        let href = format!("return {}.at(-1)?.querySelector('a').href", rows_with(words));
        let found = self.list.script(&href).await?;
        found.as_str().map(str::to_owned).with_context(|| format!("no row says {words:?}"))
    }
}

/// What people write without having been asked.
async fn by_themselves(desk: &Desk<'_>) -> TestResult {
    desk.attach("Open the chat for the first time").await?;
    desk.listed(&["Opened the chat"]).await?;
    desk.write("*Good* morning").await?;
    desk.listed(&["Good* morning"]).await?;
    desk.attach("Send a picture").await?;
    desk.listed(&["Received", "Picture"]).await?;
    desk.attach("Send a video").await?;
    desk.listed(&["Received", "Video"]).await?;
    desk.attach("Send a voice note").await?;
    desk.listed(&["Received", "Voice or sound"]).await?;
    desk.attach("Send a document").await?;
    desk.listed(&["Received", "Document"]).await?;
    desk.attach("Send a sticker").await?;
    desk.listed(&["Received", "Sticker"]).await?;
    desk.attach("Send a poll, which the business cannot see").await?;
    desk.listed(&["A kind WhatsApp does not pass on"]).await?;
    desk.attach_form("Location", "Send location").await?;
    desk.listed(&["Louis Promenade", "Place"]).await?;
    desk.attach_form("Contact", "Send contact").await?;
    desk.listed(&["Daniel Azoulay", "Contact card"]).await?;
    desk.attach_form("Forwarded message", "Send forwarded").await?;
    desk.listed(&["Their breakfast is said to be wonderful."]).await?;
    desk.attach_form("Tap an advertisement, then write", "Write from the advertisement").await?;
    desk.listed(&["Hello! Can I get more info on this?"]).await
}

/// What the business sends, and what is tapped in it.
async fn by_tapping(desk: &Desk<'_>) -> TestResult {
    let parameters = |words: &[&str]| words.iter().map(|word| json!({"type": "text", "text": word})).collect::<Value>();
    let components = json!([{"type": "header", "parameters": parameters(&["Monday"])},
        {"type": "body", "parameters": parameters(&["Ana", "10:30"])},
        {"type": "button", "sub_type": "quick_reply", "index": 0,
            "parameters": [{"type": "payload", "payload": "YES-77"}]}]);
    let template = json!({"name": "appointment_reminder", "language": {"code": "en"}, "components": components});
    desk.send(json!({"type": "template", "template": template}), "we expect you at 10:30").await?;
    desk.phone.click_button("Confirm").await?;
    desk.listed(&["Confirm", "Tapped a button"]).await?;

    let body = |text: &str| json!({"text": text});
    desk.interactive(json!({"type": "button", "body": body("Breakfast tomorrow?"), "action": {"buttons": [
        {"type": "reply", "reply": {"id": "yes", "title": "Yes, please"}},
        {"type": "reply", "reply": {"id": "no", "title": "Not this time"}}]}}))
        .await?;
    desk.phone.click_button("Yes, please").await?;
    desk.listed(&["Yes, please", "Tapped a button"]).await?;

    desk.interactive(json!({"type": "list", "body": body("What can we bring?"), "action": {"button": "Room service",
        "sections": [{"title": "Bath", "rows": [{"id": "towels-2", "title": "Two towels"}]}]}}))
        .await?;
    desk.unfold("Room service", "Two towels").await?;
    desk.listed(&["Two towels", "Chose from a list"]).await?;

    desk.interactive(json!({"type": "flow", "body": body("A few questions"), "action": {"name": "flow", "parameters":
        {"flow_message_version": "3", "flow_id": "1063200000000001", "flow_cta": "Begin check-in",
            "flow_action": "navigate", "flow_action_payload": {"screen": "WELCOME"}}}}))
        .await?;
    desk.phone.click_button("Begin check-in").await?;
    desk.phone.fill("Answers, as JSON", r#"{"guests": 2, "view": "sea"}"#).await?;
    desk.phone.click_button("Complete").await?;
    desk.listed(&["Filled in a form"]).await?;

    desk.interactive(json!({"type": "location_request_message", "body": body("Where shall we fetch you?"),
        "action": {"name": "send_location"}}))
        .await?;
    desk.phone.click_button("Send location").await?;
    desk.phone.fill("Name of the place", "Dado Beach").await?;
    desk.phone.click_button("Send this place").await?;
    desk.listed(&["Dado Beach", "Place"]).await?;

    desk.interactive(json!({"type": "product", "body": body("Our honey"),
        "action": {"catalog_id": "194836987003835", "product_retailer_id": "honey-1"}}))
        .await?;
    desk.phone.click_button("View product").await?;
    desk.phone.fill("A note to the order", "Two jars if you can").await?;
    desk.phone.click_button("Send order").await?;
    desk.listed(&["Two jars if you can", "Order"]).await
}

/// What is about a message that is there already.
async fn about_others(desk: &Desk<'_>) -> TestResult {
    desk.menu_of("Breakfast tomorrow?").await?;
    desk.phone.click_link("Reply").await?;
    desk.write("At eight").await?;
    desk.listed(&["At eight"]).await?;

    desk.menu_of("What can we bring?").await?;
    desk.phone.click_button("React with 👍").await?;
    desk.listed(&["👍", "Reaction"]).await?;

    desk.menu_of("At eight").await?;
    desk.phone.fill("New words", "At half past eight").await?;
    desk.phone.click_button("Change").await?;
    desk.listed(&["At half past eight", "Changed an earlier message"]).await?;
    desk.list.wait_for_script(&format!("{}.length === 2", rows_with(&["At half past eight"]))).await?;

    desk.write("Wrong chat, sorry").await?;
    desk.listed(&["Wrong chat, sorry"]).await?;
    desk.menu_of("Wrong chat, sorry").await?;
    desk.phone.click_button("Delete for everyone").await?;
    desk.listed(&["Deleted by the sender"]).await?;
    desk.listed(&["Deleted an earlier message"]).await?;
    let words = "return document.querySelector('#message-rows').textContent.includes('Wrong chat, sorry')";
    assert_eq!(desk.list.script(words).await?, false, "what was deleted is still in the list");
    Ok(())
}

const SEEN: &[Seen] = &[
    seen(&["Opened the chat"], &["Opened the chat for the first time"], ".happened"),
    seen(&["Good* morning"], &["Good morning"], ".said strong"),
    seen(&["Received", "Picture"], &[], "a.picture[href*='/media/wpm_'] > img"),
    seen(&["Received", "Video"], &["Video", "MP4"], "video[controls][src*='/media/wpm_']"),
    seen(&["Received", "Voice or sound"], &["Voice message"], "audio[controls][src*='/media/wpm_']"),
    seen(&["Received", "Document"], &[".pdf", "PDF"], "a.file[href*='/media/wpm_']"),
    seen(&["Received", "Sticker"], &[], ".sticker[href*='/media/wpm_'] > img"),
    seen(&["A kind WhatsApp does not pass on"], &["does not pass on to businesses", "WhatsApp says"], ".happened"),
    seen(&["Louis Promenade"], &["Yefe Nof St, Haifa", "32.8191, 34.9983"], "a[rel~=noopener][href*=openstreetmap]"),
    seen(&["Daniel Azoulay"], &["Daniel Azoulay", "DA", "52"], ".card-of .avatar"),
    seen(&["Their breakfast"], &["Forwarded", "said to be wonderful"], ".what"),
    seen(
        &["Can I get more info"],
        &["From an advertisement", "A weekend on the Carmel", "Two nights"],
        ".ad a[rel~=noopener][href='https://fb.me/2QZkXyExample']",
    ),
    seen(
        &["appointment_reminder"],
        &["Template appointment_reminder, en", "Monday", "{{1}}", "Ana", "10:30", "YES-77", "Quick reply"],
        ".buttons",
    ),
    seen(
        &["Confirm", "Tapped a button"],
        &["Tapped a quick reply", "Confirm", "YES-77", "appointment_reminder"],
        "a.quote",
    ),
    seen(&["Breakfast tomorrow?"], &["Yes, please", "Not this time", "answers with yes"], ".buttons"),
    seen(
        &["Yes, please", "Tapped a button"],
        &["In answer to", "Breakfast tomorrow?", "Answers with", "yes"],
        "a.quote",
    ),
    seen(&["What can we bring?"], &["Room service", "👍"], ".menu-of"),
    seen(&["Two towels"], &["Chose from the list", "towels-2", "What can we bring?"], "a.quote"),
    seen(&["A few questions"], &["Begin check-in", "1063200000000001"], ".buttons"),
    seen(&["Filled in a form"], &["guests", "2", "view", "sea", "A few questions"], ".told"),
    seen(&["Where shall we fetch you?"], &["Send location"], ".buttons"),
    seen(&["Dado Beach"], &["Dado Beach", "Where shall we fetch you?"], ".place"),
    seen(&["Our honey"], &["Product", "honey-1"], ".told"),
    seen(&["Two jars"], &["Ordered from the catalogue", "honey-1", "1 × 25.00 USD", "Together 25.00 USD"], ".total"),
    seen(&["At half past eight"], &["At half past eight", "Breakfast tomorrow?", "Edited"], "a.quote"),
    seen(
        &["At half past eight", "Changed an earlier message"],
        &["Changed an earlier message; it says now", "At half past eight"],
        "a.quote",
    ),
    seen(&["Deleted an earlier message"], &["for everyone", "A message that was deleted"], "a.quote"),
    seen(&["👍", "Reaction"], &["Reaction to", "What can we bring?", "👍"], ".emoji-alone"),
    seen(&["Deleted by the sender"], &["This message was deleted by whoever wrote it"], ".bubble.deleted"),
];

/// Opens the page of each message; none scrolls sideways, however narrow.
async fn check_pages(desk: &Desk<'_>, reader: &Browser) -> TestResult {
    for Seen { row, page, holds } in SEEN {
        reader.goto(&desk.page_of(row).await?).await?;
        let text = "document.querySelector('.bubble').innerText.replace(/\\s+/g, ' ')";
        for words in *page {
            let says = reader.script(&format!("return {text}.includes({})", quoted(words))).await?;
            assert_eq!(says, true, "{row:?} lacks {words}: {}", reader.script(&format!("return {text}")).await?);
        }
        let there = format!("document.querySelector({}) !== null", quoted(&format!(".bubble {holds}, {holds}.bubble")));
        assert_eq!(reader.script(&format!("return {there}")).await?, true, "{row:?} has no {holds}");
        // Pictures are there when they have a size, films and sounds when they say how long they are.
        reader
            .wait_for_script("[...document.querySelectorAll('.bubble img')].every((one) => one.naturalWidth > 0)")
            .await?;
        for width in [1440, 1024, 390] {
            reader.resize(Window { width, height: 844 }).await?;
            let overflow = "return document.documentElement.scrollWidth > document.documentElement.clientWidth";
            assert_eq!(reader.script(overflow).await?, false, "{row:?} scrolls sideways at {width} px");
        }
    }
    Ok(())
}

/// A reaction taken back is gone from its message, and a new number is told of.
async fn last_things(desk: &Desk<'_>, reader: &Browser) -> TestResult {
    reader.goto(&desk.page_of(&["What can we bring?"]).await?).await?;
    reader.wait_for_script("document.querySelector('.reactions-of') !== null").await?;
    let loads = reader.loads().await?;
    desk.menu_of("What can we bring?").await?;
    desk.phone.click_button("Take back").await?;
    desk.list.wait_for_script(&format!("{}.length === 2", rows_with(&["Received", "Reaction"]))).await?;
    reader.wait_for_script("document.querySelector('.reactions-of') === null").await?;
    assert_eq!(reader.loads().await?, loads, "the page was loaded again");

    if let Some(folder) = std::env::var_os("WAYPOST_TEST_SCREENS").map(PathBuf::from) {
        desk.phone.screenshot(&folder.join("phone-kinds.png")).await?;
        desk.list.screenshot(&folder.join("list-kinds.png")).await?;
    }
    desk.phone.click_button("Attach").await?;
    desk.phone.click_button("Change my number").await?;
    desk.phone.fill("New number", NEW_NUMBER).await?;
    desk.phone.click_button("Change number").await?;
    desk.listed(&["Notice of WhatsApp"]).await?;
    reader.goto(&desk.page_of(&["Notice of WhatsApp"]).await?).await?;
    reader.wait_for_text("From now on").await?;
    reader.wait_for_text("+972 54-555-0188").await?;
    Ok(())
}

on_both_engines! {
    async fn every_kind_that_a_phone_makes_is_seen_in_the_list_and_on_its_page(db: TestDatabase) -> TestResult {
        let demo = demo(&db).await?;
        let patience = Duration::from_secs(20);
        let list = Browser::open(Window { width: 1280, height: 2400 }).await?.patient(patience);
        let phone = Browser::open(Window { width: 1200, height: 1000 }).await?.patient(patience);
        sign_in(&list, &demo, &demo.info.base_url).await?;
        phone.goto(&format!("{}/phone/{CUSTOMER}", demo.info.simulator_url)).await?;
        let desk = Desk { demo: &demo, http: testkit::http::client(), list, phone };
        let loads = desk.list.loads().await?;
        by_themselves(&desk).await?;
        by_tapping(&desk).await?;
        about_others(&desk).await?;
        assert_eq!(desk.list.loads().await?, loads, "the list was loaded again");

        let reader = Browser::open(Window::DESKTOP).await?.patient(patience);
        sign_in(&reader, &demo, &demo.info.base_url).await?;
        reader.resize(Window::PHONE).await?;
        check_pages(&desk, &reader).await?;
        last_things(&desk, &reader).await?;
        for (name, browser) in [("list", &desk.list), ("page", &reader)] {
            assert_eq!(browser.console_errors().await?, Vec::<String>::new(), "{name}");
        }
        let Desk { list, phone, .. } = desk;
        for browser in [list, phone, reader] {
            browser.close().await?;
        }
        demo.stop().await;
        Ok(())
    }
}
