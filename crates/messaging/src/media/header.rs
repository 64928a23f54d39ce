//! A template's document header: its link is looked at before anybody gets it.
//!
//! A header whose link leads nowhere fails the whole message at the provider, later and without a clear word. So a link
//! that leads to no document is left out, and a placeholder takes its place.

use domain::content::{Content, MediaKind, MediaSource};
use domain::ids::AccountId;
use domain::scope::AccountScope;
use providers::links::Look;
use store::StoreError;
use store::media::Origin;

use super::placeholder;
use super::upload::{self, NewFile};
use crate::core::Core;

/// Replaces a document link in the template's header that leads to no document; answers what was done, if anything.
pub(crate) async fn secure(
    core: &Core,
    account: AccountId,
    content: &mut Content,
) -> Result<Option<String>, StoreError> {
    let Content::Template(template) = &*content else { return Ok(None) };
    let name = template.name().to_owned();
    let mut notes = Vec::new();
    for place in content.media_mut() {
        if place.media.kind() != MediaKind::Document {
            continue;
        }
        let MediaSource::Link(link) = &place.media.source else { continue };
        let why = match core.exchange.look(link).await {
            Look::Document => continue,
            Look::Unclear(why) => {
                // The document may well be there when the provider asks, and no placeholder is worth as much.
                notes.push(format!("The link at {} was sent as it is, unchecked: {why}.", place.path));
                continue;
            }
            Look::Dropped(why) => why,
        };
        let id = core.exchange.placeholder(account, &name, make_placeholder(core, account, &name)).await?;
        place.media.source = MediaSource::Id(id);
        notes.push(format!("The link at {} was not sent: {why}. A placeholder took its place.", place.path));
    }
    Ok((!notes.is_empty()).then(|| notes.join(" ")))
}

/// The id of the account's placeholder for this template; the same bytes are one medium.
async fn make_placeholder(core: &Core, account: AccountId, template: &str) -> Result<String, StoreError> {
    let scope = AccountScope::system(account);
    let found = core.accounts.find(&core.store, &scope).await?;
    let business = found.map(|account| account.name).unwrap_or_default();
    let mut writing = core.store.files().begin().await?;
    writing.write(&placeholder::pdf(&business, &template.replace('_', " "))).await?;
    let file =
        NewFile { origin: Origin::Made, sender: None, mime_type: "application/pdf", filename: Some("document.pdf") };
    let (id, _) = upload::keep(core, &scope, writing, file).await?;
    Ok(id.public())
}
