//! `POST …/messages`: the form that sends one message.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{Html, IntoResponse, Redirect, Response};
use domain::phone::E164;
use http::{HeaderMap, StatusCode};
use messaging::send::{self, AcceptedMessage, SendError};
use messaging::{messages, templates};
use store::StoreError;
use store::hot::IdempotencyKey;
use store::sender::Sender;

use super::compose_form::{Typed, Wrong, fingerprint};
use super::error::PageError;
use super::messages::{list_page, viewer};
use super::query::ListQuery;
use super::rows;
use super::scope::{PageScope, is_from_htmx};
use crate::state::Web;
use crate::views::compose::{ComposeForm, ComposeFragment, ComposeProblem, Field, MessageSent, SenderOption};

const SURFACE: &str = "page";
/// More names than anybody looks through; any other can be typed.
const TEMPLATES_OFFERED_MAX: i64 = 200;

/// A form nobody typed into.
pub(super) async fn empty_form(web: &Web, page: &PageScope) -> Result<ComposeForm, StoreError> {
    let form = ComposeForm::empty(new_key(web), sender_options(web, page).await?);
    Ok(ComposeForm { templates: template_names(web, page).await?, ..form })
}

async fn template_names(web: &Web, page: &PageScope) -> Result<Vec<String>, StoreError> {
    templates::names(&web.core, &page.scope, TEMPLATES_OFFERED_MAX).await
}

fn new_key(web: &Web) -> String {
    hex::encode(web.random.bytes().first_chunk::<16>().unwrap_or(&[0; 16]))
}

/// The senders one may send from: those with a connection, and all of them while the account is not live.
async fn sender_options(web: &Web, page: &PageScope) -> Result<Vec<SenderOption>, StoreError> {
    let simulated = !page.account.live;
    let senders = messages::senders(&web.core, &page.scope).await?;
    let connected = senders.into_iter().filter(|sender| web.core.lines.provider(sender.id, simulated).is_some());
    Ok(connected.map(|sender| option(sender, simulated)).collect())
}

fn option(sender: Sender, simulated: bool) -> SenderOption {
    let phone = sender.phone.map(|phone| E164::try_from(phone.clone()).map_or(phone, |phone| phone.formatted()));
    let name = phone.map_or_else(|| sender.name.clone(), |phone| format!("{}, {phone}", sender.name));
    SenderOption { id: sender.id.to_string(), name, simulated }
}

/// Sends what was typed, or gives it back with what is wrong.
pub(super) async fn submit(
    page: PageScope,
    State(web): State<Web>,
    headers: HeaderMap,
    form: Result<Form<Typed>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(mut typed) = form.map_err(|rejection| PageError::Unreadable(rejection.status()))?;
    if !is_key(&typed.key) {
        typed.key = new_key(&web);
    }
    let is_from_htmx = is_from_htmx(&headers);
    let refusal = match accept(&web, &page, &typed).await? {
        Ok(accepted) if is_from_htmx => return sent(&web, &page, &typed, accepted).await,
        Ok(accepted) => {
            return Ok(Redirect::to(&format!("{}/{}", page.messages(), accepted.id)).into_response());
        }
        Err(refusal) => refusal,
    };
    let form = refused_form(&web, &page, &typed, refusal).await?;
    let html = if is_from_htmx {
        ComposeFragment { catalogue: page.catalogue(), messages: page.messages(), form }.render()?
    } else {
        list_page(&web, &page, ListQuery::default(), form).await?.render()?
    };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(html)).into_response())
}

fn is_key(key: &str) -> bool {
    (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Why a form came back.
#[derive(Debug)]
enum Refusal {
    Form(Vec<Wrong>),
    Send(SendError),
}

async fn accept(web: &Web, page: &PageScope, typed: &Typed) -> Result<Result<AcceptedMessage, Refusal>, StoreError> {
    let region = send::region(&web.core, &page.scope).await?;
    let draft = match typed.read(region) {
        Ok(draft) => draft,
        Err(wrong) => return Ok(Err(Refusal::Form(wrong))),
    };
    let fingerprint = fingerprint(&typed.to_body());
    let key = IdempotencyKey { surface: SURFACE, key: typed.key.clone(), fingerprint };
    match send::accept(&web.core, &page.scope, draft, Some(key)).await {
        Ok(accepted) => Ok(Ok(accepted)),
        Err(SendError::Store(error)) => Err(error),
        Err(error) => Ok(Err(Refusal::Send(error))),
    }
}

async fn refused_form(web: &Web, page: &PageScope, typed: &Typed, refusal: Refusal) -> Result<ComposeForm, StoreError> {
    let mut form = typed.to_form(typed.key.clone(), sender_options(web, page).await?);
    form.templates = template_names(web, page).await?;
    match refusal {
        Refusal::Form(wrong) => {
            for wrong in wrong {
                match wrong {
                    Wrong::Field(problem) => form.refuse(page.catalogue(), problem),
                    Wrong::Other(error) => form.trouble = Some(error.to_string()),
                }
            }
        }
        Refusal::Send(error) => {
            if matches!(error, SendError::KeyReused) {
                // The first message stands; what was changed since then would be a second one.
                form.key = new_key(web);
            }
            say(&mut form, page, &error);
        }
    }
    Ok(form)
}

fn say(form: &mut ComposeForm, page: &PageScope, error: &SendError) {
    let catalogue = page.catalogue();
    match error {
        SendError::UnknownSender | SendError::NotConnected { .. } => {
            form.refuse(catalogue, ComposeProblem::SenderGone);
        }
        SendError::KeyReused => form.trouble = Some(catalogue.t("compose.key_reused").to_owned()),
        SendError::NotSupported { .. } => form.trouble = Some(catalogue.t("compose.not_supported").to_owned()),
        SendError::Media { .. } | SendError::Time(_) | SendError::ScheduleKeyReused(_) | SendError::Store(_) => {
            form.trouble = Some(error.to_string());
        }
    }
}

/// The next form, the new row and a toast.
async fn sent(web: &Web, page: &PageScope, typed: &Typed, accepted: AcceptedMessage) -> Result<Response, PageError> {
    let message = messages::find(&web.core, &page.scope, accepted.id).await?.ok_or(PageError::NotFound)?;
    let mut form = empty_form(web, page).await?;
    form.sender = Field::new(typed.sender.as_str());
    let row = rows::row(&message, &viewer(web, page));
    let fragment = MessageSent { catalogue: page.catalogue(), messages: page.messages(), form, row };
    Ok((StatusCode::CREATED, Html(fragment.render()?)).into_response())
}

#[cfg(test)]
mod tests {
    use domain::ids::{AccountId, SenderId};

    use super::*;

    #[test]
    fn a_sender_is_named_with_its_number() {
        let sender = Sender {
            id: SenderId(3),
            account: AccountId(1),
            name: "Front desk".to_owned(),
            provider: "meta_cloud".to_owned(),
            phone: Some("+972545550128".to_owned()),
            number_id: "1".to_owned(),
            business_account_id: None,
            shard: 0,
        };
        let named = option(sender.clone(), true);
        assert_eq!((named.id.as_str(), named.simulated), ("3", true));
        assert_eq!(named.name, "Front desk, +972 54-555-0128");
        assert_eq!(option(Sender { phone: None, ..sender }, false).name, "Front desk");
    }

    #[test]
    fn keys_are_visible_and_short() {
        for (key, fits) in [("0193a2b4-0000", true), ("", false), ("a b", false), ("schlüssel", false)] {
            assert_eq!(is_key(key), fits, "{key}");
        }
        assert!(!is_key(&"k".repeat(256)));
    }
}
