//! Buttons of a template that take parameters.

use serde_json::{Map, Value, json};

use super::super::products::ProductSection;
use super::super::{Index, object, unsupported};
use super::component::{read_kind, read_only_parameter};
use super::parameter;
use crate::fields::{FieldError, Fields};

/// Meta: a template has at most ten buttons.
const BUTTONS_MAX: usize = 10;
/// Meta: an address has at most 2,000 characters.
const URL_CHARS_MAX: usize = 2000;

const KINDS: &[&str] = &["quick_reply", "url", "copy_code", "flow", "catalog", "mpm", "request_contact_info"];

/// A button of a template, counted over all buttons of the template, also those without parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Button {
    index: Index,
    /// Meta's documents write some kinds in capitals, and Meta takes both.
    is_upper: bool,
    action: ButtonAction,
}

/// What fills a button; decides its `sub_type`.
#[derive(Clone, Debug, PartialEq)]
pub enum ButtonAction {
    /// `quick_reply`: what it answers.
    QuickReply(String),
    /// `url`: the end of the address; the code, in an authentication template.
    Url(String),
    /// `copy_code`: the code that it copies.
    CopyCode(String),
    /// `flow`: a form; both members may be left out.
    Flow {
        /// What comes back with the answer.
        token: Option<String>,
        /// What the form begins with.
        data: Option<Map<String, Value>>,
    },
    /// `catalog`: the catalogue, with the product whose picture shows.
    Catalog {
        /// The shop's id of that product.
        thumbnail: Option<String>,
    },
    /// `mpm`: several products, with the one whose picture shows.
    Products {
        /// The shop's id of that product.
        thumbnail: Option<String>,
        /// The products.
        sections: Vec<ProductSection>,
    },
    /// `request_contact_info`: takes no parameters.
    RequestContactInfo,
}

impl Button {
    /// Its place among the buttons, counted from 0.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.index.position()
    }

    /// What fills it.
    #[must_use]
    pub const fn action(&self) -> &ButtonAction {
        &self.action
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let found = fields.text("sub_type")?;
        let Some(kind) = KINDS.iter().find(|kind| kind.eq_ignore_ascii_case(found)) else {
            return Err(unsupported(fields, "sub_type", found, KINDS));
        };
        let is_upper = found.bytes().all(|b| !b.is_ascii_lowercase());
        let index = Index::read(fields, "index", BUTTONS_MAX)?;
        Ok(Self { index, is_upper, action: ButtonAction::read(kind, fields)? })
    }

    pub(super) fn to_value(&self) -> Value {
        let kind = self.action.kind();
        let kind = if self.is_upper { kind.to_ascii_uppercase() } else { kind.to_owned() };
        object([
            ("type", Some(json!("button"))),
            ("sub_type", Some(json!(kind))),
            ("index", Some(self.index.to_value())),
            ("parameters", self.action.parameter_to_value().map(|parameter| json!([parameter]))),
        ])
    }
}

impl ButtonAction {
    /// The `sub_type`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::QuickReply(_) => "quick_reply",
            Self::Url(_) => "url",
            Self::CopyCode(_) => "copy_code",
            Self::Flow { .. } => "flow",
            Self::Catalog { .. } => "catalog",
            Self::Products { .. } => "mpm",
            Self::RequestContactInfo => "request_contact_info",
        }
    }

    fn read(kind: &str, fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        match kind {
            "flow" | "catalog" if fields.optional("parameters").is_none() => {
                let flow = Self::Flow { token: None, data: None };
                return Ok(if kind == "flow" { flow } else { Self::Catalog { thumbnail: None } });
            }
            "request_contact_info" => {
                fields.refuse("parameters", "this button takes no parameters")?;
                return Ok(Self::RequestContactInfo);
            }
            _ => {}
        }
        let mut parameter = read_only_parameter(fields)?;
        let action = match kind {
            "quick_reply" => {
                read_kind(&mut parameter, &["payload"])?;
                Self::QuickReply(parameter.text_within("payload", 256)?.to_owned())
            }
            "url" => {
                read_kind(&mut parameter, &["text"])?;
                parameter.refuse("parameter_name", "the variable of an address is never named")?;
                let (text, _) = parameter::read_text(&mut parameter, URL_CHARS_MAX)?;
                Self::Url(text)
            }
            "copy_code" => {
                read_kind(&mut parameter, &["coupon_code"])?;
                Self::CopyCode(parameter.text_within("coupon_code", 15)?.to_owned())
            }
            _ => {
                read_kind(&mut parameter, &["action"])?;
                read_action(kind, parameter.object("action")?)?
            }
        };
        parameter.finish()?;
        Ok(action)
    }

    fn parameter_to_value(&self) -> Option<Value> {
        let thumbnail = |id: &Option<String>| id.as_ref().map(|id| json!(id));
        let action = match self {
            Self::QuickReply(payload) => return Some(json!({"type": "payload", "payload": payload})),
            Self::Url(text) => return Some(parameter::text_to_value(text, None)),
            Self::CopyCode(code) => return Some(json!({"type": "coupon_code", "coupon_code": code})),
            Self::RequestContactInfo => return None,
            Self::Flow { token, data } => object([
                ("flow_token", token.as_ref().map(|token| json!(token))),
                ("flow_action_data", data.clone().map(Value::Object)),
            ]),
            Self::Catalog { thumbnail: id } => object([("thumbnail_product_retailer_id", thumbnail(id))]),
            Self::Products { thumbnail: id, sections } => {
                let sections: Vec<Value> = sections.iter().map(ProductSection::to_value).collect();
                object([("thumbnail_product_retailer_id", thumbnail(id)), ("sections", Some(json!(sections)))])
            }
        };
        let is_empty = action.as_object().is_some_and(Map::is_empty);
        (!is_empty).then(|| json!({"type": "action", "action": action}))
    }
}

fn read_action(kind: &str, mut fields: Fields<'_>) -> Result<ButtonAction, FieldError> {
    let action = if kind == "flow" {
        let token = fields.optional_filled("flow_token", 1024)?.map(ToOwned::to_owned);
        ButtonAction::Flow { token, data: fields.optional_map("flow_action_data")? }
    } else {
        let thumbnail = fields.optional_filled("thumbnail_product_retailer_id", 256)?.map(ToOwned::to_owned);
        if kind == "catalog" {
            ButtonAction::Catalog { thumbnail }
        } else {
            ButtonAction::Products { thumbnail, sections: ProductSection::read_all(&mut fields)? }
        }
    };
    fields.finish()?;
    Ok(action)
}
