//! News about templates.

use crate::time::Timestamp;

/// News about one template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateEvent {
    /// The provider's id of it.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its language as the provider writes it here: `en_US`, `en-US`.
    pub language: Option<String>,
    /// What is new.
    pub news: TemplateNews,
}

/// What is new about a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TemplateNews {
    /// Its status (`message_template_status_update`).
    Status {
        /// Meta's word: `APPROVED`, `REJECTED`, `PAUSED`, `FLAGGED` and so on.
        event: String,
        /// Why, as one word; `NONE` counts as nothing.
        reason: Option<String>,
        /// Its category.
        category: Option<String>,
        /// When it will be disabled, in Meta's words: a date, or seconds.
        disable_date: Option<String>,
        /// `FIRST_PAUSE`, `SECOND_PAUSE`, `RATE_LIMITING_PAUSE`, `UNPAUSE`, `DISABLED`.
        title: Option<String>,
        /// What the title means.
        description: Option<String>,
        /// What is wrong with it, in a sentence.
        rejection: Option<String>,
        /// How to make it right.
        recommendation: Option<String>,
    },
    /// Its quality: `GREEN`, `YELLOW`, `RED`, `UNKNOWN`.
    Quality {
        /// Until now.
        previous: Option<String>,
        /// From now on.
        current: String,
    },
    /// Its parts, all of them.
    Components {
        /// The header's text.
        title: Option<String>,
        /// The body.
        element: Option<String>,
        /// The footer.
        footer: Option<String>,
        /// The buttons.
        buttons: Vec<TemplateButton>,
    },
    /// Its category, before or after the change.
    Category {
        /// The category until now; told after the change.
        previous: Option<String>,
        /// The category **now**, in the notice before the change too.
        current: Option<String>,
        /// What it will become; told before the change.
        correct: Option<String>,
        /// When it will change.
        changes_at: Option<Timestamp>,
    },
    /// Meta thinks that its category is the wrong one (`template_correct_category_detection`).
    Misuse {
        /// The category now.
        category: Option<String>,
        /// The one Meta thinks right.
        correct: Option<String>,
    },
    /// It is named, and nothing that is known is said about it.
    #[default]
    Unread,
}

/// A button of a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateButton {
    /// `QUICK_REPLY`, `URL`, `PHONE_NUMBER` and so on.
    pub kind: Option<String>,
    /// What it says.
    pub text: Option<String>,
    /// Where it leads.
    pub url: Option<String>,
    /// Whom it calls.
    pub phone: Option<String>,
}
