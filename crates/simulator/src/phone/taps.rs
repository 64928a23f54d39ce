//! A tap on a button or a row: what the customer answers follows from the message, not from the form.

use serde::Deserialize;
use serde_json::Value;

use super::parts::text_at;
use crate::content::Content;
use crate::control::InboundKind;

/// What was tapped, and in which message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TapForm {
    pub(super) message: String,
    /// The place of the button.
    button: Option<usize>,
    /// The card it is on.
    card: Option<usize>,
    /// The id of a row of a list.
    row: Option<String>,
}

impl TapForm {
    /// The button that is drawn as tapped from now on; cards and lists can be tapped again.
    pub(super) fn chosen(&self) -> Option<usize> {
        self.button.filter(|_| self.card.is_none())
    }
}

/// The answer that belongs to the tap; `None`: there is nothing to tap there.
pub(super) fn answer(content: &Content, tap: &TapForm) -> Option<InboundKind> {
    if let Some(row) = &tap.row {
        return list_reply(&content.object, row);
    }
    let index = tap.button?;
    if let Some(template) = &content.template {
        let buttons = match tap.card {
            Some(card) => &template.cards.get(card)?.buttons,
            None => &template.buttons,
        };
        let button = buttons.get(index).filter(|button| button.kind == "quick_reply")?;
        let payload = button.value.clone().unwrap_or_else(|| button.text.clone());
        return Some(InboundKind::Button { text: button.text.clone(), payload });
    }
    if content.kind != "interactive" {
        return None;
    }
    let reply = match tap.card {
        Some(card) => content.object.pointer(&format!("/action/cards/{card}/action/buttons/{index}/quick_reply"))?,
        None => content.object.pointer(&format!("/action/buttons/{index}/reply"))?,
    };
    let text = |pointer: &str| text_at(reply, pointer).to_owned();
    Some(InboundKind::InteractiveButton { id: text("/id"), title: text("/title") })
}

fn list_reply(object: &Value, id: &str) -> Option<InboundKind> {
    let sections = object.pointer("/action/sections")?.as_array()?;
    let mut rows = sections.iter().filter_map(|section| section.get("rows")?.as_array()).flatten();
    let row = rows.find(|row| text_at(row, "/id") == id)?;
    let description = row.get("description").and_then(Value::as_str).map(str::to_owned);
    Some(InboundKind::InteractiveList { id: id.to_owned(), title: text_at(row, "/title").to_owned(), description })
}
