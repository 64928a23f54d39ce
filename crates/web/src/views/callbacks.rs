//! What came from providers and was not simply applied, for operators.

use askama::Template;

use super::code::Code;
use super::moment::Moment;
use super::shell::{Area, Shell};
use super::{Samples, Words, awkward};
use crate::catalogue::Catalogue;

/// Why a callback was set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackState {
    /// It is none of the provider's shapes.
    Undecodable,
    /// It names numbers that are not of the application that signed it.
    Foreign,
    /// It could not be applied.
    Refused,
}

impl CallbackState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Undecodable, Self::Foreign, Self::Refused];

    /// Key of its name.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Undecodable => "callback_state.undecodable",
            Self::Foreign => "callback_state.foreign",
            Self::Refused => "callback_state.refused",
        }
    }

    /// Key of the sentences that explain it.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Undecodable => "callback_means.undecodable",
            Self::Foreign => "callback_means.foreign",
            Self::Refused => "callback_means.refused",
        }
    }

    /// Key of what to do about it.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Undecodable => "callback_helps.undecodable",
            Self::Foreign => "callback_helps.foreign",
            Self::Refused => "callback_helps.refused",
        }
    }

    /// The `data-tone` of its badge.
    #[must_use]
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Foreign => "warn",
            Self::Undecodable | Self::Refused => "bad",
        }
    }

    /// The icon of its badge.
    #[must_use]
    pub const fn icon(self) -> &'static str {
        match self {
            Self::Undecodable => "code",
            Self::Foreign => "globe",
            Self::Refused => "failed",
        }
    }
}

/// A callback that was set aside.
#[derive(Clone, Debug)]
pub struct CallbackItem {
    /// Its id in the inlet.
    pub id: String,
    /// When it came.
    pub at: Moment,
    /// Why it was set aside.
    pub state: CallbackState,
    /// The application whose signature it bears.
    pub application: String,
    /// What was noted about it.
    pub note: Option<String>,
    /// What came.
    pub body: Code,
}

/// `GET /installation/callbacks`
#[derive(Debug, Template)]
#[template(path = "installation/callbacks.html")]
pub struct CallbacksPage {
    /// The frame.
    pub shell: Shell,
    /// The newest, newest first.
    pub items: Vec<CallbackItem>,
    /// Whether there are older ones that are not shown.
    pub has_more: bool,
}

impl CallbacksPage {
    fn count(&self) -> String {
        self.items.len().to_string()
    }
}

impl Words for CallbacksPage {
    fn catalogue(&self) -> &'static Catalogue {
        self.shell.document.catalogue
    }
}

impl CallbackItem {
    fn sample(number: i64, state: CallbackState, note: &str, body: &[u8]) -> Self {
        Self {
            id: (206_810_000_000_000 + number).to_string(),
            at: Moment::sample(number * 47),
            state,
            application: "meta-main".to_owned(),
            note: Some(note.to_owned()).filter(|note| !note.is_empty()),
            body: Code::new(body, 64 * 1024, Catalogue::get("en")),
        }
    }

    fn assortment() -> Vec<Self> {
        let foreign = r#"{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"97245550199","phone_number_id":"105550777"},"statuses":[{"id":"wamid.HBgMOTcy","status":"delivered","timestamp":"1795168800","recipient_id":"972545550128"}]}}]}]}"#;
        let hebrew = r#"{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{"messages":[{"type":"text","text":{"body":"תודה רבה! חדר 512 (VIP)"}}]}}]}]}"#;
        let note = "number 105550777 is not of this application; nothing was applied";
        vec![
            Self::sample(1, CallbackState::Foreign, note, foreign.as_bytes()),
            Self::sample(2, CallbackState::Undecodable, "expected value at line 1 column 1", b"hello=1&\xFF\xFE"),
            Self::sample(
                3,
                CallbackState::Refused,
                "application meta-old is not configured any more",
                hebrew.as_bytes(),
            ),
            Self::sample(90, CallbackState::Undecodable, "", b""),
        ]
    }

    fn too_much(number: i64) -> Self {
        let text = format!("{} {}", awkward::MARKUP, "wordwithoutanend".repeat(3_800));
        let statuses = vec![serde_json::json!({"id": "wamid.HBgMOTcy", "status": text}); 2];
        let body = serde_json::json!({"entry": statuses}).to_string();
        let note = format!("{} {}", awkward::MARKUP, awkward::long_name());
        let application = format!("{}{}", awkward::MARKUP, "application".repeat(40));
        Self { application, ..Self::sample(number, CallbackState::Refused, &note, body.as_bytes()) }
    }
}

impl Samples for CallbacksPage {
    fn samples() -> Vec<Self> {
        let page = |shell: Shell, items| Self {
            shell: Shell { area: Area::Callbacks, is_super_admin: true, ..shell },
            items,
            has_more: false,
        };
        let much = (0..100).map(|number| match number {
            0..3 => CallbackItem::too_much(number),
            _ => CallbackItem { id: number.to_string(), ..CallbackItem::assortment().remove(0) },
        });
        vec![
            page(Shell::sample(), CallbackItem::assortment()),
            page(Shell::sample(), Vec::new()),
            Self { has_more: true, ..page(Shell::too_much(), much.collect()) },
            page(Shell::right_to_left(), CallbackItem::assortment()),
        ]
    }
}
