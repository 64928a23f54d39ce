//! `…/account-events`: what providers told about accounts, numbers and templates.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Html;
use domain::ids::SenderId;
use messaging::{account_events, messages};
use store::account_event::{AccountEvent, EventFilter, EventPlace, Severity};

use super::error::PageError;
use super::messages::viewer;
use super::rows::Viewer;
use super::scope::PageScope;
use crate::state::Web;
use crate::views::account_events::{AccountEventsPage, EventItem, EventsFilter, SenderChoice};
use crate::views::code::Code;
use crate::views::shell::{Area, Shell};

const ROWS: usize = 25;
const VALUE_BYTES_MAX: usize = 16 * 1024;

/// `GET …/account-events`
pub(super) async fn list(
    page: PageScope,
    State(web): State<Web>,
    RawQuery(query): RawQuery,
) -> Result<Html<String>, PageError> {
    let shell = Shell { area: Area::AccountEvents, ..page.shell(&web).await? };
    let asked = asked(&query.unwrap_or_default());
    // One more than is shown tells whether there are more.
    let limit = i64::try_from(ROWS + 1).unwrap_or(i64::MAX);
    let mut found = account_events::list(&web.core, &page.scope, asked, limit).await?;
    let has_more = found.len() > ROWS;
    found.truncate(ROWS);
    let senders = messages::senders(&web.core, &page.scope).await?;
    let viewer = viewer(&web, &page);
    let shown = AccountEventsPage {
        shell,
        filter: EventsFilter { sender: asked.sender.map(|id| id.to_string()), severity: asked.severity },
        senders: senders.into_iter().map(|s| SenderChoice { id: s.id.to_string(), name: s.name }).collect(),
        older: found.last().filter(|_| has_more).map(|event| event.place().to_string()),
        items: found.into_iter().map(|event| item(event, &viewer)).collect(),
        is_later: asked.older_than.is_some(),
    };
    Ok(Html(shown.render()?))
}

/// What cannot be read is as if it were not there: addresses are typed and shortened.
fn asked(query: &str) -> EventFilter {
    let mut filter = EventFilter::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "sender" => filter.sender = value.parse().ok().map(SenderId),
            "severity" => filter.severity = Severity::parse(&value),
            "before" => filter.older_than = EventPlace::parse(&value),
            _ => {}
        }
    }
    filter
}

fn item(event: AccountEvent, viewer: &Viewer) -> EventItem {
    EventItem {
        id: event.id.to_string(),
        at: viewer.moment(event.at),
        severity: event.severity,
        sentence: event.sentence,
        remedy: event.remedy,
        sender_name: event.sender_name,
        business_account: event.business_account_id,
        field: event.field,
        event: event.event,
        value: Code::new(event.value.as_bytes(), VALUE_BYTES_MAX, viewer.catalogue),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_with_patience() {
        let read = asked("sender=7&severity=critical&before=17-3&utm=x");
        assert_eq!((read.sender, read.severity), (Some(SenderId(7)), Some(Severity::Critical)));
        assert_eq!(read.older_than.map(|place| place.to_string()).as_deref(), Some("17-3"));
        assert_eq!(asked("sender=x&severity=loud&before=y"), EventFilter::default());
    }
}
