//! What a message says.

use domain::inbound::{Card, CardAddress, CardEntry, CardPhone, Edit, InboundContent, Media, Order, SystemNotice};
use serde_json::Value;

use super::facts::context;
use super::words::{Words, list};

/// The content, beside what stands in `words` already.
pub(super) fn content(content: &InboundContent, words: Words) -> Words {
    let words = words.say("kind", content.kind());
    match content {
        InboundContent::Text { body } => words.say("text", body.as_str()),
        InboundContent::Media(file) => words.say("media", media(file, Words::new())),
        InboundContent::Location(place) => words.say(
            "location",
            Words::new()
                .say("latitude", place.latitude)
                .say("longitude", place.longitude)
                .maybe("name", place.name.as_ref())
                .maybe("address", place.address.as_ref())
                .maybe("url", place.url.as_ref()),
        ),
        InboundContent::Contacts { cards, origin } => {
            words.say("cards", list(cards, card)).maybe("origin", origin.as_ref())
        }
        InboundContent::Button { text, payload } => {
            words.say("button", Words::new().say("text", text.as_str()).maybe("payload", payload.as_ref()))
        }
        InboundContent::ButtonReply { id, title } => {
            words.say("reply", Words::new().say("id", id.as_str()).say("title", title.as_str()))
        }
        InboundContent::ListReply(reply) => words.say(
            "reply",
            Words::new()
                .say("id", reply.id.as_str())
                .say("title", reply.title.as_str())
                .maybe("description", reply.description.as_ref()),
        ),
        InboundContent::FlowReply(reply) => words.say(
            "flow",
            Words::new()
                .maybe("name", reply.name.as_ref())
                .maybe("body", reply.body.as_ref())
                .say("response_json", reply.response_json.as_str())
                .full("response", reply.response().map(Value::Object)),
        ),
        InboundContent::CallPermission(permission) => words.say(
            "call_permission",
            Words::new()
                .say("response", permission.response.as_str())
                .flag("is_permanent", permission.is_permanent)
                .maybe("expires_at", permission.expires_at.as_ref())
                .maybe("source", permission.source.as_ref()),
        ),
        InboundContent::Reaction(reaction) => words.say(
            "reaction",
            Words::new()
                .say("to", reaction.message_id.as_str())
                .maybe("emoji", reaction.emoji.as_ref())
                .flag("removed", reaction.emoji.is_none().then_some(true)),
        ),
        InboundContent::Order(found) => words.say("order", order(found)),
        InboundContent::System(notice) => words.say("system", system(notice)),
        InboundContent::Unsupported { kind } => words.maybe("unsupported_kind", kind.as_ref()),
        InboundContent::Edit(found) => words.say("edit", edit(found)),
        InboundContent::Revoke { original_id } => words.maybe("revoked", original_id.as_ref()),
        InboundContent::RequestWelcome | InboundContent::Unknown | InboundContent::MediaPlaceholder => words,
        InboundContent::Other { kind, raw } => words.say("other_kind", kind.as_str()).say("raw", raw.clone()),
    }
}

pub(super) fn media(media: &Media, words: Words) -> Words {
    words
        .say("kind", media.kind.as_str())
        .say("id", media.id.as_str())
        .maybe("mime_type", media.mime_type.as_ref())
        .maybe("sha256", media.sha256.as_ref())
        .maybe("caption", media.caption.as_ref())
        .maybe("filename", media.filename.as_ref())
        .flag("voice", media.voice)
        .flag("animated", media.animated)
        .maybe("url", media.url.as_ref())
}

fn card(card: &Card) -> Words {
    let name = Words::new()
        .maybe("formatted", card.name.formatted.as_ref())
        .maybe("first", card.name.first.as_ref())
        .maybe("last", card.name.last.as_ref())
        .maybe("middle", card.name.middle.as_ref())
        .maybe("prefix", card.name.prefix.as_ref())
        .maybe("suffix", card.name.suffix.as_ref());
    Words::new()
        .full("name", name)
        .full("phones", list(&card.phones, phone))
        .full("emails", list(&card.emails, entry))
        .full("urls", list(&card.urls, entry))
        .full("addresses", list(&card.addresses, address))
        .maybe("company", card.company.as_ref())
        .maybe("department", card.department.as_ref())
        .maybe("title", card.title.as_ref())
        .maybe("birthday", card.birthday.as_ref())
        .maybe("vcard", card.vcard.as_ref())
}

fn phone(phone: &CardPhone) -> Words {
    Words::new()
        .maybe("phone", phone.phone.as_ref())
        .maybe("wa_id", phone.wa_id.as_ref())
        .maybe("user_id", phone.user_id.as_ref())
        .maybe("kind", phone.kind.as_ref())
}

fn entry(entry: &CardEntry) -> Words {
    Words::new().maybe("value", entry.value.as_ref()).maybe("kind", entry.kind.as_ref())
}

fn address(address: &CardAddress) -> Words {
    Words::new()
        .maybe("street", address.street.as_ref())
        .maybe("city", address.city.as_ref())
        .maybe("state", address.state.as_ref())
        .maybe("zip", address.zip.as_ref())
        .maybe("country", address.country.as_ref())
        .maybe("country_code", address.country_code.as_ref())
        .maybe("kind", address.kind.as_ref())
}

fn order(order: &Order) -> Words {
    let items = list(&order.items, |item| {
        Words::new()
            .maybe("product", item.product_id.as_ref())
            .number("quantity", item.quantity)
            .number("price", item.price)
            .maybe("currency", item.currency.as_ref())
    });
    Words::new().maybe("catalog", order.catalog_id.as_ref()).maybe("text", order.text.as_ref()).full("items", items)
}

fn system(notice: &SystemNotice) -> Words {
    Words::new()
        .maybe("kind", notice.kind.as_ref())
        .maybe("body", notice.body.as_ref())
        .maybe("phone", notice.phone.as_ref())
        .maybe("user_id", notice.user_id.as_ref().map(|id| id.as_str().to_owned()).as_ref())
        .maybe("parent_user_id", notice.parent_user_id.as_ref().map(|id| id.as_str().to_owned()).as_ref())
        .maybe("identity_hash", notice.identity_hash.as_ref())
        .maybe("previous_phone", notice.previous_phone.as_ref())
}

fn edit(edit: &Edit) -> Words {
    let now = edit.content.as_ref().map(|found| Value::from(content(found, Words::new())));
    Words::new()
        .maybe("of", edit.original_id.as_ref())
        .full("now", now)
        .full("context", edit.context.as_ref().map(|found| Value::from(context(found))))
}
