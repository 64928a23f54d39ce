//! Reading numbers and templates. Graph refuses a whole question for one field it does not know, so what is refused with
//! 100 is asked once more for the fields it answers by itself.

use domain::inbound::reader::{Node, ReadLog};
use domain::refusal::{Failure, RefusalKind};
use domain::sender_state::Property;
use serde_json::Value;

use super::client::MetaCloud;
use super::errors;
use super::wire::{self, MetaError};
use crate::account::{ListedTemplate, NumberDescription, ReadError, TemplatePage};
use crate::http::{Failed, Reply};

/// What is asked of a number.
const NUMBER_FIELDS: &str = "id,display_phone_number,verified_name,name_status,new_name_status,new_display_name,\
    quality_rating,throughput,status,whatsapp_business_manager_messaging_limit,messaging_limit_tier,platform_type,\
    account_mode,code_verification_status,is_official_business_account,is_pin_enabled,is_on_biz_app,health_status";
/// The same for versions of the Graph API that do not know all of them.
const NUMBER_FIELDS_FEW: &str = "id,display_phone_number,verified_name,name_status,quality_rating,throughput,status,messaging_limit_tier,is_on_biz_app";
/// What is asked of each template.
const TEMPLATE_FIELDS: &str = "id,name,language,status,category,components,parameter_format,quality_score,\
    rejected_reason,correct_category";
const TEMPLATE_FIELDS_FEW: &str =
    "id,name,language,status,category,components,parameter_format,quality_score,rejected_reason";
/// How many templates a page holds; Meta counts requests, not rows.
const TEMPLATES_PER_PAGE: usize = 100;
/// A number's answer is a few hundred bytes, with health a few thousand.
const NUMBER_BYTES_MAX: usize = 256 * 1024;
/// A carousel of ten cards with its samples has some 20 KB.
const TEMPLATES_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Graph's code for a parameter or a field that is not known.
const UNKNOWN_FIELD: i64 = 100;
/// Notes on the health are cut here.
const NOTE_CHARS_MAX: usize = 500;

impl MetaCloud {
    pub(super) async fn read_number(&self) -> Result<NumberDescription, ReadError> {
        let path = self.settings().number_path();
        let questions = [format!("?fields={NUMBER_FIELDS}"), format!("?fields={NUMBER_FIELDS_FEW}"), String::new()];
        let answer = self.ask(&path, &questions, NUMBER_BYTES_MAX).await?;
        Ok(number(&answer))
    }

    pub(super) async fn read_templates(
        &self,
        business_account: &str,
        after: Option<&str>,
    ) -> Result<TemplatePage, ReadError> {
        let path = self.settings().templates_path(business_account);
        let place = after.map_or_else(String::new, |after| format!("&after={}", super::settings::segment(after)));
        let page = format!("limit={TEMPLATES_PER_PAGE}{place}");
        let questions = [
            format!("?fields={TEMPLATE_FIELDS}&{page}"),
            format!("?fields={TEMPLATE_FIELDS_FEW}&{page}"),
            format!("?{page}"),
        ];
        let answer = self.ask(&path, &questions, TEMPLATES_BYTES_MAX).await?;
        templates(&answer).ok_or_else(|| ReadError::Failed("the answer has no list of templates".to_owned()))
    }

    /// Asks the first question that is not refused for its fields.
    async fn ask(&self, path: &str, questions: &[String], bytes_max: usize) -> Result<Value, ReadError> {
        let mut refused = ReadError::NotOffered;
        for question in questions {
            let url = self.settings().url(&format!("{path}{question}"));
            let reply = self.http().ask(&url, &self.settings().access_token, bytes_max).await.map_err(not_answered)?;
            match read(&reply) {
                Err((UNKNOWN_FIELD, error)) => refused = error,
                Err((_, error)) => return Err(error),
                Ok(answer) => return Ok(answer),
            }
        }
        Err(refused)
    }
}

fn not_answered(failed: Failed) -> ReadError {
    match failed {
        Failed::NotConnected(cause) => ReadError::Failed(format!("no connection to WhatsApp came about: {cause}")),
        Failed::Lost(cause) => ReadError::Failed(cause),
        Failed::Malformed => ReadError::Refused(Failure {
            code: "malformed_request".to_owned(),
            kind: RefusalKind::Authentication,
            reason: "The address of the Graph API or the access token is not well formed.".to_owned(),
            remedy: "Enter the address and the token of this number again, without spaces or line breaks.".to_owned(),
        }),
    }
}

