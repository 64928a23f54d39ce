//! What we sent.

use domain::content::{
    Action, Button, ButtonAction, Card as InteractiveCard, CardAction, Component, ContactCard, Content, FlowReference,
    Header, HeaderParameter, Interactive, ListSection, Location, Media, MediaDetails, MediaSource, ProductSection,
    Reaction, ReplyButton, Template,
};
use domain::ids::MediaId;
use domain::time::Timestamp;

use super::parts::{Told, label, person, shape, some_text, text};
use super::{Around, Drawn};
use crate::views::bubble::{Card, Choice, Fact, Link, Medium, MediumState, Menu, MenuSection, Part};

pub(super) fn content(content: &Content, around: &Around<'_>) -> Drawn {
    match content {
        Content::Text { body, .. } => Drawn::of(vec![text(body)]),
        Content::Template(template) => self::template(template, around),
        Content::Media(media) => {
            let parts = [Some(medium(media, around)), some_text(media.caption())];
            Drawn::of(parts.into_iter().flatten().collect())
        }
        Content::Location(location) => Drawn::of(vec![place(location, around)]),
        Content::Contacts(cards) => Drawn::of(cards.iter().map(card).collect()),
        Content::Interactive(interactive) => self::interactive(interactive, around),
        Content::Reaction(reaction) => self::reaction(reaction, around),
    }
}

fn reaction(reaction: &Reaction, around: &Around<'_>) -> Drawn {
    let part = match reaction.emoji() {
        Some(emoji) => Part::Emoji(emoji.to_owned()),
        None => Part::Note(around.label("undo", "bubble.reaction_removed")),
    };
    Drawn { quotes: Some("bubble.reacts"), ..Drawn::of(vec![part]) }
}

fn medium(media: &Media, around: &Around<'_>) -> Part {
    let is_voice = matches!(media.details, MediaDetails::Audio { voice: Some(true) });
    let told = Told { filename: media.filename(), mime_type: None, is_voice };
    let (shape, key) = shape(media.kind().as_str(), is_voice);
    let name = media.filename().map_or_else(|| around.t(key), ToOwned::to_owned);
    let (detail, state) = match &media.source {
        MediaSource::Id(id) => match MediaId::parse_public(id) {
            Some(id) => {
                let stored = around.media.iter().find(|medium| medium.id == id);
                return around.stored(media.kind().as_str(), &told, stored);
            }
            None => (around.tf("bubble.medium_at_provider", &[("id", id)]), MediumState::Elsewhere(None)),
        },
        MediaSource::Link(link) => (around.t("bubble.medium_linked"), MediumState::Elsewhere(Link::to(link, link))),
    };
    Part::Medium(Medium { shape, name, detail, state })
}

fn place(location: &Location, around: &Around<'_>) -> Part {
    around.place((location.latitude(), location.longitude()), [location.name(), location.address(), None])
}

fn card(card: &ContactCard) -> Part {
    person(card.name().to_owned(), card.phones().map(ToOwned::to_owned).collect())
}

fn template(template: &Template, around: &Around<'_>) -> Drawn {
    let words = around.tf("bubble.template", &[("name", template.name()), ("language", template.language())]);
    let mut drawn = components(template.components(), around);
    drawn.parts.insert(0, Part::Label(label("template", words)));
    drawn
}

/// What fills a template or one of its cards; the words of the template itself are WhatsApp's.
fn components(components: &[Component], around: &Around<'_>) -> Drawn {
    let mut drawn = Drawn::default();
    for component in components {
        match component {
            Component::Header(parameter) => drawn.parts.push(header_parameter(parameter, around)),
            Component::Body(parameters) => {
                let facts = parameters.iter().enumerate().map(|(at, parameter)| Fact {
                    name: variable(at, parameter.name()),
                    value: parameter.shown().to_owned(),
                });
                drawn.parts.push(Part::Facts(facts.collect()));
            }
            Component::Button(button) => drawn.choices.push(button_parameter(button, around)),
            Component::Carousel(cards) => drawn.cards.extend(cards.iter().map(|card| {
                let Drawn { parts, choices, .. } = self::components(card.components(), around);
                Card { parts, choices }
            })),
            Component::LimitedTimeOffer(end) => {
                let at = Timestamp::from_micros(end.value().saturating_mul(1000));
                let words = around.tf("bubble.offer_until", &[("time", &around.viewer.moment(at).short)]);
                drawn.parts.push(Part::Label(label("clock", words)));
            }
        }
    }
    drawn
}

