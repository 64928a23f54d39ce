//! Callbacks as Meta sends them, signed, one status or one message each.

use domain::attempt::AttemptStatus;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::client;
use super::customers;
use super::graph::Taken;
use super::server::{APP_SECRET, BUSINESS_ACCOUNT_ID, PHONE_NUMBER_ID, SENDER_DIGITS};

/// Of ten callbacks one is a message that a person wrote.
const INBOUND_EVERY: u64 = 10;
/// Of ten messages one is told about without our reference, so that its statuses are found by Meta's id.
const UNNAMED_EVERY: usize = 10;
const STATUSES: [AttemptStatus; 3] = [AttemptStatus::Sent, AttemptStatus::Delivered, AttemptStatus::Read];

/// What one callback tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// That a message, by its place, came so far.
    Status(usize, AttemptStatus),
    /// What a person wrote; its number.
    Inbound(u64),
}

/// How many messages the statuses among so many callbacks speak of.
pub(crate) fn messages_needed(callbacks: u64) -> u64 {
    (callbacks - callbacks / INBOUND_EVERY).div_ceil(STATUSES.len() as u64)
}

/// What `callbacks` callbacks about `messages` messages tell, in order. Messages go in rows of `row`: all of them sent,
/// then delivered, then read, so that the statuses of one lie some time apart, as they do at Meta.
pub(crate) fn plan(callbacks: u64, messages: usize, row: usize, first_inbound: u64) -> Vec<Told> {
    let statuses = (0..messages).step_by(row.max(1)).flat_map(|first| {
        let last = (first + row.max(1)).min(messages);
        STATUSES.into_iter().flat_map(move |status| (first..last).map(move |place| Told::Status(place, status)))
    });
    let mut statuses = statuses;
    let mut inbound = first_inbound;
    let mut told = Vec::new();
    for place in 0..callbacks {
        let is_inbound = place % INBOUND_EVERY == INBOUND_EVERY - 1;
        let next = if is_inbound { None } else { statuses.next() };
        told.push(next.unwrap_or_else(|| {
            inbound += 1;
            Told::Inbound(inbound - 1)
        }));
    }
    told
}

/// The whole request.
pub(crate) fn request(told: Told, messages: &[Taken], recipients: u32, seconds: i64) -> Vec<u8> {
    let body = match told {
        Told::Status(place, status) => messages.get(place).map(|message| {
            let named = place % UNNAMED_EVERY != 0;
            status_body(message, status, named, seconds)
        }),
        Told::Inbound(number) => Some(inbound_body(number, recipients, seconds)),
    };
    let body = body.unwrap_or_default();
    let signature = format!("sha256={}", signature(body.as_bytes()));
    client::request("POST", "/api/whatsapp/webhook", &[("x-hub-signature-256", &signature)], body.as_bytes())
}

fn envelope(rest: &str) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"{BUSINESS_ACCOUNT_ID}","changes":[{{"value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"{SENDER_DIGITS}","phone_number_id":"{PHONE_NUMBER_ID}"}},{rest}}},"field":"messages"}}]}}]}}"#
    )
}

fn status_body(message: &Taken, status: AttemptStatus, named: bool, seconds: i64) -> String {
    let (word, pricing) = match status {
        AttemptStatus::Sent => ("sent", true),
        AttemptStatus::Delivered => ("delivered", true),
        _ => ("read", false),
    };
    let (wamid, digits) = (message.wamid(), &message.digits);
    let reference =
        if named { format!(r#","biz_opaque_callback_data":"{}""#, message.reference) } else { String::new() };
    let pricing = if pricing {
        r#","pricing":{"billable":true,"pricing_model":"PMP","type":"regular","category":"utility"}"#
    } else {
        ""
    };
    envelope(&format!(
        r#""contacts":[{{"profile":{{"name":"Customer {digits}"}},"wa_id":"{digits}"}}],"statuses":[{{"id":"{wamid}","status":"{word}","timestamp":"{seconds}","recipient_id":"{digits}"{reference}{pricing}}}]"#
    ))
}

fn inbound_body(number: u64, recipients: u32, seconds: i64) -> String {
    let digits = customers::digits(number, recipients);
    envelope(&format!(
        r#""contacts":[{{"profile":{{"name":"Customer {digits}"}},"wa_id":"{digits}"}}],"messages":[{{"from":"{digits}","id":"wamid.HBgN{number:0>40X}A=","timestamp":"{seconds}","type":"text","text":{{"body":"Thank you, order {number} has arrived. One cup was broken; can you send another?"}}}}]"#
    ))
}

fn signature(body: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(64);
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(APP_SECRET.as_bytes()) {
        mac.update(body);
        for byte in mac.finalize().into_bytes() {
            let _ = write!(text, "{byte:02x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::attempt::AttemptReference;
    use domain::ids::{AccountId, MessageId};
    use domain::inbound::HookFact;
    use providers::ProviderKind;

    #[test]
    fn every_message_is_told_about_three_times_in_order() {
        let messages = usize::try_from(messages_needed(1000)).expect("few");
        let told = plan(1000, messages, 70, 0);
        assert_eq!(told.iter().filter(|told| matches!(told, Told::Inbound(_))).count(), 100);
        for place in 0..messages {
            let seen: Vec<AttemptStatus> = told
                .iter()
                .filter_map(|told| match told {
                    Told::Status(of, status) if *of == place => Some(*status),
                    _ => None,
                })
                .collect();
            assert_eq!(seen, STATUSES, "{place}");
        }
    }

    #[test]
    fn bodies_are_what_the_adapter_reads() {
        let reference = AttemptReference {
            installation: "bench".to_owned(),
            account: AccountId(1),
            message: MessageId(77),
            number: 1,
        };
        let taken = Taken { reference: reference.clone(), digits: "919876500001".to_owned() };
        let body = status_body(&taken, AttemptStatus::Delivered, true, 1_700_000_000);
        let hook = providers::decode_hook(ProviderKind::MetaCloud, body.as_bytes()).expect("a callback");
        let HookFact::Status(report) = &hook.items[0].fact else { panic!("no status") };
        assert_eq!((report.status.reached(), &report.external_id), (Some(AttemptStatus::Delivered), &taken.wamid()));
        assert_eq!(report.reference, Some(reference.to_string()));
        let body = inbound_body(3, 10, 1_700_000_000);
        let hook = providers::decode_hook(ProviderKind::MetaCloud, body.as_bytes()).expect("a callback");
        assert!(matches!(hook.items[0].fact, HookFact::Message(_)));
        assert_eq!((hook.items.len(), hook.passed_over.len(), hook.unknown.len()), (1, 0, 0));
    }
}
