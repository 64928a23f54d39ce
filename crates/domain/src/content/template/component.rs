//! The parts of a template that take parameters.

use serde_json::{Value, json};

use super::super::media::MediaPlace;
use super::super::{Location, Media, MediaKind, MediumMut, Whole, object, unsupported};
use super::carousel::TemplateCard;
use super::{Button, Parameter, parameter};
use crate::fields::{FieldError, Fields};

const KINDS: &[&str] = &["header", "body", "button", "carousel", "limited_time_offer"];
const HEADER_KINDS: &[&str] = &["text", "image", "video", "gif", "document", "location", "product"];

/// One component of a template that takes parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum Component {
    /// The header: one parameter.
    Header(HeaderParameter),
    /// The body: all parameters named, or none.
    Body(Vec<Parameter>),
    /// A button.
    Button(Button),
    /// Two to ten cards.
    Carousel(Vec<TemplateCard>),
    /// A limited-time offer, with the time of its end in milliseconds since 1970.
    LimitedTimeOffer(Whole),
}

/// What fills a header.
#[derive(Clone, Debug, PartialEq)]
pub enum HeaderParameter {
    /// Text; named where the template names its variables.
    Text {
        /// The text.
        text: String,
        /// The variable's name.
        name: Option<String>,
    },
    /// A picture, film or file.
    Media(Media),
    /// A place on the map.
    Location(Location),
    /// A product.
    Product {
        /// The shop's id of the product.
        retailer_id: String,
        /// Meta's id of the catalogue.
        catalog_id: String,
    },
}

/// The components of `fields`; each but the button at most once, no button twice.
pub(super) fn read_all(fields: &mut Fields<'_>) -> Result<Vec<Component>, FieldError> {
    let mut components: Vec<Component> = Vec::new();
    for mut item in fields.objects("components")? {
        let kind = item.text("type")?.to_ascii_lowercase();
        let component = match kind.as_str() {
            "carousel" => {
                let cards = TemplateCard::read_all(&mut item)?;
                item.finish()?;
                Component::Carousel(cards)
            }
            "limited_time_offer" => read_offer(item)?,
            _ => Component::read_simple(item, &kind, KINDS)?,
        };
        components.push(component);
        check_double(fields, &components)?;
    }
    Ok(components)
}

/// Whether the last component is there already.
pub(super) fn check_double(fields: &Fields<'_>, components: &[Component]) -> Result<(), FieldError> {
    let Some((last, before)) = components.split_last() else { return Ok(()) };
    let place = before.len();
    let is_double = |other: &&Component| match (other, last) {
        (Component::Button(other), Component::Button(last)) => other.position() == last.position(),
        (other, last) => std::mem::discriminant(*other) == std::mem::discriminant(last),
    };
    match (before.iter().find(is_double), last) {
        (None, _) => Ok(()),
        (Some(_), Component::Button(_)) => {
            let detail = "another component is about the button at this position";
            Err(fields.error("duplicate", &format!("components[{place}].index"), detail))
        }
        (Some(_), _) => {
            let detail = "a template has one component of this type";
            Err(fields.error("duplicate", &format!("components[{place}].type"), detail))
        }
    }
}

fn read_offer(mut fields: Fields<'_>) -> Result<Component, FieldError> {
    let mut parameter = read_only_parameter(&mut fields)?;
    read_kind(&mut parameter, &["limited_time_offer"])?;
    let mut offer = parameter.object("limited_time_offer")?;
    let end = Whole::read(&mut offer, "expiration_time_ms")?;
    if end.value() <= 0 {
        return Err(offer.error("out_of_range", "expiration_time_ms", "expected milliseconds since 1970"));
    }
    offer.finish()?;
    parameter.finish()?;
    fields.finish()?;
    Ok(Component::LimitedTimeOffer(end))
}

/// The list that holds exactly one parameter.
pub(super) fn read_only_parameter<'a>(fields: &mut Fields<'a>) -> Result<Fields<'a>, FieldError> {
    let mut parameters = fields.objects_within("parameters", 1..=1)?;
    parameters.pop().ok_or_else(|| fields.error("missing_field", "parameters", "this field is required"))
}

