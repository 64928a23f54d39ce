//! One attempt to send a message: the call to the provider, with everything that was said.

use domain::refusal::Failure;

use super::awkward;
use super::code::Code;
use super::moment::Moment;
use super::row::MessageRow;
use crate::catalogue::Catalogue;

/// How a call ended, as far as it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallEnd {
    /// It has not.
    Waits,
    /// Nobody was there to see it.
    Unseen,
    /// It ended after this time without an answer.
    Silent(String),
    /// It was answered.
    Answered {
        /// The status of HTTP.
        status: String,
        /// How long it took, such as `0.4 s`.
        took: String,
    },
    /// It was only prepared: the account is not live.
    Kept,
}

impl CallEnd {
    /// As a sentence.
    #[must_use]
    pub fn sentence(&self, catalogue: &Catalogue) -> String {
        match self {
            Self::Waits => catalogue.t("call.waits").to_owned(),
            Self::Unseen => catalogue.t("call.unseen").to_owned(),
            Self::Silent(took) => catalogue.tf("call.silent", &[("took", took.as_str())]),
            Self::Answered { status, took } => {
                catalogue.tf("call.answered", &[("status", status.as_str()), ("took", took.as_str())])
            }
            Self::Kept => catalogue.t("call.kept").to_owned(),
        }
    }

    /// Whether nothing left this server.
    #[must_use]
    pub const fn is_kept(&self) -> bool {
        matches!(self, Self::Kept)
    }
}

/// One attempt.
#[derive(Clone, Debug)]
pub struct MessageCall {
    /// Which, from 1.
    pub number: String,
    /// How it ended.
    pub end: CallEnd,
    /// When it began.
    pub started: Moment,
    /// When it ended.
    pub finished: Option<Moment>,
    /// Where the request went.
    pub path: String,
    /// The exact request.
    pub payload: Code,
    /// The status of HTTP.
    pub http_status: Option<String>,
    /// The answer.
    pub answer: Option<Code>,
    /// What Waypost noted about it.
    pub note: Option<String>,
    /// Why it failed.
    pub failure: Option<Failure>,
}

impl MessageCall {
    /// Under this id a live page keeps the disclosure as the reader left it; none while more is to come.
    #[must_use]
    pub fn kept_as(&self) -> Option<String> {
        let ending = if self.failure.is_some() { "failed" } else { "ended" };
        self.finished.is_some().then(|| format!("attempt-{}-{ending}", self.number))
    }

    /// The call most samples start from.
    pub(crate) fn sample(number: u32) -> Self {
        let english = Catalogue::get("en");
        let payload = r#"{"messaging_product":"whatsapp","to":"972545550128","type":"template","template":{"name":"room_ready","language":{"code":"en"},"components":[{"type":"body","parameters":[{"type":"text","text":"Yael"},{"type":"text","text":"512"}]}]},"biz_opaque_callback_data":"wp1.main.7.900.1"}"#;
        let answer = r#"{"messaging_product":"whatsapp","contacts":[{"wa_id":"972545550128"}],"messages":[{"id":"wamid.HBgMOTcyNTQ1NTUwMTI4","message_status":"accepted"}]}"#;
        Self {
            number: number.to_string(),
            end: CallEnd::Answered { status: "200".to_owned(), took: "0.4 s".to_owned() },
            started: Moment::sample(5),
            finished: Some(Moment::sample(5)),
            path: "/v23.0/105550110/messages".to_owned(),
            payload: Code::new(payload.as_bytes(), usize::MAX, english),
            http_status: Some("200".to_owned()),
            answer: Some(Code::new(answer.as_bytes(), usize::MAX, english)),
            note: None,
            failure: None,
        }
    }

    /// One that was refused.
    pub(crate) fn refused(number: u32) -> Self {
        let answer = r#"{"error":{"message":"(#131026) Message undeliverable","type":"OAuthException","code":131026,"fbtrace_id":"AqH7c0v"}}"#;
        Self {
            end: CallEnd::Answered { status: "400".to_owned(), took: "0.3 s".to_owned() },
            http_status: Some("400".to_owned()),
            answer: Some(Code::new(answer.as_bytes(), usize::MAX, Catalogue::get("en"))),
            failure: MessageRow::failed(0).failure,
            ..Self::sample(number)
        }
    }

    /// One whose answer was lost.
    pub(crate) fn silent(number: u32) -> Self {
        Self {
            end: CallEnd::Silent("30.0 s".to_owned()),
            http_status: None,
            answer: None,
            note: Some("no answer within 30 s; the request had been written".to_owned()),
            ..Self::sample(number)
        }
    }

    /// One that is on its way.
    pub(crate) fn waiting(number: u32) -> Self {
        let end = CallEnd::Waits;
        Self { end, finished: None, http_status: None, answer: None, ..Self::sample(number) }
    }

    /// One that was only prepared.
    pub(crate) fn kept(number: u32) -> Self {
        let path = "/sandbox/messages".to_owned();
        Self { end: CallEnd::Kept, path, http_status: None, answer: None, ..Self::sample(number) }
    }

    /// One of which everything is too long, or markup.
    pub(crate) fn too_much(number: u32) -> Self {
        let english = Catalogue::get("en");
        let text = format!("{} {}", awkward::MARKUP, "wordwithoutanend".repeat(3_800));
        let payload = serde_json::json!({"type": "text", "text": {"body": text}}).to_string();
        let answer = format!("{}{}", awkward::MARKUP, awkward::long_name().repeat(200));
        Self {
            path: format!("/{}", "v23.0/".repeat(80)),
            payload: Code::new(payload.as_bytes(), usize::MAX, english),
            answer: Some(Code::new(answer.as_bytes(), 64 * 1024, english)),
            note: Some(format!("{} {}", awkward::MARKUP, awkward::long_name())),
            failure: MessageRow::too_much(0).failure,
            ..Self::refused(number)
        }
    }
}
