//! Explaining a message: every decision and event from its request to its read receipt, in the order in which they came
//! to be known. Read from what each of them left behind in its own transaction.

mod build;

use std::collections::HashMap;

use domain::attempt::AttemptStatus;
use domain::ids::{InletId, MessageId};
use domain::message::{Class, Direction, Lane, MessageStatus};
use domain::refusal::Failure;
use domain::scope::AccountScope;
use domain::time::Timestamp;
use providers::HookPart;
use store::StoreError;
use store::call::AttemptView;
use store::inlet::Stored;
use store::message::Message;
use store::note::Note;
use store::outbox::Waiting;
use store::pause::Pause;
use store::trace::TraceLine;

use crate::apply::calls;
use crate::core::Core;

/// The explanation of a message.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The message as it stands.
    pub message: Message,
    /// What it waits for, if it waits.
    pub waits: Option<WaitsFor>,
    /// What happened, first to last.
    pub entries: Vec<Entry>,
}

/// What a message waits for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitsFor {
    /// Its due time.
    DueTime(Timestamp),
    /// A connection of its sender: no credentials are configured.
    Connection,
    /// The end of its sender's pause.
    Pause {
        /// Until when.
        until: Timestamp,
        /// Why.
        reason: Failure,
    },
    /// The end of its back-off after a refusal.
    BackOff {
        /// Until when.
        until: Timestamp,
    },
    /// Its turn among the messages of its sender.
    Turn,
    /// The provider's answer.
    Answer,
    /// A callback that settles what nobody knows.
    Evidence,
}

impl WaitsFor {
    /// Stable.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::DueTime(_) => "due_time",
            Self::Connection => "sender_not_connected",
            Self::Pause { .. } => "sender_paused",
            Self::BackOff { .. } => "back_off",
            Self::Turn => "turn",
            Self::Answer => "answer",
            Self::Evidence => "evidence",
        }
    }

    /// Until when, where that is known.
    #[must_use]
    pub const fn until(&self) -> Option<Timestamp> {
        match self {
            Self::DueTime(until) | Self::Pause { until, .. } | Self::BackOff { until } => Some(*until),
            Self::Connection | Self::Turn | Self::Answer | Self::Evidence => None,
        }
    }
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When it came to be known here.
    pub at: Timestamp,
    /// What the message's status became by it, if it changed.
    pub status: Option<MessageStatus>,
    /// What it was.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum What {
    /// The message was asked for, and stored.
    Accepted {
        /// What it is for.
        class: Class,
        /// Where it waits.
        lane: Lane,
        /// Not after, as it stands now.
        expires_at: Option<Timestamp>,
    },
    /// The same, for later.
    Scheduled {
        /// Not before.
        send_at: Option<Timestamp>,
        /// Not after.
        expires_at: Option<Timestamp>,
        /// The name under which it is scheduled once.
        key: Option<String>,
    },
    /// The request came again and made nothing new.
    Repeated {
        /// Which of the caller's keys told so.
        key: String,
    },
    /// It got another due time or expiry.
    Rescheduled {
        /// Before and after.
        send_at: (Option<Timestamp>, Option<Timestamp>),
        /// Before and after.
        expires_at: (Option<Timestamp>, Option<Timestamp>),
        /// Who did it.
        by: Option<String>,
    },
    /// Its due time came.
    Released,
    /// It was taken back.
    Cancelled {
        /// Who did it.
        by: Option<String>,
        /// The message that takes its place.
        replaced_by: Option<MessageId>,
    },
    /// Its expiry came first.
    Expired {
        /// When.
        expires_at: Option<Timestamp>,
        /// What held it: `not_connected`, `refusal`, `sender_pause`, `turn`.
        held_by: String,
        /// The refusal, or why the sender paused.
        failure: Option<Failure>,
    },
    /// A call was written down, to be made at once.
    Claimed(Box<AttemptView>),
    /// The call ended.
    Answered {
        /// The attempt.
        attempt: Box<AttemptView>,
        /// How long it took.
        latency: std::time::Duration,
        /// Why it was refused, if it was.
        failure: Option<Failure>,
    },
    /// A new attempt was planned.
    BackOff {
        /// After which attempt.
        attempt: i64,
        /// When the next one is due.
        until: Timestamp,
        /// Why.
        failure: Option<Failure>,
    },
    /// Whoever made the call was gone before it noted an answer.
    Abandoned {
        /// The attempt.
        attempt: i64,
    },
    /// The provider reported a status.
    Reported {
        /// Of which attempt.
        attempt: i64,
        /// What.
        status: AttemptStatus,
        /// When it happened, in the provider's words.
        happened_at: Timestamp,
        /// Whether it raised the attempt; a late or double report does not.
        raised: bool,
        /// Whether it came before its message was known.
        early: bool,
        /// Why, for a failure.
        failure: Option<Failure>,
        /// The callback, if one brought it.
        callback: Option<Callback>,
    },
    /// The person's message came in.
    Received {
        /// When they wrote, in the provider's words.
        happened_at: Timestamp,
        /// The callback that brought it.
        callback: Option<Callback>,
    },
    /// The business sent it by other means, and it came to be known here.
    WrittenElsewhere {
        /// Where: a name of [`store::message::Origin`].
        origin: String,
        /// When it was sent, in the provider's words.
        happened_at: Timestamp,
        /// The callback that brought it.
        callback: Option<Callback>,
    },
    /// The person answered.
    Replied,
}