/// The type of a parameter, in lower case.
pub(super) fn read_kind(fields: &mut Fields<'_>, known: &[&'static str]) -> Result<&'static str, FieldError> {
    let found = fields.text("type")?;
    let kind = known.iter().find(|kind| kind.eq_ignore_ascii_case(found));
    kind.copied().ok_or_else(|| unsupported(fields, "type", found, known))
}

impl Component {
    /// The components that cards have too.
    pub(super) fn read_simple(mut fields: Fields<'_>, kind: &str, known: &[&str]) -> Result<Self, FieldError> {
        let component = match kind {
            "header" => Self::Header(HeaderParameter::read(read_only_parameter(&mut fields)?)?),
            "body" => Self::Body(parameter::read_body(&mut fields)?),
            "button" => Self::Button(Button::read(&mut fields)?),
            other => return Err(unsupported(&fields, "type", other, known)),
        };
        fields.finish()?;
        Ok(component)
    }

    pub(super) fn to_value(&self) -> Value {
        match self {
            Self::Header(header) => json!({"type": "header", "parameters": [header.to_value()]}),
            Self::Body(parameters) => {
                json!({"type": "body", "parameters": parameters.iter().map(Parameter::to_value).collect::<Vec<_>>()})
            }
            Self::Button(button) => button.to_value(),
            Self::Carousel(cards) => {
                json!({"type": "carousel", "cards": cards.iter().map(TemplateCard::to_value).collect::<Vec<_>>()})
            }
            Self::LimitedTimeOffer(end) => {
                let parameter =
                    json!({"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": end.to_value()}});
                json!({"type": "limited_time_offer", "parameters": [parameter]})
            }
        }
    }

    pub(super) fn media_mut(&mut self, path: &str) -> Vec<MediumMut<'_>> {
        match self {
            Self::Header(HeaderParameter::Media(media)) => {
                vec![MediumMut { path: format!("{path}.parameters[0].{}", media.kind()), media }]
            }
            Self::Carousel(cards) => {
                let cards = cards.iter_mut().enumerate();
                cards.flat_map(|(i, card)| card.media_mut(&format!("{path}.cards[{i}]"))).collect()
            }
            Self::Header(_) | Self::Body(_) | Self::Button(_) | Self::LimitedTimeOffer(_) => Vec::new(),
        }
    }

    /// The texts that a reader of the message would see.
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Header(HeaderParameter::Text { text, .. }) => vec![text],
            Self::Body(parameters) => parameters.iter().map(Parameter::shown).collect(),
            _ => Vec::new(),
        }
    }
}

impl HeaderParameter {
    fn read(mut fields: Fields<'_>) -> Result<Self, FieldError> {
        let kind = read_kind(&mut fields, HEADER_KINDS)?;
        let parameter = match (kind, MediaKind::parse(kind)) {
            (_, Some(medium)) => Self::Media(Media::read(fields.object(kind)?, medium, MediaPlace::Header)?),
            ("text", _) => {
                let (text, name) = parameter::read_text(&mut fields, 60)?;
                Self::Text { text, name }
            }
            ("location", _) => Self::Location(Location::read(fields.object("location")?)?),
            _ => {
                let mut product = fields.object("product")?;
                let retailer_id = product.text_within("product_retailer_id", 256)?.to_owned();
                let catalog_id = product.text_within("catalog_id", 128)?.to_owned();
                product.finish()?;
                Self::Product { retailer_id, catalog_id }
            }
        };
        fields.finish()?;
        Ok(parameter)
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Text { text, name } => parameter::text_to_value(text, name.as_deref()),
            Self::Media(media) => {
                let kind = media.kind().as_str();
                object([("type", Some(json!(kind))), (kind, Some(media.to_value()))])
            }
            Self::Location(location) => json!({"type": "location", "location": location.to_value()}),
            Self::Product { retailer_id, catalog_id } => {
                let product = json!({"product_retailer_id": retailer_id, "catalog_id": catalog_id});
                json!({"type": "product", "product": product})
            }
        }
    }
}
