//! The door: signing in and out.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use askama::Template;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{ConnectInfo, Extension, RawQuery, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use domain::scope::Actor;
use http::header::{HOST, SET_COOKIE, USER_AGENT};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use store::StoreError;
use store::access::{self, SignedIn};
use store::account::User;
use store::audit::{self, Entry};

use super::error::PageError;
use super::tries;
use crate::auth::{self, SESSION_COOKIE};
use crate::catalogue::FALLBACK;
use crate::state::Web;
use crate::views::compose::Field;
use crate::views::shell::Document;
use crate::views::sign_in::{DemoLogin, SignInPage, SignInProblem};

const SESSION_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Longer than any address or password; hashing much more would only cost time.
const FIELD_CHARS_MAX: usize = 512;
const USER_AGENT_CHARS_MAX: usize = 255;
const HOME: &str = "/app";
const DOOR: &str = "/app/sign-in";

/// Where the connection comes from; unknown in tests without one.
type Client = Option<Extension<ConnectInfo<SocketAddr>>>;

fn address_of(client: Client) -> Option<IpAddr> {
    client.map(|Extension(ConnectInfo(address))| address.ip())
}

/// `GET /app/sign-in`
pub(super) async fn show(
    State(web): State<Web>,
    jar: CookieJar,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let query = query.unwrap_or_default();
    let next = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "next");
    let next = next.map(|(_, value)| value.into_owned()).unwrap_or_default();
    if auth::session(&web, &jar).await?.is_some() {
        return Ok(Redirect::to(local_path(&next)).into_response());
    }
    let mut page = page(&web, &headers, &next);
    if jar.get(SESSION_COOKIE).is_some() {
        page.say_ended();
    }
    Ok(Html(page.render()?).into_response())
}

fn page(web: &Web, headers: &HeaderMap, next: &str) -> SignInPage {
    let public = web.settings.public_url.as_deref().and_then(|url| url.split_once("://"));
    let host = public.map(|(_, host)| host.trim_end_matches('/'));
    let host = host.or_else(|| headers.get(HOST).and_then(|host| host.to_str().ok())).unwrap_or_default();
    // Of a way back that is none of ours nothing is kept.
    let next = Some(local_path(next)).filter(|next| *next != HOME).unwrap_or_default();
    let mut page = SignInPage::new(Document::new(FALLBACK), host.to_owned(), next.to_owned());
    let demo = web.settings.demo_login.as_ref();
    page.demo = demo.map(|demo| DemoLogin { email: demo.email.clone(), password: demo.password.clone() });
    page
}

/// The fields of the form.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SignInForm {
    email: String,
    password: String,
    next: String,
}

/// `POST /app/sign-in`
pub(super) async fn submit(
    State(web): State<Web>,
    client: Client,
    headers: HeaderMap,
    form: Result<Form<SignInForm>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(form) = form.map_err(|rejection| PageError::Unreadable(rejection.status()))?;
    let client = address_of(client);
    let refused = match problems(&form) {
        problems if !problems.is_empty() => problems,
        _ => match user_of(&web, &form, client).await? {
            Ok(user) => {
                let secret = open_session(&web, &user, client, &headers).await?;
                let cookie = session_cookie(&web, &secret, SESSION_LIFETIME);
                return Ok(([(SET_COOKIE, cookie)], Redirect::to(local_path(&form.next))).into_response());
            }
            Err(problem) => vec![problem],
        },
    };
    let mut page = page(&web, &headers, &form.next);
    page.email = Field::new(form.email);
    for problem in refused {
        page.refuse(problem);
    }
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.render()?)).into_response())
}

fn problems(form: &SignInForm) -> Vec<SignInProblem> {
    let mut problems = Vec::new();
    if form.email.trim().is_empty() {
        problems.push(SignInProblem::EmailMissing);
    }
    if form.password.is_empty() {
        problems.push(SignInProblem::PasswordMissing);
    }
    if problems.is_empty() && [&form.email, &form.password].iter().any(|text| is_impossible(text)) {
        problems.push(SignInProblem::Wrong);
    }
    problems
}

/// Nobody can have it: too long, or with a NUL, which PostgreSQL cannot be asked for.
fn is_impossible(text: &str) -> bool {
    text.contains('\0') || text.chars().count() > FIELD_CHARS_MAX
}

async fn user_of(
    web: &Web,
    form: &SignInForm,
    client: Option<IpAddr>,
) -> Result<Result<User, SignInProblem>, StoreError> {
    let keys = tries::keys(&form.email, client);
    if let Err(minutes) = web.tries.take(&keys, web.core.now()) {
        return Ok(Err(SignInProblem::Paused { minutes }));
    }
    let checked = auth::check_password(web, &form.email, &form.password).await;
    if !matches!(checked, Ok(None)) {
        web.tries.give_back(&keys);
    }
    let Some(user) = checked? else {
        write_refusal(web, client).await?;
        return Ok(Err(SignInProblem::Wrong));
    };
    Ok(Ok(user))
}

async fn write_refusal(web: &Web, client: Option<IpAddr>) -> Result<(), StoreError> {
    let origin = client.map(|address| address.to_string());
    let entry = Entry {
        account: None,
        // Whoever it was; that they are not the person they named is all we know.
        actor: Actor::System,
        action: "session.refuse",
        subject: "session".to_owned(),
        details: r#"{"reason":"wrong_password"}"#,
        origin: origin.as_deref(),
    };
    let mut tx = web.core.store.begin().await?;
    audit::write(&mut tx.conn(), &entry, web.core.now()).await?;
    tx.commit().await
}

