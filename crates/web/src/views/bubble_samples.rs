//! Bubbles to look at, and for the tests of the pages.

use super::awkward;
use super::bubble::{
    Advertisement, Bubble, Card, Choice, Fact, Items, Label, Link, Medium, MediumState, Menu, MenuSection, Part,
    Person, Place, Quote, Reaction, Shape,
};
use super::code::Code;
use super::moment::Moment;
use super::rich::Rich;
use super::status::{StatusWord, Way};
use crate::catalogue::{Catalogue, FALLBACK};

impl Bubble {
    /// A bubble of these parts, for samples.
    pub(crate) fn sample(way: Way, parts: Vec<Part>) -> Self {
        Self {
            way,
            at: Moment::sample(0),
            status: if way.is_out() { StatusWord::Read } else { StatusWord::Received },
            labels: Vec::new(),
            advertisement: None,
            quote: None,
            parts,
            choices: Vec::new(),
            menu: None,
            cards: Vec::new(),
            reactions: Vec::new(),
            is_edited: false,
            is_deleted: false,
        }
    }

    /// The same of one text.
    pub(crate) fn text_sample(way: Way, text: &str) -> Self {
        Self::sample(way, vec![Part::Text(Rich::of(text))])
    }

    /// Everything that a bubble can hold.
    pub(crate) fn full(way: Way) -> Self {
        let text = |text: &str| text.to_owned();
        let label = |icon, words: &str| Label { icon, text: text(words) };
        let fact = |name: &str, value: &str| Fact { name: text(name), value: text(value) };
        let choice = |icon, words: &str, kind: &str| Choice { icon, text: text(words), kind: text(kind), link: None };
        let link = Link::to("https://waypost.example/a?b=1&c=2", "waypost.example");
        let missing = |icon, words: &str, reason: Option<&str>| MediumState::Missing {
            label: label(icon, words),
            reason: reason.map(text),
        };
        let medium =
            |shape, name: &str, state| Part::Medium(Medium { shape, name: text(name), detail: text("12 KB"), state });
        let shown = || MediumState::Shown(text("/app/accounts/7/media/wpm_17"));
        let parts = vec![
            Part::Label(label("check", "Tapped a button")),
            Part::Title(text("Your stay")),
            Part::Text(Rich::of("*Two* nights, _breakfast_ included:\n- sea view\n- late check-out\n> as you asked")),
            medium(Shape::Image, "Picture", shown()),
            medium(Shape::Sticker, "Sticker", shown()),
            medium(Shape::Video, "Video", shown()),
            medium(Shape::Sound, "Voice message", shown()),
            medium(Shape::File, "bill.pdf", shown()),
            medium(Shape::Image, "Picture", missing("clock", "Being fetched", None)),
            medium(Shape::Video, "Video", missing("failed", "Could not be fetched", Some("too large"))),
            medium(Shape::File, "list.pdf", MediumState::Elsewhere(link.clone())),
            Part::Place(Place {
                name: text("Carmel View"),
                address: text("1 Panorama Road"),
                degrees: text("32.8, 34.98"),
                links: link.clone().into_iter().collect(),
            }),
            Part::Person(Person {
                initials: text("DA"),
                name: text("Daniel Azoulay"),
                lines: vec![text("+972 52-555-0150")],
            }),
            Part::Items(Items { items: vec![fact("sku-1", "2 × 12.50 USD")], total: Some(text("25.00 USD")) }),
            Part::Facts(vec![fact("guest", "Yael"), fact("room", awkward::RIGHT_TO_LEFT)]),
            Part::Note(label("info", "Their number changed")),
            Part::Emoji(text("👍")),
            Part::Raw(Code::new(br#"{"type":"hologram"}"#, 100, Catalogue::get(FALLBACK))),
            Part::Footer(text("Carmel View")),
        ];
        let opens = Choice { link, ..choice("external", "Open", "Opens a page") };
        let choices = vec![choice("reply", "Yes", "Reply"), opens];
        let card = Card {
            parts: vec![medium(Shape::Image, "Picture", shown()), Part::Text(Rich::of("Sea view"))],
            choices: choices.clone(),
        };
        let section = MenuSection { title: text("Food"), rows: vec![fact("Breakfast", "From 7"), fact("Dinner", "")] };
        Self {
            labels: vec![label("forward", "Forwarded")],
            advertisement: Some(Advertisement {
                label: text("From an advertisement"),
                headline: text("A weekend on the Carmel"),
                body: text("Two nights"),
                link: Link::to("https://waypost.example/ad", "waypost.example"),
            }),
            quote: Some(Quote {
                label: text("In answer to"),
                text: text(awkward::RIGHT_TO_LEFT),
                page: Some(text("/app/accounts/7/messages/3")),
            }),
            choices,
            menu: Some(Menu { label: text("Menu"), kind: text("List"), sections: vec![section] }),
            cards: vec![card.clone(), card],
            reactions: vec![Reaction { emoji: text("🙏"), by: text("by the person") }],
            is_edited: true,
            ..Self::sample(way, parts)
        }
    }

    /// Content that breaks careless pages.
    pub(crate) fn too_much() -> Self {
        let long = format!("{} {}", awkward::MARKUP, "wordwithoutanend".repeat(250));
        let name = awkward::long_name();
        let fact = || Fact { name: awkward::long_name(), value: awkward::MARKUP.to_owned() };
        let label = || Label { icon: "info", text: awkward::long_name() };
        let state = MediumState::Missing { label: label(), reason: Some(long.clone()) };
        let medium = Medium { shape: Shape::File, name: name.clone(), detail: awkward::MARKUP.to_owned(), state };
        let person = Person { initials: "<".to_owned(), name: name.clone(), lines: vec![long.clone(), name.clone()] };
        let choice = Choice { icon: "reply", text: name.clone(), kind: awkward::MARKUP.to_owned(), link: None };
        let parts = vec![
            Part::Label(label()),
            Part::Title(name.clone()),
            Part::Text(Rich::of(&long)),
            Part::Medium(medium),
            Part::Person(person),
            Part::Facts(vec![fact(), fact()]),
            Part::Note(label()),
        ];
        Self {
            quote: Some(Quote { label: name.clone(), text: long, page: None }),
            choices: vec![choice.clone(), choice],
            menu: Some(Menu { label: name, kind: awkward::MARKUP.to_owned(), sections: Vec::new() }),
            ..Self::sample(Way::In, parts)
        }
    }
}
