//! Control over the simulator: the same things in-process and, in [`http`], as JSON.

mod account;
mod account_http;
mod bodies;
mod compose;
mod faults_body;
mod http;
mod inbound;
mod inbound_body;
pub(crate) mod views;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;

use crate::callback::{self, Attempt, post, signature_with};
use crate::faults::{FaultRule, Faults};
use crate::ledger::LedgerEntry;
use crate::plan::StatusPlan;
use crate::shared::App;
use crate::wire::WireEntry;
use crate::world::digits_of;

pub use account::{AccountChange, NumberChange, TemplateChange};
pub(crate) use inbound::enqueue;
pub use inbound::{Forwarded, Inbound, InboundKind, InboundMedium, OrderItem, Referral};
pub(crate) use inbound_body::parse as parse_inbound;
use views::{InboundResult, StateView};

pub(crate) fn routes() -> Router<App> {
    http::routes()
}

/// What a control call can refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// The body is not what the call takes.
    #[error("{0}")]
    Body(String),
    /// There is no business number with this id.
    #[error("no business number has the id {0}")]
    UnknownNumber(String),
    /// The message that is reacted to, changed or taken back is not there, or not the customer's.
    #[error("no such message on this phone: {0}")]
    UnknownMessage(String),
    /// A phone number without digits, or too long.
    #[error("not a phone number: {0}")]
    NotAPhone(String),
    /// Nothing can be sent as long as no callback is set.
    #[error("no callback URL is set")]
    NoCallback,
    /// The callback failed the `hub.challenge` handshake.
    #[error("the callback failed the handshake: {0}")]
    Handshake(String),
    /// There is no template of this name and language.
    #[error("there is no template {0}")]
    UnknownTemplate(String),
    /// Only a clock that stands still can be moved.
    #[error("the clock runs by itself")]
    ClockRuns,
}

impl ControlError {
    /// All refusals are the caller's.
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::ClockRuns => StatusCode::CONFLICT,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// Changes to a customer's phone; what is `None` stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct PhoneChange {
    /// Off: messages stay at `sent` until it is on again.
    pub on: Option<bool>,
    /// Off: nothing is ever `read`.
    pub read_receipts: Option<bool>,
    /// On: the next messages fail with 131026.
    pub blocked: Option<bool>,
}

/// How a raw callback is signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SignatureChoice {
    /// As Meta does, with the app's secret.
    #[default]
    Correct,
    /// As Meta does, with another secret.
    WithSecret(String),
    /// With this header, whatever it says.
    Literal(String),
    /// Without the header.
    Missing,
}

/// Any bytes for the callback.
#[derive(Clone, Debug, Default)]
pub struct RawCallback {
    /// Sent as it is.
    pub body: String,
    /// How it is signed.
    pub signature: SignatureChoice,
}

/// In-process control over a running simulator.
#[derive(Clone)]
pub struct Control {
    app: App,
}

impl Control {
    pub(crate) const fn new(app: App) -> Self {
        Self { app }
    }

    /// Switches and counters.
    #[must_use]
    pub fn state(&self) -> StateView {
        StateView::of(&self.app)
    }

    /// Where callbacks go; `None`: nowhere.
    pub fn set_callback_url(&self, url: Option<String>) {
        self.app.world().callback_url = url.map(Into::into);
    }

    /// Does the `hub.challenge` handshake with `url` and sets it as the callback if it passes.
    ///
    /// # Errors
    /// The callback does not answer 200 with the bare challenge.
    pub async fn verify_callback(&self, url: &str) -> Result<(), ControlError> {
        callback::handshake(&self.app, url).await.map_err(ControlError::Handshake)?;
        self.set_callback_url(Some(url.to_owned()));
        Ok(())
    }

    /// How statuses are sent.
    #[must_use]
    pub fn statuses(&self) -> StatusPlan {
        self.app.world().plan.clone()
    }

