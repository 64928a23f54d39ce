//! `/installation/callbacks`: what came from providers and was not simply applied.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use messaging::callbacks;
use store::inlet::{InletState, Stored};

use super::error::PageError;
use super::messages::viewer;
use super::rows::Viewer;
use super::scope::SuperAdminScope;
use crate::state::Web;
use crate::views::callbacks::{CallbackItem, CallbackState, CallbacksPage};
use crate::views::code::Code;
use crate::views::shell::{Area, Shell};

const ITEMS: usize = 100;
const BODY_BYTES_MAX: usize = 64 * 1024;
/// All bodies together: a hundred large ones would make a page that no browser likes.
const BODIES_BYTES_MAX: usize = 1024 * 1024;
/// What the last ones show when the others used that up.
const BODY_BYTES_MIN: usize = 1024;

/// `GET /installation/callbacks`
pub(super) async fn list(
    SuperAdminScope(page): SuperAdminScope,
    State(web): State<Web>,
) -> Result<Html<String>, PageError> {
    let shell = Shell { area: Area::Callbacks, ..page.shell(&web).await? };
    // One more than is shown tells whether there are more.
    let limit = i64::try_from(ITEMS + 1).unwrap_or(i64::MAX);
    let mut found = callbacks::odd(&web.core, limit).await?;
    let has_more = found.len() > ITEMS;
    found.truncate(ITEMS);
    let items = items(&found, &viewer(&web, &page));
    Ok(Html(CallbacksPage { shell, items, has_more }.render()?))
}

fn items(found: &[Stored], viewer: &Viewer) -> Vec<CallbackItem> {
    let mut left = BODIES_BYTES_MAX;
    let mut items = Vec::with_capacity(found.len());
    for stored in found {
        // What is pending or applied is not odd.
        let Some(state) = state(stored.state) else { continue };
        let body = Code::new(&stored.body, left.clamp(BODY_BYTES_MIN, BODY_BYTES_MAX), viewer.catalogue);
        left = left.saturating_sub(body.text.len());
        items.push(CallbackItem {
            id: stored.id.to_string(),
            at: viewer.moment(stored.received_at),
            state,
            application: stored.route.clone(),
            note: stored.note.clone(),
            body,
        });
    }
    items
}

const fn state(stored: InletState) -> Option<CallbackState> {
    match stored {
        InletState::Pending | InletState::Applied => None,
        InletState::Undecodable => Some(CallbackState::Undecodable),
        InletState::Foreign => Some(CallbackState::Foreign),
        InletState::Refused => Some(CallbackState::Refused),
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::InletId;
    use domain::time::Timestamp;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::catalogue::Catalogue;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_168_800);

    fn stored(id: i64, state: InletState, body: &[u8]) -> Stored {
        let note = Some("expected value at line 1".to_owned());
        Stored { id: InletId(id), received_at: NOW, route: "meta-main".to_owned(), body: body.to_vec(), state, note }
    }

    fn shown(found: &[Stored]) -> Vec<CallbackItem> {
        items(found, &Viewer { now: NOW, zone: TimeZone::UTC, catalogue: Catalogue::get("en") })
    }

    #[test]
    fn only_what_was_set_aside_is_shown() {
        let found = InletState::ALL.map(|state| stored(state as i64, state, br#"{"a":1}"#));
        let shown = shown(&found);
        let states: Vec<CallbackState> = shown.iter().map(|item| item.state).collect();
        assert_eq!(states, CallbackState::ALL);
        let first = &shown[0];
        assert_eq!(
            (first.id.as_str(), first.application.as_str(), first.at.short.as_str()),
            ("2", "meta-main", "10:00")
        );
        assert_eq!((first.body.text.as_str(), first.body.size.as_str()), ("{\n  \"a\": 1\n}", "7 B"));
        assert_eq!(first.note.as_deref(), Some("expected value at line 1"));
    }

    #[test]
    fn many_large_bodies_share_the_page() {
        let large = vec![b'a'; 3 * 1024 * 1024];
        let found: Vec<Stored> = (0..100).map(|id| stored(id, InletState::Undecodable, &large)).collect();
        let shown = shown(&found);
        let bytes: usize = shown.iter().map(|item| item.body.text.len()).sum();
        assert_eq!(shown[0].body.text.len(), BODY_BYTES_MAX);
        assert_eq!(shown[99].body.text.len(), BODY_BYTES_MIN);
        assert_eq!(shown[99].body.size, "3072 KB");
        assert!(bytes <= BODIES_BYTES_MAX + 100 * BODY_BYTES_MIN, "{bytes}");
    }
}
