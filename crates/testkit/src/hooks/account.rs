//! News about the account.

use domain::inbound::{
    AccountEvent, AccountUpdate, AlertDetails, Capability, FlowEvent, NameDecision, NumberQuality, NumberSettings,
    TemplateEvent, TemplateNews,
};
use serde_json::Value;

use super::words::{Words, list};

pub(super) fn event(event: &AccountEvent) -> Value {
    let (family, words) = match event {
        AccountEvent::Template(found) => ("template", template(found)),
        AccountEvent::NumberQuality(found) => ("number quality", quality(found)),
        AccountEvent::NumberName(found) => ("number name", name(found)),
        AccountEvent::Username(found) => {
            ("username", Words::new().maybe("username", found.username.as_ref()).maybe("status", found.status.as_ref()))
        }
        AccountEvent::Settings(found) => ("number settings", settings(found)),
        AccountEvent::Security(found) => {
            ("security", Words::new().say("event", found.event.as_str()).maybe("requester", found.requester.as_ref()))
        }
        AccountEvent::Update(found) => ("account", update(found)),
        AccountEvent::Alert(found) => ("alert", alert(found)),
        AccountEvent::Review(decision) => ("review", Words::new().say("decision", decision.as_str())),
        AccountEvent::Capability(found) => ("capability", capability(found)),
        AccountEvent::Flow(found) => ("flow", flow(found)),
    };
    words.say("family", family).into()
}

fn template(template: &TemplateEvent) -> Words {
    let words = Words::new()
        .maybe("template_id", template.id.as_ref())
        .maybe("template_name", template.name.as_ref())
        .maybe("template_language", template.language.as_ref());
    match &template.news {
        TemplateNews::Status {
            event,
            reason,
            category,
            disable_date,
            title,
            description,
            rejection,
            recommendation,
        } => words
            .say("status", event.as_str())
            .maybe("reason", reason.as_ref())
            .maybe("category", category.as_ref())
            .maybe("disable_date", disable_date.as_ref())
            .maybe("title", title.as_ref())
            .maybe("description", description.as_ref())
            .maybe("rejection", rejection.as_ref())
            .maybe("recommendation", recommendation.as_ref()),
        TemplateNews::Quality { previous, current } => {
            words.maybe("quality_before", previous.as_ref()).say("quality", current.as_str())
        }
        TemplateNews::Components { title, element, footer, buttons } => {
            let buttons = list(buttons, |button| {
                Words::new()
                    .maybe("kind", button.kind.as_ref())
                    .maybe("text", button.text.as_ref())
                    .maybe("url", button.url.as_ref())
                    .maybe("phone", button.phone.as_ref())
            });
            words
                .maybe("header", title.as_ref())
                .maybe("body", element.as_ref())
                .maybe("footer", footer.as_ref())
                .full("buttons", buttons)
        }
        TemplateNews::Category { previous, current, correct, changes_at } => words
            .maybe("category_before", previous.as_ref())
            .maybe("category_now", current.as_ref())
            .maybe("category_to_be", correct.as_ref())
            .maybe("changes_at", changes_at.as_ref()),
        TemplateNews::Misuse { category, correct } => {
            words.maybe("misused_category", category.as_ref()).maybe("right_category", correct.as_ref())
        }
        TemplateNews::Unread => words.say("unread", true),
    }
}

fn quality(quality: &NumberQuality) -> Words {
    Words::new()
        .say("event", quality.event.as_str())
        .maybe("limit", quality.current_limit.as_ref())
        .maybe("limit_before", quality.old_limit.as_ref())
        .maybe("daily_conversations", quality.daily_conversations.as_ref())
}

fn name(name: &NameDecision) -> Words {
    Words::new()
        .say("decision", name.decision.as_str())
        .maybe("requested_name", name.requested_name.as_ref())
        .maybe("reason", name.reason.as_ref())
}

fn settings(settings: &NumberSettings) -> Words {
    Words::new()
        .maybe("kind", settings.kind.as_ref())
        .full("settings", settings.settings.clone())
        .maybe("at", settings.at.as_ref())
}

