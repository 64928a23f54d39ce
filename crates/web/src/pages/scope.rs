//! Who looks at an account's page. Nothing of an account can be read without the scope that is made here.

use std::collections::HashMap;

use axum::extract::{FromRequestParts, Path};
use axum_extra::extract::CookieJar;
use domain::ids::AccountId;
use domain::scope::AccountScope;
use http::HeaderMap;
use http::request::Parts;
use jiff::tz::TimeZone;
use store::StoreError;
use store::access::SignedIn;
use store::account::{self, Account, Membership};

use super::error::PageError;
use super::sign_in::local_path;
use super::{base_of, messages_of};
use crate::auth;
use crate::catalogue::Catalogue;
use crate::state::Web;
use crate::views::shell::{Area, Document, Shell};

/// A signed-in person in an account they work in. Without a session it leads to the door, without a membership to
/// "nothing here".
#[derive(Clone, Debug)]
pub struct PageScope {
    /// What use cases want.
    pub scope: AccountScope,
    /// The person.
    pub signed_in: SignedIn,
    /// What they are in the account.
    pub membership: Membership,
    /// The account.
    pub account: Account,
    /// The zone times are shown in.
    pub zone: TimeZone,
}

impl PageScope {
    /// The texts of the viewer.
    #[must_use]
    pub fn catalogue(&self) -> &'static Catalogue {
        Catalogue::get(&self.account.language)
    }

    /// Where the account's messages are.
    #[must_use]
    pub fn messages(&self) -> String {
        messages_of(self.account.id)
    }

    /// The frame of a page. To be called before the page's content is read: the event stream goes on from here.
    ///
    /// # Errors
    /// As classified by [`StoreError`].
    pub async fn shell(&self, web: &Web) -> Result<Shell, StoreError> {
        let mut reading = web.core.store.read().await?;
        let (newest, _) = store::event::ends(&mut reading.conn(), &self.scope).await?;
        Ok(Shell {
            document: Document::new(&self.account.language),
            area: Area::Messages,
            is_super_admin: self.signed_in.super_admin,
            base: base_of(self.account.id),
            account_name: self.account.name.clone(),
            user_name: self.signed_in.name.clone(),
            user_email: self.signed_in.email.clone(),
            time_zone: self.zone.iana_name().unwrap_or("UTC").to_owned(),
            event_cursor: newest.to_string(),
        })
    }
}

impl FromRequestParts<Web> for PageScope {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, PageError> {
        let jar = CookieJar::from_headers(&parts.headers);
        let Some(signed_in) = auth::session(web, &jar).await? else { return Err(to_the_door(parts)) };
        of_account(parts, web, signed_in).await
    }
}

/// The same for what a script fetches, which cannot sign in: without a session a plain 401.
#[derive(Clone, Debug)]
pub struct ScriptScope(pub PageScope);

impl FromRequestParts<Web> for ScriptScope {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, PageError> {
        let jar = CookieJar::from_headers(&parts.headers);
        let signed_in = auth::session(web, &jar).await?.ok_or(PageError::NoSession)?;
        Ok(Self(of_account(parts, web, signed_in).await?))
    }
}

/// A signed-in person who runs the installation, with the frame of the first account they work in. For everybody else
/// there is nothing here.
#[derive(Clone, Debug)]
pub struct SuperAdminScope(pub PageScope);

impl FromRequestParts<Web> for SuperAdminScope {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, PageError> {
        let jar = CookieJar::from_headers(&parts.headers);
        let Some(signed_in) = auth::session(web, &jar).await? else { return Err(to_the_door(parts)) };
        if !signed_in.super_admin {
            return Err(PageError::NotFound);
        }
        let first = auth::memberships(web, &signed_in).await?.into_iter().next();
        Ok(Self(in_account(web, signed_in, first.ok_or(PageError::Forbidden)?).await?))
    }
}

async fn of_account(parts: &mut Parts, web: &Web, signed_in: SignedIn) -> Result<PageScope, PageError> {
    let places = Path::<HashMap<String, String>>::from_request_parts(parts, web).await;
    let Path(places) = places.map_err(|_| PageError::NotFound)?;
    let wanted: AccountId = places.get("account").and_then(|text| text.parse().ok()).ok_or(PageError::NotFound)?;
    let memberships = auth::memberships(web, &signed_in).await?;
    let membership = memberships.into_iter().find(|membership| membership.account == wanted);
    in_account(web, signed_in, membership.ok_or(PageError::NotFound)?).await
}

async fn in_account(web: &Web, signed_in: SignedIn, membership: Membership) -> Result<PageScope, PageError> {
    let scope = auth::scope_of(&signed_in, &membership);
    let account = {
        let mut reading = web.core.store.read().await?;
        account::find(&mut reading.conn(), &scope).await?.ok_or(PageError::NotFound)?
    };
    let zone = TimeZone::get(&account.time_zone).unwrap_or(TimeZone::UTC);
    Ok(PageScope { scope, signed_in, membership, account, zone })
}

fn to_the_door(parts: &Parts) -> PageError {
    let path = parts.uri.path_and_query().map_or("/app", |path| path.as_str());
    if !is_from_htmx(&parts.headers) {
        return PageError::SignIn(path.to_owned());
    }
    // A part of a page has its own address; the way back leads to the page around it.
    let page = parts.headers.get("hx-current-url").and_then(|url| url.to_str().ok());
    let page = page.and_then(|url| url.split_once("://")).and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    PageError::SignInFromPart(local_path(page.unwrap_or(path)).to_owned())
}

/// Whether htmx asks, for a part of a page.
#[must_use]
pub fn is_from_htmx(headers: &HeaderMap) -> bool {
    headers.get("hx-request").is_some_and(|value| value == "true")
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn door(headers: &[(&str, &str)]) -> PageError {
        let mut request = Request::builder().uri("/app/accounts/7/messages/9/row?x=1");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        to_the_door(&request.body(()).expect("a request").into_parts().0)
    }

    #[test]
    fn the_way_back_leads_to_the_page() {
        assert!(matches!(door(&[]), PageError::SignIn(next) if next == "/app/accounts/7/messages/9/row?x=1"));
        let page = [("hx-request", "true"), ("hx-current-url", "https://waypost.example/app/accounts/7/messages?q=9")];
        assert!(matches!(door(&page), PageError::SignInFromPart(next) if next == "/app/accounts/7/messages?q=9"));
        let elsewhere = [("hx-request", "true"), ("hx-current-url", "https://waypost.example//evil.example/app/")];
        assert!(matches!(door(&elsewhere), PageError::SignInFromPart(next) if next == "/app"));
    }
}
