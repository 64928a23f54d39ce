//! What the simulator knows: messages, phones, the ledger, and the switches that were set.
//!
//! One lock guards it and every function here is short: nothing walks over all messages.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use domain::time::Timestamp;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::content::Content;
use crate::faults::Faults;
use crate::ids::{self, Writer};
use crate::ledger::{Ledger, LedgerMessage};
use crate::plan::{Status, StatusPlan};
use crate::samples::Medium;
use crate::settings::Customer;
use crate::templates::Category;

/// Meta counts the window from the customer's latest message.
const WINDOW: Duration = Duration::from_secs(24 * 3600);

/// How far a message of the business has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Accepted,
    Sent,
    Delivered,
    Read,
    Failed,
}

/// How far a message of the customer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ticks {
    Sent,
    Delivered,
    Read,
}

/// What only messages of the business have.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) stage: Stage,
    /// Addressed by user id: then no number is told back.
    pub(crate) by_user_id: bool,
    pub(crate) opaque: Option<String>,
    pub(crate) category: Category,
    /// Accepted while the customer service window was open.
    pub(crate) in_window: bool,
    /// The quick reply the customer tapped.
    pub(crate) chosen: Option<usize>,
}

/// Whose message it is.
#[derive(Clone, Debug)]
pub(crate) enum Side {
    Business(Outgoing),
    Customer(Ticks),
}

/// A message in either direction.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: Arc<str>,
    pub(crate) number: usize,
    pub(crate) customer: Arc<str>,
    pub(crate) at: Timestamp,
    pub(crate) content: Content,
    /// The message it answers.
    pub(crate) context: Option<String>,
    /// What a callback tells of a customer's message beside its object: `context`, `referral`, `errors`.
    pub(crate) extra: Map<String, Value>,
    pub(crate) side: Side,
}

/// The switches on a customer's phone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Switches {
    pub(crate) on: bool,
    pub(crate) read_receipts: bool,
    pub(crate) blocked: bool,
}

/// Who a phone belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) digits: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) user_id: Option<Arc<str>>,
    pub(crate) username: Option<Arc<str>>,
    hides_number: bool,
}

impl Person {
    /// Whether the business is told the user id alone.
    pub(crate) const fn is_hidden(&self) -> bool {
        self.hides_number && self.user_id.is_some()
    }
}

/// A customer's phone.
#[derive(Debug)]
pub(crate) struct Phone {
    pub(crate) owner: Person,
    pub(crate) switches: Switches,
    /// Everything in either direction, oldest first.
    pub(crate) chat: Vec<Arc<str>>,
    /// Messages that wait for the phone to be switched on.
    pub(crate) waiting: Vec<Arc<str>>,
    /// Delivered, and not yet looked at.
    pub(crate) unread: Vec<Arc<str>>,
    /// When the customer last wrote, per business number.
    pub(crate) wrote_at: HashMap<usize, Timestamp>,
    /// The number of the latest message.
    pub(crate) number: usize,
    pub(crate) typing_until: Option<Instant>,
    /// The business numbers whose offers the customer has stopped.
    pub(crate) opted_out: HashSet<usize>,
}

impl Phone {
    fn new(digits: &str, customer: &Customer) -> Self {
        let owner = Person {
            digits: digits.into(),
            name: customer.name.as_str().into(),
            user_id: customer.user_id.as_deref().map(Arc::from),
            username: customer.username.as_deref().map(Arc::from),
            hides_number: customer.hides_number,
        };
        Self {
            owner,
            switches: Switches { on: true, read_receipts: true, blocked: false },
            chat: Vec::new(),
            waiting: Vec::new(),
            unread: Vec::new(),
            wrote_at: HashMap::new(),
            number: 0,
            typing_until: None,
            opted_out: HashSet::new(),
        }
    }
}

/// Counters for the state view.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counters {
    pub(crate) inbound: usize,
    pub(crate) refused: usize,
    pub(crate) callbacks_ok: usize,
    pub(crate) callbacks_refused: usize,
    pub(crate) callbacks_given_up: usize,
}

/// A message that passed every check.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) number: usize,
    pub(crate) digits: String,
    pub(crate) by_user_id: bool,
    pub(crate) content: Content,
    pub(crate) category: Category,
    pub(crate) context: Option<String>,
    pub(crate) opaque: Option<String>,
}

/// Everything behind the lock.
pub(crate) struct World {
    pub(crate) rng: StdRng,
    pub(crate) plan: StatusPlan,
    pub(crate) faults: Faults,
    pub(crate) callback_url: Option<Arc<str>>,
    pub(crate) messages: HashMap<Arc<str>, Message>,
    pub(crate) phones: HashMap<Arc<str>, Phone>,
    pub(crate) phone_by_user_id: HashMap<String, Arc<str>>,
    pub(crate) media: HashMap<String, Medium>,
    pub(crate) ledger: Ledger,
    pub(crate) counters: Counters,
    customers: Vec<Customer>,
}

impl World {
    pub(crate) fn new(seed: u64, plan: StatusPlan, callback_url: Option<String>, customers: Vec<Customer>) -> Self {
        let mut world = Self {
            rng: StdRng::seed_from_u64(seed),
            plan,
            faults: Faults::default(),
            callback_url: callback_url.map(Arc::from),
            messages: HashMap::new(),
            phones: HashMap::new(),
            phone_by_user_id: HashMap::new(),
            media: HashMap::new(),
            ledger: Ledger::default(),
            counters: Counters::default(),
            customers,
        };
        world.settle_customers();
        world
    }

