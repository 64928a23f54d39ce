//! What one message says, drawn as WhatsApp would: a bubble with its parts, of either direction.

use super::code::Code;
use super::moment::Moment;
use super::rich::Rich;
use super::status::{StatusWord, Way};

/// A message as a bubble. Every text is ready to be shown.
#[derive(Clone, Debug)]
pub struct Bubble {
    /// Who wrote it.
    pub way: Way,
    /// When it was asked for, or came in.
    pub at: Moment,
    /// Where it stands.
    pub status: StatusWord,
    /// What stands above the content, such as that it was forwarded.
    pub labels: Vec<Label>,
    /// The advertisement or post it came from.
    pub advertisement: Option<Advertisement>,
    /// The message it answers, reacts to, changes or takes back.
    pub quote: Option<Quote>,
    /// The content, from top to bottom.
    pub parts: Vec<Part>,
    /// The buttons below it.
    pub choices: Vec<Choice>,
    /// What a button below it opens.
    pub menu: Option<Menu>,
    /// The cards below it.
    pub cards: Vec<Card>,
    /// The present reactions to it.
    pub reactions: Vec<Reaction>,
    /// Whether its content is not what it was at first.
    pub is_edited: bool,
    /// Whether whoever wrote it took it back; then it has no parts.
    pub is_deleted: bool,
}

impl Bubble {
    /// Whether a picture or film gives it its width.
    #[must_use]
    pub fn has_picture(&self) -> bool {
        let is_wide = |part: &Part| matches!(part, Part::Medium(Medium { shape: Shape::Image | Shape::Video, .. }));
        self.parts.iter().any(is_wide)
    }

    /// Whether it is nothing but an emoji or a sticker, which WhatsApp shows without a bubble.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        let is_bare = |part: &Part| match part {
            Part::Emoji(_) => true,
            Part::Medium(medium) => medium.shape == Shape::Sticker && matches!(medium.state, MediumState::Shown(_)),
            _ => false,
        };
        self.quote.is_none() && !self.parts.is_empty() && self.parts.iter().all(is_bare)
    }
}

/// A few words with a sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The sign's name.
    pub icon: &'static str,
    /// The words.
    pub text: String,
}

/// The advertisement or post a person came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advertisement {
    /// What it is: an advertisement or a post.
    pub label: String,
    /// Its headline.
    pub headline: String,
    /// Its text.
    pub body: String,
    /// Where it leads.
    pub link: Option<Link>,
}

/// An address of somebody else; it is opened without telling them from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it says.
    pub text: String,
    /// The address: http or https.
    pub address: String,
}

impl Link {
    /// A link, if the address is one of the web; nothing else becomes one, least of all a script.
    #[must_use]
    pub fn to(address: &str, text: &str) -> Option<Self> {
        let lower = address.get(..8).unwrap_or(address).to_ascii_lowercase();
        let is_web = lower.starts_with("https://") || lower.starts_with("http://");
        is_web.then(|| Self { text: text.to_owned(), address: address.to_owned() })
    }
}

/// The message that this one points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Why it is there: answered, reacted to, changed, taken back.
    pub label: String,
    /// One line of it, or what is known instead.
    pub text: String,
    /// Its page, where it is known.
    pub page: Option<String>,
}

/// A reaction that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// The emoji.
    pub emoji: String,
    /// Whose it is, in words.
    pub by: String,
}

/// A piece of the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// What kind of thing this is, where its look does not say it.
    Label(Label),
    /// The line above the text.
    Title(String),
    /// Words.
    Text(Rich),
    /// The small print.
    Footer(String),
    /// A picture, film, sound or file.
    Medium(Medium),
    /// A place.
    Place(Place),
    /// A contact card.
    Person(Person),
    /// Goods, with what they cost.
    Items(Items),
    /// Names and what belongs to them: what fills a template, or what was filled into a form.
    Facts(Vec<Fact>),
    /// What happened instead of being written.
    Note(Label),
    /// A sign that is the whole message.
    Emoji(String),
    /// What this version does not read, as it came.
    Raw(Code),
}

/// What a medium is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A picture.
    Image,
    /// A small picture without a bubble.
    Sticker,
    /// A film.
    Video,
    /// A sound.
    Sound,
    /// Anything else.
    File,
}

impl Shape {
    /// Its sign.
    #[must_use]
    pub const fn icon(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Sticker => "react",
            Self::Video => "play",
            Self::Sound => "mic",
            Self::File => "document",
        }
    }
}

/// A picture, film, sound or file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Medium {
    /// What it is.
    pub shape: Shape,
    /// What to call it: its kind, or its file's name.
    pub name: String,
    /// Its type and size.
    pub detail: String,
    /// How far it is.
    pub state: MediumState,
}

/// How far a medium is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediumState {
    /// Its bytes are here, at this address of ours.
    Shown(String),
    /// Somebody else has it, under this address.
    Elsewhere(Option<Link>),
    /// Its bytes are not here.
    Missing {
        /// What became of it.
        label: Label,
        /// Why.
        reason: Option<String>,
    },
}

/// A place on the map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What it is called.
    pub name: String,
    /// Its postal address.
    pub address: String,
    /// Degrees north and east.
    pub degrees: String,
    /// Where a map shows it, and its own page.
    pub links: Vec<Link>,
}

/// A contact card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The letters of the avatar.
    pub initials: String,
    /// The name.
    pub name: String,
    /// Numbers, addresses, company.
    pub lines: Vec<String>,
}

/// Goods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Items {
    /// One by one: what, and how many for how much.
    pub items: Vec<Fact>,
    /// What they cost together, where that can be said.
    pub total: Option<String>,
}

/// A name and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The name.
    pub name: String,
    /// What belongs to it.
    pub value: String,
}

/// A button; here it can be seen, and pressed only where it opens an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its sign.
    pub icon: &'static str,
    /// What it says.
    pub text: String,
    /// What kind it is, and what it answers.
    pub kind: String,
    /// Where it leads.
    pub link: Option<Link>,
}

/// A list that a button opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Menu {
    /// What the button says.
    pub label: String,
    /// What kind of list it is.
    pub kind: String,
    /// What is in it.
    pub sections: Vec<MenuSection>,
}

/// Rows under a title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuSection {
    /// The title; nothing where there is but one section.
    pub title: String,
    /// What can be chosen, and more words on it.
    pub rows: Vec<Fact>,
}

/// A card beside others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its content.
    pub parts: Vec<Part>,
    /// Its buttons.
    pub choices: Vec<Choice>,
}

#[cfg(test)]
#[path = "bubble_tests.rs"]
mod tests;
