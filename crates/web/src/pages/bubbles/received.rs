//! What a person sent, or the business by other means.

use domain::inbound::reader::Node;
use domain::inbound::{
    CallPermission, Card, Context, Edit, FlowReply, IdentityChange, InboundContent, ListReply, Media, Order, Referral,
    ReportedError, SystemNotice,
};
use serde_json::Value;

use super::parts::{Told, label, person, some_text, text};
use super::{Around, Drawn, read};
use crate::views::bubble::{Advertisement, Fact, Items, Label, Link, Part};

/// How many answers of a form are shown one by one.
const FACTS_MAX: usize = 100;

/// The stored object with what stands around its content.
pub(super) fn message(object: &Value, around: &Around<'_>) -> (Drawn, Option<Advertisement>) {
    let node = Node::untracked(object);
    let mut drawn = content(&read(object), around);
    if let Some(context) = Context::read(node) {
        drawn.labels.extend(forwarded(&context, around));
        drawn.parts.splice(0..0, product(&context, around));
    }
    if let Some(identity) = IdentityChange::read(node) {
        drawn.parts.push(Part::Note(new_keys(&identity, around)));
    }
    drawn.parts.extend(ReportedError::read_list(node).iter().map(|error| reason(error, around)));
    (drawn, Referral::read(node).map(|referral| advertisement(&referral, around)))
}

fn content(content: &InboundContent, around: &Around<'_>) -> Drawn {
    match content {
        InboundContent::Text { body } => Drawn::of(vec![text(body)]),
        InboundContent::Media(media) => Drawn::of(medium(media, around)),
        InboundContent::Location(place) => {
            let texts = [place.name.as_deref(), place.address.as_deref(), place.url.as_deref()];
            Drawn::of(vec![around.place((place.latitude, place.longitude), texts)])
        }
        InboundContent::Contacts { cards, origin } => {
            let asked = (origin.as_deref() == Some("contact_request"))
                .then(|| Part::Label(around.label("person", "bubble.contact_asked_for")));
            Drawn::of(asked.into_iter().chain(cards.iter().map(|one| card(one, around))).collect())
        }
        InboundContent::Button { text: words, payload } => {
            tapped("bubble.tapped_template", words, payload.as_deref(), around)
        }
        InboundContent::ButtonReply { id, title } => tapped("bubble.tapped_button", title, Some(id), around),
        InboundContent::ListReply(reply) => list_reply(reply, around),
        InboundContent::FlowReply(reply) => Drawn::of(flow_reply(reply, around)),
        InboundContent::CallPermission(permission) => Drawn::of(call_permission(permission, around)),
        InboundContent::Reaction(reaction) => Drawn {
            quotes: Some("bubble.reacts"),
            ..Drawn::of(vec![match &reaction.emoji {
                Some(emoji) => Part::Emoji(emoji.clone()),
                None => Part::Note(around.label("undo", "bubble.reaction_removed")),
            }])
        },
        InboundContent::Order(placed) => Drawn::of(order(placed, around)),
        InboundContent::System(notice) => Drawn::of(system(notice, around)),
        InboundContent::RequestWelcome => note("eye", "bubble.welcome", around),
        InboundContent::Unsupported { kind } => {
            let words = match kind {
                Some(kind) => around.tf("bubble.unsupported_kind", &[("kind", kind)]),
                None => around.t("bubble.unsupported"),
            };
            Drawn::of(vec![Part::Note(label("help", words))])
        }
        InboundContent::Unknown => note("help", "bubble.unsupported", around),
        InboundContent::Edit(change) => edit(change, around),
        InboundContent::Revoke { .. } => {
            Drawn { quotes: Some("bubble.revokes"), ..note("trash", "bubble.revoked", around) }
        }
        InboundContent::MediaPlaceholder => note("clock", "bubble.media_placeholder", around),
        InboundContent::Other { kind, raw } => unread(kind, raw, around),
    }
}

/// A kind that this version does not read: its word, and the object as it came.
pub(super) fn unread(kind: &str, object: &Value, around: &Around<'_>) -> Drawn {
    let words = around.tf("bubble.unread", &[("kind", kind)]);
    Drawn::of(vec![Part::Note(label("help", words)), around.raw(object)])
}