    /// Changes how statuses are sent, for messages accepted from now on; `paused` and the retries hold at once.
    pub fn set_statuses(&self, plan: StatusPlan) {
        self.app.world().plan = plan;
        self.app.queue.wake();
    }

    /// Replaces the fault rules and their counters.
    pub fn set_faults(&self, rules: Vec<FaultRule>) {
        self.app.world().faults = Faults::new(rules);
    }

    /// Lets a customer write; answers as soon as the callback was tried once.
    ///
    /// # Errors
    /// An unknown number, a sender that is no phone number, or no callback.
    pub async fn inbound(&self, inbound: Inbound) -> Result<InboundResult, ControlError> {
        inbound::deliver(&self.app, inbound).await
    }

    /// Sends any bytes to the callback, once.
    ///
    /// # Errors
    /// No callback is set.
    pub async fn raw_callback(&self, raw: RawCallback) -> Result<Attempt, ControlError> {
        let url = self.app.world().callback_url.clone().ok_or(ControlError::NoCallback)?;
        let body = Bytes::from(raw.body);
        let signature = match raw.signature {
            SignatureChoice::Correct => Some(self.app.poster.signature(&body)),
            SignatureChoice::WithSecret(secret) => signature_with(&secret, &body),
            SignatureChoice::Literal(text) => Some(text),
            SignatureChoice::Missing => None,
        };
        Ok(post(&self.app, &url, body, signature).await)
    }

    /// Changes a customer's phone.
    ///
    /// # Errors
    /// `phone` is no phone number.
    pub fn set_phone(&self, phone: &str, change: PhoneChange) -> Result<(), ControlError> {
        let digits = phone_digits(phone)?;
        let owner = {
            let mut world = self.app.world();
            let phone = world.phone_mut(&digits);
            let switches = &mut phone.switches;
            switches.on = change.on.unwrap_or(switches.on);
            switches.read_receipts = change.read_receipts.unwrap_or(switches.read_receipts);
            switches.blocked = change.blocked.unwrap_or(switches.blocked);
            phone.owner.clone()
        };
        if change.on == Some(true) {
            callback::deliver_waiting(&self.app, &digits);
        }
        self.app.changed(&owner.digits);
        Ok(())
    }

    /// The customer opens the chat: everything delivered becomes read.
    ///
    /// # Errors
    /// `phone` is no phone number.
    pub fn read(&self, phone: &str) -> Result<(), ControlError> {
        callback::look_at(&self.app, &phone_digits(phone)?);
        Ok(())
    }

    /// What was accepted, for everybody or for one recipient.
    #[must_use]
    pub fn ledger(&self, to: Option<&str>) -> Vec<LedgerEntry> {
        let digits = to.map(digits_of);
        self.app.world().ledger.entries(digits.as_deref())
    }

    /// The wire log, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<WireEntry> {
        self.app.wire.all()
    }

    /// Forgets messages, chats, ledger, wire log and callbacks to come. Callback, statuses, faults and the switches of
    /// the known customers' phones stay.
    pub fn clear(&self) {
        self.app.queue.clear();
        self.app.world().clear();
        self.app.wire.clear();
        self.app.accepted.send_replace(0);
    }

    /// Returns when at least `count` messages were accepted since the start or the last `clear`.
    pub async fn wait_accepted(&self, count: usize) {
        // It fails only when the sender is gone, and that is held by `self`.
        let _ = self.app.accepted.subscribe().wait_for(|accepted| *accepted >= count).await;
    }

    /// Returns when no callback is waiting or on its way. Paused statuses and retries count as waiting.
    pub async fn idle(&self) {
        self.app.queue.idle().await;
    }
}

fn phone_digits(phone: &str) -> Result<String, ControlError> {
    let digits = digits_of(phone);
    if (7..=15).contains(&digits.len()) { Ok(digits) } else { Err(ControlError::NotAPhone(phone.to_owned())) }
}
