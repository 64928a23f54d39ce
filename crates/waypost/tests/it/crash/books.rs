//! The books: what the harness knows for certain, set beside what the server and the provider say afterwards.
//!
//! Pure, so that the tests at the end can show that it finds what it is there to find.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

/// A send that the server accepted.
#[derive(Clone, Debug)]
pub(super) struct Accepted {
    pub to: String,
    pub body: String,
    /// Every id that was ever answered for its idempotency key.
    pub ids: BTreeSet<i64>,
}

/// A callback about a customer's message that the server answered with 200.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub external_id: String,
    pub from: String,
    pub body: String,
}

/// A message as the API shows it.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub id: i64,
    pub address: String,
    pub body: String,
    pub status: String,
    pub external_id: Option<String>,
    /// Whether it has the times of `sent`, `delivered` and `read`, which callbacks told.
    pub times: [bool; 3],
}

/// What the provider received under one recipient and body.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub to: String,
    pub body: String,
    pub count: usize,
}

/// A status that fell.
#[derive(Clone, Debug)]
pub(super) struct Regression {
    pub id: i64,
    pub from: String,
    pub to: String,
}

/// Everything that is compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Books {
    pub accepted: Vec<Accepted>,
    pub taken: Vec<Taken>,
    /// What was found by its id.
    pub by_id: HashMap<i64, Shown>,
    /// What the lists show, page by page.
    pub outbound: Vec<Shown>,
    pub inbound: Vec<Shown>,
    pub received: Vec<Received>,
    pub regressions: Vec<Regression>,
    /// How many changes of status were seen.
    pub changes: usize,
    /// Rows of the outbox that wait, are being called, and are unknown, once the server is gone.
    pub outbox: [i64; 3],
    /// Stored callbacks that nobody looked at, and those that were not simply applied.
    pub inlet: [usize; 2],
    /// How many messages may stay unknown: as many as could be in flight at all kills together.
    pub unknown_max: usize,
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Fault {
    /// Accepted, and not there; or there, and never received, though the server says it was.
    Lost,
    /// Received more than once, or one send became two messages.
    Doubled,
    /// There, with another body or recipient.
    Altered,
    /// Neither accepted by us nor part of a customer's message: nobody asked for it.
    Stray,
    /// Still waiting, or ended in a way that nothing in this test can cause.
    Unfinished,
    /// Unknown, though the provider has it and told so; or more unknown ones than kills can explain.
    Unsettled,
    /// A callback was answered 200, and what it said is missing.
    CallbackLost,
    /// A callback's message is there more than once.
    CallbackDoubled,
    /// A status fell.
    Regressed,
    /// A row was left behind that nobody will look at again.
    Leftover,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub fault: Fault,
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.fault, self.text)
    }
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, fault: Fault, text: impl Into<String>) {
        self.0.push(Finding { fault, text: text.into() });
    }
}

impl Books {
    /// How many messages stayed unknown.
    pub(super) fn unknown(&self) -> usize {
        self.by_id.values().filter(|shown| shown.status == "unknown").count()
    }

    /// Everything that is wrong.
    pub(super) fn compare(&self) -> Vec<Finding> {
        let mut found = Findings::default();
        self.compare_accepted(&mut found);
        self.compare_received(&mut found);
        self.compare_inbound(&mut found);
        for Regression { id, from, to } in &self.regressions {
            found.add(Fault::Regressed, format!("message {id} fell from {from} to {to}"));
        }
        if self.unknown() > self.unknown_max {
            let text = format!("{} messages are unknown; kills explain {}", self.unknown(), self.unknown_max);
            found.add(Fault::Unsettled, text);
        }
        let unknown = i64::try_from(self.unknown()).unwrap_or(i64::MAX);
        if self.outbox != [0, 0, unknown] {
            let text = format!("the outbox holds {:?}, though only {unknown} messages are unknown", self.outbox);
            found.add(Fault::Leftover, text);
        }
        if self.inlet != [0, 0] {
            let text = format!("the inlet holds {:?} callbacks not looked at, not applied", self.inlet);
            found.add(Fault::CallbackLost, text);
        }
        found.0
    }