fn note(icon: &'static str, key: &'static str, around: &Around<'_>) -> Drawn {
    Drawn::of(vec![Part::Note(around.label(icon, key))])
}

fn medium(media: &Media, around: &Around<'_>) -> Vec<Part> {
    let is_this = |id: &Option<String>| id.as_deref() == Some(media.id.as_str());
    let stored = around.media.iter().find(|medium| is_this(&medium.told.provider_id));
    let told = Told {
        filename: media.filename.as_deref(),
        mime_type: media.mime_type.as_deref(),
        is_voice: media.voice == Some(true),
    };
    let shown = around.stored(media.kind.as_str(), &told, stored);
    [Some(shown), some_text(media.caption.as_deref())].into_iter().flatten().collect()
}

fn card(card: &Card, around: &Around<'_>) -> Part {
    let name = card.shown_name().unwrap_or_else(|| around.t("bubble.no_name"));
    let job = [&card.title, &card.department, &card.company].into_iter().flatten().cloned().collect::<Vec<_>>();
    let numbers = card.phones.iter().filter_map(|phone| phone.phone.clone().or_else(|| phone.wa_id.clone()));
    let entries = card.emails.iter().chain(&card.urls).filter_map(|entry| entry.value.clone());
    let addresses = card.addresses.iter().map(|address| {
        let parts = [&address.street, &address.zip, &address.city, &address.state, &address.country];
        parts.into_iter().flatten().cloned().collect::<Vec<_>>().join(", ")
    });
    let lines = std::iter::once(job.join(", ")).chain(numbers).chain(entries).chain(addresses);
    let lines = lines.chain(card.birthday.clone()).filter(|line| !line.is_empty() && *line != name);
    let lines = lines.collect();
    person(name, lines)
}

fn tapped(key: &'static str, words: &str, answer: Option<&str>, around: &Around<'_>) -> Drawn {
    let what = Part::Label(around.label("check", key));
    // Where the answer is what the button says, once is enough.
    let answer = answer.filter(|answer| *answer != words).map(|answer| answered(answer, around));
    Drawn::of([Some(what), Some(text(words)), answer].into_iter().flatten().collect())
}

fn answered(id: &str, around: &Around<'_>) -> Part {
    Part::Facts(vec![Fact { name: around.t("bubble.answer_id"), value: id.to_owned() }])
}

fn list_reply(reply: &ListReply, around: &Around<'_>) -> Drawn {
    let parts = [
        Some(Part::Label(around.label("check", "bubble.chose_row"))),
        Some(text(&reply.title)),
        reply.description.clone().map(Part::Footer),
        Some(answered(&reply.id, around)),
    ];
    Drawn::of(parts.into_iter().flatten().collect())
}

fn flow_reply(reply: &FlowReply, around: &Around<'_>) -> Vec<Part> {
    let key =
        if reply.name.as_deref() == Some("address_message") { "bubble.gave_address" } else { "bubble.filled_flow" };
    let answers = match reply.response() {
        Some(members) => {
            let facts = members.iter().take(FACTS_MAX);
            let facts = facts.map(|(name, value)| Fact { name: name.clone(), value: shown(value) });
            Part::Facts(facts.collect())
        }
        // Nothing but an object has names to show.
        None => text(&reply.response_json),
    };
    let label = Part::Label(around.label("document", key));
    [Some(label), some_text(reply.body.as_deref()), Some(answers)].into_iter().flatten().collect()
}

/// A value of a form: its text, and JSON where it is neither text nor a list of texts.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

fn call_permission(permission: &CallPermission, around: &Around<'_>) -> Vec<Part> {
    let words = match permission.response.as_str() {
        "accept" if permission.is_permanent == Some(true) => around.t("bubble.call_always"),
        "accept" => match permission.expires_at {
            Some(at) => around.tf("bubble.call_until", &[("time", &around.viewer.moment(at).short)]),
            None => around.t("bubble.call_allowed"),
        },
        "reject" => around.t("bubble.call_refused"),
        other => other.to_owned(),
    };
    vec![Part::Note(label("phone", words))]
}

