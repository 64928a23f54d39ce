//! Claim: a call is written down before it is made, so that a crash in between leaves *unknown*, never a silent double.

use domain::ids::{AccountId, CallId, Epoch, MessageId, SenderId};
use domain::time::Timestamp;

use crate::call::{self, NewCall};
use crate::conn::Conn;
use crate::error::StoreError;
use crate::event::{self, MESSAGE_UPDATED, NewEvent};
use crate::ids::{self, Sequence};
use crate::message;
use crate::outbox::{self, WantedClaim};

/// A call for one message that is about to be made.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Whose message.
    pub account: AccountId,
    /// Which message.
    pub message: MessageId,
    /// Over which number.
    pub sender: SenderId,
    /// How many attempts the message had before this one.
    pub attempts: i64,
    /// The epoch under which the caller owns the shard.
    pub epoch: Epoch,
    /// The caller's node.
    pub node: String,
    /// Name of the provider.
    pub provider: &'static str,
    /// Where the request goes.
    pub path: String,
    /// The exact request, without secrets.
    pub payload: String,
    /// Where the request differs from the message, and why.
    pub note: Option<String>,
    /// Now.
    pub at: Timestamp,
}

/// Whether the call may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// Yes, as this call.
    Yes(CallId),
    /// No: the message is gone, was claimed before, or the shard has another owner.
    No,
}

pub(super) async fn run(conn: &mut Conn<'_>, claims: &[&Claim]) -> Result<Vec<Claimed>, StoreError> {
    if claims.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Vec<WantedClaim> = claims
        .iter()
        .map(|c| WantedClaim { account: c.account, message: c.message, attempts: c.attempts, epoch: c.epoch })
        .collect();
    let mut won = outbox::claim_all(conn, &wanted).await?;
    let mut ids = ids::take(conn, Sequence::Call, won.len()).await?.into_iter().map(CallId);
    let mut answers = Vec::with_capacity(claims.len());
    let mut calls = Vec::with_capacity(won.len());
    for (claim, wanted) in claims.iter().zip(&wanted) {
        // Each claimed message answers one claim, also if a batch held two for the same.
        let place = won.iter().position(|claimed| claimed == wanted);
        let Some((place, id)) = place.and_then(|place| ids.next().map(|id| (place, id))) else {
            answers.push(Claimed::No);
            continue;
        };
        won.swap_remove(place);
        answers.push(Claimed::Yes(id));
        calls.push(new_call(claim, id));
    }
    call::insert_all(conn, &calls).await?;
    let claimed: Vec<_> = calls.iter().map(|call| (call.account, call.message, call.number)).collect();
    let versions = message::mark_calling(conn, &claimed).await?;
    if let Some(first) = claims.first() {
        let events: Vec<_> = versions
            .into_iter()
            .map(|(account, id, version)| NewEvent::message(account, MESSAGE_UPDATED, id, version))
            .collect();
        event::insert_all(conn, &events, first.at).await?;
    }
    Ok(answers)
}

fn new_call(claim: &Claim, id: CallId) -> NewCall<'_> {
    NewCall {
        account: claim.account,
        id,
        sender: claim.sender,
        provider: claim.provider,
        epoch: claim.epoch,
        node: &claim.node,
        path: &claim.path,
        payload: &claim.payload,
        note: claim.note.as_deref(),
        message: claim.message,
        number: claim.attempts + 1,
        at: claim.at,
    }
}
