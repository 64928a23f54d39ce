//! Sign-in and the pages' rights, without a browser.

use reqwest::{Client, Response, StatusCode, redirect};
use testkit::engine::TestDatabase;
use testkit::on_both_engines;

use crate::support::TestApp;

pub const EMAIL: &str = "noa@carmelview.example";

pub struct Visitor {
    http: Client,
    base: String,
    cookie: Option<String>,
}

impl Visitor {
    pub fn new(app: &TestApp) -> Self {
        #[expect(clippy::disallowed_methods, reason = "a client that follows no redirect, to see where they lead")]
        let http = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        Self { http, base: app.url(""), cookie: None }
    }

    pub async fn get(&self, path: &str) -> Response {
        let mut request = self.http.get(format!("{}{path}", self.base));
        if let Some(cookie) = &self.cookie {
            request = request.header("Cookie", cookie);
        }
        request.send().await.unwrap()
    }

    pub async fn post(&self, path: &str, form: &str, site: &str) -> Response {
        let mut request = self.http.post(format!("{}{path}", self.base)).header("Sec-Fetch-Site", site);
        if let Some(cookie) = &self.cookie {
            request = request.header("Cookie", cookie);
        }
        let request = request.header("Content-Type", "application/x-www-form-urlencoded").body(form.to_owned());
        request.send().await.unwrap()
    }

    pub async fn sign_in(&mut self, email: &str, password: &str) -> Response {
        let form = format!("email={email}&password={password}&next=");
        let response = self.post("/app/sign-in", &form, "same-origin").await;
        if let Some(cookie) = response.headers().get("set-cookie") {
            self.cookie = cookie.to_str().unwrap().split(';').next().map(ToOwned::to_owned);
        }
        response
    }
}

/// The cookie of a signed-in browser.
pub async fn signed_in(app: &TestApp) -> String {
    let mut visitor = Visitor::new(app);
    visitor.sign_in(EMAIL, &app.made.password).await;
    visitor.cookie.unwrap()
}

on_both_engines! {
    async fn a_session_begins_is_kept_from_other_sites_and_ends(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let mut visitor = Visitor::new(&app);
        let messages = format!("/app/accounts/{}/messages", app.made.account);
        let door = visitor.get(&messages).await;
        assert_eq!(door.status(), StatusCode::SEE_OTHER);
        assert!(door.headers()["location"].to_str().unwrap().starts_with("/app/sign-in"));

        let refused = visitor.sign_in(EMAIL, "guess").await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.headers().get("set-cookie").is_none());
        let opened = visitor.sign_in(EMAIL, &app.made.password).await;
        assert_eq!(opened.status(), StatusCode::SEE_OTHER);
        let cookie = opened.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");

        let page = visitor.get(&messages).await;
        assert_eq!(page.status(), StatusCode::OK);
        assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'self'"));
        assert_eq!(visitor.get("/app/accounts/999/messages").await.status(), StatusCode::NOT_FOUND);

        let forged = visitor.post(&messages, "kind=text&to=%2B919876543210&text=hi", "cross-site").await;
        assert_eq!(forged.status(), StatusCode::FORBIDDEN);
        assert!(app.list("").await.is_empty());

        assert_eq!(visitor.post("/app/sign-out", "", "same-origin").await.status(), StatusCode::SEE_OTHER);
        assert_eq!(visitor.get(&messages).await.status(), StatusCode::SEE_OTHER);
        app.stop().await;
    }
}

on_both_engines! {
    async fn callbacks_set_aside_are_shown_to_super_admins_only(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let raw = simulator::RawCallback { body: "<not json>".to_owned(), signature: simulator::SignatureChoice::Correct };
        app.simulator.control().raw_callback(raw).await.unwrap();
        app.wait("the body to be set aside", async || (!app.odd_callbacks().await.is_empty()).then_some(())).await;

        let mut visitor = Visitor::new(&app);
        assert_eq!(visitor.get("/installation/callbacks").await.status(), StatusCode::SEE_OTHER);
        visitor.sign_in(EMAIL, &app.made.password).await;
        let page = visitor.get("/installation/callbacks").await;
        assert_eq!(page.status(), StatusCode::OK);
        let page = page.text().await.unwrap();
        assert!(page.contains("&#60;not json&#62;") || page.contains("&lt;not json&gt;"), "{page}");

        let password = second_user(&app).await;
        visitor.sign_in("agent@carmelview.example", &password).await;
        assert_eq!(visitor.get("/installation/callbacks").await.status(), StatusCode::NOT_FOUND);
        app.stop().await;
    }
}

/// An agent of the account; answers their password.
async fn second_user(app: &TestApp) -> String {
    use domain::clock::Clock;
    let now = app.clock.now();
    let hash = web::auth::hash_password("hunter42").unwrap();
    let mut tx = app.app.core().store.begin().await.unwrap();
    let mut conn = tx.conn();
    let new = ("agent@carmelview.example", "Agent");
    let user = store::account::insert_user(&mut conn, new, &hash, false, now).await.unwrap().unwrap();
    store::account::join(&mut conn, app.made.account, user, domain::scope::Role::Agent, now).await.unwrap();
    tx.commit().await.unwrap();
    "hunter42".to_owned()
}
