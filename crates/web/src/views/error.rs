//! The page that is shown instead of another one.

use askama::Template;

use super::shell::{Document, Theme};
use super::{Samples, Words, awkward};
use crate::catalogue::{Catalogue, Direction};

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// 404, also for what belongs to others.
    NotFound,
    /// 403.
    Forbidden,
    /// 500.
    Broken,
    /// 503, 429.
    Busy,
}

impl ErrorKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::NotFound, Self::Forbidden, Self::Broken, Self::Busy];

    /// The kind for a status of HTTP.
    #[must_use]
    pub const fn of_status(status: u16) -> Self {
        match status {
            401 | 403 => Self::Forbidden,
            429 | 503 => Self::Busy,
            400..=499 => Self::NotFound,
            _ => Self::Broken,
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::NotFound => "error.not_found",
            Self::Forbidden => "error.forbidden",
            Self::Broken => "error.broken",
            Self::Busy => "error.busy",
        }
    }

    const fn hint(self) -> &'static str {
        match self {
            Self::NotFound => "error.not_found_hint",
            Self::Forbidden => "error.forbidden_hint",
            Self::Broken => "error.broken_hint",
            Self::Busy => "error.busy_hint",
        }
    }
}

/// A page for a request that could not be answered.
#[derive(Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// Language and colours.
    pub document: Document,
    /// What went wrong.
    pub kind: ErrorKind,
    /// Finds the line in the log.
    pub error_id: Option<String>,
    /// Where the way out leads: the account's messages, or `/app`.
    pub home: String,
}

impl Words for ErrorPage {
    fn catalogue(&self) -> &'static Catalogue {
        self.document.catalogue
    }
}

impl Samples for ErrorPage {
    fn samples() -> Vec<Self> {
        let page = |kind| Self {
            document: Document::new("en"),
            kind,
            error_id: Some("8F41-C2A9".to_owned()),
            home: "/app".to_owned(),
        };
        let mut turned = page(ErrorKind::Broken);
        turned.document.direction = Direction::RightToLeft;
        turned.document.theme = Theme::Dark;
        let much = Self { error_id: Some(awkward::MARKUP.to_owned()), ..page(ErrorKind::Broken) };
        let mut pages: Vec<Self> = ErrorKind::ALL.map(page).into();
        pages.extend([turned, much, Self { error_id: None, ..page(ErrorKind::NotFound) }]);
        pages
    }
}