impl What {
    /// Stable.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Scheduled { .. } => "scheduled",
            Self::Repeated { .. } => "repeated",
            Self::Rescheduled { .. } => "rescheduled",
            Self::Released => "released",
            Self::Cancelled { .. } => "cancelled",
            Self::Expired { .. } => "expired",
            Self::Claimed(_) => "attempt_claimed",
            Self::Answered { .. } => "attempt_answered",
            Self::BackOff { .. } => "retry_planned",
            Self::Abandoned { .. } => "attempt_abandoned",
            Self::Reported { raised: true, .. } => "status_reported",
            Self::Reported { raised: false, .. } => "status_repeated",
            Self::Received { .. } => "received",
            Self::WrittenElsewhere { .. } => "written_elsewhere",
            Self::Replied => "replied",
        }
    }
}

/// A callback that told something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// Under which id its body is stored.
    pub id: InletId,
    /// When it was received, if its body is still kept.
    pub received_at: Option<Timestamp>,
    /// What it said.
    pub body: CallbackBody,
}

/// What a callback said about the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackBody {
    /// The exact body, which is about this message only.
    Whole(String),
    /// The part that is about this message.
    Part(String),
    /// The body's day is not kept any more.
    Dropped,
    /// It cannot be told which part is about this message: its application is not configured any more.
    Unreadable,
}

/// Explains a message of the account.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn explain(core: &Core, scope: &AccountScope, id: MessageId) -> Result<Option<Explanation>, StoreError> {
    let Some(facts) = Facts::read(core, scope, id).await? else { return Ok(None) };
    let callbacks = Callbacks::find(core, &facts).await?;
    let waits = waits_for(core, &facts);
    let entries = build::entries(&facts, &callbacks);
    Ok(Some(Explanation { message: facts.message, waits, entries }))
}

/// What is stored about a message.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub message: Message,
    pub attempts: Vec<AttemptView>,
    pub notes: Vec<Note>,
    pub waiting: Option<Waiting>,
    pub pause: Option<Pause>,
    /// What was reported about a message that was sent by other means.
    pub elsewhere: Vec<TraceLine>,
    /// Of a message that was not written here: the stored body that brought it.
    pub inlet: Option<InletId>,
    account: domain::ids::AccountId,
}

