//! What the phone's pages show.

use askama::Template;
use tokio::time::Instant;

use super::bubble::{Entry, Marks, Quote, chat, is_on_phone, quote};
use super::parts::{Action, Part};
use crate::shared::{App, Shared};
use crate::world::{Message, Outgoing, Phone, Side, Stage, World};

const PEOPLE_MAX: usize = 200;
const LAST_MAX: usize = 80;
/// How far back the list of chats looks for something to show.
const LAST_LOOK_BACK: usize = 20;

/// The emoji a customer can react with at once.
pub(super) const REACTIONS: [&str; 6] = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

/// The list of customers.
#[derive(Debug, Template)]
#[template(path = "phones.html")]
pub(super) struct PeoplePage {
    pub(super) people: PeoplePart,
}

/// The list alone, for a page that is open already.
#[derive(Debug, Template)]
#[template(path = "people.html")]
pub(super) struct PeoplePart {
    pub(super) people: Vec<PersonRow>,
}

/// One customer's phone.
#[derive(Debug, Template)]
#[template(path = "phone.html")]
pub(super) struct PhonePage {
    people: PeoplePart,
    screen: Screen,
    switches: [SwitchRow; 3],
    numbers: Vec<NumberRow>,
}

/// Several phones side by side.
#[derive(Debug, Template)]
#[template(path = "wall.html")]
pub(super) struct WallPage {
    pub(super) screens: Vec<Screen>,
    pub(super) digits: String,
}

/// The glass of a phone: a chat, and what can be sent into it.
#[derive(Debug, Template)]
#[template(path = "screen.html")]
pub(super) struct Screen {
    name: String,
    digits: String,
    number_id: String,
    business: String,
    business_initials: String,
    chat: ChatPart,
    reply: Option<Reply>,
    has_stopped_offers: bool,
    is_new: bool,
}

/// The chat alone, for a page that is open already.
#[derive(Debug, Template)]
#[template(path = "messages.html")]
pub(super) struct ChatPart {
    pub(super) digits: String,
    pub(super) number_id: String,
    pub(super) business: String,
    pub(super) entries: Vec<Entry>,
    pub(super) typing_ms: Option<u128>,
    pub(super) reactions: [&'static str; 6],
}

/// The message that is being answered.
#[derive(Debug)]
struct Reply {
    id: String,
    quote: Quote,
}

#[derive(Debug)]
pub(super) struct PersonRow {
    digits: String,
    name: String,
    initials: String,
    hue: usize,
    last: String,
    at: String,
    clock: String,
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

impl ChatPart {
    pub(super) fn of(app: &App, digits: &str, number: Option<&str>) -> Self {
        let mut world = app.world();
        let number = number_of(app, world.phone_mut(digits), number);
        Self::new(app, &world, digits, number)
    }

    fn new(app: &Shared, world: &World, digits: &str, number: usize) -> Self {
        let business = business(app, number);
        let typing = world.phones.get(digits).and_then(|phone| phone.typing_until);
        let left = typing.map(|until| until.saturating_duration_since(Instant::now()).as_millis());
        Self {
            digits: digits.to_owned(),
            number_id: app.numbers.get(number).map(|one| one.id.as_ref().to_owned()).unwrap_or_default(),
            entries: chat(world, digits, number, &business),
            business,
            typing_ms: left.filter(|ms| *ms > 0),
            reactions: REACTIONS,
        }
    }
}

impl Screen {
    pub(super) fn of(app: &App, digits: &str, number: Option<&str>, reply: Option<&str>) -> Self {
        let mut world = app.world();
        let phone = world.phone_mut(digits);
        let number = number_of(app, phone, number);
        let name = phone.owner.name.as_ref().to_owned();
        let has_stopped_offers = phone.opted_out.contains(&number);
        let chat = ChatPart::new(app, &world, digits, number);
        let quoted = reply.and_then(|id| world.messages.get(id)).filter(|message| *message.customer == *digits);
        let reply = quoted.map(|message| Reply {
            id: message.id.as_ref().to_owned(),
            quote: quote(message, &Marks::default(), (&name, &chat.business)),
        });
        Self {
            name,
            digits: digits.to_owned(),
            number_id: chat.number_id.clone(),
            business_initials: initials(&chat.business),
            business: chat.business.clone(),
            is_new: chat.entries.is_empty(),
            chat,
            reply,
            has_stopped_offers,
        }
    }
}

/// What the page around the glass needs to know.
impl Screen {
    fn name(&self) -> &str {
        &self.name
    }

