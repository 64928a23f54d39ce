//! The ledger: what was accepted, by recipient and text, so that a test can count doubles and losses.

use std::collections::HashMap;
use std::sync::Arc;

use domain::time::Timestamp;
use serde::Serialize;

/// All acceptances of one text for one recipient.
#[derive(Clone, Debug, Serialize)]
pub struct LedgerEntry {
    /// The recipient, `+` and digits.
    pub to: String,
    /// What the customer sees: body, rendered template body, caption, else address of a medium, else the kind.
    pub body: String,
    /// How often it was accepted; more than one is a double.
    pub count: usize,
    /// The acceptances, oldest first.
    pub messages: Vec<LedgerMessage>,
}

/// One acceptance.
#[derive(Clone, Debug, Serialize)]
pub struct LedgerMessage {
    /// The id the simulator gave.
    pub message_id: Arc<str>,
    /// The number it was sent from.
    pub phone_number_id: Arc<str>,
    /// Meta's `type`, such as `text` or `template`.
    pub kind: String,
    /// The template's name and language, such as `order_update/en_US`.
    pub template: Option<String>,
    /// What the sender wants back in every status.
    pub biz_opaque_callback_data: Option<String>,
    /// When it was accepted.
    pub received_at: Timestamp,
}

/// The acceptances, kept until cleared.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    by_recipient: HashMap<Arc<str>, HashMap<String, Vec<LedgerMessage>>>,
    accepted: usize,
    doubles: usize,
}

impl Ledger {
    pub(crate) fn record(&mut self, digits: &Arc<str>, body: &str, message: LedgerMessage) {
        let same = self.by_recipient.entry(Arc::clone(digits)).or_default().entry(body.to_owned()).or_default();
        self.accepted += 1;
        self.doubles += usize::from(!same.is_empty());
        same.push(message);
    }

    /// Everything, or what went to one recipient; oldest first.
    pub(crate) fn entries(&self, to: Option<&str>) -> Vec<LedgerEntry> {
        let mut entries: Vec<LedgerEntry> = match to {
            Some(digits) => self.by_recipient.get(digits).into_iter().flat_map(|texts| list(digits, texts)).collect(),
            None => self.by_recipient.iter().flat_map(|(digits, texts)| list(digits, texts)).collect(),
        };
        entries.sort_by(|a, b| {
            let first = |entry: &LedgerEntry| entry.messages.first().map(|message| message.received_at);
            first(a).cmp(&first(b)).then_with(|| (&a.to, &a.body).cmp(&(&b.to, &b.body)))
        });
        entries
    }

    /// How many messages were accepted.
    pub(crate) const fn accepted(&self) -> usize {
        self.accepted
    }

    /// How many of them repeat a text to the same recipient.
    pub(crate) const fn doubles(&self) -> usize {
        self.doubles
    }
}

fn list<'a>(
    digits: &'a str,
    texts: &'a HashMap<String, Vec<LedgerMessage>>,
) -> impl Iterator<Item = LedgerEntry> + use<'a> {
    texts.iter().map(move |(body, messages)| LedgerEntry {
        to: format!("+{digits}"),
        body: body.clone(),
        count: messages.len(),
        messages: messages.clone(),
    })
}