    fn compare_accepted(&self, found: &mut Findings) {
        let received: HashSet<(&str, &str)> =
            self.received.iter().map(|one| (one.to.as_str(), one.body.as_str())).collect();
        for accepted in &self.accepted {
            let Accepted { to, body, ids } = accepted;
            if ids.len() > 1 {
                found.add(Fault::Doubled, format!("the key of “{body}” was answered with several ids: {ids:?}"));
            }
            for id in ids {
                let Some(shown) = self.by_id.get(id) else {
                    found.add(Fault::Lost, format!("message {id}, “{body}” to {to}, was accepted and is not there"));
                    continue;
                };
                if (&shown.address, &shown.body) != (to, body) {
                    let text = format!("message {id}, “{body}” to {to}, is “{}” to {}", shown.body, shown.address);
                    found.add(Fault::Altered, text);
                }
                compare_outcome(shown, received.contains(&(to.as_str(), body.as_str())), found);
            }
        }
        let known: HashSet<i64> = self.accepted.iter().flat_map(|accepted| accepted.ids.iter().copied()).collect();
        let listed: HashSet<i64> = self.outbound.iter().map(|shown| shown.id).collect();
        for id in known.difference(&listed).filter(|id| self.by_id.contains_key(id)) {
            found.add(Fault::Lost, format!("message {id} is there, but the list leaves it out"));
        }
        let mut seen = HashSet::new();
        for shown in self.outbound.iter().filter(|shown| !seen.insert(shown.id) || !known.contains(&shown.id)) {
            let text = format!("the list shows message {}, “{}”, which no answer named or twice", shown.id, shown.body);
            found.add(Fault::Doubled, text);
        }
    }

    fn compare_received(&self, found: &mut Findings) {
        let sent: HashSet<(&str, &str)> =
            self.accepted.iter().map(|one| (one.to.as_str(), one.body.as_str())).collect();
        for Received { to, body, count } in &self.received {
            if *count > 1 {
                found.add(Fault::Doubled, format!("{to} received “{body}” {count} times"));
            }
            if !sent.contains(&(to.as_str(), body.as_str())) {
                found.add(Fault::Stray, format!("{to} received “{body}”, which nobody sent"));
            }
        }
    }

    fn compare_inbound(&self, found: &mut Findings) {
        let mut shown: HashMap<&str, Vec<&Shown>> = HashMap::new();
        for one in &self.inbound {
            shown.entry(one.external_id.as_deref().unwrap_or_default()).or_default().push(one);
        }
        for Taken { external_id, from, body } in &self.taken {
            match shown.remove(external_id.as_str()).as_deref() {
                None | Some([]) => {
                    let text = format!("{external_id}, “{body}”, was answered 200 and is no message");
                    found.add(Fault::CallbackLost, text);
                }
                Some([one]) if (&one.address, &one.body) != (from, body) => {
                    let text = format!("{external_id}, “{body}” from {from}, is “{}” from {}", one.body, one.address);
                    found.add(Fault::Altered, text);
                }
                Some([_]) => {}
                Some(several) => {
                    let text = format!("{external_id}, “{body}”, is {} messages", several.len());
                    found.add(Fault::CallbackDoubled, text);
                }
            }
        }
        for external_id in shown.keys() {
            found.add(Fault::Stray, format!("inbound message {external_id:?} was written by nobody"));
        }
    }
}

/// Every callback about what the provider received was answered 200 in the end, so the message must stand at the last
/// of them, with the times of all; what it did not receive can only be unknown.
fn compare_outcome(shown: &Shown, is_received: bool, found: &mut Findings) {
    let Shown { id, body, status, times, .. } = shown;
    match (status.as_str(), is_received) {
        ("read", true) if times.contains(&false) => {
            let text = format!("message {id}, “{body}”, lacks a time: {times:?} of sent, delivered, read");
            found.add(Fault::CallbackLost, text);
        }
        ("read", true) | ("unknown", false) => {}
        ("unknown", true) => {
            found
                .add(Fault::Unsettled, format!("message {id}, “{body}”, is unknown, but the provider told its status"));
        }
        ("submitted" | "sent" | "delivered", true) => {
            let text = format!("message {id}, “{body}”, stands at {status}, but `read` was answered 200");
            found.add(Fault::CallbackLost, text);
        }
        ("submitted" | "sent" | "delivered" | "read", false) => {
            found.add(Fault::Lost, format!("message {id}, “{body}”, is {status}, but was never received"));
        }
        _ => found.add(Fault::Unfinished, format!("message {id}, “{body}”, is {status}; received: {is_received}")),
    }
}