    fn digits(&self) -> &str {
        &self.digits
    }

    fn number_id(&self) -> &str {
        &self.number_id
    }
}

impl PhonePage {
    pub(super) fn of(app: &App, digits: &str, number: Option<&str>, reply: Option<&str>) -> Self {
        let screen = Screen::of(app, digits, number, reply);
        let mut world = app.world();
        let phone = world.phone_mut(digits);
        let switches = switches(phone);
        let number = number_of(app, phone, number);
        let numbers = app.numbers.iter().enumerate().map(|(index, one)| NumberRow {
            id: one.id.as_ref().to_owned(),
            name: one.name.clone(),
            current: index == number,
        });
        Self { people: PeoplePart { people: people(&world, digits) }, screen, switches, numbers: numbers.collect() }
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
pub(super) fn people(world: &World, current: &str) -> Vec<PersonRow> {
    let known = world.customers();
    let others = world.phones.values().filter(|phone| known.iter().all(|digits| **digits != *phone.owner.digits));
    let mut rows: Vec<&Phone> = known.iter().filter_map(|digits| world.phones.get(digits.as_str())).collect();
    rows.extend(others.take(PEOPLE_MAX));
    let row = |(index, phone): (usize, &Phone)| {
        let current = *phone.owner.digits == *current;
        let unread = || phone.unread.iter().filter(|id| is_unread(world, id)).count();
        let (last, at) = last(world, phone);
        PersonRow {
            digits: phone.owner.digits.as_ref().to_owned(),
            name: phone.owner.name.as_ref().to_owned(),
            initials: initials(&phone.owner.name),
            hue: index % 5 + 1,
            last,
            clock: at.get(11..16).unwrap_or_default().to_owned(),
            at,
            // An open chat is being read; a count made when the page was would stay behind.
            unread: if current { 0 } else { unread() },
            current,
        }
    };
    rows.into_iter().enumerate().map(row).collect()
}

/// One line of the latest message on the phone, and when it was.
fn last(world: &World, phone: &Phone) -> (String, String) {
    let messages = phone.chat.iter().rev().take(LAST_LOOK_BACK).filter_map(|id| world.messages.get(id));
    let mut messages: Vec<_> = messages.filter(|message| is_on_phone(message)).collect();
    messages.reverse();
    let marks = Marks::of(&messages);
    let line = |message: &Message| match message.content.kind.as_str() {
        "reaction" | "edit" | "revoke" | "system" | "user_preferences" | "request_welcome" => String::new(),
        _ => marks.summary(message),
    };
    let mut lines = messages.iter().rev().map(|message| (line(message), *message));
    let found = lines.find(|(line, _)| !line.is_empty());
    found.map_or_else(Default::default, |(line, message)| {
        let whose = if matches!(message.side, Side::Customer(_)) { "You: " } else { "" };
        let short: String = line.chars().take(LAST_MAX).collect();
        (format!("{whose}{short}"), message.at.to_string())
    })
}

fn is_unread(world: &World, id: &str) -> bool {
    let side = world.messages.get(id).map(|message| &message.side);
    matches!(side, Some(Side::Business(Outgoing { stage: Stage::Delivered, .. })))
}

pub(super) fn initials(name: &str) -> String {
    let letters = name.split_whitespace().filter_map(|word| word.chars().find(|letter| letter.is_alphanumeric()));
    letters.take(2).flat_map(char::to_uppercase).collect()
}