fn update(update: &AccountUpdate) -> Words {
    let restrictions = list(&update.restrictions, |restriction| {
        Words::new()
            .maybe("kind", restriction.kind.as_ref())
            .maybe("expires_at", restriction.expires_at.as_ref())
            .maybe("remediation", restriction.remediation.as_ref())
    });
    Words::new()
        .say("event", update.event.as_str())
        .maybe("phone_number", update.phone_number.as_ref())
        .maybe("country", update.country.as_ref())
        .maybe("violation", update.violation.as_ref())
        .maybe("remediation", update.remediation.as_ref())
        .full("restrictions", restrictions)
        .full("ban_states", update.ban_states.clone())
        .maybe("ban_date", update.ban_date.as_ref())
        .maybe("lock_expires_at", update.lock_expires_at.as_ref())
        .maybe("disconnection_reason", update.disconnection_reason.as_ref())
        .maybe("disconnection_by", update.disconnection_by.as_ref())
        .full("business", business(update))
        .full("volume_tier", tier(update))
        .full("rate_eligibility", rates(update))
        .full("certification", certification(update))
}

fn business(update: &AccountUpdate) -> Words {
    let Some(business) = &update.business else { return Words::new() };
    Words::new()
        .maybe("account", business.account_id.as_ref())
        .maybe("owner", business.owner_id.as_ref())
        .maybe("partner_app", business.partner_app_id.as_ref())
        .maybe("solution", business.solution_id.as_ref())
        .full("solution_partners", business.solution_partners.clone())
        .maybe("ad_account", business.ad_account_id.as_ref())
}

fn tier(update: &AccountUpdate) -> Words {
    let Some(tier) = &update.volume_tier else { return Words::new() };
    Words::new()
        .maybe("category", tier.category.as_ref())
        .maybe("tier", tier.tier.as_ref())
        .maybe("month", tier.month.as_ref())
        .maybe("region", tier.region.as_ref())
        .maybe("at", tier.at.as_ref())
}

fn rates(update: &AccountUpdate) -> Words {
    let Some(rates) = &update.rate_eligibility else { return Words::new() };
    let exceptions = list(&rates.exceptions, |exception| {
        Words::new().maybe("country", exception.country.as_ref()).maybe("starts_at", exception.starts_at.as_ref())
    });
    Words::new().maybe("starts_at", rates.starts_at.as_ref()).full("exceptions", exceptions)
}

fn certification(update: &AccountUpdate) -> Words {
    let Some(certification) = &update.certification else { return Words::new() };
    Words::new()
        .maybe("client", certification.client_id.as_ref())
        .maybe("status", certification.status.as_ref())
        .full("rejection_reasons", certification.rejection_reasons.clone())
}

fn alert(alert: &AlertDetails) -> Words {
    Words::new()
        .maybe("entity_type", alert.entity_type.as_ref())
        .maybe("entity_id", alert.entity_id.as_ref())
        .maybe("severity", alert.severity.as_ref())
        .maybe("status", alert.status.as_ref())
        .maybe("kind", alert.kind.as_ref())
        .maybe("description", alert.description.as_ref())
}

fn capability(capability: &Capability) -> Words {
    Words::new()
        .maybe("daily_conversations", capability.daily_conversations.as_ref())
        .maybe("daily_conversations_per_number", capability.daily_conversations_per_number.as_ref())
        .number("numbers_per_business", capability.numbers_per_business)
        .number("numbers_per_account", capability.numbers_per_account)
}

fn flow(flow: &FlowEvent) -> Words {
    let errors = list(&flow.errors, |error| {
        Words::new().maybe("kind", error.kind.as_ref()).number("rate", error.rate).number("count", error.count)
    });
    Words::new()
        .say("event", flow.event.as_str())
        .maybe("flow_id", flow.flow_id.as_ref())
        .maybe("message", flow.message.as_ref())
        .maybe("warning", flow.warning.as_ref())
        .maybe("old_status", flow.old_status.as_ref())
        .maybe("new_status", flow.new_status.as_ref())
        .maybe("alert_state", flow.alert_state.as_ref())
        .number("threshold", flow.threshold)
        .number("error_rate", flow.error_rate)
        .number("availability", flow.availability)
        .number("latency_p50_ms", flow.latency_p50_ms)
        .number("latency_p90_ms", flow.latency_p90_ms)
        .number("requests", flow.requests)
        .full("errors", errors)
}
