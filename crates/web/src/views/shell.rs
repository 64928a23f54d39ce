//! What all pages have in common: language and theme, and the frame of those who are signed in.

use crate::catalogue::{Catalogue, Direction};

/// The colours a person chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the device has it.
    #[default]
    Auto,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// As the `data-theme` attribute wants it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// How a document is written: language, direction, colours.
#[derive(Clone, Debug)]
pub struct Document {
    /// The texts of the viewer.
    pub catalogue: &'static Catalogue,
    /// The language tag for `lang`.
    pub language: String,
    /// Which way the page runs.
    pub direction: Direction,
    /// Its colours.
    pub theme: Theme,
}

impl Document {
    /// A document in this language, with the colours of the device.
    #[must_use]
    pub fn new(language: &str) -> Self {
        let catalogue = Catalogue::get(language);
        Self {
            catalogue,
            language: catalogue.language().to_owned(),
            direction: catalogue.direction(),
            theme: Theme::Auto,
        }
    }
}

/// The areas that the rail leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// The messages of the account.
    Messages,
    /// The message templates.
    Templates,
    /// The numbers.
    Senders,
    /// What providers told about accounts and numbers.
    AccountEvents,
    /// The callbacks of the installation.
    Callbacks,
}

/// The frame around the pages of an account.
#[derive(Clone, Debug)]
pub struct Shell {
    /// Language and colours.
    pub document: Document,
    /// The area the page is in.
    pub area: Area,
    /// Whether the person may see what belongs to the whole installation.
    pub is_super_admin: bool,
    /// Where the account's pages are: `/app/accounts/7`, without a slash at the end.
    pub base: String,
    /// Name of the account.
    pub account_name: String,
    /// Name of the person who is signed in.
    pub user_name: String,
    /// Their address, shown beside the sign-out button.
    pub user_email: String,
    /// Name of their time zone, such as `Asia/Jerusalem`.
    pub time_zone: String,
    /// Where the event stream stood when the page was read from the database; the stream goes on from there, so that
    /// nothing falls between reading and listening.
    pub event_cursor: String,
}

impl Shell {
    /// Where the messages are.
    #[must_use]
    pub fn messages(&self) -> String {
        format!("{}/messages", self.base)
    }

    /// Where the scheduled messages are.
    #[must_use]
    pub fn scheduled(&self) -> String {
        format!("{}/scheduled", self.base)
    }

    /// Where the templates are.
    #[must_use]
    pub fn templates(&self) -> String {
        format!("{}/templates", self.base)
    }

    /// Where the numbers are.
    #[must_use]
    pub fn senders(&self) -> String {
        format!("{}/senders", self.base)
    }

    /// Where the account's events are.
    #[must_use]
    pub fn account_events(&self) -> String {
        format!("{}/account-events", self.base)
    }

    /// Whether the rail marks this area.
    #[must_use]
    pub fn is_in(&self, area: Area) -> bool {
        self.area == area
    }

    /// The letter of the account's avatar.
    #[must_use]
    pub fn account_initial(&self) -> String {
        initials(&self.account_name, 1)
    }

    /// The letters of the person's avatar.
    #[must_use]
    pub fn user_initials(&self) -> String {
        initials(&self.user_name, 2)
    }
}

fn initials(name: &str, count: usize) -> String {
    name.split_whitespace()
        .filter_map(|word| word.chars().find(|c| c.is_alphanumeric()))
        .take(count)
        .flat_map(char::to_uppercase)
        .collect()
}

impl Shell {
    /// A shell for samples.
    pub(crate) fn sample() -> Self {
        Self {
            document: Document::new("en"),
            area: Area::Messages,
            is_super_admin: false,
            base: "/app/accounts/7".to_owned(),
            account_name: "Carmel View Hotel".to_owned(),
            user_name: "Noa Levi".to_owned(),
            user_email: "noa@carmelview.example".to_owned(),
            time_zone: "Asia/Jerusalem".to_owned(),
            event_cursor: "1041".to_owned(),
        }
    }

    /// The same, written from right to left and in the dark.
    pub(crate) fn right_to_left() -> Self {
        let mut shell = Self::sample();
        shell.document.direction = Direction::RightToLeft;
        shell.document.theme = Theme::Dark;
        shell.account_name = "מלון נוף הכרמל".to_owned();
        shell.user_name = "נועה לוי".to_owned();
        shell
    }

    /// The same with names that are far too long, or are markup.
    pub(crate) fn too_much() -> Self {
        let mut shell = Self::sample();
        shell.account_name = super::awkward::long_name();
        shell.user_name = super::awkward::MARKUP.to_owned();
        shell
    }
}
