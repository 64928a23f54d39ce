//! Facts and what they are about.

use domain::inbound::{
    CallEvent, ContactSync, Context, Conversation, Echo, EchoSource, GroupChange, GroupEvent, GroupParticipant,
    HistoryChunk, HistoryMessage, HookFact, HookItem, IdentityChange, InboundMessage, MessageObject, Person, Pricing,
    Referral, ReportedError, StatusReport, Subject, UserIdUpdate, UserPreference,
};
use domain::message::Direction;
use serde_json::Value;

use super::words::{Words, list};
use super::{account, content};

pub(super) fn item(item: &HookItem) -> Value {
    let about = match &item.subject {
        Subject::Number { id, display } => {
            Words::new().say("number_id", id.as_str()).maybe("display", display.as_ref())
        }
        Subject::DisplayNumber(display) => Words::new().say("display", display.as_str()),
        Subject::BusinessAccount(id) => Words::new().say("business_account", id.as_str()),
        Subject::Portfolio(id) => Words::new().say("portfolio", id.as_str()),
        Subject::Unnamed => Words::new(),
    };
    let words = Words::new()
        .say("about", about)
        .maybe("business_account", item.business_account.as_ref())
        .maybe("portfolio", item.portfolio.as_ref())
        .maybe("delivered_at", item.at.as_ref());
    let (name, fact) = fact(&item.fact);
    words.say(name, fact).into()
}

fn fact(fact: &HookFact) -> (&'static str, Value) {
    match fact {
        HookFact::Message(message) => ("message", inbound(message).into()),
        HookFact::Status(report) => ("status", status(report).into()),
        HookFact::Echo(message) => ("echo", echo(message).into()),
        HookFact::History(message) => ("history_message", history(message).into()),
        HookFact::HistoryProgress(chunk) => ("history_progress", progress(chunk).into()),
        HookFact::HistoryRefused(refused) => ("history_refused", error(refused).into()),
        HookFact::ContactSync(sync) => ("contact_sync", contact_sync(sync).into()),
        HookFact::Preference(chosen) => ("preference", preference(chosen).into()),
        HookFact::UserIds(update) => ("user_ids", user_ids(update).into()),
        HookFact::Call(event) => ("call", call(event).into()),
        HookFact::Group(event) => ("group", group(event).into()),
        HookFact::Account(event) => ("account", account::event(event)),
        HookFact::Error(reported) => ("error", error(reported).into()),
        HookFact::Profile(described) => ("profile", person(described).into()),
        HookFact::Other { field, raw } => {
            ("other", Words::new().say("field", field.as_str()).say("raw", raw.clone()).into())
        }
    }
}

pub(super) fn person(person: &Person) -> Words {
    Words::new()
        .maybe("phone", person.phone.as_ref())
        .maybe("user_id", person.user_id.as_ref().map(|id| id.as_str().to_owned()).as_ref())
        .maybe("parent_user_id", person.parent_user_id.as_ref().map(|id| id.as_str().to_owned()).as_ref())
        .maybe("username", person.username.as_ref())
        .maybe("name", person.name.as_ref())
        .maybe("identity_hash", person.identity_hash.as_ref())
}

pub(super) fn error(error: &ReportedError) -> Words {
    Words::new()
        .number("code", error.code)
        .number("subcode", error.subcode)
        .maybe("title", error.title.as_ref())
        .maybe("message", error.message.as_ref())
        .maybe("details", error.details.as_ref())
        .maybe("href", error.href.as_ref())
        .flag("is_transient", error.is_transient)
}

fn object(object: &MessageObject, words: Words) -> Words {
    content::content(&object.content, words.say("id", object.external_id.as_str()).maybe("at", object.at.as_ref()))
        .maybe("group_id", object.group_id.as_ref())
        .full("context", object.context.as_ref().map(|found| Value::from(context(found))))
        .full("referral", object.referral.as_ref().map(|found| Value::from(referral(found))))
        .full("identity", object.identity.as_ref().map(|found| Value::from(identity(found))))
        .full("errors", list(&object.errors, error))
}

