//! The browser finds what is visible, and is cut off and connected again.

use std::time::Duration;

use anyhow::Result;
use testkit::browser::{Browser, Colours, Window};
use testkit::line::Line;

use crate::page::Site;

#[tokio::test]
async fn a_form_is_used_by_its_labels() -> Result<()> {
    let site = Site::start().await;
    let browser = Browser::open(Window::DESKTOP).await?;
    browser.goto(&site.address).await?;
    browser.fill("Phone number", "+919876543210").await?;
    browser.fill("Ana's message", "On its way").await?;
    browser.choose("Language", "Hindi").await?;
    browser.role("heading", "Inbox").await?;
    assert_eq!(browser.loads().await?, 1);

    browser.click_button("Send").await?;
    browser.wait_for_text("Sent to +919876543210").await?;
    assert_eq!(browser.loads().await?, 1);

    browser.click_link("Next page").await?;
    browser.wait_for_script("location.pathname === '/other'").await?;
    browser.reload().await?;
    assert_eq!(browser.loads().await?, 3);
    browser.close().await
}

#[tokio::test]
async fn only_what_is_visible_counts() -> Result<()> {
    let site = Site::start().await;
    let browser = Browser::open(Window::DESKTOP).await?.patient(Duration::from_millis(200));
    browser.goto(&site.address).await?;
    assert!(browser.text_visible("Hello there, you").await?);
    assert!(!browser.text_visible("Nobody sees this").await?);

    let error = browser.button("Delete").await.unwrap_err().to_string();
    assert!(error.contains("no visible button “Delete”") && error.contains("Hello there, you"), "{error}");
    assert_eq!(browser.console_errors().await?, Vec::<String>::new());
    browser.script("console.error('broken')").await?;
    assert!(browser.console_errors().await?[0].contains("broken"));
    browser.close().await
}

#[tokio::test]
async fn size_and_colours_are_as_asked() -> Result<()> {
    let site = Site::start().await;
    let browser = Browser::open(Window::PHONE).await?;
    browser.goto(&site.address).await?;
    assert_eq!(browser.script("return [innerWidth, innerHeight]").await?, serde_json::json!([390, 844]));
    browser.wait_for_text("It is day").await?;

    browser.set_colours(Colours::Dark).await?;
    browser.wait_for_text("It is night").await?;
    browser.reload().await?;
    browser.wait_for_text("It is night").await?;
    browser.wait_for_text_gone("It is day").await?;

    let folder = tempfile::tempdir()?;
    let file = folder.path().join("shots/phone.png");
    browser.screenshot(&file).await?;
    assert!(std::fs::read(&file)?.starts_with(b"\x89PNG"));
    browser.close().await
}

#[tokio::test]
async fn offline_nothing_is_fetched() -> Result<()> {
    let site = Site::start().await;
    let browser = Browser::open(Window::DESKTOP).await?;
    browser.goto(&site.address).await?;
    let fetch = "return fetch('/other').then(answer => answer.status, () => 'failed')";
    browser.set_offline(true).await?;
    assert_eq!(browser.script(fetch).await?, "failed");
    browser.set_offline(false).await?;
    assert_eq!(browser.script(fetch).await?, 200);
    browser.close().await
}

#[tokio::test]
async fn a_cut_stream_comes_back_without_a_reload() -> Result<()> {
    let site = Site::start().await;
    let line = Line::to(site.socket).await?;
    let browser = Browser::open(Window::DESKTOP).await?;
    browser.goto(&format!("http://{}/", line.address())).await?;
    browser.wait_for_text("Connected").await?;
    line.cut();
    browser.wait_for_text("Connection lost").await?;
    line.mend();
    browser.wait_for_text("Connected").await?;
    assert_eq!(browser.loads().await?, 1);
    browser.close().await
}

#[tokio::test]
async fn a_failing_test_leaves_no_browser() -> Result<()> {
    let profile = {
        let browser = Browser::open(Window::DESKTOP).await?;
        browser.goto("about:blank").await?;
        browser.profile().to_owned()
    };
    assert!(!profile.exists());
    Ok(())
}

#[tokio::test]
async fn the_browser_stays_on_this_machine() -> Result<()> {
    let browser = Browser::open(Window::DESKTOP).await?;
    let error = browser.goto("http://example.com/").await.unwrap_err();
    assert!(format!("{error:#}").contains("ERR_NAME_NOT_RESOLVED"), "{error:#}");
    browser.close().await
}
