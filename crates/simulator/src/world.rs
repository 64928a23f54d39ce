//! What the simulator knows: messages, phones, the ledger, and the switches that were set.
//!
//! One lock guards it and every function here is short: nothing walks over all messages.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use domain::clock::SharedClock;
use domain::time::Timestamp;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::content::Content;
use crate::faults::Faults;
use crate::graph::Upload;
use crate::ids::{self, Writer};
use crate::ledger::{Ledger, LedgerMessage};
use crate::limits::Limits;
use crate::media::{LinkPolicy, MediaFaults, Shelf};
use crate::numbers::{AccountState, DueEvent, NumberState};
use crate::plan::{Status, StatusPlan};
use crate::settings::{Customer, SimulatorSettings};
use crate::templates::{Catalogue, Category, MalformedTemplate};

/// Meta counts the window from the customer's latest message.
const WINDOW: Duration = Duration::from_secs(24 * 3600);
/// What is not delivered by then never is, and nobody is told.
const LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);
const CODE_LIFETIME: Duration = Duration::from_secs(600);
/// Older messages cannot be reacted to.
const REACTION_AGE_MAX: Duration = Duration::from_secs(30 * 24 * 3600);

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
    /// Sent to this group; the customer is a member.
    pub(crate) group: Option<String>,
    /// Sent through the Marketing Messages API.
    pub(crate) lite: bool,
    pub(crate) opaque: Option<String>,
    pub(crate) category: Category,
    /// How long Meta tries to deliver it.
    pub(crate) lifetime: Duration,
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
    pub(crate) group: Option<String>,
    pub(crate) lite: bool,
    pub(crate) content: Content,
    pub(crate) category: Category,
    pub(crate) lifetime: Option<Duration>,
    /// The template that holds it back.
    pub(crate) held_by: Option<Arc<str>>,
    pub(crate) context: Option<String>,
    pub(crate) opaque: Option<String>,
    /// What the checks found that Meta tells only by callback.
    pub(crate) fails_with: Option<u32>,
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
    pub(crate) media: Shelf,
    /// Unfinished uploads of samples by session.
    pub(crate) uploads: HashMap<String, Upload>,
    pub(crate) media_faults: MediaFaults,
    pub(crate) links: LinkPolicy,
    pub(crate) catalogue: Catalogue,
    pub(crate) limits: Limits,
    pub(crate) numbers: Vec<NumberState>,
    pub(crate) account: AccountState,
    pub(crate) due: Vec<DueEvent>,
    /// Accepted messages of templates that are paced, by the template's id.
    pub(crate) held: HashMap<Arc<str>, Vec<Arc<str>>>,
    pub(crate) ledger: Ledger,
    pub(crate) counters: Counters,
    customers: Vec<Customer>,
}

impl World {
    /// The world at the start.
    ///
    /// # Errors
    /// A template every account starts with is none Meta would take.
    pub(crate) fn new(settings: &SimulatorSettings) -> Result<Self, MalformedTemplate> {
        let clock = &settings.clock;
        let mut world = Self {
            rng: StdRng::seed_from_u64(settings.seed),
            plan: settings.statuses.clone(),
            faults: Faults::default(),
            callback_url: settings.callback_url.as_deref().map(Arc::from),
            messages: HashMap::new(),
            phones: HashMap::new(),
            phone_by_user_id: HashMap::new(),
            media: Shelf::new(SharedClock::clone(clock)),
            uploads: HashMap::new(),
            media_faults: MediaFaults::default(),
            links: LinkPolicy::default(),
            catalogue: Catalogue::new(clock.now())?,
            limits: Limits::default(),
            numbers: settings.numbers.iter().map(|_| NumberState::default()).collect(),
            account: AccountState::default(),
            due: Vec::new(),
            held: HashMap::new(),
            ledger: Ledger::default(),
            counters: Counters::default(),
            customers: settings.customers.clone(),
        };
        world.settle_customers();
        Ok(world)
    }

    /// Forgets messages, chats and ledger, and keeps the switches that were set.
    pub(crate) fn clear(&mut self) {
        self.messages.clear();
        self.held.clear();
        self.media.clear();
        self.ledger = Ledger::default();
        self.counters = Counters::default();
        self.limits = Limits::new(self.limits.settings.clone());
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
        let fails_with = if order.fails_with.is_some() {
            order.fails_with
        } else if phone.switches.blocked {
            Some(131_026)
        } else if order.category == Category::Marketing && phone.opted_out.contains(&order.number) {
            Some(131_050)
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
            group: order.group,
            lite: order.lite,
            opaque: order.opaque,
            category: order.category,
            lifetime: order.lifetime.unwrap_or(match order.category {
                Category::Authentication => CODE_LIFETIME,
                _ => LIFETIME,
            }),
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
        let is_held = order.held_by.is_some() && fails_with.is_none();
        if let Some(template) = order.held_by.filter(|_| is_held) {
            self.held.entry(template).or_default().push(Arc::clone(&id));
        }
        Acceptance { id, fails_with, is_held }
    }

    /// Whether the customer wrote the message within 30 days and it is no reaction itself.
    pub(crate) fn can_be_reacted_to(&self, id: &str, customer: &str, now: Timestamp) -> bool {
        self.messages.get(id).is_some_and(|message| {
            matches!(message.side, Side::Customer(_))
                && &*message.customer == customer
                && message.content.kind != "reaction"
                && now.since(message.at) <= REACTION_AGE_MAX
        })
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

    /// Takes the messages that waited for the phone and are still worth delivering.
    pub(crate) fn take_waiting(&mut self, digits: &str, now: Timestamp) -> Vec<Arc<str>> {
        let waiting = self.phones.get_mut(digits).map(|phone| std::mem::take(&mut phone.waiting)).unwrap_or_default();
        let is_alive = |id: &Arc<str>| match self.messages.get(id) {
            Some(Message { at, side: Side::Business(outgoing), .. }) => now.since(*at) <= outgoing.lifetime,
            _ => false,
        };
        waiting.into_iter().filter(is_alive).collect()
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
    /// Nothing happens to it before its template is let go.
    pub(crate) is_held: bool,
}

/// The digits of a number as people write it.
pub(crate) fn digits_of(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}