/// Opens a session and gives the secret that the browser keeps; only its hash is stored.
async fn open_session(
    web: &Web,
    user: &User,
    client: Option<IpAddr>,
    headers: &HeaderMap,
) -> Result<String, StoreError> {
    let secret = auth::new_secret(&*web.random);
    let now = web.core.now();
    let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
    let agent: Option<String> = agent.map(|agent| agent.chars().take(USER_AGENT_CHARS_MAX).collect());
    let times = (now, now.plus(SESSION_LIFETIME));
    let origin = client.map(|address| address.to_string());
    let mut tx = web.core.store.begin().await?;
    let hash = auth::secret_hash(&secret);
    let session = access::insert_session(&mut tx.conn(), user.id, &hash, times, agent.as_deref()).await?;
    let entry = Entry {
        account: None,
        actor: Actor::User(user.id),
        action: "session.create",
        subject: format!("session:{session}"),
        details: "{}",
        origin: origin.as_deref(),
    };
    audit::write(&mut tx.conn(), &entry, now).await?;
    tx.commit().await?;
    tracing::info!(user.id = %user.id, session.id = %session, "User {} signed in", user.id);
    Ok(secret)
}

/// `POST /app/sign-out`
pub(super) async fn sign_out(State(web): State<Web>, client: Client, jar: CookieJar) -> Result<Response, PageError> {
    if let Some(signed_in) = auth::session(&web, &jar).await? {
        end_session(&web, &signed_in, address_of(client)).await?;
    }
    let cookie = session_cookie(&web, "", Duration::ZERO);
    Ok(([(SET_COOKIE, cookie)], Redirect::to(DOOR)).into_response())
}

async fn end_session(web: &Web, signed_in: &SignedIn, client: Option<IpAddr>) -> Result<(), StoreError> {
    let origin = client.map(|address| address.to_string());
    let entry = Entry {
        account: None,
        actor: Actor::User(signed_in.user),
        action: "session.delete",
        subject: format!("session:{}", signed_in.session),
        details: "{}",
        origin: origin.as_deref(),
    };
    let mut tx = web.core.store.begin().await?;
    access::delete_session(&mut tx.conn(), signed_in.session).await?;
    audit::write(&mut tx.conn(), &entry, web.core.now()).await?;
    tx.commit().await?;
    tracing::info!(user.id = %signed_in.user, session.id = %signed_in.session, "User {} signed out", signed_in.user);
    Ok(())
}

fn session_cookie(web: &Web, secret: &str, lifetime: Duration) -> String {
    let secure = web.settings.public_url.as_deref().is_some_and(|url| url.starts_with("https:"));
    cookie_text(secret, lifetime, secure)
}

fn cookie_text(secret: &str, lifetime: Duration, secure: bool) -> String {
    let seconds = lifetime.as_secs();
    let secure = if secure { "; Secure" } else { "" };
    format!("{SESSION_COOKIE}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}

/// A way back that stays here, else home. `//host`, `/\host` and a scheme would lead elsewhere.
pub(super) fn local_path(next: &str) -> &str {
    let is_plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let path = next.split(['?', '#']).next().unwrap_or_default();
    let leads_in = ["/app/", "/installation/"].iter().any(|area| next.starts_with(area))
        && !next.contains("//")
        && !["/app/sign-in", "/app/sign-out"].contains(&path);
    if is_plain && leads_in { next } else { HOME }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_stays_here() {
        for stays in [
            "/app/accounts/7/messages",
            "/app/accounts/7/messages?q=%2B972&status=read",
            "/app/x#y",
            "/installation/callbacks",
        ] {
            assert_eq!(local_path(stays), stays);
        }
        for leads_away in [
            "",
            "/",
            "/app",
            "app/x",
            "//evil.example/app/",
            "/app//evil.example",
            "/app/\\evil.example",
            "https://evil.example/app/",
            "/app/x?next=https://evil.example",
            "/app/x\r\nSet-Cookie: a=b",
            "/app/ x",
            "/app/חדר",
            "/application/x",
            "/installation",
            "/installation//evil.example",
            "/app/sign-in?next=%2Fapp%2F",
            "/app/sign-out",
        ] {
            assert_eq!(local_path(leads_away), HOME, "{leads_away:?}");
        }
    }

    #[test]
    fn the_cookie_is_out_of_reach() {
        let text = cookie_text("s", SESSION_LIFETIME, true);
        assert_eq!(text, "waypost_session=s; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure");
        assert!(!cookie_text("s", SESSION_LIFETIME, false).contains("Secure"));
        assert!(cookie_text("", Duration::ZERO, true).contains("Max-Age=0;"));
    }

    #[test]
    fn both_fields_are_needed() {
        let form = |email: &str, password: &str| {
            problems(&SignInForm { email: email.to_owned(), password: password.to_owned(), next: String::new() })
        };
        assert_eq!(form(" ", ""), [SignInProblem::EmailMissing, SignInProblem::PasswordMissing]);
        assert_eq!(form("noa@carmelview.example", " "), []);
        assert_eq!(form("noa\0", "x"), [SignInProblem::Wrong]);
        assert_eq!(form("noa", &"x".repeat(600)), [SignInProblem::Wrong]);
    }
}