    /// Forgets messages, chats and ledger, and keeps the switches that were set.
    pub(crate) fn clear(&mut self) {
        self.messages.clear();
        self.media.clear();
        self.ledger = Ledger::default();
        self.counters = Counters::default();
        let before = std::mem::take(&mut self.phones);
        self.settle_customers();
        for (digits, phone) in &mut self.phones {
            if let Some(old) = before.get(digits) {
                phone.switches = old.switches;
            }
        }
    }

    /// The digits of the customers it was started with.
    pub(crate) fn customers(&self) -> Vec<String> {
        self.customers.iter().map(|customer| digits_of(&customer.phone)).collect()
    }

    fn settle_customers(&mut self) {
        for customer in &self.customers {
            let digits = digits_of(&customer.phone);
            let phone = Phone::new(&digits, customer);
            if let Some(user_id) = &customer.user_id {
                self.phone_by_user_id.insert(user_id.clone(), Arc::clone(&phone.owner.digits));
            }
            self.phones.insert(Arc::clone(&phone.owner.digits), phone);
        }
    }

    /// The phone of that number; everybody has WhatsApp here.
    pub(crate) fn phone_mut(&mut self, digits: &str) -> &mut Phone {
        let stranger = || Customer { name: format!("+{digits}"), ..Customer::default() };
        self.phones.entry(digits.into()).or_insert_with(|| Phone::new(digits, &stranger()))
    }

    /// Stores an accepted message and returns its id, its phone, and the error it will fail with.
    pub(crate) fn accept(&mut self, order: Order, phone_number_id: &Arc<str>, now: Timestamp) -> Acceptance {
        let id = ids::wamid(&mut self.rng, &order.digits, Writer::Business);
        let enforce_window = self.plan.enforce_window;
        let phone = self.phone_mut(&order.digits);
        let in_window = phone.wrote_at.get(&order.number).is_some_and(|at| now.since(*at) < WINDOW);
        phone.number = order.number;
        phone.chat.push(Arc::clone(&id));
        let customer = Arc::clone(&phone.owner.digits);
        let fails_with = if phone.switches.blocked {
            Some(131_026)
        } else if enforce_window && !in_window && order.category == Category::Service {
            Some(131_047)
        } else {
            None
        };
        let entry = LedgerMessage {
            message_id: Arc::clone(&id),
            phone_number_id: Arc::clone(phone_number_id),
            kind: order.content.kind.clone(),
            template: order.content.template_id(),
            biz_opaque_callback_data: order.opaque.clone(),
            received_at: now,
        };
        self.ledger.record(&customer, &order.content.ledger_text(), entry);
        let outgoing = Outgoing {
            stage: Stage::Accepted,
            by_user_id: order.by_user_id,
            opaque: order.opaque,
            category: order.category,
            in_window,
            chosen: None,
        };
        let message = Message {
            id: Arc::clone(&id),
            number: order.number,
            customer,
            at: now,
            content: order.content,
            context: order.context,
            extra: Map::new(),
            side: Side::Business(outgoing),
        };
        self.messages.insert(Arc::clone(&id), message);
        Acceptance { id, fails_with }
    }

    /// Lets a status happen in the customer's world. `false`: not now, the phone is off.
    pub(crate) fn happen(&mut self, id: &str, status: Status) -> bool {
        let Some(message) = self.messages.get_mut(id) else {
            return false;
        };
        let Some(phone) = self.phones.get_mut(&message.customer) else {
            return false;
        };
        let Side::Business(outgoing) = &mut message.side else {
            return false;
        };
        if outgoing.stage == Stage::Failed {
            return false;
        }
        match status {
            Status::Sent => outgoing.stage = outgoing.stage.max(Stage::Sent),
            Status::Failed => outgoing.stage = Stage::Failed,
            Status::Delivered if !phone.switches.on => {
                phone.waiting.push(Arc::clone(&message.id));
                return false;
            }
            Status::Delivered if outgoing.stage < Stage::Delivered => {
                outgoing.stage = Stage::Delivered;
                phone.unread.push(Arc::clone(&message.id));
            }
            Status::Delivered => {}
            Status::Read if !phone.switches.on || !phone.switches.read_receipts => return false,
            Status::Read => outgoing.stage = Stage::Read,
        }
        true
    }

    /// The customer looks at the chat: returns the messages a `read` is to be told of.
    pub(crate) fn look_at(&mut self, digits: &str) -> Vec<Arc<str>> {
        let Some(phone) = self.phones.get_mut(digits) else {
            return Vec::new();
        };
        if !phone.switches.on {
            return Vec::new();
        }
        let tells = phone.switches.read_receipts;
        let unread = std::mem::take(&mut phone.unread);
        let is_delivered = |id: &Arc<str>| match self.messages.get(id).map(|message| &message.side) {
            Some(Side::Business(outgoing)) => outgoing.stage == Stage::Delivered,
            _ => false,
        };
        unread.into_iter().filter(|id| tells && is_delivered(id)).collect()
    }
}

/// What became of a stored message.
#[derive(Debug)]
pub(crate) struct Acceptance {
    pub(crate) id: Arc<str>,
    pub(crate) fails_with: Option<u32>,
}

/// The digits of a number as people write it.
pub(crate) fn digits_of(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}