pub(super) fn context(context: &Context) -> Words {
    Words::new()
        .maybe("answers", context.id.as_ref())
        .maybe("written_by", context.from.as_ref())
        .maybe("written_by_user_id", context.from_user_id.as_ref())
        .flag("forwarded", context.forwarded.then_some(true))
        .flag("frequently_forwarded", context.frequently_forwarded.then_some(true))
        .maybe("catalog", context.catalog_id.as_ref())
        .maybe("product", context.product_id.as_ref())
}

fn referral(referral: &Referral) -> Words {
    Words::new()
        .maybe("source_url", referral.source_url.as_ref())
        .maybe("source_id", referral.source_id.as_ref())
        .maybe("source_type", referral.source_type.as_ref())
        .maybe("headline", referral.headline.as_ref())
        .maybe("body", referral.body.as_ref())
        .maybe("media_type", referral.media_type.as_ref())
        .maybe("image_url", referral.image_url.as_ref())
        .maybe("video_url", referral.video_url.as_ref())
        .maybe("thumbnail_url", referral.thumbnail_url.as_ref())
        .maybe("click_id", referral.click_id.as_ref())
        .maybe("welcome_text", referral.welcome_text.as_ref())
}

fn identity(identity: &IdentityChange) -> Words {
    Words::new()
        .flag("acknowledged", identity.acknowledged)
        .maybe("created_at", identity.created_at.as_ref())
        .maybe("hash", identity.hash.as_ref())
}

fn inbound(message: &InboundMessage) -> Words {
    object(&message.object, Words::new().say("from", person(&message.from)))
}

fn status(report: &StatusReport) -> Words {
    let group = report.group.as_ref().map(|group| {
        let participant = person(&group.participant);
        Value::from(Words::new().maybe("id", group.group_id.as_ref()).full("participant", participant))
    });
    Words::new()
        .say("message_id", report.external_id.as_str())
        .maybe("reference", report.reference.as_ref())
        .say("status", report.status.as_str())
        .maybe("at", report.at.as_ref())
        .full("to", person(&report.recipient))
        .full("group", group)
        .maybe("failure", report.failure.as_ref().map(|failure| failure.code.clone()).as_ref())
        .full("errors", list(&report.errors, error))
        .full("conversation", report.conversation.as_ref().map(|found| Value::from(conversation(found))))
        .full("pricing", report.pricing.as_ref().map(|found| Value::from(pricing(found))))
}

fn conversation(conversation: &Conversation) -> Words {
    Words::new()
        .maybe("id", conversation.id.as_ref())
        .maybe("origin", conversation.origin.as_ref())
        .maybe("expires_at", conversation.expires_at.as_ref())
}

fn pricing(pricing: &Pricing) -> Words {
    Words::new()
        .flag("billable", pricing.billable)
        .maybe("model", pricing.model.as_ref())
        .maybe("kind", pricing.kind.as_ref())
        .maybe("category", pricing.category.as_ref())
}

fn echo(echo: &Echo) -> Words {
    let source = match echo.source {
        EchoSource::PhoneApp => "phone app",
        EchoSource::OtherApplication => "other application",
        EchoSource::History => "history",
    };
    let words = Words::new().say("source", source).maybe("from", echo.from.as_ref()).full("to", person(&echo.to));
    object(&echo.object, words)
}

fn history(message: &HistoryMessage) -> Words {
    let direction = match message.direction {
        Direction::Inbound => "from the person",
        Direction::Outbound => "to the person",
    };
    let words = Words::new()
        .say("person", person(&message.person))
        .say("direction", direction)
        .maybe("status", message.status.as_ref())
        .full("chunk", message.chunk.as_ref().map(|chunk| Value::from(progress(chunk))));
    object(&message.object, words)
}

fn progress(chunk: &HistoryChunk) -> Words {
    Words::new().number("phase", chunk.phase).number("order", chunk.order).number("progress", chunk.progress)
}