fn order(order: &Order, around: &Around<'_>) -> Vec<Part> {
    let items = order.items.iter().map(|item| {
        let count = item.quantity.unwrap_or(1).to_string();
        let price = amount(item.price, item.currency.as_deref());
        Fact {
            name: item.product_id.clone().unwrap_or_default(),
            value: price.map_or_else(|| count.clone(), |price| format!("{count} × {price}")),
        }
    });
    let items = Items { items: items.collect(), total: total(order, around) };
    let what = Part::Label(around.label("tag", "bubble.ordered"));
    [Some(what), Some(Part::Items(items)), some_text(order.text.as_deref())].into_iter().flatten().collect()
}

fn amount(price: Option<f64>, currency: Option<&str>) -> Option<String> {
    Some(format!("{:.2} {}", price?, currency.unwrap_or_default()).trim_end().to_owned())
}

/// The sum, where every line has a price in one currency.
#[expect(clippy::cast_precision_loss, reason = "a quantity beyond 2^52 is no order")]
fn total(order: &Order, around: &Around<'_>) -> Option<String> {
    let currency = order.items.first()?.currency.as_deref();
    let is_same = order.items.iter().all(|item| item.currency.as_deref() == currency);
    let prices: Option<Vec<f64>> =
        order.items.iter().map(|item| Some(item.price? * item.quantity.unwrap_or(1) as f64)).collect();
    let sum = amount(Some(prices.filter(|_| is_same)?.iter().sum()), currency)?;
    Some(around.tf("bubble.total", &[("amount", &sum)]))
}

fn system(notice: &SystemNotice, around: &Around<'_>) -> Vec<Part> {
    let words = notice.body.clone().or_else(|| notice.kind.clone());
    let words = words.unwrap_or_else(|| around.t("kind.notice"));
    let fact = |key, value: Option<String>| Some(Fact { name: around.t(key), value: value? });
    let facts: Vec<Fact> = [
        fact("bubble.old_number", notice.previous_phone.as_ref().map(|phone| phone.formatted())),
        fact("bubble.new_number", notice.phone.as_ref().map(|phone| phone.formatted())),
        fact("bubble.new_user_id", notice.user_id.clone().map(String::from)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let facts = (!facts.is_empty()).then_some(Part::Facts(facts));
    [Some(Part::Note(label("info", words))), facts].into_iter().flatten().collect()
}

fn edit(change: &Edit, around: &Around<'_>) -> Drawn {
    let what = Part::Label(around.label("edit", "bubble.changed"));
    let inner = change.content.as_ref().map(|inner| content(inner, around)).unwrap_or_default();
    let parts = [vec![what], inner.parts].concat();
    Drawn { parts, quotes: Some("bubble.changes"), ..inner }
}

fn forwarded(context: &Context, around: &Around<'_>) -> Option<Label> {
    let key = match (context.frequently_forwarded, context.forwarded) {
        (true, _) => "bubble.forwarded_often",
        (false, true) => "bubble.forwarded",
        (false, false) => return None,
    };
    Some(around.label("forward", key))
}

fn product(context: &Context, around: &Around<'_>) -> Option<Part> {
    let product = context.product_id.clone()?;
    let name = around.t("bubble.asks_about");
    Some(Part::Facts(vec![Fact { name, value: product }]))
}

fn new_keys(identity: &IdentityChange, around: &Around<'_>) -> Label {
    let key = if identity.acknowledged == Some(true) { "bubble.keys_known" } else { "bubble.keys_new" };
    around.label("key", key)
}

fn reason(error: &ReportedError, around: &Around<'_>) -> Part {
    let code = error.code.map_or_else(String::new, |code| code.to_string());
    let words =
        [&error.details, &error.message, &error.title].into_iter().flatten().next().cloned().unwrap_or_default();
    Part::Note(label("info", around.tf("bubble.reason", &[("code", &code), ("reason", &words)])))
}

fn advertisement(referral: &Referral, around: &Around<'_>) -> Advertisement {
    let key = if referral.source_type.as_deref() == Some("post") { "bubble.from_post" } else { "bubble.from_ad" };
    let address = referral.source_url.as_deref();
    Advertisement {
        label: around.t(key),
        headline: referral.headline.clone().unwrap_or_default(),
        body: referral.body.clone().unwrap_or_default(),
        link: address.and_then(|address| Link::to(address, address)),
    }
}
