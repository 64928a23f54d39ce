//! What the phone's pages show.

use askama::Template;
use serde_json::Value;
use tokio::time::Instant;

use crate::content::RenderedHeader;
use crate::shared::{App, Shared};
use crate::world::{Message, Outgoing, Person, Phone, Side, Stage, Ticks, World};

const BUBBLES_MAX: usize = 200;
const PEOPLE_MAX: usize = 200;
const QUOTE_MAX: usize = 120;

/// The list of customers.
#[derive(Debug, Template)]
#[template(path = "phones.html")]
pub(super) struct PeoplePage {
    people: Vec<PersonRow>,
}

/// One customer's phone.
#[derive(Debug, Template)]
#[template(path = "phone.html")]
pub(super) struct PhonePage {
    people: Vec<PersonRow>,
    name: String,
    digits: String,
    number_id: String,
    business: String,
    business_initials: String,
    bubbles: Vec<Bubble>,
    typing_ms: Option<u128>,
    switches: [SwitchRow; 3],
    numbers: Vec<NumberRow>,
}

/// The chat alone, for a page that is open already.
#[derive(Debug, Template)]
#[template(path = "messages.html")]
pub(super) struct MessagesPart {
    digits: String,
    business: String,
    bubbles: Vec<Bubble>,
    typing_ms: Option<u128>,
}

#[derive(Debug)]
struct PersonRow {
    digits: String,
    name: String,
    initials: String,
    hue: usize,
    unread: usize,
    current: bool,
}

#[derive(Debug)]
struct SwitchRow {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    on: bool,
}

#[derive(Debug)]
struct NumberRow {
    id: String,
    name: String,
    current: bool,
}

#[derive(Debug)]
struct Bubble {
    id: String,
    side: &'static str,
    first: bool,
    own_picture: bool,
    picture: Option<String>,
    quote: Option<Quote>,
    header: Option<String>,
    text: String,
    footer: Option<String>,
    at: String,
    clock: String,
    tick: Option<Tick>,
    buttons: Vec<ButtonRow>,
}

#[derive(Debug)]
struct Quote {
    by: String,
    text: String,
}

#[derive(Debug)]
struct Tick {
    state: &'static str,
    label: &'static str,
    icon: &'static str,
}

#[derive(Debug)]
struct ButtonRow {
    index: usize,
    text: String,
    chosen: bool,
}

impl PeoplePage {
    pub(super) fn of(app: &App) -> Self {
        Self { people: people(&app.world(), "") }
    }
}

impl MessagesPart {
    pub(super) fn of(app: &App, digits: &str, number: Option<&str>) -> Self {
        let mut world = app.world();
        let number = number_of(app, world.phone_mut(digits), number);
        let business = business(app, number);
        let (bubbles, typing_ms) = chat(&world, digits, number, &business);
        Self { digits: digits.to_owned(), business, bubbles, typing_ms }
    }
}

impl PhonePage {
    pub(super) fn of(app: &App, digits: &str, number: Option<&str>) -> Self {
        let mut world = app.world();
        let phone = world.phone_mut(digits);
        let number = number_of(app, phone, number);
        let name = phone.owner.name.as_ref().to_owned();
        let switches = switches(phone);
        let business = business(app, number);
        let (bubbles, typing_ms) = chat(&world, digits, number, &business);
        let numbers = app.numbers.iter().enumerate().map(|(index, one)| NumberRow {
            id: one.id.as_ref().to_owned(),
            name: one.name.clone(),
            current: index == number,
        });
        Self {
            people: people(&world, digits),
            name,
            digits: digits.to_owned(),
            number_id: app.numbers.get(number).map(|one| one.id.as_ref().to_owned()).unwrap_or_default(),
            business_initials: initials(&business),
            business,
            bubbles,
            typing_ms,
            switches,
            numbers: numbers.collect(),
        }
    }
}

/// The business a chat is shown with: the one asked for, else the one of the latest message.
fn number_of(app: &Shared, phone: &Phone, asked: Option<&str>) -> usize {
    asked.and_then(|id| app.number_by_id.get(id).copied()).unwrap_or(phone.number)
}

fn business(app: &Shared, number: usize) -> String {
    app.numbers.get(number).map(|number| number.name.clone()).unwrap_or_default()
}

fn switches(phone: &Phone) -> [SwitchRow; 3] {
    let now = phone.switches;
    [
        SwitchRow {
            name: "on",
            label: "Phone is on",
            hint: "Off: messages stay at one tick until it is back",
            on: now.on,
        },
        SwitchRow {
            name: "read_receipts",
            label: "Read receipts",
            hint: "Off: never turns blue",
            on: now.read_receipts,
        },
        SwitchRow {
            name: "blocked",
            label: "Has blocked the business",
            hint: "On: the next message fails with 131026",
            on: now.blocked,
        },
    ]
}