fn contact_sync(sync: &ContactSync) -> Words {
    Words::new()
        .maybe("kind", sync.kind.as_ref())
        .maybe("action", sync.action.as_ref())
        .full("person", person(&sync.person))
        .maybe("first_name", sync.first_name.as_ref())
        .maybe("at", sync.at.as_ref())
}

fn preference(preference: &UserPreference) -> Words {
    Words::new()
        .say("person", person(&preference.person))
        .maybe("category", preference.category.as_ref())
        .say("value", preference.value.as_str())
        .maybe("detail", preference.detail.as_ref())
        .maybe("signup_id", preference.signup_id.as_ref())
        .maybe("at", preference.at.as_ref())
}

fn user_ids(update: &UserIdUpdate) -> Words {
    let id = |id: &Option<domain::address::UserIdentifier>| id.as_ref().map(|id| id.as_str().to_owned());
    Words::new()
        .full("person", person(&update.person))
        .maybe("previous", id(&update.previous).as_ref())
        .maybe("current", id(&update.current).as_ref())
        .maybe("parent_previous", id(&update.parent_previous).as_ref())
        .maybe("parent_current", id(&update.parent_current).as_ref())
        .maybe("detail", update.detail.as_ref())
        .maybe("at", update.at.as_ref())
}

fn call(call: &CallEvent) -> Words {
    let session = call.session.as_ref().map(|session| {
        Value::from(Words::new().maybe("kind", session.kind.as_ref()).maybe("sdp", session.sdp.as_ref()))
    });
    let media = call
        .media
        .as_ref()
        .map(|media| Value::from(content::media(&media.media, Words::new().say("name", media.name.as_str()))));
    Words::new()
        .say("id", call.id.as_str())
        .say("event", call.event.as_str())
        .maybe("direction", call.direction.as_ref())
        .full("from", person(&call.from))
        .full("to", person(&call.to))
        .maybe("at", call.at.as_ref())
        .maybe("status", call.status.as_ref())
        .full("session", session)
        .maybe("started_at", call.started_at.as_ref())
        .maybe("ended_at", call.ended_at.as_ref())
        .number("duration_seconds", call.duration_seconds)
        .maybe("reference", call.reference.as_ref())
        .maybe("button_payload", call.button_payload.as_ref())
        .maybe("link_payload", call.link_payload.as_ref())
        .full("media", media)
        .full("errors", list(&call.errors, error))
}

fn group(group: &GroupEvent) -> Words {
    Words::new()
        .say("field", group.field.as_str())
        .say("kind", group.kind.as_str())
        .maybe("id", group.group_id.as_ref())
        .maybe("request_id", group.request_id.as_ref())
        .maybe("at", group.at.as_ref())
        .maybe("subject", group.subject.as_ref())
        .maybe("description", group.description.as_ref())
        .maybe("invite_link", group.invite_link.as_ref())
        .maybe("join_approval_mode", group.join_approval_mode.as_ref())
        .maybe("reason", group.reason.as_ref())
        .maybe("initiated_by", group.initiated_by.as_ref())
        .maybe("join_request_id", group.join_request_id.as_ref())
        .full("person", group.person.as_ref().map(|found| Value::from(person(found))))
        .full("added", list(&group.added, participant))
        .full("removed", list(&group.removed, participant))
        .full("failed", list(&group.failed, participant))
        .full("changes", list(&group.changes, change))
        .full("errors", list(&group.errors, error))
}

fn participant(participant: &GroupParticipant) -> Words {
    Words::new()
        .maybe("input", participant.input.as_ref())
        .full("person", person(&participant.person))
        .full("errors", list(&participant.errors, error))
}

fn change(change: &GroupChange) -> Words {
    Words::new()
        .say("setting", change.setting.as_str())
        .maybe("text", change.text.as_ref())
        .maybe("mime_type", change.mime_type.as_ref())
        .maybe("sha256", change.sha256.as_ref())
        .flag("successful", change.successful)
        .full("errors", list(&change.errors, error))
}