/// The rank of a status; what has none is an end that this test cannot cause.
fn rank(status: &str) -> Option<usize> {
    ["queued", "calling", "unknown", "submitted", "sent", "failed", "delivered", "read"]
        .iter()
        .position(|known| *known == status)
}

/// Follows statuses and notes every fall.
#[derive(Debug, Default)]
pub(super) struct Watch {
    seen: HashMap<i64, String>,
    pub regressions: Vec<Regression>,
    /// How many changes were seen.
    pub changes: usize,
}

impl Watch {
    /// A message was seen at this status.
    pub(super) fn see(&mut self, id: i64, status: &str) {
        let Some(before) = self.seen.insert(id, status.to_owned()) else { return };
        if before == status {
            return;
        }
        self.changes += 1;
        // A refusal that is tried again takes a message from `calling` over `failed` to `queued`, in one transaction.
        let is_retry = status == "queued" && ["calling", "failed"].contains(&before.as_str());
        if !is_retry && rank(status) < rank(&before) {
            self.regressions.push(Regression { id, from: before, to: status.to_owned() });
        }
    }
}

mod tests {
    use super::*;

    fn shown(id: i64, address: &str, body: &str, status: &str) -> Shown {
        Shown {
            id,
            address: address.to_owned(),
            body: body.to_owned(),
            status: status.to_owned(),
            external_id: Some(format!("wamid.{id}")),
            times: [status == "read"; 3],
        }
    }

    /// Three sends, one of which is unknown and was never received, and one message from a customer.
    fn honest() -> Books {
        let mut books = Books { unknown_max: 1, outbox: [0, 0, 1], ..Books::default() };
        for (id, to, body, status) in
            [(1, "+911", "one", "read"), (2, "+912", "two", "read"), (3, "+913", "three", "unknown")]
        {
            let ids = BTreeSet::from([id]);
            books.accepted.push(Accepted { to: to.to_owned(), body: body.to_owned(), ids });
            books.outbound.push(shown(id, to, body, status));
            if status == "read" {
                books.received.push(Received { to: to.to_owned(), body: body.to_owned(), count: 1 });
            }
        }
        books.by_id = books.outbound.iter().map(|one| (one.id, one.clone())).collect();
        books.inbound.push(shown(4, "+972", "hello", "delivered"));
        books.taken.push(Taken {
            external_id: "wamid.4".to_owned(),
            from: "+972".to_owned(),
            body: "hello".to_owned(),
        });
        books
    }

    /// The faults found after `change` was made to books that are in order.
    fn faults(change: impl FnOnce(&mut Books)) -> Vec<Fault> {
        let mut books = honest();
        change(&mut books);
        let mut faults: Vec<Fault> = books.compare().into_iter().map(|finding| finding.fault).collect();
        faults.sort();
        faults
    }

    fn set_status(books: &mut Books, id: i64, status: &str) {
        if let Some(one) = books.by_id.get_mut(&id) {
            *one = shown(id, &one.address.clone(), &one.body.clone(), status);
        }
    }

    #[test]
    fn books_in_order_have_no_findings() {
        assert_eq!(faults(|_| {}), []);
    }

    #[test]
    fn a_lost_message_is_found() {
        let lost = |books: &mut Books| {
            books.by_id.remove(&1);
            books.outbound.retain(|one| one.id != 1);
        };
        assert_eq!(faults(lost), [Fault::Lost]);
        assert_eq!(faults(|books| books.outbound.retain(|one| one.id != 1)), [Fault::Lost]);
        // The server says that it was sent, and the provider never heard of it.
        assert_eq!(faults(|books| books.received.retain(|one| one.to != "+911")), [Fault::Lost]);
        assert_eq!(faults(|books| set_status(books, 3, "submitted")), [Fault::Lost, Fault::Leftover]);
    }