/// The answer, or Meta's code with what it means.
fn read(reply: &Reply) -> Result<Value, (i64, ReadError)> {
    let body = wire::parse(&reply.body);
    if let Some(error) = body.as_ref().ok().and_then(|body| body.get("error")).and_then(MetaError::read) {
        return Err((error.code, ReadError::Refused(errors::classify(&error))));
    }
    let failed = |text: String| Err((0, ReadError::Failed(text)));
    match (reply.status, body) {
        (200..300, Ok(body)) if body.is_object() => Ok(body),
        (200..300, _) => failed("the answer cannot be read".to_owned()),
        (status @ 400..500, _) => Err((0, ReadError::Refused(errors::without_code(status)))),
        (status, _) => failed(format!("the provider had a fault (HTTP {status})")),
    }
}

fn number(answer: &Value) -> NumberDescription {
    let log = ReadLog::default();
    let node = log.root(answer);
    let mut properties = Vec::new();
    let mut put = |property, value: Option<String>| properties.extend(value.map(|value| (property, value)));
    let text = |name: &str| node.text(name);
    let flag = |name: &str| node.flag(name).map(|flag| flag.to_string());
    let new_name_status = text("new_name_status").filter(|status| status != "NONE");
    put(Property::VerifiedName, text("verified_name"));
    put(Property::DisplayPhone, text("display_phone_number"));
    put(Property::RequestedName, text("new_display_name"));
    put(Property::NameStatus, new_name_status.or_else(|| text("name_status")));
    put(Property::Quality, text("quality_rating"));
    put(Property::Throughput, node.get("throughput").and_then(|throughput| throughput.text("level")));
    put(Property::Status, text("status"));
    let limit = text("whatsapp_business_manager_messaging_limit").or_else(|| text("messaging_limit_tier"));
    put(Property::MessagingLimit, limit);
    put(Property::Platform, text("platform_type"));
    put(Property::AccountMode, text("account_mode"));
    put(Property::CodeVerification, text("code_verification_status"));
    put(Property::Official, flag("is_official_business_account"));
    put(Property::PinSet, flag("is_pin_enabled"));
    put(Property::OnPhoneApp, flag("is_on_biz_app"));
    if let Some(health) = node.get("health_status") {
        put(Property::Health, health.text("can_send_message"));
        // Written also when there is none, so that yesterday's reason does not stand beside today's health.
        put(Property::HealthNote, Some(health_note(health)));
    }
    NumberDescription { properties }
}

/// What the entities say that cannot send, or not all.
fn health_note(health: Node<'_>) -> String {
    let mut notes: Vec<String> = Vec::new();
    for entity in health.list("entities") {
        let errors = entity
            .list("errors")
            .into_iter()
            .flat_map(|error| [error.text("error_description"), error.text("possible_solution")].into_iter().flatten());
        notes.extend(entity.texts("additional_info").into_iter().chain(errors));
    }
    notes.join(" ").chars().take(NOTE_CHARS_MAX).collect()
}

fn templates(answer: &Value) -> Option<TemplatePage> {
    let log = ReadLog::default();
    let node = log.root(answer);
    answer.get("data")?.as_array()?;
    let templates = node.list("data").into_iter().filter_map(template).collect();
    let paging = node.get("paging");
    // Cursors are there on the last page too; only `next` tells that there is more.
    let has_more = paging.and_then(|paging| paging.text("next")).is_some();
    let after = paging.and_then(|paging| paging.get("cursors")).and_then(|cursors| cursors.text("after"));
    Some(TemplatePage { templates, next: after.filter(|_| has_more) })
}

/// One without name or language is none.
fn template(node: Node<'_>) -> Option<ListedTemplate> {
    let category = node.text("category");
    Some(ListedTemplate {
        id: node.text("id"),
        name: node.text("name")?,
        language: node.text("language")?,
        status: node.text("status"),
        rejected_reason: node.text("rejected_reason").filter(|reason| reason != "NONE"),
        correct_category: node.text("correct_category").filter(|correct| Some(correct) != category.as_ref()),
        category,
        quality: node.get("quality_score").and_then(|quality| quality.text("score")),
        parameter_format: node.text("parameter_format"),
        components: node.get("components").map(|components| components.keep().to_string()),
    })
}