impl Facts {
    async fn read(core: &Core, scope: &AccountScope, id: MessageId) -> Result<Option<Self>, StoreError> {
        let mut reading = core.store.read().await?;
        let mut conn = reading.conn();
        let Some(message) = store::message::find(&mut conn, scope, id).await? else { return Ok(None) };
        let attempts = store::call::of_message(&mut conn, scope, id).await?;
        let notes = store::note::of_message(&mut conn, scope, id).await?;
        let waiting = store::outbox::waiting(&mut conn, scope, id).await?;
        let pause = store::pause::of_message(&mut conn, scope, id).await?;
        let elsewhere = match message.origin {
            Some(_) => store::call::trace_elsewhere(&mut conn, scope, id).await?,
            None => Vec::new(),
        };
        let came = message.direction == Direction::Inbound || message.origin.is_some();
        let id_kind = if message.kind == calls::KIND { calls::ID_KIND } else { "wamid" };
        let inlet = match message.external_id.as_deref().filter(|_| came) {
            Some(external_id) => {
                store::call::inlet_of(&mut conn, scope, message.sender, (id_kind, external_id)).await?
            }
            None => None,
        };
        let account = scope.account();
        Ok(Some(Self { message, attempts, elsewhere, notes, waiting, pause, inlet, account }))
    }

    /// The stored bodies that told something about it.
    fn inlet_ids(&self) -> Vec<InletId> {
        let traces = self.attempts.iter().flat_map(|attempt| &attempt.trace).chain(&self.elsewhere);
        let told = traces.filter_map(build::inlet_of);
        let mut ids: Vec<InletId> = self.inlet.into_iter().chain(told).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

/// The callbacks behind an explanation, as far as they are kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Callbacks(HashMap<InletId, Callback>);

impl Callbacks {
    async fn find(core: &Core, facts: &Facts) -> Result<Self, StoreError> {
        let ids = facts.inlet_ids();
        let found = core.store.inlet().find(&ids).await?;
        let read = found.into_iter().map(|stored| (stored.id, read(core, facts, &stored)));
        Ok(Self(read.collect()))
    }

    pub(crate) fn get(&self, id: InletId) -> Callback {
        let dropped = || Callback { id, received_at: None, body: CallbackBody::Dropped };
        self.0.get(&id).cloned().unwrap_or_else(dropped)
    }
}

fn read(core: &Core, facts: &Facts, stored: &Stored) -> Callback {
    let message = &facts.message;
    let ids: Vec<&str> = message.external_id.as_deref().into_iter().collect();
    let reference = format!("wp1.{}.{}.{}.", core.installation, facts.account, message.id);
    let application = core.lines.application(&stored.route);
    let part = application.and_then(|app| providers::hook_part(app.kind(), &stored.body, &ids, &reference));
    let body = match part {
        Some(HookPart::Whole) => CallbackBody::Whole(String::from_utf8_lossy(&stored.body).into_owned()),
        Some(HookPart::Part(text)) => CallbackBody::Part(text),
        // Others' messages stand in it too, so it is not shown as it is.
        None => CallbackBody::Unreadable,
    };
    Callback { id: stored.id, received_at: Some(stored.received_at), body }
}

fn waits_for(core: &Core, facts: &Facts) -> Option<WaitsFor> {
    let (waiting, now) = (facts.waiting?, core.now());
    match waiting {
        Waiting::Scheduled { due_at } if due_at > now => return Some(WaitsFor::DueTime(due_at)),
        Waiting::Scheduled { .. } | Waiting::Queued { .. } => {}
        Waiting::Calling => return Some(WaitsFor::Answer),
        Waiting::Unknown => return Some(WaitsFor::Evidence),
    }
    let message = &facts.message;
    if core.lines.provider(message.sender, message.simulated).is_none() {
        return Some(WaitsFor::Connection);
    }
    // The later of the two is what it waits for in the end.
    let pause = facts.pause.clone().filter(|pause| pause.until > now);
    let back_off = match waiting {
        Waiting::Queued { due_at } => Some(due_at).filter(|due_at| *due_at > now),
        _ => None,
    };
    match (pause, back_off) {
        (Some(pause), back_off) if back_off.is_none_or(|until| until <= pause.until) => {
            Some(WaitsFor::Pause { until: pause.until, reason: pause.reason })
        }
        (_, Some(until)) => Some(WaitsFor::BackOff { until }),
        _ => Some(WaitsFor::Turn),
    }
}
