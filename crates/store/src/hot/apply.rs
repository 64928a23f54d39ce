//! Apply: what a callback body says, in any order, any number of times.

mod changes;
mod lines;
mod statuses;

use domain::address::Address;
use domain::attempt::{AttemptReference, AttemptStatus, Evidence};
use domain::ids::{AccountId, InletId, SenderId};
use domain::message::Direction;
use domain::time::Timestamp;

use crate::conn::Conn;
use crate::consent::{self, NewConsent};
use crate::contact::{self, Identity, NumberChange, Wanted};
use crate::error::StoreError;
use crate::media::ReceivedMedium;
use crate::message::Origin;
use crate::recipient::{self, Receipt};

/// What one stored body says about senders of ours.
#[derive(Clone, Debug)]
pub struct Apply {
    /// What became of our messages.
    pub statuses: Vec<StatusChange>,
    /// What people wrote, and what the business wrote to them by other means.
    pub messages: Vec<Inbound>,
    /// Who was seen under which identities.
    pub people: Vec<Wanted>,
    /// Who changed their number.
    pub number_changes: Vec<NumberChange>,
    /// What people chose to hear.
    pub consents: Vec<NewConsent>,
    /// How far messages to groups came with each participant.
    pub receipts: Vec<Receipt>,
    /// The stored body.
    pub inlet: Option<InletId>,
    /// Now.
    pub at: Timestamp,
}

impl Apply {
    /// Nothing yet.
    #[must_use]
    pub const fn at(at: Timestamp) -> Self {
        Self {
            statuses: Vec::new(),
            messages: Vec::new(),
            people: Vec::new(),
            number_changes: Vec::new(),
            consents: Vec::new(),
            receipts: Vec::new(),
            inlet: None,
            at,
        }
    }

    /// Whether it says nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.statuses.is_empty()
            && self.messages.is_empty()
            && self.people.is_empty()
            && self.number_changes.is_empty()
            && self.consents.is_empty()
            && self.receipts.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        let small = self.people.len() + self.number_changes.len() + self.consents.len() + self.receipts.len();
        self.statuses.len() * 256 + small * 128 + self.messages.iter().map(|m| 256 + m.content.len()).sum::<usize>()
    }
}

/// Something became of a message of ours.
#[derive(Clone, Debug)]
pub struct StatusChange {
    /// The sender's owner.
    pub account: AccountId,
    /// Over which number.
    pub sender: SenderId,
    /// Kind of the provider's id.
    pub kind: &'static str,
    /// The provider's id.
    pub external_id: String,
    /// Our reference, if it was echoed and is of this installation.
    pub reference: Option<AttemptReference>,
    /// What happened.
    pub evidence: Evidence,
    /// What the provider says about the price, as a JSON object.
    pub billing: Option<String>,
}

/// A message that comes from the provider: a person wrote, or the business did by other means.
#[derive(Clone, Debug)]
pub struct Inbound {
    /// The sender's owner.
    pub account: AccountId,
    /// To or from which number.
    pub sender: SenderId,
    /// Kind of the provider's id.
    pub id_kind: &'static str,
    /// The provider's id.
    pub external_id: String,
    /// The person: at least one identity, the phone number first.
    pub identities: Vec<Identity>,
    /// Where an answer goes.
    pub address: Address,
    /// Their profile's name.
    pub name: Option<String>,
    /// When it was written.
    pub at: Timestamp,
    /// Kind of the content.
    pub kind: String,
    /// Content as JSON text.
    pub content: String,
    /// One line of it.
    pub excerpt: String,
    /// The provider's id of the message it answers.
    pub context: Option<String>,
    /// The medium that came with it.
    pub media: Option<ReceivedMedium>,
    /// The provider's id of the message it reacts to, edits or takes back.
    pub target: Option<String>,
    /// The provider's id of the group it was written in.
    pub group: Option<String>,
    /// What it means for the thread.
    pub bearing: Bearing,
    /// Who wrote it.
    pub direction: Direction,
    /// Where it was written, if not by a person just now.
    pub origin: Option<Origin>,
    /// How far it came, for what the business wrote.
    pub reached: AttemptStatus,
    /// It takes the place of a row with its id of this kind, which only announced it.
    pub replaces: Option<&'static str>,
}

/// What a message means for the thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bearing {
    /// It answers, and opens the service window.
    Answer,
    /// It answers what it points to, and opens nothing.
    Reaction,
    /// It opens the service window, and answers nothing.
    Opening,
    /// Nothing.
    Nothing,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Messages that were new.
    pub messages_new: usize,
    /// Statuses whose message is not known yet; they wait.
    pub statuses_early: usize,
}

/// One thing of a body, with the body's place in the batch.
type Placed<'a, T> = (usize, &'a T);

fn placed<'a, T>(applies: &[&'a Apply], of: impl Fn(&'a Apply) -> &'a [T]) -> Vec<Placed<'a, T>> {
    applies.iter().enumerate().flat_map(|(place, apply)| of(apply).iter().map(move |item| (place, item))).collect()
}

/// The body in that place of the batch.
fn inlet(inlets: &[Option<InletId>], place: usize) -> Option<InletId> {
    inlets.get(place).copied().flatten()
}

pub(super) async fn run(conn: &mut Conn<'_>, applies: &[&Apply]) -> Result<Vec<Applied>, StoreError> {
    let Some(first) = applies.first() else { return Ok(Vec::new()) };
    let mut answers = vec![Applied::default(); applies.len()];
    let inlets: Vec<Option<InletId>> = applies.iter().map(|apply| apply.inlet).collect();
    // Before the lines, which may be from new numbers already.
    for (_, change) in placed(applies, |apply| &apply.number_changes) {
        contact::change_number(conn, change, first.at).await?;
    }
    for place in statuses::apply(conn, &placed(applies, |apply| &apply.statuses), &inlets, first.at).await? {
        if let Some(answer) = answers.get_mut(place) {
            answer.statuses_early += 1;
        }
    }
    for place in lines::apply(conn, &placed(applies, |apply| &apply.messages), &inlets, first.at).await? {
        if let Some(answer) = answers.get_mut(place) {
            answer.messages_new += 1;
        }
    }
    let mut people: Vec<Wanted> = Vec::new();
    for (_, person) in placed(applies, |apply| &apply.people) {
        // One status after the other tells the same about the same person.
        if people.last() != Some(person) {
            people.push(person.clone());
        }
    }
    contact::resolve(conn, &people, first.at).await?;
    consent::record_all(conn, &placed(applies, |apply| &apply.consents), first.at).await?;
    recipient::record_all(conn, &placed(applies, |apply| &apply.receipts)).await?;
    Ok(answers)
}
