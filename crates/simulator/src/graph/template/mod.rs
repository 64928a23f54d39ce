//! Template messages: the template is looked up, then the components are laid over it; count and kind must match.

mod buttons;
mod cards;
mod components;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::GraphError;
use super::fields::Fields;
use super::kinds::{Checked, MediaUse};
use crate::content::{RenderedHeader, RenderedTemplate};
use crate::shared::Shared;
use crate::templates::{Sendable, Shape};

/// How long the Marketing Messages API may not know a new template.
const SYNC_TIME: Duration = Duration::from_secs(600);

/// What every part needs while it is filled in.
pub(super) struct Filling {
    named: bool,
    authentication: bool,
    now: domain::time::Timestamp,
    media: Vec<MediaUse>,
}

pub(super) fn check(app: &Shared, value: &Value) -> Result<Checked, GraphError> {
    let fields = Fields::of("template", value, &["name", "language", "components"])?;
    let name = fields.required_text("name")?;
    let language = fields.required_object("language", &["code", "policy"])?;
    let code = language.required_text("code")?;
    language.one_of("policy", &["deterministic"])?;
    let components = fields.list("components")?;
    let sendable = app.world().catalogue.sendable(name, code);
    let template = match sendable {
        Sendable::Yes(template) => template,
        Sendable::Paused => return Err(GraphError::new(132_015, format!("template {name} ({code}) is paused"))),
        Sendable::Disabled => return Err(GraphError::new(132_016, format!("template {name} ({code}) is disabled"))),
        Sendable::Missing => {
            return Err(GraphError::new(132_001, format!("template name ({name}) does not exist in {code}")));
        }
    };
    let category = template.category;
    let authentication = category == crate::templates::Category::Authentication;
    let mut filling = Filling { named: template.named, authentication, now: app.now(), media: Vec::new() };
    let mut rendered = fill(&mut filling, &template.shape, components)?;
    rendered.name.clone_from(&template.name);
    rendered.language.clone_from(&template.language);
    // -1 stands for the longest time.
    let ttl_seconds = template.ttl_seconds.and_then(|seconds| u64::try_from(seconds).ok());
    Ok(Checked {
        category,
        template: Some(rendered),
        media: filling.media,
        lifetime: ttl_seconds.map(Duration::from_secs),
        held_by: template.held.then(|| Arc::clone(&template.id)),
        is_syncing: filling.now.since(template.created_at) < SYNC_TIME,
        ..Checked::service()
    })
}

fn fill(filling: &mut Filling, shape: &Shape, components: &[Value]) -> Result<RenderedTemplate, GraphError> {
    let given = components::sort(components)?;
    let header = components::header(filling, shape.header.as_ref(), given.header)?;
    let text = components::text(filling, "body", &shape.body, given.body, 1024)?;
    let buttons = buttons::fill(&shape.buttons, &given.buttons)?;
    let offer = components::offer(filling, shape.offer.as_ref(), given.offer)?;
    let cards = cards::fill(filling, &shape.cards, given.carousel)?;
    let footer = shape.footer.clone();
    Ok(RenderedTemplate { header, text, footer, buttons, cards, offer, ..RenderedTemplate::default() })
}

/// The parameters are of another kind than the template has.
fn mismatch(component: &str, expected: &str, received: &str) -> GraphError {
    let received = received.to_uppercase();
    GraphError::new(132_012, format!("{component}: Format mismatch, expected {expected}, received {received}"))
}

fn count(component: &str, expected: usize, got: usize) -> Result<(), GraphError> {
    if expected == got {
        return Ok(());
    }
    let text = format!(
        "{component}: number of localizable_params ({got}) does not match the expected number of params ({expected})"
    );
    Err(GraphError::new(132_000, text))
}

fn kind_of(parameter: &Value) -> &str {
    parameter.get("type").and_then(Value::as_str).unwrap_or("UNKNOWN")
}

type Head = Option<RenderedHeader>;
