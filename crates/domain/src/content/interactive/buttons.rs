//! Buttons that answer, menus, and buttons that open an address.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use super::super::media::is_web_address;
use super::super::products::read_section_title;
use super::super::{first_double, object};
use super::named;
use crate::fields::{FieldError, Fields};

/// Meta: a list has at most ten sections, and ten rows in all.
const SECTIONS_MAX: usize = 10;
const ROWS_MAX: usize = 10;

/// A button that answers with its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyButton {
    /// What the answer carries; no other button of the message has it.
    pub id: String,
    /// What it shows; no other button of the message shows the same.
    pub title: String,
}

impl ReplyButton {
    /// The buttons of `fields`, each an object of type `kind` with a member of that name.
    pub(super) fn read_all(
        fields: &mut Fields<'_>,
        kind: &'static str,
        count: RangeInclusive<usize>,
    ) -> Result<Vec<Self>, FieldError> {
        let mut buttons = Vec::new();
        for mut item in fields.objects_within("buttons", count)? {
            item.word("type", &[kind])?;
            let mut reply = item.object(kind)?;
            let id = read_id(&mut reply, 256)?;
            let title = reply.text_within("title", 20)?.to_owned();
            reply.finish()?;
            item.finish()?;
            buttons.push(Self { id, title });
        }
        let double = |i: usize, key: &str, of: &str| {
            let field = format!("buttons[{i}].{kind}.{key}");
            fields.error("duplicate", &field, format!("another button has this {of} already"))
        };
        if let Some(i) = first_double(buttons.iter().map(|button| button.id.as_str())) {
            return Err(double(i, "id", "id"));
        }
        if let Some(i) = first_double(buttons.iter().map(|button| button.title.as_str())) {
            return Err(double(i, "title", "title"));
        }
        Ok(buttons)
    }

    pub(super) fn to_values(buttons: &[Self], kind: &str) -> Vec<Value> {
        let value = |button: &Self| {
            let reply = json!({"id": button.id, "title": button.title});
            object([("type", Some(json!(kind))), (kind, Some(reply))])
        };
        buttons.iter().map(value).collect()
    }
}

/// Some rows of a menu under one title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListSection {
    /// The title; absent only where there is but one section.
    pub title: Option<String>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// A row of a menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What the answer carries; no other row of the message has it.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// What it shows below that.
    pub description: Option<String>,
}

impl ListSection {
    pub(super) fn read_all(fields: &mut Fields<'_>) -> Result<Vec<Self>, FieldError> {
        let items = fields.objects_within("sections", 1..=SECTIONS_MAX)?;
        let titles_required = items.len() > 1;
        let mut sections = Vec::new();
        let mut ids = Vec::new();
        for mut item in items {
            let title = read_section_title(&mut item, titles_required)?;
            let mut rows = Vec::new();
            for mut row in item.objects_within("rows", 1..=ROWS_MAX)? {
                rows.push(Row::read(&mut row)?);
                ids.push((row.path_of("id"), rows.last().map(|row| row.id.clone()).unwrap_or_default()));
                row.finish()?;
            }
            item.finish()?;
            sections.push(Self { title, rows });
        }
        if ids.len() > ROWS_MAX {
            let detail = format!("the sections have {} rows; at most {ROWS_MAX} are allowed in all", ids.len());
            return Err(fields.error("too_many", "sections", detail));
        }
        match first_double(ids.iter().map(|(_, id)| id.as_str())).and_then(|i| ids.get(i)) {
            Some((path, _)) => Err(FieldError::new("duplicate", path, "another row has this id already")),
            None => Ok(sections),
        }
    }

    pub(super) fn to_value(&self) -> Value {
        let rows: Vec<Value> = self.rows.iter().map(Row::to_value).collect();
        object([("title", self.title.as_ref().map(|title| json!(title))), ("rows", Some(json!(rows)))])
    }
}

impl Row {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let id = read_id(fields, 200)?;
        let title = fields.text_within("title", 24)?.to_owned();
        let description = fields.optional_filled("description", 72)?.map(ToOwned::to_owned);
        Ok(Self { id, title, description })
    }

    fn to_value(&self) -> Value {
        let description = self.description.as_ref().map(|text| json!(text));
        object([("id", Some(json!(self.id))), ("title", Some(json!(self.title))), ("description", description)])
    }
}

fn read_id(fields: &mut Fields<'_>, chars_max: usize) -> Result<String, FieldError> {
    let id = fields.text_within("id", chars_max)?;
    if id.trim() != id {
        return Err(fields.error("invalid_text", "id", "an id neither begins nor ends with a space"));
    }
    Ok(id.to_owned())
}

/// A button that opens an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it shows.
    pub display_text: String,
    /// The address.
    pub url: String,
}

impl Link {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        named(fields, "cta_url")?;
        let mut parameters = fields.object("parameters")?;
        let display_text = parameters.text_within("display_text", 20)?.to_owned();
        let url = parameters.text_within("url", 2000)?;
        if !is_web_address(url) {
            return Err(parameters.error("invalid_url", "url", "expected an http or https address"));
        }
        parameters.finish()?;
        Ok(Self { display_text, url: url.to_owned() })
    }

    pub(super) fn to_value(&self) -> Value {
        json!({"name": "cta_url", "parameters": {"display_text": self.display_text, "url": self.url}})
    }
}
