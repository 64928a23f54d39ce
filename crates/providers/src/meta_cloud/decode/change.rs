//! One change: what its facts are about, and who reads which member of its value.

use domain::inbound::reader::Node;
use domain::inbound::{AccountEvent, DecodedHook, EchoSource, HookFact, HookItem, HookSource, ReportedError, Subject};
use domain::time::Timestamp;

use super::coexistence::{self, History};
use super::people::Contacts;
use super::{account, calls, groups, messages, people, word};

/// What the entry says about all its changes.
pub(super) struct Around {
    /// The business account; for what partners do, the portfolio.
    pub(super) entry_id: Option<String>,
    /// When, for account fields.
    pub(super) at: Option<Timestamp>,
}

/// Where the facts of one change go.
pub(super) struct Facts<'h> {
    subject: Subject,
    business_account: Option<String>,
    portfolio: Option<String>,
    at: Option<Timestamp>,
    path: &'h str,
    hook: &'h mut DecodedHook,
}

impl Facts<'_> {
    pub(super) fn push(&mut self, fact: HookFact) {
        self.hook.items.push(HookItem {
            subject: self.subject.clone(),
            business_account: self.business_account.clone(),
            portfolio: self.portfolio.clone(),
            at: self.at,
            fact,
            source: None,
        });
    }

    /// Reads every element of a list; one that makes no fact is named, and stays unread.
    pub(super) fn each(
        &mut self,
        value: Node<'_>,
        list: &str,
        read: impl Fn(Node<'_>) -> Result<Vec<HookFact>, String>,
    ) {
        for (i, element) in value.list(list).into_iter().enumerate() {
            let place = element.place();
            match read(element) {
                Ok(facts) => facts.into_iter().for_each(|fact| self.push(fact)),
                Err(reason) => {
                    element.rewind(place);
                    self.hook.passed_over.push(format!("{}.value.{list}[{i}]: {reason}", self.path));
                }
            }
        }
    }
}

pub(super) fn decode(around: &Around, change: Node<'_>, path: &str, hook: &mut DecodedHook) {
    let place = change.place();
    let Some(field) = change.peek().text("field") else {
        return hook.passed_over.push(format!("{path}: no field"));
    };
    let Some(value) = change.get("value") else {
        return hook.passed_over.push(format!("{path}: no value"));
    };
    let (items, passed_over) = (hook.items.len(), hook.passed_over.len());
    let mut facts = Facts {
        subject: subject(around, value),
        business_account: around.entry_id.clone(),
        portfolio: None,
        at: around.at,
        path,
        hook,
    };
    value.is("messaging_product", "whatsapp");
    let mut is_known = true;
    if let Some(event) = account::read(&field, value) {
        about_account(event, HookSource { field: word(&field), value: value.raw().clone() }, &mut facts);
    } else if is_kept(&field) {
        facts.push(HookFact::Other { field, raw: value.keep() });
    } else {
        about_number(&field, value, &mut facts);
        is_known = NUMBER_FIELDS.contains(&field.as_str());
        if facts.hook.items.len() == items && facts.hook.passed_over.len() == passed_over {
            let raw = value.raw().clone();
            facts.push(HookFact::Other { field: word(&field), raw });
            is_known = true;
        }
    }
    if hook.items.len() == items {
        // Nothing carries what was read.
        change.rewind(place);
    } else if is_known {
        let _ = change.text("field");
    }
}

/// Fields about a number, whose members are read by their names.
const NUMBER_FIELDS: [&str; 12] = [
    "calls",
    "group_lifecycle_update",
    "group_participants_update",
    "group_settings_update",
    "group_status_update",
    "history",
    "message_echoes",
    "messages",
    "smb_app_state_sync",
    "smb_message_echoes",
    "user_id_update",
    "user_preferences",
];

/// Fields of special programmes, which are kept as they come.
fn is_kept(field: &str) -> bool {
    matches!(
        field,
        "messaging_handovers" | "standby" | "automatic_events" | "payment_configuration_update" | "partner_solutions"
    )
}

