//! From what a message says to what its bubble shows: one list of parts for every kind, in both directions.

use serde_json::{Value, json};

use super::richtext::{self, Html};
use crate::content::{Content, RenderedButton, RenderedHeader, RenderedTemplate};
use crate::samples::MediumKind;

/// What a catalogue shows of which the message names no product.
const SAMPLE_PRODUCT: &str = "SKU-1";

/// A piece of a bubble.
#[derive(Debug)]
pub(super) enum Part {
    Header(String),
    Text(Html),
    Footer(String),
    /// Words of the simulator, not of the message.
    Note(String),
    /// Where the page of a link would be previewed.
    Preview(String),
    Picture {
        src: String,
        alt: &'static str,
    },
    Sticker {
        src: String,
    },
    Video {
        src: String,
    },
    Sound {
        src: Option<String>,
        is_voice: bool,
        detail: String,
    },
    File {
        icon: &'static str,
        name: String,
        detail: String,
        src: Option<String>,
    },
    Place {
        name: String,
        address: String,
        degrees: String,
    },
    Person {
        initials: String,
        name: String,
        lines: Vec<String>,
    },
    Product {
        name: String,
        detail: String,
    },
    Offer {
        text: String,
        ends: String,
    },
    Cards(Vec<Card>),
    Buttons(Vec<Button>),
}

/// A card of a carousel.
#[derive(Debug)]
pub(super) struct Card {
    pub(super) parts: Vec<Part>,
}

/// Something below the text that a customer can tap.
#[derive(Debug)]
pub(super) struct Button {
    pub(super) text: String,
    pub(super) icon: &'static str,
    pub(super) action: Action,
}

/// What a tap does.
#[derive(Debug)]
pub(super) enum Action {
    /// Answers with what the business put behind the button.
    Tap {
        card: Option<usize>,
        index: usize,
        is_chosen: bool,
    },
    Link(String),
    /// Shows a code or a number, which a phone would copy or call.
    Show(String),
    List(Vec<Section>),
    /// A form that answers with JSON: a flow or an address.
    Form {
        name: &'static str,
        label: &'static str,
        response: String,
    },
    Place,
    Permission,
    Basket {
        catalog: String,
        sections: Vec<Section>,
    },
    /// Only said; nothing follows a tap.
    Nothing,
}

/// A part of a list, of rows or of products.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) title: String,
    pub(super) rows: Vec<Row>,
}

#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) description: String,
}

