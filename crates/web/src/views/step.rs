//! One thing that happened to a message, as its page shows it.

use domain::refusal::Failure;

use super::awkward;
use super::code::Code;
use super::moment::Moment;
use super::row::MessageRow;
use super::status::StatusWord;
use crate::catalogue::Catalogue;

/// What a machine said, behind a disclosure.
#[derive(Clone, Debug)]
pub struct Said {
    /// Of the disclosure; a live page keeps it as the reader left it.
    pub id: String,
    /// What is behind it.
    pub summary: String,
    /// An address, a status, a time.
    pub title: String,
    /// What was said.
    pub code: Code,
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct MessageStep {
    /// Stable.
    pub code: &'static str,
    /// Colour of its point.
    pub tone: &'static str,
    /// Its icon.
    pub icon: &'static str,
    /// Whether the icon mirrors with the direction of writing.
    pub turns: bool,
    /// In a few words.
    pub title: String,
    /// In a sentence.
    pub text: String,
    /// When.
    pub at: Moment,
    /// How long after the first, such as `+2.2 s`.
    pub gap: Option<String>,
    /// Why, for a failure.
    pub failure: Option<Failure>,
    /// What Waypost noted about it.
    pub note: Option<String>,
    /// What machines said.
    pub codes: Vec<Said>,
}

impl MessageStep {
    /// A step that looks as the status it leads to.
    #[must_use]
    pub fn of_status(code: &'static str, word: StatusWord, at: Moment) -> Self {
        Self {
            code,
            tone: word.tone(),
            icon: word.icon(),
            turns: false,
            title: String::new(),
            text: String::new(),
            at,
            gap: None,
            failure: None,
            note: None,
            codes: Vec::new(),
        }
    }

    fn sample(code: &'static str, word: StatusWord, minutes_ago: i64, gap: &str) -> Self {
        let english = Catalogue::get("en");
        Self {
            title: english.t(word.key()).to_owned(),
            text: english.t(word.meaning()).to_owned(),
            gap: Some(gap.to_owned()).filter(|gap| !gap.is_empty()),
            ..Self::of_status(code, word, Moment::sample(minutes_ago))
        }
    }

    fn said(id: &str, summary: &str, title: &str, text: &str) -> Said {
        Said {
            id: id.to_owned(),
            summary: summary.to_owned(),
            title: title.to_owned(),
            code: Code::new(text.as_bytes(), 64 * 1024, Catalogue::get("en")),
        }
    }

    /// A whole life with one refusal.
    pub(crate) fn life() -> Vec<Self> {
        let payload = r#"{"messaging_product":"whatsapp","to":"972545550128","type":"template","template":{"name":"room_ready","language":{"code":"en"}},"biz_opaque_callback_data":"wp1.main.7.900.1"}"#;
        let limit = r#"{"error":{"message":"(#130429) Rate limit hit","code":130429}}"#;
        let answer = r#"{"messages":[{"id":"wamid.HBgMOTcyNTQ1NTUwMTI4"}]}"#;
        let status = r#"{"entry":[{"changes":[{"field":"messages","value":{"statuses":[{"id":"wamid.HBgM","status":"read"}]}}]}]}"#;
        let call = |number: i64, id: &str, gap: &str| Self {
            icon: "send",
            turns: true,
            title: format!("Attempt {number}"),
            text: "Node node-a wrote the request down and sent it to meta_cloud.".to_owned(),
            codes: vec![Self::said(id, "Request", "/v25.0/105550110/messages", payload)],
            ..Self::sample("attempt_claimed", StatusWord::Calling, 5, gap)
        };
        let back_off = Self {
            icon: "pause",
            tone: "warn",
            title: "Attempt 2 planned".to_owned(),
            text: "After the refusal (130429) it waits until 20 Nov, 11:55.".to_owned(),
            ..Self::sample("retry_planned", StatusWord::Queued, 5, "+0.5 s")
        };
        vec![
            Self::sample("accepted", StatusWord::Queued, 5, ""),
            call(1, "said-1", "+0.1 s"),
            Self {
                tone: "warn",
                codes: vec![Self::said("said-2", "Answer", "HTTP 429", limit)],
                ..Self::sample("attempt_answered", StatusWord::Failed, 5, "+0.5 s")
            },
            back_off,
            call(2, "said-4", "+1.8 s"),
            Self {
                codes: vec![Self::said("said-5", "Answer", "HTTP 200", answer)],
                ..Self::sample("attempt_answered", StatusWord::Submitted, 5, "+2.2 s")
            },
            Self::sample("status_reported", StatusWord::Sent, 5, "+2.9 s"),
            Self::sample("status_reported", StatusWord::Delivered, 4, "+4.2 s"),
            Self {
                codes: vec![Self::said("said-8", "Callback", "20 Nov 2026, 11:59:07", status)],
                ..Self::sample("status_reported", StatusWord::Read, 1, "+3 min 4 s")
            },
            Self { tone: "none", ..Self::sample("status_repeated", StatusWord::Delivered, 1, "+3 min 5 s") },
        ]
    }

    /// One that failed.
    pub(crate) fn failing() -> Vec<Self> {
        let failed = Self {
            failure: MessageRow::failed(0).failure,
            note: Some("no answer within 30 s; the request had been written".to_owned()),
            ..Self::sample("attempt_answered", StatusWord::Failed, 63, "+1.2 s")
        };
        vec![Self::sample("accepted", StatusWord::Queued, 64, ""), failed]
    }

    /// One that came in.
    pub(crate) fn received() -> Vec<Self> {
        vec![Self::sample("received", StatusWord::Received, 5, "")]
    }

    /// One that waits for its time.
    pub(crate) fn scheduled() -> Vec<Self> {
        let moved = Self {
            icon: "clock",
            title: "Rescheduled".to_owned(),
            text: "Moved from 20 Nov, 18:00 to 21 Nov, 09:00. It is not sent after 22 Nov, 09:00.".to_owned(),
            ..Self::sample("rescheduled", StatusWord::Scheduled, 3, "+2 min 0 s")
        };
        vec![Self::sample("scheduled", StatusWord::Scheduled, 5, ""), moved]
    }

    /// Those of which everything is too long, or markup.
    pub(crate) fn too_much() -> Vec<Self> {
        let text = format!("{} {}", awkward::MARKUP, "wordwithoutanend".repeat(3_800));
        let payload = serde_json::json!({"type": "text", "text": {"body": text}}).to_string();
        let path = format!("/{}", "v23.0/".repeat(80));
        vec![Self {
            text: format!("{} {}", awkward::MARKUP, awkward::long_name()),
            failure: MessageRow::too_much(0).failure,
            note: Some(format!("{} {}", awkward::MARKUP, awkward::long_name())),
            codes: vec![
                Self::said("said-0", "Request", &path, &payload),
                Self::said("said-1", "Answer", awkward::MARKUP, &awkward::long_name().repeat(200)),
            ],
            ..Self::sample("attempt_answered", StatusWord::Failed, 5, "")
        }]
    }
}
