//! `…/senders`: the numbers, and how they stand at their providers.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use domain::phone::E164;
use domain::sender_state::{Property, Source};
use domain::time::Timestamp;
use messaging::account_events;
use messaging::sender_state::{self, SenderStanding};
use serde_json::Value;
use store::account_event::{AccountEvent, EventFilter};

use super::error::PageError;
use super::messages::viewer;
use super::rows::Viewer;
use super::scope::PageScope;
use crate::state::Web;
use crate::views::badge::Badge;
use crate::views::senders::{Fact, LastEvent, SenderRow, SendersPage, Trouble, property_key};
use crate::views::shell::{Area, Shell};

/// Among so many of the newest events each number's last one is looked for.
const EVENTS_LOOKED_AT: i64 = 100;

/// `GET …/senders`
pub(super) async fn list(page: PageScope, State(web): State<Web>) -> Result<Html<String>, PageError> {
    let shell = Shell { area: Area::Senders, ..page.shell(&web).await? };
    let standings = sender_state::standings(&web.core, &page.scope).await?;
    let events = account_events::list(&web.core, &page.scope, EventFilter::default(), EVENTS_LOOKED_AT).await?;
    let viewer = viewer(&web, &page);
    let rows = standings.iter().map(|standing| row(standing, &events, &viewer)).collect();
    Ok(Html(SendersPage { shell, rows }.render()?))
}

fn row(standing: &SenderStanding, events: &[AccountEvent], viewer: &Viewer) -> SenderRow {
    let sender = &standing.sender;
    let catalogue = viewer.catalogue;
    let phone = sender.phone.clone().or_else(|| standing.value(Property::DisplayPhone).map(ToOwned::to_owned));
    let is_about = |event: &&AccountEvent| match event.sender {
        Some(id) => id == sender.id,
        None => event.business_account_id.is_some() && event.business_account_id == sender.business_account_id,
    };
    let mut known: Vec<_> = standing.known.values().filter(|known| !known.value.is_empty()).collect();
    known.sort_by_key(|known| known.property);
    SenderRow {
        id: sender.id.to_string(),
        name: sender.name.clone(),
        phone: phone.map(|phone| formatted(&phone)),
        provider: provider_name(&sender.provider),
        is_connected: standing.is_connected,
        status: standing.value(Property::Status).map(|word| Badge::number_status(word, catalogue)),
        quality: standing.value(Property::Quality).map(|word| Badge::quality(Some(word), catalogue)),
        throughput: standing.messages_per_second().map(|count| grouped(&count.to_string())),
        limit: standing.value(Property::MessagingLimit).map(|tier| limit(tier, viewer)),
        troubles: troubles(standing, viewer),
        last: events
            .iter()
            .find(is_about)
            .map(|event| LastEvent { sentence: event.sentence.clone(), at: viewer.moment(event.at) }),
        facts: known
            .into_iter()
            .map(|known| Fact {
                key: property_key(known.property),
                value: known.value.clone(),
                at: viewer.moment(known.at),
                source: match known.source {
                    Source::Asked => "source.asked",
                    Source::Callback => "source.callback",
                },
            })
            .collect(),
        observed_at: standing.newest().map(|newest| viewer.moment(newest.at)),
    }
}

fn formatted(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    E164::try_from(format!("+{digits}")).map_or_else(|_| phone.to_owned(), |phone| phone.formatted())
}

fn provider_name(provider: &str) -> String {
    match provider {
        "meta_cloud" => "Meta Cloud API".to_owned(),
        "sandbox" => "Sandbox".to_owned(),
        other => other.to_owned(),
    }
}

/// `TIER_2K` as `2,000`.
fn limit(tier: &str, viewer: &Viewer) -> String {
    match tier.strip_prefix("TIER_") {
        Some("UNLIMITED") => viewer.catalogue.t("senders.unlimited").to_owned(),
        Some(count) => grouped(&count.replace('K', "000")),
        None => tier.to_owned(),
    }
}

/// Digits in groups of three; what is no number stays as it is.
fn grouped(digits: &str) -> String {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits.to_owned();
    }
    let mut text = String::with_capacity(digits.len() + 2);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn troubles(standing: &SenderStanding, viewer: &Viewer) -> Vec<Trouble> {
    let catalogue = viewer.catalogue;
    let trouble = |tone, title: String, text: &str| Trouble { tone, title, text: text.to_owned() };
    let mut found = restrictions(standing, viewer);
    match standing.value(Property::Ban) {
        Some("DISABLE") => {
            found.push(trouble("bad", catalogue.t("senders.banned").to_owned(), catalogue.t("senders.ban_hint")));
        }
        Some("SCHEDULE_FOR_DISABLE") => {
            found.push(trouble("bad", catalogue.t("senders.ban_planned").to_owned(), catalogue.t("senders.ban_hint")));
        }
        _ => {}
    }
    let note = standing.value(Property::HealthNote).unwrap_or_default();
    match standing.value(Property::Health) {
        Some("BLOCKED") => found.push(trouble("bad", catalogue.t("senders.blocked").to_owned(), note)),
        Some("LIMITED") => found.push(trouble("warn", catalogue.t("senders.limited").to_owned(), note)),
        _ => {}
    }
    if matches!(standing.value(Property::NameStatus), Some("REJECTED" | "DECLINED")) {
        found.push(trouble("warn", catalogue.t("senders.name_rejected").to_owned(), catalogue.t("senders.name_hint")));
    }
    found
}

/// Those that are not over.
fn restrictions(standing: &SenderStanding, viewer: &Viewer) -> Vec<Trouble> {
    let list: Vec<Value> =
        standing.value(Property::Restrictions).and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let one = |restriction: &Value| {
        let until = restriction.get("until").and_then(Value::as_i64).map(Timestamp::from_micros);
        if until.is_some_and(|until| until < viewer.now) {
            return None;
        }
        let name = restriction.get("kind").and_then(Value::as_str).unwrap_or_default();
        let title = match until.map(|until| viewer.moment(until).date) {
            Some(date) => viewer.catalogue.tf("senders.restricted_until", &[("date", date.as_str()), ("name", name)]),
            None => viewer.catalogue.tf("senders.restricted", &[("name", name)]),
        };
        Some(Trouble { tone: "bad", title, text: viewer.catalogue.t("senders.restricted_hint").to_owned() })
    };
    list.iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let shown = ["80", "1000", "100000", "2K5"].map(grouped);
        assert_eq!(shown, ["80", "1,000", "100,000", "2K5"]);
        assert_eq!(formatted("15550783881"), formatted("+1 555-078-3881"));
        assert_eq!(formatted("nobody"), "nobody");
    }
}