/// The known customers first, then others, up to a number a page can show.
fn people(world: &World, current: &str) -> Vec<PersonRow> {
    let known = world.customers();
    let others = world.phones.values().filter(|phone| known.iter().all(|digits| **digits != *phone.owner.digits));
    let mut rows: Vec<&Phone> = known.iter().filter_map(|digits| world.phones.get(digits.as_str())).collect();
    rows.extend(others.take(PEOPLE_MAX));
    let row = |(index, phone): (usize, &Phone)| {
        let current = *phone.owner.digits == *current;
        let unread = || phone.unread.iter().filter(|id| is_unread(world, id)).count();
        PersonRow {
            digits: phone.owner.digits.as_ref().to_owned(),
            name: phone.owner.name.as_ref().to_owned(),
            initials: initials(&phone.owner.name),
            hue: index % 5 + 1,
            // An open chat is being read; a count made when the page was would stay behind.
            unread: if current { 0 } else { unread() },
            current,
        }
    };
    rows.into_iter().enumerate().map(row).collect()
}

fn is_unread(world: &World, id: &str) -> bool {
    let side = world.messages.get(id).map(|message| &message.side);
    matches!(side, Some(Side::Business(Outgoing { stage: Stage::Delivered, .. })))
}

fn initials(name: &str) -> String {
    let letters = name.split_whitespace().filter_map(|word| word.chars().find(|letter| letter.is_alphanumeric()));
    letters.take(2).flat_map(char::to_uppercase).collect()
}

/// The bubbles of one chat, and for how long the business is still typing.
fn chat(world: &World, digits: &str, number: usize, business: &str) -> (Vec<Bubble>, Option<u128>) {
    let Some(phone) = world.phones.get(digits) else {
        return (Vec::new(), None);
    };
    let messages = phone.chat.iter().rev().filter_map(|id| world.messages.get(id));
    let mut shown: Vec<&Message> =
        messages.filter(|message| message.number == number && is_on_phone(message)).take(BUBBLES_MAX).collect();
    shown.reverse();
    let mut before = "";
    let bubbles = shown.into_iter().map(|message| {
        let bubble = bubble(world, message, before, (&phone.owner, business));
        before = bubble.side;
        bubble
    });
    let bubbles = bubbles.collect();
    let left = phone.typing_until.map(|until| until.saturating_duration_since(Instant::now()).as_millis());
    (bubbles, left.filter(|ms| *ms > 0))
}

/// A message is on the phone once it is delivered.
fn is_on_phone(message: &Message) -> bool {
    match &message.side {
        Side::Business(outgoing) => matches!(outgoing.stage, Stage::Delivered | Stage::Read),
        Side::Customer(_) => true,
    }
}

fn bubble(world: &World, message: &Message, before: &str, (owner, business): (&Person, &str)) -> Bubble {
    let (side, tick, chosen) = match &message.side {
        Side::Business(outgoing) => ("in", None, outgoing.chosen),
        Side::Customer(ticks) => ("out", Some(tick(*ticks)), None),
    };
    let content = &message.content;
    let template = content.template.as_ref();
    let header = template.and_then(|template| template.header.as_ref());
    let picture = match header {
        Some(RenderedHeader::Object { object, .. }) => Some(object),
        _ if content.kind == "image" => Some(&content.object),
        _ => None,
    };
    let own_picture = side == "out" && picture.is_some();
    let member = |object: &Value, name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
    let at = message.at.to_string();
    let quote = message.context.as_deref().and_then(|id| world.messages.get(id)).map(|quoted| Quote {
        by: match quoted.side {
            Side::Business(_) => business.to_owned(),
            Side::Customer(_) => owner.name.as_ref().to_owned(),
        },
        text: quoted.content.words().chars().take(QUOTE_MAX).collect(),
    });
    let buttons = template.map(|template| template.buttons.as_slice()).unwrap_or_default().iter().enumerate();
    Bubble {
        id: message.id.as_ref().to_owned(),
        side,
        first: side != before,
        own_picture,
        picture: picture
            .filter(|_| !own_picture)
            .and_then(|object| member(object, "link").or_else(|| member(object, "id"))),
        quote,
        header: match header {
            Some(RenderedHeader::Text(text)) => Some(text.clone()),
            _ => None,
        },
        text: content.words().to_owned(),
        footer: template.and_then(|template| template.footer.clone()),
        clock: at.get(11..16).unwrap_or_default().to_owned(),
        at,
        tick,
        buttons: buttons
            .map(|(index, button)| ButtonRow { index, text: button.text.clone(), chosen: chosen == Some(index) })
            .collect(),
    }
}

const fn tick(ticks: Ticks) -> Tick {
    match ticks {
        Ticks::Sent => Tick { state: "sent", label: "Sent", icon: "tick-one" },
        Ticks::Delivered => Tick { state: "delivered", label: "Delivered", icon: "tick-two" },
        Ticks::Read => Tick { state: "read", label: "Read", icon: "tick-two" },
    }
}