/// The place of a variable as templates write it.
fn variable(at: usize, name: Option<&str>) -> String {
    name.map_or_else(|| format!("{{{{{}}}}}", at + 1), |name| format!("{{{{{name}}}}}"))
}

fn header_parameter(parameter: &HeaderParameter, around: &Around<'_>) -> Part {
    match parameter {
        HeaderParameter::Text { text, name } => {
            let name = name.as_ref().map_or_else(|| around.t("bubble.header"), |name| variable(0, Some(name)));
            Part::Facts(vec![Fact { name, value: text.clone() }])
        }
        HeaderParameter::Media(media) => medium(media, around),
        HeaderParameter::Location(location) => place(location, around),
        HeaderParameter::Product { retailer_id, .. } => product(retailer_id, around),
    }
}

fn product(retailer_id: &str, around: &Around<'_>) -> Part {
    Part::Facts(vec![Fact { name: around.t("bubble.product"), value: retailer_id.to_owned() }])
}

fn button_parameter(button: &Button, around: &Around<'_>) -> Choice {
    let number = (button.position() + 1).to_string();
    let name = around.tf("bubble.button_number", &[("number", &number)]);
    let choice = |icon, key, text: Option<&str>| Choice {
        icon,
        text: text.map_or_else(|| name.clone(), ToOwned::to_owned),
        kind: around.t(key),
        link: None,
    };
    match button.action() {
        ButtonAction::QuickReply(payload) => choice("reply", "bubble.button_quick_reply", Some(payload)),
        ButtonAction::Url(text) => choice("external", "bubble.button_url", Some(text)),
        ButtonAction::CopyCode(code) => choice("copy", "bubble.button_copy", Some(code)),
        ButtonAction::Flow { .. } => choice("document", "bubble.button_flow", None),
        ButtonAction::Catalog { thumbnail } => choice("tag", "bubble.button_catalog", thumbnail.as_deref()),
        ButtonAction::Products { sections, .. } => {
            let ids = sections.iter().flat_map(|section| &section.retailer_ids);
            let ids = ids.map(String::as_str).collect::<Vec<_>>().join(", ");
            choice("tag", "bubble.button_products", Some(&ids))
        }
        ButtonAction::RequestContactInfo => choice("person", "bubble.button_contact", None),
    }
}

fn interactive(interactive: &Interactive, around: &Around<'_>) -> Drawn {
    let header = interactive.header().map(|header| match header {
        Header::Text(text) => Part::Title(text.clone()),
        Header::Media(media) => medium(media, around),
    });
    let footer = interactive.footer().map(|footer| Part::Footer(footer.to_owned()));
    let mut drawn = action(interactive.action(), around);
    // The goods stand between text and small print, as on a phone.
    let goods = std::mem::take(&mut drawn.parts);
    let above = [header, some_text(interactive.body())].into_iter().flatten();
    drawn.parts = above.chain(goods).chain(footer).collect();
    drawn
}

