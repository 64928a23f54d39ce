//! The message templates of the account, as the provider has them.

use askama::Template;

use super::badge::{Badge, Choice, categories, template_statuses};
use super::code::Code;
use super::moment::Moment;
use super::preview::{Preview, PreviewButton, PreviewHeader, pieces};
use super::shell::{Area, Shell};
use super::{Samples, Words, awkward};
use crate::catalogue::Catalogue;

/// What the list is narrowed to; lives in the address as `q`, `status`, `category` and `language`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplatesFilter {
    /// A part of the name.
    pub query: String,
    /// Only this status.
    pub status: String,
    /// Only this category.
    pub category: String,
    /// Only this language.
    pub language: String,
}

impl TemplatesFilter {
    /// Whether anything is left out.
    #[must_use]
    pub fn is_active(&self) -> bool {
        *self != Self::default()
    }

    fn has_status(&self, choice: &Choice) -> bool {
        self.status == choice.word
    }

    fn has_category(&self, choice: &Choice) -> bool {
        self.category == choice.word
    }

    /// The part of an address behind `?`, with the place of a page.
    fn address(&self, after: &str) -> String {
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        let all = [
            ("q", self.query.as_str()),
            ("status", &self.status),
            ("category", &self.category),
            ("language", &self.language),
            ("after", after),
        ];
        for (name, value) in all.into_iter().filter(|(_, value)| !value.is_empty()) {
            pairs.append_pair(name, value);
        }
        pairs.finish()
    }
}

/// A template in the list.
#[derive(Clone, Debug)]
pub struct TemplateRow {
    /// Its name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// The address of its page.
    pub link: String,
    /// The beginning of its text.
    pub excerpt: String,
    /// How it stands.
    pub status: Badge,
    /// What it is for.
    pub category: Option<Badge>,
    /// Its quality.
    pub quality: Badge,
    /// Why it cannot be sent, in short.
    pub reason: Option<String>,
}

/// How the last reading went.
#[derive(Clone, Debug)]
pub struct LastReading {
    /// When the last whole one ended.
    pub finished_at: Option<Moment>,
    /// Why the last one did not come to its end.
    pub problem: Option<String>,
}

/// `GET {base}/templates`
#[derive(Debug, Template)]
#[template(path = "templates/list.html")]
pub struct TemplatesPage {
    /// The frame.
    pub shell: Shell,
    /// What the list is narrowed to.
    pub filter: TemplatesFilter,
    /// The templates, by name.
    pub rows: Vec<TemplateRow>,
    /// Whether this is not the first page.
    pub is_later: bool,
    /// Place of the next page.
    pub next: Option<String>,
    /// How the last readings went, one for each business account.
    pub readings: Vec<LastReading>,
}

impl TemplatesPage {
    fn here(&self) -> String {
        self.shell.templates()
    }

    fn statuses(&self) -> Vec<Choice> {
        template_statuses()
    }

    fn categories(&self) -> Vec<Choice> {
        categories()
    }

    fn next_link(&self) -> Option<String> {
        self.next.as_ref().map(|place| format!("{}?{}", self.here(), self.filter.address(place)))
    }

    fn first_link(&self) -> String {
        format!("{}?{}", self.here(), self.filter.address(""))
    }
}

impl Words for TemplatesPage {
    fn catalogue(&self) -> &'static Catalogue {
        self.shell.document.catalogue
    }
}

/// Another language of the same template.
#[derive(Clone, Debug)]
pub struct LanguageLink {
    /// The language.
    pub language: String,
    /// Where it is.
    pub link: String,
    /// Whether it is the one that is shown.
    pub is_shown: bool,
}

/// Why a template cannot be sent, or soon cannot, and what helps.
#[derive(Clone, Debug)]
pub struct TemplateTrouble {
    /// Its `data-tone`.
    pub tone: &'static str,
    /// What it is.
    pub title: String,
    /// The provider's words.
    pub said: Option<String>,
    /// What helps.
    pub remedy: String,
}

/// `GET {base}/templates/{name}`
#[derive(Debug, Template)]
#[template(path = "templates/page.html")]
pub struct TemplatePage {
    /// The frame.
    pub shell: Shell,
    /// As the list shows it.
    pub row: TemplateRow,
    /// All languages.
    pub languages: Vec<LanguageLink>,
    /// What is wrong with it.
    pub troubles: Vec<TemplateTrouble>,
    /// What it looks like.
    pub preview: Preview,
    /// The provider's id of it.
    pub provider_id: Option<String>,
    /// The business account.
    pub business_account: String,
    /// How its variables are named.
    pub parameter_format: Option<String>,
    /// When a reading showed it last.
    pub synced_at: Option<Moment>,
    /// When it was told of last.
    pub changed_at: Option<Moment>,
    /// Its parts as the provider writes them.
    pub components: Code,
}

impl TemplatePage {
    fn templates(&self) -> String {
        self.shell.templates()
    }
}

impl Words for TemplatePage {
    fn catalogue(&self) -> &'static Catalogue {
        self.shell.document.catalogue
    }
}

impl TemplateRow {
    fn sample(name: &str, status: &str, category: &str, quality: &str) -> Self {
        let catalogue = Catalogue::get("en");
        Self {
            name: name.to_owned(),
            language: "en_US".to_owned(),
            link: format!("/app/accounts/7/templates/{name}?language=en_US"),
            excerpt: "Dear {{1}}, we expect you at {{2}}. Will you come?".to_owned(),
            status: Badge::template_status(Some(status), catalogue),
            category: Some(Badge::category(category, catalogue)),
            quality: Badge::quality(Some(quality), catalogue),
            reason: None,
        }
    }