    #[test]
    fn a_doubled_message_is_found() {
        let received_twice = |books: &mut Books| books.received.iter_mut().for_each(|one| one.count = 2);
        assert_eq!(faults(received_twice), [Fault::Doubled, Fault::Doubled]);
        // A key that was forgotten: a second id for the first send, and a second message in the list.
        assert_eq!(faults(|books| books.outbound.push(shown(9, "+911", "one", "read"))), [Fault::Doubled]);
        let two_ids = |books: &mut Books| {
            books.accepted.iter_mut().take(1).for_each(|one| one.ids.extend([9]));
            books.by_id.insert(9, shown(9, "+911", "one", "read"));
            books.outbound.push(shown(9, "+911", "one", "read"));
        };
        assert_eq!(faults(two_ids), [Fault::Doubled]);
        assert_eq!(
            faults(|books| books.inbound.push(shown(4, "+972", "hello", "delivered"))),
            [Fault::CallbackDoubled]
        );
    }

    #[test]
    fn a_status_that_fell_is_found() {
        let fall = |path: &[&str]| {
            let mut watch = Watch::default();
            path.iter().for_each(|status| watch.see(1, status));
            faults(|books| books.regressions = watch.regressions)
        };
        assert_eq!(fall(&["queued", "calling", "sent", "unknown"]), [Fault::Regressed]);
        assert_eq!(fall(&["read", "delivered"]), [Fault::Regressed]);
        assert_eq!(fall(&["unknown", "queued"]), [Fault::Regressed]);
        assert_eq!(fall(&["sent", "expired"]), [Fault::Regressed]);
        assert_eq!(fall(&["queued", "calling", "queued", "calling", "unknown", "sent", "sent", "read"]), []);
        assert_eq!(fall(&["calling", "failed", "queued", "submitted"]), []);
    }

    #[test]
    fn what_callbacks_said_is_missed() {
        assert_eq!(faults(|books| books.inbound.clear()), [Fault::CallbackLost]);
        assert_eq!(faults(|books| set_status(books, 1, "delivered")), [Fault::CallbackLost]);
        let no_sent_at = |books: &mut Books| books.by_id.values_mut().for_each(|one| one.times[0] = false);
        assert_eq!(faults(no_sent_at), [Fault::CallbackLost, Fault::CallbackLost]);
        assert_eq!(faults(|books| books.inlet = [1, 0]), [Fault::CallbackLost]);
        let told_in_vain = |books: &mut Books| {
            set_status(books, 2, "unknown");
            (books.unknown_max, books.outbox) = (2, [0, 0, 2]);
        };
        assert_eq!(faults(told_in_vain), [Fault::Unsettled]);
    }

    #[test]
    fn what_is_neither_ours_nor_whole_is_found() {
        let waiting = |books: &mut Books| {
            set_status(books, 3, "queued");
            books.outbox = [0, 0, 0];
        };
        assert_eq!(faults(waiting), [Fault::Unfinished]);
        assert_eq!(faults(|books| set_status(books, 3, "calling")), [Fault::Unfinished, Fault::Leftover]);
        assert_eq!(faults(|books| set_status(books, 1, "failed")), [Fault::Unfinished]);
        assert_eq!(faults(|books| books.unknown_max = 0), [Fault::Unsettled]);
        let stray = Received { to: "+911".to_owned(), body: "else".to_owned(), count: 1 };
        assert_eq!(faults(|books| books.received.push(stray)), [Fault::Stray]);
        assert_eq!(faults(|books| books.inbound.push(shown(8, "+972", "?", "delivered"))), [Fault::Stray]);
        let altered = |books: &mut Books| {
            books.by_id.insert(1, shown(1, "+911", "changed", "read"));
            books.inbound.iter_mut().for_each(|one| one.body.push('!'));
        };
        assert_eq!(faults(altered), [Fault::Altered, Fault::Altered]);
    }
}