fn action(action: &Action, around: &Around<'_>) -> Drawn {
    let only = |icon, key| Drawn { choices: vec![choice(icon, around.t(key), String::new())], ..Drawn::default() };
    match action {
        Action::Buttons(buttons) => Drawn { choices: replies(buttons, around), ..Drawn::default() },
        Action::List { button, sections } => Drawn { menu: Some(menu(button, sections, around)), ..Drawn::default() },
        Action::Link(link) => Drawn { choices: vec![opens(link, around)], ..Drawn::default() },
        Action::RequestLocation => only("pin", "bubble.send_location"),
        Action::Flow(flow) => {
            let (FlowReference::Id(form) | FlowReference::Name(form)) = flow.reference();
            let kind = around.tf("bubble.flow", &[("form", form)]);
            Drawn { choices: vec![choice("document", flow.cta().to_owned(), kind)], ..Drawn::default() }
        }
        Action::Product { retailer_id, .. } => Drawn::of(vec![product(retailer_id, around)]),
        Action::Products { sections, .. } => Drawn { menu: Some(products(sections, around)), ..Drawn::default() },
        Action::Catalog { thumbnail } => {
            let parts = thumbnail.iter().map(|id| product(id, around)).collect();
            Drawn { parts, ..only("tag", "bubble.view_catalog") }
        }
        Action::Carousel(cards) => {
            Drawn { cards: cards.iter().map(|card| side_by_side(card, around)).collect(), ..Drawn::default() }
        }
        Action::RequestAddress(_) => only("pin", "bubble.give_address"),
        Action::RequestCallPermission => only("phone", "bubble.call_permission"),
        Action::RequestContactInfo => only("person", "bubble.button_contact"),
        Action::OrderStatus(order) => {
            let facts = [
                Some(Fact { name: around.t("bubble.order"), value: order.reference_id.clone() }),
                Some(Fact { name: around.t("bubble.order_status"), value: order.status().to_owned() }),
                order.description.clone().map(|value| Fact { name: around.t("bubble.order_note"), value }),
            ];
            Drawn::of(vec![Part::Facts(facts.into_iter().flatten().collect())])
        }
        Action::OrderDetails(order) => {
            let fact = Fact { name: around.t("bubble.order"), value: order.reference_id().to_owned() };
            Drawn { parts: vec![Part::Facts(vec![fact])], ..only("tag", "bubble.review_and_pay") }
        }
    }
}

fn choice(icon: &'static str, text: String, kind: String) -> Choice {
    Choice { icon, text, kind, link: None }
}

fn replies(buttons: &[ReplyButton], around: &Around<'_>) -> Vec<Choice> {
    let kind = |id: &str| around.tf("bubble.answers_with", &[("id", id)]);
    buttons.iter().map(|button| choice("reply", button.title.clone(), kind(&button.id))).collect()
}

fn opens(link: &domain::content::Link, around: &Around<'_>) -> Choice {
    let target = Link::to(&link.url, &link.url);
    Choice { link: target, ..choice("external", link.display_text.clone(), around.t("bubble.opens")) }
}

fn menu(button: &str, sections: &[ListSection], around: &Around<'_>) -> Menu {
    let section = |section: &ListSection| MenuSection {
        title: section.title.clone().unwrap_or_default(),
        rows: section.rows.iter().map(row).collect(),
    };
    let sections = sections.iter().map(section).collect();
    Menu { label: button.to_owned(), kind: around.t("bubble.list"), sections }
}

fn row(row: &domain::content::Row) -> Fact {
    Fact { name: row.title.clone(), value: row.description.clone().unwrap_or_default() }
}

fn products(sections: &[ProductSection], around: &Around<'_>) -> Menu {
    let section = |section: &ProductSection| MenuSection {
        title: section.title.clone().unwrap_or_default(),
        rows: section.retailer_ids.iter().map(|id| Fact { name: id.clone(), value: String::new() }).collect(),
    };
    let sections = sections.iter().map(section).collect();
    Menu { label: around.t("bubble.view_items"), kind: around.t("bubble.products"), sections }
}

fn side_by_side(card: &InteractiveCard, around: &Around<'_>) -> Card {
    let parts = [Some(medium(card.header(), around)), some_text(card.body())];
    let choices = match card.action() {
        CardAction::Link(link) => vec![opens(link, around)],
        CardAction::Replies(buttons) => replies(buttons, around),
    };
    Card { parts: parts.into_iter().flatten().collect(), choices }
}