    fn assortment() -> Vec<Self> {
        vec![
            Self::sample("appointment_reminder", "APPROVED", "UTILITY", "GREEN"),
            Self::sample("hello_world", "APPROVED", "UTILITY", "UNKNOWN"),
            Self {
                reason: Some("INVALID_FORMAT".to_owned()),
                ..Self::sample("order_update", "REJECTED", "UTILITY", "UNKNOWN")
            },
            Self::sample("season_offer", "PAUSED", "MARKETING", "RED"),
            Self::sample("sign_in_code", "HIBERNATING", "AUTHENTICATION", "YELLOW"),
        ]
    }

    fn too_much(number: i64) -> Self {
        Self {
            name: format!("{}{number}", "wordwithoutanend".repeat(30)),
            excerpt: awkward::MARKUP.to_owned(),
            reason: Some(awkward::long_name()),
            ..Self::sample("x", "REJECTED", "MARKETING", "RED")
        }
    }
}

impl Samples for TemplatesPage {
    fn samples() -> Vec<Self> {
        let page = |shell, rows| Self {
            shell: Shell { area: Area::Templates, ..shell },
            filter: TemplatesFilter::default(),
            rows,
            is_later: false,
            next: None,
            readings: vec![LastReading { finished_at: Some(Moment::sample(12)), problem: None }],
        };
        let narrowed = || TemplatesFilter { query: awkward::MARKUP.to_owned(), ..TemplatesFilter::default() };
        let failed = LastReading { finished_at: None, problem: Some(awkward::long_name()) };
        vec![
            page(Shell::sample(), TemplateRow::assortment()),
            Self { readings: Vec::new(), ..page(Shell::sample(), Vec::new()) },
            Self { filter: narrowed(), ..page(Shell::sample(), Vec::new()) },
            Self {
                is_later: true,
                next: Some("a,b,c".to_owned()),
                readings: vec![failed],
                ..page(Shell::too_much(), (0..50).map(TemplateRow::too_much).collect())
            },
            page(Shell::right_to_left(), TemplateRow::assortment()),
        ]
    }
}

impl Preview {
    fn sample() -> Self {
        let button = |text: &str, icon, target: Option<&str>| PreviewButton {
            text: text.to_owned(),
            icon,
            target: target.map(ToOwned::to_owned),
        };
        Self {
            header: Some(PreviewHeader::Media { key: "preview.image", icon: "image" }),
            body: pieces("{{1}}, treat yourself to a slow morning!\nKeep your room until 14:00 on {{2}}."),
            footer: Some("Carmel View Hotel, Haifa".to_owned()),
            buttons: vec![
                button("Yes, keep my room", "reply", None),
                button("See the terms", "external", Some("carmelview.example/{{1}}")),
            ],
            cards: Vec::new(),
        }
    }

    fn carousel() -> Self {
        let card = || Self { footer: None, ..Self::sample() };
        Self { header: None, footer: None, buttons: Vec::new(), cards: vec![card(), card(), card()], ..Self::sample() }
    }
}

impl Samples for TemplatePage {
    fn samples() -> Vec<Self> {
        let catalogue = Catalogue::get("en");
        let language = |language: &str, is_shown| LanguageLink {
            language: language.to_owned(),
            link: format!("/app/accounts/7/templates/season_offer?language={language}"),
            is_shown,
        };
        let page = |shell, row: TemplateRow, preview| Self {
            shell: Shell { area: Area::Templates, ..shell },
            row,
            languages: vec![language("en_US", true), language("he", false)],
            troubles: Vec::new(),
            preview,
            provider_id: Some("1174567890123404".to_owned()),
            business_account: "102290129340398".to_owned(),
            parameter_format: Some("POSITIONAL".to_owned()),
            synced_at: Some(Moment::sample(12)),
            changed_at: None,
            components: Code::new(br#"[{"type":"BODY","text":"Hi {{1}}"}]"#, 4096, catalogue),
        };
        let trouble = |text: &str| TemplateTrouble {
            tone: "bad",
            title: "Rejected: the format is wrong".to_owned(),
            said: Some(text.to_owned()),
            remedy: "Number the variables 1, 2, 3 without gaps, and put words before and after each.".to_owned(),
        };
        let usual = || TemplateRow::sample("season_offer", "APPROVED", "MARKETING", "GREEN");
        let rejected = || TemplateRow::sample("season_offer", "REJECTED", "MARKETING", "UNKNOWN");
        let awkward_preview =
            Preview { body: pieces(awkward::MARKUP), footer: Some(awkward::long_name()), ..Preview::carousel() };
        vec![
            page(Shell::sample(), usual(), Preview::sample()),
            Self {
                troubles: vec![trouble("Variables stand side by side.")],
                ..page(Shell::sample(), rejected(), Preview::sample())
            },
            page(Shell::sample(), usual(), Preview::carousel()),
            Self { components: Code::new(b"", 1, catalogue), ..page(Shell::sample(), usual(), Preview::default()) },
            Self {
                troubles: vec![trouble(awkward::MARKUP)],
                ..page(Shell::too_much(), TemplateRow::too_much(1), awkward_preview)
            },
            page(Shell::right_to_left(), usual(), Preview::sample()),
        ]
    }
}