/// The narrowest thing that the value names.
fn subject(around: &Around, value: Node<'_>) -> Subject {
    let metadata = value.get("metadata");
    let settings = value.get("phone_number_settings");
    let id = metadata.and_then(|metadata| metadata.text("phone_number_id"));
    let id = id.or_else(|| settings.and_then(|settings| settings.text("phone_number_id")));
    let display = metadata.and_then(|metadata| metadata.text("display_phone_number"));
    let display = display.or_else(|| value.text("display_phone_number"));
    match (id, display, &around.entry_id) {
        (Some(id), display, _) => Subject::Number { id, display },
        (None, Some(display), _) => Subject::DisplayNumber(display),
        (None, None, Some(id)) => Subject::BusinessAccount(id.clone()),
        (None, None, None) => Subject::Unnamed,
    }
}

fn about_account(event: AccountEvent, source: HookSource, facts: &mut Facts<'_>) {
    match &event {
        // The entry of what partners do is their portfolio; the business account stands inside.
        AccountEvent::Update(update) => {
            let account = update.business.as_ref().and_then(|business| business.account_id.clone());
            let is_of_partner = update.event.starts_with("PARTNER_") && update.phone_number.is_none();
            if is_of_partner || account.as_ref().is_some_and(|account| Some(account) != facts.business_account.as_ref())
            {
                facts.portfolio = std::mem::replace(&mut facts.business_account, account.clone());
                let portfolio = facts.portfolio.clone().map_or(Subject::Unnamed, Subject::Portfolio);
                facts.subject = account.map_or(portfolio, Subject::BusinessAccount);
            }
            if let Some(number) = &update.phone_number {
                facts.subject = Subject::DisplayNumber(number.clone());
            }
        }
        AccountEvent::Alert(alert) => {
            if let (Some(kind), Some(id)) = (alert.entity_type.as_deref(), alert.entity_id.clone()) {
                match kind {
                    "PHONE_NUMBER" => facts.subject = Subject::Number { id, display: None },
                    "WABA" => facts.subject = Subject::BusinessAccount(id),
                    "BUSINESS" => facts.subject = Subject::Portfolio(id),
                    _ => {}
                }
            }
        }
        _ => {}
    }
    facts.push(HookFact::Account(Box::new(event)));
    if let Some(item) = facts.hook.items.last_mut() {
        item.source = Some(Box::new(source));
    }
}

/// Members are read by their names and not by the field: media of the history come as messages of the field `history`.
fn about_number(field: &str, value: Node<'_>, facts: &mut Facts<'_>) {
    let business = facts.subject.phone();
    let contacts = Contacts::of(value);
    let history = History { is_field: field == "history", business: business.as_ref() };
    facts.each(value, "errors", |error| {
        ReportedError::read(error).map(|error| vec![HookFact::Error(error)]).ok_or_else(|| "no error".to_owned())
    });
    facts.each(value, "messages", |message| match history.is_field {
        true => coexistence::late_media(message, &contacts, history),
        false => messages::message(message, &contacts),
    });
    facts.each(value, "statuses", |status| match status.peek().text("type").as_deref() {
        Some("call") => calls::status(status, &contacts),
        _ => messages::status(status, &contacts),
    });
    let source = match field {
        "message_echoes" => EchoSource::OtherApplication,
        "history" => EchoSource::History,
        _ => EchoSource::PhoneApp,
    };
    facts.each(value, "message_echoes", |echo| coexistence::echo(echo, &contacts, source));
    for (i, part) in value.list("history").into_iter().enumerate() {
        let path = format!("{}.value.history[{i}]", facts.path);
        coexistence::history(part, &path, history, facts);
    }
    facts.each(value, "state_sync", |sync| Ok(coexistence::contact_sync(sync)));
    facts.each(value, "user_preferences", |preference| people::preference(preference, &contacts));
    facts.each(value, "user_id_update", |update| people::user_ids(update, &contacts));
    facts.each(value, "calls", |call| calls::call(call, &contacts));
    facts.each(value, "groups", |group| groups::event(group, field));
    facts.each(value, "user_actions", |action| {
        Ok(vec![HookFact::Other { field: format!("{}.user_actions", word(field)), raw: action.raw().clone() }])
    });
    for person in contacts.unused() {
        facts.push(HookFact::Profile(person));
    }
}

impl Facts<'_> {
    /// Names what makes no fact.
    pub(super) fn pass_over(&mut self, path: &str, reason: &str) {
        self.hook.passed_over.push(format!("{path}: {reason}"));
    }
}