pub(super) fn text_at<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn list_at<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A number as it was written, or a text in its place.
fn scalar_at(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

/// Everything a bubble shows of what the message says. `chosen` is the button that was tapped.
pub(super) fn of(content: &Content, chosen: Option<usize>) -> Vec<Part> {
    let object = &content.object;
    match content.kind.as_str() {
        "text" => text(object),
        "image" | "video" | "audio" | "voice" | "document" | "sticker" => medium(&content.kind, object),
        "location" => vec![place(object)],
        "contacts" => object.as_array().into_iter().flatten().map(person).collect(),
        "template" => content.template.as_ref().map(|rendered| template(rendered, chosen)).unwrap_or_default(),
        "interactive" => interactive(object, chosen),
        "button" => vec![words(text_at(object, "/text"))],
        "order" => order(object),
        "unsupported" => {
            vec![Part::Note(format!("A message of a kind the business cannot see ({})", text_at(object, "/type")))]
        }
        other => vec![Part::Note(format!("A message of type {other}, which this phone cannot show"))],
    }
}

fn words(text: &str) -> Part {
    Part::Text(richtext::render(text))
}

fn text(object: &Value) -> Vec<Part> {
    let body = text_at(object, "/body");
    let address = richtext::first_address(body).filter(|_| object.get("preview_url") == Some(&json!(true)));
    let preview = address.map(|address| Part::Preview(host_of(address).to_owned()));
    preview.into_iter().chain([words(body)]).collect()
}

fn host_of(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

fn medium(kind: &str, object: &Value) -> Vec<Part> {
    let caption = text_at(object, "/caption");
    let caption = (!caption.is_empty()).then(|| words(caption));
    [medium_part(kind, object)].into_iter().chain(caption).collect()
}

fn medium_part(kind: &str, object: &Value) -> Part {
    let id = text_at(object, "/id");
    let src = (!id.is_empty()).then(|| format!("/phone/media/{id}"));
    // Files elsewhere are named and not fetched: the page loads nothing but from here.
    let link = text_at(object, "/link");
    let detail = if link.is_empty() { String::new() } else { host_of(link).to_owned() };
    let last = link.split(['?', '#']).next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let name = [text_at(object, "/filename"), last].into_iter().find(|name| !name.is_empty());
    match (kind, src) {
        ("image", Some(src)) => Part::Picture { src, alt: "Picture" },
        ("sticker", Some(src)) => Part::Sticker { src },
        ("video" | "gif", Some(src)) => Part::Video { src },
        ("audio" | "voice", src) => {
            let is_voice = kind == "voice" || object.get("voice") == Some(&json!(true));
            Part::Sound { src, is_voice, detail }
        }
        (kind, src) => {
            let (icon, word) = match kind {
                "image" => ("image", "Picture"),
                "sticker" => ("react", "Sticker"),
                "video" | "gif" => ("play", "Video"),
                _ => ("document", "Document"),
            };
            Part::File { icon, name: name.unwrap_or(word).to_owned(), detail: join(&[word, &detail]), src }
        }
    }
}

fn join(words: &[&str]) -> String {
    let words: Vec<&str> = words.iter().copied().filter(|word| !word.is_empty()).collect();
    words.join(" · ")
}

fn place(object: &Value) -> Part {
    let degrees = format!("{}, {}", scalar_at(object, "/latitude"), scalar_at(object, "/longitude"));
    Part::Place { name: text_at(object, "/name").to_owned(), address: text_at(object, "/address").to_owned(), degrees }
}

fn person(card: &Value) -> Part {
    let name = text_at(card, "/name/formatted_name");
    let phones = list_at(card, "/phones").iter().map(|phone| text_at(phone, "/phone").to_owned());
    let mails = list_at(card, "/emails").iter().map(|mail| text_at(mail, "/email").to_owned());
    let company = text_at(card, "/org/company").to_owned();
    let lines = phones.chain(mails).chain([company]).filter(|line| !line.is_empty());
    Part::Person { initials: super::view::initials(name), name: name.to_owned(), lines: lines.collect() }
}

fn template(rendered: &RenderedTemplate, chosen: Option<usize>) -> Vec<Part> {
    let mut parts = Vec::new();
    parts.extend(rendered.header.as_ref().map(header));
    if let Some(offer) = &rendered.offer {
        let ends = offer
            .expires_at
            .map(|at| format!("Ends {}", at.to_string().get(..16).unwrap_or_default().replace('T', " ")));
        parts.push(Part::Offer { text: offer.text.clone(), ends: ends.unwrap_or_default() });
    }
    parts.push(words(&rendered.text));
    parts.extend(rendered.footer.clone().map(Part::Footer));
    if !rendered.cards.is_empty() {
        let cards = rendered.cards.iter().enumerate().map(|(index, card)| {
            let mut parts: Vec<Part> = card.header.as_ref().map(header).into_iter().collect();
            if !card.text.is_empty() {
                parts.push(words(&card.text));
            }
            parts.push(Part::Buttons(template_buttons(&card.buttons, Some(index), None)));
            Card { parts }
        });
        parts.push(Part::Cards(cards.collect()));
    }
    if !rendered.buttons.is_empty() {
        parts.push(Part::Buttons(template_buttons(&rendered.buttons, None, chosen)));
    }
    parts
}

fn header(header: &RenderedHeader) -> Part {
    match header {
        RenderedHeader::Text(text) => Part::Header(text.clone()),
        RenderedHeader::Object { kind, object } => match kind.as_str() {
            "location" => place(object),
            "product" => product(object),
            kind => medium_part(kind, object),
        },
    }
}

fn template_buttons(buttons: &[RenderedButton], card: Option<usize>, chosen: Option<usize>) -> Vec<Button> {
    let button = |(index, button): (usize, &RenderedButton)| {
        let value = button.value.clone().unwrap_or_default();
        let (icon, action) = match button.kind.as_str() {
            "quick_reply" => tap(card, index, chosen),
            "url" if is_address(&value) => ("external", Action::Link(value)),
            "phone_number" | "voice_call" => ("phone", Action::Show(value)),
            "copy_code" | "otp" | "url" => ("copy", Action::Show(value)),
            "flow" => ("panel", flow_form(&value)),
            "catalog" | "mpm" | "spm" => {
                ("bag", Action::Basket { catalog: String::new(), sections: vec![shelf(SAMPLE_PRODUCT)] })
            }
            _ => ("info", Action::Nothing),
        };
        Button { text: button.text.clone(), icon, action }
    };
    buttons.iter().enumerate().map(button).collect()
}

fn tap(card: Option<usize>, index: usize, chosen: Option<usize>) -> (&'static str, Action) {
    let is_chosen = chosen == Some(index);
    (if is_chosen { "check" } else { "reply" }, Action::Tap { card, index, is_chosen })
}

fn is_address(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

fn flow_form(token: &str) -> Action {
    let token = if token.is_empty() { "unused" } else { token };
    let response = json!({"flow_token": token, "name": "Yael", "guests": "2"}).to_string();
    Action::Form { name: "flow", label: "Answers, as JSON", response }
}

fn interactive(object: &Value, chosen: Option<usize>) -> Vec<Part> {
    let mut parts = Vec::new();
    if let Some(header) = object.get("header") {
        let kind = text_at(header, "/type");
        parts.push(match header.get(kind) {
            Some(Value::String(text)) => Part::Header(text.clone()),
            Some(medium) => medium_part(kind, medium),
            None => Part::Header(String::new()),
        });
    }
    let action = object.get("action").unwrap_or(&Value::Null);
    let kind = text_at(object, "/type");
    if kind == "product" {
        parts.push(product(action));
    }
    let replied = [
        ("/button_reply/title", ""),
        ("/list_reply/title", "/list_reply/description"),
        ("/nfm_reply/body", "/nfm_reply/response_json"),
    ];
    for (title, detail) in replied {
        if object.pointer(title).is_some() {
            parts.push(words(text_at(object, title)));
            parts.extend(
                Some(text_at(object, detail))
                    .filter(|text| !detail.is_empty() && !text.is_empty())
                    .map(|text| Part::Footer(text.to_owned())),
            );
        }
    }
    if let Some(reply) = object.get("call_permission_reply") {
        let allowed = text_at(reply, "/response") == "accept";
        parts.push(Part::Note(if allowed { "You allowed calls" } else { "You declined calls" }.to_owned()));
    }
    let body = text_at(object, "/body/text");
    if !body.is_empty() {
        parts.push(words(body));
    }
    let footer = text_at(object, "/footer/text");
    if !footer.is_empty() {
        parts.push(Part::Footer(footer.to_owned()));
    }
    if kind == "carousel" {
        parts.push(Part::Cards(list_at(action, "/cards").iter().enumerate().map(card).collect()));
    }
    let buttons = interactive_buttons(kind, action, chosen);
    if !buttons.is_empty() {
        parts.push(Part::Buttons(buttons));
    }
    parts
}

fn interactive_buttons(kind: &str, action: &Value, chosen: Option<usize>) -> Vec<Button> {
    let one = |text: &str, icon, action| vec![Button { text: text.to_owned(), icon, action }];
    match kind {
        "button" => {
            let button = |(index, button): (usize, &Value)| {
                let (icon, action) = tap(None, index, chosen);
                Button { text: text_at(button, "/reply/title").to_owned(), icon, action }
            };
            list_at(action, "/buttons").iter().enumerate().map(button).collect()
        }
        "list" => one(
            text_at(action, "/button"),
            "list",
            Action::List(list_at(action, "/sections").iter().map(rows).collect()),
        ),
        "cta_url" => vec![link_button(action)],
        "flow" => {
            one(text_at(action, "/parameters/flow_cta"), "panel", flow_form(text_at(action, "/parameters/flow_token")))
        }
        "location_request_message" => one("Send location", "pin", Action::Place),
        "address_message" => {
            let response = json!({"values": {"name": "Yael", "phone_number": "+910000000000", "in_pin_code": "560001",
                "address": "1 MG Road", "city": "Bengaluru", "state": "Karnataka"}});
            one(
                "Provide address",
                "pin",
                Action::Form { name: "address_message", label: "Address, as JSON", response: response.to_string() },
            )
        }
        "call_permission_request" => one("Choose preference", "phone", Action::Permission),
        "product" | "product_list" | "catalog_message" => basket(kind, action),
        "voice_call" => one(non_empty(text_at(action, "/parameters/display_text"), "Call"), "phone", Action::Nothing),
        _ => Vec::new(),
    }
}

fn basket(kind: &str, action: &Value) -> Vec<Button> {
    let (label, sections) = match kind {
        "product" => ("View product", vec![shelf(text_at(action, "/product_retailer_id"))]),
        "product_list" => ("View items", list_at(action, "/sections").iter().map(products).collect()),
        _ => {
            let id = text_at(action, "/parameters/thumbnail_product_retailer_id");
            ("View catalog", vec![shelf(non_empty(id, SAMPLE_PRODUCT))])
        }
    };
    let catalog = text_at(action, "/catalog_id").to_owned();
    vec![Button { text: label.to_owned(), icon: "bag", action: Action::Basket { catalog, sections } }]
}

/// A section with one product.
fn shelf(id: &str) -> Section {
    let row = Row { id: id.to_owned(), title: id.to_owned(), description: String::new() };
    Section { title: String::new(), rows: vec![row] }
}

fn non_empty<'a>(text: &'a str, instead: &'a str) -> &'a str {
    if text.is_empty() { instead } else { text }
}

fn link_button(action: &Value) -> Button {
    let url = text_at(action, "/parameters/url");
    let action_of = if is_address(url) { Action::Link(url.to_owned()) } else { Action::Show(url.to_owned()) };
    Button { text: text_at(action, "/parameters/display_text").to_owned(), icon: "external", action: action_of }
}

fn rows(section: &Value) -> Section {
    let row = |row: &Value| Row {
        id: text_at(row, "/id").to_owned(),
        title: text_at(row, "/title").to_owned(),
        description: text_at(row, "/description").to_owned(),
    };
    Section { title: text_at(section, "/title").to_owned(), rows: list_at(section, "/rows").iter().map(row).collect() }
}

fn products(section: &Value) -> Section {
    let row = |item: &Value| {
        let id = text_at(item, "/product_retailer_id");
        Row { id: id.to_owned(), title: id.to_owned(), description: String::new() }
    };
    let rows = list_at(section, "/product_items").iter().map(row).collect();
    Section { title: text_at(section, "/title").to_owned(), rows }
}

fn product(object: &Value) -> Part {
    Part::Product {
        name: text_at(object, "/product_retailer_id").to_owned(),
        detail: join(&["Product", text_at(object, "/catalog_id")]),
    }
}

fn card((index, card): (usize, &Value)) -> Card {
    let mut parts = Vec::new();
    if let Some(header) = card.get("header") {
        let kind = text_at(header, "/type");
        parts.extend(header.get(kind).map(|object| medium_part(kind, object)));
    }
    let body = text_at(card, "/body/text");
    if !body.is_empty() {
        parts.push(words(body));
    }
    let action = card.get("action").unwrap_or(&Value::Null);
    let replies = list_at(action, "/buttons").iter().enumerate().map(|(at, button)| {
        let (icon, action) = tap(Some(index), at, None);
        Button { text: text_at(button, "/quick_reply/title").to_owned(), icon, action }
    });
    let mut buttons: Vec<Button> = replies.collect();
    if action.get("name").is_some() {
        buttons.push(link_button(action));
    }
    if action.get("product_retailer_id").is_some() {
        parts.insert(0, product(action));
    }
    parts.push(Part::Buttons(buttons));
    Card { parts }
}

fn order(object: &Value) -> Vec<Part> {
    let items = list_at(object, "/product_items");
    let count: u64 = items.iter().filter_map(|item| item.get("quantity").and_then(Value::as_u64)).sum();
    let names: Vec<String> = items
        .iter()
        .map(|item| format!("{} × {}", scalar_at(item, "/quantity"), text_at(item, "/product_retailer_id")))
        .collect();
    let things = if count == 1 { "1 item".to_owned() } else { format!("{count} items") };
    let mut parts = vec![Part::Product { name: things, detail: names.join(", ") }];
    let text = text_at(object, "/text");
    if !text.is_empty() {
        parts.push(words(text));
    }
    parts
}

/// One line for a quote or a list of chats.
pub(super) fn summary(content: &Content) -> String {
    let words = content.words();
    let kind = match content.kind.as_str() {
        "image" => "Picture",
        "video" => "Video",
        "audio" | "voice" => "Voice note",
        "document" => "Document",
        "sticker" => "Sticker",
        "location" => "Location",
        "contacts" => "Contact",
        "order" => "Order",
        "unsupported" => "Unsupported message",
        _ if words.is_empty() => "Message",
        _ => "",
    };
    let is_medium =
        MediumKind::of_word(&content.kind).is_some() || matches!(content.kind.as_str(), "location" | "contacts");
    if is_medium {
        join(&[kind, words])
    } else if words.is_empty() {
        kind.to_owned()
    } else {
        words.to_owned()
    }
}
